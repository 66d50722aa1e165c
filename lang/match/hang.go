package match

import (
	"fmt"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// hang puts a rule below the events at which it is judged.
func (b *builder) hang(r *Rule, events []dissect.EventID, terms []ir.Expr) {
	in := b.partsOf(r.hdr)
	payload := false
	for _, ev := range events {
		payload = payload || ev == dissect.EvStreamData
	}
	both := payload && len(events) == 2
	r.either = both
	b.options(terms)
	b.gate, b.gated = gateOf(terms)
	b.narrow, b.said = b.p.headers[r.hdr].narrow(), nil
	for _, ev := range events {
		if !partitioned(ev) {
			b.hangAt(r, ev, 0, terms)
			continue
		}
		for k := range nParts {
			if in[k] && judgedIn(ev, k, r, payload, both) {
				b.hangAt(r, ev, k, terms)
			}
		}
	}
	if r.last != dissect.EvNone {
		r.Events = append(r.Events, r.last)
	}
	if payload && !both && b.needsPackets(in) { // payload that is neither TCP's nor UDP's
		for k := partICMP; k < nParts; k++ {
			if in[k] {
				b.hangAt(r, dissect.EvPacket, k, terms)
			}
		}
	}
	if r.Literal == "" && b.warn && !r.Step {
		b.warning(r.Rule, "no-literal", "no text or bytes must occur for the rule to match: it is tried at each event of its kind",
			"add a literal (contains, has [...]) if the rule is slow")
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

func (b *builder) needsPackets(in [nParts]bool) bool {
	for k := partICMP; k < nParts; k++ {
		if in[k] {
			return true
		}
	}
	return false
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
func (b *builder) part(ev dissect.EventID, k int) *part {
	ep := b.p.events[ev]
	if ep == nil {
		ep = &eventProg{parts: make([]*part, 1)}
		if partitioned(ev) {
			ep.parts = make([]*part, nParts)
		}
		b.p.events[ev] = ep
	}
	if ep.parts[k] == nil {
		ep.parts[k] = &part{byKey: map[string]*scanSlot{}, bySw: map[string]*switchTable{}}
	}
	return ep.parts[k]
}

// options lists the literals of which some a rule can hang on.
func (b *builder) options(terms []ir.Expr) {
	b.opts, b.c.lits = b.opts[:0], b.c.lits[:0]
	for _, x := range terms {
		b.opts = b.c.options(b.opts, x, nil)
	}
}

func (b *builder) hangAt(r *Rule, ev dissect.EventID, k int, terms []ir.Expr) {
	pt := b.part(ev, k)
	if n := len(r.Events); n == 0 || r.Events[n-1] != ev {
		r.Events = append(r.Events, ev)
	}
	if b.p.repeats[ev] {
		r.onceTx = true
	}
	pt.remembers = pt.remembers || r.onceTx
	b.p.needs.Packets = b.p.needs.Packets || ev == dissect.EvPacket
	if ev == dissect.EvStreamData {
		b.p.needs.Stream = true
		b.p.needs.Window = window
	}
	at := ref{r.hdr, uint32(r.Index)}
	if best := b.choose(ev); best != nil {
		if best != b.said {
			r.Literal, b.said = describe(best), best
		}
		if keys := startKeys(best, b.gate); b.starts && hasStarts(ev) && len(keys) > 0 {
			pt.startOf().add(keys, at)
			if ev == dissect.EvStreamData {
				r.litEnd = max(r.litEnd, startLen)
			}
			return
		}
		b.hangOn(pt, ev, k, best, at)
		if ev == dissect.EvStreamData && best.head {
			for i := range best.lits {
				r.litEnd = max(r.litEnd, best.lits[i].maxEnd)
			}
		}
		return
	}
	if b.gated {
		b.gates[at.rule] = b.gate
	}
	if v, name, vals := b.c.switchOn(terms); v != nil && len(vals) > 0 {
		t := pt.bySw[v.key]
		if t == nil {
			t = &switchTable{x: v.i, name: name}
			pt.bySw[v.key] = t
			if stableFields[name] && v.key == "$"+name {
				pt.fixed = append(pt.fixed, t)
			} else {
				pt.switches = append(pt.switches, t)
			}
		}
		for _, n := range vals {
			t.add(n, at)
		}
		return
	}
	b.p.stats.NoLiteral++
	pt.loose = append(pt.loose, at)
}

// hangOn adds a rule to the sets of its literals. What is looked for all over the payload of TCP and UDP packets is looked for in
// the stream as well, so that the packet that brought some bytes of the stream need not be scanned again.
func (b *builder) hangOn(pt *part, ev dissect.EventID, k int, o *option, at ref) {
	again := ev == dissect.EvPacket && k <= partUDP+1 && !o.head
	for i := range o.lits {
		l := &o.lits[i]
		_, payload := l.v.b.(payloadField)
		b.slot(pt, ev, l, o.head, again && payload).add(l, at)
		if again && payload {
			stream := b.part(dissect.EvStreamData, k)
			b.slot(stream, dissect.EvStreamData, l, false, false).add(l, ref{at.hdr, at.rule | forPacket})
		}
	}
}

// forPacket marks the rule of a ref below stream.data that is judged at the packet.
const forPacket = 1 << 31

// choose picks the literals that a rule hangs on, nil if none is worth a scan: in payload and bodies a byte or two, or
// zeros, are found everywhere, and it is cheaper to try the rule, above all if it has a gate.
func (b *builder) choose(ev dissect.EventID) *option {
	bar := bareScore
	if b.gated {
		bar = emptyScore
	}
	var best *option
	for i := range b.opts {
		o := &b.opts[i]
		if !o.poor(b.narrow, bar) && (best == nil || o.worth(ev == dissect.EvPacket) > best.worth(ev == dissect.EvPacket)) {
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
func (b *builder) slot(pt *part, ev dissect.EventID, l *lit, head, again bool) *scanSlot {
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
		s = &scanSlot{id: len(b.slots), name: l.name, event: b.p.schema.Events[ev].Name, v: l.v.b, multi: l.multi, byPat: map[string]uint32{},
			payload: payload, stream: payload && ev == dissect.EvStreamData, again: again}
		if head {
			s.head = 1 // add makes it as large as its literals need
		}
		if f := b.p.schema.Field(l.name); f != nil && f.Grows && l.v.key == "$"+f.Name {
			if id, ok := b.p.schema.EventByName(f.Event); ok && id == ev {
				s.grows = true
			}
		}
		pt.byKey[key] = s
		pt.scans = append(pt.scans, s)
		b.slots = append(b.slots, s)
	}
	return s
}
