package eve

import (
	"cmp"
	"math"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// dlt is a link type as EVE has it: by the number of libpcap's DLT, which for raw IP is another
// than in files.
type dlt struct {
	number int64
	name   string
}

var rawIP = dlt{12, "RAW"}

var dlts = map[capture.LinkType]dlt{
	capture.LinkNull: {0, "NULL"}, capture.LinkEthernet: {1, "EN10MB"}, capture.LinkPPP: {9, "PPP"}, capture.LinkRaw12: rawIP,
	capture.LinkRaw14: rawIP, capture.LinkPPPHDLC: {50, "PPP_SERIAL"}, capture.LinkRaw: rawIP, capture.LinkLoop: {108, "LOOP"},
	capture.LinkSLL: {113, "LINUX_SLL"}, capture.LinkIPv4: {228, "IPv4"}, capture.LinkIPv6: {229, "IPv6"}, capture.LinkSLL2: {276, "LINUX_SLL2"},
}

// packetBytes writes a packet, at most its first limit bytes, and how it begins. One that came through a tunnel begins with its IP
// header.
func packetBytes(w *jsonw.Writer, p *packet.Packet, limit int) {
	link, known := dlts[p.Link]
	if !known {
		link.number = int64(p.Link)
	}
	w.Key("packet")
	if p.TunnelDepth > 0 && p.HasAny(packet.LayerIP) && !p.Reassembled {
		link = rawIP
		w.Base64(first(p.Data[p.IPOff:], limit))
	} else {
		head := first(p.LinkHeader, limit)
		w.Base64Join(head, first(p.Data, limit-len(head)))
	}
	w.Open("packet_info")
	w.Key("linktype")
	w.Int(link.number)
	w.Key("linktype_name")
	w.Str(cmp.Or(link.name, "n/a"))
	w.End()
}

func first(b []byte, n int) []byte { return b[:min(len(b), n)] }

// tunnel writes the packet that a packet came in, the outermost one.
func (x *Encoder) tunnel(w *jsonw.Writer, p *packet.Packet) {
	if p == nil || p.Outer == nil {
		return
	}
	root := p.Outer
	for root.Outer != nil {
		root = root.Outer
	}
	if root.IPVersion == 0 {
		return
	}
	w.Open("tunnel")
	x.tuple(w, root.Src, root.Dst, root.SrcPort, root.DstPort, true) // 0 where there are none, as in Suricata
	w.Key("proto")
	protoValue(w, root.IPProto)
	w.Key("depth")
	w.Uint(uint64(p.TunnelDepth))
	if root.Iface == nil {
		w.Key("pcap_cnt")
		w.Uint(root.Num)
	}
	w.Key("pkt_src")
	w.Str(pktSrc(root))
	w.End()
}

// Tagged appends the record of a packet that is logged for a tag.
func (x *Encoder) Tagged(dst []byte, p *packet.Packet, f *dissect.Flow, dir dissect.Dir) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "packet", Time: p.Time, Pkt: p, Flow: f, Dir: dir, ByPacket: true})
	packetBytes(w, p, math.MaxInt)
	return x.finish()
}
