package lua

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// TestNidsDispatch: so many events at a time, then what is left; -1 waits for the end.
func TestNidsDispatch(t *testing.T) {
	r := load(t, Options{}, `
local n = 0
nids.register_udp(function() n = n + 1 end)
print(nids.dispatch(2), n)
print(nids.next(), n)
print(nids.dispatch(-1), n)
print(nids.dispatch(5), nids.next())`).ok()
	f := testFlow(1)
	f.Key.Proto = packet.ProtoUDP
	for range 7 {
		r.data(f, dissect.ToServer, "", "x")
	}
	r.rt.Exit()
	r.noProblems()
	if got, want := r.printed(), "2\t2\n1\t3\n4\t7\n0\t0\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
