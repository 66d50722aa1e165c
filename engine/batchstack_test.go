package engine

import (
	"testing"
	"time"
)

func TestStackGivesTheLastBatchFirst(t *testing.T) {
	s := newBatchStack(2)
	a, b := s.get(), s.get()
	s.put(a)
	s.put(b)
	if s.get() != b || s.get() != a {
		t.Error("another batch than the one that came back last")
	}
	for range batchesAhead - 2 {
		s.get()
	}
	got := make(chan *batch)
	go func() { got <- s.get() }()
	select {
	case <-got:
		t.Fatal("a batch too many")
	case <-time.After(10 * time.Millisecond):
	}
	s.put(a)
	if <-got != a {
		t.Error("not the batch that came back")
	}
}

// The reader rests while every worker has enough before it, and goes on when one is about to run dry, though another is far behind.
func TestReaderRests(t *testing.T) {
	c, out, stop := testCrew(2, 2)
	c.workers[0].busy.Lock()
	c.workers[1].busy.Lock()
	for range enough + 1 { // each worker holds its first batch
		c.send(newBatch(2))
	}
	done := make(chan bool)
	go func() { c.rest(); close(done) }()
	select {
	case <-done:
		t.Error("the reader does not rest")
	case <-time.After(10 * time.Millisecond):
	}
	c.workers[1].busy.Unlock()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the reader rests while a worker has nothing to do")
	}
	c.workers[0].busy.Unlock()
	for range enough + 1 {
		<-out
	}
	stop()
}
