package tftp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const read = "\x00\x01switch-1.cfg\x00OcTet\x00blksize\x001428\x00tsize\x000\x00"

func TestRequest(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(dissect.ToServer, read).Data(dissect.ToClient, "\x00\x03\x00\x01data").Data(dissect.ToServer, "\x00\x04\x00\x01").Data(dissect.ToServer, "\x00\x02up\x00netascii\x00")
	const want = `tftp.request to_server tftp.file="switch-1.cfg" tftp.mode="octet" tftp.option.name=["blksize" "tsize"] tftp.option.value=["1428" "0"] tftp.packet="read"
tftp.request to_server tftp.file="up" tftp.mode="netascii" tftp.packet="write"
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := `{"tftp":{"packet":"read","file":"switch-1.cfg","mode":"octet"}}`; r.Records[0] != want {
		t.Errorf("record %s want %s", r.Records[0], want)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{dissect.ToServer, read, true, dissect.Yes},
		{dissect.ToServer, read, false, dissect.No},
		{dissect.ToClient, read, true, dissect.No},
		{dissect.ToServer, "\x00\x04\x00\x01", true, dissect.Yes},
		{dissect.ToServer, "\x00\x04\x00\x01", false, dissect.No},
		{dissect.ToServer, "\x00\x07abc", true, dissect.No},
		{dissect.ToServer, "\x12\x34\x01\x00\x00\x01", true, dissect.No},
		{dissect.ToServer, "\x00", true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %q, hint %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

// TestCapture reads what tftp and tftpd say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/tftp_files.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`tftp.file="switch-1.cfg" tftp.mode="octet" tftp.packet="read"`, `tftp.file="upload.cfg" tftp.mode="netascii" tftp.packet="write"`, `tftp.file="passwd"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(read)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(dissect.ToServer, data); probe(dissect.ToServer, data, false) }); n > 0 {
		t.Errorf("%v allocations for a request, want none", n)
	}
	var m Request
	m.parse(data)
	if names := dissecttest.FieldAllocs(Spec(), &m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func FuzzTFTP(f *testing.F) {
	f.Add(read)
	f.Add("\x00\x05\x00\x01not found\x00")
	f.Fuzz(func(t *testing.T, data string) {
		r := dissecttest.New(Spec())
		r.Data(dissect.ToServer, data).Data(dissect.ToClient, data)
		r.End(dissect.EndTimeout)
		if len(r.Lines) > 1 || len(r.Lines) > 0 && probe(dissect.ToServer, []byte(data), true) != dissect.Yes {
			t.Errorf("%d requests in a datagram, or one that is not recognised", len(r.Lines))
		}
	})
}
