package engine

import "sync"

// made is what a worker made of a batch.
type made struct {
	records []record
	buf     []byte   // lines of records, with room for more
	full    [][]byte // those before, where they are in pieces
}

// madeStack is memory for what workers make, of the batches that are not on their way. They share it, and what was used last goes out
// first: workers make little of most batches and much of a few, and there would be room for much in each.
type madeStack struct {
	mu      sync.Mutex
	records [][]record
	pieces  [][]byte
}

// Lines are in pieces of memory, each with room for many.
const (
	pieceBytes = 64 << 10
	pieceRoom  = 8 << 10 // that is left for a line; a longer one gets a piece of its own size
	keepPieces = 256     // of which more is not kept: a burst, such as the end of many flows at once, gets memory of its own
)

// begin gives memory to a result.
func (s *madeStack) begin(r *result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.records) - 1; last >= 0 {
		r.records = s.records[last]
		s.records = s.records[:last]
	}
}

// room sees to it that there is room for a line.
func (s *madeStack) room(r *result) {
	if cap(r.buf)-len(r.buf) >= pieceRoom {
		return
	}
	if len(r.buf) > 0 {
		r.full = append(r.full, r.buf)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.pieces) - 1; last >= 0 {
		r.buf = s.pieces[last]
		s.pieces = s.pieces[:last]
		return
	}
	r.buf = make([]byte, 0, pieceBytes)
}

// put takes back what the results of a batch have, of which all has been written.
func (s *madeStack) put(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.results {
		r := &b.results[i]
		for _, p := range append(r.full, r.buf) {
			if cap(p) == pieceBytes && len(s.pieces) < keepPieces {
				s.pieces = append(s.pieces, p[:0])
			}
		}
		clear(r.full)
		r.buf, r.full = nil, r.full[:0]
		r.reset()
		if r.records != nil {
			s.records = append(s.records, r.records)
			r.records = nil
		}
	}
}

// lines is where the next EVE line is to be appended.
func (w *worker) lines() []byte {
	if w.made != nil {
		w.made.room(w.out)
	}
	return w.out.buf
}

// wrote takes what lines gave, with bytes appended, and gives these.
func (w *worker) wrote(buf []byte) []byte {
	off := len(w.out.buf)
	w.out.buf = buf
	return buf[off:len(buf):len(buf)]
}

// line takes what lines gave with one more line.
func (w *worker) line(buf []byte) {
	r := w.out
	off := len(r.buf)
	line := w.wrote(buf)
	if len(line) == 0 {
		return
	}
	if n := len(r.records); n > 0 && off > 0 {
		// Lines of one packet, and with a single worker all lines between alerts, are one record.
		if last := &r.records[n-1]; last.isLine() && last.endsAt(&buf[off-1]) &&
			(w.of == 1 && !w.merged || last.stamp == w.stamp && last.serial == w.serial) {
			last.line = buf[off-len(last.line) : len(buf) : len(buf)]
			return
		}
	}
	r.records = append(r.records, record{stamp: w.stamp, serial: w.serial, line: line})
}
