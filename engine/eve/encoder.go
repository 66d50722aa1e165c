package eve

import (
	"slices"
	"strconv"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/dissect/packet/communityid"
	"github.com/luanids/luanids/lang/ir"
)

// Encoder appends records to a buffer. One serves a worker; it is not for concurrent use.
type Encoder struct {
	opt *Options
	w   jsonw.Writer
	// day and stamp cache the formatted date.
	day int64
	// Bits names the flow flags by number, "" for those that records do not show.
	Bits []string
	// Ints names the flow counters in the same way.
	Ints []string
	// Taken, where set, gives what rules have taken out of the packet at hand.
	Taken func() []dissect.Captured
	// Context are members of the alert's context, for the alert that is written next.
	Context []byte
	stamp   []byte
	pkt     jsonw.Writer // see packetVars
	xff     xffs
	rules   map[*ir.Rule][]byte // see ruleMembers
}

// NewEncoder makes an encoder of records as opt wants them.
func NewEncoder(opt *Options) *Encoder { return &Encoder{opt: opt, day: -1 << 62, xff: xffsOf(opt)} }

// Options gives the options that the encoder heeds.
func (x *Encoder) Options() *Options { return x.opt }

// begin starts a record at the end of dst; finish gives it back with the record.
func (x *Encoder) begin(dst []byte) *jsonw.Writer {
	if len(dst) > 0 && cap(dst)-len(dst) < usualRecord { // doubled, where append would grow by a quarter
		dst = slices.Grow(dst, max(cap(dst), 4*usualRecord))
	}
	x.w = jsonw.Writer{B: dst}
	x.w.Object()
	return &x.w
}

// usualRecord is the size that few records exceed, bytes.
const usualRecord = 1 << 10

func (x *Encoder) finish() []byte {
	x.w.End()
	x.w.B = append(x.w.B, '\n')
	b := x.w.B
	x.w.B = nil
	return b
}

// Time writes a time as a value: 2016-07-13T22:42:07.573103+0000.
func (x *Encoder) Time(w *jsonw.Writer, t int64) {
	const day = 86400e9
	days, rest := t/day, t%day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	if days != x.day || x.stamp == nil {
		x.day = days
		x.stamp = time.Unix(days*86400, 0).UTC().AppendFormat(x.stamp[:0], `"2006-01-02T`)
	}
	us := rest / 1000
	sec := us / 1e6
	clock := [...]byte{0, 0, ':', 0, 0, ':', 0, 0, '.', 0, 0, 0, 0, 0, 0, '+', '0', '0', '0', '0', '"'}
	two(clock[0:], sec/3600)
	two(clock[3:], sec/60%60)
	two(clock[6:], sec%60)
	for i, v := 14, us%1e6; i > 8; i-- {
		clock[i] = byte('0' + v%10)
		v /= 10
	}
	var tmp [48]byte
	w.Raw(append(append(tmp[:0], x.stamp...), clock[:]...))
}

// two writes a number below 100 with two digits.
func two(b []byte, n int64) { b[0], b[1] = byte('0'+n/10), byte('0'+n%10) }

// Head is what the header of a record tells.
type Head struct {
	Type string
	Time int64
	Pkt  *packet.Packet
	Flow *dissect.Flow
	// Dir is the direction in which the addresses are given; ByPacket takes them from the packet.
	Dir      dissect.Dir
	ByPacket bool
	// OfFlow says that the record is about the flow as a whole.
	OfFlow bool
	// NoVars leaves the flow's variables out.
	NoVars bool
	// Client, if set, is written in place of the client's address, see xff.
	Client packet.Addr
	// PacketVars is what rules took out of the packet that the record is about, see Encoder.packetVars; nil asks for that of Pkt.
	PacketVars []byte
	// Late says that the record waited for Pkt: what was taken out of that is not its business.
	Late bool
	// NoPacket leaves pcap_cnt out although there is a packet.
	NoPacket bool
}

// iface is the interface that the packet or flow was seen on, nil in a replay.
func (h *Head) iface() *string {
	switch {
	case h.Pkt != nil && h.Pkt.Iface != nil:
		return h.Pkt.Iface
	case h.Flow != nil:
		return h.Flow.Iface
	}
	return nil
}

// header writes the members that all records share.
func (x *Encoder) header(w *jsonw.Writer, h *Head) {
	w.Key("timestamp")
	x.Time(w, h.Time)
	if h.Flow != nil {
		w.Key("flow_id")
		w.Uint(h.Flow.ID)
		if h.Flow.ParentID != 0 {
			w.Key("parent_id")
			w.Uint(h.Flow.ParentID)
		}
	}
	if iface := h.iface(); iface != nil {
		w.Key("in_iface")
		w.Str(*iface)
	} else if h.Pkt != nil && !h.NoPacket {
		w.Key("pcap_cnt")
		w.Uint(h.Pkt.Num)
	}
	w.Key("event_type")
	w.Str(h.Type)
	x.vlans(w, h)
	switch {
	case h.ByPacket && h.Pkt != nil:
		x.packetTuple(w, h.Pkt)
	case h.Flow != nil:
		x.flowTuple(w, h.Flow, h.Dir, h.Client)
	case h.Pkt != nil:
		x.packetTuple(w, h.Pkt)
	}
	switch {
	case h.NoPacket || h.OfFlow:
	case h.Pkt != nil:
		w.Key("pkt_src")
		w.Str(pktSrc(h.Pkt))
	case h.Flow != nil && h.Flow.Key.Proto == packet.ProtoTCP:
		w.Key("pkt_src")
		w.Str("stream (flow timeout)") // what came to light when the flow ended
	}
	if x.opt.CommunityID && h.Flow != nil {
		x.communityID(w, h.Flow)
	}
	if x.opt.Ethernet {
		x.ether(w, h)
	}
	if x.opt.Metadata && !h.NoVars {
		x.metadata(w, h)
	}
	if x.opt.PcapFile {
		pcapFile(w, h)
	}
	if x.opt.Version {
		w.Key("suricata_version")
		w.Str(x.opt.Suricata)
	}
	if x.opt.Sensor != "" {
		w.Key("host")
		w.Str(x.opt.Sensor)
	}
}

func pcapFile(w *jsonw.Writer, h *Head) {
	var name *string
	switch {
	case h.Pkt != nil:
		name = h.Pkt.File
	case h.Flow != nil:
		name = h.Flow.File
	}
	if name != nil {
		w.Key("pcap_filename")
		w.Str(*name)
	}
}

func (x *Encoder) vlans(w *jsonw.Writer, h *Head) {
	var ids [3]uint16
	n := 0
	if h.Pkt != nil {
		ids, n = h.Pkt.VLANs, int(h.Pkt.VLANCount)
	}
	if n == 0 && h.Flow != nil {
		ids = h.Flow.VLANs
		for n < 3 && ids[n] != 0 {
			n++
		}
	}
	if n == 0 {
		return
	}
	w.OpenArray("vlan")
	for _, v := range ids[:n] {
		w.Uint(uint64(v))
	}
	w.EndArray()
}

func (x *Encoder) tuple(w *jsonw.Writer, src, dst packet.Addr, sp, dp uint16, ports bool) {
	w.Key("src_ip")
	Addr(w, src)
	if ports {
		w.Key("src_port")
		w.Uint(uint64(sp))
	}
	w.Key("dest_ip")
	Addr(w, dst)
	if ports {
		w.Key("dest_port")
		w.Uint(uint64(dp))
	}
}

func hasPorts(proto uint8) bool {
	return proto == packet.ProtoTCP || proto == packet.ProtoUDP || proto == packet.ProtoSCTP
}

func (x *Encoder) proto(w *jsonw.Writer, p, ipv uint8) {
	w.Key("proto")
	protoValue(w, p)
	if ipv != 0 {
		w.Key("ip_v")
		w.Uint(uint64(ipv))
	}
}

// protoValue writes a protocol's name, or its number where it has none.
func protoValue(w *jsonw.Writer, p uint8) {
	if n := protoName(p); n != "" {
		w.Str(n)
		return
	}
	var b [3]byte
	w.Bytes(strconv.AppendUint(b[:0], uint64(p), 10))
}

func (x *Encoder) packetTuple(w *jsonw.Writer, p *packet.Packet) {
	if p.IPVersion == 0 {
		return
	}
	x.tuple(w, p.Src, p.Dst, p.SrcPort, p.DstPort, hasPorts(p.IPProto))
	x.proto(w, p.IPProto, p.IPVersion)
	if p.Layers&(packet.LayerICMP|packet.LayerICMPv6) != 0 {
		w.Key("icmp_type")
		w.Uint(uint64(p.ICMPType))
		w.Key("icmp_code")
		w.Uint(uint64(p.ICMPCode))
	}
}

func (x *Encoder) flowTuple(w *jsonw.Writer, f *dissect.Flow, dir dissect.Dir, client packet.Addr) {
	k := &f.Key
	if client == (packet.Addr{}) {
		client = k.Src
	}
	if dir == dissect.ToServer {
		x.tuple(w, client, k.Dst, k.SrcPort, k.DstPort, hasPorts(k.Proto))
	} else {
		x.tuple(w, k.Dst, client, k.DstPort, k.SrcPort, hasPorts(k.Proto))
	}
	x.proto(w, k.Proto, k.IPVersion)
}

func (x *Encoder) communityID(w *jsonw.Writer, f *dissect.Flow) {
	k := &f.Key
	var b [48]byte
	w.Key("community_id")
	w.Bytes(communityid.AppendID(b[:0], x.opt.CommunityIDSeed, k.Src, k.Dst, k.SrcPort, k.DstPort, k.Proto))
}

// pktSrc says how the packet came about, in Suricata's words.
func pktSrc(p *packet.Packet) string {
	if p.Reassembled {
		return "defrag"
	}
	switch p.Via {
	case packet.TunnelGRE, packet.TunnelERSPAN1, packet.TunnelERSPAN2, packet.TunnelERSPAN3:
		return "gre tunnel"
	case packet.TunnelIPIP:
		return "ipv4 tunnel"
	case packet.Tunnel6in4:
		return "ipv6 tunnel"
	case packet.TunnelTeredo:
		return "teredo tunnel"
	case packet.TunnelVXLAN:
		return "vxlan tunnel"
	case packet.TunnelGeneve:
		return "geneve tunnel"
	}
	return "wire/pcap"
}

// Addr writes an address the way EVE has it: IPv6 in full, without "::".
func Addr(w *jsonw.Writer, a packet.Addr) {
	ip := a.Netip()
	if ip.Is4() {
		w.Addr(ip)
		return
	}
	const digits = "0123456789abcdef"
	var b [39]byte
	n := 0
	for i, v := range a {
		if i > 0 && i%2 == 0 {
			b[n] = ':'
			n++
		}
		b[n], b[n+1] = digits[v>>4], digits[v&15]
		n += 2
	}
	w.Bytes(b[:n])
}
