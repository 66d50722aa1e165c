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

// crew is the goroutines of a run with several workers. There are as many as the run is to have, and each does what is needed most: reads
// a batch, deals one, runs a worker on the batch that it comes to, or passes on what all workers are done with. So none is woken
// for its part of a batch while another is free, which takes a core longer than many a packet.
//
// Every worker gets every batch, in order, and is run by one goroutine at a time; one at a time reads, deals, and passes on, in order.
type crew struct {
	stages
	workers []*worker

	mu    sync.Mutex
	wake  sync.Cond
	idle  int // goroutines that wait
	ring  [batchesAhead]*batch
	free  []*batch // what came back last goes out first: its memory is in the cache, and a run that needs few batches touches few
	read  turn
	deal  turn
	next  []uint64 // by worker: the batch that it comes to
	busy  []bool   // by worker: some goroutine runs it
	pass  turn
	ended bool // all is read
}

// stages are what is done with a batch before the workers, and after them.
type stages struct {
	fill     func(*batch) bool // reads a batch and decodes it, false if there is none
	dispatch func(*batch)      // deals its packets to the workers
	take     func(*batch)      // takes what the workers made of it
}

// turn is a stage that one goroutine at a time is at.
type turn struct {
	next uint64 // batch that it comes to
	busy bool
}

// batchesAhead is how many batches may be on their way at a time: a worker that comes to a costly flow may fall far behind while the
// others go on.
const batchesAhead = 32

// What is read and dealt long before its turn comes has left the cache by then.
const (
	enoughRead  = 2 // batches before the dispatcher
	enoughDealt = 3 // batches before every worker
)

func newCrew(workers []*worker, s stages) *crew {
	c := &crew{stages: s, workers: workers, next: make([]uint64, len(workers)), busy: make([]bool, len(workers))}
	c.wake.L = &c.mu
	for range batchesAhead {
		c.free = append(c.free, newBatch(len(workers)))
	}
	return c
}

// run has n goroutines do all there is to do.
func (c *crew) run(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(c.serve)
	}
	wg.Wait()
}

// job is what a goroutine may do next.
type job uint8

const (
	jobNone job = iota
	jobRead
	jobDeal
	jobWork
	jobPass
	jobEnd // there is nothing more to do
)

// pick says what is needed most, for a goroutine that ran worker last, and which worker if it is work.
func (c *crew) pick(last int) (job, int) {
	switch {
	case !c.deal.busy && c.deal.next < c.read.next && c.deal.next-slices.Max(c.next) < enoughDealt:
		return jobDeal, 0
	case !c.read.busy && !c.ended && len(c.free) > 0 && c.read.next-c.deal.next < enoughRead:
		return jobRead, 0
	case !c.pass.busy && c.pass.next < slices.Min(c.next):
		return jobPass, 0
	}
	if i := c.furthestBehind(last); i >= 0 {
		return jobWork, i
	}
	if c.ended && c.pass.next == c.read.next {
		return jobEnd, 0
	}
	return jobNone, 0
}

func (c *crew) serve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := 0
	for {
		what, i := c.pick(last)
		switch what {
		case jobNone:
			c.idle++
			c.wake.Wait()
			c.idle--
		case jobRead:
			c.readOne()
		case jobDeal:
			c.do(&c.deal, c.dispatch)
		case jobWork:
			last = i
			c.workOne(i)
		case jobPass:
			c.free = append(c.free, c.do(&c.pass, c.take))
		case jobEnd:
			c.wake.Broadcast()
			return
		}
	}
}

// unlock lets others in. If one of them has nothing to do while there is something, it is woken.
func (c *crew) unlock() {
	wake := false
	if c.idle > 0 {
		what, _ := c.pick(0)
		wake = what != jobNone
	}
	c.mu.Unlock()
	if wake {
		c.wake.Signal()
	}
}

func (c *crew) readOne() {
	b := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	c.read.busy = true
	c.unlock()
	b.reset()
	ok := c.fill(b)
	c.mu.Lock()
	c.read.busy = false
	if !ok {
		c.ended = true
		c.free = append(c.free, b)
		return
	}
	c.ring[c.read.next%batchesAhead] = b
	c.read.next++
}

// do has the next batch go through a stage.
func (c *crew) do(t *turn, stage func(*batch)) *batch {
	b := c.ring[t.next%batchesAhead]
	t.busy = true
	c.unlock()
	stage(b)
	c.mu.Lock()
	t.busy = false
	t.next++
	return b
}

func (c *crew) workOne(i int) {
	b := c.ring[c.next[i]%batchesAhead]
	c.busy[i] = true
	c.unlock()
	w := c.workers[i]
	w.busy.Lock()
	w.process(b)
	w.busy.Unlock()
	c.mu.Lock()
	c.busy[i] = false
	c.next[i]++
}

// furthestBehind picks the worker that is to be run next, of those equally far the last one, whose memory is in the cache; -1 if
// there is nothing to do.
func (c *crew) furthestBehind(last int) int {
	best := -1
	for k := range c.next {
		i := (last + k) % len(c.next)
		if !c.busy[i] && c.next[i] < c.deal.next && (best < 0 || c.next[i] < c.next[best]) {
			best = i
		}
	}
	return best
}
