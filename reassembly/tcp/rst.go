package tcp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// A reset that the end host does not take must not make the monitor look away: resets are
// held to the strictest of what hosts do. And a side that goes on after its own reset did not
// send it: then the connection goes on as if there had been none.

// rst takes a reset of a connection past its SYN.
func (a *Assembler) rst(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	s, r := &c.half[dir], &c.half[dir^1]
	switch {
	case c.flags&cMD5 == 0 && hasSignature(p):
		// Hosts without a key for the connection drop what is signed (RFC 2385, RFC 5925).
		a.Stats.RstIgnored++
		return a.refuse(c, dir, h, EvSuspectedRstInject)
	case p.TCPOpt.TSVal != 0 && !a.timestampOK(s, p): // Linux resets without a socket with 0
		a.Stats.RstIgnored++
		a.Stats.InvalidTimestamp++
		return a.refuse(c, dir, h, EvPktInvalidTimestamp)
	case !a.rstSeqOK(c, s, p):
		a.Stats.RstIgnored++
		return 0
	case p.TCPFlags&packet.ACK != 0 && !a.ackOK(c, s, r, p):
		a.Stats.RstIgnored++
		a.Stats.InvalidAck++
		return a.refuse(c, dir, h, EvRstInvalidAck)
	}
	if len(p.Payload) > 0 {
		h.Event(c, dir, EvRstWithData)
	}
	if s.flags&hTS != 0 && p.TCPOpt.HasTimestamp && p.TCPOpt.TSVal == 0 {
		h.Event(c, dir, EvPktInvalidTimestamp) // as Suricata says, although hosts send and take it
	}
	if c.state == StateClosed {
		return Valid
	}
	c.prev, c.state = c.state, StateClosed
	c.flags = c.flags&^cRstByClient | cRst
	if dir == dissect.ToServer {
		c.flags |= cRstByClient
	}
	a.forgetVariants(c)
	return Valid | Closed
}

// rstSeqOK tells whether the receiver takes a reset with this sequence number: it has to be
// the next one that it expects (RFC 5961 section 3.2), which lies between what it has
// acknowledged and what was sent.
func (a *Assembler) rstSeqOK(c *Conn, s *half, p *packet.Packet) bool {
	lo, hi := s.acked, later(s.sent, s.acked)
	if c.flags&cAsync != 0 || s.flags&hSeen == 0 || s.policy.rstInWindow() {
		lo, hi = earlier(lo, s.next), later(hi, s.winEnd)
	}
	return p.Seq-lo <= hi-lo
}

// rstSynSent takes a reset when only a SYN was seen.
func (a *Assembler) rstSynSent(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	cl := &c.half[dissect.ToServer]
	switch {
	case c.flags&cMD5 == 0 && hasSignature(p):
		a.Stats.RstIgnored++
		return a.refuse(c, dir, h, EvSuspectedRstInject)
	case dir == dissect.ToClient:
		// RFC 9293 section 3.10.7.3: it must acknowledge the SYN.
		if p.TCPFlags&packet.ACK == 0 || p.AckNum-cl.isn-1 > cl.sent-cl.isn-1 {
			a.Stats.RstIgnored++
			return a.refuse(c, dir, h, EvRstInvalidAck)
		}
	case a.cfg.AsyncOneside && p.Seq-cl.isn <= cl.sent-cl.isn:
	default:
		// The client resets what it thinks was an answer; the server, from which no answer
		// was seen, has nothing that it could reset.
		return Valid
	}
	c.prev, c.state = c.state, StateClosed
	c.flags |= cRst
	if dir == dissect.ToServer {
		c.flags |= cRstByClient
	}
	a.forgetVariants(c)
	return Valid | Closed
}

// afterRst looks at a valid packet after a reset. New data or acknowledgements of the side
// that is said to have reset the connection show that the reset was forged.
func (a *Assembler) afterRst(c *Conn, s, r *half, p *packet.Packet, dir dissect.Dir, h Handler) {
	if (dir == dissect.ToServer) != (c.flags&cRstByClient != 0) {
		return
	}
	end := p.Seq + uint32(len(p.Payload))
	if int32(end-s.sent) <= 0 && int32(p.AckNum-r.acked) <= 0 {
		return
	}
	c.flags &^= cRst | cRstByClient
	c.state = c.prev
	if c.flags&cInjectAlerted == 0 {
		c.flags |= cInjectAlerted
		h.Event(c, dir, EvSuspectedRstInject)
	}
}

// earlyRst takes a packet after a reset that ended the handshake. If the handshake goes on,
// the reset was forged, or the client tries again.
func (a *Assembler) earlyRst(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	const handshakeFlags = packet.SYN | packet.ACK | packet.RST
	byClient := c.flags&cRstByClient != 0
	again := p.TCPFlags&handshakeFlags == packet.SYN && p.Seq == c.half[dir].isn
	if p.TCPFlags&handshakeFlags == packet.SYN && !again {
		return NewSession
	}
	if p.TCPFlags&packet.RST != 0 || !again && (dir == dissect.ToServer) != byClient {
		return Valid // what was under way when the reset was sent
	}
	flags := c.flags
	c.flags &^= cRst | cRstByClient
	c.state = c.prev
	r := a.dispatch(c, p, dir, h)
	if r&Valid == 0 {
		c.flags, c.state = flags, StateClosed
	} else if !again && c.flags&cInjectAlerted == 0 {
		c.flags |= cInjectAlerted
		h.Event(c, dir, EvSuspectedRstInject)
	}
	return r
}

// hasSignature looks for a TCP MD5 (RFC 2385) or AO (RFC 5925) option.
func hasSignature(p *packet.Packet) bool {
	from, to := int(p.L4Off)+20, int(p.L4Off)+int(p.L4HdrLen)
	if to <= from || to > len(p.Data) {
		return false
	}
	const optEnd, optNop, optMD5, optAO = 0, 1, 19, 29
	for o := p.Data[from:to]; len(o) > 0; {
		switch o[0] {
		case optEnd:
			return false
		case optNop:
			o = o[1:]
			continue
		case optMD5, optAO:
			return true
		}
		if len(o) < 2 || int(o[1]) < 2 || int(o[1]) > len(o) {
			return false
		}
		o = o[o[1]:]
	}
	return false
}
