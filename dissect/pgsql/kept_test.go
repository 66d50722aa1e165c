package pgsql

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestKept: many queries, and long ones, leave little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	n := dissecttest.Kept(func() *dissecttest.Recorder { return dissecttest.New(Spec()) }, func(r *dissecttest.Recorder) {
		r.Data(toServer, startup).Data(toClient, loggedIn)
		for range 40 {
			r.Data(toServer, msg('Q', strings.Repeat("select ", 8000)+"\x00"))
		}
		for range 500 {
			r.Data(toServer, msg('Q', "select 1\x00"))
		}
		r.End(dissect.EndFIN)
	})
	if n > 32<<10 {
		t.Errorf("a parser keeps %d bytes", n)
	}
}
