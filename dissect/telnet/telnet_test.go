package telnet

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const options = "\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0"

func TestFrames(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Frames = true
	r.Data(dissect.ToClient, options[:7]).Data(dissect.ToClient, options[7:]+"hello\r\nlogin: ").Data(dissect.ToServer, "ann\xff\xf1\r\n")
	r.End(dissect.EndFIN)
	const want = `telnet.frame to_client telnet.frame.ctl="\xff\xfd\x18"
telnet.frame to_client telnet.frame.ctl="\xff\xfa\x18\x01\xff\xf0"
telnet.frame to_client telnet.frame.data="hello\r\n"
telnet.frame to_client telnet.frame.data="login: "
telnet.frame to_server telnet.frame.data="ann"
telnet.frame to_server telnet.frame.ctl="\xff\xf1"
telnet.frame to_server telnet.frame.data="\r\n"
`
	var got strings.Builder
	for line := range strings.Lines(r.Text()) {
		if !strings.Contains(line, "frame.pdu") {
			got.WriteString(line)
		}
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if n := strings.Count(r.Text(), "frame.pdu"); n != 7 {
		t.Errorf("%d pdus", n)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		data string
		hint bool
		want dissect.Verdict
	}{
		{"Ubuntu 24.04\r\n", true, dissect.More}, {"Ubuntu 24.04\r\nhost Login: ", true, dissect.Yes}, {strings.Repeat("x", maxBanner), true, dissect.No},
		{"\xff\xfd\x18", true, dissect.ByPort}, {"\xff\x00", true, dissect.No},
		{options, false, dissect.Yes}, {options[:5], false, dissect.More}, {"\xff\xd8\xff\xe0\x00\x10", false, dissect.No},
		{"\xff\xfb\x01text", false, dissect.No}, {"login: ", true, dissect.Yes}, {"login: ", false, dissect.No}, {"\xff", true, dissect.More},
	} {
		if got := probe(dissect.ToClient, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%q hint %v: %v, want %v", c.data, c.hint, got, c.want)
		}
	}
}

func FuzzTelnet(f *testing.F) {
	f.Add([]byte(options+"text"), false)
	f.Add([]byte("\xff\xfa"+strings.Repeat("x", 2*maxOption)), true)
	f.Fuzz(func(t *testing.T, data []byte, slow bool) {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Frames = true
		r.Conversation(data, slow)
		r.End(dissect.EndFIN)
		for len(data) > 0 {
			k, _ := next(data)
			if k == 0 {
				if data[0] != iac || len(data) >= maxOption {
					t.Fatalf("waits for more than %q", data)
				}
				break
			}
			data = data[k:]
		}
	})
}
