package match

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Payload is scanned once however many rules look at it, but with the literals of those rules only that the flow can match: a slot
// for payload is split by what the headers of its rules ask of the flow.
//
//   - For each application protocol that many rules ask for there is a variant with the literals of these rules and of those
//     that ask for none; it stands in for the slot in flows of that protocol.
//   - Literals of rules for a few uncommon ports are scanned for in flows with such a port only, see ports.go.
//
// That makes no difference to what is found: a literal that is left out belongs to rules whose header would not hold. It keeps
// the filters of mpm small, and so in the cache.

// splitFrom is the number of literals from which on a slot is split, and splitApp how many a protocol must have of them.
const (
	splitFrom = 128
	splitApp  = 32
)

// variant is what is scanned instead of a slot in flows of a protocol.
type variant struct {
	app  string
	slot *scanSlot
}

// appOf is the protocol that a header asks for, "" for none.
func (h *header) appOf() (string, *dissect.Field) {
	for _, x := range h.terms {
		c, ok := x.(*ir.Cmp)
		if !ok || c.Op != ir.Eq || c.NoCase {
			continue
		}
		f, isField := c.X.(*ir.Field)
		k, isConst := c.Y.(*ir.Const)
		if isField && isConst && f.F.Name == "flow.app" && f.F.Bytes != nil {
			return string(k.V.B), f.F
		}
	}
	return "", nil
}

// rarePorts gives the few ports that a header asks for, nil if it does not or if they are those of most traffic.
func (h *header) rarePorts() (set *ir.IntSet, dst int) {
	for _, x := range h.terms {
		var of ir.Expr
		switch x := x.(type) {
		case *ir.In:
			if s, ok := x.Set.(*ir.IntSet); ok && isPort(x.X) && fewPorts(s) {
				of, set = x.X, s
			}
		case *ir.Cmp:
			if k, ok := x.Y.(*ir.Const); ok && x.Op == ir.Eq && isPort(x.X) {
				of, set = x.X, ir.NewIntSet(ir.Range{Lo: k.V.I, Hi: k.V.I})
			}
		}
		if of == nil {
			continue
		}
		for _, common := range [...]int64{80, 443, 8080} {
			if set.Has(common) {
				return nil, 0
			}
		}
		if of.(*ir.Field).F.Name == ir.FieldDstPort {
			dst = 1
		}
		return set, dst
	}
	return nil, 0
}

// splitSlots splits the slots for which it pays.
func (b *builder) splitSlots() {
	for _, s := range b.slots[:len(b.slots):len(b.slots)] {
		if s.payload && s.head == 0 && s.multi == nil && len(s.pats) >= splitFrom &&
			(s.event == b.p.schema.Events[dissect.EvPacket].Name || s.stream) {
			b.split(s)
		}
	}
}

// split moves the literals of s to its variants.
func (b *builder) split(s *scanSlot) {
	h := newHeaderKinds(b.p.headers)
	count := map[string]int{}
	lists := s.lists()
	for _, refs := range lists {
		seen := ""
		for _, r := range refs {
			if app := h.app(r.hdr); app != "" && app != seen && !h.rare(r.hdr) {
				seen = app
				count[app]++
			}
		}
	}
	base := s.like(b)
	var rare portRules
	for i, refs := range lists {
		for _, r := range refs {
			app := h.app(r.hdr)
			switch {
			case h.rare(r.hdr):
				set, dst := b.p.headers[r.hdr].rarePorts()
				rare.take(i, r, set, dst)
			case count[app] < splitApp: // or none
				base.take(s.pats[i], r)
			default:
				s.variantFor(b, app, h.field).take(s.pats[i], r)
			}
		}
	}
	for _, v := range s.variants {
		v.slot.takeAll(base)
	}
	b.portSlots(s, &rare, base)
	s.pats, s.hung = base.pats, base.hung
}

// like makes an empty slot for the same buffer.
func (s *scanSlot) like(b *builder) *scanSlot {
	return &scanSlot{id: len(b.slots), name: s.name, event: s.event, v: s.v, payload: s.payload, stream: s.stream, again: s.again,
		byPat: map[string]uint32{}}
}

func (s *scanSlot) variantFor(b *builder, app string, f *dissect.Field) *scanSlot {
	for _, v := range s.variants {
		if v.app == app {
			return v.slot
		}
	}
	v := s.like(b)
	b.slots = append(b.slots, v)
	s.variants, s.app = append(s.variants, variant{app, v}), f
	return v
}

// pick gives the slot that is scanned in place of s.
func (s *scanSlot) pick(m *Matcher) *scanSlot {
	if m.e.Flow == nil {
		return s
	}
	app := s.app.Bytes(m.e)
	for i := range s.variants {
		if string(app) == s.variants[i].app {
			return s.variants[i].slot
		}
	}
	return s
}

// scanAny scans a slot, or what stands in for it.
func (m *Matcher) scanAny(s *scanSlot, tx *dissect.MatchState) {
	if s.ports == nil && s.variants == nil {
		m.scan(s, tx)
		return
	}
	main := s
	if len(s.variants) > 0 {
		main = s.pick(m)
	}
	if s.ports != nil {
		main = m.scanPorts(s, main)
	}
	if main != nil && main.set.Len() > 0 {
		m.scan(main, nil)
	}
}

// headerKinds remembers what headers ask for.
type headerKinds struct {
	headers []header
	known   map[uint32]headerKind
	field   *dissect.Field
}

type headerKind struct {
	app  string
	rare bool
}

func newHeaderKinds(hs []header) *headerKinds {
	return &headerKinds{headers: hs, known: map[uint32]headerKind{}}
}

func (k *headerKinds) of(n uint32) headerKind {
	got, ok := k.known[n]
	if !ok {
		app, f := k.headers[n].appOf()
		if f != nil {
			k.field = f
		}
		ports, _ := k.headers[n].rarePorts()
		got = headerKind{app, ports != nil}
		k.known[n] = got
	}
	return got
}

func (k *headerKinds) app(n uint32) string { return k.of(n).app }
func (k *headerKinds) rare(n uint32) bool  { return k.of(n).rare }
