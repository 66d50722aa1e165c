package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/luanids/luanids/dissect/packet"
)

// Lines that announce a flow may come in several packets: a person types them, or somebody hopes that nobody puts them
// together. The beginnings of such lines are kept, one for each direction of a connection, until the packet comes that goes on
// where they end. What is sent out of order is not put together.
type lineStart struct {
	hash uint64 // of the flow
	src  packet.Addr
	port uint16 // of src
	n    uint8
	next uint32 // sequence number of what is missing
	open bool
	text [maxLineStart]byte
}

const (
	lineStarts   = 256 // that are kept; a power of two
	maxLineStart = 128 // bytes of a line that announces something
)

// startAt gives the place for the beginning of a line of a packet's direction; own tells whether it is there.
func (p *pins) startAt(pkt *packet.Packet) (l *lineStart, own bool) {
	l = &p.starts[(pkt.Hash^uint64(pkt.SrcPort))%lineStarts]
	return l, l.open && l.hash == pkt.Hash && l.port == pkt.SrcPort && l.src == pkt.Src
}

// startOf gives the beginning that a packet may go on with, nil for none.
func (p *pins) startOf(pkt *packet.Packet) *lineStart {
	if l, own := p.startAt(pkt); own && l.next == pkt.Seq {
		return l
	}
	return nil
}

// keepStart keeps the beginning of a line that is the end of a packet.
func (p *pins) keepStart(pkt *packet.Packet, b []byte) {
	if len(b) > maxLineStart || pkt.TCPFlags&packet.SYN != 0 {
		return
	}
	l, own := p.startAt(pkt)
	next := pkt.Seq + uint32(len(pkt.Payload))
	if own && int32(l.next-next) >= 0 {
		return // sent again
	}
	if !l.open {
		p.open++
	}
	*l = lineStart{hash: pkt.Hash, src: pkt.Src, port: pkt.SrcPort, open: true, next: next}
	l.n = uint8(copy(l.text[:], b))
}

// goOn adds the payload of a packet to the beginning of a line, and takes note of what the line announces once it is complete. It gives
// what of the payload is behind the line.
func (p *pins) goOn(l *lineStart, pkt *packet.Packet, now int64) []byte {
	rest := pkt.Payload
	line := rest
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		line, rest = rest[:i+1], rest[i+1:]
	} else {
		rest = nil
	}
	fits := int(l.n)+len(line) <= maxLineStart
	if fits {
		l.n += uint8(copy(l.text[l.n:], line))
		l.next += uint32(len(line))
	}
	whole := l.text[:l.n]
	which := p.word(whole)
	if complete := line[len(line)-1] == '\n'; fits && which >= 0 && !complete {
		return nil
	} else if fits && which >= 0 {
		if port := p.ports[which](whole); port != 0 {
			p.add(pkt, port, now)
		}
	}
	l.open = false
	p.open--
	return rest
}

// word tells which of the announcements bytes begin with, or may begin with if they are fewer than four; -1 for none.
func (p *pins) word(b []byte) int {
	word, mask := uint32(0), ^uint32(0)
	if len(b) >= 4 {
		word = binary.BigEndian.Uint32(b) | eitherBit
	} else {
		var first [4]byte
		mask <<= 8 * (4 - copy(first[:], b))
		word = (binary.BigEndian.Uint32(first[:]) | eitherBit) & mask
	}
	for i, w := range p.words {
		if w&mask == word {
			return i
		}
	}
	return -1
}
