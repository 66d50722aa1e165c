package match

import (
	"cmp"
	"slices"

	"github.com/luanids/luanids/lang/ir"
)

// DefaultActions is the order of actions in which Suricata judges rules where its action-order is not set.
var DefaultActions = []ir.Action{ir.Pass, ir.Drop, ir.Reject, ir.Alert}

// order sorts rules into the order in which one event judges them: by action as actions says, then those
// that set flow flags before those that test them, then by priority, then as they came.
func order(rules []*ir.Rule, actions []ir.Action) []*ir.Rule {
	type place struct {
		r           *ir.Rule
		level, prio int
	}
	if len(actions) == 0 {
		actions = DefaultActions
	}
	levels := flagLevels(rules)
	places := make([]place, len(rules))
	for i, r := range rules {
		rank := slices.Index(actions, r.Action)
		if rank < 0 { // not named: after the others
			rank = len(actions)
		}
		places[i] = place{r, levels[i] + rank<<20, priority(r)} // there are far fewer levels
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Or(a.level-b.level, a.prio-b.prio) })
	out := make([]*ir.Rule, len(rules))
	for i := range places {
		out[i] = places[i].r
	}
	return out
}

// priority is 1 and up; rules without come last, as Suricata's default of 3 does.
func priority(r *ir.Rule) int {
	if r.Priority > 0 {
		return r.Priority
	}
	switch r.Severity {
	case ir.Critical, ir.High:
		return 1
	case ir.Medium:
		return 2
	}
	return 3
}

// flagLevels gives each rule a level above those of the rules that set the flow flags and counters that it
// tests, as far as there is no circle.
func flagLevels(rules []*ir.Rule) []int {
	setters := map[string][]int{}
	reads := make([][]string, len(rules))
	for i, r := range rules {
		for _, e := range r.Effects {
			switch e := e.(type) {
			case *ir.SetFlowBit:
				setters["b"+e.Name] = append(setters["b"+e.Name], i)
			case *ir.SetFlowInt:
				setters["i"+e.Name] = append(setters["i"+e.Name], i)
			case *ir.SetHostBit:
				setters["h"+e.Name] = append(setters["h"+e.Name], i)
			case *ir.SetHostInt:
				setters["c"+e.Name] = append(setters["c"+e.Name], i)
			}
		}
		reads[i] = stateReads(r.When, nil)
	}
	level := make([]int, len(rules))
	const rounds = 8 // longer chains, and circles, keep the level that they have then
	for range rounds {
		changed := false
		for i, names := range reads {
			for _, n := range names {
				for _, s := range setters[n] {
					if s != i && level[i] <= level[s] {
						level[i] = level[s] + 1
						changed = true
					}
				}
			}
		}
		if !changed {
			break
		}
	}
	return level
}

// stateReads lists the flags and counters that a condition tests.
func stateReads(x ir.Expr, out []string) []string {
	switch x := x.(type) {
	case *ir.And:
		for _, y := range x.X {
			out = stateReads(y, out)
		}
	case *ir.Or:
		for _, y := range x.X {
			out = stateReads(y, out)
		}
	case *ir.Not:
		return stateReads(x.X, out)
	case *ir.Cmp:
		return stateReads(x.Y, stateReads(x.X, out))
	case *ir.Arith:
		return stateReads(x.Y, stateReads(x.X, out))
	case *ir.In:
		return stateReads(x.X, out)
	case *ir.Exists:
		return stateReads(x.X, out)
	case *ir.FlowBit:
		for _, n := range x.Names {
			out = append(out, "b"+n)
		}
	case *ir.FlowInt:
		return append(out, "i"+x.Name)
	case *ir.HostBit:
		return append(out, "h"+x.Name)
	case *ir.HostInt:
		return append(out, "c"+x.Name)
	}
	return out
}
