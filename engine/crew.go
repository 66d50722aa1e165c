package engine

import (
	"slices"
	"sync"

	"github.com/luanids/luanids/engine/flowtable"
)

// With several workers a replay has more workers than goroutines, each with a share of the flows: a goroutine that has
// nothing to do takes the batch of a worker that is behind. So a few flows that cost much hold up their own worker only, and no
// core waits for another that happens to have them.

// workersEach is how many workers there are for each goroutine. More would balance little better, and have more lists and
// buffers in each batch.
const workersEach = 2

// owners is how many workers share the flows.
func (e *Engine) owners() int {
	if e.cfg.Workers == 1 || e.cfg.Rings {
		return e.cfg.Workers
	}
	return min(workersEach*e.cfg.Workers, flowtable.Shards)
}

// crew hands batches to workers, and workers to the goroutines that run them. Every worker gets every batch, in order, and is
// run by one goroutine at a time.
type crew struct {
	workers []*worker
	out     chan<- *batch // batches that all are done with, in order

	mu     sync.Mutex
	wake   sync.Cond
	idle   int       // goroutines that wait
	hunger sync.Cond // some worker has little left to do
	rests  bool      // the reader waits for that
	ring   [batchesAhead]*batch
	sent   uint64   // batches so far
	next   []uint64 // by worker: the batch that it comes to
	busy   []bool   // by worker: some goroutine runs it
	closed bool
}

func newCrew(workers []*worker, out chan<- *batch) *crew {
	c := &crew{workers: workers, out: out, next: make([]uint64, len(workers)), busy: make([]bool, len(workers))}
	c.wake.L, c.hunger.L = &c.mu, &c.mu
	return c
}

// send gives all workers one more batch. No more than batchesAhead may be under way.
func (c *crew) send(b *batch) {
	b.pending.Store(int32(len(c.workers)))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring[c.sent%batchesAhead] = b
	c.sent++
	if c.idle > 0 {
		c.wake.Broadcast()
	}
}

// A worker that comes to a costly flow may fall far behind while the others go on, so many batches may be under way; but as long as all
// workers have something to do the reader need not be ahead of them: what it reads would have left the cache when its turn comes.
const (
	enough = 8 // batches before every worker: the reader rests
	hungry = 3 // before some worker: it goes on
)

// rest waits until some worker is going to need more batches.
func (c *crew) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead() < enough {
		return
	}
	for c.rests = true; c.ahead() > hungry; {
		c.hunger.Wait()
	}
	c.rests = false
}

// ahead is how many batches the worker has before it that has the fewest.
func (c *crew) ahead() uint64 {
	return c.sent - slices.Max(c.next)
}

// close ends the goroutines once everything is done.
func (c *crew) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.wake.Broadcast()
}

// serve runs workers until the crew is closed.
func (c *crew) serve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := 0
	for {
		i := c.furthestBehind(last)
		if i < 0 {
			if c.closed {
				return
			}
			c.idle++
			c.wake.Wait()
			c.idle--
			continue
		}
		last = i
		c.busy[i] = true
		b := c.ring[c.next[i]%batchesAhead]
		more := c.idle > 0 && c.furthestBehind(i) >= 0
		c.mu.Unlock()
		if more {
			c.wake.Signal()
		}
		c.workers[i].work(b, c.out)
		c.mu.Lock()
		c.next[i]++
		c.busy[i] = false
		if c.rests && c.sent-c.next[i] <= hungry {
			c.hunger.Signal()
		}
	}
}

// furthestBehind picks the worker that is to be run next, of those equally far the last one, whose memory is in the cache; -1 if
// there is nothing to do.
func (c *crew) furthestBehind(last int) int {
	best := -1
	for k := range c.next {
		i := (last + k) % len(c.next)
		if !c.busy[i] && c.next[i] < c.sent && (best < 0 || c.next[i] < c.next[best]) {
			best = i
		}
	}
	return best
}

// work does a worker's part of a batch. The last worker to finish a batch passes it on: none comes to a later batch before that, so
// they arrive in order.
func (w *worker) work(b *batch, out chan<- *batch) {
	w.busy.Lock()
	w.process(b)
	w.busy.Unlock()
	if b.pending.Add(-1) == 0 {
		out <- b
	}
}
