package packet

import (
	"encoding/binary"

	"github.com/luanids/luanids/capture"
)

// Config says what the decoder looks for. The comments name Suricata's settings.
type Config struct {
	MaxLayers   int      // decoder.max-layers: headers of one packet, tunnels included
	Teredo      bool     // decoder.teredo.enabled
	TeredoPorts []uint16 // decoder.teredo.ports; empty: any UDP port
	VXLAN       bool     // decoder.vxlan.enabled
	VXLANPorts  []uint16 // decoder.vxlan.ports
	// VXLANReserved is decoder.vxlan.reserved-bits-check.
	VXLANReserved VXLANReserved
	Geneve        bool     // decoder.geneve.enabled
	GenevePorts   []uint16 // decoder.geneve.ports
	VNTag         bool     // decoder.vntag.enabled
	ERSPAN1       bool     // decoder.erspan.typeI.enabled
	// InheritVLANs gives an inner packet the VLANs of the outer one, in front of its own.
	// Suricata does not.
	InheritVLANs bool
}

// DefaultConfig gives Suricata's defaults.
func DefaultConfig() Config {
	return Config{
		MaxLayers: 16,
		Teredo:    true, TeredoPorts: []uint16{3544},
		VXLAN: true, VXLANPorts: []uint16{4789},
		Geneve: true, GenevePorts: []uint16{6081},
		VNTag: true, ERSPAN1: true,
	}
}

// Decoder decodes packets into reused structs and counts what it meets. It belongs to one
// goroutine.
type Decoder struct {
	Config Config
	Stats  Stats
}

// NewDecoder makes a decoder.
func NewDecoder(c Config) *Decoder {
	if c.MaxLayers <= 0 {
		c.MaxLayers = DefaultConfig().MaxLayers
	}
	return &Decoder{Config: c}
}

// Link types that only inner packets have.
const (
	linkVLAN  capture.LinkType = 0xff00 + iota // begins at an 802.1Q tag
	linkARP                                    // begins at an ARP header
	linkCHDLC capture.LinkType = 104           // Cisco HDLC
)

// maxOff bounds where a header may begin, so that offsets fit into 16 bits with room for
// what follows: headers further in are not decoded.
const maxOff = 0xf000

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// Decode fills p from a captured frame. p may have been used before.
func (d *Decoder) Decode(p *Packet, raw *capture.Packet) {
	p.reset(raw.Data)
	p.Num, p.Time, p.Len, p.Link, p.File = raw.Num, raw.Time, raw.Len, raw.Link, raw.File
	p.Unsummed, p.Iface = raw.Unsummed, raw.Iface
	p.VLANCount, p.TunnelDepth, p.Via, p.TunnelID, p.layers = 0, 0, NoTunnel, 0, 0
	p.Outer = nil
	s := &d.Stats
	s.Pkts++
	s.Bytes += uint64(len(raw.Data))
	if n := uint64(len(raw.Data)); n > s.MaxPktSize {
		s.MaxPktSize = n
	}
	if raw.Iface != nil && int64(raw.Len) > int64(len(raw.Data)) {
		d.note(p, EvAFPacketTruncated)
	}
	if raw.HasVLAN {
		d.strippedTag(p, raw.VLAN)
	}
	if raw.Link == capture.LinkEthernet {
		d.ethernet(p, raw.Data, 0)
	} else {
		d.link(p, raw.Data, raw.Link)
	}
	if p.Invalid {
		s.Invalid++
	}
}

// DecodeInner decodes the packet that outer carries (outer has LayerTunnel) into inner. It
// returns false when that is no valid packet: then inner must not be used, and outer is no
// longer taken for a tunnel.
func (d *Decoder) DecodeInner(outer, inner *Packet) bool {
	inner.reset(outer.Inner)
	inner.context(outer)
	inner.Link = outer.InnerLink
	inner.TunnelDepth = outer.TunnelDepth + 1
	inner.Via = outer.InnerKind
	inner.Outer = outer
	inner.TunnelID = outer.innerID
	inner.VLANCount = 0
	if d.Config.InheritVLANs {
		inner.VLANs, inner.VLANCount = outer.VLANs, outer.VLANCount
	}
	if outer.innerVLAN != 0 && !d.erspanVLAN(inner, outer.innerVLAN) {
		outer.Layers &^= LayerTunnel
		return false
	}
	ok := inner.TunnelDepth <= MaxTunnels
	if ok {
		ok = d.link(inner, inner.Data, outer.InnerLink)
	} else {
		d.bad(outer, EvTooManyLayers)
	}
	if !ok || outer.InnerKind == TunnelTeredo && inner.Invalid {
		outer.Layers &^= LayerTunnel
		return false
	}
	switch inner.Link {
	case linkVLAN, linkARP, capture.LinkIPv4, capture.LinkIPv6:
		inner.Link = capture.LinkRaw
	}
	d.countTunnel(outer)
	return true
}

// DecodeDatagram decodes an IP datagram that was put together from fragments, of which from
// was the last to come. p keeps the tunnel context of from.
func (d *Decoder) DecodeDatagram(p, from *Packet, datagram []byte) bool {
	p.reset(datagram)
	p.context(from)
	p.Link = from.Link
	p.LinkHeader = from.Data[:from.IPOff]
	p.Reassembled = true
	p.TunnelDepth, p.TunnelID, p.Via = from.TunnelDepth, from.TunnelID, from.Via
	p.Outer = from.Outer
	if p.Via == NoTunnel {
		p.Via = TunnelDefrag
	}
	p.VLANs, p.VLANCount = from.VLANs, from.VLANCount
	p.EtherType = from.EtherType
	if from.IPVersion == 6 {
		return d.ipv6(p, datagram, 0)
	}
	return d.ipv4(p, datagram, 0)
}

// context gives p what all packets of one frame have in common.
func (p *Packet) context(from *Packet) {
	p.Num, p.Time, p.Len, p.File, p.layers = from.Num, from.Time, from.Len, from.File, from.layers
	p.Unsummed, p.Iface = from.Unsummed, from.Iface
}

// reset makes p an empty packet of the given bytes. Only fields that are looked at without
// asking Layers or a count first need it.
func (p *Packet) reset(data []byte) {
	p.Data = data
	p.LinkHeader = nil
	p.Layers = 0
	p.EtherType = 0
	p.IPVersion, p.IPProto = 0, 0
	p.SrcPort, p.DstPort = 0, 0
	p.IPCsumBad, p.Quoted = false, false
	p.Payload = nil
	p.Inner = nil
	p.InnerKind = NoTunnel
	p.innerVLAN, p.innerID = 0, 0
	p.EventCount = 0
	p.Invalid, p.WantsFlow, p.Reassembled, p.vju = false, false, false, false
	p.Cut = false
}

// cut tells whether a header's length points past the captured bytes because the capture kept
// only the beginning of the packet. That is not the packet's fault: what is here is decoded.
func (p *Packet) cut() bool {
	p.Cut = p.Cut || p.TunnelDepth == 0 && p.Via == NoTunnel && int64(p.Len) > int64(len(p.Data))
	return p.Cut
}

// note records an event that does not keep the packet from being decoded.
func (d *Decoder) note(p *Packet, e Event) {
	p.AddEvent(e)
	d.Stats.Events[e]++
}

// bad records an event that ends the decoding of the packet; it returns false for the caller
// to return.
func (d *Decoder) bad(p *Packet, e Event) bool {
	p.Invalid = true
	d.note(p, e)
	return false
}

// layer counts a header against the limit; false when there were too many.
func (d *Decoder) layer(p *Packet, off int) bool {
	p.layers++
	if int(p.layers) >= d.Config.MaxLayers || off > maxOff {
		return d.bad(p, EvTooManyLayers)
	}
	return true
}

// link decodes from the link layer on.
func (d *Decoder) link(p *Packet, b []byte, link capture.LinkType) bool {
	switch link {
	case capture.LinkEthernet:
		return d.ethernet(p, b, 0)
	case capture.LinkIPv4, capture.LinkIPv6:
		if p.TunnelDepth == 0 {
			return d.raw(p, b)
		}
		if link == capture.LinkIPv6 {
			return d.ipv6(p, b, 0)
		}
		return d.ipv4(p, b, 0)
	case capture.LinkRaw, capture.LinkRaw12, capture.LinkRaw14:
		return d.raw(p, b)
	case capture.LinkSLL:
		return d.sll(p, b)
	case capture.LinkSLL2:
		return d.sll2(p, b)
	case capture.LinkNull, capture.LinkLoop:
		return d.null(p, b)
	case capture.LinkPPP, capture.LinkPPPHDLC:
		return d.ppp(p, b, 0)
	case linkCHDLC:
		return d.chdlc(p, b)
	case linkVLAN:
		return d.vlan(p, b, 0)
	case linkARP:
		return d.arp(p, b, 0)
	}
	d.Stats.UnknownLink++
	p.Payload = b
	return false
}
