package output

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// StreamOptions are the limits of a Stream. The zero value takes the defaults.
type StreamOptions struct {
	// Block makes a full queue hold up the engine instead of dropping: for replays, which can wait.
	Block bool
	// Bytes is how much may wait. Default 32 MiB; with Block no more than 8 MiB, which is enough there.
	Bytes int
	// Delay is how long lines are gathered at most before they are written. Default 200 ms.
	Delay time.Duration
	// Warn hears that the file fails, and that it works again.
	Warn func(format string, args ...any)
	// Failing is why the file could not be opened; it is tried again when there is something to write.
	Failing error
}

const (
	streamBytes = 32 << 20
	blockBytes  = 8 << 20
	// streamChunk is how much is gathered for one write, bytes, if it comes fast enough.
	streamChunk = 512 << 10
	// streamLeast is how much room is made at least for lines that wait, bytes.
	streamLeast = 16 << 10
	streamDelay = 200 * time.Millisecond
)

// Stream is the queue before a file of lines, as Queue is before an output of alerts: a goroutine of its
// own writes, so that a slow disk does not hold up the engine. What does not fit is dropped, whole calls of Write
// at a time, and counted; with Block it is waited for.
type Stream struct {
	name string
	w    io.Writer
	opt  StreamOptions

	mu       sync.Mutex
	space    sync.Cond // the queue was emptied
	pending  []byte
	spare    []byte
	closing  bool
	kick     chan struct{} // enough has been gathered
	finished chan struct{}

	written, dropped, failed atomic.Uint64 // lines
	trouble                  trouble       // the writer's; read by Close when the writer has ended
}

// NewStream puts a queue before a file and starts its writer. Every call of w.Write gets whole lines. Close ends the
// writer, and closes w if it is an io.Closer. name is what messages call the file.
func NewStream(name string, w io.Writer, opt StreamOptions) *Stream {
	if opt.Bytes <= 0 {
		opt.Bytes = streamBytes
	}
	if opt.Block {
		opt.Bytes = min(opt.Bytes, blockBytes)
	}
	if opt.Delay <= 0 {
		opt.Delay = streamDelay
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	s := &Stream{name: name, w: w, opt: opt, kick: make(chan struct{}, 1), finished: make(chan struct{})}
	s.trouble = trouble{name: name, what: "records", warn: opt.Warn}
	if opt.Failing != nil {
		s.trouble.begin(opt.Failing)
	}
	s.space.L = &s.mu
	go s.run()
	return s
}

// Configure changes how much may wait while it runs.
func (s *Stream) Configure(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opt.Bytes = max(size, 1); s.opt.Block {
		s.opt.Bytes = min(s.opt.Bytes, blockBytes)
	}
	s.space.Broadcast()
}

// Name is what messages call the file.
func (s *Stream) Name() string { return s.name }

// Write implements io.Writer. It takes b, which must be whole lines, or drops it; errors of the file come later and are
// counted.
func (s *Stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending) > 0 && len(s.pending)+len(b) > s.opt.Bytes {
		s.hurry()
		if !s.opt.Block || s.closing {
			s.dropped.Add(uint64(bytes.Count(b, newline)))
			return len(b), nil
		}
		s.space.Wait()
	}
	if n := len(s.pending) + len(b); n > cap(s.pending) { // doubled, where append would grow by a quarter
		s.pending = append(make([]byte, 0, max(n, 2*cap(s.pending), streamLeast)), s.pending...)
	}
	s.pending = append(s.pending, b...)
	if len(s.pending) >= min(streamChunk, s.opt.Bytes) {
		s.hurry()
	}
	return len(b), nil
}

var newline = []byte{'\n'}

// hurry wakes the writer before its time.
func (s *Stream) hurry() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// run is the writer.
func (s *Stream) run() {
	defer close(s.finished)
	t := time.NewTicker(s.opt.Delay)
	defer t.Stop()
	for {
		select {
		case <-s.kick:
		case <-t.C:
		}
		s.mu.Lock()
		b, closing := s.pending, s.closing
		s.pending = s.spare[:0]
		s.space.Broadcast()
		s.mu.Unlock()
		s.write(b)
		if cap(b) > 4*streamChunk && len(b) < streamChunk { // after a burst
			b = nil
		}
		s.spare = b // the writer's alone until the next turn
		if closing {
			return
		}
	}
}

func (s *Stream) write(b []byte) {
	if len(b) == 0 {
		return
	}
	lines := bytes.Count(b, newline)
	n, err := s.w.Write(b)
	if err == nil {
		s.written.Add(uint64(lines))
		s.trouble.worked()
		return
	}
	whole := bytes.Count(b[:n], newline)
	s.written.Add(uint64(whole))
	s.failed.Add(uint64(lines - whole))
	s.trouble.failed(lines-whole, err)
}

// Close writes what waits and closes the file. Its error says if anything was lost, ever.
func (s *Stream) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.closing = true
	s.space.Broadcast()
	s.mu.Unlock()
	s.hurry()
	<-s.finished
	var err error
	if c, ok := s.w.(io.Closer); ok {
		err = c.Close()
	}
	if err == nil {
		err = s.trouble.first
	}
	n := s.Counts()
	switch lost := n.Failed + n.Dropped; {
	case lost > 0 && err == nil:
		return fmt.Errorf("%d of %d records were not written: the disk could not keep up", lost, lost+n.Written)
	case lost > 0:
		return fmt.Errorf("%d of %d records were not written: %w", lost, lost+n.Written, err)
	}
	return err
}

// Counts tells what became of the lines so far. It may be called at any time.
func (s *Stream) Counts() Counts {
	return Counts{Written: s.written.Load(), Dropped: s.dropped.Load(), Failed: s.failed.Load()}
}

// Depth tells how full the queue is. It may be called at any time.
func (s *Stream) Depth() Depth {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Depth{Bytes: len(s.pending), MaxBytes: s.opt.Bytes}
}

// Each calls c with the name and value of each counter.
func (s *Stream) Each(c func(name string, n uint64)) {
	n := s.Counts()
	c("written", n.Written)
	c("dropped", n.Dropped)
	c("failed_writes", n.Failed)
}
