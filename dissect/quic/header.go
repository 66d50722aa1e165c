package quic

import "encoding/binary"

// Kind is what a packet is.
type Kind uint8

// The kinds of packets (RFC 9000 section 17).
const (
	Short Kind = iota // a short header: encrypted with secret keys
	Initial
	ZeroRTT
	Handshake
	Retry
	VersionNegotiation
)

var kindNames = [...]string{"short", "initial", "0rtt", "handshake", "retry", "version_negotiation"}

// Bits of the first byte (RFC 9000 section 17.2), and of Google's public header up to Q043.
const (
	longBit  = 0x80
	fixedBit = 0x40

	googleVersion = 0x01
	googleNonce   = 0x04
	googleID      = 0x08
)

// maxID is the longest connection id of versions 1 and 2, bytes.
const maxID = 20

// header is a packet's header; the slices point into the packet.
type header struct {
	kind       Kind
	version    uint32
	versionRaw []byte // nil where the header has no version
	dcid, scid []byte
	size       int    // bytes up to the payload, which begins with the packet number
	payload    []byte // to the packet's end, which for most kinds is that of the datagram
	plain      bool   // Google's versions up to Q046: nothing is encrypted at first
}

// long is the number of the four types of long headers by version: version 2 has them in another order (RFC 9369 section 3.2).
var (
	long  = [4]Kind{Initial, ZeroRTT, Handshake, Retry}
	long2 = [4]Kind{Retry, Initial, ZeroRTT, Handshake}
)

// cursor reads from front to back.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) u8() byte {
	if v := c.take(1); v != nil {
		return v[0]
	}
	return 0
}

// varint reads a number of variable length (RFC 9000 section 16).
func (c *cursor) varint() uint64 {
	if len(c.b) == 0 {
		c.bad = true
		return 0
	}
	v := uint64(c.b[0] & 0x3f)
	for i, b := range c.take(1 << (c.b[0] >> 6)) {
		if i > 0 {
			v = v<<8 | uint64(b)
		}
	}
	return v
}

// parseHeader reads the header of the packet that b begins with.
func parseHeader(b []byte) (h header, ok bool) {
	c := cursor{b: b}
	first := c.u8()
	switch {
	case first&longBit != 0:
		h.longHeader(&c, first)
	case first&fixedBit == 0:
		h.publicHeader(&c, first)
	}
	if c.bad || len(b) == 0 {
		return h, false
	}
	h.size = len(b) - len(c.b)
	if h.follows() {
		n := c.varint()
		h.size = len(b) - len(c.b)
		if h.kind != Initial { // of which nothing is read: it may be cut off
			h.payload = c.take(min(n, uint64(len(c.b))))
			return h, true
		}
		h.payload = c.take(n)
		return h, !c.bad
	}
	h.payload = c.b
	return h, true
}

func (h *header) longHeader(c *cursor, first byte) {
	h.versionRaw = c.take(4)
	if c.bad {
		return
	}
	h.version = binary.BigEndian.Uint32(h.versionRaw)
	h.plain = h.version >= q043 && h.version <= q046
	switch {
	case h.version == 0:
		h.kind = VersionNegotiation
	case h.plain && h.version != q046: // Q046 took the numbers of the standard
		h.kind = [4]Kind{ZeroRTT, Handshake, Retry, Initial}[first&3]
		c.bad = first < 0xfc
	case h.version == version2 || h.version == version2Draft:
		h.kind = long2[first>>4&3]
	default:
		h.kind = long[first>>4&3]
	}
	if h.plain {
		n := c.u8()
		h.dcid, h.scid = c.take(shortLen(n>>4)), c.take(shortLen(n&15))
		if h.kind == Initial {
			c.take(4 + 12) // packet number, hash of the message
		}
		return
	}
	h.dcid = c.take(uint64(c.u8()))
	h.scid = c.take(uint64(c.u8()))
	if h.kind == Initial {
		c.take(c.varint()) // token
	}
}

// follows tells whether another packet may follow in the datagram: this one says where it ends.
func (h *header) follows() bool {
	if h.plain {
		return false
	}
	return h.kind == Initial || (h.kind == ZeroRTT || h.kind == Handshake) && saltOf(h.version) != nil
}

// shortLen is the length of a connection id as Q044 to Q046 have it.
func shortLen(n byte) uint64 {
	if n == 0 {
		return 0
	}
	return uint64(n) + 3
}

// publicHeader reads the header of Google's versions up to Q043.
func (h *header) publicHeader(c *cursor, first byte) {
	if first&googleID != 0 {
		h.dcid = c.take(8)
	} else if first&googleNonce != 0 {
		c.take(32)
	}
	if first&googleVersion != 0 {
		h.versionRaw = c.take(4)
		h.kind, h.plain = Initial, true
	}
	c.take(1 + uint64(first>>4&3)) // packet number
	if first&googleID != 0 {
		c.take(12) // hash of the message
	}
	if !c.bad && h.plain {
		h.version = binary.BigEndian.Uint32(h.versionRaw)
		c.bad = !isGoogle(h.version)
	}
}
