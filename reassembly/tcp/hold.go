package tcp

import "github.com/luanids/luanids/dissect"

// Data that came in order is delivered at once, and what comes later for the same place is too late. That is what hosts do, and
// all policies but a few agree: what was there stays where two segments begin alike. For hosts of the others (Policy.replaces; none by default) a
// segment that is sent again may replace the first until it is acknowledged, as in Suricata. So what such a host
// receives waits in the queue of segments for its acknowledgement.

// hold keeps the payload of a segment until it is acknowledged. What cannot be kept is delivered as it would be without.
func (a *Assembler) hold(c *Conn, s *half, dir dissect.Dir, seq uint32, data []byte, h Handler) Result {
	past := s.off+uint64(seq-s.next)+uint64(len(data)) > a.limit(c)
	if !past && (s.q == nil || s.q.len() < a.cfg.MaxSegments) {
		if r := a.buffer(c, s, dir, seq, data, h); r != 0 {
			return r
		}
	}
	a.unhold(c, s, dir, h)
	return a.data(c, s, dir, seq, data, h)
}

// unhold delivers what waits, and lets a direction's bytes wait no more.
func (a *Assembler) unhold(c *Conn, s *half, dir dissect.Dir, h Handler) {
	s.flags &^= hHold
	a.drain(c, s, dir, h)
}

// drainAcked delivers what is acknowledged of the first segment of the queue, which begins at s.next or before.
func (a *Assembler) drainAcked(c *Conn, s *half, dir dissect.Dir, h Handler) {
	n := int32(s.acked - s.next)
	if n <= 0 {
		return
	}
	it := s.q.first()
	from := s.next - it.seq
	to := from + uint32(n)
	data := it.bytes()[from:to]
	if it.hasUrg && it.urg-s.next < uint32(n) {
		s.urgSeq, s.flags = it.urg, s.flags|hUrgent
		it.hasUrg = false
	}
	it.at, it.seq, it.n = it.at+to, it.seq+to, it.n-to
	a.deliver(c, s, dir, data, h)
}
