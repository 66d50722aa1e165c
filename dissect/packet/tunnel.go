package packet

import (
	"slices"

	"github.com/luanids/luanids/capture"
)

const (
	linkIP4 = capture.LinkIPv4
	linkIP6 = capture.LinkIPv6
)

// tunnel says that p carries the packet inner.
func (p *Packet) tunnel(kind Tunnel, link capture.LinkType, inner []byte, id uint32) {
	p.Layers |= LayerTunnel
	p.Inner, p.InnerKind, p.InnerLink, p.innerID = inner, kind, link, id
	p.Payload = inner
}

// countTunnel counts tunnels whose inner packet was valid.
func (d *Decoder) countTunnel(p *Packet) {
	switch p.InnerKind {
	case TunnelTeredo:
		d.Stats.Teredo++
	case TunnelIPIP:
		if p.IPVersion == 6 {
			d.Stats.IPv4InIPv6++
		} else {
			d.Stats.IPv4InIPv4++
		}
	case Tunnel6in4:
		if p.IPVersion == 6 {
			d.Stats.IPv6InIPv6++
		} else {
			d.Stats.IPv6InIPv4++
		}
	}
}

// Flags of a GRE header's first two bytes (RFC 1701, RFC 2784, RFC 2890, RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSeq      = 0x1000
	greStrict   = 0x0800
	greRecur    = 0x0700
	greAck      = 0x0080 // version 1
	greFlags0   = 0x00f8
	greFlags1   = 0x0078
)

const greHdrLen = 4

// gre decodes a GRE header of version 0 or 1.
func (d *Decoder) gre(p *Packet, b []byte, off int) bool {
	d.Stats.GRE++
	p.Payload = b
	if len(b) < greHdrLen {
		return d.bad(p, EvGRETooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	flags, proto := be16(b), be16(b[2:])
	var n int
	var e Event
	switch flags & 7 {
	case 0:
		n, e = gre0(flags, b)
	case 1:
		n, e = gre1(flags, proto, b)
	default:
		e = EvGREWrongVersion
	}
	if e != EvNone {
		return d.bad(p, e)
	}
	p.Layers |= LayerGRE
	p.L4Off, p.L4HdrLen = uint16(off), uint16(n)
	key := uint32(0)
	if flags&greKey != 0 {
		key = greKeyOf(flags, b)
	}
	d.greInner(p, flags, proto, key, b[n:])
	return true
}

func greKeyOf(flags uint16, b []byte) uint32 {
	if flags&7 == 1 {
		return uint32(be16(b[6:])) // the call ID; before it is the payload length
	}
	if flags&(greChecksum|greRouting) != 0 {
		return be32(b[8:])
	}
	return be32(b[4:])
}

// gre0 gives the length of a version 0 header, with the routing entries of RFC 1701.
func gre0(flags uint16, b []byte) (int, Event) {
	if flags&greRecur != 0 {
		return 0, EvGRE0Recur
	}
	if flags&greFlags0 != 0 {
		return 0, EvGRE0Flags
	}
	n := greHdrLen
	if flags&(greChecksum|greRouting) != 0 {
		n += 4
	}
	if flags&greKey != 0 {
		n += 4
	}
	if flags&greSeq != 0 {
		n += 4
	}
	if n > len(b) {
		return 0, EvGRE0HdrTooBig
	}
	if flags&greRouting == 0 {
		return n, EvNone
	}
	for n <= maxOff {
		if n+4 > len(b) {
			return 0, EvGRE0MalformedSRE
		}
		family, length := be16(b[n:]), int(b[n+3])
		n += 4
		if family == 0 && length == 0 {
			return n, EvNone
		}
		n += length
	}
	return 0, EvGRE0MalformedSRE
}

// gre1 gives the length of an enhanced (PPTP) header, RFC 2637 section 4.1.
func gre1(flags, proto uint16, b []byte) (int, Event) {
	switch {
	case flags&greChecksum != 0:
		return 0, EvGRE1Checksum
	case flags&greRouting != 0:
		return 0, EvGRE1Route
	case flags&greStrict != 0:
		return 0, EvGRE1SSR
	case flags&greRecur != 0:
		return 0, EvGRE1Recur
	case flags&greFlags1 != 0:
		return 0, EvGRE1Flags
	case proto != etherPPP:
		return 0, EvGRE1WrongProtocol
	case flags&greKey == 0:
		return 0, EvGRE1NoKey
	}
	n := greHdrLen + 4
	if flags&greSeq != 0 {
		n += 4
	}
	if flags&greAck != 0 {
		n += 4
	}
	if n > len(b) {
		return 0, EvGRE1HdrTooBig
	}
	return n, EvNone
}

func (d *Decoder) greInner(p *Packet, flags, proto uint16, key uint32, b []byte) {
	p.Payload = b
	switch proto {
	case etherIPv4:
		p.tunnel(TunnelGRE, linkIP4, b, key)
	case etherIPv6:
		p.tunnel(TunnelGRE, linkIP6, b, key)
	case etherPPP:
		if len(b) > 0 { // an acknowledgement alone carries none
			p.tunnel(TunnelGRE, capture.LinkPPP, b, key)
		}
	case etherVLAN:
		p.tunnel(TunnelGRE, linkVLAN, b, key)
	case etherBridge:
		p.tunnel(TunnelGRE, capture.LinkEthernet, b, key)
	case etherARP:
		p.tunnel(TunnelGRE, linkARP, b, key)
	case etherERSPAN2:
		if flags&greSeq == 0 {
			if d.Config.ERSPAN1 {
				d.Stats.ERSPAN++
				p.tunnel(TunnelERSPAN1, capture.LinkEthernet, b, key)
			}
			return
		}
		d.erspan(p, b)
	case etherERSPAN3:
		d.erspan(p, b)
	}
}

// erspan decodes an ERSPAN header of type II or III (draft-foschiano-erspan).
func (d *Decoder) erspan(p *Packet, b []byte) {
	d.Stats.ERSPAN++
	if len(b) < 8 {
		d.note(p, EvERSPANTooSmall)
		return
	}
	w := be16(b)
	n, kind := 8, TunnelERSPAN2
	switch w >> 12 {
	case 1:
	case 2:
		n, kind = 12, TunnelERSPAN3
		if len(b) >= 12 && b[11]&1 != 0 { // O: an optional subheader follows
			n += 8
		}
		if len(b) < n {
			d.note(p, EvERSPANTooSmall)
			return
		}
	default:
		d.note(p, EvERSPANVersion)
		return
	}
	p.tunnel(kind, capture.LinkEthernet, b[n:], uint32(be16(b[2:])&0x3ff))
	p.innerVLAN = w & 0xfff
}

// erspanVLAN gives the inner packet the VLAN that the ERSPAN header tells.
func (d *Decoder) erspanVLAN(p *Packet, id uint16) bool {
	if p.VLANCount >= maxVLANs {
		d.note(p, EvERSPANTooManyVLANs)
		return false
	}
	p.Layers |= LayerVLAN
	p.VLANs[p.VLANCount] = id
	p.VLANCount++
	return true
}

// minUDPTunnel is the least UDP payload that can carry a packet: Geneve with an empty one.
const minUDPTunnel = 8

// udpTunnel looks for a tunnel in the payload of a UDP packet.
func (d *Decoder) udpTunnel(p *Packet) {
	c := &d.Config
	if c.Teredo && len(p.Payload) >= ipv6HdrLen && d.teredo(p) {
		return
	}
	if c.Geneve && onPort(p, c.GenevePorts) && d.geneve(p) {
		return
	}
	if c.VXLAN && onPort(p, c.VXLANPorts) {
		d.vxlan(p)
	}
}

func onPort(p *Packet, ports []uint16) bool {
	return slices.Contains(ports, p.DstPort) || slices.Contains(ports, p.SrcPort)
}

// teredo recognises RFC 4380 by content: optional origin indications, then an IPv6 packet
// that fills the payload exactly.
func (d *Decoder) teredo(p *Packet) bool {
	b := p.Payload
	if b[0]>>4 != 6 && b[0] != 0 {
		return false
	}
	if len(d.Config.TeredoPorts) > 0 && !onPort(p, d.Config.TeredoPorts) {
		return false
	}
	for b[0] == 0 {
		if b[1] != 0 || len(b) < 8+ipv6HdrLen {
			return false
		}
		b = b[8:]
	}
	if b[0]>>4 != 6 || len(b) != ipv6HdrLen+int(be16(b[4:])) {
		return false
	}
	p.tunnel(TunnelTeredo, linkIP6, b, 0)
	return true
}

// vxlan decodes RFC 7348: flags, VNI, then an Ethernet frame.
func (d *Decoder) vxlan(p *Packet) {
	b := p.Payload
	if len(b) < 8+ethHdrLen || b[0]&8 == 0 || !d.Config.VXLANReserved.allows(b) {
		return
	}
	d.Stats.VXLAN++
	vni := be32(b[4:]) >> 8
	switch be16(b[8+12:]) {
	case etherIPv4: // like Suricata, without the Ethernet header
		p.tunnel(TunnelVXLAN, linkIP4, b[8+ethHdrLen:], vni)
	case etherIPv6:
		p.tunnel(TunnelVXLAN, linkIP6, b[8+ethHdrLen:], vni)
	case etherVLAN, etherQinQ, etherQinQOld, etherARP:
		p.tunnel(TunnelVXLAN, capture.LinkEthernet, b[8:], vni)
	default:
		d.bad(p, EvVXLANUnknownPayload)
	}
}

// VXLANReserved says what is asked of the reserved bits of a VXLAN header (decoder.vxlan.reserved-bits-check).
type VXLANReserved uint8

// The checks: the last byte must be 0, which lets headers with a group policy pass; all reserved bits must be; none.
const (
	VXLANReservedLast VXLANReserved = iota
	VXLANReservedStrict
	VXLANReservedPermissive
)

func (r VXLANReserved) allows(h []byte) bool {
	switch r {
	case VXLANReservedStrict:
		return h[0] == 8 && h[1]|h[2]|h[3]|h[7] == 0
	case VXLANReservedPermissive:
		return true
	}
	return h[7] == 0
}

// geneve decodes RFC 8926; false when it is something else.
func (d *Decoder) geneve(p *Packet) bool {
	b := p.Payload
	n := 8 + int(b[0]&0x3f)*4
	if b[0]>>6 != 0 || b[1]&0x3f != 0 || b[7] != 0 || n > len(b) || !geneveOptions(b[8:n]) {
		return false
	}
	d.Stats.Geneve++
	vni := be32(b[4:]) >> 8
	switch t := be16(b[2:]); t {
	case etherIPv4:
		p.tunnel(TunnelGeneve, linkIP4, b[n:], vni)
	case etherIPv6:
		p.tunnel(TunnelGeneve, linkIP6, b[n:], vni)
	case etherBridge:
		p.tunnel(TunnelGeneve, capture.LinkEthernet, b[n:], vni)
	case etherARP:
		p.tunnel(TunnelGeneve, linkARP, b[n:], vni)
	default:
		d.bad(p, EvGeneveUnknownPayload)
	}
	return true
}

// geneveOptions tells whether the options fill their space exactly.
func geneveOptions(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 {
			return false
		}
		n := 4 + int(b[3]&0x1f)*4
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return true
}
