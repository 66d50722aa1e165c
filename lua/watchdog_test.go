package lua

import (
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
)

// TestWatchdogSleeps: it costs nothing while no callback runs, and wakes with the next.
func TestWatchdogSleeps(t *testing.T) {
	r := load(t, Options{}, `nids.on("stream.data", function() end)`).ok()
	w := r.rt.watch
	asleep := func() bool {
		for range 200 {
			if !w.awake.Load() {
				return true
			}
			time.Sleep(watchEvery)
		}
		return false
	}
	f := testFlow(1)
	for range 3 {
		r.data(f, dissect.ToServer, "", "x")
		if !w.awake.Load() {
			t.Fatal("a callback has run, and the watchdog sleeps")
		}
		if !asleep() {
			t.Fatal("nothing runs, and the watchdog is awake")
		}
	}
	v := r.rt.vms[0]
	v.meter.begin(1000) // a callback that goes on
	time.Sleep(4 * idleLooks * watchEvery)
	if asleep := !w.awake.Load(); asleep {
		t.Error("a callback runs, and the watchdog sleeps")
	}
	v.meter.end()
	if !asleep() {
		t.Error("the callback is over, and the watchdog is awake")
	}
}
