package packet

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
)

func TestEventNames(t *testing.T) {
	seen := map[string]bool{}
	for e := EvNone + 1; e < NumEvents; e++ {
		name := e.Name()
		if !strings.HasPrefix(name, "decoder.") || seen[name] {
			t.Errorf("event %d: bad or repeated name %q", e, name)
		}
		seen[name] = true
		if got, ok := EventByName(name); !ok || got != e {
			t.Errorf("EventByName(%q) = %v, %v", name, got, ok)
		}
		if got, ok := EventByName(strings.TrimPrefix(name, "decoder.")); !ok || got != e {
			t.Errorf("EventByName without prefix: %q = %v, %v", name, got, ok)
		}
	}
	if _, ok := EventByName("ipv4.nothing"); ok {
		t.Error("unknown event found")
	}
	if NumEvents.Name() != "" {
		t.Error("name past the table")
	}
}

// TestEvents gives each event a packet that causes it.
func TestEvents(t *testing.T) {
	const (
		v4    = "45000020 00010000 40110000 0a000001 0a000002"
		addr6 = "20010db8000000000000000000000001 20010db8000000000000000000000002"
		pay8  = "00350030 00080000"
	)
	// ext makes an IPv6 packet of the given next header, payload length and payload.
	ext := func(next, length, rest string) string { return "60000000" + length + next + "01" + addr6 + rest }
	gre := func(s string) string {
		return "45000030 00010000 402f0000 0a000001 0a000002" + (strings.ReplaceAll(s, " ", "") + strings.Repeat("0", 56))[:56]
	}
	opts := func(s string) string { return "47000024 00010000 40110000 0a000001 0a000002" + s + pay8 }
	for _, c := range []struct {
		name  string
		link  capture.LinkType
		frame string
		want  []Event
	}{
		{"ethernet short", 1, "0200", []Event{EvEthernetTooSmall}},
		{"ethertype", 1, hexEth + "1234", []Event{EvEthernetUnknownType}},
		{"vlan short", 1, hexEth + "8100 00", []Event{EvVLANTooSmall}},
		{"vlan type", 1, hexEth + "8100 0001 8035 00", []Event{EvVLANUnknownType}},
		{"vntag short", 1, hexEth + "8926 00", []Event{EvVNTagTooSmall}},
		{"etag type", 1, hexEth + "893f 000000000000 8035", []Event{EvETagUnknownType}},
		{"dce short", 1, hexEth + "8903 00", []Event{EvDCETooSmall}},
		{"pbb short", 1, hexEth + "88e7 00", []Event{EvPBBTooSmall}},
		{"arp short", 1, hexEth + "0806 0001", []Event{EvARPTooSmall}},
		{"arp hardware", 1, hexEth + "0806 0006 0800 0604 0001", []Event{EvARPHardware}},
		{"arp protocol", 1, hexEth + "0806 0001 86dd 0604 0001", []Event{EvARPProtocol}},
		{"arp cut", 1, hexEth + "0806 0001 0800 0604 0001", []Event{EvARPInvalid}},
		{"arp opcode", 1, hexEth + "0806 0001 0800 0604 0009 000000000000 00000000 000000000000 00000000", []Event{EvARPOpcode}},
		{"mpls short", 1, hexEth + "8847 0001", []Event{EvMPLSHeaderTooSmall}},
		{"mpls payload short", 1, hexEth + "8847 000151ff 45", []Event{EvMPLSTooSmall}},
		{"mpls router alert", 1, hexEth + "8847 000011ff" + v4, []Event{EvMPLSRouterAlert}},
		{"mpls implicit null", 1, hexEth + "8847 000031ff" + v4, []Event{EvMPLSImplicitNull}},
		{"mpls reserved", 1, hexEth + "8847 000051ff" + v4, []Event{EvMPLSReservedLabel}},
		{"mpls unknown", 1, hexEth + "8847 000151ff 15000000", []Event{EvMPLSUnknownPayload}},
		{"pppoe short", 1, hexEth + "8864 1100", []Event{EvPPPoETooSmall}},
		{"pppoe code", 1, hexEth + "8864 1111 0001 0002 0021", []Event{EvPPPoEWrongCode}},
		{"pppoe tags", 1, hexEth + "8863 1109 0000 0008 0101 0009 00000000", []Event{EvPPPoEMalformedTags}},
		{"pppoe lcp", 1, hexEth + "8864 1100 0001 0006 c021 01010004", []Event{EvPPPUnsupported}},
		{"nsh version", 1, hexEth + "894f 4fc2 0201 00000000 00", []Event{EvNSHVersion}},
		{"nsh length", 1, hexEth + "894f 0fff 0201 00000000 00", []Event{EvNSHHeaderLength}},
		{"nsh payload", 1, hexEth + "894f 0fc2 0209 00000000 00", []Event{EvNSHUnknownPayload}},
		{"sll short", capture.LinkSLL, "0000", []Event{EvSLLTooSmall}},
		{"sll2 short", capture.LinkSLL2, "0000", []Event{EvSLL2TooSmall}},
		{"null short", capture.LinkNull, "00", []Event{EvNullTooSmall}},
		{"null family", capture.LinkNull, "07000000", []Event{EvNullUnsupportedType}},
		{"ppp short", capture.LinkPPP, "00", []Event{EvPPPTooSmall}},
		{"ppp type", capture.LinkPPP, "1234 00", []Event{EvPPPWrongType}},
		{"ppp ip short", capture.LinkPPP, "0021 4500", []Event{EvPPPIPv4TooSmall}},
		{"ppp ipv6 short", capture.LinkPPP, "0057 6000", []Event{EvPPPIPv6TooSmall}},
		{"chdlc short", linkCHDLC, "0f", []Event{EvCHDLCTooSmall}},
		{"raw version", capture.LinkRaw, "55" + strings.Repeat("00", 30), []Event{EvRawInvalidVersion}},
		{"ipv4 short", 1, hexEth + "0800 4500", []Event{EvIPv4TooSmall}},
		{"ipv4 version", 1, hexEth + "0800 65" + v4[2:], []Event{EvIPv4WrongVersion}},
		{"ipv4 hlen", 1, hexEth + "0800 44" + v4[2:], []Event{EvIPv4HlenTooSmall}},
		{"ipv4 length", 1, hexEth + "0800 45000013" + v4[8:], []Event{EvIPv4LenSmallerThanHlen}},
		{"ipv4 truncated", 1, hexEth + "0800" + v4, []Event{EvIPv4Truncated}},
		{"ipv4 icmpv6", 101, "45000014 00010000 403a0000 0a000001 0a000002", []Event{EvIPv4WithICMPv6}},
		{"option unknown", 101, opts("1e080000 00000000"), []Event{EvIPv4OptInvalid}},
		{"option length", 101, opts("07ff0000 00000000"), []Event{EvIPv4OptInvalidLen}},
		{"option eol", 101, opts("01010101 01010107"), []Event{EvIPv4OptEOLRequired}},
		{"option route", 101, opts("07070600 00000000"), []Event{EvIPv4OptMalformed}},
		{"option duplicate", 101, opts("94040000 94040000"), []Event{EvIPv4OptDuplicate}},
		{"option pad", 101, "46000020 00010000 40110000 0a000001 0a000002 01010101" + pay8, []Event{EvIPv4OptPadRequired}},
		// One option of a wrong length, then one that leads past the end.
		{"option security", 101, "48000028 00010000 40110000 0a000001 0a000002 8202f135 0000dead beefaa00" + pay8,
			[]Event{EvIPv4OptPadRequired, EvIPv4OptInvalidLen, EvIPv4OptInvalidLen}},
		{"tcp short", 101, "45000018 00010000 40060000 0a000001 0a000002 00350030", []Event{EvTCPTooSmall}},
		{"tcp hlen", 101, "45000028 00010000 40060000 0a000001 0a000002 c0000050 00000001 00000002 f0100200 00000000", []Event{EvTCPHlenTooSmall}},
		{"tcp offset", 101, "45000028 00010000 40060000 0a000001 0a000002 c0000050 00000001 00000002 40100200 00000000", []Event{EvTCPInvalidOptLen}},
		{"tcp option", 101, "4500002c 00010000 40060000 0a000001 0a000002 c0000050 00000001 00000002 60100200 00000000 02030000", []Event{EvTCPOptInvalidLen}},
		{"tcp duplicate", 101, "45000030 00010000 40060000 0a000001 0a000002 c0000050 00000001 00000002 70100200 00000000 020405b4 020405b4", []Event{EvTCPOptDuplicate}},
		{"udp short", 101, "45000018 00010000 40110000 0a000001 0a000002 00350030", []Event{EvUDPHlenTooSmall}},
		{"udp cut", 101, "4500001c 00010000 40110000 0a000001 0a000002 00350030 00090000", []Event{EvUDPTooSmall}},
		{"udp length", 101, "4500001c 00010000 40110000 0a000001 0a000002 00350030 00070000", []Event{EvUDPLenInvalid}},
		{"sctp short", 101, "4500001c 00010000 40840000 0a000001 0a000002 00350030 00070000", []Event{EvSCTPTooSmall}},
		{"esp short", 101, "45000018 00010000 40320000 0a000001 0a000002 00350030", []Event{EvESPTooSmall}},
		{"icmp short", 101, "45000018 00010000 40010000 0a000001 0a000002 08000000", []Event{EvICMPv4TooSmall}},
		{"icmp type", 101, "4500001c 00010000 40010000 0a000001 0a000002 63000000 00000000", []Event{EvICMPv4UnknownType}},
		{"icmp code", 101, "4500001c 00010000 40010000 0a000001 0a000002 08630000 00000000", []Event{EvICMPv4UnknownCode}},
		{"icmp quote cut", 101, "45000020 00010000 40010000 0a000001 0a000002 03000000 00000000 45000000", []Event{EvICMPv4QuoteTruncated}},
		{"ipv6 short", 1, hexEth + "86dd 6000", []Event{EvIPv6TooSmall}},
		{"ipv6 version", 1, hexEth + "86dd 40" + ext("11", "0000", "")[2:], []Event{EvIPv6WrongVersion}},
		{"ipv6 truncated", 101, ext("11", "0008", ""), []Event{EvIPv6Truncated}},
		{"ipv6 icmpv4", 101, ext("01", "0008", pay8), []Event{EvIPv6WithICMPv4}},
		{"ipv6 next", 101, ext("fe", "0008", pay8), []Event{EvIPv6UnknownNext}},
		{"ipv6 after none", 101, ext("3b", "0008", pay8), []Event{EvIPv6DataAfterNone}},
		{"ipv6 ext cut", 101, ext("00", "0008", "1104000000000000"), []Event{EvIPv6TruncatedExt}},
		{"ipv6 hop twice", 101, ext("00", "0018", "00 00 0502 0000 0100 11 00 0502 0000 0100"+pay8), []Event{EvIPv6ZeroLenPadN, EvIPv6DupHopByHop}},
		{"ipv6 only padding", 101, ext("00", "0010", "1100 0104 00000000"+pay8), []Event{EvIPv6HopOptsOnlyPadding}},
		{"ipv6 dst unknown", 101, ext("3c", "0010", "1100 1e04 00000000"+pay8), []Event{EvIPv6DstOptsUnknown}},
		{"ipv6 option length", 101, ext("3c", "0010", "1100 1e09 00000000"+pay8), []Event{EvIPv6InvalidOptLen}},
		{"ipv6 routing 0", 101, ext("2b", "0010", "1100 0000 00000000"+pay8), []Event{EvIPv6RoutingType0}},
		{"ipv6 ah reserved", 101, ext("33", "0014", "1101 0001 00000001 00000001"+pay8), []Event{EvIPv6AHReserved}},
		{"ipv6 useless fragment", 101, ext("2c", "0010", "1100 0000 00000001"+pay8), []Event{EvIPv6UselessFragment}},
		{"ipv6 fragment length", 101, ext("2c", "000c", "1100 0001 00000001 00000000"), []Event{EvIPv6FragInvalidLen}},
		{"ipv6 fragment reserved", 101, ext("2c", "0010", "1101 0001 00000001"+pay8), []Event{EvIPv6FragReserved}},
		{"4in6 short", 101, ext("04", "0008", pay8), []Event{EvIPv4InIPv6TooSmall}},
		{"4in6 version", 101, ext("04", "0014", "65"+v4[2:]), []Event{EvIPv4InIPv6WrongVersion}},
		{"6in6 short", 101, ext("29", "0008", pay8), []Event{EvIPv6InIPv6TooSmall}},
		{"icmpv6 type", 101, ext("3a", "0008", "00000000 00000000"), []Event{EvICMPv6UnknownType}},
		{"icmpv6 unassigned", 101, ext("3a", "0008", "05000000 00000000"), []Event{EvICMPv6UnassignedType}},
		{"icmpv6 experiment", 101, ext("3a", "0008", "64000000 00000000"), []Event{EvICMPv6ExperimentType}},
		{"icmpv6 code", 101, ext("3a", "0008", "80010000 00000000"), []Event{EvICMPv6UnknownCode}},
		{"mld hop limit", 101, strings.Replace(ext("3a", "0008", "82000000 00000000"), "3a01", "3aff", 1), []Event{EvICMPv6MLDHopLimit}},
		{"gre version", 101, gre("0002 0800"), []Event{EvGREWrongVersion}},
		{"gre recursion", 101, gre("0100 0800"), []Event{EvGRE0Recur}},
		{"gre flags", 101, gre("0008 0800"), []Event{EvGRE0Flags}},
		{"gre routing", 101, gre("4000 0800 0000 0000 0800 00ff"), []Event{EvGRE0MalformedSRE}},
		{"pptp checksum", 101, gre("8001 880b"), []Event{EvGRE1Checksum}},
		{"pptp protocol", 101, gre("2001 0800"), []Event{EvGRE1WrongProtocol}},
		{"pptp key", 101, gre("0001 880b"), []Event{EvGRE1NoKey}},
		{"erspan version", 101, gre("1000 88be 00000000 5000 0000 00000000"), []Event{EvERSPANVersion}},
	} {
		b := unhexNamed(t, c.name, c.frame)
		d := NewDecoder(DefaultConfig())
		p := decoded(t, d, c.link, b)[0]
		if got := p.EventList(); !slices.Equal(got, c.want) && !(c.want[0] == EvVLANUnknownType || c.want[0] == EvETagUnknownType) {
			t.Errorf("%s: events %v, want %v", c.name, got, c.want)
		} else if !slices.Contains(got, c.want[0]) {
			t.Errorf("%s: events %v, want %v", c.name, got, c.want)
		}
		for _, e := range c.want {
			if d.Stats.Events[e] == 0 {
				t.Errorf("%s: %v is not counted", c.name, e)
			}
		}
	}
}

// TestTooManyLayers nests Ethernet pseudowires in MPLS past the limit.
func TestTooManyLayers(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	p := decoded(t, d, capture.LinkEthernet, unhex(t, strings.Repeat(hexEth+"8847 000151ff 00000000", 32)))[0]
	if !slices.Equal(p.EventList(), []Event{EvTooManyLayers}) || d.Stats.Invalid != 1 {
		t.Errorf("events %v, %d invalid", p.EventList(), d.Stats.Invalid)
	}
}

func TestManyEvents(t *testing.T) {
	var p Packet
	for range 300 {
		p.AddEvent(EvIPv4OptInvalid)
	}
	if len(p.EventList()) != MaxEvents || p.EventCount != 255 {
		t.Errorf("%d events kept, %d counted", len(p.EventList()), p.EventCount)
	}
}

func TestStats(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	decoded(t, d, capture.LinkEthernet, unhex(t, hexEth+"0800"+hexIP4U))
	decoded(t, d, capture.LinkEthernet, unhex(t, hexEth+"0800 4500"))
	var sum Stats
	sum.Add(&d.Stats)
	sum.Add(&d.Stats)
	got := map[string]uint64{}
	sum.Each(func(name string, n uint64) {
		if _, dup := got[name]; dup {
			t.Errorf("%s twice", name)
		}
		got[name] = n
	})
	for name, want := range map[string]uint64{
		"pkts": 4, "bytes": 124, "ethernet": 4, "ipv4": 4, "udp": 2, "invalid": 2, "avg_pkt_size": 31, "max_pkt_size": 46,
		"event.ipv4.pkt_too_small": 2, "too_many_layers": 0, "tcp": 0,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s = %d (%v), want %d", name, n, ok, want)
		}
	}
}

// TestVXLANHeaders looks at frames that VXLAN does not carry, and at reserved bits.
func TestVXLANHeaders(t *testing.T) {
	header := func(vxlan, inner string) []byte {
		udp := unhex(t, "000012b5 0000 0000"+vxlan+inner)
		binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
		ip := unhex(t, "4500 0000 0000 0000 4011 0000 0a000001 0a000002")
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(udp)))
		return append(unhex(t, hexEth+"0800"), append(ip, udp...)...)
	}
	const plain, policy, last = "08000000 00002500", "88001234 00002500", "08000000 00002501"
	known, unknown := hexEth+"0800"+hexIP4U, hexEth+"88cc 00000000"
	for _, c := range []struct {
		vxlan, inner string
		reserved     VXLANReserved
		packets      int
		events       []Event
	}{
		{plain, known, VXLANReservedLast, 2, nil},
		{plain, unknown, VXLANReservedLast, 1, []Event{EvVXLANUnknownPayload}},
		{policy, known, VXLANReservedLast, 2, nil},
		{policy, known, VXLANReservedStrict, 1, nil},
		{last, known, VXLANReservedLast, 1, nil},
		{last, known, VXLANReservedPermissive, 2, nil},
		{plain, known, VXLANReservedStrict, 2, nil},
	} {
		config := DefaultConfig()
		config.VXLANReserved = c.reserved
		all := decoded(t, NewDecoder(config), capture.LinkEthernet, header(c.vxlan, c.inner))
		if len(all) != c.packets || !slices.Equal(all[0].EventList(), c.events) {
			t.Errorf("%s, %d: %d packets, events %v; want %d, %v", c.vxlan, c.reserved, len(all), all[0].EventList(), c.packets, c.events)
		}
	}
}
