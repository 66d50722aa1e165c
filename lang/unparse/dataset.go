package unparse

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// setDecl is a data set that begins with values, or has a limit.
type setDecl struct {
	set   *ir.Dataset
	ip    bool              // the values are addresses
	shown map[string]string // what alerts tell of them
}

// addSets gathers the data sets of a rule.
func (l *Lets) addSets(r *ir.Rule) {
	note := func(set *ir.Dataset, x ir.Expr) {
		if len(set.Load) == 0 && set.Cap == 0 {
			return
		}
		if l.sets == nil {
			l.sets = map[string]*setDecl{}
		}
		if l.sets[set.Name] == nil {
			l.sets[set.Name] = &setDecl{set: set}
		}
		l.sets[set.Name].ip = l.sets[set.Name].ip || x.Type() == dissect.TIP
	}
	if r.When != nil {
		ir.Walk(r.When, func(x ir.Expr) {
			if in, ok := x.(*ir.InDataset); ok {
				note(in.Set, in.X)
			}
		})
	}
	for _, e := range r.Effects {
		switch e := e.(type) {
		case *ir.AddDataset:
			note(e.Set, e.X)
		case *ir.RemoveDataset:
			note(e.Set, e.X)
		}
	}
	for i := range r.Contexts {
		if in := askedFor(r, &r.Contexts[i]); in != nil && l.sets[in.Set.Name].shown == nil {
			l.sets[in.Set.Name].shown = r.Contexts[i].Values
		}
	}
}

// askedFor finds the test of a data set that a context tells of.
func askedFor(r *ir.Rule, c *ir.Context) (found *ir.InDataset) {
	if r.When == nil {
		return nil
	}
	ir.Walk(r.When, func(x ir.Expr) {
		in, ok := x.(*ir.InDataset)
		if !ok || found != nil || ir.Text(in.X) != ir.Text(c.X) {
			return
		}
		n := 0
		for _, v := range in.Set.Load {
			if _, ok := c.Values[string(v)]; ok {
				n++
			}
		}
		if n == len(c.Values) {
			found = in
		}
	})
	return found
}

// setDecls gives what the data sets begin with.
func (l *Lets) setDecls() (out []syntax.Decl) {
	for _, name := range slices.Sorted(maps.Keys(l.sets)) {
		s := l.sets[name]
		d := &syntax.Dataset{Name: str(name)}
		if s.set.Cap > 0 {
			d.Most = integer(int64(s.set.Cap))
		}
		for _, v := range s.set.Load {
			e := &syntax.SetValue{Value: text(v)}
			if s.ip && len(v) == 16 {
				e.Value = lit(netip.AddrFrom16([16]byte(v)).Unmap().String())
			}
			if json, ok := s.shown[string(v)]; ok {
				if e.Shown = str(json); !strings.ContainsAny(json, "'\\\n\r") {
					e.Shown = lit("'" + json + "'")
				}
			}
			d.Values.List = append(d.Values.List, e)
		}
		out = append(out, d)
	}
	return out
}

// dataset writes a data set's value.
func (w *writer) dataset(set *ir.Dataset, x ir.Expr) syntax.Expr {
	if (len(set.Load) > 0 || set.Cap > 0) && (w.lets == nil || w.lets.sets[set.Name] == nil || w.lets.sets[set.Name].set != set) {
		return w.cannot("a data set with values of its own")
	}
	return w.keyed("dataset", set.Name, []ir.Expr{x})
}

// lookedUp is what a rule that changes a data set looks up in it: of a multi-valued field it changes the values that fulfilled the
// condition.
func (w *writer) lookedUp(set *ir.Dataset, x ir.Expr) ir.Expr {
	if f, ok := x.(*ir.Field); !ok || !f.F.Multi || w.rule.When == nil {
		return x
	}
	found := false
	ir.Walk(w.rule.When, func(e ir.Expr) {
		if in, ok := e.(*ir.InDataset); ok && in.Set == set && !found {
			x, found = in.X, true
		}
	})
	return x
}

// context writes what alerts tell of a value.
func (w *writer) context(c *ir.Context) syntax.Stmt {
	in := askedFor(w.rule, c)
	if in == nil || w.lets == nil || w.lets.sets[in.Set.Name] == nil || !maps.Equal(w.lets.sets[in.Set.Name].shown, c.Values) {
		w.cannot("what the alert tells of a value")
		return &syntax.Context{Key: str(c.Key), Of: lit("false")}
	}
	return &syntax.Context{Key: str(c.Key), Of: w.dataset(in.Set, in.X)}
}

// keep writes that records show what a group of an expression matches.
func (w *writer) keep(k *ir.KeepGroup) syntax.Stmt {
	target := "flow.var"
	if k.Packet {
		target = "packet.var"
	}
	value := call("capture", w.value(k.Buf), pattern(k.Re))
	if k.Group > 1 {
		value.Args = append(value.Args, integer(int64(k.Group)))
	}
	return &syntax.Set{Verb: "set", Target: call(target, str(k.Name)), Op: "=", Value: value}
}
