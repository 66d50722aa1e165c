package ntp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// clock is a datagram of version 4 with a reference clock's name.
func clock(first, stratum byte, ref string) string {
	return string([]byte{first, stratum, 6, 0xe9}) + strings.Repeat("\x00", 8) + ref + strings.Repeat("\x01", 32)
}

const (
	monlist = "\x17\x00\x03\x2a\x00\x00\x00\x00"
	readvar = "\x16\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
)

func TestMessages(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(dissect.ToServer, clock(0x23, 0, "\x00\x00\x00\x00")).Data(dissect.ToClient, clock(0x24, 1, "GPS\x00"))
	r.Data(dissect.ToServer, monlist).Data(dissect.ToServer, readvar).Data(dissect.ToServer, "\x23short").Data(dissect.ToClient, "")
	const want = `ntp.message to_server ntp.mode=3 ntp.reference_id="\x00\x00\x00\x00" ntp.stratum=0 ntp.version=4
ntp.message to_client ntp.mode=4 ntp.reference_id="GPS\x00" ntp.stratum=1 ntp.version=4
ntp.message to_server ntp.mode=7 ntp.request_code=42 ntp.version=2
ntp.message to_server ntp.mode=6 ntp.opcode=2 ntp.version=2
anomaly ntp.malformed_data
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := r.Ctx.Flow.TxCount; n != 4 {
		t.Errorf("%d transactions", n)
	}
	for i, want := range []string{
		`{"ntp":{"version":4,"mode":3,"stratum":0,"reference_id":"00:00:00:00"}}`,
		`{"ntp":{"version":4,"mode":4,"stratum":1,"reference_id":"47:50:53:00"}}`,
		`{"ntp":{"version":2,"mode":7}}`,
		`{"ntp":{"version":2,"mode":6}}`,
	} {
		if r.Records[i] != want {
			t.Errorf("record %s, want %s", r.Records[i], want)
		}
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		data string
		hint bool
		want dissect.Verdict
	}{
		{clock(0x23, 0, "\x00\x00\x00\x00"), true, dissect.Yes},
		{clock(0x23, 0, "\x00\x00\x00\x00"), false, dissect.No},
		{monlist, true, dissect.Yes},
		{clock(0x2b, 0, "abcd"), true, dissect.No},  // version 5
		{clock(0x20, 0, "abcd"), true, dissect.Yes}, // mode 0, reserved: Suricata takes it too
		{"\x20" + monlist[1:], true, dissect.No},
		{"\x23\x00", true, dissect.No},
	} {
		if got := probe(dissect.ToServer, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%.8x hint %v: %v, want %v", c.data, c.hint, got, c.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(clock(0x23, 2, "abcd"))
	run := func() { r.Bytes(dissect.ToServer, data) }
	run()
	if n := testing.AllocsPerRun(50, run); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if names := dissecttest.FieldAllocs(Spec(), &Message{mode: 3}); len(names) > 0 {
		t.Errorf("fields that allocate: %v", names)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{clock(0x24, 1, "GPS\x00"), monlist, readvar} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := dissecttest.New(Spec())
		r.Bytes(dissect.ToServer, data)
		if v := probe(dissect.ToServer, data, true); (v == dissect.Yes) == strings.Contains(r.End(dissect.EndTimeout), "anomaly") && len(data) > 0 {
			t.Errorf("the probe says %v", v)
		}
	})
}
