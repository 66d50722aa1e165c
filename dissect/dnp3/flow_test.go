package dnp3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/jsonw"
)

// TestLostSegments: fragments that lost a segment do not pile up until the flow counts as flooded.
func TestLostSegments(t *testing.T) {
	r := quietly("dnp3.func")
	r.Ctx.Limits.Settings = map[string]string{"dnp3.max-tx": "4"}
	for range 20 {
		r.Ctx.Flow.Packets[toClient]++
		r.Data(toServer, frame(fromMaster, "\x40\xc0\x02")+ask("c001"))
		r.Ctx.Flow.Packets[toServer]++
		r.Data(toClient, answer("c0810000"))
	}
	if n := strings.Count(r.Text(), "dnp3.fragment to_server dnp3.func=2\n"); n != 20 || strings.Contains(r.Text(), "flooded") || len(r.Records) != 60 {
		t.Errorf("%d given up, %d records:\n%s", n, len(r.Records), r.Text())
	}
}

// TestContext: alerts on a fragment that has only begun show its headers.
func TestContext(t *testing.T) {
	m := new(Message)
	m.reset(1, toServer, fromMaster, 1, 10, []byte(bin("c30d")))
	var w jsonw.Writer
	w.Object()
	if writeContext(&w, &dissect.Env{Tx: m}); !strings.Contains(string(w.B), `"src":1,"dst":10,`) || !strings.Contains(string(w.B), `"function_code":13,"complete":false}`) {
		t.Errorf("%s", w.B)
	}
}

// TestKept: large fragments, and many under way, leave little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	n := dissecttest.Kept(func() *dissecttest.Recorder { return quietly("dnp3.obj", "dnp3.control.index", "dnp3.file.name") }, func(r *dissecttest.Recorder) {
		r.Quiet = false // fields are asked for
		for i := range 40 {
			r.Data(toServer, frame(fromMaster, "\x40\xc0\x02"+strings.Repeat("x", 240)))
			r.Data(toServer, frame(fromMaster, string([]byte{0xc0, 0xc0, 0x01})+strings.Repeat("\x3c\x02\x06", 10*(i&7))))
		}
		r.End(dissect.EndFIN)
	})
	if n > 16<<10 {
		t.Errorf("a parser keeps %d bytes", n)
	}
}
