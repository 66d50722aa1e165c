package packetfields

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// end is one side of what an event is about.
type end struct {
	addr packet.Addr
	port uint16
	ip   bool // addr is meant
	l4   bool // port is meant
}

// ends gives source and destination of an event. For a protocol's message they are those of
// the message: the packet that completed it may have gone the other way. Otherwise they are
// the packet's, and without a packet the flow's in the event's direction.
func ends(e *dissect.Env) (src, dst end) {
	if e.Pkt != nil && (e.Tx == nil || e.Flow == nil) {
		p := e.Pkt
		ip, l4 := p.HasAny(packet.LayerIP), p.HasAny(packet.LayerTCP|packet.LayerUDP|packet.LayerSCTP)
		return end{p.Src, p.SrcPort, ip, l4}, end{p.Dst, p.DstPort, ip, l4}
	}
	if e.Flow == nil {
		return end{}, end{}
	}
	client, server := flowEnds(e.Flow)
	if e.Dir == dissect.ToClient {
		return server, client
	}
	return client, server
}

func flowEnds(f *dissect.Flow) (client, server end) {
	l4 := false
	switch f.Key.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		l4 = true
	}
	return end{f.Key.Src, f.Key.SrcPort, true, l4}, end{f.Key.Dst, f.Key.DstPort, true, l4}
}

func ipOf(name, doc string, get func(e *dissect.Env) end) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TIP, Doc: doc, IP: func(e *dissect.Env) (netip.Addr, bool) {
		x := get(e)
		if !x.ip {
			return netip.Addr{}, false
		}
		return x.addr.Netip(), true
	}}
}

func portOf(name, doc string, get func(e *dissect.Env) end) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TPort, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		x := get(e)
		return int64(x.port), x.l4
	}}
}

func source(e *dissect.Env) end { s, _ := ends(e); return s }
func dest(e *dissect.Env) end   { _, d := ends(e); return d }

func client(e *dissect.Env) end {
	if e.Flow == nil {
		return end{}
	}
	c, _ := flowEnds(e.Flow)
	return c
}

func server(e *dissect.Env) end {
	if e.Flow == nil {
		return end{}
	}
	_, s := flowEnds(e.Flow)
	return s
}

func endpointFields() []dissect.Field {
	return []dissect.Field{
		ipOf("src.ip", "source address: of the message, else of the packet", source).Also("ip.src"),
		ipOf("dst.ip", "destination address: of the message, else of the packet", dest).Also("ip.dst"),
		portOf("src.port", "source port of TCP, UDP or SCTP (RFC 9293, RFC 768, RFC 9260)", source),
		portOf("dst.port", "destination port of TCP, UDP or SCTP", dest),
		ipOf("client.ip", "address of the flow's client: who sent the first packet", client),
		ipOf("server.ip", "address of the flow's server", server),
		portOf("client.port", "port of the flow's client", client),
		portOf("server.port", "port of the flow's server", server),
	}
}

// protoBool declares a protocol as a truth value: of the packet's layers, or without a packet
// of the flow.
func protoBool(name, doc string, layers packet.Layer, ofFlow func(k *dissect.FlowKey) bool) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TBool, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		switch {
		case e.Pkt != nil:
			return b2i(e.Pkt.HasAny(layers)), true
		case e.Flow != nil && ofFlow != nil:
			return b2i(ofFlow(&e.Flow.Key)), true
		}
		return 0, true
	}}
}

func protoIs(n ...uint8) func(k *dissect.FlowKey) bool {
	return func(k *dissect.FlowKey) bool {
		for _, x := range n {
			if k.Proto == x {
				return true
			}
		}
		return false
	}
}

func versionIs(n uint8) func(k *dissect.FlowKey) bool {
	return func(k *dissect.FlowKey) bool { return k.IPVersion == n }
}

func protocolFields() []dissect.Field {
	f := []dissect.Field{
		protoBool("tcp", "is TCP", packet.LayerTCP, protoIs(packet.ProtoTCP)),
		protoBool("udp", "is UDP", packet.LayerUDP, protoIs(packet.ProtoUDP)),
		protoBool("sctp", "is SCTP", packet.LayerSCTP, protoIs(packet.ProtoSCTP)),
		protoBool("icmp", "is ICMP or ICMPv6", packet.LayerICMP|packet.LayerICMPv6,
			protoIs(packet.ProtoICMP, packet.ProtoICMPv6)),
		protoBool("icmpv4", "is ICMP over IPv4", packet.LayerICMP, protoIs(packet.ProtoICMP)),
		protoBool("icmpv6", "is ICMPv6", packet.LayerICMPv6, protoIs(packet.ProtoICMPv6)),
		protoBool("ip", "is IPv4 or IPv6", packet.LayerIP, func(*dissect.FlowKey) bool { return true }),
		protoBool("ipv4", "is IPv4", packet.LayerIPv4, versionIs(4)),
		protoBool("ipv6", "is IPv6", packet.LayerIPv6, versionIs(6)),
		protoBool("arp", "is ARP for IPv4 over Ethernet (RFC 826)", packet.LayerARP, nil),
		protoBool("gre", "has a GRE header (RFC 2784, RFC 2637)", packet.LayerGRE, nil),
		protoBool("esp", "has an ESP header (RFC 4303)", packet.LayerESP, protoIs(packet.ProtoESP)),
		protoBool("igmp", "is IGMP (RFC 3376)", packet.LayerIGMP, protoIs(packet.ProtoIGMP)),
		{Name: "ip.reassembled", Type: dissect.TBool, Doc: "is a datagram that was put together from fragments",
			Int: func(e *dissect.Env) (int64, bool) { return b2i(e.Pkt != nil && e.Pkt.Reassembled), true }},
		protoBool("ip.fragment", "is a fragment of an IP datagram, not yet put together", packet.LayerFragment, nil),
	}
	return append(f, dissect.Field{Name: "proto", Type: dissect.TString,
		Doc:    "name of the transport or other protocol over IP, or arp",
		Values: []string{"tcp", "udp", "sctp", "icmp", "icmpv6", "igmp", "gre", "esp", "ah", "ipip", "ipv6", "ip", "arp", "other"},
		Bytes:  protoName})
}

var protoNames = func() (t [256][]byte) {
	for i := range t {
		t[i] = []byte("ip")
	}
	for n, s := range map[uint8]string{
		packet.ProtoTCP: "tcp", packet.ProtoUDP: "udp", packet.ProtoSCTP: "sctp", packet.ProtoICMP: "icmp",
		packet.ProtoICMPv6: "icmpv6", packet.ProtoIGMP: "igmp", packet.ProtoGRE: "gre", packet.ProtoESP: "esp",
		packet.ProtoAH: "ah", packet.ProtoIPIP: "ipip", packet.ProtoIPv6: "ipv6",
	} {
		t[n] = []byte(s)
	}
	return t
}()

var (
	nameARP   = []byte("arp")
	nameOther = []byte("other")
)

func protoName(e *dissect.Env) []byte {
	switch {
	case e.Pkt != nil && e.Pkt.HasAny(packet.LayerIP):
		return protoNames[e.Pkt.IPProto]
	case e.Pkt != nil && e.Pkt.HasAny(packet.LayerARP):
		return nameARP
	case e.Pkt != nil:
		return nameOther
	case e.Flow != nil:
		return protoNames[e.Flow.Key.Proto]
	}
	return nil
}
