package live

import (
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/luanids/luanids/capture"
)

// Source reads one ring of each interface. It is for one goroutine, but for Stats and Quiet.
type Source struct {
	c       *Capture
	slots   []slot
	fds     []unix.PollFd
	lag     int64
	num     uint64 // of the next packet
	packets atomic.Uint64
	bytes   atomic.Uint64
	quiet   atomic.Int64
}

const (
	// idleWait is how long a source waits for a packet before it tells the time.
	idleWait = 100 * time.Millisecond
	// drainFor bounds how long a source goes on after Stop with what is in its rings.
	drainFor = int64(300 * time.Millisecond)
)

func newSource(c *Capture, ring int) *Source {
	s := &Source{c: c, num: uint64(ring) + 1, lag: int64(c.Lag()), slots: make([]slot, len(c.links))}
	for i, l := range c.links {
		s.slots[i].link, s.slots[i].ring = l, ring
	}
	s.fds = make([]unix.PollFd, 0, len(s.slots))
	return s
}

// ReadBatch implements capture.Source. It returns with what there is as soon as there is something, or with
// nothing but the time.
func (s *Source) ReadBatch(b *capture.Batch) error {
	b.Reset()
	end := s.idleUntil(time.Now())
	for {
		s.settle()
		wait := s.fill(b)
		now := time.Now()
		stopped := s.c.stopped.Load()
		if stopped > 0 && (past(b, stopped) || now.UnixNano() > stopped+drainFor) {
			if len(b.Packets) == 0 {
				return io.EOF
			}
		}
		if len(b.Packets) > 0 {
			s.count(b)
			return nil
		}
		if stopped > 0 && wait == 0 && now.UnixNano() > stopped+s.lag {
			return io.EOF
		}
		left := end.Sub(now)
		if left <= 0 {
			b.Now = now.UnixNano() - s.lag
			return nil
		}
		if wait > 0 {
			left = min(left, time.Duration(wait))
		}
		if stopped > 0 {
			left = min(left, time.Duration(s.lag))
		}
		s.poll(now, left, wait > 0)
	}
}

func (s *Source) count(b *capture.Batch) {
	n := uint64(0)
	for i := range b.Packets {
		n += uint64(len(b.Packets[i].Data))
	}
	s.packets.Add(uint64(len(b.Packets)))
	s.bytes.Add(n)
}

// idleUntil is when to tell the time if there is no packet. All sources tell of a new second at once.
func (s *Source) idleUntil(now time.Time) time.Time {
	lag := time.Duration(s.lag)
	second := now.Add(-lag).Truncate(time.Second).Add(time.Second + lag)
	if d := second.Sub(now); d < idleWait {
		return second
	}
	return now.Add(idleWait)
}

// past leaves out packets that came after Stop, so that a busy link has an end, and tells whether there were any.
func past(b *capture.Batch, stopped int64) bool {
	for i := range b.Packets {
		if b.Packets[i].Time > stopped {
			b.Packets = b.Packets[:i]
			return true
		}
	}
	return false
}

// settle takes interfaces that came, and lets go of those that went.
func (s *Source) settle() {
	for i := range s.slots {
		l := &s.slots[i]
		if l.port != nil && l.leave.Load() && l.port.peek() == nil {
			l.link.retire(l.ring, l.port)
			l.port.close()
			l.port = nil
		}
		if l.port == nil {
			if p := l.next.Swap(nil); p != nil {
				l.port = *p
				l.leave.Store(false)
			}
		}
	}
}

// fill moves packets into b. With several interfaces they come by time: a packet waits until no other interface can
// have an earlier one; then wait says how long, in nanoseconds.
func (s *Source) fill(b *capture.Batch) (wait int64) {
	if len(s.slots) == 1 {
		if p := s.slots[0].port; p != nil {
			for k := p.peek(); k != nil && s.add(b, 0, k); k = p.peek() {
				p.advance()
			}
		}
		return 0
	}
	settled := time.Now().UnixNano() - s.lag
	for {
		i, open := s.earliest()
		if i < 0 {
			return 0
		}
		first := s.slots[i].port
		k := first.peek()
		if open && k.Time > settled {
			return k.Time - settled
		}
		if !s.add(b, i, k) {
			return 0
		}
		first.advance()
	}
}

// add puts a packet of a slot into b, if there is room. Its number is the only one of all sources.
func (s *Source) add(b *capture.Batch, slot int, k *capture.Packet) bool {
	k.Num, k.Iface, k.If = s.num, &s.slots[slot].link.name, uint16(slot)
	if !b.Add(k) {
		return false
	}
	s.num += uint64(len(s.c.sources))
	return true
}

// earliest gives the slot with the earliest packet, -1 for none; open says that another has none yet.
func (s *Source) earliest() (first int, open bool) {
	first = -1
	var at int64
	for i := range s.slots {
		p := s.slots[i].port
		if p == nil {
			continue
		}
		k := p.peek()
		if k == nil {
			open = true
		} else if first < 0 || k.Time < at {
			first, at = i, k.Time
		}
	}
	return first, open
}

// poll waits for packets. pending says that there are some which wait for their turn: then it only sleeps until then, or
// until another interface has something.
func (s *Source) poll(now time.Time, d time.Duration, pending bool) {
	s.fds = s.fds[:0]
	for i := range s.slots {
		p := s.slots[i].port
		if p == nil || pending && p.peek() != nil {
			continue
		}
		s.fds = append(s.fds, unix.PollFd{Fd: int32(p.fd()), Events: unix.POLLIN})
	}
	if !pending {
		s.quiet.Store(now.UnixNano())
	}
	ms := int((d + time.Millisecond - 1) / time.Millisecond)
	n, err := unix.Poll(s.fds, ms)
	s.quiet.Store(0)
	if err != nil || n <= 0 {
		return
	}
	for i := range s.fds {
		if s.fds[i].Revents&^unix.POLLIN != 0 {
			s.trouble(int(s.fds[i].Fd))
		}
	}
}

// trouble takes an error off a socket. What it means for the interface the monitor finds out; a socket that goes on
// failing must not make the source spin.
func (s *Source) trouble(fd int) {
	for i := range s.slots {
		if p := s.slots[i].port; p != nil && p.fd() == fd {
			_ = p.trouble()
			time.Sleep(time.Millisecond)
		}
	}
}

// Quiet tells since when the source waits because there is nothing, in Unix nanoseconds; 0 while it works. It may be
// called from any goroutine.
func (s *Source) Quiet() int64 { return s.quiet.Load() }

// Stats implements capture.Source. Figures of the kernel are those of all rings of all interfaces, and given by the
// first source alone, so that those of all sources add up.
func (s *Source) Stats() capture.Stats {
	st := capture.Stats{Packets: s.packets.Load(), Bytes: s.bytes.Load()}
	if s != s.c.sources[0] {
		return st
	}
	for _, l := range s.c.Interfaces() {
		st.Kernel += l.Packets
		st.Dropped += l.Dropped
		st.Freezes += l.Freezes
		st.CardLost += l.Card
		st.Filtered += l.Filtered
	}
	return st
}

// Close implements capture.Source; the Capture has everything that is to be closed.
func (s *Source) Close() error { return nil }

// takePorts gives all ports, for somebody to close.
func (s *Source) takePorts() (list []port) {
	for i := range s.slots {
		l := &s.slots[i]
		from := len(list)
		if p := l.next.Swap(nil); p != nil {
			list = append(list, *p)
		}
		if l.port != nil {
			list = append(list, l.port)
			l.port = nil
		}
		for _, p := range list[from:] {
			l.link.retire(l.ring, p)
		}
	}
	return list
}
