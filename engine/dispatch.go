package engine

import (
	"encoding/binary"
	"math/bits"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/reassembly/ipfrag"
)

// sink takes what the dispatcher makes of captured frames, in order. With one worker that is
// the worker itself; with several, the batch that they share.
type sink interface {
	// slot gives a packet to decode into.
	slot() *packet.Packet
	// packet takes the packet last given by slot, decoded.
	packet(p *packet.Packet)
	// tick says that packet time reached another second.
	tick(stamp uint64, now int64)
	// keep copies bytes that must live as long as the batch.
	keep(b []byte) []byte
}

// dispatcher decodes frames, follows tunnels, puts fragments together and keeps time. It sees
// every frame, in order, on one goroutine.
type dispatcher struct {
	dec    packet.Decoder
	frag   *ipfrag.Defrag
	seed   uint64
	noVLAN bool // VLAN tags do not tell flows apart
	pins   *pins
	stamp  uint64
	now    int64
	second int64
	first  int64
	// timed makes stamps of packet time, so that those of several rings can be compared.
	timed bool
	// streamsOnly says that fragments of ICMP need not be put together.
	streamsOnly bool
}

// frame decodes one captured frame and all packets within it.
func (d *dispatcher) frame(raw *capture.Packet, s sink) {
	d.advance(raw.Time, s)
	p := s.slot()
	d.dec.Decode(p, raw)
	d.deliver(p, s)
}

// advance moves packet time on and ticks once for a step into another second. Time never goes
// back: a capture that does keeps the latest time.
func (d *dispatcher) advance(t int64, s sink) {
	if d.first == 0 {
		d.first = t
	}
	if t > d.now {
		d.now = t
	}
	if sec := d.now / 1e9; sec > d.second {
		d.second = sec
		now := d.now
		if d.timed { // the same stamp and time on all rings
			now = sec * 1e9
			d.stamp = max(d.stamp, uint64(now)-1)
		}
		d.stamp++
		s.tick(d.stamp, now)
	}
	if d.timed {
		d.stamp = max(d.stamp, uint64(d.now))
	}
}

// deliver hands a decoded packet on, and then what it carries.
func (d *dispatcher) deliver(p *packet.Packet, s sink) {
	d.stamp++
	p.Stamp = d.stamp
	p.Hash = d.hash(p)
	if d.pins != nil {
		d.pins.apply(p, d.now)
	}
	switch {
	case p.Layers&packet.LayerFragment != 0 && !(d.streamsOnly && isICMP(p)):
		datagram, whole := d.frag.Add(p)
		s.packet(p)
		if whole {
			in := s.slot()
			if d.dec.DecodeDatagram(in, p, s.keep(datagram)) {
				d.deliver(in, s)
			}
		}
	case p.Layers&packet.LayerTunnel != 0 && p.Layers&packet.LayerFragment == 0:
		in := s.slot()
		whole := d.dec.DecodeInner(p, in)
		s.packet(p)
		if whole {
			d.deliver(in, s)
		}
	default:
		s.packet(p)
	}
}

// flowKey writes the packet's tuple as seen from its sender. An ICMP error has the tuple of the
// packet that it quotes, reversed: it comes from the side that the quoted packet went to.
func (d *dispatcher) flowKey(p *packet.Packet, k *dissect.FlowKey) {
	k.IPVersion, k.Proto = p.IPVersion, p.IPProto
	k.Src, k.Dst = p.Src, p.Dst
	k.SrcPort, k.DstPort = p.SrcPort, p.DstPort
	k.VLANs = [3]uint16{}
	if !d.noVLAN {
		k.VLANs = p.VLANs
		for i := int(p.VLANCount); i < len(k.VLANs); i++ {
			k.VLANs[i] = 0
		}
	}
	k.Tunnel = 0
	switch p.Via {
	case packet.NoTunnel, packet.TunnelDefrag:
	case packet.TunnelVXLAN, packet.TunnelGeneve:
		k.Tunnel = p.TunnelID<<8 | uint32(p.Via)
	default: // keys and session ids may differ by direction
		k.Tunnel = uint32(p.Via)
	}
	switch {
	case p.Quoted:
		k.Proto = p.QProto
		k.Src, k.Dst = p.QDst, p.QSrc
		k.SrcPort, k.DstPort = p.QDstPort, p.QSrcPort
	case p.Layers&packet.LayerICMP != 0:
		k.SrcPort, k.DstPort = icmpPorts(p.ICMPType, icmp4Pairs[:])
	case p.Layers&packet.LayerESP != 0: // the index tells the associations of two hosts apart
		spi, _, _ := p.ESP()
		k.SrcPort, k.DstPort = uint16(spi>>16), uint16(spi)
	case p.Layers&packet.LayerICMPv6 != 0:
		k.SrcPort, k.DstPort = icmpPorts(p.ICMPType, icmp6Pairs[:])
	}
}

// The ICMP types that answer each other (RFC 792, RFC 950, RFC 4443, RFC 4861).
var (
	icmp4Pairs = [...][2]uint8{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}
	icmp6Pairs = [...][2]uint8{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)

// icmpPorts gives a query and its answer mirrored pseudo-ports, so that they are one flow.
func icmpPorts(t uint8, pairs [][2]uint8) (src, dst uint16) {
	for _, p := range pairs {
		switch t {
		case p[0]:
			return uint16(t), uint16(p[1])
		case p[1]:
			return uint16(t), uint16(p[0])
		}
	}
	return uint16(t), uint16(t)
}

// hash is the same for both directions of a flow.
func (d *dispatcher) hash(p *packet.Packet) uint64 {
	if p.IPVersion == 0 {
		return 0
	}
	if !p.WantsFlow { // it chooses a worker only
		return fold(binary.LittleEndian.Uint64(p.Src[8:])^d.seed, binary.LittleEndian.Uint64(p.Dst[8:])^uint64(p.IPID)*0x9e3779b97f4a7c15)
	}
	var k dissect.FlowKey
	d.flowKey(p, &k)
	return hashKey(&k, d.seed)
}

func hashKey(k *dissect.FlowKey, seed uint64) uint64 {
	a := hashEnd(&k.Src, k.SrcPort, seed)
	b := hashEnd(&k.Dst, k.DstPort, seed)
	rest := uint64(k.Proto) | uint64(k.IPVersion)<<8 | uint64(k.VLANs[0])<<16 | uint64(k.VLANs[1])<<32 | uint64(k.VLANs[2])<<48
	return fold(a+b+seed, rest^uint64(k.Tunnel)*0x9e3779b97f4a7c15^0xd6e8feb86659fd93)
}

func hashEnd(a *packet.Addr, port uint16, seed uint64) uint64 {
	hi := binary.LittleEndian.Uint64(a[:8])
	lo := binary.LittleEndian.Uint64(a[8:])
	return fold(hi^seed^0xa0761d6478bd642f, lo^uint64(port)*0xe7037ed1a0b428db^0x8ebc6af09c88c6e3)
}

// fold mixes two words by a wide multiplication, as wyhash does.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
