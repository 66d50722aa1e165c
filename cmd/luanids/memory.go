package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// How far the heap may grow between two collections, bytes. While rules are loaded much is allocated at once, of which
// little stays, and looking through it all the time costs more than it gives; in steady state the engine allocates next to nothing.
const (
	firstSlack = 80 << 20 // before the first: that of a large set of rules comes while it is compiled
	loadSlack  = 80 << 20
	runSlack   = 64 << 20
	staySlack  = 112 << 20 // after loading, of a replay
)

// pacer has the collector run when the heap has grown by a fixed amount, and not when it has doubled: it would run very often at the
// beginning, and take very much memory for many rules. With GOGC in the environment it does nothing.
type pacer struct {
	slack atomic.Uint64 // 0: stopped
	old   int           // percentage to go back to
}

// pace begins with the slack for loading, the first time more.
func pace(e *env) *pacer {
	p := &pacer{}
	if e.getenv("GOGC") != "" {
		return p
	}
	p.slack.Store(loadSlack)
	p.old = debug.SetGCPercent(int(100 * firstSlack / smallestHeap))
	p.watch()
	return p
}

// smallestHeap is the heap at which the runtime first collects at 100 %, bytes.
const smallestHeap = 4 << 20

// watch has collected called after the next collection.
func (p *pacer) watch() {
	runtime.AddCleanup(new([16]byte), (*pacer).collected, p)
}

func (p *pacer) collected() {
	slack := p.slack.Load()
	if slack == 0 {
		return
	}
	set(slack)
	p.watch()
}

// set takes the percentage that gives the slack. A large heap may grow by a third, lest it be walked through too often; a
// small one doubles only, unless rules are being loaded.
func set(slack uint64) {
	most := uint64(200)
	if slack == loadSlack {
		most = 100 * loadSlack / smallestHeap
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(int(min(most, max(30, 100*slack/max(live[0].Value.Uint64(), smallestHeap)))))
}

// settle gives back what loading rules took for a while, and goes on with the slack of a run.
func (p *pacer) settle() {
	debug.FreeOSMemory()
	if p.slack.CompareAndSwap(loadSlack, runSlack) || p.slack.Load() == runSlack {
		set(runSlack)
	}
}

// stay goes on in the memory that loading rules took: a replay may be over before it pays to look through it. Later it has the slack of a run.
func (p *pacer) stay() {
	if !p.slack.CompareAndSwap(loadSlack, runSlack) {
		return
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	live := max(heap[0].Value.Uint64(), smallestHeap)
	debug.SetGCPercent(int(100 * (heap[1].Value.Uint64() + staySlack - live) / live))
}

// stop goes back to how it was before.
func (p *pacer) stop() {
	if p.slack.Swap(0) != 0 {
		debug.SetGCPercent(p.old)
	}
}
