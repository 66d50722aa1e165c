package packet

import (
	"encoding/binary"
)

// EtherTypes (IEEE 802 numbers, https://www.iana.org/assignments/ieee-802-numbers).
const (
	etherIPv4      = 0x0800
	etherARP       = 0x0806
	etherBridge    = 0x6558 // transparent Ethernet bridging
	etherVLAN      = 0x8100
	etherIPv6      = 0x86dd
	etherPPP       = 0x880b
	etherMPLS      = 0x8847
	etherMPLSMulti = 0x8848
	etherPPPoEDisc = 0x8863
	etherPPPoESess = 0x8864
	etherQinQ      = 0x88a8
	etherERSPAN2   = 0x88be
	etherERSPAN3   = 0x22eb
	etherPBB       = 0x88e7 // 802.1ah
	etherDCE       = 0x8903 // Cisco FabricPath
	etherVNTag     = 0x8926
	etherETag      = 0x893f // 802.1BR
	etherNSH       = 0x894f
	etherQinQOld   = 0x9100
)

const (
	ethHdrLen   = 14
	vlanHdrLen  = 4
	maxVLANs    = 3
	maxEtherLen = 1500 // type fields up to this are an 802.3 length
)

func (d *Decoder) ethernet(p *Packet, b []byte, off int) bool {
	d.Stats.Ethernet++
	if len(b) < ethHdrLen {
		return d.bad(p, EvEthernetTooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	if p.Layers&LayerEthernet == 0 {
		p.Layers |= LayerEthernet
		p.EthOff = uint16(off)
	}
	t := be16(b[12:14])
	p.EtherType = t
	b, off = b[ethHdrLen:], off+ethHdrLen
	if t == etherIPv4 {
		d.ipv4(p, b, off)
		return true
	}
	if t <= maxEtherLen {
		t, b, off = llc(t, b, off)
	}
	if !d.network(p, t, b, off) {
		d.note(p, EvEthernetUnknownType)
	}
	return true
}

// llc takes an 802.2 header with SNAP (RFC 1042) off an 802.3 frame of length n, and gives the
// EtherType; other frames keep their length as type, which is none.
func llc(n uint16, b []byte, off int) (uint16, []byte, int) {
	if len(b) < 8 || b[0] != 0xaa || b[1] != 0xaa || b[2] != 3 || b[3]|b[4]|b[5] != 0 {
		return n, b, off
	}
	if int(n) < len(b) && n >= 8 {
		b = b[:n]
	}
	return be16(b[6:8]), b[8:], off + 8
}

// network decodes what an EtherType announces; false when the type is not known.
func (d *Decoder) network(p *Packet, t uint16, b []byte, off int) bool {
	switch t {
	case etherIPv4:
		d.ipv4(p, b, off)
	case etherIPv6:
		d.ipv6(p, b, off)
	case etherVLAN, etherQinQ, etherQinQOld:
		d.vlan(p, b, off)
	case etherARP:
		d.arp(p, b, off)
	case etherMPLS, etherMPLSMulti:
		d.mpls(p, b, off)
	case etherPPPoESess:
		d.pppoeSession(p, b, off)
	case etherPPPoEDisc:
		d.pppoeDiscovery(p, b, off)
	case etherBridge:
		d.ethernet(p, b, off)
	case etherDCE:
		if len(b) < 2 {
			d.bad(p, EvDCETooSmall)
		} else {
			d.ethernet(p, b[2:], off+2)
		}
	case etherVNTag:
		if !d.Config.VNTag {
			return d.unknownType(p, b)
		}
		d.Stats.VNTag++
		d.tag(p, b, off, 6, EvVNTagTooSmall, EvVNTagUnknownType)
	case etherETag:
		d.Stats.ETag++
		d.tag(p, b, off, 8, EvETagTooSmall, EvETagUnknownType)
	case etherPBB:
		d.Stats.IEEE8021ah++
		d.tag(p, b, off, 18, EvPBBTooSmall, EvEthernetUnknownType)
	case etherNSH:
		d.nsh(p, b, off)
	default:
		return d.unknownType(p, b)
	}
	return true
}

func (d *Decoder) unknownType(p *Packet, b []byte) bool {
	d.Stats.UnknownEtherType++
	p.Payload = b
	return false
}

// tag skips a tag of n bytes that ends with the EtherType of what follows: VN-Tag (802.1Qbh),
// E-Tag (802.1BR), and the I-Tag with inner addresses of 802.1ah.
func (d *Decoder) tag(p *Packet, b []byte, off, n int, small, unknown Event) bool {
	if len(b) < n {
		return d.bad(p, small)
	}
	if !d.layer(p, off) {
		return false
	}
	p.EtherType = be16(b[n-2:])
	if !d.network(p, p.EtherType, b[n:], off+n) {
		return d.bad(p, unknown)
	}
	return true
}

func (d *Decoder) countVLAN(p *Packet) {
	switch p.VLANCount {
	case 0:
		d.Stats.VLAN++
	case 1:
		d.Stats.VLANQinQ++
	case 2:
		d.Stats.VLANQinQinQ++
	}
}

// strippedTag puts back a tag that the kernel or the card took off.
func (d *Decoder) strippedTag(p *Packet, tci uint16) {
	d.countVLAN(p)
	p.Layers |= LayerVLAN
	p.VLANs[0], p.VLANCount = tci&0xfff, 1
}

// vlan decodes an 802.1Q or 802.1ad tag (IEEE 802.1Q clause 9).
func (d *Decoder) vlan(p *Packet, b []byte, off int) bool {
	d.countVLAN(p)
	if len(b) < vlanHdrLen {
		return d.bad(p, EvVLANTooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	if p.VLANCount >= maxVLANs {
		d.note(p, EvVLANTooManyLayers)
		p.Payload = b
		return false
	}
	p.Layers |= LayerVLAN
	p.VLANs[p.VLANCount] = be16(b) & 0xfff
	p.VLANCount++
	t := be16(b[2:4])
	p.EtherType = t
	b, off = b[vlanHdrLen:], off+vlanHdrLen
	if t <= maxEtherLen {
		t, b, off = llc(t, b, off)
	}
	if !d.network(p, t, b, off) {
		return d.bad(p, EvVLANUnknownType)
	}
	return true
}

// sll decodes a Linux cooked v1 header (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
func (d *Decoder) sll(p *Packet, b []byte) bool {
	d.Stats.SLL++
	return d.cooked(p, b, 16, 14, EvSLLTooSmall)
}

// sll2 decodes a Linux cooked v2 header.
func (d *Decoder) sll2(p *Packet, b []byte) bool {
	d.Stats.SLL2++
	return d.cooked(p, b, 20, 0, EvSLL2TooSmall)
}

func (d *Decoder) cooked(p *Packet, b []byte, n, typeAt int, small Event) bool {
	if len(b) < n {
		return d.bad(p, small)
	}
	if !d.layer(p, 0) {
		return false
	}
	p.EtherType = be16(b[typeAt:])
	return d.network(p, p.EtherType, b[n:], n)
}

// null decodes the header of a BSD loopback: an address family in the byte order of whoever
// captured it. Families are small numbers, which tells the order.
func (d *Decoder) null(p *Packet, b []byte) bool {
	d.Stats.Null++
	if len(b) < 4 {
		return d.bad(p, EvNullTooSmall)
	}
	if !d.layer(p, 0) {
		return false
	}
	af := binary.LittleEndian.Uint32(b)
	if af > 0xffff {
		af = be32(b)
	}
	switch af {
	case 2: // AF_INET everywhere
		return d.ipv4(p, b[4:], 4)
	case 10, 24, 28, 30: // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS
		return d.ipv6(p, b[4:], 4)
	}
	return d.bad(p, EvNullUnsupportedType)
}

// raw decodes a packet that begins with its IP header.
func (d *Decoder) raw(p *Packet, b []byte) bool {
	d.Stats.Raw++
	if len(b) < ipv4HdrLen {
		return d.bad(p, EvIPv4TooSmall)
	}
	if !d.layer(p, 0) {
		return false
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(p, b, 0)
	case 6:
		return d.ipv6(p, b, 0)
	}
	d.note(p, EvRawInvalidVersion)
	p.Payload = b
	return false
}

const mplsHdrLen = 4

// mpls decodes a label stack (RFC 3032). Nothing says what follows the last label: its first
// four bits tell (RFC 4928).
func (d *Decoder) mpls(p *Packet, b []byte, off int) bool {
	d.Stats.MPLS++
	if !d.layer(p, off) {
		return false
	}
	var shim uint32
	for shim&0x100 == 0 {
		if len(b) < mplsHdrLen || off > maxOff {
			return d.bad(p, EvMPLSHeaderTooSmall)
		}
		shim = be32(b)
		b, off = b[mplsHdrLen:], off+mplsHdrLen
	}
	p.Layers |= LayerMPLS
	switch label := shim >> 12; {
	case label == 0:
		return d.ipv4(p, b, off)
	case label == 2:
		return d.ipv6(p, b, off)
	case label == 1:
		d.note(p, EvMPLSRouterAlert)
		return true
	case label == 3:
		d.note(p, EvMPLSImplicitNull)
		return true
	case label < 15:
		d.note(p, EvMPLSReservedLabel)
		return true
	}
	if len(b) < 4 {
		return d.bad(p, EvMPLSTooSmall)
	}
	switch b[0] >> 4 {
	case 4:
		d.ipv4(p, b, off)
	case 6:
		d.ipv6(p, b, off)
	case 0: // pseudowire control word (RFC 4385), then Ethernet
		d.ethernet(p, b[4:], off+4)
	default:
		d.bad(p, EvMPLSUnknownPayload)
	}
	return true
}

// nsh decodes a network service header (RFC 8300).
func (d *Decoder) nsh(p *Packet, b []byte, off int) bool {
	d.Stats.NSH++
	if len(b) < 8 {
		return d.bad(p, EvNSHTooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	if b[0]>>6 != 0 {
		return d.bad(p, EvNSHVersion)
	}
	n := int(be16(b)&0x3f) * 4
	if n < 8 || n >= len(b) {
		return d.bad(p, EvNSHHeaderLength)
	}
	switch b[2] & 0xf {
	case 1:
		if n != 24 {
			return d.bad(p, EvNSHHeaderLength)
		}
	case 2:
	case 0, 15:
		return d.bad(p, EvNSHReservedType)
	default:
		return d.bad(p, EvNSHUnsupportedType)
	}
	next := b[3]
	b, off = b[n:], off+n
	switch next {
	case 1:
		return d.ipv4(p, b, off)
	case 2:
		return d.ipv6(p, b, off)
	case 3:
		return d.ethernet(p, b, off)
	case 5:
		return d.mpls(p, b, off)
	}
	return d.bad(p, EvNSHUnknownPayload)
}

// ARPHeader is an ARP message for IPv4 over Ethernet (RFC 826).
type ARPHeader struct {
	HWType, ProtoType uint16
	Op                uint16 // 1 request, 2 reply, 3 and 4 RARP, 8 and 9 InARP
	SrcMAC, DstMAC    [6]byte
	SrcIP, DstIP      Addr
}

const arpLen = 28

func (d *Decoder) arp(p *Packet, b []byte, off int) bool {
	d.Stats.ARP++
	if len(b) < 8 {
		return d.bad(p, EvARPTooSmall)
	}
	if !d.layer(p, off) {
		return false
	}
	switch {
	case be16(b) != 1:
		return d.bad(p, EvARPHardware)
	case be16(b[2:]) != etherIPv4:
		return d.bad(p, EvARPProtocol)
	case len(b) < arpLen:
		return d.bad(p, EvARPInvalid)
	case b[4] != 6:
		return d.bad(p, EvARPHardwareSize)
	case b[5] != 4:
		return d.bad(p, EvARPProtocolSize)
	case be16(b[6:]) == 0 || int(be16(b[6:])) >= len(arpOpcodes):
		return d.bad(p, EvARPOpcode)
	}
	p.Layers |= LayerARP
	p.ARPOff = uint16(off)
	return true
}

// ARP gives the ARP message of the packet; false without LayerARP.
func (p *Packet) ARP() (a ARPHeader, ok bool) {
	if p.Layers&LayerARP == 0 {
		return a, false
	}
	b := p.Data[p.ARPOff:][:arpLen]
	a.HWType, a.ProtoType, a.Op = be16(b), be16(b[2:]), be16(b[6:])
	a.SrcMAC, a.DstMAC = [6]byte(b[8:14]), [6]byte(b[18:24])
	a.SrcIP, a.DstIP = V4(b[14:18]), V4(b[24:28])
	return a, true
}
