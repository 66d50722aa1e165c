package tcp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// urgent notes the urgent byte of a segment with URG: the last byte before the urgent
// pointer, as all stacks have it (RFC 6093 section 3.2), which may lie behind this segment.
// It says whether the segment's payload is part of the stream.
func (a *Assembler) urgent(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) bool {
	a.Stats.Urg++
	policy := a.cfg.Urgent
	if policy == UrgentOOB && int(s.urgCount) >= a.cfg.OOBLimit {
		policy = a.cfg.UrgentLimit
		h.Event(c, dir, EvReassemblyUrgentOOBLimitReached)
	}
	switch policy {
	case UrgentInline:
		return true
	case UrgentDrop:
		return false
	}
	if p.TCPUrgent == 0 {
		return true
	}
	if seq := p.Seq + uint32(p.TCPUrgent) - 1; int32(seq-s.next) >= 0 {
		s.urgSeq = seq
		s.flags |= hUrgent
	}
	return true
}

// urgentByte takes the byte at s.next out of the stream.
func (a *Assembler) urgentByte(c *Conn, s *half, dir dissect.Dir, h Handler) {
	s.flags &^= hUrgent
	if a.cfg.Urgent == UrgentGap || int(s.urgCount) >= a.cfg.OOBLimit {
		a.gap(c, s, dir, 1, h)
		return
	}
	s.urgCount++
	s.next++
	a.Stats.UrgentOOBData++
}
