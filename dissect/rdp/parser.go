package rdp

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

const (
	// tpktHead is the length of a TPKT header (RFC 1006 section 6).
	tpktHead = 4
	// minTPKT is the shortest message: the header, and a TPDU of three bytes, the length of which does not count itself.
	minTPKT = tpktHead + 3
	// maxMessages is how many messages of a connection are looked at before it must be set up.
	maxMessages = 16
)

// Types of TPDUs, in the upper half of the byte (X.224 section 13).
const (
	tpduConfirm = 0xd0
	tpduRequest = 0xe0
	tpduData    = 0xf0
)

// tpkt reads the header of a message: its length.
func tpkt(b []byte) (n int, ok bool) {
	n = int(binary.BigEndian.Uint16(b[2:]))
	return n, b[0] == 3 && b[1] == 0 && n >= minTPKT
}

// probe takes a connection request, or the answer to one.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	switch {
	case data[0] != 3 || len(data) > 1 && data[1] != 0:
		return dissect.No
	case len(data) < tpktHead+2:
		return dissect.More
	}
	n, ok := tpkt(data)
	li, typ := int(data[tpktHead]), data[tpktHead+1]
	want := byte(tpduRequest)
	if dir == dissect.ToClient {
		want = tpduConfirm
	}
	switch {
	case !ok:
		return dissect.No
	case hint:
		switch typ & 0xf0 {
		case want:
			return dissect.Yes
		case tpduRequest, tpduConfirm:
			return dissect.Reversed
		case tpduData:
			return dissect.ByPort
		}
		return dissect.No
	case typ&0xf0 != want || li != n-tpktHead-1 || dir == dissect.ToClient: // other protocols are over X.224 too
		return dissect.No
	case len(data) < n:
		return dissect.More
	}
	var m Message
	m.request(data[tpktHead+1 : n])
	if m.cookie.there || m.negotiates {
		return dissect.Yes
	}
	return dissect.No
}

type parser struct {
	m     Message
	count int
	dead  bool // set up, or not understood
	left  bool // for TLS
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	for n := 0; ; {
		b := data[n:]
		switch {
		case p.dead:
			return len(data)
		case len(b) == 0 || p.left:
			return n
		case b[0] == dissect.TLSHandshake && len(b) > 1 && b[1] == 3: // TLS from the first byte on (of a gateway), or not agreed upon where we saw it
			p.left = true
			c.Upgrade("tls")
			return n
		case len(b) < minTPKT:
			c.Need(minTPKT)
			return n
		}
		size, ok := tpkt(b)
		if !ok { // RDP's own encryption begins here (fast path), or something else
			if p.count == 0 {
				c.Failed()
			}
			p.dead = true
			return len(data)
		}
		if len(b) < size {
			c.Need(size)
			return n
		}
		p.message(c, dir, b[:size])
		n += size
	}
}

// message takes a whole message.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	if p.count++; p.count > maxMessages {
		p.dead = true
		return
	}
	m := &p.m
	m.reset()
	li := int(b[tpktHead])
	tpdu := b[tpktHead+1:]
	switch typ := tpdu[0] & 0xf0; {
	case typ == tpduRequest && dir == dissect.ToServer:
		m.request(tpdu[:min(li, len(tpdu))])
	case typ == tpduConfirm && dir == dissect.ToClient:
		m.confirm(tpdu[:min(li, len(tpdu))])
	case typ == tpduData && len(tpdu) > 2:
		m.data(tpdu[2:], dir)
	}
	if m.kind == kNone {
		return
	}
	m.id = c.NextTxID()
	c.Emit(evMessage, m)
	switch {
	case m.kind == kResponse && !m.refused && m.protocol != protocolRDP:
		p.left = true
		c.Upgrade("tls")
	case m.kind == kConnectResponse:
		p.dead = true
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(*dissect.Ctx, dissect.Dir, int) { p.dead = true }

// End implements dissect.Parser.
func (p *parser) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.reset()
	*p = parser{m: p.m}
}
