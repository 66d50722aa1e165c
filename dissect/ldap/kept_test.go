package ldap

import (
	"slices"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestKept: many requests, and large ones, leave little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	many := slices.Repeat([]string{"cn"}, 500)
	n := dissecttest.Kept(func() *dissecttest.Recorder { return recorder("none") }, func(r *dissecttest.Recorder) {
		for range 300 {
			r.Data(dissect.ToServer, search(2, present1, "cn", "mail"))
		}
		for range 40 {
			r.Data(dissect.ToServer, search(2, present1, many...))
		}
		r.End(dissect.EndFIN)
	})
	if n > 64<<10 {
		t.Errorf("a parser keeps %d bytes", n)
	}
}
