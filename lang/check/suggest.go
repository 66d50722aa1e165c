package check

import (
	"slices"

	"github.com/luanids/luanids/lang/funcs"
)

// suggest finds names like one that is unknown.
func (s *Scope) suggest(name string) []string {
	return s.near.Nearest("name", name, func() []string {
		out := slices.Clone(s.fieldNames())
		for n := range s.lets {
			out = append(out, n)
		}
		return append(out, s.eventNames()...)
	})
}

func (s *Scope) suggestEvent(name string) []string {
	return s.near.Nearest("event", name, s.eventNames)
}

func (s *Scope) suggestRule(id string) []string {
	return s.near.Nearest("rule", id, s.RuleIDs)
}

func (s *Scope) suggestFunction(name string) []string {
	return s.near.Nearest("function", name, func() []string {
		names := slices.Clone(funcs.Names())
		for _, d := range s.Funcs {
			names = append(names, d.Name)
		}
		return names
	})
}
