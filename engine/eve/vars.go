package eve

import (
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// flowVars writes what rules set on the flow: flags, values taken out of the traffic, entropy that
// they computed. Flags called traffic/id/X and traffic/label/X have an object of their own, as in Suricata.
func (x *Encoder) flowVars(w *jsonw.Writer, v *dissect.FlowVars) {
	if x.anyBit(v, "") || len(v.Captured)+len(v.Entropy) > 0 {
		w.Open("metadata")
		x.bits(w, v, "flowbits", "")
		captured(w, "flowvars", v.Captured)
		if len(v.Entropy) > 0 {
			w.Open("entropy")
			for _, e := range v.Entropy {
				w.Key(e.Buffer)
				w.Float(e.Value, -1)
			}
			w.End()
		}
		w.End()
	}
	if x.anyBit(v, traffic) {
		w.Open("traffic")
		x.bits(w, v, "id", traffic+"id/")
		x.bits(w, v, "label", traffic+"label/")
		w.End()
	}
}

const traffic = "traffic/"

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
		captured(w, "flowvars", f.Vars.Captured)
	}
	captured(w, "pktvars", vars)
	w.End()
	return x.finish()
}
