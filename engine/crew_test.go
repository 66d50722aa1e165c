package engine

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func testCrew(n, goroutines int) (c *crew, out chan *batch, stop func()) {
	workers := make([]*worker, n)
	for i := range workers {
		workers[i] = &worker{id: i, base: i, of: n}
	}
	out = make(chan *batch, batchesAhead)
	c = newCrew(workers, out)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(c.serve)
	}
	return c, out, func() { c.close(); wg.Wait() }
}

// However many goroutines there are, batches come out as they went in.
func TestCrewKeepsOrder(t *testing.T) {
	for _, goroutines := range []int{1, 2, 3, 8} {
		c, out, stop := testCrew(6, goroutines)
		var sent []*batch
		for range batchesAhead {
			sent = append(sent, newBatch(6))
		}
		for round := range 50 {
			for _, b := range sent {
				c.send(b)
			}
			for i, want := range sent {
				if got := <-out; got != want {
					t.Fatalf("%d goroutines, round %d: batch %d is another", goroutines, round, i)
				}
			}
		}
		stop()
		if n := uint64(50 * batchesAhead); !slices.Equal(c.next, []uint64{n, n, n, n, n, n}) {
			t.Errorf("%d goroutines: workers did %v of %d batches", goroutines, c.next, n)
		}
	}
}

// A worker that is held up holds up nobody else, though no batch comes out.
func TestCrewGoesAround(t *testing.T) {
	c, out, stop := testCrew(4, 2)
	c.workers[0].busy.Lock()
	for range batchesAhead {
		c.send(newBatch(4))
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		next := slices.Clone(c.next)
		c.mu.Unlock()
		if slices.Equal(next, []uint64{0, batchesAhead, batchesAhead, batchesAhead}) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("workers are at %v", next)
		}
	}
	if len(out) != 0 {
		t.Errorf("%d batches came out", len(out))
	}
	c.workers[0].busy.Unlock()
	for range batchesAhead {
		<-out
	}
	stop()
}
