package eve

import (
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// metadata writes what rules set on the flow of a record, and took out of its packet.
func (x *Encoder) metadata(w *jsonw.Writer, h *Head) {
	var v *dissect.FlowVars
	if h.Flow != nil {
		v = h.Flow.Vars
	}
	pkt := h.PacketVars
	if pkt == nil && h.Pkt != nil && !h.Late {
		pkt = x.packetVars()
	}
	if v != nil || len(pkt) > 0 {
		x.vars(w, v, pkt)
	}
}

// vars writes what rules set on the flow: flags, values taken out of the traffic, entropy that
// they computed. Flags called traffic/id/X and traffic/label/X have an object of their own, as in Suricata.
// pkt is what they took out of the packet, as "pktvars":[...].
func (x *Encoder) vars(w *jsonw.Writer, v *dissect.FlowVars, pkt []byte) {
	if v == nil {
		v = &noVars
	}
	labels := x.anyBit(v, traffic)
	if labels || len(pkt) > 0 || x.anyBit(v, "") || x.anyInt(v) || len(v.Captured)+len(v.Entropy) > 0 {
		w.Open("metadata")
		x.bits(w, v, "flowbits", "")
		x.flowInts(w, v)
		captured(w, "flowvars", v.Captured)
		if len(v.Entropy) > 0 {
			w.Open("entropy")
			for _, e := range v.Entropy {
				w.Key(e.Buffer)
				w.Float(e.Value, -1)
			}
			w.End()
		}
		w.Members(pkt)
		w.End()
	}
	if labels {
		w.Open("traffic")
		x.bits(w, v, "id", traffic+"id/")
		x.bits(w, v, "label", traffic+"label/")
		w.End()
	}
}

const traffic = "traffic/"

var noVars dissect.FlowVars

// anyInt tells whether a counter is set that records show.
func (x *Encoder) anyInt(v *dissect.FlowVars) bool {
	for n := range v.Ints {
		if int(n) < len(x.Ints) && x.Ints[n] != "" {
			return true
		}
	}
	return false
}

// flowInts writes the counters of a flow, in the order of their numbers.
func (x *Encoder) flowInts(w *jsonw.Writer, v *dissect.FlowVars) {
	if !x.anyInt(v) {
		return
	}
	w.Open("flowints")
	for n, name := range x.Ints {
		if k, ok := v.Ints[uint32(n)]; ok && name != "" {
			w.KeyBytes([]byte(name))
			w.Int(k)
		}
	}
	w.End()
}

// packetVars gives what rules have taken out of the packet at hand, as a member; nil for nothing. It is valid until the next call.
func (x *Encoder) packetVars() []byte {
	if x.Taken == nil || !x.opt.Metadata {
		return nil
	}
	list := x.Taken()
	if len(list) == 0 {
		return nil
	}
	x.pkt.Reset()
	captured(&x.pkt, "pktvars", list)
	return x.pkt.B
}

// flag gives the name of flag n without prefix; false for flags that records do not show so.
func (x *Encoder) flag(n int, prefix string) (string, bool) {
	if n >= len(x.Bits) || x.Bits[n] == "" || prefix == "" && strings.HasPrefix(x.Bits[n], traffic) {
		return "", false
	}
	return strings.CutPrefix(x.Bits[n], prefix)
}

// bits writes the names of the flags with a prefix.
func (x *Encoder) bits(w *jsonw.Writer, v *dissect.FlowVars, key, prefix string) {
	if !x.anyBit(v, prefix) {
		return
	}
	w.OpenArray(key)
	v.EachBit(func(n int) {
		if name, ok := x.flag(n, prefix); ok {
			w.Str(name)
		}
	})
	w.EndArray()
}

// anyBit tells whether a flag is set whose name begins with prefix.
func (x *Encoder) anyBit(v *dissect.FlowVars, prefix string) (found bool) {
	v.EachBit(func(n int) {
		_, ok := x.flag(n, prefix)
		found = found || ok
	})
	return found
}

func captured(w *jsonw.Writer, key string, list []dissect.Captured) {
	if len(list) == 0 {
		return
	}
	w.OpenArray(key)
	for i := range list {
		w.Object()
		w.KeyBytes([]byte(list[i].Name))
		w.Printable(list[i].Value)
		w.End()
	}
	w.EndArray()
}

// PacketVars appends the record of the values that rules took out of a packet.
func (x *Encoder) PacketVars(dst []byte, p *packet.Packet, f *dissect.Flow, dir dissect.Dir, vars []dissect.Captured) []byte {
	w := x.begin(dst)
	h := Head{Type: "metadata", Time: p.Time, Pkt: p, Flow: f, Dir: dir, NoVars: true}
	x.header(w, &h)
	w.Open("metadata")
	if f != nil && f.Vars != nil {
		x.bits(w, f.Vars, "flowbits", "")
		x.flowInts(w, f.Vars)
		captured(w, "flowvars", f.Vars.Captured)
	}
	captured(w, "pktvars", vars)
	w.End()
	return x.finish()
}
