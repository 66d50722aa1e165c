package tcp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Events for packets refused in each state.
var (
	evInvalidAck = [stateCount]Event{StateEstablished: EvEstInvalidAck, StateFinWait1: EvFin1InvalidAck,
		StateFinWait2: EvFin2InvalidAck, StateTimeWait: EvTimeWaitInvalidAck, StateLastAck: EvLastAckInvalidAck,
		StateCloseWait: EvCloseWaitInvalidAck, StateClosing: EvClosingInvalidAck}
	evOutOfWindow = [stateCount]Event{StateEstablished: EvEstPacketOutOfWindow, StateFinWait1: EvFin1AckWrongSeq,
		StateFinWait2: EvFin2AckWrongSeq, StateTimeWait: EvTimeWaitAckWrongSeq, StateLastAck: EvLastAckAckWrongSeq,
		StateCloseWait: EvCloseWaitAckOutOfWindow, StateClosing: EvClosingAckWrongSeq}
	evFinWrongSeq = [stateCount]Event{StateEstablished: EvFinOutOfWindow, StateFinWait1: EvFin1FinWrongSeq,
		StateFinWait2: EvFin2FinWrongSeq, StateTimeWait: EvTimeWaitAckWrongSeq, StateLastAck: EvLastAckAckWrongSeq,
		StateCloseWait: EvCloseWaitFinOutOfWindow, StateClosing: EvClosingAckWrongSeq}
	evBeforeLastAck = [stateCount]Event{StateEstablished: EvEstPktBeforeLastAck,
		StateCloseWait: EvCloseWaitPktBeforeLastAck}
)

// synced takes a packet of a connection whose sequence numbers are known: the states from
// established on. The order of the checks is that of RFC 9293 section 3.10.7.4, with the
// refinements of RFC 5961 and RFC 7323.
func (a *Assembler) synced(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	s, r := &c.half[dir], &c.half[dir^1]
	switch flags := p.TCPFlags; {
	case flags&packet.RST != 0:
		return a.rst(c, p, dir, h)
	case flags&packet.SYN != 0:
		return a.synLate(c, p, dir, h)
	case flags&packet.ACK == 0:
		return 0 // every host drops it (RFC 9293 section 3.10.7.4, fifth step)
	}
	if !a.timestampOK(s, p) {
		a.Stats.InvalidTimestamp++
		return a.refuse(c, dir, h, EvPktInvalidTimestamp)
	}
	if s.flags&hSeen == 0 {
		a.firstOfSide(c, s, r, p)
	}
	if !a.ackOK(c, s, r, p) {
		a.Stats.InvalidAck++
		h.Event(c, dir, EvPktInvalidAck)
		if p.TCPFlags&packet.FIN != 0 && c.state == StateEstablished {
			return a.refuse(c, dir, h, EvFinInvalidAck)
		}
		return a.refuse(c, dir, h, evInvalidAck[c.state])
	}
	if a.badWindowUpdate(s, r, p) {
		return a.refuse(c, dir, h, EvPktBadWindowUpdate)
	}
	state := c.state
	verdict := a.window(c, s, r, p, dir, h)
	if verdict&Valid == 0 {
		return verdict
	}
	if c.flags&cRst != 0 {
		a.afterRst(c, s, r, p, dir, h)
	}
	inOrder := int32(p.Seq-s.next) <= 0
	a.ack(c, s, r, p, dir^1, h)
	if p.TCPOpt.HasTimestamp && s.flags&hTS != 0 && inOrder && int32(p.TCPOpt.TSVal-s.tsRecent) >= 0 {
		s.tsRecent, s.tsTime = p.TCPOpt.TSVal, uint32(p.Time/1e9)
	}
	if verdict&(KeepAlive|Retransmission) == 0 && len(p.Payload) > 0 {
		verdict |= a.payload(c, s, p, dir, h)
	}
	if p.TCPFlags&packet.FIN != 0 && verdict&KeepAlive == 0 {
		a.fin(c, s, p, dir, h)
	}
	if c.state == StateClosed && state != StateClosed {
		verdict |= Closed
	}
	return verdict
}

// payload takes the payload of a packet that was found valid.
func (a *Assembler) payload(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	end := p.Seq + uint32(len(p.Payload))
	if s.flags&(hFin|hFinAcked) == hFin && int32(end-s.finSeq) > 0 {
		// Nobody sends data behind his FIN, and no one has acknowledged this FIN: it was
		// forged. Better to see too much than to miss what follows.
		s.flags &^= hFin
		a.Stats.DroppedFin++
		c.updateFinState()
	}
	s.sent = later(s.sent, end)
	if p.TCPFlags&packet.URG != 0 && !a.urgent(c, s, p, dir, h) {
		return 0
	}
	return a.data(c, s, dir, p.Seq, p.Payload, h)
}

// firstOfSide learns what the first packet of a side tells, where the handshake was not seen.
func (a *Assembler) firstOfSide(c *Conn, s, r *half, p *packet.Packet) {
	s.flags |= hSeen
	if s.flags&hUnanchored != 0 {
		if p.TCPOpt.HasTimestamp {
			s.flags |= hTS
			s.tsRecent, s.tsTime = p.TCPOpt.TSVal, uint32(p.Time/1e9)
		}
		// The other side may not have acknowledged what went before this packet.
		if d := p.Seq - s.next; d != 0 && d < midstreamWindow {
			s.next, s.sent = p.Seq, p.Seq
			s.winEnd = later(s.winEnd, p.Seq+midstreamWindow)
		}
		s.flags &^= hUnanchored
	}
	if r.flags&hSeen != 0 {
		c.flags &^= cAsync
	}
}

// pawsIdle is how long a timestamp stays valid, in seconds (RFC 7323 section 5.5).
const pawsIdle = 24 * 86400

// timestampOK protects against wrapped and injected segments (PAWS, RFC 7323 section 5.3).
func (a *Assembler) timestampOK(s *half, p *packet.Packet) bool {
	if !p.TCPOpt.HasTimestamp || s.flags&hTS == 0 || a.cfg.LiberalTimestamps {
		return true
	}
	d := int32(p.TCPOpt.TSVal - s.tsRecent)
	if d >= 0 || d == -1 && (s.policy == PolicyLinux || s.policy == PolicyOldLinux) {
		return true
	}
	return int32(uint32(p.Time/1e9)-s.tsTime) > pawsIdle
}

// maxWindow is the largest window that a side can offer.
func (s *half) maxWindow() int32 { return 0xffff << s.wscale }

// ackOK checks the acknowledgement number of a packet of s (RFC 5961 section 5.2): not older
// than a window, and not of data that was never allowed. Data that was allowed may have
// escaped the capture.
func (a *Assembler) ackOK(c *Conn, s, r *half, p *packet.Packet) bool {
	d := int32(p.AckNum - r.acked)
	switch {
	case c.flags&cAsync != 0:
		return true
	case d < 0:
		if -d > s.maxWindow() {
			return false
		}
		return c.flags&cMidstream != 0 || r.off > 1<<30 || int32(p.AckNum-r.isn) > 0
	case int32(p.AckNum-r.sent) <= 0:
		return true
	case int32(p.AckNum-r.winEnd) <= 1: // a FIN may be one past the window
	case r.flags&hOutOfWin != 0 && int32(p.AckNum-r.oow) <= 0:
		// The receiver has what was refused here: ACKs that opened its window were missed.
	default:
		return false
	}
	a.Stats.AckUnseenData++
	return true
}

// badWindowShrink is how much of its window a host may take back before a bare ACK of unseen
// data is not believed.
const badWindowShrink = 16 << 10

// badWindowUpdate recognises a forged ACK that acknowledges data not seen and takes most of
// the window back.
func (a *Assembler) badWindowUpdate(s, r *half, p *packet.Packet) bool {
	if len(p.Payload) != 0 || p.TCPWindow >= s.win/4 || int32(p.AckNum-r.sent) <= 0 ||
		p.TCPFlags&packet.FIN != 0 || r.flags&hUnanchored != 0 {
		return false
	}
	return (int(s.win)-int(p.TCPWindow))<<s.wscale > badWindowShrink
}

// window checks the sequence number of a packet against the window of its receiver, and
// recognises keep-alives, window probes and retransmissions.
func (a *Assembler) window(c *Conn, s, r *half, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	n := uint32(len(p.Payload))
	end := p.Seq + n
	fin := p.TCPFlags&packet.FIN != 0
	ahead := int32(p.Seq - s.winEnd)
	switch {
	case c.flags&cAsync != 0:
	case n <= 1 && !fin && p.Seq == s.sent-1 && int32(s.acked-s.sent) >= 0:
		a.Stats.KeepAlives++
		return Valid | KeepAlive // RFC 9293 section 3.8.4
	case n == 1 && ahead == 0 && r.win == 0 && !fin:
		a.windowProbe(c, s, p, dir, h)
		return Valid | KeepAlive
	case ahead > 0, ahead == 0 && n > 0:
		return a.outOfWindow(c, s, p, dir, fin, h)
	case s.flags&hFinAcked != 0 && int32(end-s.finSeq) > 0 && n > 0:
		return a.outOfWindow(c, s, p, dir, fin, h)
	case int32(s.acked-p.Seq) > r.maxWindow() && int32(s.acked-end) > 0:
		return a.outOfWindow(c, s, p, dir, fin, h)
	}
	if n > 0 && int32(end-s.next) <= 0 {
		return a.retransmission(c, s, p, dir, h)
	}
	return Valid
}

func (a *Assembler) outOfWindow(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, fin bool, h Handler) Result {
	a.Stats.OutOfWindow++
	end := p.Seq + uint32(len(p.Payload))
	if len(p.Payload) > 0 && int32(p.Seq-s.winEnd) >= 0 {
		if s.flags&hOutOfWin == 0 || int32(end-s.oow) > 0 {
			s.flags |= hOutOfWin
			s.oow = end
		}
	}
	if fin {
		return a.refuse(c, dir, h, evFinWrongSeq[c.state])
	}
	if e := evOutOfWindow[c.state]; e != NoEvent {
		return a.refuse(c, dir, h, e)
	}
	return 0
}

// windowProbe keeps the byte that probes a closed window (RFC 9293 section 3.8.6.1): it is in
// the stream if the receiver acknowledges it, and is sent again if not.
func (a *Assembler) windowProbe(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) {
	a.Stats.ZeroWindowProbes++
	if p.Seq != s.next || s.flags&(hStopped|hEnded) != 0 || s.off >= a.limit(c) {
		return
	}
	if s.q == nil {
		if s.q = a.mem.queue(); s.q == nil {
			return
		}
	}
	a.mem.add(s.q, s.policy, p.Seq, p.Payload, 0, false)
	if s.q.empty() {
		a.drop(s)
	}
}

// retransmission takes a segment with nothing new.
func (a *Assembler) retransmission(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	a.Stats.Retransmissions++
	end := p.Seq + uint32(len(p.Payload))
	if s.off < 1<<30 && int32(p.Seq-s.isn) <= 0 {
		h.Event(c, dir, EvReassemblySegmentBeforeBaseSeq)
	} else if int32(end-s.acked) <= 0 {
		h.Event(c, dir, EvPktSpuriousRetransmission)
		if e := evBeforeLastAck[c.state]; e != NoEvent {
			h.Event(c, dir, e)
		}
	} else {
		h.Event(c, dir, EvPktRetransmission)
	}
	if s.ring != nil && s.ring.differs(p.Seq, p.Payload) {
		a.overlapDiffers(c, dir, h)
	}
	return Valid | Retransmission
}

// ack takes the acknowledgement and window of a packet of s; r is what it acknowledges, in
// direction dir.
func (a *Assembler) ack(c *Conn, s, r *half, p *packet.Packet, dir dissect.Dir, h Handler) {
	s.win = p.TCPWindow
	r.winEnd = later(r.winEnd, p.AckNum+uint32(p.TCPWindow)<<s.wscale)
	if int32(p.AckNum-r.acked) <= 0 {
		return
	}
	if c.flags&cMidstream != 0 && r.off == 0 && r.q == nil && p.AckNum == r.sent+1 && r.next == r.sent {
		r.next++ // what began the capture was a keep-alive
		r.sent++
	}
	r.acked = p.AckNum
	if r.flags&hOutOfWin != 0 && int32(r.acked-r.oow) >= 0 {
		r.flags &^= hOutOfWin
	}
	if r.flags&(hFin|hFinAcked) == hFin && int32(p.AckNum-r.finSeq) > 0 {
		r.flags |= hFinAcked
		a.finish(c, r, dir, h)
		c.updateFinState()
		return
	}
	if r.q != nil {
		if r.q.first().seq == r.next && r.next != r.isn+1 && r.flags&hHold == 0 { // not data of a SYN/ACK
			h.Event(c, dir^1, EvEstAckZWPData)
		}
		a.drain(c, r, dir, h)
		a.ackedGaps(c, r, dir, h)
	}
}

// fin takes a FIN whose sequence number is in the window. The direction ends when the FIN is
// acknowledged: until then it may be forged.
func (a *Assembler) fin(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) {
	seq := p.Seq + uint32(len(p.Payload))
	if s.flags&hFinAcked != 0 {
		return
	}
	if c.flags&(cAsync|cMidstream) == cAsync {
		// What the other side has acknowledged is not known, so that the FIN cannot be
		// confirmed: the stream ends, but the connection is not taken for closed.
		if s.next == seq {
			a.flush(c, s, dir, h)
			a.end(c, s, dir, dissect.EndFIN, h)
		}
		return
	}
	if e := evFinWrongSeq[c.state]; s.flags&hFin != 0 && seq != s.finSeq && e != NoEvent {
		h.Event(c, dir, e)
	}
	if c.half[0].flags&hFin == 0 && c.half[1].flags&hFin == 0 {
		c.flags &^= cFinByServer
		if dir == dissect.ToClient {
			c.flags |= cFinByServer
		}
	}
	s.flags |= hFin
	s.finSeq = seq
	s.sent = later(s.sent, seq+1)
	if int32(s.acked-seq) > 0 { // its ACK was captured before it
		s.flags |= hFinAcked
		a.finish(c, s, dir, h)
	} else if c.flags&cAsync != 0 && s.next == seq {
		a.finish(c, s, dir, h)
	}
	c.updateFinState()
}

// synLate takes a SYN or SYN/ACK of a connection past its handshake.
func (a *Assembler) synLate(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	s, r := &c.half[dir], &c.half[dir^1]
	if p.TCPFlags&packet.FIN != 0 {
		return a.refuse(c, dir, h, EvFinSyn)
	}
	done := c.state == StateClosed || c.state == StateTimeWait || c.state == StateLastAck
	ack := p.TCPFlags&packet.ACK != 0
	switch {
	case done && p.Seq != s.isn && (!ack || a.cfg.Midstream || a.cfg.AsyncOneside):
		return NewSession
	case c.state == StateClosed:
		return 0
	case c.state != StateEstablished:
		return a.refuse(c, dir, h, EvShutdownSynResend)
	case !ack && dir == dissect.ToClient:
		return a.refuse(c, dir, h, EvEstSynToClient)
	case !ack && p.Seq == s.isn:
		return a.refuse(c, dir, h, EvEstSynResend)
	case !ack:
		return a.refuse(c, dir, h, EvEstSynResendDiffSeq)
	case dir == dissect.ToServer:
		if c.flags&cSimultaneous != 0 && p.Seq == s.isn {
			return Valid | Retransmission
		}
		return a.refuse(c, dir, h, EvEstSynAckToServer)
	case s.flags&hUnanchored != 0 && p.Seq == s.isn && p.AckNum-r.isn-1 <= r.sent-r.isn-1:
		return a.lateSynAck(c, s, r, p) // captured after the client's ACK of it
	case p.Seq != s.isn:
		return a.refuse(c, dir, h, EvEstSynAckResendWithDiffSeq)
	case p.AckNum-r.isn-1 > r.sent-r.isn-1:
		return a.refuse(c, dir, h, EvEstSynAckResendWithDiffAck)
	}
	return a.refuse(c, dir, h, EvEstSynAckResend)
}

func (a *Assembler) lateSynAck(c *Conn, s, r *half, p *packet.Packet) Result {
	acked, winEnd := s.acked, s.winEnd
	v := variantOf(p)
	s.take(&v, p.Time)
	a.agree(c)
	s.acked, s.winEnd = acked, winEnd
	s.flags &^= hUnanchored
	c.flags &^= cAsync
	r.acked = later(r.acked, p.AckNum)
	return Valid
}
