package match

import (
	"fmt"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// hang has a rule put below the events at which it is judged.
func (b *builder) hang(r *Rule, events []dissect.EventID, terms []ir.Expr) {
	h := b.hangs
	t := &h.next
	from, ev := len(t.from), len(t.events)
	for _, x := range terms {
		t.from = b.c.sources(t.from, x, nil)
	}
	t.events = append(t.events, events...)
	at := len(t.terms)
	t.terms = append(t.terms, terms...)
	t.rules = append(t.rules, toHang{r: r, in: b.partsOf(r.hdr), narrow: b.p.headers[r.hdr].narrow(), said: len(b.problems),
		from: t.from[from:], events: t.events[ev:], terms: t.terms[at:]})
	if len(t.rules) == hangRules {
		h.pass()
	}
}

// partsOf remembers in which parts of an event headers can hold.
func (b *builder) partsOf(hdr uint32) [nParts]bool {
	in, ok := b.parts[hdr]
	if !ok {
		in = b.p.headers[hdr].partsOf()
		b.parts[hdr] = in
	}
	return in
}

// judgedIn tells whether a rule is judged in a part of an event: the stream is of TCP and UDP,
// what of both is judged at packets leaves UDP to the stream event, and rules for a flow's
// first packet see only packets without a flow at the packet event.
func judgedIn(ev dissect.EventID, k int, r *Rule, payload, both bool) bool {
	switch ev {
	case dissect.EvStreamData:
		return k < partICMP
	case dissect.EvFlowStart:
		return k < partNoFlow
	}
	if both && (k == partUDP || k == partUDP+1) {
		return false
	}
	if r.Scope == ir.ScopeFlowDir && !payload && r.On == "" {
		return k >= partNoFlow
	}
	return true
}

// part finds or makes a part of an event.
func (p *Program) part(ev dissect.EventID, k int) *part {
	ep := p.events[ev]
	if ep == nil {
		ep = &eventProg{parts: make([]*part, 1)}
		if partitioned(ev) {
			ep.parts = make([]*part, nParts)
		}
		p.events[ev] = ep
	}
	if ep.parts[k] == nil {
		ep.parts[k] = &part{byKey: map[string]*scanSlot{}, bySw: map[string]*switchTable{}}
	}
	return ep.parts[k]
}

// hangOn adds a rule to the sets of its literals. What is looked for all over the payload of TCP and UDP packets is looked for in
// the stream as well, so that the packet that brought some bytes of the stream need not be scanned again.
func (h *hanger) hangOn(pt *part, ev dissect.EventID, k int, o *option, at ref) {
	again := ev == dissect.EvPacket && k <= partUDP+1 && !o.head
	for i := range o.lits {
		l := &o.lits[i]
		_, payload := l.v.b.(payloadField)
		h.slot(pt, ev, l, o.head, again && payload).add(l, at)
		if again && payload {
			stream := h.p.part(dissect.EvStreamData, k)
			h.slot(stream, dissect.EvStreamData, l, false, false).add(l, ref{at.hdr, at.rule | forPacket})
		}
	}
}

// forPacket marks the rule of a ref below stream.data that is judged at the packet.
const forPacket = 1 << 31

// choose picks the literals that a rule hangs on, nil if none is worth a scan: in payload and bodies a byte or two, or
// zeros, are found everywhere, and it is cheaper to try the rule, above all if it has a gate.
func (h *hanger) choose(ev dissect.EventID) *option {
	bar := bareScore
	if h.gated {
		bar = emptyScore
	}
	var best *option
	for i := range h.opts {
		o := &h.opts[i]
		if !o.poor(h.narrow, bar) && (best == nil || o.worth(ev == dissect.EvPacket) > best.worth(ev == dissect.EvPacket)) {
			best = o
		}
	}
	return best
}

// poor tells whether a literal is no use. At the very start of payload short ones are good enough, but where few
// flows have the rule's header it is better to ask that.
func (o *option) poor(narrow bool, bar int) bool {
	for i := range o.lits {
		l := &o.lits[i]
		if !l.body || l.sets != nil {
			continue
		}
		if o.head && l.maxEnd <= startLen && !narrow {
			continue
		}
		if len(l.bytes) < 3 || l.rare < bar {
			return true
		}
	}
	return false
}

func describe(o *option) string {
	var room [128]byte
	s := room[:0]
	for i := range o.lits {
		if i == 3 {
			s = fmt.Appendf(s, " or %d more", len(o.lits)-3)
			break
		}
		if i > 0 {
			s = append(s, " or "...)
		}
		l := &o.lits[i]
		if l.sets != nil {
			s = fmt.Appendf(s, "a run of %d bytes in %s", len(l.sets), l.name)
			continue
		}
		s = strconv.AppendQuote(s, string(l.bytes))
		s = append(append(s, " in "...), l.name...)
		if l.nocase {
			s = append(s, " nocase"...)
		}
	}
	return string(s)
}

// slot finds or makes the slot for a literal's buffer. Literals that are bound to the first
// bytes of payload have a slot of their own, which looks at those only.
func (h *hanger) slot(pt *part, ev dissect.EventID, l *lit, head, again bool) *scanSlot {
	_, payload := l.v.b.(payloadField)
	key := l.v.key
	head = head && payload
	if head {
		key += "|head"
	}
	if again {
		key += "|again"
	}
	s := pt.byKey[key]
	if s == nil {
		s = &scanSlot{id: len(h.slots), name: l.name, event: h.p.schema.Events[ev].Name, v: l.v.b, multi: l.multi, byPat: map[string]uint32{},
			payload: payload, stream: payload && ev == dissect.EvStreamData, again: again}
		if head {
			s.head = 1 // add makes it as large as its literals need
		}
		if f := h.p.schema.Field(l.name); f != nil && f.Grows && l.v.key == "$"+f.Name {
			if id, ok := h.p.schema.EventByName(f.Event); ok && id == ev {
				s.grows = true
			}
		}
		pt.byKey[key] = s
		pt.scans = append(pt.scans, s)
		h.slots = append(h.slots, s)
	}
	return s
}
