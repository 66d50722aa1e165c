package match

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Explain writes how a rule is judged: at which events, behind which literal, and its terms in
// the order in which they are tried. Of a rule on several protocols the first of Program.Rules tells all.
func (p *Program) Explain(r *Rule) string {
	if r.way > 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rule %s %q\n", r.ID, r.Msg)
	if r.seq != nil {
		r.seq.explain(&b)
		return b.String()
	}
	p.explainWay(&b, r)
	for _, w := range r.ways {
		b.WriteString("  or\n")
		p.explainWay(&b, w)
	}
	for i := range r.Thresholds {
		fmt.Fprintf(&b, "  in packet order: %s\n", r.Thresholds[i].Text())
	}
	if r.ord != nil && len(r.ord.feeds) > 0 {
		b.WriteString("  in packet order: a step of a sequence\n")
	}
	for _, e := range r.Effects {
		fmt.Fprintf(&b, "  then: %s\n", ir.EffectText(e))
	}
	return b.String()
}

// explainWay writes how a rule is judged at the events of one protocol.
func (p *Program) explainWay(b *strings.Builder, r *Rule) {
	for _, ev := range r.Events {
		fmt.Fprintf(b, "  judged at %s (%s)\n", p.schema.Events[ev].Name, p.schema.Events[ev].Doc)
	}
	if r.Literal != "" {
		fmt.Fprintf(b, "  only if %s occurs\n", r.Literal)
	} else {
		b.WriteString("  no literal: tried at each such event\n")
	}
	for _, s := range p.headerText(r) {
		fmt.Fprintf(b, "  header: %s\n", s)
	}
	for i, x := range r.termIR {
		fmt.Fprintf(b, "  term %d: %s\n", i+1, ir.Text(x))
	}
	if r.ord != nil && r.ord.cond != nil {
		_, late := splitLate(conjuncts(r.When, nil))
		for _, x := range late {
			fmt.Fprintf(b, "  in packet order: %s\n", ir.Text(x))
		}
	}
}

func (p *Program) headerText(r *Rule) []string {
	h := &p.headers[r.hdr]
	var out []string
	switch h.dirs {
	case 1 << dissect.ToServer:
		out = append(out, "to_server")
	case 1 << dissect.ToClient:
		out = append(out, "to_client")
	}
	if h.protos != nil {
		var ps []string
		for n := range 256 {
			if h.hasProto(uint8(n)) && len(ps) < 8 {
				ps = append(ps, strconv.Itoa(n))
			}
		}
		out = append(out, "ip.proto in {"+strings.Join(ps, ", ")+"}")
	}
	for _, x := range h.terms {
		out = append(out, ir.Text(x))
	}
	return out
}

// Stage is how far a rule got with an event.
type Stage uint8

// The stages, in the order in which a rule passes them.
const (
	StageEvent     Stage = iota // the event is not one at which the rule is judged
	StageHeader                 // direction, protocol, ports or addresses differ
	StagePrefilter              // the literal does not occur
	StageTerm                   // a term is false
	StageError                  // judging was given up
	StageMatched                // all local terms hold; the ordered stage may still say no
)

// String names what stopped the rule.
func (s Stage) String() string {
	return [...]string{"event", "header", "literal", "term", "error", "matched"}[s]
}

// Trace is why a rule does not match an event.
type Trace struct {
	Stage Stage
	// Term is the first term that failed, as text; Value is what its field held.
	Term, Value string
	// Item is the item of a content chain that was never passed, "" if the term is none.
	Item string
}

// Trace judges one rule on an event without effects, and says how far it gets. It is slow, and the program must not be lean.
func (m *Matcher) Trace(r *Rule, ev dissect.EventID, e *dissect.Env) Trace {
	if r = r.at(ev); r == nil {
		return Trace{Stage: StageEvent}
	}
	m.begin(e)
	h := &m.p.headers[r.hdr]
	if h.dirs>>e.Dir&1 == 0 {
		return Trace{Stage: StageHeader, Term: m.p.headerText(r)[0], Value: e.Dir.String()}
	}
	if h.protos != nil && !h.hasProto(m.view().proto) {
		return Trace{Stage: StageHeader, Term: "ip.proto", Value: strconv.Itoa(int(m.view().proto))}
	}
	for i, c := range h.conds {
		if !c.test(m) {
			return Trace{Stage: StageHeader, Term: ir.Text(h.terms[i]), Value: m.valueText(h.terms[i])}
		}
	}
	if r.Literal != "" && ev != r.last && !m.prefilterHits(r, ev, e) {
		return Trace{Stage: StagePrefilter, Term: r.Literal}
	}
	return m.traceTerms(r)
}

func (m *Matcher) traceTerms(r *Rule) Trace {
	m.varSet = 0
	for i, t := range r.terms {
		m.failed = failNone
		m.deepest = 0
		ok := t.test(m)
		x := r.termIR[i]
		if m.failed != failNone {
			m.failed = failNone
			return Trace{Stage: StageError, Term: ir.Text(x), Value: m.valueText(x)}
		}
		if ok {
			continue
		}
		out := Trace{Stage: StageTerm, Term: ir.Text(x), Value: m.valueText(x)}
		if c, isChain := x.(*ir.Content); isChain && m.deepest < len(c.Items) {
			out.Item = ir.ItemText(c.Items[m.deepest])
		}
		return out
	}
	return Trace{Stage: StageMatched}
}

// prefilterHits tells whether the literal of a rule occurs, and leaves candidates of m changed.
func (m *Matcher) prefilterHits(r *Rule, ev dissect.EventID, e *dissect.Env) bool {
	ep := m.p.events[ev]
	pt := ep.parts[0]
	if len(ep.parts) > 1 {
		pt = ep.parts[partOf(e)]
	}
	if pt == nil {
		return false
	}
	old := e.New
	e.New, m.ev = 0, ev
	defer func() { e.New = old }()
	m.cands = m.cands[:0]
	if pt.starts != nil && len(e.Data) != 0 {
		m.addStarts(pt.starts)
	}
	for _, s := range pt.scans {
		m.scanAny(s, nil)
	}
	for _, n := range m.cands {
		if int(n) == r.Index {
			return true
		}
	}
	return false
}

// maxShown caps a value that is shown.
const maxShown = 200

// TermTrace is what became of one term.
type TermTrace struct {
	No   int    `json:"number"` // 1-based, as in the rule's tree
	Term string `json:"term"`
	Held bool   `json:"held"`
	// Value and Item are those of a Trace, for terms that did not hold.
	Value string `json:"value,omitempty"`
	Item  string `json:"item,omitempty"`
}

// TraceTerms judges all terms of a rule on the event that Trace was called for last, one after the other.
func (m *Matcher) TraceTerms(r *Rule, ev dissect.EventID) []TermTrace {
	if r = r.at(ev); r == nil {
		return nil
	}
	out := make([]TermTrace, len(r.terms))
	m.varSet = 0
	for i, t := range r.terms {
		m.failed, m.deepest = failNone, 0
		x := r.termIR[i]
		out[i] = TermTrace{No: i + 1, Term: ir.Text(x), Held: t.test(m) && m.failed == failNone}
		m.failed = failNone
		if out[i].Held {
			continue
		}
		if c, isChain := x.(*ir.Content); isChain && m.deepest < len(c.Items) {
			out[i].Item = ir.ItemText(c.Items[m.deepest])
		}
		out[i].Value = m.valueText(x)
	}
	return out
}

// valueText shows the values that a term names: what it computes, and the fields.
func (m *Matcher) valueText(x ir.Expr) string {
	seen := map[*dissect.Field]bool{}
	parts := m.computed(x, nil)
	for _, f := range ir.Fields(x, nil) {
		if seen[f] {
			continue
		}
		seen[f] = true
		v := m.fieldText(f)
		if len(v) > maxShown {
			v = v[:maxShown] + "..."
		}
		parts = append(parts, f.Name+" = "+v)
	}
	return strings.Join(parts, ", ")
}

func (m *Matcher) fieldText(f *dissect.Field) string {
	if f.Multi {
		return m.multiText(f)
	}
	v := (&compiler{values: map[string]*value{}}).fieldOf(f).eval(m)
	if !v.OK {
		return "(absent)"
	}
	return valueString(f.Type, v)
}

func (m *Matcher) multiText(f *dissect.Field) string {
	var parts []string
	for i := 0; i < 16 && hasValue(f, m.e, i); i++ {
		var v ir.Value
		switch {
		case f.BytesN != nil:
			v.B, v.OK = f.BytesN(m.e, i)
		case f.IntN != nil:
			v.I, v.OK = f.IntN(m.e, i)
		case f.IPN != nil:
			v.IP, v.OK = f.IPN(m.e, i)
		}
		parts = append(parts, valueString(f.Type, v))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
