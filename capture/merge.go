package capture

import (
	"errors"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// loopGap is what passes, in ns, between the last packet of one repetition and the first of
// the next (Options.Loop).
const loopGap = int64(time.Millisecond)

// maxBarren is how many packets in a row a filter may refuse before ReadBatch returns all the
// same, so that its caller can show progress and be stopped.
const maxBarren = 1 << 16

// source reads capture files and merges them by timestamp.
type source struct {
	opt     Options
	pool    fdPool
	folders []string // that were named
	entries []*entry // by time of the first packet
	lone    bool
	filter  filterSet

	probeBuf []byte // read buffer of files that are probed
	chunks   chunkPool

	opened int           // entries[:opened] were opened in this pass
	heap   []*fileReader // open files, the one with the earliest packet first
	pend   error         // to be returned after the packets that came before it
	closed bool

	passes, pass  int
	passTotal     int64
	firstT, lastT int64 // range of times of the first pass
	shift         int64 // added to times in this pass

	st     Stats // of the reading goroutine
	stored atomic.Int64
	mu     sync.Mutex
	public Stats // what Stats gives
}

// setup prepares the opening of a file that is going to be delivered.
func (s *source) setup() fileSetup {
	c := s.chunk()
	return fileSetup{stored: &s.stored, skipped: &s.st.Skipped, buf: c.buf, mem: c, lone: s.lone, warn: s.opt.Warn}
}

// chunk gives memory to read into, smaller ones where many files are open at the same time.
func (s *source) chunk() *chunk {
	size := readBuffer
	if n := len(s.heap); n > maxOpenFiles {
		size = readBufferMin
	} else if n > fewOpen {
		size = readBufferMid
	}
	return s.chunks.get(size)
}

// ReadBatch implements Source.
func (s *source) ReadBatch(b *Batch) error {
	b.Reset()
	if s.closed {
		return os.ErrClosed
	}
	err := s.pend
	s.pend = nil
	if err == nil {
		err = s.fill(b)
	}
	s.publish()
	if len(b.Packets) > 0 {
		s.pend = err
		return nil
	}
	return err
}

// fill adds packets until the batch is full, a file ends with an error or all is read.
func (s *source) fill(b *Batch) error {
	barren := s.st.Filtered + maxBarren
	for {
		if err := s.openDue(); err != nil {
			return err
		}
		if len(s.heap) == 0 {
			if !s.rewind() {
				return io.EOF
			}
			continue
		}
		more, err := s.run(s.heap[0], b, barren)
		if err != nil || !more {
			return err
		}
	}
}

// run delivers from the file that is first in time until another one is. It says whether there
// is room for more.
func (s *source) run(f *fileReader, b *Batch, barren uint64) (more bool, err error) {
	if f.pending {
		f.pending = false
		f.window.noRead = false
		if err := f.next(); err != nil {
			return true, s.drop(err)
		}
		s.sink(0)
		if s.heap[0] != f {
			return true, nil
		}
	}
	rivalTime, rivalOrder := s.rival()
	for {
		f.head.File = f.label
		if full, err := s.deliver(&f.head, b); err != nil {
			return true, s.drop(err)
		} else if full {
			return false, nil
		}
		f.window.noRead = f.stream && len(b.Packets) > 0
		if err := f.next(); err != nil {
			if err == errWouldBlock {
				f.pending = true
				return false, nil
			}
			return true, s.drop(err)
		}
		if t := f.head.Time; t > rivalTime || t == rivalTime && f.order > rivalOrder {
			s.sink(0)
			return true, nil
		}
		if s.st.Filtered >= barren {
			return false, nil
		}
	}
}

// deliver puts a packet into the batch if the filter lets it pass; full says that there was no
// room for it.
func (s *source) deliver(p *Packet, b *Batch) (full bool, err error) {
	if s.pass == 0 {
		s.firstT, s.lastT = min(s.firstT, p.Time), max(s.lastT, p.Time)
	}
	if s.filter.expr != "" {
		pass, err := s.filter.matches(p)
		if err != nil {
			return false, err
		}
		if !pass {
			s.st.Filtered++
			return false, nil
		}
	}
	if !s.put(p, b) {
		return true, nil
	}
	s.st.Packets++
	s.st.Bytes += uint64(len(p.Data))
	d := &b.Packets[len(b.Packets)-1]
	d.Num = s.st.Packets
	if s.shift != 0 {
		d.Time = min(d.Time+s.shift, MaxTime)
	}
	if s.st.Packets == 1 {
		s.st.First = time.Unix(0, d.Time).UTC()
	}
	return false, nil
}

// put adds a packet of the first file. The bytes of a file that is read alone stay where they are; of several that take turns a batch
// would hold the memory of all.
func (s *source) put(p *Packet, b *Batch) bool {
	if len(s.heap) == 1 && s.heap[0].window.lend(b) {
		return b.keep(p)
	}
	return b.Add(p)
}

// openDue opens the files whose first packet is due, before the earliest of the open ones.
func (s *source) openDue() error {
	for s.opened < len(s.entries) {
		e := s.entries[s.opened]
		if len(s.heap) > 0 {
			if h := s.heap[0]; h.head.Time < e.first || h.head.Time == e.first && h.order < e.order {
				return nil
			}
		}
		s.opened++
		if e.err != nil {
			if s.repeated(e.err) {
				continue
			}
			return e.err
		}
		f := e.kept
		e.kept = nil
		if f == nil {
			var err error
			if f, err = s.reader(e, s.setup()); err != nil {
				if e.disk != nil {
					e.disk.Close()
				}
				return err
			}
			if err = f.next(); err != nil {
				f.close()
				if err == io.EOF || s.repeated(err) { // it was emptied since it was probed
					continue
				}
				return err
			}
		}
		s.push(f)
	}
	return nil
}

// drop closes the first file, which err ended, and gives the error unless it is a plain end.
func (s *source) drop(err error) error {
	f := s.heap[0]
	f.close()
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap[last] = nil
	s.heap = s.heap[:last]
	s.sink(0)
	if err == io.EOF || s.repeated(err) {
		return nil
	}
	return err
}

// repeated says whether an error was already reported in the pass before.
func (s *source) repeated(err error) bool {
	if s.pass == 0 {
		return false
	}
	switch err.(type) {
	case *TruncatedError, *CorruptError:
		return true
	}
	return false
}

// rewind starts the next repetition, if there is one.
func (s *source) rewind() bool {
	if s.pass+1 >= s.passes || s.firstT > s.lastT {
		s.pass = s.passes
		if s.passTotal > 0 {
			s.stored.Store(s.st.Total)
		}
		return false
	}
	s.pass++
	s.opened = 0
	s.stored.Store(int64(s.pass) * s.passTotal)
	if span := s.lastT - s.firstT + loopGap; s.shift < MaxTime-span {
		s.shift += span
	}
	return true
}

// rival is the place in time of the earliest packet outside the first file.
func (s *source) rival() (t int64, order int) {
	t, order = math.MaxInt64, math.MaxInt
	for _, f := range s.heap[1:min(3, len(s.heap))] {
		if f.head.Time < t || f.head.Time == t && f.order < order {
			t, order = f.head.Time, f.order
		}
	}
	if s.opened < len(s.entries) {
		if e := s.entries[s.opened]; e.first < t || e.first == t && e.order < order {
			t, order = e.first, e.order
		}
	}
	return t, order
}

func (s *source) push(f *fileReader) {
	s.heap = append(s.heap, f)
	for i := len(s.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.earlier(i, up) {
			break
		}
		s.heap[i], s.heap[up] = s.heap[up], s.heap[i]
		i = up
	}
}

// sink moves the file at i down to its place in the heap.
func (s *source) sink(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(s.heap); c++ {
			if s.earlier(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		s.heap[i], s.heap[least] = s.heap[least], s.heap[i]
		i = least
	}
}

func (s *source) earlier(i, j int) bool {
	a, b := s.heap[i], s.heap[j]
	return a.head.Time < b.head.Time || a.head.Time == b.head.Time && a.order < b.order
}

func (s *source) publish() {
	s.st.Done = s.stored.Load()
	s.mu.Lock()
	s.public = s.st
	s.mu.Unlock()
}

// Stats implements Source.
func (s *source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.public
}

// Close implements Source. It must not be called while ReadBatch runs.
func (s *source) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	for _, f := range s.heap {
		f.close()
	}
	s.heap = nil
	var errs []error
	for _, e := range s.entries {
		if e.kept != nil {
			e.kept.close()
		}
		if e.closer != nil {
			errs = append(errs, e.closer.Close())
		}
	}
	return errors.Join(errs...)
}
