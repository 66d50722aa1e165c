package check

import (
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// maxSteps is how many steps a sequence may have.
const maxSteps = 256

// Sequence checks a sequence and lowers it. It is nil if it has errors.
func (s *Scope) Sequence(p Piece, q *syntax.Sequence) (*ir.Sequence, diag.List) {
	c := &checker{scope: s, file: p.File, src: p.source(), rule: q.ID.Text, spans: map[ir.Expr]diag.Range{}}
	out := &ir.Sequence{}
	out.Rule = *c.head(q.ID, q.Title, q.Range())
	b := body{checker: c, out: &out.Rule}
	b.statements(q.Body, true)
	out.By = c.keys(q.By)
	if q.Within == nil {
		c.report(diag.NoWithin(q.ID.Range()))
	} else {
		out.Within = b.duration(q.Within, "the sequence's time limit")
	}
	if len(b.steps) > maxSteps {
		c.report(diag.TooManySteps(b.steps[maxSteps].Range(), maxSteps))
		b.steps = b.steps[:maxSteps]
	}
	labels := map[string]bool{}
	for i, st := range b.steps {
		out.Steps = append(out.Steps, b.step(st, i))
		if st.Label == nil {
			continue
		}
		if labels[st.Label.Text] {
			c.report(diag.DuplicateStep(st.Label.Range(), st.Label.Text))
		}
		labels[st.Label.Text] = true
	}
	if len(b.steps) < 2 && !b.failed && (len(b.steps) == 0 || out.Steps[0].Count < 2) {
		c.report(diag.NoSteps(q.ID.Range()))
	}
	if hasErrors(c.list) || b.failed || c.broken {
		return nil, c.list
	}
	return out, c.list
}

// step checks one step: an event, perhaps with a condition, or a match of another rule.
func (b *body) step(s *syntax.Step, i int) ir.Step {
	st := ir.Step{Count: 1, Absent: s.Not, Pos: b.pos(s.Range())}
	if s.Label != nil {
		st.Name = s.Label.Text
	}
	if s.Count != nil {
		st.Count = b.count(s.Count, "the count")
	}
	st.Within = b.duration(s.Within, "the step's time limit")
	switch {
	case s.Not && i == 0:
		b.report(diag.FirstAbsent(s.Range()))
	case s.Not && s.Within == nil:
		b.report(diag.AbsentWithin(s.Range()))
	}
	if call, ok := s.Cond.(*syntax.Call); ok && call.Func.Text == "rule" && funcs.Lookup("rule") == nil {
		st.RuleID = b.ruleRef(call)
		return st
	}
	b.event = ""
	st.When = b.condition(s.Cond)
	st.On, b.event = b.event, ""
	if st.When != nil && !hasErrors(b.list) {
		b.contradictions(flatten(nil, st.When), s.Cond.Range(), st.On)
	}
	return st
}

// ruleRef reads rule(ID).
func (b *body) ruleRef(x *syntax.Call) string {
	id := ""
	if len(x.Args) == 1 {
		switch a := x.Args[0].(type) {
		case *syntax.Name:
			id = a.Text
		case *syntax.Lit:
			if id = a.Str; a.Kind == syntax.LitInt {
				id = a.Raw
			}
		}
	}
	if id == "" {
		b.report(diag.ArgCount(x.Range(), "rule(ID)", len(x.Args)))
		return ""
	}
	if b.scope.RuleID != nil && !b.scope.RuleID(id) {
		b.report(diag.UnknownRule(x.Args[0].Range(), id, b.scope.suggestRule(id)))
	}
	if b.scope.SequenceID != nil && b.scope.SequenceID(id) {
		b.report(diag.StepOfSequence(x.Args[0].Range(), id))
	}
	return id
}
