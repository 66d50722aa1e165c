package sensor

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/luanids/luanids/capture"
)

// Feed gives the sensor one frame, whose bytes are copied: what begins at the link layer that link names, captured at the
// given time, of which length bytes were on the wire (0: all are there). The first call starts the engine. It waits
// while the engine is behind. Times are those of the traffic: time-outs and windows go by them.
func (s *Sensor) Feed(link capture.LinkType, at time.Time, frame []byte, length int) error {
	f, err := s.feeder()
	if err != nil {
		return err
	}
	if len(frame) > capture.MaxPacketBytes {
		return errTooLong
	}
	t := at.UnixNano()
	if at.Year() < 1970 || t < 0 || t > capture.MaxTime {
		return errTime
	}
	return f.add(&capture.Packet{Data: frame, Time: t, Len: uint32(max(length, len(frame))), Link: link})
}

var (
	errTooLong = errors.New("the frame is longer than any packet (262144 bytes)")
	errTime    = errors.New("the time of the frame is before 1970 or after 2116")
	errClosed  = errors.New("the sensor is closed")
)

// feeder starts the engine on what is fed.
func (s *Sensor) feeder() (*feed, error) {
	s.feeding.Lock()
	defer s.feeding.Unlock()
	switch {
	case s.closed:
		return nil, errClosed
	case s.feed != nil:
		return s.feed, nil
	case s.used:
		return nil, errUsed
	}
	s.used = true
	s.feed, s.end = newFeed(), make(chan error, 1)
	go func(f *feed) { s.end <- s.run(context.Background(), f) }(s.feed)
	return s.feed, nil
}

// feed is a source of packets that a program brings. One batch is filled while the engine works on another.
type feed struct {
	mu    sync.Mutex
	room  sync.Cond // the batch was taken
	next  capture.Batch
	over  bool
	ready chan struct{} // there is something to be taken
	stats capture.Stats
	taken uint64 // packets that the engine has
}

func newFeed() *feed {
	f := &feed{ready: make(chan struct{}, 1)}
	f.room.L = &f.mu
	return f
}

func (f *feed) add(p *capture.Packet) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if f.over {
			return errClosed
		}
		p.Num = f.stats.Packets + 1
		if f.next.Add(p) {
			break
		}
		f.room.Wait()
	}
	if f.stats.Packets == 0 {
		f.stats.First = time.Unix(0, p.Time)
	}
	f.stats.Packets++
	f.stats.Bytes += uint64(len(p.Data))
	f.wake()
	return nil
}

func (f *feed) wake() {
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// finish ends the source once everything was taken.
func (f *feed) finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	f.room.Broadcast()
	f.wake()
}

// drain waits until the engine has taken what was fed up to now: what is swapped in afterwards does not see it.
func (f *feed) drain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for upto := f.stats.Packets; f.taken < upto; {
		f.room.Wait()
	}
}

// feedPause is how long the engine waits for packets before it looks whether something else is to be done.
const feedPause = 50 * time.Millisecond

// ReadBatch implements capture.Source.
func (f *feed) ReadBatch(b *capture.Batch) error {
	b.Reset()
	if f.take(b) {
		return nil
	}
	t := time.NewTimer(feedPause)
	defer t.Stop()
	select {
	case <-f.ready:
	case <-t.C: // the end may have come with the last packets, and made no sign of its own
	}
	if f.take(b) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over && len(f.next.Packets) == 0 {
		return io.EOF
	}
	return nil
}

// take swaps the batches, false where nothing has come.
func (f *feed) take(b *capture.Batch) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.next.Packets) == 0 {
		return false
	}
	*b, f.next = f.next, *b
	f.taken += uint64(len(b.Packets))
	f.room.Broadcast()
	return true
}

// Stats implements capture.Source.
func (f *feed) Stats() capture.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Close implements capture.Source.
func (f *feed) Close() error { return nil }
