package packet

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// sum adds b to a one's complement sum (RFC 1071), eight bytes at a time with the carry
// brought round. Byte order does not matter as long as it is one: the result of fold is in
// little-endian order.
func sum(s uint64, b []byte) uint64 {
	var c uint64
	for len(b) >= 32 {
		x := b[:32:32]
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(x[0:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(x[8:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(x[16:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(x[24:]), c)
		b = b[32:]
	}
	for len(b) >= 8 {
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b), c)
		b = b[8:]
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(tail[:]), c)
	}
	s, c = bits.Add64(s, 0, c)
	return s + c
}

// fold brings a sum down to 16 bits.
func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}

// Checksum is the Internet checksum of b (RFC 1071), in host order.
func Checksum(b []byte) uint16 { return bits.ReverseBytes16(^fold(sum(0, b))) }

// TransportChecksumOK verifies the checksum of TCP, UDP, ICMP, ICMPv6 or SCTP. It is true for
// packets without one, for UDP over IPv4 with none (0), and for headers that were cut.
func (p *Packet) TransportChecksumOK() bool {
	switch {
	case p.Cut, p.Unsummed:
		return true // nobody can tell
	case p.Layers&LayerTCP != 0:
		return p.pseudoOK(ProtoTCP, p.IPPayload())
	case p.Layers&LayerUDP != 0:
		b := p.Data[p.L4Off:][:udpHdrLen+len(p.Payload)]
		if b[6]|b[7] == 0 && p.Layers&LayerIPv4 != 0 {
			return true
		}
		return p.pseudoOK(ProtoUDP, b)
	case p.Layers&LayerICMP != 0:
		return fold(sum(0, p.IPPayload())) == 0xffff
	case p.Layers&LayerICMPv6 != 0:
		return p.pseudoOK(ProtoICMPv6, p.IPPayload())
	case p.Layers&LayerSCTP != 0:
		return p.sctpOK()
	}
	return true
}

// pseudoOK verifies a sum that covers b and the pseudo header (RFC 9293 section 3.1,
// RFC 8200 section 8.1).
func (p *Packet) pseudoOK(proto uint8, b []byte) bool {
	s := uint64(bits.ReverseBytes16(uint16(proto))) + uint64(bits.ReverseBytes16(uint16(len(b))))
	if p.Layers&LayerIPv4 != 0 {
		s += uint64(binary.LittleEndian.Uint32(p.Src[12:])) + uint64(binary.LittleEndian.Uint32(p.Dst[12:]))
	} else {
		s = sum(s, p.Src[:])
		s = sum(s, p.finalDst())
	}
	return fold(sum(s, b)) == 0xffff
}

// finalDst is the destination that IPv6 checksums cover: with a routing header of type 0 that
// has segments left it is the last address in it.
func (p *Packet) finalDst() []byte {
	if p.ExtHeaders&ExtRouting == 0 {
		return p.Dst[:]
	}
	next, off := p.Data[p.IPOff+6], int(p.IPOff)+ipv6HdrLen
	for off+8 <= int(p.L4Off) {
		b := p.Data[off:p.L4Off]
		n := 8 + int(b[1])*8
		switch next {
		case ProtoRouting:
			if (b[2] == 0 || b[2] == 2 || b[2] == 4) && b[3] > 0 && n >= 24 && n <= len(b) {
				if b[2] == 4 { // segment routing lists them in reverse (RFC 8754)
					return b[8:24]
				}
				return b[n-16 : n]
			}
			return p.Dst[:]
		case ProtoAH:
			n = (int(b[1]) + 2) * 4
		case ProtoFragment:
			n = 8
		}
		next, off = b[0], off+n
	}
	return p.Dst[:]
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sctpOK verifies the CRC-32C of RFC 9260 section 6.8.
func (p *Packet) sctpOK() bool {
	b := p.IPPayload()
	var zero [4]byte
	c := crc32.Update(0, castagnoli, b[:8])
	c = crc32.Update(c, castagnoli, zero[:])
	c = crc32.Update(c, castagnoli, b[12:])
	return c == binary.LittleEndian.Uint32(b[8:])
}
