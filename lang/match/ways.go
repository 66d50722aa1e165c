package match

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// A message is of one protocol, so no event has fields of two. A rule that names several (http.host contains "x" or tls.sni
// contains "x") is compiled once for each: at the messages of a protocol the fields of the others are absent, and tests of
// what is absent are false (and their negations decide nothing), which leaves a condition on that protocol's fields. These ways of one rule have its id, and share
// its thresholds and what it remembers of flows; each message matches by one of them at most.

// ways gives the rules that src stands for: src itself, unless its condition names fields of several protocols.
func (b *builder) ways(src *ir.Rule) []*ir.Rule {
	if src.On != "" {
		return []*ir.Rule{src}
	}
	var specs []*dissect.Spec
	b.named = ir.Fields(src.When, b.named[:0])
	for _, f := range b.named {
		if s := b.specOf(f); s != nil && !slices.Contains(specs, s) {
			specs = append(specs, s)
		}
	}
	if len(specs) < 2 || b.keepsMessage(src) {
		return []*ir.Rule{src}
	}
	var out []*ir.Rule
	for _, s := range specs {
		x, truth := b.only(src.When, s)
		if truth >= 0 || !b.names(x, s) {
			continue
		}
		way := *src
		way.When = x
		if st := b.steps[src]; st != nil {
			b.steps[&way] = &stepOf{seq: st.seq, n: st.n}
		}
		out = append(out, &way)
	}
	if len(out) == 0 {
		return []*ir.Rule{src} // which says what is wrong with it
	}
	return out
}

// keepsMessage tells whether what a rule does when it matches asks for a field of one protocol: then it has to match there.
func (b *builder) keepsMessage(r *ir.Rule) bool {
	var xs []ir.Expr
	for i := range r.Thresholds {
		xs = append(append(xs, r.Thresholds[i].By...), r.Thresholds[i].Distinct)
	}
	for i := range r.RateFilters {
		xs = append(xs, r.RateFilters[i].By...)
	}
	for _, e := range r.Effects {
		switch e := e.(type) {
		case *ir.SetFlowInt:
			xs = append(xs, e.X)
		case *ir.SetHostBit:
			xs = append(xs, e.Key...)
		case *ir.SetHostInt:
			xs = append(append(xs, e.Key...), e.X)
		case *ir.AddDataset:
			xs = append(xs, e.X)
		case *ir.RemoveDataset:
			xs = append(xs, e.X)
		}
	}
	for _, x := range xs {
		for _, f := range ir.Fields(x, nil) {
			if b.specOf(f) != nil {
				return true
			}
		}
	}
	return false
}

// specOf is the protocol that a field belongs to, nil if it is no protocol's.
func (b *builder) specOf(f *dissect.Field) *dissect.Spec {
	if x := b.c.factsOf(f); x.hasEvent {
		return b.p.schema.Events[x.event].Spec
	}
	return nil
}

func (b *builder) names(x ir.Expr, s *dissect.Spec) bool {
	for _, f := range ir.Fields(x, nil) {
		if b.specOf(f) == s {
			return true
		}
	}
	return false
}

// only gives what is left of a condition at the messages of a protocol; truth is 0 if it is false there, 1 if nothing is left of it
// but negated tests of other protocols, else -1.
func (b *builder) only(x ir.Expr, s *dissect.Spec) (left ir.Expr, truth int) {
	switch x := x.(type) {
	case *ir.And:
		list, truth := b.onlyEach(x.X, s, true)
		if len(list) < 2 {
			return single(list), truth
		}
		return &ir.And{X: list}, -1
	case *ir.Or:
		list, truth := b.onlyEach(x.X, s, false)
		if len(list) < 2 {
			return single(list), truth
		}
		return &ir.Or{X: list}, -1
	case *ir.Not:
		y, truth := b.only(x.X, s)
		if truth >= 0 {
			return nil, 1 - truth
		}
		return &ir.Not{X: y}, -1
	}
	for _, f := range ir.Fields(x, nil) {
		if of := b.specOf(f); of != nil && of != s {
			c, ok := x.(*ir.Cmp)
			return nil, int(b2i(ok && c.Op == ir.Ne))
		}
	}
	return x, -1
}

// onlyEach does so for the operands of and and or. What is about other protocols decides nothing in an or: that
// http.method != "GET" is no reason to match a message of TLS.
func (b *builder) onlyEach(xs []ir.Expr, s *dissect.Spec, and bool) (left []ir.Expr, truth int) {
	truth = int(b2i(and))
	for _, y := range xs {
		switch y, t := b.only(y, s); {
		case t < 0:
			left = append(left, y)
		case and && t == 0:
			return nil, 0
		case t == 1:
			truth = 1
		}
	}
	if len(left) > 0 {
		return left, -1
	}
	return nil, truth
}

func single(list []ir.Expr) ir.Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// key tells the ways of a rule apart; that of the first is its id.
func (r *Rule) key() string {
	if r.way == 0 {
		return r.ID
	}
	return r.ID + "\x00way" + string(rune('0'+r.way))
}

// JudgedAt lists the events at which the rule is judged, by any of the protocols that it names fields of.
func (r *Rule) JudgedAt() []dissect.EventID {
	out := r.Events
	for _, w := range r.ways {
		for _, ev := range w.Events {
			if !slices.Contains(out, ev) {
				out = append(slices.Clip(out), ev)
			}
		}
	}
	return out
}

// at gives the way of the rule that is judged at an event, nil for none.
func (r *Rule) at(ev dissect.EventID) *Rule {
	if slices.Contains(r.Events, ev) {
		return r
	}
	for _, w := range r.ways {
		if slices.Contains(w.Events, ev) {
			return w
		}
	}
	return nil
}
