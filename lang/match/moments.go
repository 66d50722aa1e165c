package match

import (
	"slices"
	"sort"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// A rule is judged at the event at which all that it names is known. Two things may go wrong with that: the event may never come
// (a request without a body, a question without an answer) though an alternative that needs less decides; and it
// may come late. So a rule with such alternatives is judged
//
//   - also at the earlier events that bring one of its fields, if nothing that comes later can undo a match: what is not known yet
//     counts as absent, tests of which are false;
//   - else instead at the event that ends the message, if the proper one has not come by then.
//
// Either way it matches once a message: dissect.MatchState remembers.

// moments completes the events at which r is judged.
func (b *builder) moments(r *Rule, rs *ruleState, events []dissect.EventID) []dissect.EventID {
	if r.On != "" || len(events) != 1 {
		return events
	}
	p, main := b.p, events[0]
	r.main = main
	if main == dissect.EvFileData {
		if b.requires(r, rs, b.filePhase(rs)) < 1 {
			b.instead(r, dissect.EvFile)
		}
		return events
	}
	info := p.schema.Events[main]
	if info.Spec == nil {
		return events
	}
	phase := b.phase(rs)
	needs := b.requires(r, rs, phase)
	if needs < info.Phase {
		if early := b.early(r, rs, needs, info); len(early) > 0 {
			r.onceTx = true
			return append(early, main)
		}
	}
	if needs < info.Phase || b.endOfGrowth(r, rs, main) {
		if last, ok := b.lastEvent(info); ok {
			b.instead(r, last)
		}
	}
	return events
}

// phase gives the phase of the event that a field waits for, -1 for what is no protocol's.
func (b *builder) phase(rs *ruleState) func(f *dissect.Field) int {
	return func(f *dissect.Field) int {
		if id, ok := b.c.eventOf(f, rs); ok && b.p.schema.Events[id].Spec != nil {
			return b.p.schema.Events[id].Phase
		}
		return -1
	}
}

// filePhase is 1 for what comes with a file's content, -1 for the rest.
func (b *builder) filePhase(rs *ruleState) func(f *dissect.Field) int {
	return func(f *dissect.Field) int {
		if id, ok := b.c.eventOf(f, rs); ok && id == dissect.EvFileData && f.Grows {
			return 1
		}
		return -1
	}
}

// requires gives the lowest phase by which the rule may be decided: of all that must hold the highest, of alternatives the lowest.
func (b *builder) requires(r *Rule, rs *ruleState, phase func(*dissect.Field) int) int {
	most := requires(r.When, false, phase)
	b.named = ir.Fields(r.When, b.named[:0])
	for _, f := range rs.fields {
		if !slices.Contains(b.named, f) { // effects, keys of thresholds, arguments
			most = max(most, phase(f))
		}
	}
	return most
}

func requires(x ir.Expr, neg bool, phase func(*dissect.Field) int) int {
	list, and := []ir.Expr(nil), !neg
	switch x := x.(type) {
	case *ir.And:
		list = x.X
	case *ir.Or:
		list, and = x.X, neg
	case *ir.Not:
		return requires(x.X, !neg, phase)
	}
	if len(list) == 0 {
		most := -1
		for _, f := range ir.Fields(x, nil) {
			most = max(most, phase(f))
		}
		return most
	}
	out := requires(list[0], neg, phase)
	for _, y := range list[1:] {
		if n := requires(y, neg, phase); and == (n > out) {
			out = n
		}
	}
	return out
}

// early lists the events before info, from phase needs on, that bring one of the rule's fields, if a match there is one for good.
func (b *builder) early(r *Rule, rs *ruleState, needs int, info dissect.EventInfo) []dissect.EventID {
	if r.ord != nil && r.ord.cond != nil {
		return nil // whether it matches is found out later, and the values would be those of now
	}
	phase := b.phase(rs)
	var out []dissect.EventID
	first := info.Phase
	for _, f := range rs.fields {
		id, ok := b.c.eventOf(f, rs)
		if !ok || b.p.schema.Events[id].Spec != info.Spec {
			continue
		}
		if n := phase(f); n >= needs && n < info.Phase && !slices.Contains(out, id) {
			out = append(out, id)
			first = min(first, n)
		}
	}
	if len(out) == 0 || !lasting(r.When, false, func(f *dissect.Field) bool { return phase(f) <= first }) {
		return nil
	}
	sort.Slice(out, func(i, j int) bool { return b.p.schema.Events[out[i]].Phase < b.p.schema.Events[out[j]].Phase })
	return out
}

// lasting tells whether a condition that is true while only some fields are known stays true: tests of others are
// not negated, and false for values that are absent, or zero because nothing has been counted.
func lasting(x ir.Expr, neg bool, known func(*dissect.Field) bool) bool {
	switch x := x.(type) {
	case *ir.And:
		return allLasting(x.X, neg, known)
	case *ir.Or:
		return allLasting(x.X, neg, known)
	case *ir.Not:
		return lasting(x.X, !neg, known)
	}
	later := false
	for _, f := range ir.Fields(x, nil) {
		later = later || !known(f)
	}
	if !later {
		return true
	}
	if neg {
		return false
	}
	switch x := x.(type) {
	case *ir.Field:
		return true
	case *ir.Match:
		return true
	case *ir.StrTest:
		k, ok := x.Y.(*ir.Const)
		return ok && len(k.V.B) > 0
	case *ir.Cmp:
		return lastingCmp(x)
	case *ir.In:
		s, ints := x.Set.(*ir.IntSet)
		return !ints || !s.Has(0)
	case *ir.Content:
		return len(x.Items) > 0 && !waitsForEnd(x.Items)
	case *ir.Quant:
		return !x.All && lasting(x.Body, false, known)
	case *ir.Exists:
		f, ok := x.X.(*ir.Field)
		return ok && (f.F.Bytes != nil || f.F.BytesN != nil)
	}
	return false
}

func allLasting(xs []ir.Expr, neg bool, known func(*dissect.Field) bool) bool {
	for _, x := range xs {
		if !lasting(x, neg, known) {
			return false
		}
	}
	return true
}

func lastingCmp(x *ir.Cmp) bool {
	k, ok := x.Y.(*ir.Const)
	if !ok {
		return false
	}
	switch x.X.(type) {
	case *ir.Field, *ir.Elem, *ir.Len, *ir.Count:
	default:
		return false
	}
	switch c := classOf(k.T); {
	case c == classBytes:
		return x.Op == ir.Eq && len(k.V.B) > 0
	case c == classIP:
		return x.Op == ir.Eq
	case c != classInt:
		return false
	}
	switch x.Op {
	case ir.Eq:
		return k.V.I != 0
	case ir.Gt:
		return k.V.I >= 0
	case ir.Ge:
		return k.V.I > 0
	}
	return false
}

// endOfGrowth tells whether main is asked for by fields that must have stopped growing, and notes them: a message
// that ends in the midst of one is judged by what there is.
func (b *builder) endOfGrowth(r *Rule, rs *ruleState, main dissect.EventID) bool {
	for f := range rs.uses.late {
		if id, ok := b.p.schema.EventByName(f.Done); ok && id == main && f.Bytes != nil {
			r.cutOff = append(r.cutOff, f)
		}
	}
	return len(r.cutOff) > 0
}

// lastEvent finds the event after info that ends its message.
func (b *builder) lastEvent(info dissect.EventInfo) (dissect.EventID, bool) {
	best, found := dissect.EventInfo{}, false
	for _, ev := range b.p.schema.Events {
		if ev.Spec == info.Spec && ev.Final && ev.Phase > info.Phase && (!found || ev.Phase < best.Phase) {
			best, found = ev, true
		}
	}
	return best.ID, found
}

// instead has a rule judged at last if r.main has not come by then.
func (b *builder) instead(r *Rule, last dissect.EventID) {
	r.last = last
	r.onceTx = true
	p := b.p
	if p.instead == nil {
		p.instead = make([][]dissect.EventID, len(p.schema.Events))
		if p.noted == nil {
			p.noted = make([]uint64, len(p.schema.Events))
		}
	}
	if slices.Contains(p.instead[last], r.main) {
		return
	}
	if p.noted[r.main] == 0 {
		if p.nNoted == maxNoted {
			return
		}
		p.noted[r.main] = 1 << p.nNoted
		p.nNoted++
	}
	p.instead[last] = append(p.instead[last], r.main)
}

// maxNoted is how many events can be remembered to have come in a message: bits of MatchState.Came.
const maxNoted = 64

// takeMissed makes candidates of the rules whose event has not come, at the last event of a message.
func (m *Matcher) takeMissed(ev dissect.EventID, tx *dissect.MatchState) {
	for _, main := range m.p.instead[ev] {
		if tx.Came&m.p.noted[main] != 0 || m.p.events[main] == nil {
			continue
		}
		pt := m.p.events[main].parts[0]
		from := len(m.cands)
		for _, s := range pt.scans {
			m.scan(s, tx)
		}
		m.addLoose(pt, m.e.DataOff)
		m.cands = slices.DeleteFunc(m.cands, func(n uint32) bool {
			from--
			return from < 0 && m.p.Rules[n].last != ev
		})
	}
}

// has tells whether all the fields have a value.
func (m *Matcher) has(fields []*dissect.Field) bool {
	for _, f := range fields {
		if f.Bytes(m.e) == nil {
			return false
		}
	}
	return true
}
