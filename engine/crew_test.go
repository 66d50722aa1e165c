package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func testWorkers(n int) []*worker {
	workers := make([]*worker, n)
	for i := range workers {
		workers[i] = &worker{id: i, base: i, of: n}
	}
	return workers
}

// inOrder is a stage that batches must come to in order, one at a time.
type inOrder struct {
	t    *testing.T
	name string
	next atomic.Int64
	busy atomic.Bool
}

func (s *inOrder) take(b *batch) {
	if s.busy.Swap(true) {
		s.t.Errorf("%s: two at a time", s.name)
	}
	if n := s.next.Load(); b.frames.Now != n {
		s.t.Errorf("%s: batch %d came in place of %d", s.name, b.frames.Now, n)
	}
	s.next.Add(1)
	s.busy.Store(false)
}

// numbered fills n batches.
func numbered(n int64) func(*batch) bool {
	var at atomic.Int64
	return func(b *batch) bool {
		b.frames.Now = at.Add(1) - 1
		return b.frames.Now < n
	}
}

// However many goroutines there are, batches go through each stage in order, and through all of them.
func TestCrewKeepsOrder(t *testing.T) {
	const batches = 50 * batchesAhead
	for _, goroutines := range []int{1, 2, 3, 8} {
		deal, pass := inOrder{t: t, name: "deal"}, inOrder{t: t, name: "pass"}
		c := newCrew(testWorkers(6), stages{numbered(batches), deal.take, pass.take})
		c.run(goroutines)
		if n := deal.next.Load(); n != batches {
			t.Errorf("%d goroutines: %d batches were dealt, want %d", goroutines, n, batches)
		}
		if n := pass.next.Load(); n != batches {
			t.Errorf("%d goroutines: %d batches came out, want %d", goroutines, n, batches)
		}
		if !slices.Equal(c.next, []uint64{batches, batches, batches, batches, batches, batches}) {
			t.Errorf("%d goroutines: workers did %v of %d batches", goroutines, c.next, batches)
		}
		if len(c.free) != batchesAhead {
			t.Errorf("%d goroutines: %d batches are back, want %d", goroutines, len(c.free), batchesAhead)
		}
	}
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain until", what)
		}
	}
}

// A worker that is held up holds up nobody else, though no batch comes out, until all batches are under way.
func TestCrewGoesAround(t *testing.T) {
	deal, pass := inOrder{t: t, name: "deal"}, inOrder{t: t, name: "pass"}
	c := newCrew(testWorkers(4), stages{numbered(2 * batchesAhead), deal.take, pass.take})
	c.workers[0].busy.Lock()
	var wg sync.WaitGroup
	wg.Go(func() { c.run(2) })
	eventually(t, "the other workers are done with all batches that there are", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Equal(c.next, []uint64{0, batchesAhead, batchesAhead, batchesAhead})
	})
	if n := pass.next.Load(); n != 0 {
		t.Errorf("%d batches came out", n)
	}
	c.workers[0].busy.Unlock()
	wg.Wait()
	if n := pass.next.Load(); n != 2*batchesAhead {
		t.Errorf("%d batches came out, want %d", n, 2*batchesAhead)
	}
}

// While a source has nothing to read, what was read goes on.
func TestCrewDoesNotWaitForTheReader(t *testing.T) {
	const there = 3
	deal, pass := inOrder{t: t, name: "deal"}, inOrder{t: t, name: "pass"}
	fill, come := numbered(there+1), make(chan struct{})
	c := newCrew(testWorkers(4), stages{func(b *batch) bool {
		more := fill(b)
		if b.frames.Now == there {
			<-come
		}
		return more
	}, deal.take, pass.take})
	var wg sync.WaitGroup
	wg.Go(func() { c.run(2) })
	eventually(t, "what was read is out", func() bool { return pass.next.Load() == there })
	close(come)
	wg.Wait()
	if n := pass.next.Load(); n != there+1 {
		t.Errorf("%d batches came out, want %d", n, there+1)
	}
}
