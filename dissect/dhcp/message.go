package dhcp

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

const (
	headerLen   = 240 // with the magic of the options, bytes
	magic       = "\x63\x82\x53\x63"
	maxHardware = 16 // longest hardware address, bytes
	bootRequest = 1
	bootReply   = 2
)

// Options that are looked at (RFC 2132, RFC 3004).
const (
	optPad         = 0
	optMask        = 1
	optRouters     = 3
	optDNS         = 6
	optHostname    = 12
	optDomain      = 15
	optRequested   = 50
	optLease       = 51
	optType        = 53
	optServer      = 54
	optParams      = 55
	optRenewal     = 58
	optRebinding   = 59
	optVendorClass = 60
	optClientID    = 61
	optEnd         = 255
)

// kinds are the types of messages (RFC 2132 section 9.6).
var kinds = [...]string{"", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform"}

// Message is a message of either side.
type Message struct {
	dissect.MatchState
	id                             uint64
	op                             byte
	xid                            uint32
	mac                            [3*maxHardware - 1]byte // in text
	macLen                         int
	client, assigned, server, next [4]byte // server is the relay's
	data                           []byte  // of the options below
	opts                           [256]span
	order                          []byte // codes in the order of their first mention
	truncated, malformed           bool
}

// span is an option's value in Message.data.
type span struct {
	off, n uint16
	there  bool
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset(id uint64) {
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, id: id, data: m.data[:0], order: m.order[:0]}
}

func (m *Message) clone() *Message {
	n := *m
	n.MatchState = dissect.MatchState{}
	n.data, n.order = bytes.Clone(m.data), bytes.Clone(m.order)
	return &n
}

// parse reads a message; b has headerLen bytes or more.
func (m *Message) parse(b []byte) {
	m.op, m.xid = b[0], binary.BigEndian.Uint32(b[4:])
	copy(m.client[:], b[12:])
	copy(m.assigned[:], b[16:])
	copy(m.next[:], b[20:])
	copy(m.server[:], b[24:])
	m.macLen = len(appendHex(m.mac[:0], b[28:28+min(int(b[2]), maxHardware)]))
	m.options(b[headerLen:])
}

// options reads the options. A value that comes in several pieces is put together where they follow each other (RFC 3396).
func (m *Message) options(b []byte) {
	for len(b) > 0 {
		code := b[0]
		if code == optEnd {
			return
		}
		if b = b[1:]; code == optPad {
			continue
		}
		if len(b) == 0 || int(b[0]) > len(b)-1 {
			m.truncated = true
			return
		}
		v := b[1 : 1+int(b[0])]
		b = b[1+len(v):]
		switch o := &m.opts[code]; {
		case !o.there:
			*o = span{uint16(len(m.data)), uint16(len(v)), true}
			m.order = append(m.order, code)
			m.data = append(m.data, v...)
		case int(o.off)+int(o.n) == len(m.data):
			o.n += uint16(len(v))
			m.data = append(m.data, v...)
		}
		m.check(code, v)
	}
}

// check notes options whose length cannot be.
func (m *Message) check(code byte, v []byte) {
	switch code {
	case optMask, optRequested, optLease, optServer, optRenewal, optRebinding:
		m.malformed = m.malformed || len(v) != 4
	case optType:
		m.malformed = m.malformed || len(v) != 1
	case optRouters, optDNS:
		m.malformed = m.malformed || len(v)%4 != 0
	case optClientID:
		m.malformed = m.malformed || len(v) < 2
	}
}

// option gives the value of an option, nil without it.
func (m *Message) option(code byte) []byte {
	o := m.opts[code]
	if !o.there {
		return nil
	}
	return m.data[o.off : int(o.off)+int(o.n) : int(o.off)+int(o.n)]
}

// seconds gives the value of an option that is a time.
func (m *Message) seconds(code byte) (int64, bool) {
	if v := m.option(code); len(v) == 4 {
		return int64(binary.BigEndian.Uint32(v)), true
	}
	return 0, false
}

// address gives the i-th address of an option.
func (m *Message) address(code byte, i int) (netip.Addr, bool) {
	v := m.option(code)
	if 4*i+4 > len(v) {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte(v[4*i:])), true
}

// kind is the type of message, "" without one.
func (m *Message) kind() string {
	v := m.option(optType)
	switch {
	case len(v) == 0:
		return ""
	case int(v[0]) < len(kinds) && v[0] > 0:
		return kinds[v[0]]
	}
	return "unknown"
}

func (m *Message) opName() string {
	switch m.op {
	case bootRequest:
		return "request"
	case bootReply:
		return "reply"
	}
	return "<unknown>"
}

// appendHex appends bytes as addresses are written: 02:00:0a:0a:01:10.
func appendHex(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	return dst
}
