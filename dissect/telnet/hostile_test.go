package telnet

import (
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestHostileTime: what has no end is not looked for from each byte to the end of what is there.
func TestHostileTime(t *testing.T) {
	for name, text := range map[string]string{
		"no line end":        strings.Repeat("a\xff\xf1", 1<<20/3),
		"no end of options":  strings.Repeat("\xff\xfa", 1<<19),
		"one long line":      strings.Repeat("a", 1<<20),
		"text, then options": strings.Repeat("a", 1<<19) + strings.Repeat("\xff\xf1", 1<<18),
	} {
		r := dissecttest.New(Spec())
		r.Quiet = true
		r.Ctx.Limits.Frames = true
		start := time.Now()
		r.Data(dissect.ToServer, text)
		if d := time.Since(start); d > time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// TestOptions: a byte of 255 within a subnegotiation is sent twice, and ends nothing.
func TestOptions(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"telnet.frame.ctl", "telnet.frame.data"}
	r.Ctx.Limits.Frames = true
	r.Data(dissect.ToServer, "\xff\xfa\x1f\x00\xff\xff\xf0\x00\xff\xf0ok\r\n")
	if got := r.End(dissect.EndFIN); !strings.Contains(got, `telnet.frame.ctl="\xff\xfa\x1f\x00\xff\xff\xf0\x00\xff\xf0"`) || !strings.Contains(got, `telnet.frame.data="ok\r\n"`) {
		t.Errorf("got\n%s", got)
	}
}
