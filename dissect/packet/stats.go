package packet

import "strings"

// EventCounts counts decoder events.
type EventCounts [NumEvents]uint64

// Stats counts what a decoder met. Stats of several workers add up with Add.
type Stats struct {
	Pkts, Bytes, Invalid, MaxPktSize            uint64
	IPv4, IPv6, Ethernet, ARP, UnknownEtherType uint64
	CHDLC, Raw, Null, SLL, SLL2, UnknownLink    uint64
	TCP, UDP, SCTP, ESP, ICMPv4, ICMPv6         uint64
	PPP, PPPoE, Geneve, GRE                     uint64
	VLAN, VLANQinQ, VLANQinQinQ                 uint64
	VXLAN, VNTag, ETag, IEEE8021ah              uint64
	Teredo                                      uint64
	IPv4InIPv4, IPv6InIPv4                      uint64
	IPv4InIPv6, IPv6InIPv6                      uint64
	MPLS, ERSPAN, NSH                           uint64
	Events                                      EventCounts
}

// statNames names the counters as Suricata's stats.decoder.* does. avg_pkt_size is worked out.
var statNames = []struct {
	name string
	get  func(*Stats) *uint64
}{
	{"pkts", func(s *Stats) *uint64 { return &s.Pkts }},
	{"bytes", func(s *Stats) *uint64 { return &s.Bytes }},
	{"invalid", func(s *Stats) *uint64 { return &s.Invalid }},
	{"ipv4", func(s *Stats) *uint64 { return &s.IPv4 }},
	{"ipv6", func(s *Stats) *uint64 { return &s.IPv6 }},
	{"ethernet", func(s *Stats) *uint64 { return &s.Ethernet }},
	{"arp", func(s *Stats) *uint64 { return &s.ARP }},
	{"unknown_ethertype", func(s *Stats) *uint64 { return &s.UnknownEtherType }},
	{"unknown_linktype", func(s *Stats) *uint64 { return &s.UnknownLink }},
	{"chdlc", func(s *Stats) *uint64 { return &s.CHDLC }},
	{"raw", func(s *Stats) *uint64 { return &s.Raw }},
	{"null", func(s *Stats) *uint64 { return &s.Null }},
	{"sll", func(s *Stats) *uint64 { return &s.SLL }},
	{"sll2", func(s *Stats) *uint64 { return &s.SLL2 }},
	{"tcp", func(s *Stats) *uint64 { return &s.TCP }},
	{"udp", func(s *Stats) *uint64 { return &s.UDP }},
	{"sctp", func(s *Stats) *uint64 { return &s.SCTP }},
	{"esp", func(s *Stats) *uint64 { return &s.ESP }},
	{"icmpv4", func(s *Stats) *uint64 { return &s.ICMPv4 }},
	{"icmpv6", func(s *Stats) *uint64 { return &s.ICMPv6 }},
	{"ppp", func(s *Stats) *uint64 { return &s.PPP }},
	{"pppoe", func(s *Stats) *uint64 { return &s.PPPoE }},
	{"geneve", func(s *Stats) *uint64 { return &s.Geneve }},
	{"gre", func(s *Stats) *uint64 { return &s.GRE }},
	{"vlan", func(s *Stats) *uint64 { return &s.VLAN }},
	{"vlan_qinq", func(s *Stats) *uint64 { return &s.VLANQinQ }},
	{"vlan_qinqinq", func(s *Stats) *uint64 { return &s.VLANQinQinQ }},
	{"vxlan", func(s *Stats) *uint64 { return &s.VXLAN }},
	{"vntag", func(s *Stats) *uint64 { return &s.VNTag }},
	{"etag", func(s *Stats) *uint64 { return &s.ETag }},
	{"ieee8021ah", func(s *Stats) *uint64 { return &s.IEEE8021ah }},
	{"teredo", func(s *Stats) *uint64 { return &s.Teredo }},
	{"ipv4_in_ipv4", func(s *Stats) *uint64 { return &s.IPv4InIPv4 }},
	{"ipv6_in_ipv4", func(s *Stats) *uint64 { return &s.IPv6InIPv4 }},
	{"ipv4_in_ipv6", func(s *Stats) *uint64 { return &s.IPv4InIPv6 }},
	{"ipv6_in_ipv6", func(s *Stats) *uint64 { return &s.IPv6InIPv6 }},
	{"mpls", func(s *Stats) *uint64 { return &s.MPLS }},
	{"max_pkt_size", func(s *Stats) *uint64 { return &s.MaxPktSize }},
	{"erspan", func(s *Stats) *uint64 { return &s.ERSPAN }},
	{"nsh", func(s *Stats) *uint64 { return &s.NSH }},
}

// Each calls f for every counter with its name below stats.decoder: "pkts", "avg_pkt_size",
// "event.ipv4.trunc_pkt"... The order is always the same.
func (s *Stats) Each(f func(name string, n uint64)) {
	for _, c := range statNames {
		f(c.name, *c.get(s))
		if c.name == "mpls" {
			f("avg_pkt_size", s.avg())
		}
	}
	// Suricata keeps this one beside the protocols, not among the events.
	f("too_many_layers", s.Events[EvTooManyLayers])
	for e := EvNone + 1; e < EvTooManyLayers; e++ {
		f("event."+strings.TrimPrefix(eventNames[e], eventPrefix), s.Events[e])
	}
}

func (s *Stats) avg() uint64 {
	if s.Pkts == 0 {
		return 0
	}
	return s.Bytes / s.Pkts
}

// Add adds the counters of o to s; the greatest packet is the greater of both.
func (s *Stats) Add(o *Stats) {
	most := max(s.MaxPktSize, o.MaxPktSize)
	for _, c := range statNames {
		*c.get(s) += *c.get(o)
	}
	s.MaxPktSize = most
	for i, n := range o.Events {
		s.Events[i] += n
	}
}
