package tcp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// maxWScale is the largest window scale (RFC 7323 section 2.3), assumed where the handshake
// was not seen.
const maxWScale = 14

// take sets what a side said in its SYN or SYN/ACK.
func (s *half) take(v *variant, now int64) {
	s.isn, s.next, s.acked = v.seq, v.seq+1, v.seq+1
	s.sent, s.winEnd = s.next, s.next
	s.flags = s.flags&^(hTS|hWScale) | hSeen
	if v.hasTS {
		s.flags |= hTS
		s.tsRecent, s.tsTime = v.tsVal, uint32(now/1e9)
	}
	s.wscale = 0
	if v.hasScale {
		s.flags |= hWScale
		s.wscale = v.wscale
	}
	s.win = v.win
}

// none takes the first packet of a connection.
func (a *Assembler) none(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	flags := p.TCPFlags
	switch {
	case flags&packet.RST != 0:
		a.Stats.NoFlow++
		h.Event(c, dir, EvRstButNoSession)
		return NoSession | Result(EvRstButNoSession)<<reasonShift
	case flags&(packet.SYN|packet.FIN) == packet.SYN|packet.FIN:
		return a.refuse(c, dir, h, EvFinSyn)
	case flags&(packet.SYN|packet.ACK) == packet.SYN:
		if dir == dissect.ToClient {
			return Reversed
		}
		return a.firstSyn(c, p, h)
	case flags&packet.SYN != 0 && (a.cfg.Midstream || a.cfg.AsyncOneside):
		if dir == dissect.ToServer {
			return Reversed
		}
		return a.firstSynAck(c, p, h)
	case flags&packet.SYN != 0:
	case flags&packet.FIN != 0 && !a.cfg.Midstream:
		a.Stats.NoFlow++
		h.Event(c, dir, EvFinButNoSession)
		return NoSession | Result(EvFinButNoSession)<<reasonShift
	case flags&packet.ACK != 0 && a.cfg.Midstream:
		return a.midstream(c, p, dir, h)
	}
	a.Stats.NoFlow++
	return NoSession
}

// start counts a session and finds who receives.
func (a *Assembler) start(c *Conn, p *packet.Packet, dir dissect.Dir) {
	a.Stats.Sessions++
	a.Stats.ActiveSessions++
	c.flags |= cSession
	if a.ringSize > 0 {
		c.half[0].flags |= hCompare
		c.half[1].flags |= hCompare
	}
	if a.cfg.Policy != nil {
		c.half[dir].policy = a.cfg.Policy(p.Dst)
		c.half[dir^1].policy = a.cfg.Policy(p.Src)
		for i := range c.half {
			if s := &c.half[i]; s.policy.replaces() && !a.cfg.Inline {
				s.flags |= hHold
			}
		}
	}
}

func (a *Assembler) firstSyn(c *Conn, p *packet.Packet, h Handler) Result {
	a.start(c, p, dissect.ToServer)
	s := &c.half[dissect.ToServer]
	v := variantOf(p)
	s.take(&v, p.Time)
	c.state = StateSynSent
	if hasSignature(p) {
		c.flags |= cMD5
	}
	if p.TCPOpt.HasTFO && len(p.Payload) > 0 {
		c.flags |= cTFO
	}
	a.synData(c, s, p, dissect.ToServer, h)
	return Valid | Started
}

// synData keeps data of a SYN or SYN/ACK until the other side acknowledges it: with Fast Open
// (RFC 7413 section 4.2) it is taken at once, without it it may be queued (RFC 9293 section
// 3.10.7.2) or not taken at all.
func (a *Assembler) synData(c *Conn, s *half, p *packet.Packet, dir dissect.Dir, h Handler) {
	if len(p.Payload) == 0 {
		return
	}
	a.drop(s)
	if s.q = a.mem.queue(); s.q == nil {
		a.noMemory(c, dir, h)
		return
	}
	if r := a.mem.add(s.q, s.policy, p.Seq+1, p.Payload, 0, false); r.lost {
		a.noMemory(c, dir, h)
		a.drop(s)
	}
	s.sent = p.Seq + 1 + uint32(len(p.Payload))
}

// firstSynAck picks a connection up at its SYN/ACK.
func (a *Assembler) firstSynAck(c *Conn, p *packet.Packet, h Handler) Result {
	a.start(c, p, dissect.ToClient)
	a.Stats.MidstreamPickups++
	c.flags |= cMidstream
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	v := variantOf(p)
	sv.take(&v, p.Time)
	// The client's options are not known, but a SYN/ACK has only those that the SYN had.
	cl.take(&variant{seq: p.AckNum - 1, wscale: maxWScale, hasScale: v.hasScale}, p.Time)
	cl.flags &^= hSeen
	cl.winEnd = cl.next + uint32(p.TCPWindow)
	sv.winEnd = sv.next + 0xffff<<maxWScale
	c.state = StateSynRecv
	return Valid | Started
}

// midstream picks up an established connection.
func (a *Assembler) midstream(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	a.start(c, p, dir)
	a.Stats.MidstreamPickups++
	c.flags |= cMidstream | cWasEstab
	if a.cfg.AsyncOneside {
		c.flags |= cAsync
	}
	c.state = StateEstablished
	s, r := &c.half[dir], &c.half[dir^1]
	s.take(&variant{seq: p.Seq - 1, wscale: maxWScale, hasScale: true, hasTS: p.TCPOpt.HasTimestamp,
		tsVal: p.TCPOpt.TSVal}, p.Time)
	r.take(&variant{seq: p.AckNum - 1, wscale: maxWScale, hasScale: true}, p.Time)
	r.flags = r.flags&^hSeen | hUnanchored
	s.winEnd = s.next + midstreamWindow
	r.winEnd = r.next + midstreamWindow
	return a.synced(c, p, dir, h) | Started | Established
}

// midstreamWindow is how far a side may be ahead of what was seen when a connection is picked
// up: the largest window that TCP has.
const midstreamWindow = 0xffff << maxWScale

// synSent: the client's SYN was seen.
func (a *Assembler) synSent(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	flags := p.TCPFlags
	// What claims to answer the SYN has to echo its timestamp (RFC 7323 section 3.2).
	if dir == dissect.ToClient && flags&packet.ACK != 0 && !a.echoes(c, p) {
		a.Stats.InvalidTimestamp++
		return a.refuse(c, dir, h, EvPktInvalidTimestamp)
	}
	switch {
	case flags&packet.RST != 0:
		return a.rstSynSent(c, p, dir, h)
	case flags&(packet.SYN|packet.FIN) == packet.SYN|packet.FIN:
		return a.refuse(c, dir, h, EvFinSyn)
	case flags&(packet.SYN|packet.ACK) == packet.SYN:
		if dir == dissect.ToServer {
			return a.synAgain(c, p, h)
		}
		// Simultaneous open, or a split handshake.
		v := variantOf(p)
		sv.take(&v, p.Time)
		sv.winEnd = sv.next + uint32(cl.win)
		cl.winEnd = cl.next + uint32(p.TCPWindow)
		c.flags |= cSimultaneous
		c.state = StateSynRecv
		return Valid
	case flags&packet.SYN != 0:
		if dir == dissect.ToServer {
			return a.refuse(c, dir, h, Ev3WHSSynAckInWrongDirection)
		}
		if !a.synFor(c, p, h) {
			return a.refuse(c, dir, h, Ev3WHSSynAckWithWrongAck)
		}
		a.synAck(c, p, h)
		c.state = StateSynRecv
		return Valid
	case flags&packet.ACK != 0 && dir == dissect.ToServer && a.cfg.AsyncOneside:
		return a.asyncAck(c, p, h)
	}
	return 0
}

// echoes tells whether the timestamp echo of an answer to a SYN can be right.
func (a *Assembler) echoes(c *Conn, p *packet.Packet) bool {
	cl := &c.half[dissect.ToServer]
	if !p.TCPOpt.HasTimestamp || cl.flags&hTS == 0 || p.TCPOpt.TSEcr == 0 || a.cfg.LiberalTimestamps {
		return true
	}
	if p.TCPOpt.TSEcr == cl.tsRecent {
		return true
	}
	if c.hs != nil {
		for i := range c.hs.nSyn {
			if v := &c.hs.syns[i]; v.hasTS && v.tsVal == p.TCPOpt.TSEcr {
				return true
			}
		}
	}
	return false
}

// synAck takes the server's SYN/ACK, which was found to answer the client's SYN.
func (a *Assembler) synAck(c *Conn, p *packet.Packet, h Handler) {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	v := variantOf(p)
	sv.take(&v, p.Time)
	a.agree(c)
	sv.winEnd = sv.next + uint32(cl.win) // not scaled yet (RFC 7323 section 2.2)
	cl.winEnd = p.AckNum + uint32(p.TCPWindow)
	a.synData(c, sv, p, dissect.ToClient, h)
	if cl.q == nil {
		return
	}
	if p.AckNum == cl.sent {
		cl.acked = p.AckNum
		a.drain(c, cl, dissect.ToServer, h)
		return
	}
	// The server took the SYN only: the client sends the data again.
	if c.flags&cTFO != 0 {
		h.Event(c, dissect.ToClient, Ev3WHSSynAckTFODataIgnored)
	}
	c.flags &^= cTFO
	a.drop(cl)
	cl.sent = cl.next
}

// agree turns off the options that only one side announced.
func (a *Assembler) agree(c *Conn) {
	x, y := &c.half[0], &c.half[1]
	if x.flags&y.flags&hWScale == 0 && c.flags&cMidstream == 0 {
		x.wscale, y.wscale = 0, 0
	}
	if x.flags&y.flags&hTS == 0 {
		x.flags &^= hTS
		y.flags &^= hTS
	}
}

// asyncAck takes a packet of the client after its SYN, with no SYN/ACK seen between.
func (a *Assembler) asyncAck(c *Conn, p *packet.Packet, h Handler) Result {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	if p.Seq != cl.next && p.Seq != cl.sent {
		return a.refuse(c, dissect.ToServer, h, Ev3WHSAsyncWrongSeq)
	}
	a.drain(c, cl, dissect.ToServer, h) // data of a SYN that was not sent again
	sv.take(&variant{seq: p.AckNum - 1, wscale: maxWScale, hasScale: true}, p.Time)
	sv.flags = sv.flags&^hSeen | hUnanchored
	cl.winEnd = cl.next + midstreamWindow
	sv.winEnd = sv.next + midstreamWindow
	c.flags |= cAsync
	return a.established(c, p, dissect.ToServer, h)
}

// established ends the handshake with packet p, and takes p as one of the connection.
func (a *Assembler) established(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	before := c.state
	c.state = StateEstablished
	for i := range c.half { // what SYNs advertise is not scaled
		c.half[i].win >>= c.half[i].wscale
	}
	c.flags |= cWasEstab
	r := a.synced(c, p, dir, h)
	if r&Valid == 0 {
		c.state = before
		c.flags &^= cWasEstab
		return r
	}
	a.forgetVariants(c)
	return r | Established
}

// synRecv: a SYN/ACK was seen, or SYNs of both sides.
func (a *Assembler) synRecv(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	flags := p.TCPFlags
	switch {
	case flags&packet.RST != 0:
		return a.rst(c, p, dir, h)
	case flags&(packet.SYN|packet.FIN) == packet.SYN|packet.FIN:
		return a.refuse(c, dir, h, EvFinSyn)
	case flags&(packet.SYN|packet.ACK) == packet.SYN:
		s := &c.half[dir]
		switch {
		case p.Seq == s.isn && (dir == dissect.ToServer || c.flags&cSimultaneous != 0):
			return Valid | Retransmission
		case dir == dissect.ToClient:
			return a.refuse(c, dir, h, Ev3WHSSynToClientOnSynRecv)
		}
		v := variantOf(p) // the client may have begun anew: the server's answer tells
		a.rememberSyn(c, &v)
		return a.refuse(c, dir, h, Ev3WHSSynResendDiffSeqOnSynRecv)
	case flags&packet.SYN != 0 && c.flags&cSimultaneous != 0:
		return a.synAck4(c, p, dir, h)
	case flags&packet.SYN != 0 && dir == dissect.ToServer:
		return a.refuse(c, dir, h, Ev3WHSSynAckToServerOnSynRecv)
	case flags&packet.SYN != 0:
		return a.synAckAgain(c, p, h)
	case flags&packet.ACK == 0:
		return 0
	case c.flags&cSimultaneous != 0:
		return a.lastAck4(c, p, dir, h)
	case dir == dissect.ToServer:
		return a.lastAck3(c, p, h)
	}
	return a.serverFirst(c, p, h)
}

// synAck4 takes a SYN/ACK of either side after both have sent SYNs.
func (a *Assembler) synAck4(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	s, r := &c.half[dir], &c.half[dir^1]
	switch {
	case p.Seq != s.isn:
		return a.refuse(c, dir, h, Ev4WHSSynAckWithWrongSyn)
	case p.AckNum != r.isn+1:
		return a.refuse(c, dir, h, Ev4WHSSynAckWithWrongAck)
	}
	v := variantOf(p)
	r.winEnd = later(r.winEnd, p.AckNum+uint32(p.TCPWindow))
	s.take(&v, p.Time)
	s.winEnd = s.next + uint32(r.win)
	a.agree(c)
	return Valid
}

// lastAck4 takes the ACK that ends a simultaneous open.
func (a *Assembler) lastAck4(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	s, r := &c.half[dir], &c.half[dir^1]
	switch {
	case p.AckNum-r.next > r.sent-r.next:
		return a.refuse(c, dir, h, Ev4WHSInvalidAck)
	case p.Seq-s.next > s.winEnd-s.next:
		return a.refuse(c, dir, h, Ev4WHSWrongSeq)
	}
	return a.established(c, p, dir, h)
}

// lastAck3 takes the client's ACK, which ends the handshake.
func (a *Assembler) lastAck3(c *Conn, p *packet.Packet, h Handler) Result {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	if p.AckNum-sv.next > sv.sent-sv.next && c.hs != nil {
		for i := range c.hs.nSynAck {
			if v := &c.hs.synAcks[i]; p.AckNum == v.seq+1 {
				a.adoptSynAck(c, v, p.Time)
				break
			}
		}
	}
	ackOK := p.AckNum-sv.next <= sv.sent-sv.next
	seqOK := p.Seq-cl.isn-1 <= cl.winEnd-cl.isn-1
	switch {
	case ackOK && seqOK:
		return a.established(c, p, dissect.ToServer, h)
	case seqOK:
		return a.refuse(c, dissect.ToServer, h, Ev3WHSRightSeqWrongAckEvasion)
	}
	return a.refuse(c, dissect.ToServer, h, Ev3WHSWrongSeqWrongAck)
}

// serverFirst takes a packet of the server before the client's last ACK of the handshake was
// seen: it is enough if it shows that the server has that ACK, or had data in the SYN.
func (a *Assembler) serverFirst(c *Conn, p *packet.Packet, h Handler) Result {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	bare := len(p.Payload) == 0 && p.TCPFlags&packet.FIN == 0
	switch {
	case p.Seq-sv.next > sv.winEnd-sv.next, p.AckNum-cl.next > cl.winEnd-cl.next,
		bare && p.AckNum == cl.next && c.flags&(cTFO|cMidstream) == 0:
		return a.refuse(c, dissect.ToClient, h, Ev3WHSAckInWrongDir)
	}
	if a.cfg.Inline && len(p.Payload) > 0 && c.flags&cTFO == 0 {
		h.Event(c, dissect.ToClient, Ev3WHSAckDataInject)
	}
	return a.established(c, p, dissect.ToClient, h)
}
