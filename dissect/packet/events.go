package packet

import "strings"

// Event is an anomaly that decoding found. The names are Suricata's: the rule keyword
// decode-event takes what follows "decoder.", EVE's anomaly.event takes the whole name.
type Event uint16

// The events, in the order of the layers they concern.
const (
	EvNone Event = iota
	EvIPv4TooSmall
	EvIPv4HlenTooSmall
	EvIPv4LenSmallerThanHlen
	EvIPv4Truncated
	EvIPv4OptInvalid
	EvIPv4OptInvalidLen
	EvIPv4OptMalformed
	EvIPv4OptPadRequired
	EvIPv4OptEOLRequired
	EvIPv4OptDuplicate
	EvIPv4OptUnknown
	EvIPv4WrongVersion
	EvIPv4WithICMPv6
	EvICMPv4TooSmall
	EvICMPv4UnknownType
	EvICMPv4UnknownCode
	EvICMPv4QuoteTruncated
	EvICMPv4QuoteVersion
	EvICMPv6UnknownType
	EvICMPv6UnknownCode
	EvICMPv6TooSmall
	EvICMPv6QuoteVersion
	EvICMPv6QuoteTruncated
	EvICMPv6MLDHopLimit
	EvICMPv6UnassignedType
	EvICMPv6ExperimentType
	EvIPv6TooSmall
	EvIPv6Truncated
	EvIPv6TruncatedExt
	EvIPv6DupFragment
	EvIPv6UselessFragment
	EvIPv6DupRouting
	EvIPv6DupHopByHop
	EvIPv6DupDstOpts
	EvIPv6DupAH
	EvIPv6DupESP
	EvIPv6InvalidOptLen
	EvIPv6WrongVersion
	EvIPv6AHReserved
	EvIPv6HopOptsUnknown
	EvIPv6HopOptsOnlyPadding
	EvIPv6DstOptsUnknown
	EvIPv6DstOptsOnlyPadding
	EvIPv6RoutingType0
	EvIPv6ZeroLenPadN
	EvIPv6FragReserved
	EvIPv6DataAfterNone
	EvIPv6UnknownNext
	EvIPv6WithICMPv4
	EvTCPTooSmall
	EvTCPHlenTooSmall
	EvTCPInvalidOptLen
	EvTCPOptInvalidLen
	EvTCPOptDuplicate
	EvUDPTooSmall
	EvUDPHlenTooSmall
	EvUDPHlenInvalid
	EvUDPLenInvalid
	EvSLLTooSmall
	EvSLL2TooSmall
	EvEthernetTooSmall
	EvEthernetUnknownType
	EvPPPTooSmall
	EvPPPVJUTooSmall
	EvPPPIPv4TooSmall
	EvPPPIPv6TooSmall
	EvPPPWrongType
	EvPPPUnsupported
	EvPPPoETooSmall
	EvPPPoEWrongCode
	EvPPPoEMalformedTags
	EvGRETooSmall
	EvGREWrongVersion
	EvGRE0Recur
	EvGRE0Flags
	EvGRE0HdrTooBig
	EvGRE0MalformedSRE
	EvGRE1Checksum
	EvGRE1Route
	EvGRE1SSR
	EvGRE1Recur
	EvGRE1Flags
	EvGRE1NoKey
	EvGRE1WrongProtocol
	EvGRE1MalformedSRE
	EvGRE1HdrTooBig
	EvVLANTooSmall
	EvVLANUnknownType
	EvVLANTooManyLayers
	EvPBBTooSmall
	EvVNTagTooSmall
	EvVNTagUnknownType
	EvETagTooSmall
	EvETagUnknownType
	EvRawInvalidVersion
	EvNullTooSmall
	EvNullUnsupportedType
	EvSCTPTooSmall
	EvESPTooSmall
	EvIPv4FragTooLarge
	EvIPv6FragTooLarge
	EvIPv4FragOverlap
	EvIPv6FragOverlap
	EvIPv6FragInvalidLen
	EvIPv4FragIgnored
	EvIPv6FragIgnored
	EvIPv4InIPv6TooSmall
	EvIPv4InIPv6WrongVersion
	EvIPv6InIPv6TooSmall
	EvIPv6InIPv6WrongVersion
	EvMPLSHeaderTooSmall
	EvMPLSTooSmall
	EvMPLSRouterAlert
	EvMPLSImplicitNull
	EvMPLSReservedLabel
	EvMPLSUnknownPayload
	EvVXLANUnknownPayload
	EvGeneveUnknownPayload
	EvERSPANTooSmall
	EvERSPANVersion
	EvERSPANTooManyVLANs
	EvDCETooSmall
	EvCHDLCTooSmall
	EvNSHTooSmall
	EvNSHVersion
	EvNSHHeaderLength
	EvNSHReservedType
	EvNSHUnsupportedType
	EvNSHUnknownPayload
	EvARPTooSmall
	EvARPHardware
	EvARPProtocol
	EvARPInvalid
	EvARPHardwareSize
	EvARPProtocolSize
	EvARPOpcode
	EvAFPacketTruncated
	EvTooManyLayers

	// NumEvents is the number of events, for tables indexed by Event.
	NumEvents
)

const eventPrefix = "decoder."

var eventNames = [NumEvents]string{
	EvIPv4TooSmall:           eventPrefix + "ipv4.pkt_too_small",
	EvIPv4HlenTooSmall:       eventPrefix + "ipv4.hlen_too_small",
	EvIPv4LenSmallerThanHlen: eventPrefix + "ipv4.iplen_smaller_than_hlen",
	EvIPv4Truncated:          eventPrefix + "ipv4.trunc_pkt",
	EvIPv4OptInvalid:         eventPrefix + "ipv4.opt_invalid",
	EvIPv4OptInvalidLen:      eventPrefix + "ipv4.opt_invalid_len",
	EvIPv4OptMalformed:       eventPrefix + "ipv4.opt_malformed",
	EvIPv4OptPadRequired:     eventPrefix + "ipv4.opt_pad_required",
	EvIPv4OptEOLRequired:     eventPrefix + "ipv4.opt_eol_required",
	EvIPv4OptDuplicate:       eventPrefix + "ipv4.opt_duplicate",
	EvIPv4OptUnknown:         eventPrefix + "ipv4.opt_unknown",
	EvIPv4WrongVersion:       eventPrefix + "ipv4.wrong_ip_version",
	EvIPv4WithICMPv6:         eventPrefix + "ipv4.icmpv6",
	EvICMPv4TooSmall:         eventPrefix + "icmpv4.pkt_too_small",
	EvICMPv4UnknownType:      eventPrefix + "icmpv4.unknown_type",
	EvICMPv4UnknownCode:      eventPrefix + "icmpv4.unknown_code",
	EvICMPv4QuoteTruncated:   eventPrefix + "icmpv4.ipv4_trunc_pkt",
	EvICMPv4QuoteVersion:     eventPrefix + "icmpv4.ipv4_unknown_ver",
	EvICMPv6UnknownType:      eventPrefix + "icmpv6.unknown_type",
	EvICMPv6UnknownCode:      eventPrefix + "icmpv6.unknown_code",
	EvICMPv6TooSmall:         eventPrefix + "icmpv6.pkt_too_small",
	EvICMPv6QuoteVersion:     eventPrefix + "icmpv6.ipv6_unknown_version",
	EvICMPv6QuoteTruncated:   eventPrefix + "icmpv6.ipv6_trunc_pkt",
	EvICMPv6MLDHopLimit:      eventPrefix + "icmpv6.mld_message_with_invalid_hl",
	EvICMPv6UnassignedType:   eventPrefix + "icmpv6.unassigned_type",
	EvICMPv6ExperimentType:   eventPrefix + "icmpv6.experimentation_type",
	EvIPv6TooSmall:           eventPrefix + "ipv6.pkt_too_small",
	EvIPv6Truncated:          eventPrefix + "ipv6.trunc_pkt",
	EvIPv6TruncatedExt:       eventPrefix + "ipv6.trunc_exthdr",
	EvIPv6DupFragment:        eventPrefix + "ipv6.exthdr_dupl_fh",
	EvIPv6UselessFragment:    eventPrefix + "ipv6.exthdr_useless_fh",
	EvIPv6DupRouting:         eventPrefix + "ipv6.exthdr_dupl_rh",
	EvIPv6DupHopByHop:        eventPrefix + "ipv6.exthdr_dupl_hh",
	EvIPv6DupDstOpts:         eventPrefix + "ipv6.exthdr_dupl_dh",
	EvIPv6DupAH:              eventPrefix + "ipv6.exthdr_dupl_ah",
	EvIPv6DupESP:             eventPrefix + "ipv6.exthdr_dupl_eh",
	EvIPv6InvalidOptLen:      eventPrefix + "ipv6.exthdr_invalid_optlen",
	EvIPv6WrongVersion:       eventPrefix + "ipv6.wrong_ip_version",
	EvIPv6AHReserved:         eventPrefix + "ipv6.exthdr_ah_res_not_null",
	EvIPv6HopOptsUnknown:     eventPrefix + "ipv6.hopopts_unknown_opt",
	EvIPv6HopOptsOnlyPadding: eventPrefix + "ipv6.hopopts_only_padding",
	EvIPv6DstOptsUnknown:     eventPrefix + "ipv6.dstopts_unknown_opt",
	EvIPv6DstOptsOnlyPadding: eventPrefix + "ipv6.dstopts_only_padding",
	EvIPv6RoutingType0:       eventPrefix + "ipv6.rh_type_0",
	EvIPv6ZeroLenPadN:        eventPrefix + "ipv6.zero_len_padn",
	EvIPv6FragReserved:       eventPrefix + "ipv6.fh_non_zero_reserved_field",
	EvIPv6DataAfterNone:      eventPrefix + "ipv6.data_after_none_header",
	EvIPv6UnknownNext:        eventPrefix + "ipv6.unknown_next_header",
	EvIPv6WithICMPv4:         eventPrefix + "ipv6.icmpv4",
	EvTCPTooSmall:            eventPrefix + "tcp.pkt_too_small",
	EvTCPHlenTooSmall:        eventPrefix + "tcp.hlen_too_small",
	EvTCPInvalidOptLen:       eventPrefix + "tcp.invalid_optlen",
	EvTCPOptInvalidLen:       eventPrefix + "tcp.opt_invalid_len",
	EvTCPOptDuplicate:        eventPrefix + "tcp.opt_duplicate",
	EvUDPTooSmall:            eventPrefix + "udp.pkt_too_small",
	EvUDPHlenTooSmall:        eventPrefix + "udp.hlen_too_small",
	EvUDPHlenInvalid:         eventPrefix + "udp.hlen_invalid",
	EvUDPLenInvalid:          eventPrefix + "udp.len_invalid",
	EvSLLTooSmall:            eventPrefix + "sll.pkt_too_small",
	EvSLL2TooSmall:           eventPrefix + "sll2.pkt_too_small",
	EvEthernetTooSmall:       eventPrefix + "ethernet.pkt_too_small",
	EvEthernetUnknownType:    eventPrefix + "ethernet.unknown_ethertype",
	EvPPPTooSmall:            eventPrefix + "ppp.pkt_too_small",
	EvPPPVJUTooSmall:         eventPrefix + "ppp.vju_pkt_too_small",
	EvPPPIPv4TooSmall:        eventPrefix + "ppp.ip4_pkt_too_small",
	EvPPPIPv6TooSmall:        eventPrefix + "ppp.ip6_pkt_too_small",
	EvPPPWrongType:           eventPrefix + "ppp.wrong_type",
	EvPPPUnsupported:         eventPrefix + "ppp.unsup_proto",
	EvPPPoETooSmall:          eventPrefix + "pppoe.pkt_too_small",
	EvPPPoEWrongCode:         eventPrefix + "pppoe.wrong_code",
	EvPPPoEMalformedTags:     eventPrefix + "pppoe.malformed_tags",
	EvGRETooSmall:            eventPrefix + "gre.pkt_too_small",
	EvGREWrongVersion:        eventPrefix + "gre.wrong_version",
	EvGRE0Recur:              eventPrefix + "gre.version0_recur",
	EvGRE0Flags:              eventPrefix + "gre.version0_flags",
	EvGRE0HdrTooBig:          eventPrefix + "gre.version0_hdr_too_big",
	EvGRE0MalformedSRE:       eventPrefix + "gre.version0_malformed_sre_hdr",
	EvGRE1Checksum:           eventPrefix + "gre.version1_chksum",
	EvGRE1Route:              eventPrefix + "gre.version1_route",
	EvGRE1SSR:                eventPrefix + "gre.version1_ssr",
	EvGRE1Recur:              eventPrefix + "gre.version1_recur",
	EvGRE1Flags:              eventPrefix + "gre.version1_flags",
	EvGRE1NoKey:              eventPrefix + "gre.version1_no_key",
	EvGRE1WrongProtocol:      eventPrefix + "gre.version1_wrong_protocol",
	EvGRE1MalformedSRE:       eventPrefix + "gre.version1_malformed_sre_hdr",
	EvGRE1HdrTooBig:          eventPrefix + "gre.version1_hdr_too_big",
	EvVLANTooSmall:           eventPrefix + "vlan.header_too_small",
	EvVLANUnknownType:        eventPrefix + "vlan.unknown_type",
	EvVLANTooManyLayers:      eventPrefix + "vlan.too_many_layers",
	EvPBBTooSmall:            eventPrefix + "ieee8021ah.header_too_small",
	EvVNTagTooSmall:          eventPrefix + "vntag.header_too_small",
	EvVNTagUnknownType:       eventPrefix + "vntag.unknown_type",
	EvETagTooSmall:           eventPrefix + "etag.header_too_small",
	EvETagUnknownType:        eventPrefix + "etag.unknown_type",
	EvRawInvalidVersion:      eventPrefix + "ipraw.invalid_ip_version",
	EvNullTooSmall:           eventPrefix + "ltnull.pkt_too_small",
	EvNullUnsupportedType:    eventPrefix + "ltnull.unsupported_type",
	EvSCTPTooSmall:           eventPrefix + "sctp.pkt_too_small",
	EvESPTooSmall:            eventPrefix + "esp.pkt_too_small",
	EvIPv4FragTooLarge:       eventPrefix + "ipv4.frag_pkt_too_large",
	EvIPv6FragTooLarge:       eventPrefix + "ipv6.frag_pkt_too_large",
	EvIPv4FragOverlap:        eventPrefix + "ipv4.frag_overlap",
	EvIPv6FragOverlap:        eventPrefix + "ipv6.frag_overlap",
	EvIPv6FragInvalidLen:     eventPrefix + "ipv6.frag_invalid_length",
	EvIPv4FragIgnored:        eventPrefix + "ipv4.frag_ignored",
	EvIPv6FragIgnored:        eventPrefix + "ipv6.frag_ignored",
	EvIPv4InIPv6TooSmall:     eventPrefix + "ipv6.ipv4_in_ipv6_too_small",
	EvIPv4InIPv6WrongVersion: eventPrefix + "ipv6.ipv4_in_ipv6_wrong_version",
	EvIPv6InIPv6TooSmall:     eventPrefix + "ipv6.ipv6_in_ipv6_too_small",
	EvIPv6InIPv6WrongVersion: eventPrefix + "ipv6.ipv6_in_ipv6_wrong_version",
	EvMPLSHeaderTooSmall:     eventPrefix + "mpls.header_too_small",
	EvMPLSTooSmall:           eventPrefix + "mpls.pkt_too_small",
	EvMPLSRouterAlert:        eventPrefix + "mpls.bad_label_router_alert",
	EvMPLSImplicitNull:       eventPrefix + "mpls.bad_label_implicit_null",
	EvMPLSReservedLabel:      eventPrefix + "mpls.bad_label_reserved",
	EvMPLSUnknownPayload:     eventPrefix + "mpls.unknown_payload_type",
	EvVXLANUnknownPayload:    eventPrefix + "vxlan.unknown_payload_type",
	EvGeneveUnknownPayload:   eventPrefix + "geneve.unknown_payload_type",
	EvERSPANTooSmall:         eventPrefix + "erspan.header_too_small",
	EvERSPANVersion:          eventPrefix + "erspan.unsupported_version",
	EvERSPANTooManyVLANs:     eventPrefix + "erspan.too_many_vlan_layers",
	EvDCETooSmall:            eventPrefix + "dce.pkt_too_small",
	EvCHDLCTooSmall:          eventPrefix + "chdlc.pkt_too_small",
	EvNSHTooSmall:            eventPrefix + "nsh.header_too_small",
	EvNSHVersion:             eventPrefix + "nsh.unsupported_version",
	EvNSHHeaderLength:        eventPrefix + "nsh.bad_header_length",
	EvNSHReservedType:        eventPrefix + "nsh.reserved_type",
	EvNSHUnsupportedType:     eventPrefix + "nsh.unsupported_type",
	EvNSHUnknownPayload:      eventPrefix + "nsh.unknown_payload",
	EvARPTooSmall:            eventPrefix + "arp.pkt_too_small",
	EvARPHardware:            eventPrefix + "arp.unsupported_hardware",
	EvARPProtocol:            eventPrefix + "arp.unsupported_protocol",
	EvARPInvalid:             eventPrefix + "arp.invalid_pkt",
	EvARPHardwareSize:        eventPrefix + "arp.invalid_hardware_size",
	EvARPProtocolSize:        eventPrefix + "arp.invalid_protocol_size",
	EvARPOpcode:              eventPrefix + "arp.unsupported_opcode",
	EvAFPacketTruncated:      eventPrefix + "afpacket.trunc_pkt",
	EvTooManyLayers:          eventPrefix + "too_many_layers",
}

var eventsByName = func() map[string]Event {
	m := make(map[string]Event, NumEvents)
	for e := EvNone + 1; e < NumEvents; e++ {
		m[eventNames[e]] = e
	}
	return m
}()

// Name gives the event's full name, "decoder.ipv4.pkt_too_small".
func (e Event) Name() string {
	if e < NumEvents {
		return eventNames[e]
	}
	return ""
}

// String is Name, for messages.
func (e Event) String() string { return e.Name() }

// EventByName finds an event by its name, with or without "decoder.".
func EventByName(name string) (Event, bool) {
	if !strings.HasPrefix(name, eventPrefix) {
		name = eventPrefix + name
	}
	e, ok := eventsByName[name]
	return e, ok
}
