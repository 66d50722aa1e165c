package lua

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
)

// predicateNS is what a call of a predicate costs about, nanoseconds: rules judge it last.
const predicateNS = 3000

// Funcs gives the predicates of the scripts as functions of the rule language. They are asked where the
// matcher has somebody to ask (match.Matcher.Ask): Worker.Predicate.
func (rt *Runtime) Funcs() []*funcs.Decl {
	var out []*funcs.Decl
	for i := range rt.preds {
		p := &rt.preds[i]
		d := &funcs.Decl{Name: p.Name, Doc: "Predicate of " + p.Script + ".", Returns: dissect.TBool, NS: predicateNS, Kind: funcs.Plain,
			Call: func(s ir.Scratch, args []ir.Value) ir.Value {
				asked, ok := s.(ir.Asker)
				if !ok {
					return ir.Value{}
				}
				v := ir.Value{OK: true}
				if asked.Predicate(i, args) {
					v.I = 1
				}
				return v
			}}
		for j, t := range p.Params {
			d.Params = append(d.Params, funcs.Param{Name: string(rune('a' + j)), Types: accepts(t)})
		}
		out = append(out, d)
	}
	return out
}

// accepts gives the types of arguments that a parameter takes.
func accepts(t dissect.Type) []dissect.Type {
	switch t {
	case dissect.TString, dissect.TBytes:
		return []dissect.Type{dissect.TString, dissect.TBytes}
	case dissect.TInt:
		return []dissect.Type{dissect.TInt, dissect.TSize, dissect.TPort}
	}
	return []dissect.Type{t}
}

// FlowFlags are the names of flow flags that scripts of the ordered stage set, as far as their text tells.
func (rt *Runtime) FlowFlags() []string {
	seen := map[string]bool{}
	for _, v := range rt.vms {
		if !v.parallel {
			for _, name := range v.prog.flags {
				seen[name] = true
			}
		}
	}
	return sortedKeys(seen)
}
