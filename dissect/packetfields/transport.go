package packetfields

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// headerOf declares the header of a transport protocol.
func headerOf(name string, layers packet.Layer, doc string) dissect.Field {
	return bin(name, doc, func(p *packet.Packet) []byte {
		if !p.HasAny(layers) {
			return nil
		}
		return p.TransportHeader()
	})
}

func transportFields() []dissect.Field {
	const tcp, udp = packet.LayerTCP, packet.LayerUDP
	f := []dissect.Field{
		layerNum("tcp.flags", tcp, "flags: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG, 64 ECE, 128 CWR (RFC 9293)",
			func(p *packet.Packet) int64 { return int64(p.TCPFlags) }).Bits(8),
		layerNum("tcp.seq", tcp, "sequence number", func(p *packet.Packet) int64 { return int64(p.Seq) }).Bits(32),
		layerNum("tcp.ack", tcp, "acknowledgement number", func(p *packet.Packet) int64 { return int64(p.AckNum) }).Bits(32),
		layerNum("tcp.window", tcp, "receive window as sent, before scaling", func(p *packet.Packet) int64 { return int64(p.TCPWindow) }).Bits(16),
		layerNum("tcp.urgent", tcp, "urgent pointer", func(p *packet.Packet) int64 { return int64(p.TCPUrgent) }).Bits(16),
		num("tcp.mss", "maximum segment size option, bytes (RFC 9293)", func(p *packet.Packet) (int64, bool) {
			return int64(p.TCPOpt.MSS), p.HasAny(tcp) && p.TCPOpt.HasMSS
		}).Bits(16).Of(dissect.TSize),
		num("tcp.wscale", "window scale option, 0..14 (RFC 7323)", func(p *packet.Packet) (int64, bool) {
			return int64(p.TCPOpt.WScale), p.HasAny(tcp) && p.TCPOpt.HasWScale
		}).Bits(8),
		num("tcp.tsval", "timestamp option, sender's clock (RFC 7323)", func(p *packet.Packet) (int64, bool) {
			return int64(p.TCPOpt.TSVal), p.HasAny(tcp) && p.TCPOpt.HasTimestamp
		}).Bits(32),
		num("tcp.tsecr", "timestamp option, echoed clock", func(p *packet.Packet) (int64, bool) {
			return int64(p.TCPOpt.TSEcr), p.HasAny(tcp) && p.TCPOpt.HasTimestamp
		}).Bits(32),
		flag("tcp.sack_permitted", tcp, "has the SACK-permitted option (RFC 2018)", func(p *packet.Packet) bool { return p.TCPOpt.SACKPermitted }),
		flag("tcp.fastopen", tcp, "has a Fast Open cookie or cookie request (RFC 7413)", func(p *packet.Packet) bool { return p.TCPOpt.HasTFO }),
		headerOf("tcp.hdr", tcp, "TCP header with options"),
		layerNum("udp.len", udp, "length field: UDP header and payload, bytes (RFC 768)",
			func(p *packet.Packet) int64 { return int64(len(p.Payload) + int(p.L4HdrLen)) }).Of(dissect.TSize),
		headerOf("udp.hdr", udp, "UDP header"),
		num("sctp.chunk_type", "type of the first SCTP chunk (RFC 9260)", func(p *packet.Packet) (int64, bool) {
			kind, _, _, ok := p.SCTPChunk()
			return int64(kind), ok
		}).Bits(8),
		num("esp.spi", "security parameters index (RFC 4303)", func(p *packet.Packet) (int64, bool) {
			spi, _, ok := p.ESP()
			return int64(spi), ok
		}).Bits(32),
	}
	for _, x := range []struct {
		name string
		bit  uint8
		doc  string
	}{
		{"fin", packet.FIN, "no more data from the sender"}, {"syn", packet.SYN, "begins a connection"},
		{"rst", packet.RST, "resets the connection"}, {"psh", packet.PSH, "push"}, {"ack", packet.ACK, "tcp.ack is meant"},
		{"urg", packet.URG, "tcp.urgent is meant"}, {"ece", packet.ECE, "congestion was met (RFC 3168)"},
		{"cwr", packet.CWR, "the congestion window was reduced (RFC 3168)"},
	} {
		name := "tcp." + x.name
		if x.name == "ack" {
			name = "tcp.ack_flag" // tcp.ack is the number
		}
		f = append(f, flag(name, tcp, "the "+x.name+" flag: "+x.doc, func(p *packet.Packet) bool { return p.TCPFlags&x.bit != 0 }))
	}
	return f
}

func icmpFields() []dissect.Field {
	const either = packet.LayerICMP | packet.LayerICMPv6
	var f []dissect.Field
	for _, x := range []struct {
		prefix, what string
		layers       packet.Layer
	}{
		{"icmp", "of ICMP or ICMPv6 (RFC 792, RFC 4443): icmpv4 and icmpv6 tell them apart", either},
		{"icmpv6", "of ICMPv6 (RFC 4443)", packet.LayerICMPv6},
	} {
		f = append(f,
			layerNum(x.prefix+".type", x.layers, "message type "+x.what, func(p *packet.Packet) int64 { return int64(p.ICMPType) }).Bits(8),
			layerNum(x.prefix+".code", x.layers, "message code "+x.what, func(p *packet.Packet) int64 { return int64(p.ICMPCode) }).Bits(8),
			num(x.prefix+".id", "identifier of an echo-like message "+x.what, func(p *packet.Packet) (int64, bool) {
				v, ok := p.ICMPID()
				return int64(v), ok && p.HasAny(x.layers)
			}).Bits(16),
			num(x.prefix+".seq", "sequence number of an echo-like message "+x.what, func(p *packet.Packet) (int64, bool) {
				v, ok := p.ICMPSeq()
				return int64(v), ok && p.HasAny(x.layers)
			}).Bits(16),
			headerOf(x.prefix+".hdr", x.layers, "the eight bytes of header "+x.what),
		)
	}
	return append(f,
		headerOf("icmpv4.hdr", packet.LayerICMP, "the eight bytes of header of ICMP over IPv4 (RFC 792)"),
		num("icmpv6.mtu", "MTU of a packet-too-big message, bytes (RFC 4443 section 3.2)", func(p *packet.Packet) (int64, bool) {
			v, ok := p.ICMPv6MTU()
			return int64(v), ok
		}).Bits(32).Of(dissect.TSize))
}

func packetFields() []dissect.Field {
	return []dissect.Field{
		num("packet.num", "number of the captured frame, from 1", func(p *packet.Packet) (int64, bool) { return int64(p.Num), true }),
		num("packet.len", "length of the captured frame on the wire, bytes",
			func(p *packet.Packet) (int64, bool) { return int64(p.Len), true }).Of(dissect.TSize),
		{Name: "packet.time", Type: dissect.TTime, Doc: "time of the packet, or of the event without one",
			Int: func(e *dissect.Env) (int64, bool) { return e.Time, true }},
		bin("packet.payload", "what follows the last header of the packet, without padding; not reassembled",
			func(p *packet.Packet) []byte { return p.Payload }),
		{Name: "payload", Type: dissect.TBytes,
			Doc: "the bytes that the event is about: of the reassembled stream, of the datagram, or of the packet",
			Bytes: func(e *dissect.Env) []byte {
				if e.Data == nil && e.Pkt != nil {
					return e.Pkt.Payload
				}
				return e.Data
			}},
		num("payload.len", "length of payload, bytes (Suricata's dsize)",
			func(p *packet.Packet) (int64, bool) { return int64(len(p.Payload)), p.Payload != nil }).Of(dissect.TSize),
		bin("packet.data", "the packet from its first header on", func(p *packet.Packet) []byte { return p.Data }),
		{Name: "packet.events", Type: dissect.TString, Multi: true, Event: onPacket,
			Doc:    "what decoding found wrong with the packet, by Suricata's names: ipv4.trunc_pkt",
			BytesN: decoderEvent},
		flag("packet.invalid", ^packet.Layer(0), "decoding stopped at something wrong", func(p *packet.Packet) bool { return p.Invalid }),
	}
}

// eventBytes are the names of the decoder events as decode-event has them.
var eventBytes = func() (t [packet.NumEvents][]byte) {
	for e := packet.EvNone + 1; e < packet.NumEvents; e++ {
		t[e] = []byte(e.Name()[len("decoder."):])
	}
	return t
}()

func decoderEvent(e *dissect.Env, i int) ([]byte, bool) {
	if e.Pkt == nil || i < 0 || i >= len(e.Pkt.EventList()) {
		return nil, false
	}
	return eventBytes[e.Pkt.Events[i]], true
}
