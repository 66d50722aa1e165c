// Package packet decodes frames: link layer, VLAN, MPLS, PPPoE, IP, transport, and tunnels
// down to the inner packet. Decoding never fails and never allocates: what is wrong with a
// packet is said by its Events.
package packet

import (
	"net/netip"

	"github.com/luanids/luanids/capture"
)

// IP protocol numbers that the engine treats specially (IANA protocol-numbers).
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIGMP     = 2
	ProtoIPIP     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNoNext   = 59
	ProtoDstOpts  = 60
	ProtoSCTP     = 132
)

// TCP header flags (RFC 9293 section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Addr is an IPv6 address, or an IPv4 address in its mapped form ::ffff:a.b.c.d; IPVersion of
// the packet tells which. It is comparable and holds no pointer.
type Addr [16]byte

// V4 makes an Addr of four bytes in network order.
func V4(b []byte) Addr {
	_ = b[3]
	return Addr{10: 0xff, 11: 0xff, 12: b[0], 13: b[1], 14: b[2], 15: b[3]}
}

// Netip is the address as the standard library has it; IPv4 comes out unmapped.
func (a Addr) Netip() netip.Addr { return netip.AddrFrom16(a).Unmap() }

// FromNetip is the reverse of Netip.
func FromNetip(a netip.Addr) Addr { return a.As16() }

// Layer is a set of the layers that a packet has.
type Layer uint32

// The layers. A bit is set when the layer's header was whole and valid.
const (
	LayerEthernet Layer = 1 << iota
	LayerVLAN
	LayerMPLS
	LayerPPPoE
	LayerPPP
	LayerARP
	LayerIPv4
	LayerIPv6
	LayerTCP
	LayerUDP
	LayerICMP
	LayerICMPv6
	LayerSCTP
	LayerGRE
	LayerESP
	LayerIGMP
	LayerFragment // an IP fragment: no transport layer is decoded
	LayerTunnel   // carries an inner packet, see Inner
)

// LayerIP is set (one of the two bits) for every packet with an IP header.
const LayerIP = LayerIPv4 | LayerIPv6

// Tunnel says how an inner packet was carried.
type Tunnel uint8

// The tunnels.
const (
	NoTunnel Tunnel = iota
	TunnelGRE
	TunnelERSPAN1
	TunnelERSPAN2
	TunnelERSPAN3
	TunnelIPIP   // IPv4 in IPv4, or IPv4 in IPv6
	Tunnel6in4   // IPv6 in IPv4 or IPv6
	TunnelTeredo // RFC 4380
	TunnelVXLAN  // RFC 7348
	TunnelGeneve // RFC 8926
	TunnelDefrag // not a tunnel: a datagram put together from fragments
)

// String gives the tunnel's name, as the field tunnel.kind has it.
func (t Tunnel) String() string {
	names := [...]string{"", "gre", "erspan1", "erspan2", "erspan3", "ipip", "6in4", "teredo", "vxlan", "geneve", "defrag"}
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

// PktSrc tells where a packet that came through t was found, in the words of EVE's pkt_src.
// outer is the IP version of the packet that carried it.
func (t Tunnel) PktSrc(outer uint8) string {
	switch t {
	case TunnelGRE, TunnelERSPAN1, TunnelERSPAN2, TunnelERSPAN3:
		return "gre tunnel"
	case TunnelIPIP, Tunnel6in4:
		if outer == 6 {
			return "ipv6 tunnel"
		}
		return "ipv4 tunnel"
	case TunnelTeredo:
		return "teredo tunnel"
	case TunnelVXLAN:
		return "vxlan encapsulation"
	case TunnelGeneve:
		return "geneve encapsulation"
	case TunnelDefrag:
		return "defrag"
	}
	return "wire/pcap"
}

// MaxEvents is how many decoder events one packet keeps (Suricata's number); more are
// counted only.
const MaxEvents = 15

// MaxTunnels is how deep tunnels may nest; deeper ones are an event and stay undecoded.
const MaxTunnels = 8

// Packet is one decoded packet. It is reused: Decode sets every field that the layers it
// finds give meaning to, and Layers says which those are. Slices alias the captured bytes and
// live as long as the batch they came from. All offsets are into Data.
type Packet struct {
	Num  uint64 // 1-based number of the captured frame (Suricata's pcap_cnt)
	Time int64  // nanoseconds since the Unix epoch
	Len  uint32 // length on the wire of the captured frame
	Link capture.LinkType
	File *string // capture that the frame comes from, nil from an interface
	// Iface is the interface that the frame was captured on, nil from a file.
	Iface *string

	// Data is the frame from its first header on (for an inner packet: from the inner
	// header on; for a defragmented one: from the IP header on).
	Data []byte
	// LinkHeader is what stood before the IP header, of a defragmented packet: with Data it
	// makes a frame of link type Link. It is nil for all others.
	LinkHeader []byte

	Layers Layer

	// Link layer.
	EthOff    uint16    // offset of the first Ethernet header, with LayerEthernet
	ARPOff    uint16    // offset of the ARP header, with LayerARP
	EtherType uint16    // of the innermost link header
	VLANs     [3]uint16 // VLAN ids, outermost first
	VLANCount uint8     // how many of them (0..3)

	// Network layer, with LayerIPv4 or LayerIPv6.
	IPVersion  uint8 // 4, 6, or 0 for neither
	IPProto    uint8 // upper-layer protocol, after extension headers
	TTL        uint8 // TTL or hop limit
	TOS        uint8 // type of service or traffic class
	IPOff      uint16
	IPHdrLen   uint16 // with options, or with all extension headers
	IPLen      uint32 // total length of header and payload, no more than was captured
	IPID       uint32 // identification; for IPv6 that of the fragment header
	FragOff    uint16 // in bytes
	IPFlags    uint8  // IPv4 flags: 4 reserved, 2 DF, 1 MF. For IPv6 fragments 1 is M.
	Src, Dst   Addr
	IPCsumBad  bool   // the IPv4 header checksum is wrong
	Unsummed   bool   // the transport checksum was left to hardware, and says nothing
	IPOpts     IPOpt  // IPv4: set of the options seen
	ExtHeaders uint16 // IPv6: set of extension headers seen, bit n as listed in ipv6.go
	// FragHdrOff is the offset of the IPv6 fragment header, with LayerFragment and
	// LayerIPv6. The fragment's data begins at L4Off, for both versions.
	FragHdrOff uint16

	// Transport layer. Ports are 0 without one. For ICMP, SrcPort and DstPort are 0.
	SrcPort, DstPort   uint16
	L4Off              uint16 // offset of the transport header
	L4HdrLen           uint16
	TCPFlags           uint8
	TCPWindow          uint16
	TCPUrgent          uint16
	Seq, AckNum        uint32
	TCPOpt             TCPOptions
	ICMPType, ICMPCode uint8
	// Quoted is set when an ICMP error quotes the header of the packet that caused it
	// (RFC 792, RFC 4443); QSrc.. are that packet's addresses and ports.
	Quoted             bool
	QProto             uint8
	QSrc, QDst         Addr
	QSrcPort, QDstPort uint16

	// Cut says that the capture kept only the beginning of the packet (its snap length): lengths
	// in the headers point past the bytes that are here, and checksums can't be verified.
	Cut bool

	// Payload is what follows the last decoded header, without link-layer padding.
	Payload []byte

	// Inner packet of a tunnel, with LayerTunnel: its bytes, how it begins, and how it is
	// carried. Decode it into another Packet with Decoder.DecodeInner.
	Inner       []byte
	InnerLink   capture.LinkType // LinkEthernet, LinkIPv4, LinkIPv6, LinkPPP
	InnerKind   Tunnel
	TunnelDepth uint8  // of this packet: 0 as captured, 1 within one tunnel...
	TunnelID    uint32 // VNI, GRE key or ERSPAN id of the innermost tunnel it came through
	// Via is how this packet itself was carried; TunnelDefrag for a datagram put together from
	// fragments that came through no tunnel.
	Via Tunnel
	// Outer is the packet that carried this one, nil for captured frames; valid as long as this one.
	Outer *Packet
	// Reassembled says that the packet is a datagram put together from fragments.
	Reassembled bool

	Events     [MaxEvents]Event
	EventCount uint8
	// Invalid says that an event means that the packet was not decoded to its end
	// (Suricata's stats.decoder.invalid).
	Invalid bool
	// WantsFlow says that the packet belongs to a flow: it has a transport that flows are
	// kept for, or is the outside of an IP-in-IP or UDP tunnel. As in Suricata, the outside of
	// GRE, fragments, ARP and unknown protocols have none.
	WantsFlow bool

	layers    uint8  // decoded so far, tunnels included, see Config.MaxLayers
	vju       bool   // PPP announced Van Jacobson uncompressed TCP
	innerVLAN uint16 // ERSPAN: tag of the inner packet
	innerID   uint32 // becomes the inner packet's TunnelID

	// Stamp orders what comes of the packet among all workers: it grows with every packet,
	// inner packet and datagram of a run. Set by the engine.
	Stamp uint64
	// Hash is the symmetric flow hash. Set by the engine.
	Hash uint64
}

// TCPOptions are the options that the engine uses (RFC 9293, RFC 7323, RFC 2018, RFC 7413).
type TCPOptions struct {
	MSS           uint16
	WScale        uint8
	SACKPermitted bool
	SACKBlocks    uint8 // number of blocks in a SACK option
	HasMSS        bool
	HasWScale     bool
	HasTimestamp  bool
	HasTFO        bool // Fast Open cookie or cookie request
	TSVal, TSEcr  uint32
}

// HasAny tells whether the packet has one of the layers of l.
func (p *Packet) HasAny(l Layer) bool { return p.Layers&l != 0 }

// Has tells whether the packet has all the layers of l.
func (p *Packet) Has(l Layer) bool { return p.Layers&l == l }

// AddEvent records an anomaly of the packet.
func (p *Packet) AddEvent(e Event) {
	if p.EventCount < MaxEvents {
		p.Events[p.EventCount] = e
	}
	if p.EventCount < 255 {
		p.EventCount++
	}
}

// EventList gives the recorded events.
func (p *Packet) EventList() []Event { return p.Events[:min(int(p.EventCount), MaxEvents)] }

// IPHeader is the IP header with options; for IPv6 the fixed header only. nil without one.
func (p *Packet) IPHeader() []byte {
	switch {
	case p.Layers&LayerIPv4 != 0:
		return p.Data[p.IPOff : p.IPOff+p.IPHdrLen]
	case p.Layers&LayerIPv6 != 0:
		return p.Data[p.IPOff : p.IPOff+ipv6HdrLen]
	}
	return nil
}

// IPPayload is what follows the IP header and extension headers, without link-layer padding:
// for a fragment, its piece of the datagram.
func (p *Packet) IPPayload() []byte {
	if !p.HasAny(LayerIP) {
		return nil
	}
	return p.Data[int(p.IPOff)+int(p.IPHdrLen) : int(p.IPOff)+int(p.IPLen)]
}

// TransportHeader is the header of TCP (with options), UDP, ICMP, ICMPv6 or SCTP; nil without
// one.
func (p *Packet) TransportHeader() []byte {
	if !p.HasAny(layerTransport) {
		return nil
	}
	return p.Data[p.L4Off : int(p.L4Off)+int(p.L4HdrLen)]
}

const layerTransport = LayerTCP | LayerUDP | LayerICMP | LayerICMPv6 | LayerSCTP

// EthSrc is the link-layer source address, EthDst the destination: six bytes each, nil without
// an Ethernet header.
func (p *Packet) EthSrc() []byte {
	if p.Layers&LayerEthernet == 0 {
		return nil
	}
	return p.Data[p.EthOff+6 : p.EthOff+12]
}

// EthDst is the link-layer destination address, see EthSrc.
func (p *Packet) EthDst() []byte {
	if p.Layers&LayerEthernet == 0 {
		return nil
	}
	return p.Data[p.EthOff : p.EthOff+6]
}

// OuterEtherType is the type field of the first Ethernet header (EVE's ether.ether_type); 0
// without one.
func (p *Packet) OuterEtherType() uint16 {
	if p.Layers&LayerEthernet == 0 {
		return 0
	}
	return be16(p.Data[p.EthOff+12:])
}
