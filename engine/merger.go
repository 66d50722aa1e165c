package engine

import (
	"math"
	"time"
)

// mergeWait is how long a record waits at most for a ring of which nothing is heard.
const mergeWait = 10 * time.Millisecond

// quietSlack is how much longer than its source needs a quiet ring is waited for.
const quietSlack = 3 * time.Millisecond

// merger is the ordered stage's side of rings: it takes what their workers made in the order of packet time. A record
// is taken once every other ring has come past its time: because a later batch of that ring is here, or because the ring is
// quiet and the kernel would have handed over anything so old. A ring that is just slow is waited for, but not for
// long: an alert in time is worth more than the order of two flows on different rings. Records that come too late
// for their place are counted.
type merger struct {
	e     *Engine
	in    chan *ringBatch
	free  []chan *ringBatch
	rings []mergeRing
	src   interfaces
	slow  time.Duration // mergeWait
	lag   int64
	now   time.Time
	ended int
	last  uint64 // stamp of the record taken last
}

// mergeRing is one ring as the merger sees it.
type mergeRing struct {
	queue []*ringBatch
	clock uint64 // nothing up to here comes any more
	quiet bool   // the worker waits for packets
}

func newMerger(e *Engine, c interfaces) *merger {
	n, slow := len(e.workers), mergeWait
	if e.live.patience > 0 {
		slow = e.live.patience
	}
	return &merger{e: e, src: c, slow: slow, lag: int64(c.Lag() + quietSlack), rings: make([]mergeRing, n), in: make(chan *ringBatch, n*batchesOfRing)}
}

// run takes everything until all rings have ended.
func (m *merger) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for m.ended < len(m.rings) {
		select {
		case b := <-m.in:
			m.push(b)
		case <-timer.C:
		}
		wait := m.step()
		if wait <= 0 {
			wait = time.Hour
		}
		timer.Reset(wait)
		m.e.liveDue(true)
	}
}

// step takes all that has come and may be taken, and says how long to wait before trying again, 0 for until something
// comes.
func (m *merger) step() time.Duration {
	for i := range m.rings { // before the channel is emptied: what a quiet ring made is in it
		m.rings[i].quiet = m.src.Ring(i).Quiet() != 0
	}
	for more := true; more; {
		select {
		case b := <-m.in:
			m.push(b)
		default:
			more = false
		}
	}
	m.now = time.Now()
	o := &m.e.order
	o.busy.Lock()
	defer o.busy.Unlock()
	for {
		best := m.first()
		if best == nil {
			return 0
		}
		rec := &best.results[0].records[best.next]
		if wait := m.wait(rec.stamp, best.arrived); wait > 0 {
			return wait
		}
		if rec.stamp < m.last {
			o.stats.late++
		}
		m.last = max(m.last, rec.stamp)
		o.record(rec)
		best.next++
	}
}

func (m *merger) push(b *ringBatch) {
	b.arrived = time.Now()
	m.rings[b.ring].queue = append(m.rings[b.ring].queue, b)
}

// first gives the batch with the earliest record, nil for none, and lets go of batches that are done.
func (m *merger) first() *ringBatch {
	for {
		var best *ringBatch
		barred := 0
		for i := range m.rings {
			r := &m.rings[i]
			m.retire(r)
			if len(r.queue) == 0 {
				if r.clock == math.MaxUint64 {
					barred++
				}
				continue
			}
			b := r.queue[0]
			if b.swap != nil {
				barred++
				continue
			}
			if best == nil || m.before(b, best) {
				best = b
			}
		}
		if best != nil || barred < len(m.rings) || !m.adopt() {
			return best
		}
	}
}

// before compares the first records of two batches; a tie goes to the ring with the lower number.
func (m *merger) before(a, b *ringBatch) bool {
	x, y := &a.results[0].records[a.next], &b.results[0].records[b.next]
	return x.stamp < y.stamp || x.stamp == y.stamp && x.serial < y.serial
}

// retire gives batches without more records back to their worker.
func (m *merger) retire(r *mergeRing) {
	for len(r.queue) > 0 {
		b := r.queue[0]
		if b.swap != nil || b.next < len(b.results[0].records) {
			return
		}
		r.clock = b.upto
		if b.last {
			r.clock = math.MaxUint64
			m.ended++
		}
		copy(r.queue, r.queue[1:])
		r.queue = r.queue[:len(r.queue)-1]
		m.free[b.ring] <- b
	}
}

// adopt takes a swap, once all rings have come to it: what they made before was taken then.
func (m *merger) adopt() bool {
	done := false
	for i := range m.rings {
		if q := m.rings[i].queue; len(q) > 0 && q[0].swap != nil {
			if !done {
				m.e.order.adopt(q[0].swap)
			}
			done, q[0].swap = true, nil
		}
	}
	return done
}

// wait says how long a record of this stamp has to wait for the other rings.
func (m *merger) wait(stamp uint64, arrived time.Time) time.Duration {
	left := m.slow - m.now.Sub(arrived)
	if stamp >= flushStamp { // all rings come to this soon
		left = mergeWait
	}
	if left <= 0 {
		return 0
	}
	var longest time.Duration
	for i := range m.rings {
		r := &m.rings[i]
		if len(r.queue) > 0 || r.clock >= stamp {
			continue
		}
		if !r.quiet || stamp >= flushStamp {
			return left
		}
		if over := int64(stamp) + m.lag - m.now.UnixNano(); over > 0 {
			longest = max(longest, time.Duration(over))
		}
	}
	return min(longest, left)
}
