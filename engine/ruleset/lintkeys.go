package ruleset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
)

// lintKeys warns of data sets, flags and counters of hosts that are asked with a key of another kind than rules put there: a set of names
// never holds an address, and a counter for pairs of hosts has nothing for one host.
func (l *loader) lintKeys() {
	kept := map[state][]keyUse{}
	note := func(effects []ir.Effect, where ir.Pos) {
		for _, e := range effects {
			s, key := keyed(e)
			if s.kind == "" {
				continue
			}
			use := keyUse{kinds: kindsOf(key), where: where}
			if !slices.ContainsFunc(kept[s], func(o keyUse) bool { return o.kinds == use.kinds }) {
				kept[s] = append(kept[s], use)
			}
		}
	}
	for _, r := range l.set.Rules {
		note(r.Effects, r.Pos)
	}
	for _, s := range l.seqs {
		note(s.Effects, s.Pos)
	}
	if len(kept) == 0 {
		return
	}
	ask := func(id string, x ir.Expr) {
		lookups(x, func(pos ir.Pos, s state, key []ir.Expr) {
			put := kept[s]
			kinds := kindsOf(key)
			if len(put) == 0 || !strings.HasSuffix(pos.File, lang.Ext) || slices.ContainsFunc(put, func(u keyUse) bool { return u.kinds == kinds }) {
				return
			}
			at := l.at(pos)
			end := at
			n := len(s.kind) + len(`("")`) + len(s.name)
			end.Col, end.Offset = end.Col+n, end.Offset+n
			d := diag.OtherKey(diag.Range{Start: at, End: end}, s.kind, s.name, kinds, put[0].kinds, fmt.Sprintf("%s:%d", put[0].where.File, put[0].where.Line))
			d.File, d.Rule = pos.File, id
			l.set.Diagnostics = append(l.set.Diagnostics, d)
		})
	}
	for _, r := range l.set.Rules {
		ask(r.ID, r.When)
	}
	for _, s := range l.seqs {
		for i := range s.Steps {
			ask(s.ID, s.Steps[i].When)
		}
	}
}

// keyUse is what kinds of values a key is made of, and the rule where it is so.
type keyUse struct {
	kinds string
	where ir.Pos
}

// kindsOf words what a key is made of: ip, or string and int.
func kindsOf(key []ir.Expr) string {
	words := make([]string, len(key))
	for i, x := range key {
		switch t := x.Type(); t {
		case dissect.TString, dissect.TBytes:
			words[i] = dissect.TString.String()
		case dissect.TIP, dissect.TFloat, dissect.TBool:
			words[i] = t.String()
		default:
			words[i] = dissect.TInt.String()
		}
	}
	return strings.Join(words, " and ")
}

// keyed gives what an effect puts under a key, no kind for what it does not.
func keyed(e ir.Effect) (state, []ir.Expr) {
	switch e := e.(type) {
	case *ir.SetHostBit:
		return state{"host.flag", e.Name}, e.Key
	case *ir.SetHostInt:
		return state{"host.counter", e.Name}, e.Key
	case *ir.AddDataset:
		if len(e.Set.Load) == 0 && e.Set.Type == "" { // else it is known what it is of
			return state{"dataset", e.Set.Name}, []ir.Expr{e.X}
		}
	}
	return state{}, nil
}

// lookups finds what a condition looks up under a key.
func lookups(x ir.Expr, f func(pos ir.Pos, s state, key []ir.Expr)) {
	ir.Walk(x, func(x ir.Expr) {
		if c, ok := x.(*ir.Cmp); ok { // of a counter
			x = c.X
		}
		switch x := x.(type) {
		case *ir.HostBit:
			f(x.Pos, state{"host.flag", x.Name}, x.Key)
		case *ir.HostInt:
			f(x.Pos, state{"host.counter", x.Name}, x.Key)
		case *ir.InDataset:
			f(x.Pos, state{"dataset", x.Set.Name}, []ir.Expr{x.X})
		}
	})
}
