package match

import (
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/threshold"
)

// Compile makes a Program of rules. Rules that cannot be judged are left out, with a Problem
// that says why.
func Compile(schema *dissect.Schema, rules []*ir.Rule, opts Options) (*Program, []Problem) {
	p := &Program{schema: schema, byID: make(map[string]*Rule, len(rules)), Rules: make([]*Rule, 0, len(rules)), events: make([]*eventProg, len(schema.Events)),
		flowBits: map[string]uint32{}, flowInts: map[string]uint32{}, repeats: repeating(schema)}
	p.inherit(opts.Previous)
	p.needs.Fields = map[*dissect.Field]bool{}
	c := newCompiler(p, len(rules))
	b := &builder{c: c, p: p, lean: opts.Lean, headers: map[string]uint32{}, parts: map[uint32][nParts]bool{}, warn: !opts.NoWarnings,
		hangs: newHanger(p, opts, len(rules))}
	p.passBit = c.flowBit("\x00pass")
	all := b.withSequences(rules, opts.Sequences)
	for _, r := range order(all, opts.Actions) {
		b.rule(r)
	}
	b.finishSequences()
	b.problems = b.hangs.finish(b.problems)
	b.slots = b.hangs.slots
	b.hangLoose(b.hangs.loose)
	b.finish()
	p.unshare()
	if opts.Lean {
		p.slim()
	}
	p.number(opts.Previous)
	return p, b.problems
}

// slim gives up the conditions that were compiled.
func (p *Program) slim() {
	for i := range p.headers {
		p.headers[i].terms = nil
	}
	for _, r := range p.Rules {
		r.When, r.termIR = nil, nil
	}
}

// builder adds rules to a Program.
type builder struct {
	c        *compiler
	p        *Program
	headers  map[string]uint32
	problems []Problem
	warn     bool
	lean     bool // what only explanations need is left out
	slots    []*scanSlot
	named    []*dissect.Field
	terms    []ir.Expr
	rest     []ir.Expr
	nodes    []*node
	state    ruleState
	parts    map[uint32][nParts]bool // by header
	hangs    *hanger
	steps    map[*ir.Rule]*stepOf
	seqRules map[*ir.Rule]*sequence
}

func (b *builder) report(pr Problem) { b.problems = append(b.problems, pr) }

func (b *builder) warning(r *ir.Rule, code, msg, hint string) {
	if b.warn {
		b.report(Problem{Pos: r.Pos, Rule: r.ID, Code: code, Msg: msg, Hint: hint})
	}
}

// rule compiles one rule, in all its ways.
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
	for _, way := range b.ways(src) {
		if !b.way(way) {
			return
		}
	}
}

// way compiles one way of a rule and hangs it below its events; false if there was something to say about it.
func (b *builder) way(src *ir.Rule) bool {
	c := b.c
	rs := &b.state
	*rs = ruleState{src: src, fields: rs.fields[:0]}
	c.rule = rs
	r := &Rule{Rule: src, Index: len(b.p.Rules)}
	b.terms = conjuncts(src.When, b.terms[:0])
	terms, late := splitLate(b.terms)
	hdr, rest, possible := c.headerOf(terms, b.headers, b.rest[:0])
	b.rest = rest
	if !possible {
		b.warning(src, "never-matches", "no packet is of all the protocols and directions that the rule asks for", "")
		return false
	}
	r.hdr = hdr
	if !b.compile(r, rest) {
		return false
	}
	b.effects(r)
	b.orderedPart(r, late)
	b.onceLate(r, rs)
	b.evidence(src)
	b.contexts(r)
	if rs.err != nil {
		pos := rs.pos
		if pos.Line == 0 {
			pos = src.Pos
		}
		b.report(Problem{Pos: pos, Rule: src.ID, Code: "unsupported", Msg: rs.err.Error(), Error: true})
		return false
	}
	events, prob := c.when(src, rs)
	if prob == nil {
		events = b.moments(r, rs, events)
	}
	if prob == nil && !b.directionFits(r, events) {
		prob = problem(src, "never-matches", "the event at which all its fields are known is of the other direction")
		prob.Hint = "requests go to the server, answers to the client: leave the direction out, or ask for what the other side sends"
	}
	if prob != nil {
		b.report(*prob)
		return false
	}
	b.accept(r, rs)
	b.hang(r, events, terms)
	return true
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

// compile compiles what is left of a rule besides its header, cheapest first.
func (b *builder) compile(r *Rule, rest []ir.Expr) bool {
	nodes := b.nodes[:0]
	kept := rest[:0] // parallel to nodes
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
		nodes, kept = append(nodes, n), append(kept, x)
		r.carries = r.carries || n.payload
	}
	b.nodes = append(nodes, nodes...)
	if len(nodes) == 0 {
		return true
	}
	sorted := b.nodes[len(nodes):]
	sortNodes(sorted)
	r.terms = make([]cond, len(sorted))
	for i, n := range sorted {
		r.terms[i] = n.cond
	}
	if b.lean {
		return true
	}
	r.termIR = termsOf(sorted, nodes, kept)
	return true
}

// fewTerms is up to how many terms they are looked for one by one.
const fewTerms = 64

// termsOf gives the expressions that sorted nodes were compiled from; nodes, which is used up, and from are parallel.
func termsOf(sorted, nodes []*node, from []ir.Expr) []ir.Expr {
	out := make([]ir.Expr, len(sorted))
	if len(sorted) <= fewTerms {
		for i, n := range sorted {
			k := slices.Index(nodes, n)
			out[i], nodes[k] = from[k], nil
		}
		return out
	}
	at := map[*node][]ir.Expr{}
	for k, n := range nodes {
		at[n] = append(at[n], from[k])
	}
	for i, n := range sorted {
		out[i], at[n] = at[n][0], at[n][1:]
	}
	return out
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
	if first := b.p.byID[r.ID]; first != nil {
		first.ways = append(first.ways, r)
		r.way = len(first.ways)
	}
	b.p.byID[r.key()] = r
	r.vars = len(rs.vars)
	b.p.vars = max(b.p.vars, r.vars)
	for _, f := range rs.fields {
		b.p.needs.Fields[f] = true
		b.p.needs.Bodies = b.p.needs.Bodies || f.Grows
		if x := b.c.factsOf(f); x.hasEvent && x.event == dissect.EvFileData {
			b.p.needs.FileData = true
		}
	}
	switch {
	case r.ord != nil && r.ord.cond != nil: // onceLate has seen to it
	case r.Scope == ir.ScopeFlow, r.Scope == ir.ScopeAuto && r.onlyHeader(rs):
		r.onceFlow = true
		r.onceBit = b.c.flowBit("\x00once:" + r.ID)
	case r.Scope == ir.ScopeFlowDir:
		b.p.needs.FlowDirs = true
	}
	if r.Action == ir.Pass || r.Action == ir.Drop {
		r.passFlow = !packetOnly(rs)
	}
	r.ofApp = ofApp(rs)
	r.sized = slices.ContainsFunc(rs.fields, func(f *dissect.Field) bool { return strings.HasPrefix(f.Name, "flow.payload_to_") })
	b.p.ordered = b.p.ordered || r.Ordered
}

// onceLate limits a rule that may match once in a flow, and that asks host state, in the ordered stage: only there is
// known when it did.
func (b *builder) onceLate(r *Rule, rs *ruleState) {
	f := b.p.schema.Field("flow.id")
	if r.ord == nil || r.ord.cond == nil || f == nil || r.Scope != ir.ScopeFlow && !(r.Scope == ir.ScopeAuto && r.onlyHeader(rs)) {
		return
	}
	r.ord.thresholds = append(r.ord.thresholds, lateThreshold{distinct: -1, by: []int{r.ord.capture(b.c.field(f))},
		spec: threshold.Spec{Name: r.ID + "\x00once", Kind: threshold.Limit, Count: 1, Window: onceWindow}})
}

// onceWindow is how long a rule that matched in a flow is remembered, nanoseconds: an hour, by when most flows are over.
const onceWindow = int64(3600e9)

// onlyHeader tells whether a rule names nothing but what stays the same in a flow, so that
// one match says all.
func (r *Rule) onlyHeader(rs *ruleState) bool {
	if r.On != "" {
		return false
	}
	for _, f := range rs.fields {
		if f.Event != "" || f.Name == ir.FieldPayload {
			return false
		}
	}
	return true
}

func packetOnly(rs *ruleState) bool {
	for _, f := range rs.fields {
		if f.Event == "packet" {
			return true
		}
	}
	return false
}

// finals finds the events at which growing fields are complete.
func (b *builder) finals() {
	p := b.p
	p.finals = make([]*eventProg, len(p.schema.Events))
	add := func(grown, done dissect.EventID) {
		if p.events[grown] != nil && !p.repeats[done] {
			p.part(done, 0) // so that it is wanted
			p.finals[done] = p.events[grown]
			p.events[done].parts[0].remembers = true
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
	b.splitSlots()
	finishSlots(b.slots)
	for _, s := range b.slots {
		p.maxPats = max(p.maxPats, s.set.Len())
		p.stats.Patterns += s.set.Len()
		p.stats.Memory += s.set.Memory() + 8*len(s.refs) + 4*len(s.first)
	}
	p.slots = b.slots
	p.stats.Sets = len(b.slots)
	for _, r := range p.Rules {
		p.stats.Rules += int(b2i(r.way == 0))
	}
	p.stats.Headers = len(p.headers)
	parts := uint32(0)
	for _, ep := range p.events {
		if ep == nil {
			continue
		}
		for _, pt := range ep.parts {
			if pt == nil {
				continue
			}
			pt.byKey, pt.bySw = nil, nil
			pt.dissolve(p)
			if pt.starts != nil {
				pt.starts.finish()
			}
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
			for _, t := range pt.switches {
				t.noteHeaders(p)
			}
			pt.cached = pt.unstable+len(pt.fixed) > 0 || len(ep.parts) > 1 && len(pt.switches) > 0
			p.cached = p.cached || pt.cached
			pt.noteCalm()
		}
	}
	b.setGates()
	b.sieves()
}

// finishSlots makes slots ready for scanning, on all cores: the larger ones first.
func finishSlots(slots []*scanSlot) {
	todo := slices.Clone(slots)
	slices.SortStableFunc(todo, func(a, b *scanSlot) int { return len(b.pats) - len(a.pats) })
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(todo)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(todo)); i = next.Add(1) - 1 {
				todo[i].finish()
			}
		})
	}
	wg.Wait()
}

// fewRules is how many rules make the look-up of a number at each event worth while.
const fewRules = 4

// dissolve gives up tables of few rules whose header is stable and narrow: that is asked once in a flow.
func (pt *part) dissolve(p *Program) {
	kept := pt.switches[:0]
	for _, t := range pt.switches {
		rules := t.rules()
		stable := len(rules) <= fewRules
		for _, r := range rules {
			stable = stable && p.headers[r.hdr].stable && p.headers[r.hdr].narrow()
		}
		if stable {
			pt.loose = append(pt.loose, rules...)
		} else {
			kept = append(kept, t)
		}
	}
	pt.switches = kept
}

// evidence notes the fields that alerts show.
func (b *builder) evidence(r *ir.Rule) {
	for _, ev := range r.Evidence {
		for _, f := range ir.Fields(ev.X, nil) {
			b.p.needs.Fields[f] = true
		}
	}
}
