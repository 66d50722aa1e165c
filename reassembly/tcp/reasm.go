package tcp

import (
	"github.com/luanids/luanids/dissect"
)

// deliver hands the in-order bytes data, which begin at s.next, to the handler.
func (a *Assembler) deliver(c *Conn, s *half, dir dissect.Dir, data []byte, h Handler) {
	for s.flags&hUrgent != 0 && len(data) > 0 {
		k := int32(s.urgSeq - s.next)
		if k < 0 {
			s.flags &^= hUrgent
			break
		}
		if int(k) >= len(data) {
			break
		}
		a.emit(c, s, dir, data[:k], h)
		data = data[k+1:]
		a.urgentByte(c, s, dir, h)
	}
	a.emit(c, s, dir, data, h)
}

// emit delivers bytes of which none is urgent, up to the depth.
func (a *Assembler) emit(c *Conn, s *half, dir dissect.Dir, data []byte, h Handler) {
	n := len(data)
	if n == 0 {
		return
	}
	off := s.off
	s.next += uint32(n)
	s.off += uint64(n)
	if s.flags&hStopped != 0 {
		return
	}
	if a.ringSize > 0 {
		a.remember(s, data)
	}
	for limit := a.limit(c); s.off > limit; limit = a.limit(c) { // it is lifted where what is handed on begins a file
		if off >= limit {
			a.depthReached(c, s, dir, h)
			return
		}
		h.Data(c, dir, off, data[:limit-off])
		data, off = data[limit-off:], limit
	}
	if s.flags&hStopped == 0 {
		h.Data(c, dir, off, data)
	}
}

func (a *Assembler) limit(c *Conn) uint64 {
	if c.flags&cUnlimited != 0 {
		return noLimit
	}
	if c.flags&cFiles != 0 {
		return max(a.depth, a.cfg.FileDepth)
	}
	return a.depth
}

func (a *Assembler) remember(s *half, data []byte) {
	if s.ring == nil {
		if s.ring = a.mem.ring(a.ringSize); s.ring == nil {
			return
		}
	}
	s.ring.add(s.next-uint32(len(data)), data)
}

// depthReached ends a direction that has more data than is looked at.
func (a *Assembler) depthReached(c *Conn, s *half, dir dissect.Dir, h Handler) {
	s.flags |= hStopped | hDepth
	a.drop(s)
	a.Stats.StreamDepthHit++
	h.Event(c, dir, EvReassemblyDepthReached)
	a.end(c, s, dir, dissect.EndDepth, h)
}

// drop frees the buffers of a direction.
func (a *Assembler) drop(s *half) {
	if s.q != nil {
		a.mem.releaseQueue(s.q)
		s.q = nil
	}
	if s.ring != nil {
		a.mem.rings = append(a.mem.rings, s.ring)
		s.ring = nil
	}
}

// end reports the end of a direction, once.
func (a *Assembler) end(c *Conn, s *half, dir dissect.Dir, why dissect.EndReason, h Handler) {
	if s.flags&hEnded == 0 {
		s.flags |= hEnded
		a.drop(s)
		h.End(c, dir, why)
	}
}

// gap gives n bytes at s.next up.
func (a *Assembler) gap(c *Conn, s *half, dir dissect.Dir, n uint32, h Handler) {
	if n == 0 {
		return
	}
	off := s.off
	s.next += n
	s.off += uint64(n)
	if s.flags&(hStopped|hEnded) != 0 {
		return
	}
	s.flags |= hGap
	a.Stats.GapBytes += uint64(n)
	if limit := a.limit(c); s.off > limit {
		if off < limit {
			h.Gap(c, dir, off, int(limit-off))
		}
		a.depthReached(c, s, dir, h)
		return
	}
	h.Gap(c, dir, off, int(n))
}

// data takes the payload of a valid segment into the stream. It says what became of it.
func (a *Assembler) data(c *Conn, s *half, dir dissect.Dir, seq uint32, data []byte, h Handler) Result {
	end := seq + uint32(len(data))
	if d := int32(seq - s.next); d < 0 { // the front was there before
		old := data[:min(int(-d), len(data))]
		if s.ring != nil && s.ring.differs(seq, old) {
			a.overlapDiffers(c, dir, h)
		}
		if int(-d) >= len(data) {
			return Retransmission
		}
		data, seq = data[-d:], s.next
	}
	if s.flags&(hStopped|hEnded) != 0 {
		if s.q != nil {
			a.drop(s)
		}
		s.off += uint64(end - s.next)
		s.next = end
		return 0
	}
	if s.flags&hHold != 0 && c.flags&cAsync == 0 && int32(end-s.acked) > 0 {
		return a.hold(c, s, dir, seq, data, h)
	}
	if seq != s.next {
		return a.buffer(c, s, dir, seq, data, h)
	}
	if s.q == nil {
		a.deliver(c, s, dir, data, h)
		return Delivered
	}
	if int32(s.q.first().seq-end) < 0 { // who wins the overlap is the policy's to say
		if a.buffer(c, s, dir, seq, data, h) != 0 {
			return Delivered
		}
		if s.q != nil { // no memory: fill the hole only
			data = data[:min(s.q.first().seq-seq, uint32(len(data)))]
		}
	}
	a.deliver(c, s, dir, data, h)
	a.drain(c, s, dir, h)
	return Delivered
}

// buffer keeps an out-of-order segment; then it delivers what is in order, or what is known
// to miss a part.
func (a *Assembler) buffer(c *Conn, s *half, dir dissect.Dir, seq uint32, data []byte, h Handler) Result {
	if ahead := uint64(seq - s.next); s.off+ahead >= a.limit(c) {
		return 0 // behind the depth: never to be delivered
	}
	if s.q == nil {
		if s.q = a.mem.queue(); s.q == nil {
			a.noMemory(c, dir, h)
			return 0
		}
	}
	if s.q.len() >= a.cfg.MaxSegments && seq != s.next {
		a.Stats.InsertLimit++
		h.Event(c, dir, EvReassemblyInsertLimit)
		a.giveUp(c, s, dir, h)
		if s.q == nil || s.flags&(hStopped|hEnded) != 0 || int32(seq-s.next) <= 0 {
			return a.data(c, s, dir, seq, data, h)
		}
	}
	urg, hasUrg := s.urgSeq, s.flags&hUrgent != 0 && s.urgSeq-seq < uint32(len(data))
	if hasUrg { // it goes with the segment, so that others may have theirs
		s.flags &^= hUrgent
	}
	r := a.mem.add(s.q, s.policy, seq, data, urg, hasUrg)
	if r.any {
		a.Stats.Overlap++
		if r.differ {
			a.overlapDiffers(c, dir, h)
		}
	}
	if r.lost {
		if r.any {
			a.Stats.InsertOverlapFail++
		}
		a.noMemory(c, dir, h)
	}
	if s.q.empty() {
		a.mem.releaseQueue(s.q)
		s.q = nil
		return 0
	}
	if r.kept == 0 && r.lost {
		return 0
	}
	a.drain(c, s, dir, h)
	a.ackedGaps(c, s, dir, h)
	if r.kept > 0 {
		return Buffered
	}
	return Retransmission
}

func (a *Assembler) overlapDiffers(c *Conn, dir dissect.Dir, h Handler) {
	a.Stats.OverlapDiffData++
	if !a.cfg.IgnoreOverlaps {
		h.Event(c, dir, EvReassemblyOverlapDifferentData)
	}
}

func (a *Assembler) noMemory(c *Conn, dir dissect.Dir, h Handler) {
	a.Stats.SegmentMemcapDrop++
	a.Stats.InsertNormalFail++
	h.Event(c, dir, EvReassemblyNoSegment)
	h.Event(c, dir, EvReassemblyInsertMemcap)
}

// drain delivers buffered segments that have come in order.
func (a *Assembler) drain(c *Conn, s *half, dir dissect.Dir, h Handler) {
	for s.q != nil {
		if s.q.empty() {
			a.mem.releaseQueue(s.q)
			s.q = nil
			return
		}
		d := int32(s.next - s.q.first().seq)
		if d < 0 {
			return
		}
		if s.flags&hHold != 0 && c.flags&cAsync == 0 && int32(s.q.first().end()-s.acked) > 0 {
			a.drainAcked(c, s, dir, h)
			return
		}
		it := s.q.pop()
		if uint32(d) < it.n {
			it.at, it.n = it.at+uint32(d), it.n-uint32(d)
			if it.hasUrg && it.urg-s.next < it.n {
				s.urgSeq, s.flags = it.urg, s.flags|hUrgent
			}
			a.deliver(c, s, dir, it.bytes(), h)
		}
		a.mem.release(it.seg)
	}
}

// giveUp makes a gap of the first hole, and delivers what is behind it.
func (a *Assembler) giveUp(c *Conn, s *half, dir dissect.Dir, h Handler) {
	a.Stats.ReassemblyGap++
	h.Event(c, dir, EvReassemblySeqGap)
	a.gap(c, s, dir, s.q.first().seq-s.next, h)
	a.drain(c, s, dir, h)
}

// ackedGaps gives up the holes that the receiver has acknowledged past: it got what was not
// captured, and nobody will send it again.
func (a *Assembler) ackedGaps(c *Conn, s *half, dir dissect.Dir, h Handler) {
	for s.q != nil && s.q.first().seq != s.next && int32(s.acked-s.q.first().seq) >= 0 {
		a.giveUp(c, s, dir, h)
	}
	if s.q != nil && c.flags&cAsync != 0 && s.q.len() > asyncReorder {
		a.giveUp(c, s, dir, h) // nobody acknowledges here
	}
}

// asyncReorder is how many segments may wait for a hole to fill where no ACK is seen.
const asyncReorder = 16

// flush delivers all that is buffered, with gaps for the holes. A hole that was not
// acknowledged is no loss of the capture: it is not counted as one.
func (a *Assembler) flush(c *Conn, s *half, dir dissect.Dir, h Handler) {
	s.flags &^= hHold
	for s.q != nil {
		a.gap(c, s, dir, s.q.first().seq-s.next, h)
		a.drain(c, s, dir, h)
	}
	last := s.acked
	if s.flags&hFin != 0 && int32(s.finSeq-last) < 0 {
		last = s.finSeq
	}
	if s.flags&(hSeen|hUnanchored) == hSeen && int32(last-s.next) > 0 && s.flags&(hStopped|hEnded) == 0 {
		a.Stats.ReassemblyGap++
		h.Event(c, dir, EvReassemblySeqGap)
		a.gap(c, s, dir, last-s.next, h)
	}
}

// finish ends a direction whose FIN was taken by the other side.
func (a *Assembler) finish(c *Conn, s *half, dir dissect.Dir, h Handler) {
	a.flush(c, s, dir, h)
	a.end(c, s, dir, dissect.EndFIN, h)
}
