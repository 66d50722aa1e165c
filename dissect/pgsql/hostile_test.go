package pgsql

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestHeld: what a connection keeps of queries that are not answered has a bound.
func TestHeld(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	p := new(parser)
	query := msg('Q', strings.Repeat("x", 100_000)+"\x00")
	for range 300 {
		r.Ctx.Begin(r.Spec)
		if n := p.Data(r.Ctx, toServer, []byte(query)); n != len(query) {
			t.Fatal(n)
		}
	}
	held := 0
	for _, x := range p.open {
		held += cap(x.buf)
	}
	if held > 8<<20 {
		t.Errorf("%d bytes are kept", held)
	}
}
