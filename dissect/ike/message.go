package ike

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Caps on what is kept of a message; what is beyond is left out.
const (
	maxPayloads   = 64
	maxVendors    = 64
	maxTransforms = 64
	maxAttributes = 32 // of a transform
	maxNotify     = 64
	maxNested     = 256 // proposals and transforms of one message that are looked at
	// keepText is the largest buffer that is used for another vendor's id, or another flow, bytes.
	keepText = 4 << 10
)

// Flags of the header.
const (
	flagEncrypted = 0x01 // version 1: all behind the header
	flagInitiator = 0x08 // version 2: of who began the exchange
)

// attribute is one of a transform of version 1 (RFC 2409 appendix A).
type attribute struct {
	kind   uint16
	value  uint32
	number bool
	raw    []byte // where it is no number
}

// side is what one side of a connection said in clear, version 1.
type side struct {
	key, nonce []byte
	transforms int
	chosen     []attribute // the first transform
}

func (s *side) reset() { *s = side{key: s.key[:0], nonce: s.nonce[:0], chosen: s.chosen[:0]} }

func (s *side) clone() side {
	return side{bytes.Clone(s.key), bytes.Clone(s.nonce), s.transforms, cloneAttributes(s.chosen)}
}

func cloneAttributes(list []attribute) []attribute {
	list = slices.Clone(list)
	for i := range list {
		list[i].raw = bytes.Clone(list[i].raw)
	}
	return list
}

// Message is a message of either side, and what the connection has agreed on so far.
type Message struct {
	dissect.MatchState
	id         uint64
	client     bool
	version    byte
	initiator  [16]byte // the SPIs in hexadecimal
	responder  [16]byte
	exchange   byte
	flags      byte
	number     uint32
	payloads   []byte // kinds of payloads
	key, nonce []byte
	vendors    [][]byte // in hexadecimal
	transforms [][]attribute
	notify     []uint16
	errors     int
	// chosen are the algorithms that the message selects, version 2, by type of transform; -1: none
	chosen [transformTypes]int
	raised uint32 // anomalies

	// of the connection
	spi    [16]byte // of who began it, in hexadecimal
	doi    int64    // -1: not known
	sides  [2]side
	agreed [transformTypes]int // algorithms of version 2, -1: not known
}

// transformTypes bounds the types of transforms of version 2 (RFC 7296 section 3.3.2).
const transformTypes = 6

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset() {
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, payloads: m.payloads[:0], key: m.key[:0], nonce: m.nonce[:0], vendors: m.vendors[:0], transforms: m.transforms[:0],
		notify: m.notify[:0], spi: m.spi, doi: m.doi, sides: m.sides, agreed: m.agreed}
	m.chosen = none
}

// none is a choice of no algorithm at all.
var none = [transformTypes]int{-1, -1, -1, -1, -1, -1}

// trim gives large memory back.
func (m *Message) trim() {
	for _, b := range []*[]byte{&m.key, &m.nonce, &m.sides[0].key, &m.sides[0].nonce, &m.sides[1].key, &m.sides[1].nonce} {
		if cap(*b) > keepText {
			*b = nil
		}
	}
	for i, all := 0, m.vendors[:cap(m.vendors)]; i < len(all); i++ {
		if cap(all[i]) > keepText {
			all[i] = nil
		}
	}
}

// forget forgets the connection.
func (m *Message) forget() {
	m.doi, m.agreed = -1, none
	for i := range m.sides {
		m.sides[i].reset()
	}
}

func (m *Message) clone() *Message {
	c := *m
	c.MatchState = dissect.MatchState{}
	c.payloads, c.key, c.nonce, c.notify = bytes.Clone(m.payloads), bytes.Clone(m.key), bytes.Clone(m.nonce), slices.Clone(m.notify)
	c.vendors = slices.Clone(m.vendors)
	for i := range c.vendors {
		c.vendors[i] = bytes.Clone(c.vendors[i])
	}
	c.transforms = slices.Clone(m.transforms)
	for i := range c.transforms {
		c.transforms[i] = cloneAttributes(c.transforms[i])
	}
	for i := range c.sides {
		c.sides[i] = m.sides[i].clone()
	}
	return &c
}

// encrypted tells whether only the header can be read.
func (m *Message) encrypted() bool { return m.version>>4 == 1 && m.flags&flagEncrypted != 0 }

// raise notes an anomaly.
func (m *Message) raise(n int) { m.raised |= 1 << n }

// parse reads a message; b has headerLen bytes or more. false: it is not as it should be.
func (m *Message) parse(b []byte, dir dissect.Dir) bool {
	m.client = dir == dissect.ToServer
	hex.Encode(m.initiator[:], b[:8])
	hex.Encode(m.responder[:], b[8:16])
	if string(b[8:16]) == zeroSPI && m.spi != m.initiator {
		m.forget() // another connection between the same ports
	}
	m.spi = m.initiator
	next := b[16]
	m.version, m.exchange, m.flags, m.number = b[17], b[18], b[19], binary.BigEndian.Uint32(b[20:])
	length := int(binary.BigEndian.Uint32(b[24:]))
	if length < headerLen || length > len(b) {
		return false
	}
	if length < len(b) {
		m.raise(anExtraData)
	}
	body := b[headerLen:length]
	m.addPayload(next)
	switch m.version >> 4 {
	case 1:
		if m.encrypted() {
			return true
		}
		return m.version1(body, next, dir)
	case 2:
		return m.version2(body, next, dir)
	}
	return false
}

func (m *Message) addPayload(kind byte) {
	if len(m.payloads) < maxPayloads {
		m.payloads = append(m.payloads, kind)
	}
}

// payload takes a payload off b: the kind of the next one and its content (RFC 7296 section 3.2).
func payload(b []byte) (next byte, content, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 4 || n > len(b) {
		return 0, nil, nil, false
	}
	return b[0], b[4:n], b[n:], true
}
