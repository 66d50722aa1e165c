package eve

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// ether writes the link-layer addresses: of the packet, turned round when it does not travel in
// the record's direction; else of the flow.
func (x *Encoder) ether(w *jsonw.Writer, h *Head) {
	switch {
	case h.OfFlow && h.Flow != nil && h.Flow.MACs.Any():
		x.macs(w, h.Flow.MACs, h.Dir)
	case h.Pkt != nil && h.Pkt.Has(packet.LayerEthernet):
		eth := h.Pkt.Data[h.Pkt.EthOff:]
		src, dst := eth[6:12], eth[:6]
		if h.Flow != nil && !h.ByPacket && direction(h.Flow, h.Pkt) != h.Dir {
			src, dst = dst, src
		}
		w.Open("ether")
		w.Key("ether_type")
		w.Uint(uint64(binary.BigEndian.Uint16(eth[12:])))
		pair(w, src, dst)
	case h.Flow != nil && h.Flow.HasEth && !h.OfFlow:
		src, dst := h.Flow.EthSrc[:], h.Flow.EthDst[:]
		if h.Dir == dissect.ToClient {
			src, dst = dst, src
		}
		w.Open("ether")
		pair(w, src, dst)
	}
}

// direction tells which way a packet travels in its flow.
func direction(f *dissect.Flow, p *packet.Packet) dissect.Dir {
	k := &f.Key
	if p.Src == k.Dst && p.SrcPort == k.DstPort && (p.Src != k.Src || p.SrcPort != k.SrcPort) {
		return dissect.ToClient
	}
	return dissect.ToServer
}

func pair(w *jsonw.Writer, src, dst []byte) {
	w.Key("src_mac")
	mac(w, src)
	w.Key("dest_mac")
	mac(w, dst)
	w.End()
}

// macs writes all addresses of both sides; the sources are those of the side that sends in
// direction dir.
func (x *Encoder) macs(w *jsonw.Writer, m *dissect.MACs, dir dissect.Dir) {
	w.Open("ether")
	for _, side := range [...]struct {
		key  string
		list [][6]byte
	}{{"dest_macs", m[dir.Rev()]}, {"src_macs", m[dir]}} {
		if len(side.list) == 0 {
			continue
		}
		w.OpenArray(side.key)
		for i := range side.list {
			mac(w, side.list[i][:])
		}
		w.EndArray()
	}
	w.End()
}

func mac(w *jsonw.Writer, m []byte) {
	const digits = "0123456789abcdef"
	var b [17]byte
	for i, v := range m[:6] {
		b[3*i], b[3*i+1] = digits[v>>4], digits[v&15]
		if i < 5 {
			b[3*i+2] = ':'
		}
	}
	w.Bytes(b[:])
}
