package engine

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine/flowtable"
)

// Live, with Config.Rings, every worker reads a ring of its own: it decodes, puts fragments together and follows
// the flows that the kernel gave to its ring, and hands what came of a batch to the ordered stage. Nothing is between
// the ring and the worker. The ordered stage merges what the rings made by packet time (see merger).

// liveState is what a run on interfaces has besides.
type liveState struct {
	capture interfaces // nil: a replay
	adopted int        // rings that took the pending swap; guarded by reloads.stage
	snap    sync.Mutex // one Snapshot at a time
	stats   liveStats
	// patience is how long the merger waits for a ring, 0 for mergeWait.
	patience time.Duration
}

// Watch runs the engine on interfaces until ctx is done. It may be called once, instead of Run. What had come before the end is still
// worked on, for a moment.
func (e *Engine) Watch(ctx context.Context, c *live.Capture) error {
	return e.watch(ctx, liveRings{c})
}

// interfaces are what is watched: a live.Capture, but in tests.
type interfaces interface {
	Rings() int
	Ring(i int) ring
	Lag() time.Duration
	Stop()
	Interfaces() []live.InterfaceStats
}

// ring is what one worker reads.
type ring interface {
	capture.Source
	Quiet() int64
}

type liveRings struct{ *live.Capture }

func (l liveRings) Ring(i int) ring { return l.Source(i) }

func (e *Engine) watch(ctx context.Context, c interfaces) error {
	e.live.snap.Lock() // a Snapshot may come early
	e.live.capture = c
	e.live.snap.Unlock()
	e.order.live = true
	e.live.stats.begin(e)
	stop := context.AfterFunc(ctx, c.Stop)
	defer stop()
	return e.Run(context.WithoutCancel(ctx), &allRings{c})
}

// allRings is a capture as one source: of its first ring, with the figures of all.
type allRings struct{ c interfaces }

func (a *allRings) ReadBatch(b *capture.Batch) error { return a.c.Ring(0).ReadBatch(b) }
func (a *allRings) Close() error                     { return nil }

// Stats implements capture.Source.
func (a *allRings) Stats() capture.Stats {
	s := a.c.Ring(0).Stats()
	for i := 1; i < a.c.Rings(); i++ {
		more := a.c.Ring(i).Stats()
		s.Packets += more.Packets
		s.Bytes += more.Bytes
	}
	return s
}

// newRings makes a dispatcher for each ring.
func (e *Engine) newRings() {
	if !e.cfg.Rings {
		return
	}
	for range e.cfg.Workers {
		d := new(dispatcher)
		e.newDispatcher(d)
		d.timed = true
		e.rings = append(e.rings, d)
	}
}

// shares makes w a worker with all shards if it reads a ring. The caps of the configuration are for all workers
// together: flows has the worker's part of those of flows, and of any other a shard gets one of so many parts.
func (e *Engine) shares(w *worker) (flows *flowtable.Config, parts int) {
	if !e.cfg.Rings {
		return &e.cfg.Flow, flowtable.Shards
	}
	w.base, w.of, w.merged = 0, 1, true
	part := e.cfg.Flow
	part.MaxFlows /= e.cfg.Workers
	return &part, flowtable.Shards * e.cfg.Workers
}

// ringBatch is a batch of one ring on its way through the ordered stage.
type ringBatch struct {
	batch
	ring    int
	upto    uint64 // the ring's later records have higher stamps
	next    int    // the first record that was not taken
	arrived time.Time
	last    bool // of its ring
}

// batchesOfRing is how many batches of a ring may be on their way; then its worker waits, and the kernel keeps
// what comes, as far as the ring goes.
const batchesOfRing = 8

// runRings runs all workers on their rings, and the ordered stage on this goroutine.
func (e *Engine) runRings() error {
	c := e.live.capture
	defer moreThreads(len(e.workers))()
	m := newMerger(e, c)
	for i, w := range e.workers {
		free := make(chan *ringBatch, batchesOfRing)
		for range batchesOfRing {
			free <- &ringBatch{batch: *newBatch(1), ring: i}
		}
		m.free = append(m.free, free)
		go e.readRing(w, c.Ring(i), free, m.in)
	}
	m.run()
	return nil
}

// moreThreads lets Go run more threads than there are workers: a worker that comes back from waiting for packets, the merger,
// the writers of outputs and the garbage collector would else wait up to 10 ms for each other, where the kernel gives who
// wakes up its turn much sooner. Who sets GOMAXPROCS is asked no more. The function that it gives undoes it.
func moreThreads(workers int) (undo func()) {
	const besides = 2
	before := runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") != "" || before >= workers+besides {
		return func() {}
	}
	runtime.GOMAXPROCS(workers + besides)
	return runtime.SetDefaultGOMAXPROCS
}

// readRing works on what comes from a ring, until its source ends.
func (e *Engine) readRing(w *worker, src capture.Source, free <-chan *ringBatch, out chan<- *ringBatch) {
	d := e.rings[w.id]
	for done := false; !done; {
		b := <-free
		b.begin()
		b.swap = e.ringSwap(w)
		if b.swap == nil { // what came of a swap's batch is empty: nobody waits for it
			done, _ = e.fill(context.Background(), src, &b.batch)
		}
		w.busy.Lock()
		if b.swap != nil {
			w.adopt(b.swap)
		}
		w.take(d, &b.batch)
		w.respond()
		w.busy.Unlock()
		b.upto = d.stamp
		out <- b
		runtime.Gosched() // the merger at once, not when this worker next waits: up to 10 ms later on a busy link
	}
	for shard := range flushSteps {
		b := <-free
		b.begin()
		w.busy.Lock()
		w.out, w.inline.batch = &b.results[0], &b.batch
		d.stamp = flushStamp + uint64(shard)
		w.flush(shard, []item{{stamp: d.stamp, now: d.now}})
		w.busy.Unlock()
		b.upto, b.last = d.stamp, shard == flushSteps-1
		out <- b
	}
}

// flushStamp is the stamp of what ends with the first shard at the end of the run; those of other shards follow. It is the same
// on all rings, so that flows end in the order in which they end in a replay.
const flushStamp = 1 << 63

func (b *ringBatch) begin() {
	b.reset()
	b.next, b.last, b.upto = 0, false, 0
}

// take decodes the frames of a batch and works on them.
func (w *worker) take(d *dispatcher, b *batch) {
	w.out, w.inline.batch, w.frames = &b.results[0], b, &b.frames
	for i := range b.frames.Packets {
		d.frame(&b.frames.Packets[i], &w.inline)
	}
	if b.frames.Now > 0 {
		d.advance(b.frames.Now, &w.inline)
	}
}

// ringSwap gives a worker the pending swap, once.
func (e *Engine) ringSwap(w *worker) *swap {
	r := &e.reloads
	r.stage.Lock()
	defer r.stage.Unlock()
	s := r.pending
	if s == nil || w.swapped == s.serial {
		return nil
	}
	w.swapped = s.serial
	if e.live.adopted++; e.live.adopted == len(e.workers) {
		e.live.adopted, r.pending = 0, nil
	}
	return s
}
