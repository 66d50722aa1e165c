package engine

import (
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/luanids/luanids/capture"
)

// scales is a source that weighs the heap whenever another repetition of its captures is over.
type scales struct {
	capture.Source
	seen  uint64
	every uint64   // packets of a repetition
	heap  []uint64 // bytes in use after each repetition
}

func (s *scales) ReadBatch(b *capture.Batch) error {
	err := s.Source.ReadBatch(b)
	s.seen += uint64(len(b.Packets))
	if s.seen >= s.every*uint64(len(s.heap)+1) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.heap = append(s.heap, m.HeapAlloc)
	}
	return err
}

func runSource(t *testing.T, cfg Config, src capture.Source) {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context(), src); err != nil {
		t.Fatal(err)
	}
}

// TestMemoryStaysFlat replays all captures many times over: what one repetition leaves behind in
// tables, pools and buffers, the next must not add to.
func TestMemoryStaysFlat(t *testing.T) {
	const loops, settled = 16, 6
	if testing.Short() {
		t.Skip("a long replay, and the race detector has its own memory")
	}
	files := captures(t)
	open := func(n int) capture.Source {
		src, err := capture.Open(files, capture.Options{Loop: n})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { src.Close() })
		return src
	}
	for _, workers := range []int{1, 2} {
		cfg := everything(t)
		cfg.Workers, cfg.EVE = workers, io.Discard
		once := &scales{Source: open(1), every: 1 << 62}
		runSource(t, cfg, once)
		all := &scales{Source: open(loops), every: once.seen}
		runSource(t, cfg, all)
		if len(all.heap) != loops {
			t.Fatalf("%d repetitions were weighed, want %d", len(all.heap), loops)
		}
		// With several workers there are batches under way, more or fewer of them.
		before, after := slices.Min(all.heap[settled:loops/2+settled/2]), slices.Min(all.heap[loops/2+settled/2:])
		slack := before / 10
		if workers > 1 {
			slack = before / 3
		}
		if after > before+slack {
			t.Errorf("%d workers: at least %d kB in repetitions %d to %d, %d kB later: the heap grows: %v",
				workers, before>>10, settled+1, loops/2+settled/2, after>>10, all.heap)
		}
	}
}
