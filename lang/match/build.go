package match

import (
	"fmt"
	"maps"
	"sort"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
)

// Compile makes a Program of rules. Rules that cannot be judged are left out, with a Problem
// that says why.
func Compile(schema *dissect.Schema, rules []*ir.Rule, opts Options) (*Program, []Problem) {
	p := &Program{schema: schema, byID: map[string]*Rule{}, events: make([]*eventProg, len(schema.Events)),
		flowBits: map[string]uint32{}, flowInts: map[string]uint32{}, repeats: repeating(schema)}
	if old := opts.Previous; old != nil {
		p.flowBits, p.flowInts = maps.Clone(old.flowBits), maps.Clone(old.flowInts)
	}
	p.needs.Fields = map[*dissect.Field]bool{}
	c := &compiler{p: p, values: map[string]*value{}, conds: map[string]*node{}, ids: map[any]int{}, needle: map[string]*mpm.Needle{}}
	b := &builder{c: c, p: p, headers: map[string]uint32{}, warn: !opts.NoWarnings}
	p.passBit = c.flowBit("\x00pass")
	all := b.withSequences(rules, opts.Sequences)
	for _, r := range order(all) {
		b.rule(r)
	}
	b.finishSequences()
	b.finish()
	return p, b.problems
}

// builder adds rules to a Program.
type builder struct {
	c        *compiler
	p        *Program
	headers  map[string]uint32
	problems []Problem
	warn     bool
	slots    []*scanSlot
	steps    map[*ir.Rule]*stepOf
	seqRules map[*ir.Rule]*sequence
}

func (b *builder) report(pr Problem) { b.problems = append(b.problems, pr) }

func (b *builder) warning(r *ir.Rule, code, msg, hint string) {
	if b.warn {
		b.report(Problem{Pos: r.Pos, Rule: r.ID, Code: code, Msg: msg, Hint: hint})
	}
}

// rule compiles one rule and hangs it below its events.
func (b *builder) rule(src *ir.Rule) {
	if b.seqRules[src] != nil {
		b.sequenceRule(src)
		return
	}
	if old := b.p.byID[src.ID]; old != nil {
		b.report(Problem{Pos: src.Pos, Rule: src.ID, Code: "duplicate-id", Error: true,
			Msg: fmt.Sprintf("id %s is used by another rule (%s:%d)", src.ID, old.Pos.File, old.Pos.Line), Hint: "ids must be unique"})
		return
	}
	c := b.c
	rs := &ruleState{src: src, fields: map[*dissect.Field]bool{}}
	c.rule = rs
	r := &Rule{Rule: src, Index: len(b.p.Rules)}
	terms, late := splitLate(conjuncts(src.When, nil))
	hdr, rest, possible := c.headerOf(terms, b.headers)
	if !possible {
		b.warning(src, "never-matches", "no packet is of all the protocols and directions that the rule asks for", "")
		return
	}
	r.hdr = hdr
	if !b.terms(r, rest) {
		return
	}
	b.effects(r)
	b.orderedPart(r, late)
	b.evidence(src)
	if rs.err != nil {
		pos := rs.pos
		if pos.Line == 0 {
			pos = src.Pos
		}
		b.report(Problem{Pos: pos, Rule: src.ID, Code: "unsupported", Msg: rs.err.Error(), Error: true})
		return
	}
	events, prob := c.when(src, rs)
	if prob == nil && !b.directionFits(r, events) {
		prob = problem(src, "never-matches", "the event at which all its fields are known is of the other direction")
	}
	if prob != nil {
		b.report(*prob)
		return
	}
	b.accept(r, rs)
	b.hang(r, events, terms)
}

// conjuncts flattens the top of a condition.
func conjuncts(x ir.Expr, out []ir.Expr) []ir.Expr {
	switch x := x.(type) {
	case nil:
		return out
	case *ir.And:
		for _, y := range x.X {
			out = conjuncts(y, out)
		}
		return out
	}
	return append(out, x)
}

// terms compiles what is left of a rule besides its header, cheapest first.
func (b *builder) terms(r *Rule, rest []ir.Expr) bool {
	type term struct {
		n *node
		x ir.Expr
	}
	var ts []term
	var nodes []*node
	for _, x := range rest {
		n := b.c.cond(x)
		switch n.constant {
		case 0:
			if b.c.rule.err == nil {
				b.warning(r.Rule, "never-matches", "the condition is always false", "")
				return false
			}
			continue
		case 1:
			continue
		}
		ts = append(ts, term{n, x})
		nodes = append(nodes, n)
		r.carries = r.carries || n.payload
	}
	sortNodes(nodes)
	for _, n := range nodes {
		r.terms = append(r.terms, n.cond)
		for i := range ts {
			if ts[i].n == n {
				r.termIR = append(r.termIR, ts[i].x)
				ts[i].n = nil
				break
			}
		}
	}
	return true
}

func (b *builder) directionFits(r *Rule, events []dissect.EventID) bool {
	dirs := b.p.headers[r.hdr].dirs
	for _, id := range events {
		ev := b.p.schema.Events[id]
		if ev.Any || dirs>>ev.Dir&1 != 0 {
			return true
		}
	}
	return false
}

// accept adds a rule to the program, and notes what it asks of the engine.
func (b *builder) accept(r *Rule, rs *ruleState) {
	b.p.Rules = append(b.p.Rules, r)
	b.p.byID[r.ID] = r
	r.vars = len(rs.vars)
	b.p.vars = max(b.p.vars, r.vars)
	for f := range rs.fields {
		b.p.needs.Fields[f] = true
		b.p.needs.Bodies = b.p.needs.Bodies || f.Grows
		if ev, ok := b.p.schema.EventByName(f.Event); ok && ev == dissect.EvFileData {
			b.p.needs.FileData = true
		}
	}
	switch {
	case r.Scope == ir.ScopeFlow, r.Scope == ir.ScopeAuto && r.onlyHeader(rs):
		r.onceFlow = true
		r.onceBit = b.c.flowBit("\x00once:" + r.ID)
	case r.Scope == ir.ScopeFlowDir:
		b.p.needs.FlowDirs = true
	}
	if r.Action == ir.Pass {
		r.passFlow = !packetOnly(rs)
	}
	b.p.ordered = b.p.ordered || r.Ordered
}

// onlyHeader tells whether a rule names nothing but what stays the same in a flow, so that
// one match says all.
func (r *Rule) onlyHeader(rs *ruleState) bool {
	if r.On != "" {
		return false
	}
	for f := range rs.fields {
		if f.Event != "" || f.Name == ir.FieldPayload {
			return false
		}
	}
	return true
}

func packetOnly(rs *ruleState) bool {
	for f := range rs.fields {
		if f.Event == "packet" {
			return true
		}
	}
	return false
}

// hang puts a rule below the events at which it is judged.
func (b *builder) hang(r *Rule, events []dissect.EventID, terms []ir.Expr) {
	in := b.p.headers[r.hdr].partsOf()
	payload := false
	for _, ev := range events {
		payload = payload || ev == dissect.EvStreamData
	}
	both := payload && len(events) == 2
	r.either = both
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

func (b *builder) needsPackets(in [nParts]bool) bool {
	for k := partICMP; k < partNoFlow; k++ {
		if in[k] {
			return true
		}
	}
	return in[partNoFlow]
}

// judgedIn tells whether a rule is judged in a part of an event: the stream is of TCP and UDP,
// what of both is judged at packets leaves UDP to the stream event, and rules for a flow's
// first packet see only packets without a flow at the packet event.
func judgedIn(ev dissect.EventID, k int, r *Rule, payload, both bool) bool {
	switch ev {
	case dissect.EvStreamData:
		return k < partICMP
	case dissect.EvFlowStart:
		return k != partNoFlow
	}
	if both && (k == partUDP || k == partUDP+1) {
		return false
	}
	if r.Scope == ir.ScopeFlowDir && !payload && r.On == "" {
		return k == partNoFlow
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

func (b *builder) hangAt(r *Rule, ev dissect.EventID, k int, terms []ir.Expr) {
	pt := b.part(ev, k)
	if n := len(r.Events); n == 0 || r.Events[n-1] != ev {
		r.Events = append(r.Events, ev)
	}
	if b.p.repeats[ev] {
		r.onceTx = true
	}
	b.p.needs.Packets = b.p.needs.Packets || ev == dissect.EvPacket
	if ev == dissect.EvStreamData {
		b.p.needs.Stream = true
		b.p.needs.Window = window
	}
	at := ref{r.hdr, uint32(r.Index)}
	var opts []option
	for _, x := range terms {
		opts = append(opts, b.c.options(x, nil)...)
	}
	if best := b.choose(opts, ev); best != nil {
		b.hangOn(pt, ev, k, best, at)
		r.Literal = describe(best)
		if ev == dissect.EvStreamData && best.head {
			for i := range best.lits {
				r.litEnd = max(r.litEnd, best.lits[i].maxEnd)
			}
		}
		return
	}
	if v, name, vals := b.c.switchOn(terms); v != nil && len(vals) > 0 {
		t := pt.bySw[v.key]
		if t == nil {
			t = &switchTable{x: v.i, name: name}
			pt.bySw[v.key] = t
			pt.switches = append(pt.switches, t)
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
// zeros, are found everywhere, and it is cheaper to try the rule.
func (b *builder) choose(opts []option, ev dissect.EventID) *option {
	good := opts[:0]
	for _, o := range opts {
		if !b.poor(&o) {
			good = append(good, o)
		}
	}
	if len(good) == 0 {
		return nil
	}
	return bestOption(good, ev == dissect.EvPacket)
}

func (b *builder) poor(o *option) bool {
	for i := range o.lits {
		l := &o.lits[i]
		if f := b.p.schema.Field(l.name); l.name != ir.FieldPayload && (f == nil || !f.Grows) || l.sets != nil {
			continue
		}
		if o.head && headClass(l.maxEnd) == headClasses[0] {
			continue
		}
		if len(l.bytes) < 3 || l.rarity() < emptyScore {
			return true
		}
	}
	return false
}

func describe(o *option) string {
	s := ""
	for i := range o.lits {
		if i == 3 {
			return s + fmt.Sprintf(" or %d more", len(o.lits)-3)
		}
		if i > 0 {
			s += " or "
		}
		l := &o.lits[i]
		if l.sets != nil {
			s += fmt.Sprintf("a run of %d bytes in %s", len(l.sets), l.name)
			continue
		}
		s += fmt.Sprintf("%q in %s", l.bytes, l.name)
		if l.nocase {
			s += " nocase"
		}
	}
	return s
}

// headClasses are the lengths of the starts of payload that have sets of their own: the shorter, the fewer
// short literals are found in vain.
var headClasses = [...]int{8, 40, headLimit}

func headClass(end int) int {
	for _, c := range headClasses {
		if end <= c {
			return c
		}
	}
	return headLimit
}

// slot finds or makes the slot for a literal's buffer. Literals that are bound to the first
// bytes of payload have a slot of their own, which looks at those only.
func (b *builder) slot(pt *part, ev dissect.EventID, l *lit, head, again bool) *scanSlot {
	_, payload := l.v.b.(payloadField)
	key := l.v.key
	head = head && payload
	class := 0
	if head {
		class = headClass(l.maxEnd)
		key += "|head" + strconv.Itoa(class)
	}
	if again {
		key += "|again"
	}
	s := pt.byKey[key]
	if s == nil {
		s = &scanSlot{id: len(b.slots), name: l.name, event: b.p.schema.Events[ev].Name, v: l.v.b, multi: l.multi, byPat: map[string]int{},
			stream: payload && ev == dissect.EvStreamData, again: again}
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

// finals finds the events at which growing fields are complete.
func (b *builder) finals() {
	p := b.p
	p.finals = map[dissect.EventID]*eventProg{}
	add := func(grown, done dissect.EventID) {
		if p.events[grown] != nil && !p.repeats[done] {
			b.part(done, 0) // so that it is wanted
			p.finals[done] = p.events[grown]
		}
	}
	for _, f := range p.schema.Fields() {
		grown, ok1 := p.schema.EventByName(f.Event)
		done, ok2 := p.schema.EventByName(f.Done)
		if f.Grows && ok1 && ok2 {
			add(grown, done)
		}
	}
	add(dissect.EvFileData, dissect.EvFile)
}

// finish builds the sets and sorts the lists.
func (b *builder) finish() {
	p := b.p
	b.finals()
	for _, s := range b.slots {
		s.finish()
		p.maxPats = max(p.maxPats, s.set.Len())
		p.stats.Patterns += s.set.Len()
		p.stats.Memory += s.set.Memory() + 8*len(s.refs) + 4*len(s.first)
	}
	p.slots = b.slots
	p.stats.Sets = len(b.slots)
	p.stats.Rules = len(p.Rules)
	p.stats.Headers = len(p.headers)
	parts := 0
	for _, ep := range p.events {
		if ep == nil {
			continue
		}
		for _, pt := range ep.parts {
			if pt == nil {
				continue
			}
			pt.byKey, pt.bySw = nil, nil
			pt.seq = parts
			parts++
			sort.Slice(pt.loose, func(i, j int) bool {
				a, b := pt.loose[i], pt.loose[j]
				if sa, sb := p.headers[a.hdr].stable, p.headers[b.hdr].stable; sa != sb {
					return sa
				}
				return a.hdr < b.hdr || a.hdr == b.hdr && a.rule < b.rule
			})
			for pt.unstable < len(pt.loose) && p.headers[pt.loose[pt.unstable].hdr].stable {
				pt.unstable++
			}
			p.cached = p.cached || pt.unstable > 0
		}
	}
}

// evidence notes the fields that alerts show.
func (b *builder) evidence(r *ir.Rule) {
	for _, ev := range r.Evidence {
		for _, f := range fieldsOf(ev.X, nil) {
			b.p.needs.Fields[f] = true
		}
	}
}

// fieldsOf lists the fields that a value names.
func fieldsOf(x ir.Expr, out []*dissect.Field) []*dissect.Field {
	switch x := x.(type) {
	case *ir.Field:
		return append(out, x.F)
	case *ir.Elem:
		return append(out, x.F)
	case *ir.Call:
		for _, a := range x.Args {
			out = fieldsOf(a, out)
		}
	case *ir.Transform:
		return fieldsOf(x.X, out)
	case *ir.Len:
		return fieldsOf(x.X, out)
	case *ir.Count:
		return append(out, x.F)
	case *ir.Arith:
		return fieldsOf(x.Y, fieldsOf(x.X, out))
	}
	return out
}
