package packet

// PPP protocol numbers (https://www.iana.org/assignments/ppp-numbers).
const (
	pppIPv4    = 0x0021
	pppVJUncom = 0x002f
	pppIPv6    = 0x0057
)

// pppKnown tells whether a protocol number is an assigned one that is not decoded.
func pppKnown(proto uint16) bool {
	switch proto {
	case 0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x0031, 0x0033, 0x0035, 0x003d, 0x003f, 0x0041,
		0x0043, 0x0045, 0x0047, 0x0049, 0x004b, 0x004d, 0x004f, 0x0051, 0x0053, 0x0055, 0x0059, 0x00fb, 0x00fd,
		0x0201, 0x0203, 0x0205, 0x0207, 0x0281, 0x0283,
		0x8021, 0x8023, 0x8025, 0x8027, 0x8029, 0x802b, 0x8031, 0x8033, 0x8035, 0x803d, 0x803f, 0x8041, 0x8047,
		0x8049, 0x804d, 0x8053, 0x8055, 0x8057, 0x80fb, 0x80fd, 0x8281,
		0xc021, 0xc023, 0xc025, 0xc027, 0xc029, 0xc02b, 0xc223, 0xc227:
		return true
	}
	return false
}

// ppp decodes a frame of RFC 1661, with or without the address and control bytes of
// RFC 1662, and with a protocol field of one or two bytes.
func (d *Decoder) ppp(p *Packet, b []byte, off int) bool {
	d.Stats.PPP++
	if len(b) < 2 {
		return d.bad(p, EvPPPTooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	if b[0] == 0xff && b[1] == 3 {
		b, off = b[2:], off+2
	}
	proto, n := pppProto(b)
	if n == 0 {
		return d.bad(p, EvPPPTooSmall)
	}
	p.Layers |= LayerPPP
	return d.pppPayload(p, proto, b[n:], off+n)
}

// pppProto reads a protocol field: an odd first byte is all of it (RFC 1661 section 2). The
// length is 0 when there is not enough.
func pppProto(b []byte) (proto uint16, n int) {
	switch {
	case len(b) >= 1 && b[0]&1 == 1:
		return uint16(b[0]), 1
	case len(b) >= 2:
		return be16(b), 2
	}
	return 0, 0
}

func (d *Decoder) pppPayload(p *Packet, proto uint16, b []byte, off int) bool {
	switch proto {
	case pppIPv4, pppVJUncom:
		if len(b) < ipv4HdrLen {
			if proto == pppVJUncom {
				return d.bad(p, EvPPPVJUTooSmall)
			}
			return d.bad(p, EvPPPIPv4TooSmall)
		}
		p.vju = proto == pppVJUncom
		p.EtherType = etherIPv4
		return d.ipv4(p, b, off)
	case pppIPv6:
		if len(b) < ipv6HdrLen {
			return d.bad(p, EvPPPIPv6TooSmall)
		}
		p.EtherType = etherIPv6
		return d.ipv6(p, b, off)
	}
	p.Payload = b
	if pppKnown(proto) {
		d.note(p, EvPPPUnsupported)
		return true
	}
	return d.bad(p, EvPPPWrongType)
}

// PPPoE codes (RFC 2516).
const (
	pppoeSession = 0x00
	pppoePADO    = 0x07
	pppoePADI    = 0x09
	pppoePADR    = 0x19
	pppoePADS    = 0x65
	pppoePADT    = 0xa7
)

const pppoeHdrLen = 6

func (d *Decoder) pppoeSession(p *Packet, b []byte, off int) bool {
	d.Stats.PPPoE++
	if len(b) < pppoeHdrLen+1 {
		return d.bad(p, EvPPPoETooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	switch b[1] {
	case pppoeSession, pppoePADO, pppoePADI, pppoePADR, pppoePADS, pppoePADT:
	default:
		return d.bad(p, EvPPPoEWrongCode)
	}
	b, off = b[pppoeHdrLen:], off+pppoeHdrLen
	proto, n := pppProto(b)
	if n == 0 {
		return d.bad(p, EvPPPoETooSmall)
	}
	p.Layers |= LayerPPPoE
	return d.pppPayload(p, proto, b[n:], off+n)
}

func (d *Decoder) pppoeDiscovery(p *Packet, b []byte, off int) bool {
	d.Stats.PPPoE++
	if len(b) < pppoeHdrLen {
		return d.bad(p, EvPPPoETooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	switch b[1] {
	case pppoePADO, pppoePADI, pppoePADR, pppoePADS, pppoePADT:
	default:
		return d.bad(p, EvPPPoEWrongCode)
	}
	p.Layers |= LayerPPPoE
	n := int(be16(b[4:]))
	b = b[pppoeHdrLen:]
	p.Payload = b
	if n > len(b) {
		return d.bad(p, EvPPPoEMalformedTags)
	}
	for b = b[:n]; len(b) >= 4; {
		t := 4 + int(be16(b[2:]))
		if t > len(b) {
			return d.bad(p, EvPPPoEMalformedTags)
		}
		b = b[t:]
	}
	return true
}

// chdlc decodes a Cisco HDLC frame: address, control, EtherType.
func (d *Decoder) chdlc(p *Packet, b []byte) bool {
	d.Stats.CHDLC++
	if len(b) < 4 {
		return d.bad(p, EvCHDLCTooSmall)
	}
	if !d.layer(p, 0) {
		return false
	}
	p.EtherType = be16(b[2:])
	return d.network(p, p.EtherType, b[4:], 4)
}
