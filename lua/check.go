package lua

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// Check says what is wrong with scripts without giving them an event: syntax, what their top level
// does (unknown events, bad filters and parameters), names of the API that do not exist, and fields
// that literal handlers read of their event. Nothing is alerted or logged.
func Check(schema *dissect.Schema, sources []Source, opt Options) []Problem {
	opt.Host, opt.Previous = nil, nil
	rt, problems := Load(schema, sources, opt)
	rt.Close()
	for _, s := range sources {
		p, _ := compileSource(s, &rt.opt.Limits)
		if p != nil {
			problems = append(problems, rt.checkNames(p)...)
			problems = append(problems, p.checkCalls()...)
			v := newVM(rt, p)
			problems = append(problems, v.checkGlobals(p)...)
			v.close()
		}
	}
	problems = unique(problems)
	sortProblems(problems)
	return problems
}

// checkNames looks for names that do not exist in what did not run.
func (rt *Runtime) checkNames(p *program) []Problem {
	var out []Problem
	for _, name := range sortedKeys(p.uses) {
		if !slices.Contains(apiNames, name) {
			out = append(out, Problem{Pos: Pos{p.name, p.uses[name]}, Kind: UnknownName,
				Msg: "nids has no member " + name, Hint: didYouMean(name, apiNames)})
		}
	}
	for _, h := range p.handlers {
		id, ok := rt.schema.EventByName(h.event)
		if !ok || id == dissect.EvAlert {
			continue // nids.on says it, or the event is a plain table
		}
		root := rt.tree.events[id]
		for _, r := range h.reads {
			if msg, hint := root.checkRead(r.name); msg != "" {
				out = append(out, Problem{Pos: Pos{p.name, r.line}, Kind: UnknownName, Msg: msg, Hint: hint})
			}
		}
	}
	return out
}

// checkRead tells what is wrong with a name that a handler reads; what follows a value is the script's business.
func (n *node) checkRead(name string) (msg, hint string) {
	at, done := n, ""
	for part := range strings.SplitSeq(name, ".") {
		next := at.kids[part]
		if next == nil {
			if at.field != nil && !at.group() {
				return "", "" // a member of a value: a list's element, a string's method
			}
			if at == n && (eventMembers[part] != nil || eventMethods[part] != nil) || (at.name == "flow" && eventMethods[part] != nil) {
				return "", ""
			}
			of, names := "the event", append(at.members(), memberNames()...)
			if at != n {
				of, names = done, at.members()
			}
			return fmt.Sprintf("%s has no member %s", of, part), didYouMean(part, names)
		}
		at, done = next, strings.TrimPrefix(done+"."+part, ".")
	}
	return "", ""
}

// unique leaves out problems at a place where one of the same kind was found already.
func unique(list []Problem) []Problem {
	seen := map[string]bool{}
	out := list[:0]
	for _, p := range list {
		key := p.Pos.String() + p.Msg
		if p.Kind == LoadError || p.Kind == UnknownName {
			key = p.Pos.String() + p.Hint
		}
		if p.Hint == "" || !seen[key] {
			out = append(out, p)
		}
		seen[key] = true
	}
	return out
}
