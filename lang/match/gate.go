package match

import (
	"github.com/luanids/luanids/lang/ir"
)

// A gate is what the first bytes of the payload must be for a rule to match. It is asked before the rule is judged: rules that
// hang on no literal are mostly about bytes at the start, a record type or a version, which are too short to be looked for.
type gate struct {
	rule uint32
	// last is the last place of the stream at which the bytes that the rule is judged on may begin.
	last uint32
	// want is what the first eight bytes are, first byte lowest, as far as mask goes.
	want, mask uint64
}

const (
	gated    = 1 << 30 // marks the rule of a ref: the rest is the number of a gate
	anyPlace = 1<<32 - 1
)

// gateOf derives a gate from what must hold, false if there is nothing to ask.
func gateOf(terms []ir.Expr) (gate, bool) {
	g := gate{last: anyPlace}
	for _, x := range terms {
		c, ok := x.(*ir.Content)
		if !ok {
			continue
		}
		if f, ok := c.Buf.(*ir.Field); !ok || f.F.Name != ir.FieldPayload {
			continue
		}
		for _, it := range c.Items {
			switch it := it.(type) {
			case *ir.Lit:
				g.lit(it)
			case *ir.ByteTest:
				g.byteTest(it)
			}
		}
	}
	return g, g.last != anyPlace || g.mask != 0
}

func (g *gate) lit(l *ir.Lit) {
	at, room := int64(0), int64(len(l.Bytes))
	switch {
	case l.Neg || l.Distance != nil || l.Within != nil:
		return
	case l.StartsWith:
	case l.Depth == nil || l.Depth.Var != "":
		return
	default:
		room = l.Depth.N
		if l.Offset != nil {
			if l.Offset.Var != "" {
				return
			}
			at = l.Offset.N
		}
	}
	slack := room - int64(len(l.Bytes))
	if slack < 0 || at < 0 || at > 1<<16 || slack > 1<<16 {
		return
	}
	g.last = min(g.last, uint32(at+slack))
	if slack > 0 {
		return
	}
	for i, c := range l.Bytes {
		mask := byte(0xff)
		if l.NoCase && (c|0x20)-'a' < 26 {
			mask = 0xdf
		}
		g.byteIs(at+int64(i), c&mask, mask)
	}
}

func (g *gate) byteTest(t *ir.ByteTest) {
	if t.Neg || t.Relative || t.Offset.Var != "" || t.Offset.N < 0 || t.Offset.N > 1<<16 {
		return
	}
	g.last = min(g.last, uint32(t.Offset.N))
	if t.Op != ir.TestEq || t.Value.Var != "" || t.Bytes.Var != "" || t.Bytes.N < 1 || t.Bytes.N > 4 || t.String || t.Signed || t.DCE ||
		t.Bitmask != 0 || t.Value.N < 0 || t.Value.N>>(8*t.Bytes.N) != 0 {
		return
	}
	for i := range t.Bytes.N {
		at := t.Offset.N + t.Bytes.N - 1 - i
		if t.Little {
			at = t.Offset.N + i
		}
		g.byteIs(at, byte(t.Value.N>>(8*i)), 0xff)
	}
}

// byteIs asks for the byte at a place, unless one is asked for there.
func (g *gate) byteIs(at int64, want, mask byte) {
	if at < 8 && g.mask>>(8*at)&0xff == 0 {
		g.want |= uint64(want) << (8 * at)
		g.mask |= uint64(mask) << (8 * at)
	}
}

// gates puts gates before the rules without literal that may have one.
func (b *builder) setGates() {
	number := map[uint32]uint32{} // of a rule's gate
	set := func(refs []ref) {
		for i := range refs {
			n := refs[i].rule
			g, ok := b.hangs.gates[n]
			if !ok || b.p.Rules[n].Literal != "" { // a literal elsewhere: it may be carried along
				continue
			}
			if _, known := number[n]; !known {
				number[n] = uint32(len(b.p.gates))
				g.rule = n
				b.p.gates = append(b.p.gates, g)
			}
			refs[i].rule = number[n] | gated
		}
	}
	for _, ep := range b.p.events {
		if ep == nil {
			continue
		}
		for _, pt := range ep.parts {
			if pt == nil {
				continue
			}
			set(pt.loose)
			for _, list := range [...][]*switchTable{pt.switches, pt.fixed} {
				for _, t := range list {
					for _, refs := range t.small {
						set(refs)
					}
					for _, refs := range t.large {
						set(refs)
					}
				}
			}
		}
	}
}

// sift replaces gates among the candidates from number n on by their rules, or drops them. low is the first place of
// the stream from which on the rules may be judged at this event.
func (m *Matcher) sift(n int, low uint64) {
	first := firstBytes(m.e.Data)
	atStart := m.e.DataOff == 0 // then low is 0 as well
	kept := m.cands[:n]
	for _, c := range m.cands[n:] {
		if c&gated != 0 {
			g := &m.p.gates[c&^gated]
			if low > uint64(g.last) || atStart && first&g.mask != g.want {
				continue
			}
			c = g.rule
		}
		kept = append(kept, c)
	}
	m.cands = kept
}
