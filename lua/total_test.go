package lua

import (
	"sync"
	"testing"
)

// TestScriptsTogetherKeepTheirLimit: past the limit of all scripts the largest store of the largest script gives way, and the
// same entries go whatever else the process allocates.
func TestScriptsTogetherKeepTheirLimit(t *testing.T) {
	const total = 8 << 20
	const small = `
local s = nids.store { max = 1e6 }
s:set("kept", 1)
nids.on("http.request", function(ev) assert(s:peek("kept") == 1) end)`
	const large = `
local s = nids.store { max = 1e6, value = function() return { "x", "y" } end }
local n = 0
nids.on("http.request", function(ev)
  for i = 1, 2000 do n = n + 1 s:get(n) end
  print(s:count())
end)`
	run := func() string {
		r := load(t, Options{Limits: Limits{Total: total}}, small, large).ok()
		for range 150 {
			r.http(1, "/")
		}
		r.noProblems()
		if a, b := r.rt.vms[0].stores[0], r.rt.vms[1].stores[0]; a.evicted != 0 || b.evicted == 0 || len(b.index) == 0 {
			t.Errorf("%d entries of the small store dropped; of the large one %d, %d are left", a.evicted, b.evicted, len(b.index))
		}
		if sum := r.rt.vms[0].memory + r.rt.vms[1].memory; sum > total {
			t.Errorf("%d bytes, more than %d", sum, total)
		}
		return r.printed()
	}
	alone := run()
	var wg sync.WaitGroup
	over := make(chan struct{})
	wg.Go(func() {
		var kept []byte
		for {
			select {
			case <-over:
				return
			default:
				kept = make([]byte, 1<<20)
				kept[0] = 1
			}
		}
	})
	for range 3 {
		if again := run(); again != alone {
			t.Errorf("with other work beside it:\n%s\nalone:\n%s", again, alone)
		}
	}
	close(over)
	wg.Wait()
}
