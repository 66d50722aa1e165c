package tcp

import "github.com/luanids/luanids/dissect"

// State is the state of a connection, seen from the server where the ends differ (a FIN of
// the client makes it close_wait), as Suricata's tcp.state has it.
type State uint8

// The states.
const (
	StateNone State = iota
	StateSynSent
	StateSynRecv
	StateEstablished
	StateFinWait1
	StateFinWait2
	StateTimeWait
	StateLastAck
	StateCloseWait
	StateClosing
	StateClosed
	stateCount
)

var stateNames = [stateCount]string{"none", "syn_sent", "syn_recv", "established", "fin_wait1",
	"fin_wait2", "time_wait", "last_ack", "close_wait", "closing", "closed"}

// String gives Suricata's name of the state.
func (s State) String() string {
	if s < stateCount {
		return stateNames[s]
	}
	return "none"
}

// Flags of a connection.
const (
	cMidstream     = 1 << iota // picked up without its handshake
	cAsync                     // only one direction is seen
	cSimultaneous              // both sent a SYN (RFC 9293 section 3.5, split handshakes)
	cTFO                       // data in the SYN
	cWasEstab                  // was established at some time
	cRst                       // closed by a RST ...
	cRstByClient               // ... of the client, or else of the server
	cFinByServer               // the server's FIN came first
	cMD5                       // the SYN had a TCP MD5 or AO option
	cUnlimited                 // no depth limit
	cFiles                     // Config.FileDepth is the limit
	cSession                   // counted in Stats.Sessions
	cInjectAlerted             // suspected_rst_inject was raised
	cDone                      // Close was called
)

// Flags of a direction.
const (
	hTS         = 1 << iota // timestamps are in use and tsRecent is set
	hWScale                 // wscale was announced
	hFin                    // a FIN was seen, at finSeq
	hFinAcked               // and acknowledged
	hEnded                  // End was called
	hStopped                // nothing more is delivered (depth, or Stop)
	hUnanchored             // next is a guess from an ACK: the first data seen moves it
	hSeen                   // a packet of this direction was taken
	hUrgent                 // the byte at urgSeq is urgent
	hDepth                  // the depth was reached
	hOutOfWin               // oow holds the end of data refused as out of window
	hCompare                // delivered bytes are kept for comparison
	hGap                    // a part was missing
	hUnreceived             // what comes now lies behind a hole that a reset left: see Unreceived
	hHold                   // nothing is delivered before it is acknowledged: see Policy.replaces

	// hSlow keeps the fast path off.
	hSlow = hFin | hEnded | hStopped | hUnanchored | hUrgent | hCompare | hHold
)

// half is what one side sends.
type half struct {
	off      uint64 // offset in the stream of the byte at next
	q        *queue // out-of-order segments, nil without any
	ring     *ring  // last delivered bytes, with hCompare
	isn      uint32
	next     uint32 // sequence number of the next byte to deliver
	sent     uint32 // one past the highest sequence number seen, SYN and FIN included
	acked    uint32 // highest acknowledgement from the other side
	winEnd   uint32 // highest right edge of the window that the other side offered
	tsRecent uint32 // last valid timestamp (RFC 7323's TS.Recent)
	tsTime   uint32 // when that was, seconds since the epoch
	finSeq   uint32 // sequence number of the FIN, with hFin
	oow      uint32
	urgSeq   uint32
	flags    uint16
	win      uint16 // window last advertised by this side, as on the wire
	urgCount uint16 // urgent bytes taken out of the stream
	wscale   uint8  // window scale of this side, once both announced one
	policy   Policy // of the host that receives this direction
}

// Conn is one TCP connection, a value to embed: its zero value is a connection of which
// nothing was seen. All methods are for the worker that owns it.
type Conn struct {
	// Owner is the caller's, to find the flow from a Handler's calls. Reset keeps it.
	Owner any
	half  [2]half
	hs    *handshake // differing SYNs and SYN/ACKs, during the handshake only
	flags uint16
	state State
	prev  State // before a RST closed it
}

// Reset makes c new again. A connection must be closed first (Assembler.Close), so that its
// buffers are not lost to the pool.
func (c *Conn) Reset() { *c = Conn{Owner: c.Owner} }

// State gives the connection's state.
func (c *Conn) State() State { return c.state }

// Established tells whether the handshake was completed (or the connection picked up
// midstream), at any time.
func (c *Conn) Established() bool { return c.flags&cWasEstab != 0 }

// Midstream tells whether the connection was picked up without its handshake.
func (c *Conn) Midstream() bool { return c.flags&cMidstream != 0 }

// Async tells whether only one direction of the connection was seen.
func (c *Conn) Async() bool { return c.flags&cAsync != 0 }

// Unreceived tells of a direction that what Close delivers lies behind a hole that a reset kept from being filled: rules on payload
// look at it, but no program at the other end got it, so that protocols are not to parse it.
func (c *Conn) Unreceived(dir dissect.Dir) bool { return c.half[dir&1].flags&hUnreceived != 0 }

// ResetSeen tells whether a RST closed the connection.
func (c *Conn) ResetSeen() bool { return c.flags&cRst != 0 }

// Active tells whether the connection has begun: the state is not none.
func (c *Conn) Active() bool { return c.state != StateNone }

// BytesDelivered gives the length of the stream of dir so far, gaps included.
func (c *Conn) BytesDelivered(dir dissect.Dir) uint64 { return c.half[dir&1].off }

// Acked gives how far the receiver has acknowledged the stream of dir, as an offset in it; no
// further than what was delivered.
func (c *Conn) Acked(dir dissect.Dir) uint64 {
	s := &c.half[dir&1]
	if missing := int32(s.next - s.acked); missing > 0 {
		return s.off - min(s.off, uint64(missing))
	}
	return s.off
}

// ISN gives the initial sequence number of dir; for a midstream connection a guess.
func (c *Conn) ISN(dir dissect.Dir) uint32 { return c.half[dir&1].isn }

// Next gives the sequence number of the next byte to be delivered of dir.
func (c *Conn) Next(dir dissect.Dir) uint32 { return c.half[dir&1].next }

// Sequence gives the numbers of dir at this moment: acked by the receiver, next to be delivered, and one past the
// highest that was sent (SYN and FIN included).
func (c *Conn) Sequence(dir dissect.Dir) (acked, next, sent uint32) {
	s := &c.half[dir&1]
	return s.acked, s.next, s.sent
}

// UrgentBytes gives how many urgent bytes were taken out of the stream of dir.
func (c *Conn) UrgentBytes(dir dissect.Dir) int { return int(c.half[dir&1].urgCount) }

// HasGap tells whether a part of the stream of dir was missing.
func (c *Conn) HasGap(dir dissect.Dir) bool { return c.half[dir&1].flags&hGap != 0 }

// Pending gives how many bytes of out-of-order segments wait in dir.
func (c *Conn) Pending(dir dissect.Dir) int {
	n := 0
	if q := c.half[dir&1].q; q != nil {
		for i := q.head; i < len(q.items); i++ {
			n += int(q.items[i].n)
		}
	}
	return n
}

// Ended tells whether End was called for dir.
func (c *Conn) Ended(dir dissect.Dir) bool { return c.half[dir&1].flags&hEnded != 0 }

// DepthReached tells whether dir reached the depth.
func (c *Conn) DepthReached(dir dissect.Dir) bool { return c.half[dir&1].flags&hDepth != 0 }

// SetUnlimited lifts the depth limit of this connection, for protocols that must be followed
// to their end.
func (c *Conn) SetUnlimited() { c.flags |= cUnlimited }

// CarriesFiles makes Config.FileDepth the depth limit of this connection.
func (c *Conn) CarriesFiles() { c.flags |= cFiles }

// Stop says that nothing more of dir is wanted: no more Data and Gap calls, and nothing is
// buffered. The state machine goes on, and End is still called. It may be called from within
// a Handler.
func (c *Conn) Stop(dir dissect.Dir) { c.half[dir&1].flags |= hStopped }

// Stopped tells whether nothing more of dir is delivered.
func (c *Conn) Stopped(dir dissect.Dir) bool { return c.half[dir&1].flags&hStopped != 0 }

// Swap exchanges the directions, after the content showed that the client was taken for the
// server. It must not be called from within a Handler.
func (c *Conn) Swap() {
	c.half[0], c.half[1] = c.half[1], c.half[0]
	c.flags ^= (c.flags & cRst) / cRst * cRstByClient
	if c.half[0].flags&hFin != 0 || c.half[1].flags&hFin != 0 {
		c.flags ^= cFinByServer
		c.updateFinState()
	}
}

// updateFinState derives the state from who has sent a FIN and whose is acknowledged.
func (c *Conn) updateFinState() {
	if c.state < StateEstablished || c.flags&cRst != 0 {
		return
	}
	cl, sv := c.half[dissect.ToServer].flags, c.half[dissect.ToClient].flags
	clFin, svFin := cl&hFin != 0, sv&hFin != 0
	clAck, svAck := cl&hFinAcked != 0, sv&hFinAcked != 0
	switch {
	case clFin && svFin && clAck && svAck:
		c.state = StateClosed
	case clFin && svFin && c.flags&cFinByServer != 0:
		c.state = StateClosing
		if svAck {
			c.state = StateTimeWait
		}
	case clFin && svFin:
		c.state = StateLastAck
	case clFin:
		c.state = StateCloseWait
	case svFin && svAck:
		c.state = StateFinWait2
	case svFin:
		c.state = StateFinWait1
	default:
		c.state = StateEstablished
	}
}
