package snmp

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// maxVars is how many variables of a message are kept.
const maxVars = 1024

// Identifiers beside those of package ber.
const (
	idAddress = ber.Application // IpAddress (RFC 2578 section 7.1.5)
	idPDU     = ber.Context | ber.Constructed
)

// securityUSM is the user-based security model (RFC 3414).
const securityUSM = 3

// span is a text in Message.text.
type span struct{ from, to uint32 }

type variable struct {
	oid   span
	value []byte
}

// Message is a message. What it holds of the datagram is valid during the event.
type Message struct {
	dissect.MatchState
	id                    uint64
	version               int64 // 1, 2, 3: that of the first message of the flow
	own                   int64 // the message's own
	community             []byte
	user                  []byte // of USM
	hasCommunity, hasUser bool
	context               []byte // name of the context, version 3
	encrypted             bool
	otherModel            bool // the security model is not USM
	pdu                   int  // -1: not known
	status                int64
	trap                  int64 // kind of a trap of version 1
	enterprise            span
	agent                 []byte // its address as text
	vars                  []variable
	cut                   bool // there are more
	text                  []byte
	agentBuf              [len("255.255.255.255")]byte
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset() {
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, pdu: -1, trap: -1, vars: m.vars[:0], text: m.text[:0]}
}

func (m *Message) clone() *Message {
	n := *m
	n.MatchState = dissect.MatchState{}
	n.community, n.user, n.context, n.text, n.agent = bytes.Clone(m.community), bytes.Clone(m.user), bytes.Clone(m.context), bytes.Clone(m.text), bytes.Clone(m.agent)
	n.vars = slices.Clone(m.vars)
	for i := range n.vars {
		n.vars[i].value = bytes.Clone(n.vars[i].value)
	}
	return &n
}

func (m *Message) at(s span) []byte { return m.text[s.from:s.to:s.to] }

// oid keeps an object identifier as text.
func (m *Message) oid(body []byte) span {
	from := len(m.text)
	m.text = ber.AppendOID(m.text, body)
	return span{uint32(from), uint32(len(m.text))}
}

// parse reads a message; false if it is none.
func (m *Message) parse(b []byte) bool {
	all := ber.New(b)
	r := all.In(ber.Sequence)
	switch v := r.Int(ber.Integer); {
	case r.Failed:
		return false
	case v == 0 || v == 1: // RFC 1157 section 4, RFC 1901 section 3
		m.own = v + 1
		m.community, m.hasCommunity = r.Want(ber.OctetString), true
		return m.readPDU(&r) && !r.Failed
	case v == 3:
		m.own = v
		return m.parse3(&r)
	}
	return false
}

// parse3 reads a message of version 3 behind its version (RFC 3412 section 6).
func (m *Message) parse3(r *ber.Reader) bool {
	h := r.In(ber.Sequence)
	h.Int(ber.Integer) // msgID
	h.Int(ber.Integer) // msgMaxSize
	h.Want(ber.OctetString)
	model := h.Int(ber.Integer)
	params := r.Want(ber.OctetString)
	if h.Failed || r.Failed {
		return false
	}
	if m.otherModel = model != securityUSM; !m.otherModel {
		p := ber.New(params)
		u := p.In(ber.Sequence)
		u.Want(ber.OctetString) // engine
		u.Int(ber.Integer)      // boots
		u.Int(ber.Integer)      // time
		if m.user, m.hasUser = u.Want(ber.OctetString), true; u.Failed {
			return false
		}
	}
	if _, ok := r.If(ber.OctetString); ok {
		m.encrypted = true
		return true
	}
	s := r.In(ber.Sequence)
	s.Want(ber.OctetString) // engine
	m.context = s.Want(ber.OctetString)
	return !s.Failed && m.readPDU(&s)
}

// readPDU reads a PDU (RFC 3416 section 3, RFC 1157 section 4.1).
func (m *Message) readPDU(r *ber.Reader) bool {
	id, body, ok := r.Next()
	if !ok || id&^0x1f != idPDU || int(id&0x1f) >= len(pdus) {
		return false
	}
	m.pdu = int(id & 0x1f)
	p := ber.New(body)
	if m.pdu == pduTrap1 {
		m.enterprise = m.oid(p.Want(ber.OID))
		if a, ok := netip.AddrFromSlice(p.Want(idAddress)); ok && a.Is4() {
			m.agent = a.AppendTo(m.agentBuf[:0])
		}
		m.trap = p.Int(ber.Integer)
		p.Int(ber.Integer) // specific trap
		p.Next()           // time stamp
	} else {
		p.Int(ber.Integer) // request
		if m.status = p.Int(ber.Integer); m.pdu == pduBulk {
			m.status = 0 // non-repeaters
		}
		p.Int(ber.Integer) // index of the error, or max-repetitions
	}
	list := p.In(ber.Sequence)
	for list.More() && !list.Failed {
		v := list.In(ber.Sequence)
		name := v.Want(ber.OID)
		_, value, _ := v.Next()
		if v.Failed {
			return false
		}
		if m.cut = len(m.vars) == maxVars; !m.cut {
			m.vars = append(m.vars, variable{m.oid(name), value})
		}
	}
	return !p.Failed && !list.Failed
}

// probe takes a whole message on the usual ports. Elsewhere one that strays into another protocol's flow would take that over.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	pdu, ok := envelope(data)
	if !ok || !hint {
		return dissect.No
	}
	// Who answers is the server, whoever was heard first.
	if pdu == pduResponse && dir == dissect.ToServer || pdu >= 0 && pdu != pduResponse && pdu != pduReport && dir == dissect.ToClient {
		return dissect.Reversed
	}
	return dissect.Yes
}

// envelope tells whether b looks like a message, and the type of its PDU where it is in clear, else -1.
func envelope(b []byte) (pdu int, ok bool) {
	if len(b) < 4 || b[0] != ber.Sequence {
		return -1, false
	}
	all := ber.New(b)
	r := all.In(ber.Sequence)
	v := r.Int(ber.Integer)
	switch {
	case r.Failed:
		return -1, false
	case v == 0 || v == 1:
		r.Want(ber.OctetString)
	case v == 3:
		r.Want(ber.Sequence)
		r.Want(ber.OctetString)
		id := r.Peek()
		return -1, !r.Failed && (id == ber.Sequence || id == ber.OctetString)
	default:
		return -1, false
	}
	id := r.Peek()
	pdu = int(id & 0x1f)
	return pdu, !r.Failed && id&^0x1f == idPDU && pdu < len(pdus)
}

type parser struct {
	m       Message
	version int64
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	m := &p.m
	m.reset()
	ok := m.parse(data)
	if p.version == 0 {
		p.version = m.own
	}
	if m.version = p.version; !ok {
		c.Failed()
		c.Anomaly(anMalformed, nil)
		return len(data)
	}
	if m.cut {
		c.Capped(capVars)
	}
	m.id = c.NextTxID()
	if m.own != m.version {
		c.Anomaly(anVersion, m)
	}
	if m.otherModel {
		c.Anomaly(anModel, m)
	}
	c.Emit(evMessage, m)
	return len(data)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// keepText is how much memory for text a parser keeps for another flow, bytes; keepVars as many variables.
const (
	keepText = 2 << 10
	keepVars = 64
)

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	if cap(p.m.text) > keepText || cap(p.m.vars) > keepVars {
		p.m.text, p.m.vars = nil, nil
	}
	p.m.reset()
	p.version = 0
}
