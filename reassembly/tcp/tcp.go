package tcp

import (
	"math"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Handler takes what an Assembler finds. Its methods must not call the Assembler for the
// same connection; Conn.Stop, Conn.SetUnlimited and the accessors are allowed.
type Handler interface {
	// Data is called for the next bytes of a direction. data aliases the packet or a segment
	// buffer and is valid during the call; off is its offset in the stream.
	Data(c *Conn, dir dissect.Dir, off uint64, data []byte)
	// Gap is called for n missing bytes at off, which will not come any more.
	Gap(c *Conn, dir dissect.Dir, off uint64, n int)
	// End is called when a direction is finished, exactly once.
	End(c *Conn, dir dissect.Dir, why dissect.EndReason)
	// Event is called for an anomaly of the packet at hand; dir is the packet's, except for
	// reassembly events, where it is the stream's.
	Event(c *Conn, dir dissect.Dir, e Event)
}

// Result says what a packet was: a set of flags, and the event for which it was refused.
type Result uint32

// The flags of a Result.
const (
	// Valid: the packet is part of the connection. Without it nothing of it was used.
	Valid Result = 1 << iota
	// Delivered: new payload came in order and was delivered during the call.
	Delivered
	// Buffered: payload came out of order and is kept.
	Buffered
	// Retransmission: the whole payload was delivered before.
	Retransmission
	// KeepAlive: a keep-alive or zero window probe, or the answer to one.
	KeepAlive
	// Started: a session began with this packet.
	Started
	// Established: the handshake was completed by this packet.
	Established
	// Closed: both sides have closed, or a valid RST came. The connection should be kept for
	// the closed time-out, since the RST may turn out to be forged.
	Closed
	// NewSession: a SYN that opens a new connection on the tuple of a finished one. Nothing
	// was processed: close this connection, and give the packet to a new one.
	NewSession
	// Reversed: the first packet shows that it came from the server. Nothing was processed:
	// swap the flow's ends, and call again with the other direction.
	Reversed
	// NoSession: the packet belongs to no session (no SYN was seen, and no midstream).
	NoSession

	reasonShift = 24
)

// Has tells whether all flags of f are set.
func (r Result) Has(f Result) bool { return r&f == f }

// Reason is the event for which the packet was refused, if one was raised.
func (r Result) Reason() Event { return Event(r >> reasonShift) }

// Assembler follows the connections of one worker.
type Assembler struct {
	Stats    Stats
	cfg      Config
	mem      pool
	depth    uint64
	ringSize int
}

const noLimit = math.MaxUint64

// New makes an Assembler.
func New(cfg Config) *Assembler {
	cfg.fill()
	a := &Assembler{cfg: cfg, depth: cfg.Depth, ringSize: cfg.OverlapWindow}
	if a.depth == 0 {
		a.depth = noLimit
	}
	a.mem.limit = cfg.Memcap
	a.mem.stats = &a.Stats
	return a
}

// Configure changes settings between two packets. Inline, OverlapWindow and Policy stay as New had them: connections
// that are followed depend on them.
func (a *Assembler) Configure(cfg Config) {
	cfg.Inline, cfg.OverlapWindow, cfg.Policy = a.cfg.Inline, a.cfg.OverlapWindow, a.cfg.Policy
	cfg.fill()
	a.cfg, a.depth, a.mem.limit = cfg, cfg.Depth, cfg.Memcap
	if a.depth == 0 {
		a.depth = noLimit
	}
}

// MemUse gives the bytes of buffers in use and pooled; Config.Memcap bounds it.
func (a *Assembler) MemUse() uint64 { return a.mem.used }

// MemShare gives the memory used for segments, and its cap, bytes.
func (a *Assembler) MemShare() (used, limit uint64) { return a.mem.used, a.mem.limit }

// Snapshot gives the counters with the current memory use.
func (a *Assembler) Snapshot() Stats {
	s := a.Stats
	s.ReassemblyMemuse = a.mem.used
	return s
}

// Packet takes the next packet of a connection. Its checksum must have been verified.
func (a *Assembler) Packet(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	if c.state == StateEstablished && p.TCPFlags&^(packet.PSH|packet.ECE|packet.CWR) == packet.ACK {
		// The fast path: an established connection, data in order, an acknowledgement of
		// what was seen, and nothing that waits for either.
		dir &= 1
		s, r := &c.half[dir], &c.half[dir^1]
		end := p.Seq + uint32(len(p.Payload))
		if p.Seq == s.next && p.Seq == s.sent && s.q == nil && r.q == nil &&
			(s.flags|r.flags)&hSlow == 0 && c.flags&(cAsync|cRst) == 0 &&
			int32(end-s.winEnd) <= 0 && p.AckNum-r.acked <= r.sent-r.acked && int32(r.sent-r.acked) >= 0 &&
			(!p.TCPOpt.HasTimestamp || s.flags&hTS == 0 || int32(p.TCPOpt.TSVal-s.tsRecent) >= 0) &&
			s.off+uint64(len(p.Payload)) <= a.depth {
			if p.TCPOpt.HasTimestamp {
				s.tsRecent, s.tsTime = p.TCPOpt.TSVal, uint32(p.Time/1e9)
			}
			s.flags |= hSeen
			s.win = p.TCPWindow
			r.acked = p.AckNum
			r.winEnd = later(r.winEnd, p.AckNum+uint32(p.TCPWindow)<<s.wscale)
			if end == p.Seq {
				return Valid
			}
			off := s.off
			s.next, s.sent = end, end
			s.off += uint64(len(p.Payload))
			h.Data(c, dir, off, p.Payload)
			return Valid | Delivered
		}
	}
	return a.slow(c, p, dir&1, h)
}

// slow handles what is not the usual case.
func (a *Assembler) slow(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	switch p.TCPFlags & (packet.SYN | packet.ACK | packet.RST) {
	case packet.SYN:
		a.Stats.Syn++
	case packet.SYN | packet.ACK:
		a.Stats.SynAck++
	}
	if p.TCPFlags&packet.RST != 0 {
		a.Stats.Rst++
	}
	if p.TCPFlags&(packet.ACK|packet.RST) == 0 && p.AckNum != 0 {
		h.Event(c, dir, EvPktBrokenAck)
	}
	if c.flags&cDone != 0 {
		return NoSession
	}
	if c.state == StateClosed && c.flags&cRst != 0 && c.prev < StateEstablished {
		return a.earlyRst(c, p, dir, h)
	}
	return a.dispatch(c, p, dir, h)
}

func (a *Assembler) dispatch(c *Conn, p *packet.Packet, dir dissect.Dir, h Handler) Result {
	var r Result
	switch c.state {
	case StateNone:
		r = a.none(c, p, dir, h)
	case StateSynSent:
		r = a.synSent(c, p, dir, h)
	case StateSynRecv:
		r = a.synRecv(c, p, dir, h)
	default:
		r = a.synced(c, p, dir, h)
	}
	if r&(Valid|NewSession|Reversed|NoSession) == 0 {
		a.Stats.InvalidPackets++
	}
	return r
}

// refuse raises the event for which a packet is not taken, if the connection's state has one.
func (a *Assembler) refuse(c *Conn, dir dissect.Dir, h Handler, e Event) Result {
	if e != NoEvent {
		h.Event(c, dir, e)
	}
	return Result(e) << reasonShift
}

// Close ends a connection: what is buffered is delivered, holes are given up, and End is
// called for the directions that have not ended, with EndFIN or EndRST if that was seen, and
// why otherwise. The state stays what it was, for records; the connection is to be Reset
// before it is used again.
func (a *Assembler) Close(c *Conn, why dissect.EndReason, h Handler) {
	if c.state == StateNone || c.flags&cDone != 0 {
		return
	}
	c.flags |= cDone
	for dir := range c.half {
		s, d := &c.half[dir], dissect.Dir(dir)
		if c.flags&cWasEstab == 0 {
			a.drop(s) // data of a SYN that nobody took
		}
		reason := why
		switch {
		case c.flags&cRst != 0:
			reason = dissect.EndRST
		case s.flags&(hFin|hFinAcked) == hFin|hFinAcked, s.flags&hFin != 0 && s.next == s.finSeq:
			reason = dissect.EndFIN
		}
		if reason == dissect.EndRST && s.q != nil && s.q.first().seq != s.next && int32(s.acked-s.q.first().seq) < 0 {
			s.flags |= hUnreceived // behind a hole that was never filled: the receiver's program got none of it
		}
		a.flush(c, s, d, h)
		a.end(c, s, d, reason, h)
		a.drop(s)
	}
	a.forgetVariants(c)
	if c.flags&cSession != 0 {
		c.flags &^= cSession
		a.Stats.ActiveSessions--
	}
}
