package packet

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
)

// decoded decodes a frame and the packets within it, outermost first.
func decoded(t testing.TB, d *Decoder, link capture.LinkType, frame []byte) []*Packet {
	t.Helper()
	raw := capture.Packet{Data: frame, Len: uint32(len(frame)), Link: link, Num: 1, Time: 5}
	p := new(Packet)
	d.Decode(p, &raw)
	all := []*Packet{p}
	for p.Has(LayerTunnel) {
		in := new(Packet)
		if !d.DecodeInner(p, in) {
			break
		}
		all = append(all, in)
		p = in
	}
	return all
}

const (
	hexUDP   = "00350030 000c0000 41424344" // with hexIP4UDP
	hexIP4U  = "45000020 00010000 40110000 0a000001 0a000002 " + hexUDP
	hexIP6U  = "60000000 000c1140 20010db8000000000000000000000001 20010db8000000000000000000000002 " + hexUDP
	hexGRE   = "0000 0800 "
	outerGRE = hexEth + "0800 45000000 00010000 402f0000 0a000001 0a000002 "
)

// fixLen sets the total length of the IPv4 header at off.
func fixLen(b []byte, off int) []byte {
	binary.BigEndian.PutUint16(b[off+2:], uint16(len(b)-off))
	return b
}

func TestLinkTypes(t *testing.T) {
	for _, c := range []struct {
		name  string
		link  capture.LinkType
		frame string
		want  Layer
	}{
		{"ethernet", capture.LinkEthernet, hexEth + "0800" + hexIP4U, LayerEthernet | LayerIPv4 | LayerUDP},
		{"ethernet padded", capture.LinkEthernet, hexEth + "0800" + hexIP4U + "0000000000", LayerEthernet | LayerIPv4 | LayerUDP},
		{"ipv6", capture.LinkEthernet, hexEth + "86dd" + hexIP6U, LayerEthernet | LayerIPv6 | LayerUDP},
		{"snap", capture.LinkEthernet, hexEth + "0028 aaaa03 000000 0800" + hexIP4U + "ffff", LayerEthernet | LayerIPv4 | LayerUDP},
		{"vlan", capture.LinkEthernet, hexEth + "8100 2064 0800" + hexIP4U, LayerEthernet | LayerVLAN | LayerIPv4 | LayerUDP},
		{"qinq", capture.LinkEthernet, hexEth + "88a8 0001 8100 0002 0800" + hexIP4U, LayerEthernet | LayerVLAN | LayerIPv4 | LayerUDP},
		{"mpls", capture.LinkEthernet, hexEth + "8847 00010040 000151ff" + hexIP4U, LayerEthernet | LayerMPLS | LayerIPv4 | LayerUDP},
		{"pseudowire", capture.LinkEthernet, hexEth + "8847 000151ff 00000000" + hexEth + "0800" + hexIP4U, LayerEthernet | LayerMPLS | LayerIPv4 | LayerUDP},
		{"pppoe", capture.LinkEthernet, hexEth + "8864 1100 0001 0022 0021" + hexIP4U, LayerEthernet | LayerPPPoE | LayerIPv4 | LayerUDP},
		{"pppoe ipv6", capture.LinkEthernet, hexEth + "8864 1100 0001 0022 0057" + hexIP6U, LayerEthernet | LayerPPPoE | LayerIPv6 | LayerUDP},
		{"arp", capture.LinkEthernet, hexEth + "0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002", LayerEthernet | LayerARP},
		{"vntag", capture.LinkEthernet, hexEth + "8926 00000000 0800" + hexIP4U, LayerEthernet | LayerIPv4 | LayerUDP},
		{"etag", capture.LinkEthernet, hexEth + "893f 000000000000 0800" + hexIP4U, LayerEthernet | LayerIPv4 | LayerUDP},
		{"nsh", capture.LinkEthernet, hexEth + "894f 0fc2 0201 00000000" + hexIP4U, LayerEthernet | LayerIPv4 | LayerUDP},
		{"sll", capture.LinkSLL, "0000 0001 0006 0000000000000000 0800" + hexIP4U, LayerIPv4 | LayerUDP},
		{"sll2", capture.LinkSLL2, "86dd 0000 00000001 0001 00 06 0000000000000000" + hexIP6U, LayerIPv6 | LayerUDP},
		{"null little", capture.LinkNull, "02000000" + hexIP4U, LayerIPv4 | LayerUDP},
		{"null big", capture.LinkNull, "00000002" + hexIP4U, LayerIPv4 | LayerUDP},
		{"null macOS ipv6", capture.LinkNull, "1e000000" + hexIP6U, LayerIPv6 | LayerUDP},
		{"loop", capture.LinkLoop, "00000018" + hexIP6U, LayerIPv6 | LayerUDP},
		{"raw", capture.LinkRaw, hexIP4U, LayerIPv4 | LayerUDP},
		{"raw ipv6", capture.LinkRaw12, hexIP6U, LayerIPv6 | LayerUDP},
		{"linktype ipv4", capture.LinkIPv4, hexIP4U, LayerIPv4 | LayerUDP},
		{"ppp", capture.LinkPPP, "0021" + hexIP4U, LayerPPP | LayerIPv4 | LayerUDP},
		{"ppp compressed", capture.LinkPPP, "21" + hexIP4U, LayerPPP | LayerIPv4 | LayerUDP},
		{"ppp hdlc", capture.LinkPPPHDLC, "ff03 0057" + hexIP6U, LayerPPP | LayerIPv6 | LayerUDP},
		{"chdlc", linkCHDLC, "0f00 0800" + hexIP4U, LayerIPv4 | LayerUDP},
	} {
		p := decoded(t, NewDecoder(DefaultConfig()), c.link, unhex(t, c.frame))[0]
		if p.Layers != c.want {
			t.Errorf("%s: layers %b, want %b; events %v", c.name, p.Layers, c.want, p.EventList())
			continue
		}
		if p.Has(LayerUDP) && (p.SrcPort != 0x35 || p.DstPort != 0x30 || string(p.Payload) != "ABCD") {
			t.Errorf("%s: ports %d %d, payload %q", c.name, p.SrcPort, p.DstPort, p.Payload)
		}
	}
}

func TestVLANs(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	frame := unhex(t, hexEth+"88a8 2001 8100 0002 8100 4fff 0800"+hexIP4U)
	p := decoded(t, d, capture.LinkEthernet, frame)[0]
	if want := [3]uint16{1, 2, 4095}; p.VLANs != want || p.VLANCount != 3 || !p.Has(LayerUDP) {
		t.Errorf("VLANs %v (%d), layers %b", p.VLANs, p.VLANCount, p.Layers)
	}
	// A tag that the card took off comes first.
	raw := capture.Packet{Data: unhex(t, hexEth+"8100 0002 0800"+hexIP4U), Link: capture.LinkEthernet, VLAN: 0x6007, HasVLAN: true}
	d.Decode(p, &raw)
	if p.VLANs[0] != 7 || p.VLANs[1] != 2 || p.VLANCount != 2 {
		t.Errorf("VLANs %v (%d)", p.VLANs, p.VLANCount)
	}
	p = decoded(t, d, capture.LinkEthernet, unhex(t, hexEth+"8100 0001 8100 0002 8100 0003 8100 0004 0800"+hexIP4U))[0]
	if !slices.Equal(p.EventList(), []Event{EvVLANTooManyLayers}) || p.HasAny(LayerIP) {
		t.Errorf("four tags: events %v, layers %b", p.EventList(), p.Layers)
	}
	if d.Stats.VLAN != 3 || d.Stats.VLANQinQ != 3 || d.Stats.VLANQinQinQ != 2 {
		t.Errorf("counted %d, %d, %d", d.Stats.VLAN, d.Stats.VLANQinQ, d.Stats.VLANQinQinQ)
	}
}

func TestTCP(t *testing.T) {
	frame := unhex(t, hexEth+"0800 45000040 12344000 40060000 0a000001 0a000002"+
		"c000 0050 00000001 00000002 b0 d2 0200 0000 0009 020405b4 0402 080a 00000003 00000004 030307 2202 000000")
	p := decoded(t, NewDecoder(DefaultConfig()), capture.LinkEthernet, frame)[0]
	want := TCPOptions{MSS: 1460, WScale: 7, SACKPermitted: true, HasMSS: true, HasWScale: true,
		HasTimestamp: true, HasTFO: true, TSVal: 3, TSEcr: 4}
	if p.TCPOpt != want || p.EventCount != 0 {
		t.Errorf("options %+v, events %v", p.TCPOpt, p.EventList())
	}
	if p.TCPFlags != SYN|ACK|ECE|CWR || p.Seq != 1 || p.AckNum != 2 || p.TCPWindow != 512 || p.TCPUrgent != 9 {
		t.Errorf("flags %x seq %d ack %d window %d urgent %d", p.TCPFlags, p.Seq, p.AckNum, p.TCPWindow, p.TCPUrgent)
	}
	if p.L4Off != 34 || p.L4HdrLen != 44 || len(p.Payload) != 0 || len(p.TransportHeader()) != 44 || !p.WantsFlow {
		t.Errorf("offsets %d+%d, payload %q", p.L4Off, p.L4HdrLen, p.Payload)
	}
}

func TestTunnels(t *testing.T) {
	gre := func(s string) []byte { return fixLen(unhex(t, outerGRE+s), 14) }
	ipip := func(proto, inner string) []byte {
		return fixLen(unhex(t, hexEth+"0800 45000000 00010000 40"+proto+"0000 0a000001 0a000002"+inner), 14)
	}
	udp := func(port, payload string) []byte {
		b := fixLen(unhex(t, hexEth+"0800 45000000 00010000 40110000 0a000001 0a000002 c000"+port+"0000 0000"+payload), 14)
		binary.BigEndian.PutUint16(b[38:], uint16(len(b)-34))
		return b
	}
	for _, c := range []struct {
		name  string
		frame []byte
		via   Tunnel
		id    uint32
		vlans []uint16
		flow  bool // the outer packet has one
	}{
		{"gre", gre(hexGRE + hexIP4U), TunnelGRE, 0, nil, false},
		{"gre key checksum sequence", gre("b000 86dd 0000 0000 00000063 00000001" + hexIP6U), TunnelGRE, 0x63, nil, false},
		{"gre routing", gre("4000 0800 0000 0000 0800 00 04 0a000001 0000 00 00" + hexIP4U), TunnelGRE, 0, nil, false},
		{"gre bridge", gre("0000 6558" + hexEth + "0800" + hexIP4U), TunnelGRE, 0, nil, false},
		{"gre vlan", gre("0000 8100 0009 0800" + hexIP4U), TunnelGRE, 0, []uint16{9}, false},
		{"pptp", gre("3081 880b 0022 0007 00000001 00000002 ff03 0021" + hexIP4U), TunnelGRE, 7, nil, false},
		{"erspan1", gre("0000 88be" + hexEth + "8100 0005 0800" + hexIP4U), TunnelERSPAN1, 0, []uint16{5}, false},
		{"erspan2", gre("1000 88be 00000001 1017 0805 00000000" + hexEth + "0800" + hexIP4U), TunnelERSPAN2, 5, []uint16{23}, false},
		{"erspan3", gre("1000 22eb 00000001 2017 0806 00000000 00000000" + hexEth + "0800" + hexIP4U), TunnelERSPAN3, 6, []uint16{23}, false},
		{"erspan3 subheader", gre("1000 22eb 00000001 2000 0006 00000000 00000001 0000000000000000" + hexEth + "0800" + hexIP4U), TunnelERSPAN3, 6, nil, false},
		{"ipip", ipip("04", hexIP4U), TunnelIPIP, 0, nil, true},
		{"6in4", ipip("29", hexIP6U), Tunnel6in4, 0, nil, true},
		{"4in6", unhex(t, hexEth+"86dd 60000000 00200440 20010db8000000000000000000000001 20010db8000000000000000000000002"+hexIP4U), TunnelIPIP, 0, nil, true},
		{"6in6", unhex(t, hexEth+"86dd 60000000 00342940 20010db8000000000000000000000001 20010db8000000000000000000000002"+hexIP6U), Tunnel6in4, 0, nil, true},
		{"vxlan", udp("12b5", "08000000 00002500"+hexEth+"0800"+hexIP4U), TunnelVXLAN, 0x25, nil, true},
		{"vxlan vlan", udp("12b5", "08000000 00002500"+hexEth+"8100 0003 0800"+hexIP4U), TunnelVXLAN, 0x25, []uint16{3}, true},
		{"geneve", udp("17c1", "02000800 00002600 01080001 11111111"+hexIP4U), TunnelGeneve, 0x26, nil, true},
		{"geneve bridge", udp("17c1", "00006558 00002600"+hexEth+"86dd"+hexIP6U), TunnelGeneve, 0x26, nil, true},
		{"teredo", udp("0dd8", hexIP6U), TunnelTeredo, 0, nil, true},
		{"teredo origin", udp("0dd8", "0000 1234 0a000001"+hexIP6U), TunnelTeredo, 0, nil, true},
	} {
		all := decoded(t, NewDecoder(DefaultConfig()), capture.LinkEthernet, c.frame)
		if len(all) != 2 {
			t.Errorf("%s: %d packets, outer layers %b, events %v", c.name, len(all), all[0].Layers, all[0].EventList())
			continue
		}
		out, in := all[0], all[1]
		if !in.Has(LayerUDP) || string(in.Payload) != "ABCD" || in.SrcPort != 0x35 {
			t.Errorf("%s: inner layers %b, payload %q, events %v", c.name, in.Layers, in.Payload, in.EventList())
		}
		if in.Via != c.via || in.TunnelDepth != 1 || in.TunnelID != c.id || in.Num != 1 || in.Time != 5 {
			t.Errorf("%s: via %v, depth %d, id %#x, num %d", c.name, in.Via, in.TunnelDepth, in.TunnelID, in.Num)
		}
		if !slices.Equal(in.VLANs[:in.VLANCount], c.vlans) || out.WantsFlow != c.flow {
			t.Errorf("%s: VLANs %v, outer wants flow: %v", c.name, in.VLANs[:in.VLANCount], out.WantsFlow)
		}
	}
}

// TestNotTunnels checks that what only looks like a tunnel stays a packet of its own.
func TestNotTunnels(t *testing.T) {
	for _, c := range []struct{ name, frame string }{
		{"ipip, bad inner", hexEth + "0800 45000034 00010000 40040000 0a000001 0a000002 55000020" + strings.Repeat("00", 28)},
		{"teredo on another port", hexEth + "0800 45000054 00010000 40110000 0a000001 0a000002 c0001235 00400000" + hexIP6U + "00000000"},
		{"teredo, wrong length", hexEth + "0800 45000054 00010000 40110000 0a000001 0a000002 c0000dd8 00400000" + hexIP6U + "00000000"},
		{"vxlan without flag", hexEth + "0800 45000048 00010000 40110000 0a000001 0a000002 c00012b5 00340000 00000000 00002500" + hexEth + "0800" + strings.Repeat("00", 22)},
	} {
		all := decoded(t, NewDecoder(DefaultConfig()), capture.LinkEthernet, unhex(t, c.frame))
		if len(all) != 1 || all[0].Has(LayerTunnel) || !all[0].Has(LayerIPv4) {
			t.Errorf("%s: %d packets, layers %b", c.name, len(all), all[0].Layers)
		}
	}
}

func TestICMPQuotes(t *testing.T) {
	quote4 := "45000020 00010000 40110000 0a000002 0a000001 00350030 000c0000"
	p := decoded(t, NewDecoder(DefaultConfig()), capture.LinkRaw,
		unhex(t, "45000038 00010000 40010000 0a000001 0a000002 0303 0000 00000000"+quote4))[0]
	if !p.Quoted || p.QProto != ProtoUDP || p.QSrcPort != 0x35 || p.QDstPort != 0x30 || p.QSrc != V4([]byte{10, 0, 0, 2}) {
		t.Errorf("quoted %v proto %d %v:%d > %v:%d", p.Quoted, p.QProto, p.QSrc.Netip(), p.QSrcPort, p.QDst.Netip(), p.QDstPort)
	}
	// ICMPv6, with an extension header in the quoted packet.
	quote6 := "60000000 00100040 20010db8000000000000000000000002 20010db8000000000000000000000001 1100 0502 0000 0100 00350030 000c0000"
	p = decoded(t, NewDecoder(DefaultConfig()), capture.LinkRaw,
		unhex(t, "60000000 00403aff 20010db8000000000000000000000001 20010db8000000000000000000000002 0104 0000 00000000"+quote6))[0]
	if !p.Quoted || p.QProto != ProtoUDP || p.QSrcPort != 0x35 || p.QSrc[15] != 2 || p.EventCount != 0 {
		t.Errorf("ICMPv6: quoted %v proto %d port %d events %v", p.Quoted, p.QProto, p.QSrcPort, p.EventList())
	}
}

// TestReuse checks that nothing of an earlier packet shows in a later one.
func TestReuse(t *testing.T) {
	frames := [][]byte{
		unhex(t, hexEth+"8100 0064 0800 4600004c 12344000 40060000 0a000001 0a000002 94040000 c0000050 00000001 00000002 80180200 00000000 0101080a 00000003 00000004 47455420 2f0d0a00"),
		unhex(t, hexEth+"0800"+"45000038 00010000 40010000 0a000001 0a000002 0303 0000 00000000 45000020 00010000 40110000 0a000002 0a000001 00350030 000c0000"),
		fixLen(unhex(t, outerGRE+hexGRE+hexIP4U), 14),
		unhex(t, hexEth+"86dd"+hexIP6U),
		unhex(t, hexEth+"0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"),
		unhex(t, hexEth+"1234 00"), {1, 2, 3},
	}
	d := NewDecoder(DefaultConfig())
	var used Packet
	for i, a := range frames {
		for j, b := range frames {
			d.Decode(&used, &capture.Packet{Data: a, Link: capture.LinkEthernet})
			d.Decode(&used, &capture.Packet{Data: b, Link: capture.LinkEthernet})
			var fresh Packet
			d.Decode(&fresh, &capture.Packet{Data: b, Link: capture.LinkEthernet})
			if got, want := meaning(&used), meaning(&fresh); got != want {
				t.Errorf("packet %d after %d:\n got %+v\nwant %+v", j, i, got, want)
			}
		}
	}
}

// view is what may be read of a packet without asking its layers first, and with them.
type view struct {
	layers                Layer
	ether, sport, dport   uint16
	version, proto, count uint8
	quoted, bad, flow     bool
	payload, inner        string
	vlans                 uint8
	events                string
	opts                  IPOpt
	tcp                   TCPOptions
}

func meaning(p *Packet) view {
	v := view{p.Layers, p.EtherType, p.SrcPort, p.DstPort, p.IPVersion, p.IPProto, p.EventCount, p.Quoted, p.Invalid,
		p.WantsFlow, string(p.Payload), string(p.Inner), p.VLANCount, "", 0, TCPOptions{}}
	for _, e := range p.EventList() {
		v.events += e.Name() + " "
	}
	if p.Has(LayerIPv4) {
		v.opts = p.IPOpts
	}
	if p.Has(LayerTCP) {
		v.tcp = p.TCPOpt
	}
	return v
}

func TestNoAllocs(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	frames := [][]byte{
		unhex(t, hexEth+"0800"+hexIPv4+hexTCP), unhex(t, hexEth+"86dd"+hexIP6U),
		fixLen(unhex(t, outerGRE+hexGRE+hexIP4U), 14), unhex(t, hexEth+"0800 46000018 00010000 40990000 0a000001 0a000002 07100000"), {1},
	}
	var p, in Packet
	raw := capture.Packet{Link: capture.LinkEthernet}
	if n := testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			raw.Data = f
			if d.Decode(&p, &raw); p.Has(LayerTunnel) {
				d.DecodeInner(&p, &in)
			}
			p.TransportChecksumOK()
		}
	}); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}

func TestChecksums(t *testing.T) {
	for _, c := range []struct {
		name, frame string
	}{
		{"tcp", "45000028 00010000 40060000 0a000001 0a000002 c0000050 00000001 00000002 50100200 00000000"},
		{"udp", hexIP4U}, {"udp odd", "4500001d 00010000 40110000 0a000001 0a000002 00350030 00090000 41"},
		{"icmp", "45000020 00010000 40010000 0a000001 0a000002 0800 0000 00010002 41424344"},
		{"tcp6", "60000000 00140640 20010db8000000000000000000000001 20010db8000000000000000000000002 c0000050 00000001 00000002 50100200 00000000"},
		{"udp6", hexIP6U},
		{"udp6 routing", "60000000 00242b40 20010db8000000000000000000000001 20010db8000000000000000000000002 1102 0001 00000000 20010db8000000000000000000000003" + hexUDP},
		{"icmp6", "60000000 000c3a40 20010db8000000000000000000000001 20010db8000000000000000000000002 8000 0000 00010002 41424344"},
	} {
		b := unhex(t, c.frame)
		d := NewDecoder(DefaultConfig())
		p := decoded(t, d, capture.LinkRaw, b)[0]
		at := map[uint8]int{ProtoTCP: 16, ProtoUDP: 6, ProtoICMP: 2, ProtoICMPv6: 2}[p.IPProto] + int(p.L4Off)
		good := slowChecksum(p, c.name == "udp6 routing")
		binary.BigEndian.PutUint16(b[at:], good)
		if !p.TransportChecksumOK() {
			t.Errorf("%s: right checksum %#x refused", c.name, good)
		}
		b[at] ^= 0x40
		if p.TransportChecksumOK() {
			t.Errorf("%s: wrong checksum accepted", c.name)
		}
	}
	p := decoded(t, NewDecoder(DefaultConfig()), capture.LinkRaw, unhex(t, hexIP4U))[0]
	if !p.TransportChecksumOK() {
		t.Error("UDP without checksum over IPv4 refused")
	}
	p = decoded(t, NewDecoder(DefaultConfig()), capture.LinkRaw, unhex(t, hexIP6U))[0]
	if p.TransportChecksumOK() {
		t.Error("UDP without checksum over IPv6 accepted")
	}
	p = decoded(t, NewDecoder(DefaultConfig()), capture.LinkRaw, append(unhex(t, "45000073 00004000 4011b861 c0a80001 c0a800c7"), make([]byte, 95)...))[0]
	if p.IPCsumBad {
		t.Error("right IPv4 checksum refused")
	}
}

// slowChecksum computes the checksum two bytes at a time.
func slowChecksum(p *Packet, routed bool) uint16 {
	b := bytes.Clone(p.IPPayload())
	at := map[uint8]int{ProtoTCP: 16, ProtoUDP: 6, ProtoICMP: 2, ProtoICMPv6: 2}[p.IPProto]
	b[at], b[at+1] = 0, 0
	if p.IPProto != ProtoICMP {
		src, dst := p.Src[:], p.Dst[:]
		if p.Has(LayerIPv4) {
			src, dst = src[12:], dst[12:]
		}
		if routed {
			dst = p.Data[ipv6HdrLen+8:][:16]
		}
		b = append(b, make([]byte, len(b)%2)...)
		b = append(append(append(b, src...), dst...), 0, p.IPProto, byte(len(p.IPPayload())>>8), byte(len(p.IPPayload())))
	}
	s := uint32(0)
	for i := 0; i < len(b); i += 2 {
		lo := byte(0)
		if i+1 < len(b) {
			lo = b[i+1]
		}
		s += uint32(b[i])<<8 | uint32(lo)
	}
	for s>>16 != 0 {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
