package quic

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
)

// Frame types that Initial packets have (RFC 9000 section 19), and Google's stream of hellos.
const (
	framePadding = 0x00
	framePing    = 0x01
	frameAck     = 0x02
	frameAckECN  = 0x03
	frameCrypto  = 0x06
	frameGoogle  = 0x08
	streamBit    = 0x80 // Google's stream frames
)

// frames reads the frames of an Initial packet. false: one of them is not as it should be.
func (p *parser) frames(b []byte, s *crypto, t *Tx) bool {
	c := cursor{b: b}
	for len(c.b) > 0 {
		kind := uint64(c.b[0])
		if isGoogle(t.version) {
			c.u8()
		} else { // a number, which some take in more bytes than it needs (RFC 9000 section 12.4)
			kind = c.varint()
		}
		switch {
		case kind&streamBit != 0 && isGoogle(t.version):
			c.stream(byte(kind), t)
		case kind == framePadding:
			c.b = bytes.TrimLeft(c.b, "\x00")
		case kind == framePing:
		case kind == frameAck || kind == frameAckECN:
			c.ack(kind == frameAckECN)
		case kind == frameCrypto:
			off := c.varint()
			data := c.take(c.varint())
			if !c.bad {
				s.add(off, data)
			}
		case kind == frameGoogle && isGoogle(t.version):
			c.varint()
			if data := c.take(c.varint()); !c.bad {
				t.google(data)
			}
		default:
			return true // nothing else says anything about the hello, and what is behind it cannot be found
		}
		if c.bad {
			return false
		}
	}
	return true
}

// ack passes over an ACK frame (RFC 9000 section 19.3).
func (c *cursor) ack(ecn bool) {
	c.varint()
	c.varint()
	n := c.varint()
	c.varint()
	for ; n > 0 && !c.bad; n-- {
		c.varint()
		c.varint()
	}
	for i := 0; ecn && i < 3; i++ {
		c.varint()
	}
}

// stream reads a stream frame of Google's versions: 1fdooossB, then the stream's number, offset, length and data.
func (c *cursor) stream(kind byte, t *Tx) {
	off := uint64(kind >> 2 & 7)
	if off > 0 {
		off++
	}
	c.take(uint64(kind&3) + 1)
	c.take(off)
	n := uint64(len(c.b))
	if kind&0x20 != 0 {
		if v := c.take(2); v != nil {
			n = uint64(binary.BigEndian.Uint16(v))
		}
	}
	if data := c.take(n); !c.bad {
		t.google(data)
	}
}

// Caps on what is kept of a hello that comes in pieces.
const (
	maxCrypto = 65535 // bytes of one direction's handshake
	maxPieces = 512
)

// crypto gathers the pieces of the handshake that one side sends in Initial packets, in whatever order. Pieces are kept as they came,
// so that memory follows what was sent and not what offsets claim.
type crypto struct {
	data    []byte
	pieces  []piece // by offset
	tooLong bool    // there was more than is kept
}

// piece is a stretch of the handshake, data[at:at+n].
type piece struct {
	off   uint64
	at, n int
}

func (s *crypto) reset() {
	if cap(s.data) > keepCrypto {
		s.data = nil
	}
	*s = crypto{data: s.data[:0], pieces: s.pieces[:0]}
}

// keepCrypto is the memory that stays with a parser, bytes.
const keepCrypto = 4 << 10

// add keeps a piece of the handshake.
func (s *crypto) add(off uint64, data []byte) {
	if off+uint64(len(data)) > maxCrypto || len(s.data)+len(data) > maxCrypto || len(s.pieces) == maxPieces {
		s.tooLong = true
		return
	}
	i, _ := slices.BinarySearchFunc(s.pieces, off, func(p piece, off uint64) int {
		if p.off <= off { // of two that begin alike the first comes first
			return -1
		}
		return 1
	})
	s.pieces = slices.Insert(s.pieces, i, piece{off, len(s.data), len(data)})
	s.data = append(s.data, data...)
}

// hello gives the first message of the handshake: its type and body, which lies in work; ok is false while something of it is missing.
// Where pieces overlap the one that begins first counts.
func (s *crypto) hello(work []byte) (kind byte, body, grown []byte, ok bool) {
	work = work[:0]
	for _, p := range s.pieces {
		if p.off > uint64(len(work)) {
			break
		}
		if have := len(work) - int(p.off); have < p.n {
			work = append(work, s.data[p.at+have:p.at+p.n]...)
		}
	}
	const head = 4 // type and length of a handshake message (RFC 8446 section 4)
	if len(work) < head {
		return 0, nil, work, false
	}
	n := int(work[1])<<16 | int(work[2])<<8 | int(work[3])
	if n > maxCrypto-head {
		s.tooLong = true
	}
	if len(work)-head < n {
		return 0, nil, work, false
	}
	return work[0], work[head : head+n], work, true
}

// work is memory that is needed during a call only.
type work struct{ plain, hello []byte }

var works = sync.Pool{New: func() any { return &work{plain: make([]byte, 0, 4<<10), hello: make([]byte, 0, 4<<10)} }}
