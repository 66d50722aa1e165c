package http2

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/http"
)

// talk is a connection with n exchanges.
func talk(n int) (ask, answer []byte) {
	c, s := client(), server()
	for i := range n {
		id := uint32(2*i + 1)
		c.get(id, "/some/where", "user-agent", "Mozilla/5.0 (X11; Linux x86_64)", "accept", "*/*", "cookie", "session=0123456789")
		s.headers(id, false, ":status", "200", "content-type", "text/html", "server", "nginx").body(id, true, strings.Repeat("content ", 100))
	}
	return []byte(c.sent()), []byte(s.sent())
}

// quiet gives a recorder that keeps nothing.
func quiet() *dissecttest.Recorder {
	r := recorder()
	r.Quiet = true
	r.Ctx.Limits.KeepBodies = false
	return r
}

func play(r *dissecttest.Recorder, ask, answer []byte) {
	r.Restart()
	r.Bytes(toServer, ask)
	r.Bytes(toClient, answer)
	r.End(dissect.EndFIN)
}

// TestAllocs checks that exchanges allocate nothing once memory is there.
func TestAllocs(t *testing.T) {
	if underRace {
		t.Skip("the race detector empties pools")
	}
	ask, answer := talk(50)
	r := quiet()
	play(r, ask, answer)
	if n := testing.AllocsPerRun(20, func() { play(r, ask, answer) }); n > 2 {
		t.Errorf("%.0f allocations for 50 exchanges", n)
	}
}

// keeper is a Host that looks at one transaction while it is there.
type keeper struct {
	*dissecttest.Recorder
	look func(tx *http.Tx)
}

// Emit implements dissect.Host.
func (k *keeper) Emit(spec *dissect.Spec, ev dissect.Local, e *dissect.Env) {
	if tx, ok := e.Tx.(*http.Tx); ok && tx.Status == 200 {
		k.look(tx)
	}
}

func TestFieldAllocs(t *testing.T) {
	ask, answer := talk(1)
	r := quiet()
	done := false
	r.Ctx.Host = &keeper{r, func(tx *http.Tx) {
		if !done {
			done = true
			if names := dissecttest.FieldAllocs(r.Spec.Through, tx); len(names) > 0 {
				t.Errorf("fields that allocate: %v", names)
			}
		}
	}}
	play(r, ask, answer)
	if !done {
		t.Error("no response came")
	}
}

func BenchmarkExchanges(b *testing.B) {
	ask, answer := talk(50)
	r := quiet()
	b.SetBytes(int64(len(ask) + len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		play(r, ask, answer)
	}
}
