package engine

import "sync"

// batchStack are the batches that are not on their way. The one that came back last goes out first: its memory is in the cache, and
// a run that needs few batches touches few.
type batchStack struct {
	mu   sync.Mutex
	some sync.Cond
	list []*batch
}

// newBatchStack makes all batches of a run with so many workers.
func newBatchStack(workers int) *batchStack {
	s := &batchStack{list: make([]*batch, batchesAhead)}
	s.some.L = &s.mu
	for i := range s.list {
		s.list[i] = newBatch(workers)
	}
	return s
}

// get waits for a batch.
func (s *batchStack) get() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.list) == 0 {
		s.some.Wait()
	}
	last := len(s.list) - 1
	b := s.list[last]
	s.list = s.list[:last]
	return b
}

func (s *batchStack) put(b *batch) {
	s.mu.Lock()
	s.list = append(s.list, b)
	s.mu.Unlock()
	s.some.Signal()
}
