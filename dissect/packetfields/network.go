package packetfields

import (
	"encoding/hex"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// mac gives a link-layer address as text, aa:bb:cc:dd:ee:ff.
func mac(b []byte) []byte {
	if len(b) != 6 {
		return nil
	}
	out := make([]byte, 17)
	for i, c := range b {
		hex.Encode(out[3*i:], []byte{c})
		if i < 5 {
			out[3*i+2] = ':'
		}
	}
	return out
}

func macField(name, doc string, ofPkt func(p *packet.Packet) []byte, ofFlow func(f *dissect.Flow) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Lower: true, Chars: 17, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		switch {
		case e.Pkt != nil:
			return mac(ofPkt(e.Pkt))
		case e.Flow != nil && e.Flow.HasEth:
			return mac(ofFlow(e.Flow))
		}
		return nil
	}}
}

func linkFields() []dissect.Field {
	return []dissect.Field{
		macField("eth.src", "link-layer source address, aa:bb:cc:dd:ee:ff; without a packet that of the flow's first",
			(*packet.Packet).EthSrc, func(f *dissect.Flow) []byte { return f.EthSrc[:] }),
		macField("eth.dst", "link-layer destination address, aa:bb:cc:dd:ee:ff; without a packet that of the flow's first",
			(*packet.Packet).EthDst, func(f *dissect.Flow) []byte { return f.EthDst[:] }),
		layerNum("eth.type", packet.LayerEthernet, "EtherType of the innermost link-layer header (IEEE 802 numbers)",
			func(p *packet.Packet) int64 { return int64(p.EtherType) }).Bits(16),
		{Name: "vlan.id", Type: dissect.TInt, Multi: true, Hi: 4095, Doc: "VLAN ids of the packet (0..4095), outermost first (IEEE 802.1Q)",
			IntN: vlanID},
		{Name: "vlan.layers", Type: dissect.TInt, Hi: 3, Doc: "number of VLAN tags, 0..3", Int: func(e *dissect.Env) (int64, bool) {
			n := int64(0)
			for ; ; n++ {
				if _, ok := vlanID(e, int(n)); !ok {
					return n, true
				}
			}
		}},
		vlanLayer("vlan.layer0", 0), vlanLayer("vlan.layer1", 1), vlanLayer("vlan.layer2", 2),
		{Name: "tunnel", Type: dissect.TBool, Doc: "the packet came within a tunnel", Int: func(e *dissect.Env) (int64, bool) {
			return b2i(e.Pkt != nil && e.Pkt.TunnelDepth > 0), true
		}},
		num("tunnel.depth", "tunnels that the packet came within, 0..8",
			func(p *packet.Packet) (int64, bool) { return int64(p.TunnelDepth), true }),
		num("tunnel.id", "VNI of VXLAN (RFC 7348) or Geneve (RFC 8926), key of GRE (RFC 2890), session of ERSPAN",
			func(p *packet.Packet) (int64, bool) { return int64(p.TunnelID), p.TunnelDepth > 0 }).Bits(32),
		{Name: "tunnel.kind", Type: dissect.TString, Doc: "how the packet was carried", Values: tunnelNames(),
			Bytes: func(e *dissect.Env) []byte {
				if e.Pkt == nil || e.Pkt.TunnelDepth == 0 {
					return nil
				}
				return tunnelBytes[e.Pkt.Via]
			}},
	}
}

var tunnelBytes = func() (t [256][]byte) {
	for i := range t {
		t[i] = []byte(packet.Tunnel(i).String())
	}
	return t
}()

func tunnelNames() (names []string) {
	for k := packet.TunnelGRE; k < packet.TunnelDefrag; k++ {
		names = append(names, k.String())
	}
	return names
}

// vlanLayer is the field of one of the VLAN tags, counted from the outside.
func vlanLayer(name string, i int) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Hi: 4095, Doc: "VLAN id (0..4095) of one tag, layer0 being the outermost (IEEE 802.1Q)",
		Int: func(e *dissect.Env) (int64, bool) { return vlanID(e, i) }}
}

func vlanID(e *dissect.Env, i int) (int64, bool) {
	switch {
	case i < 0 || i >= len(packet.Packet{}.VLANs):
		return 0, false
	case e.Pkt != nil:
		return int64(e.Pkt.VLANs[i]), i < int(e.Pkt.VLANCount)
	case e.Flow != nil:
		return int64(e.Flow.Key.VLANs[i]), e.Flow.Key.VLANs[i] != 0
	}
	return 0, false
}

func ipFields() []dissect.Field {
	const ip, v4 = packet.LayerIP, packet.LayerIPv4
	return []dissect.Field{
		layerNum("ip.version", ip, "4 or 6", func(p *packet.Packet) int64 { return int64(p.IPVersion) }).Between(4, 6),
		{Name: "ip.proto", Type: dissect.TInt, Hi: 255, Doc: "protocol over IP, after IPv6 extension headers (IANA protocol numbers)",
			Int: func(e *dissect.Env) (int64, bool) {
				switch {
				case e.Pkt != nil:
					return int64(e.Pkt.IPProto), e.Pkt.HasAny(ip)
				case e.Flow != nil:
					return int64(e.Flow.Key.Proto), true
				}
				return 0, false
			}},
		layerNum("ip.ttl", ip, "time to live, or hop limit (RFC 791, RFC 8200)", func(p *packet.Packet) int64 { return int64(p.TTL) }).Bits(8),
		layerNum("ip.tos", ip, "type of service, or traffic class, with DSCP and ECN", func(p *packet.Packet) int64 { return int64(p.TOS) }).Bits(8),
		layerNum("ip.id", ip, "identification; for IPv6 that of the fragment header, else 0", func(p *packet.Packet) int64 { return int64(p.IPID) }).Bits(32),
		layerNum("ip.flags", v4, "IPv4 flags: 4 reserved, 2 don't fragment, 1 more fragments", func(p *packet.Packet) int64 { return int64(p.IPFlags) }).Bits(3),
		flag("ip.df", v4, "the don't-fragment flag of IPv4", func(p *packet.Packet) bool { return p.IPFlags&2 != 0 }),
		flag("ip.mf", ip, "the more-fragments flag of IPv4 or of an IPv6 fragment header", func(p *packet.Packet) bool { return p.IPFlags&1 != 0 }),
		layerNum("ip.frag_offset", ip, "fragment offset, bytes", func(p *packet.Packet) int64 { return int64(p.FragOff) }).Bits(16).Of(dissect.TSize),
		layerNum("ip.len", ip, "length of IP header and payload, bytes", func(p *packet.Packet) int64 { return int64(p.IPLen) }).Of(dissect.TSize),
		layerNum("ip.hdr_len", ip, "length of the IP header with options or extension headers, bytes",
			func(p *packet.Packet) int64 { return int64(p.IPHdrLen) }).Of(dissect.TSize),
		{Name: "ip.opts", Type: dissect.TString, Multi: true, Doc: "the IPv4 options of the packet, by Suricata's names",
			Values: ipOptNames(), BytesN: ipOpt},
		flag("ip.checksum_ok", v4, "the IPv4 header checksum is right", func(p *packet.Packet) bool { return !p.IPCsumBad }),
		flag("checksum_ok", transport, "the checksum of TCP, UDP, ICMP, ICMPv6 or SCTP is right, or there is none",
			(*packet.Packet).TransportChecksumOK),
		bin("ip.hdr", "IPv4 header with options", func(p *packet.Packet) []byte {
			if !p.HasAny(v4) {
				return nil
			}
			return p.IPHeader()
		}).Also("ipv4.hdr"),
		bin("ipv6.hdr", "IPv6 header with its extension headers (RFC 8200 section 4)", func(p *packet.Packet) []byte {
			if !p.HasAny(packet.LayerIPv6) {
				return nil
			}
			return p.Data[p.IPOff : p.IPOff+p.IPHdrLen]
		}),
	}
}

const transport = packet.LayerTCP | packet.LayerUDP | packet.LayerICMP | packet.LayerICMPv6 | packet.LayerSCTP

// ipOpts names the options in the order of their bits.
var ipOpts = []struct {
	bit  packet.IPOpt
	name []byte
}{
	{packet.IPOptEOL, []byte("eol")}, {packet.IPOptNOP, []byte("nop")}, {packet.IPOptRR, []byte("rr")},
	{packet.IPOptTS, []byte("ts")}, {packet.IPOptSec, []byte("sec")}, {packet.IPOptESec, []byte("esec")},
	{packet.IPOptLSRR, []byte("lsrr")}, {packet.IPOptSSRR, []byte("ssrr")}, {packet.IPOptSatID, []byte("satid")},
	{packet.IPOptCIPSO, []byte("cipso")}, {packet.IPOptQS, []byte("qs")}, {packet.IPOptRouterAlert, []byte("rtralt")},
}

func ipOptNames() (names []string) {
	for _, o := range ipOpts {
		names = append(names, string(o.name))
	}
	return names
}

func ipOpt(e *dissect.Env, i int) ([]byte, bool) {
	if e.Pkt == nil || !e.Pkt.HasAny(packet.LayerIPv4) {
		return nil, false
	}
	for _, o := range ipOpts {
		if e.Pkt.IPOpts&o.bit == 0 {
			continue
		}
		if i == 0 {
			return o.name, true
		}
		i--
	}
	return nil, false
}
