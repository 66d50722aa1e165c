package testrun

import (
	"encoding/binary"
	"net/netip"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/check"
)

// ends are what a message says of the packet that carries it.
type ends struct {
	src, dst         netip.Addr
	srcPort, dstPort uint16
	proto            uint8
	flags            uint8
	ttl              uint8
	icmpType, code   uint8
	payload          []byte
	established      bool
	toClient         bool
}

// The addresses of messages that name none: a client inside, a server outside.
var (
	insider  = netip.MustParseAddr("10.0.0.10")
	outsider = netip.MustParseAddr("203.0.113.80")
)

// endsOf reads the fields of packets and flows from a test message.
func endsOf(schema *dissect.Schema, m *check.TestMsg, spec *dissect.Spec, toClient bool) ends {
	x := ends{src: insider, dst: outsider, srcPort: 49152, dstPort: 80, proto: packet.ProtoTCP, flags: packet.PSH | packet.ACK,
		ttl: 64, established: true, toClient: toClient}
	if spec != nil {
		d := spec.TCP
		if d == nil {
			d, x.proto = spec.UDP, packet.ProtoUDP
		} else if spec.UDP != nil && spec.Name == "dns" {
			d, x.proto = spec.UDP, packet.ProtoUDP
		}
		if d != nil && len(d.Ports) > 0 {
			x.dstPort = d.Ports[0]
		}
	}
	for _, f := range m.Fields {
		if f.Field.Name == "to_client" || f.Field.Name == "to_server" {
			x.toClient = (f.Values[0].I == 1) == (f.Field.Name == "to_client")
		}
	}
	if x.toClient {
		x.src, x.dst, x.srcPort, x.dstPort = x.dst, x.src, x.dstPort, x.srcPort
	}
	for _, f := range m.Fields {
		if len(f.Values) > 0 {
			x.set(f)
		}
	}
	if x.src.Is4() != x.dst.Is4() { // one was given, and is of the other version
		if x.src == insider || x.src == outsider {
			x.src = netip.MustParseAddr("2001:db8::10")
		} else {
			x.dst = netip.MustParseAddr("2001:db8::80")
		}
		if x.src.Is4() {
			x.src = netip.AddrFrom16(x.src.As16())
		}
	}
	return x
}

// protoNumbers are the protocols that tests can name.
var protoNumbers = map[string]uint8{"tcp": packet.ProtoTCP, "udp": packet.ProtoUDP, "icmp": packet.ProtoICMP,
	"icmpv4": packet.ProtoICMP, "icmpv6": packet.ProtoICMPv6, "sctp": packet.ProtoSCTP, "gre": packet.ProtoGRE, "igmp": packet.ProtoIGMP}

func (x *ends) set(f check.TestField) {
	v := f.Values[0]
	switch name := f.Field.Name; name {
	case "src.ip":
		x.src = v.IP
	case "dst.ip":
		x.dst = v.IP
	case "src.port":
		x.srcPort = uint16(v.I)
	case "dst.port":
		x.dstPort = uint16(v.I)
	case "ip.proto":
		x.proto = uint8(v.I)
	case "proto":
		x.proto = protoNumbers[string(v.B)]
	case "payload", "packet.payload":
		x.payload = v.B
	case "established":
		x.established = v.I == 1
	case "tcp.flags":
		x.flags = uint8(v.I)
	case "ip.ttl":
		x.ttl = uint8(v.I)
	case "icmp.type", "icmpv6.type":
		x.icmpType = uint8(v.I)
	case "icmp.code", "icmpv6.code":
		x.code = uint8(v.I)
	default:
		if n, ok := protoNumbers[name]; ok && v.I == 1 {
			x.proto = n
		}
		for bit, flag := range []string{"tcp.fin", "tcp.syn", "tcp.rst", "tcp.psh", "tcp.ack_flag", "tcp.urg"} {
			if name == flag {
				x.flags = x.flags&^(1<<bit) | uint8(v.I)<<bit
			}
		}
	}
}

// frame makes the bytes of a raw IP packet.
func (x *ends) frame() []byte {
	l4 := x.transport()
	src, dst := x.src.AsSlice(), x.dst.AsSlice()
	if x.src.Is4() {
		h := make([]byte, 20)
		h[0], h[8], h[9] = 0x45, x.ttl, x.proto
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(l4)))
		copy(h[12:], src)
		copy(h[16:], dst)
		return append(h, l4...)
	}
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, x.proto, x.ttl
	binary.BigEndian.PutUint16(h[4:], uint16(len(l4)))
	copy(h[8:], src)
	copy(h[24:], dst)
	return append(h, l4...)
}

func (x *ends) transport() []byte {
	var h []byte
	switch x.proto {
	case packet.ProtoTCP:
		h = make([]byte, 20)
		h[12], h[13] = 5<<4, x.flags
	case packet.ProtoUDP:
		h = make([]byte, 8)
		binary.BigEndian.PutUint16(h[4:], uint16(8+len(x.payload)))
	case packet.ProtoSCTP:
		h = make([]byte, 12)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		h = []byte{x.icmpType, x.code, 0, 0, 0, 0, 0, 0}
		return append(h, x.payload...)
	default:
		return x.payload
	}
	binary.BigEndian.PutUint16(h, x.srcPort)
	binary.BigEndian.PutUint16(h[2:], x.dstPort)
	return append(h, x.payload...)
}

// maxPayload is the longest payload that fits into the packet of a test.
const maxPayload = 60 << 10

// reversed is the packet of the other direction.
func (x ends) reversed() ends {
	x.src, x.dst, x.srcPort, x.dstPort, x.toClient = x.dst, x.src, x.dstPort, x.srcPort, !x.toClient
	x.payload = nil
	return x
}

// decode makes the packet.
func (x *ends) decode(now int64, num uint64) *packet.Packet {
	if len(x.payload) > maxPayload {
		x.payload = x.payload[:maxPayload]
	}
	data := x.frame()
	p := &packet.Packet{}
	packet.NewDecoder(packet.DefaultConfig()).Decode(p, &capture.Packet{Data: data, Time: now, Len: uint32(len(data)), Num: num, Link: capture.LinkRaw})
	return p
}

// key is the flow's key: client first.
func (x *ends) key() dissect.FlowKey {
	k := dissect.FlowKey{Src: packet.FromNetip(x.src), Dst: packet.FromNetip(x.dst), SrcPort: x.srcPort, DstPort: x.dstPort,
		Proto: x.proto, IPVersion: 4}
	if x.src.Is6() {
		k.IPVersion = 6
	}
	if x.proto != packet.ProtoTCP && x.proto != packet.ProtoUDP && x.proto != packet.ProtoSCTP {
		k.SrcPort, k.DstPort = 0, 0
	}
	if x.toClient {
		k.Src, k.Dst, k.SrcPort, k.DstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	}
	return k
}
