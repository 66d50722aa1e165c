package ruleset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
)

// lint warns of state that .nids rules ask for and that nothing changes: a flag whose name is misspelled is never set. It knows the
// rules that are loaded together, and the flags that scripts are known to set.
func (l *loader) lint() {
	set := map[state]bool{}
	for _, name := range l.opt.FlowFlags {
		set[state{"flow.flag", name}] = true
	}
	changes := func(list []ir.Effect) {
		for _, e := range list {
			if s, ok := changed(e); ok {
				set[s] = true
			}
		}
	}
	for _, r := range l.set.Rules {
		changes(r.Effects)
	}
	for _, s := range l.seqs {
		changes(s.Effects)
	}
	var near diag.Suggester
	var same map[string][]string
	ask := func(id string, x ir.Expr) {
		asked(x, func(pos ir.Pos, names ...state) {
			if !strings.HasSuffix(pos.File, lang.Ext) || slices.ContainsFunc(names, func(s state) bool { return set[s] }) {
				return
			}
			kind, name := names[0].kind, names[0].name
			d := diag.NeverSet(diag.Range{}, kind, name, near.Nearest(kind, name, func() []string {
				if same == nil {
					same = byKind(set)
				}
				return same[kind]
			}))
			d.File, d.Rule = pos.File, id
			at := l.at(pos)
			end := at
			n := len(kind) + len(`("")`) + len(name)
			end.Col, end.Offset = end.Col+n, end.Offset+n
			d.Range = diag.Range{Start: at, End: end}
			l.set.Diagnostics = append(l.set.Diagnostics, d)
		})
	}
	for _, r := range l.set.Rules {
		ask(r.ID, r.When)
	}
	l.same()
	l.lintKeys()
	for _, s := range l.seqs {
		for i := range s.Steps {
			ask(s.ID, s.Steps[i].When)
		}
	}
}

// same warns of .nids rules that say the same as one before: of a copy that was to be changed, as a rule. Those that count or change
// something may have the same condition for good reason.
func (l *loader) same() {
	seen := map[string]*ir.Rule{}
	for _, r := range l.set.Rules {
		if !strings.HasSuffix(r.Pos.File, lang.Ext) || r.When == nil || len(r.Thresholds)+len(r.Effects) > 0 || r.Action != ir.Alert || r.NoAlert {
			continue
		}
		text := ir.Text(r.When)
		if strings.Contains(text, " strings}") || strings.Contains(text, " networks}") || strings.Contains(text, ", ...}") {
			continue // sets whose elements are not written
		}
		key := fmt.Sprint(text, "\x00", r.On, "\x00", r.Payload, r.Scope)
		old := seen[key]
		if old == nil {
			seen[key] = r
			continue
		}
		d := diag.SameCondition(diag.Range{}, old.ID, fmt.Sprintf("%s:%d", old.Pos.File, old.Pos.Line))
		d.File, d.Rule = r.Pos.File, r.ID
		at := l.at(r.Pos)
		d.Range = diag.Range{Start: at, End: at}
		l.set.Diagnostics = append(l.set.Diagnostics, d)
	}
}

// byKind sorts the names of what is set by their kinds.
func byKind(set map[state]bool) map[string][]string {
	out := map[string][]string{}
	for s := range set {
		out[s.kind] = append(out[s.kind], s.name)
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

// state is a flag or counter that rules change and ask for.
type state struct{ kind, name string }

// changed gives the state that an effect sets; what only takes away sets nothing.
func changed(e ir.Effect) (state, bool) {
	switch e := e.(type) {
	case *ir.SetFlowBit:
		return state{"flow.flag", e.Name}, e.Op != ir.BitUnset
	case *ir.SetFlowInt:
		return state{"flow.counter", e.Name}, true
	case *ir.SetHostBit:
		return state{"host.flag", e.Name}, e.Op != ir.BitUnset
	case *ir.SetHostInt:
		return state{"host.counter", e.Name}, true
	}
	return state{}, false
}

// asked finds what a condition asks for that must be so: under a negation a flag that is never set does no harm.
func asked(x ir.Expr, f func(pos ir.Pos, names ...state)) {
	switch x := x.(type) {
	case *ir.And:
		for _, y := range x.X {
			asked(y, f)
		}
	case *ir.Or:
		for _, y := range x.X {
			asked(y, f)
		}
	case *ir.Cmp:
		asked(x.X, f)
	case *ir.FlowBit:
		names := make([]state, len(x.Names))
		for i, n := range x.Names {
			names[i] = state{"flow.flag", n}
		}
		f(x.Pos, names...)
	case *ir.FlowInt:
		f(x.Pos, state{"flow.counter", x.Name})
	case *ir.HostBit:
		f(x.Pos, state{"host.flag", x.Name})
	case *ir.HostInt:
		f(x.Pos, state{"host.counter", x.Name})
	}
}
