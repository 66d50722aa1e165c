package packet

const ipv6HdrLen = 40

// Bits of Packet.ExtHeaders.
const (
	ExtHopByHop = 1 << iota
	ExtRouting
	ExtFragment
	ExtDstOpts
	ExtDstOpts2 // destination options come before and after a routing header
	ExtAH
	ExtESP
	ExtMobility
	ExtHIP
	ExtShim6
	ExtNoNext
)

// ipv6 decodes an IPv6 header (RFC 8200), its extension headers and what follows.
func (d *Decoder) ipv6(p *Packet, b []byte, off int) bool {
	d.Stats.IPv6++
	if !d.layer(p, off) {
		return false
	}
	if len(b) < ipv6HdrLen {
		return d.bad(p, EvIPv6TooSmall)
	}
	h := b[:ipv6HdrLen:ipv6HdrLen]
	if h[0]>>4 != 6 {
		return d.bad(p, EvIPv6WrongVersion)
	}
	total := ipv6HdrLen + int(be16(h[4:6]))
	if total > len(b) {
		if !p.cut() {
			return d.bad(p, EvIPv6Truncated)
		}
		d.note(p, EvIPv6Truncated)
		total = len(b)
	}
	p.Layers |= LayerIPv6
	p.IPVersion = 6
	p.IPOff, p.IPHdrLen, p.IPLen = uint16(off), ipv6HdrLen, uint32(total)
	p.TOS = h[0]<<4 | h[1]>>4
	p.TTL = h[7]
	p.IPID, p.FragOff, p.IPFlags, p.ExtHeaders = 0, 0, 0, 0
	p.Src, p.Dst = Addr(h[8:24]), Addr(h[24:40])
	next := h[6]
	p.IPProto = next
	b, off = b[ipv6HdrLen:total], off+ipv6HdrLen
	p.L4Off = uint16(off)
	switch next {
	case ProtoTCP:
		d.tcp(p, b, off)
	case ProtoUDP:
		d.udp(p, b, off)
	case ProtoICMPv6:
		d.icmpv6(p, b, off)
	default:
		d.ipv6Chain(p, next, b, off)
	}
	return true
}

// ipv6Chain walks the extension headers from the one of type next on.
func (d *Decoder) ipv6Chain(p *Packet, next uint8, b []byte, off int) {
	for first := true; ; first = false {
		p.IPProto = next
		if !first && len(b) < 2 && next != ProtoNoNext {
			p.Payload = b
			d.bad(p, EvIPv6TruncatedExt)
			return
		}
		n := 0 // length of this header
		switch next {
		case ProtoHopByHop, ProtoDstOpts, ProtoRouting, protoMobility, protoHIP, protoShim6:
			if len(b) >= 2 {
				n = 8 + int(b[1])*8
			}
		case ProtoAH:
			if len(b) >= 2 {
				n = max(12, (int(b[1])+2)*4)
			}
		case ProtoFragment:
			n = 8
		default:
			d.ipv6Proto(p, next, b, off)
			return
		}
		if len(b) < 2 || n > len(b) || off+n > maxOff {
			p.Payload = b
			d.bad(p, EvIPv6TruncatedExt)
			return
		}
		if !d.ipv6Ext(p, next, b, n, off) {
			return
		}
		next = b[0]
		b, off = b[n:], off+n
		p.IPHdrLen = uint16(off) - p.IPOff
		p.L4Off = uint16(off)
	}
}

// ipv6Ext takes note of one extension header of n bytes; false for a fragment, whose rest is
// decoded when the datagram is whole.
func (d *Decoder) ipv6Ext(p *Packet, kind uint8, b []byte, n, off int) bool {
	switch kind {
	case ProtoHopByHop:
		if d.firstExt(p, ExtHopByHop, EvIPv6DupHopByHop) {
			d.ipv6Options(p, b[2:n], EvIPv6HopOptsUnknown, EvIPv6HopOptsOnlyPadding)
		}
	case ProtoDstOpts:
		switch {
		case p.ExtHeaders&ExtDstOpts == 0:
			p.ExtHeaders |= ExtDstOpts
		case p.ExtHeaders&ExtDstOpts2 == 0:
			p.ExtHeaders |= ExtDstOpts2
		default:
			d.note(p, EvIPv6DupDstOpts)
			return true
		}
		d.ipv6Options(p, b[2:n], EvIPv6DstOptsUnknown, EvIPv6DstOptsOnlyPadding)
	case ProtoRouting:
		if d.firstExt(p, ExtRouting, EvIPv6DupRouting) && b[2] == 0 {
			d.note(p, EvIPv6RoutingType0)
		}
	case ProtoAH:
		if be16(b[2:]) != 0 {
			d.note(p, EvIPv6AHReserved)
		}
		d.firstExt(p, ExtAH, EvIPv6DupAH)
	case ProtoFragment:
		return d.ipv6Fragment(p, b, off)
	case protoMobility:
		p.ExtHeaders |= ExtMobility
	case protoHIP:
		p.ExtHeaders |= ExtHIP
	case protoShim6:
		p.ExtHeaders |= ExtShim6
	}
	return true
}

// firstExt notes an extension header that may come once.
func (d *Decoder) firstExt(p *Packet, bit uint16, dup Event) bool {
	if p.ExtHeaders&bit != 0 {
		d.note(p, dup)
		return false
	}
	p.ExtHeaders |= bit
	return true
}

// ipv6Fragment decodes a fragment header (RFC 8200 section 4.5). An atomic fragment
// (RFC 6946) is decoded on at once: true.
func (d *Decoder) ipv6Fragment(p *Packet, b []byte, off int) bool {
	if b[1] != 0 {
		d.note(p, EvIPv6FragReserved)
	}
	if !d.firstExt(p, ExtFragment, EvIPv6DupFragment) {
		return true
	}
	w := be16(b[2:])
	p.FragOff, p.IPFlags = w&0xfff8, uint8(w&1)
	p.IPID = be32(b[4:])
	p.FragHdrOff = uint16(off)
	if w&0xfff9 == 0 {
		d.note(p, EvIPv6UselessFragment)
		return true
	}
	if w&1 != 0 && len(b)%8 != 0 {
		d.note(p, EvIPv6FragInvalidLen)
	}
	p.Layers |= LayerFragment
	p.IPProto = b[0]
	p.IPHdrLen = uint16(off) + 8 - p.IPOff
	p.L4Off = uint16(off) + 8
	return false
}

// ipv6Options looks through the options of a hop-by-hop or destination header (RFC 8200
// section 4.2).
func (d *Decoder) ipv6Options(p *Packet, b []byte, unknown, onlyPad Event) {
	pads, others := false, false
	for len(b) > 0 {
		if b[0] == 0 { // Pad1
			pads = true
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1])+2 > len(b) {
			d.bad(p, EvIPv6InvalidOptLen)
			break
		}
		n := int(b[1])
		least := 0
		switch b[0] {
		case 1: // PadN
			pads = true
			if n == 0 {
				d.note(p, EvIPv6ZeroLenPadN)
			}
		case 5: // router alert, RFC 2711
			least, others = 2, true
		case 0xc2: // jumbo payload, RFC 2675
			least = 4
		case 0xc9: // home address, RFC 6275
			least, others = 16, true
		default:
			others = true
			d.note(p, unknown)
		}
		if n < least {
			d.bad(p, EvIPv6InvalidOptLen)
			break
		}
		b = b[2+n:]
	}
	if pads && !others {
		d.note(p, onlyPad)
	}
}

// ipv6Proto decodes the upper layer.
func (d *Decoder) ipv6Proto(p *Packet, next uint8, b []byte, off int) {
	switch next {
	case ProtoNoNext:
		p.ExtHeaders |= ExtNoNext
		p.Payload = b
		if len(b) > 0 {
			d.note(p, EvIPv6DataAfterNone)
		}
	case ProtoTCP:
		d.tcp(p, b, off)
	case ProtoUDP:
		d.udp(p, b, off)
	case ProtoICMPv6:
		d.icmpv6(p, b, off)
	case ProtoSCTP:
		d.sctp(p, b, off)
	case ProtoGRE:
		d.gre(p, b, off)
	case ProtoESP:
		p.ExtHeaders |= ExtESP
		d.esp(p, b, off)
	case ProtoIPIP:
		d.inIPv6(p, b, 4)
	case ProtoIPv6:
		d.inIPv6(p, b, 6)
	case ProtoICMP:
		p.Payload = b
		d.note(p, EvIPv6WithICMPv4)
	default:
		p.Payload = b
		d.note(p, EvIPv6UnknownNext)
	}
}

// inIPv6 takes the packet of IP version v that an IPv6 packet carries (RFC 2473).
func (d *Decoder) inIPv6(p *Packet, b []byte, v byte) {
	small, wrong, n := EvIPv4InIPv6TooSmall, EvIPv4InIPv6WrongVersion, ipv4HdrLen
	kind, link := TunnelIPIP, linkIP4
	if v == 6 {
		small, wrong, n = EvIPv6InIPv6TooSmall, EvIPv6InIPv6WrongVersion, ipv6HdrLen
		kind, link = Tunnel6in4, linkIP6
	}
	p.Payload = b
	if len(b) < n {
		d.bad(p, small)
		return
	}
	if b[0]>>4 != v {
		d.bad(p, wrong)
		return
	}
	p.WantsFlow = true
	p.tunnel(kind, link, b, 0)
}
