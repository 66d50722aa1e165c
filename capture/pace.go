package capture

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// pauseMax is the longest that a paced source keeps its reader waiting at a time: it returns with an
// empty batch then, so that reloads, signals and the like are not held up by a quiet stretch of the capture.
const pauseMax = 50 * time.Millisecond

// Pace delivers the packets of src as fast as their times say: speed 1 is real time, 10 is ten times
// as fast. It begins with the first packet. Only the delivery is paced: the times of packets stay what they
// are, and batches carry no Now, so that results are those of a replay at full speed.
func Pace(src Source, speed float64) (Source, error) {
	if !(speed > 0) || math.IsInf(speed, 0) {
		return nil, fmt.Errorf("speed %v: use a number above 0, such as 1 for real time or 10 for ten times as fast", speed)
	}
	return &pacer{Source: src, speed: speed, now: time.Now, sleep: time.Sleep}, nil
}

// pacer reads ahead one batch and hands out what is due.
type pacer struct {
	Source
	speed float64
	ahead Batch
	next  int // of ahead: the first packet that was not handed out
	// The first packet, and when it was handed out; began is zero before.
	first int64
	began time.Time
	last  int64 // latest time of a packet so far: time does not go back
	now   func() time.Time
	sleep func(time.Duration)
	// held are the packets and bytes of ahead that were not handed out, for Stats.
	held, heldBytes atomic.Int64
}

// ReadBatch implements Source.
func (p *pacer) ReadBatch(b *Batch) error {
	b.Reset()
	if p.next == len(p.ahead.Packets) {
		if err := p.read(); err != nil || len(p.ahead.Packets) == 0 {
			return err
		}
	}
	if wait := p.due(); wait > 0 {
		p.sleep(min(wait, pauseMax))
		if p.due() > 0 {
			return nil
		}
	}
	for p.next < len(p.ahead.Packets) && p.due() <= 0 {
		pkt := &p.ahead.Packets[p.next]
		if !b.Add(pkt) {
			break
		}
		p.next++
		p.held.Add(-1)
		p.heldBytes.Add(-int64(len(pkt.Data)))
	}
	return nil
}

func (p *pacer) read() error {
	p.next = 0
	err := p.Source.ReadBatch(&p.ahead)
	if err != nil {
		p.ahead.Packets = p.ahead.Packets[:0]
	}
	n := 0
	for i := range p.ahead.Packets {
		n += len(p.ahead.Packets[i].Data)
	}
	p.held.Store(int64(len(p.ahead.Packets)))
	p.heldBytes.Store(int64(n))
	return err
}

// due tells how long the next packet has to wait.
func (p *pacer) due() time.Duration {
	t := p.ahead.Packets[p.next].Time
	if p.began.IsZero() {
		p.began, p.first, p.last = p.now(), t, t
	}
	p.last = max(p.last, t)
	after := float64(p.last-p.first) / p.speed
	if after > math.MaxInt64/2 {
		after = math.MaxInt64 / 2
	}
	return time.Duration(after) - p.now().Sub(p.began)
}

// Stats implements Source: packets that were read ahead do not count yet.
func (p *pacer) Stats() Stats {
	s := p.Source.Stats()
	s.Packets -= min(s.Packets, uint64(max(p.held.Load(), 0)))
	s.Bytes -= min(s.Bytes, uint64(max(p.heldBytes.Load(), 0)))
	return s
}
