package lua

import (
	"runtime"
	"runtime/metrics"
)

// gauge brings measurements of a script's memory forward when the process has allocated much since the last one, so
// that a script that fills memory does not get far past its limit before anybody looks; and it has the collector run
// when the script has grown by a part of its limit, or what it left behind while it grew would add up to as much again.
type gauge struct {
	look int64  // instructions until allocations are looked at
	from uint64 // bytes allocated at the last measurement
	step uint64 // bytes that may be allocated before the next
	held int64  // bytes that the script held when the collector ran last
}

// gaugeEvery is how many instructions are executed between two looks at what was allocated: about a millisecond.
const gaugeEvery = 64 << 10

// gaugeParts is how many measurements a script that only grows has on its way to the limit, at least.
const gaugeParts = 8

// spent counts instructions; true where memory should be measured.
func (g *gauge) spent(n, limit int64) bool {
	if g.look -= n; g.look > 0 {
		return false
	}
	g.look = gaugeEvery
	if g.step == 0 {
		g.from, g.step = allocated(), uint64(limit/gaugeParts)
	}
	return allocated()-g.from > g.step
}

// measured takes note of a measurement: of what was held before and is now.
func (g *gauge) measured(before, now, limit int64) {
	at := allocated()
	if grew := now - before; grew > 0 && uint64(grew) > (at-g.from)/4 {
		g.step = uint64(max(limit/gaugeParts, (limit-now)/2))
	} else { // most of it was garbage: look less often
		g.step = min(2*g.step, uint64(limit))
	}
	g.step = max(g.step, uint64(limit/gaugeParts))
	g.from, g.held = at, min(g.held, now)
	if now > g.held+limit/gaugeParts {
		g.held = now
		runtime.GC()
	}
}

// allocated is what the process has allocated so far, bytes.
func allocated() uint64 {
	s := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s[:])
	return s[0].Value.Uint64()
}
