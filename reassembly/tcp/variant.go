package tcp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// maxVariants bounds the differing SYNs and SYN/ACKs that are remembered of one handshake.
const maxVariants = 10

// variant is a SYN or SYN/ACK that differs from the one first seen. Which one counts is
// known when the other side acknowledges one.
type variant struct {
	seq, ack, tsVal uint32
	win             uint16
	wscale          uint8
	hasTS, hasScale bool
}

// handshake remembers variants.
type handshake struct {
	syns, synAcks [maxVariants]variant
	nSyn, nSynAck int
}

// variants gives the connection's handshake, nil at the memory cap.
func (a *Assembler) variants(c *Conn) *handshake {
	if c.hs == nil {
		c.hs = a.mem.handshake()
	}
	return c.hs
}

func (a *Assembler) forgetVariants(c *Conn) {
	if c.hs != nil {
		a.mem.releaseHandshake(c.hs)
		c.hs = nil
	}
}

func variantOf(p *packet.Packet) variant {
	o := &p.TCPOpt
	return variant{seq: p.Seq, ack: p.AckNum, tsVal: o.TSVal, win: p.TCPWindow,
		wscale: min(o.WScale, maxWScale), hasTS: o.HasTimestamp, hasScale: o.HasWScale}
}

// synAgain takes another SYN of the client.
func (a *Assembler) synAgain(c *Conn, p *packet.Packet, h Handler) Result {
	s := &c.half[dissect.ToServer]
	v := variantOf(p)
	if v.seq == s.isn && v.tsVal == s.tsRecent && v.hasTS == (s.flags&hTS != 0) {
		return Valid | Retransmission
	}
	if !a.rememberSyn(c, &v) {
		return a.refuse(c, dissect.ToServer, h, Ev3WHSSynFlood)
	}
	return Valid
}

// rememberSyn keeps a differing SYN; false when there are too many.
func (a *Assembler) rememberSyn(c *Conn, v *variant) bool {
	hs := a.variants(c)
	if hs == nil || hs.nSyn >= a.cfg.MaxSynQueued {
		return false
	}
	for i := range hs.nSyn {
		if hs.syns[i] == *v {
			return true
		}
	}
	hs.syns[hs.nSyn] = *v
	hs.nSyn++
	return true
}

// synFor finds the SYN that a SYN/ACK answers, and makes it the connection's.
func (a *Assembler) synFor(c *Conn, p *packet.Packet, h Handler) bool {
	cl := &c.half[dissect.ToServer]
	best := -1
	if c.hs != nil {
		for i := range c.hs.nSyn {
			v := &c.hs.syns[i]
			// Of retransmissions the one whose timestamp is echoed counts.
			if p.AckNum == v.seq+1 && (v.seq != cl.isn || p.TCPOpt.HasTimestamp && v.hasTS &&
				v.tsVal == p.TCPOpt.TSEcr) {
				best = i
			}
		}
	}
	if best >= 0 {
		v := c.hs.syns[best]
		sent := cl.sent
		if v.seq != cl.isn {
			a.drop(cl) // the data of the other SYN
			sent = v.seq + 1
		}
		cl.take(&v, p.Time)
		cl.sent = sent
		return true
	}
	return p.AckNum-cl.isn-1 <= cl.sent-cl.isn-1
}

// synAckAgain takes another SYN/ACK of the server. Which of differing ones is genuine is
// known when the client acknowledges one.
func (a *Assembler) synAckAgain(c *Conn, p *packet.Packet, h Handler) Result {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	if p.AckNum-cl.isn-1 > cl.sent-cl.isn-1 {
		if !a.synFor(c, p, h) {
			return a.refuse(c, dissect.ToClient, h, Ev3WHSSynAckResendWithDiffAck)
		}
		a.synAck(c, p, h)
		return Valid
	}
	if !a.echoes(c, p) {
		a.Stats.InvalidTimestamp++
		return a.refuse(c, dissect.ToClient, h, EvPktInvalidTimestamp)
	}
	if p.Seq == sv.isn {
		if p.TCPOpt.HasTimestamp && sv.flags&hTS != 0 && int32(p.TCPOpt.TSVal-sv.tsRecent) > 0 {
			sv.tsRecent, sv.tsTime = p.TCPOpt.TSVal, uint32(p.Time/1e9)
		}
		return Valid | Retransmission
	}
	hs := a.variants(c)
	for i := 0; hs != nil && i < hs.nSynAck; i++ {
		if hs.synAcks[i].seq == p.Seq {
			return Valid | Retransmission
		}
	}
	if hs == nil || hs.nSynAck >= a.cfg.MaxSynAckQueued {
		return a.refuse(c, dissect.ToClient, h, Ev3WHSSynAckFlood)
	}
	hs.synAcks[hs.nSynAck] = variantOf(p)
	hs.nSynAck++
	h.Event(c, dissect.ToClient, Ev3WHSSynAckResendWithDiffSeq)
	return Valid
}

// adoptSynAck makes another SYN/ACK the connection's.
func (a *Assembler) adoptSynAck(c *Conn, v *variant, now int64) {
	cl, sv := &c.half[dissect.ToServer], &c.half[dissect.ToClient]
	win := sv.winEnd - sv.next
	sv.take(v, now)
	a.agree(c)
	sv.winEnd = sv.next + win
	cl.winEnd = v.ack + uint32(v.win)
}
