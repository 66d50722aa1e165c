package packet

import (
	"testing"

	"github.com/luanids/luanids/capture"
)

var fuzzLinks = []capture.LinkType{
	capture.LinkEthernet, capture.LinkRaw, capture.LinkNull, capture.LinkLoop, capture.LinkPPP, capture.LinkPPPHDLC,
	capture.LinkSLL, capture.LinkSLL2, capture.LinkIPv4, capture.LinkIPv6, capture.LinkRaw12, linkCHDLC, linkVLAN, linkARP,
}

// FuzzDecode decodes frames of every link type and all that is within them, and checks that
// every offset and slice lies in the frame and that nothing is left of an earlier packet.
func FuzzDecode(f *testing.F) {
	seed := func(link int, s string) { f.Add(uint8(link), unhex(f, s)) }
	seed(0, hexEth+"0800"+hexIPv4+hexTCP)
	seed(0, hexEth+"8100 0001 86dd"+hexIP6U)
	seed(0, outerGRE+"1000 88be 00000001 1017 0805 00000000"+hexEth+"0800"+hexIP4U)
	seed(0, hexEth+"0800 4500004e 00010000 40110000 0a000001 0a000002"+hexUDPHdr+"08000000 00002500"+hexEth+"0800"+hexInner)
	seed(0, hexEth+"8847 00010040 000151ff"+hexIP4U)
	seed(0, hexEth+"8864 1100 0001 0022 0021"+hexIP4U)
	seed(1, "47000024 00010000 40110000 0a000001 0a000002 8202f135 00000000 00350030 00080000")
	seed(1, "60000000 00200001 20010db8000000000000000000000001 20010db8000000000000000000000002"+
		"3c00 0502 0000 0100 2b00 0104 00000000 2c00 0000 00000000 1100 0001 00000001")
	seed(1, "45000038 00010000 40010000 0a000001 0a000002 0303 0000 00000000 45000020 00010000 40110000 0a000002 0a000001 00350030 000c0000")
	seed(2, "02000000"+hexIP4U)
	seed(4, "ff03 0021"+hexIP4U)
	seed(6, "0000 0001 0006 0000000000000000 0800"+hexIP4U)
	seed(7, "86dd 0000 00000001 0001 00 06 0000000000000000"+hexIP6U)
	d := NewDecoder(DefaultConfig())
	var used, usedInner Packet
	f.Fuzz(func(t *testing.T, link uint8, data []byte) {
		raw := capture.Packet{Data: data, Len: uint32(len(data)), Link: fuzzLinks[int(link)%len(fuzzLinks)], VLAN: uint16(link), HasVLAN: link > 200}
		p := &used
		d.Decode(p, &raw)
		check(t, p)
		var fresh Packet
		if d.Decode(&fresh, &raw); meaning(p) != meaning(&fresh) {
			t.Fatalf("differs when reused:\n%+v\n%+v", meaning(p), meaning(&fresh))
		}
		other := &usedInner
		for n := 0; p.Has(LayerTunnel); n++ {
			if n > MaxTunnels {
				t.Fatal("tunnels without end")
			}
			if !d.DecodeInner(p, other) {
				if p.Has(LayerTunnel) {
					t.Fatal("bad inner packet, still a tunnel")
				}
				break
			}
			check(t, other)
			p, other = other, p
		}
		if p.HasAny(LayerIP) && p.Has(LayerFragment) {
			dg := append([]byte(nil), p.IPHeader()...)
			if d.DecodeDatagram(other, p, append(dg, p.IPPayload()...)) {
				check(t, other)
			}
		}
	})
}

// check uses everything that may be read of a packet.
func check(t *testing.T, p *Packet) {
	t.Helper()
	inside(t, "payload", p.Data, p.Payload)
	inside(t, "inner", p.Data, p.Inner)
	inside(t, "IP header", p.Data, p.IPHeader())
	inside(t, "IP payload", p.Data, p.IPPayload())
	inside(t, "transport header", p.Data, p.TransportHeader())
	p.TransportChecksumOK()
	p.EthSrc()
	p.EthDst()
	p.OuterEtherType()
	p.ARP()
	p.SCTPChunk()
	p.ESP()
	p.ICMPID()
	p.ICMPSeq()
	p.ICMPv6MTU()
	if p.Has(LayerTunnel) && p.InnerKind == NoTunnel || p.VLANCount > maxVLANs || int(p.VLANCount) > len(p.VLANs) {
		t.Fatalf("layers %b, kind %v, %d VLANs", p.Layers, p.InnerKind, p.VLANCount)
	}
	if p.Has(LayerFragment) && (p.Payload != nil || p.HasAny(layerTransport)) {
		t.Fatal("a fragment with a transport layer")
	}
	if ip := p.Layers & LayerIP; ip == LayerIP || (ip != 0) != (p.IPVersion != 0) {
		t.Fatalf("layers %b, version %d", p.Layers, p.IPVersion)
	}
}

// inside checks that part lies within whole, in the same memory.
func inside(t *testing.T, what string, whole, part []byte) {
	t.Helper()
	if len(part) == 0 {
		return
	}
	for i := range whole {
		if &whole[i] == &part[0] {
			if i+len(part) > len(whole) {
				t.Fatalf("%s ends past the packet", what)
			}
			return
		}
	}
	t.Fatalf("%s lies outside the packet", what)
}
