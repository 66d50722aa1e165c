package explain

import (
	"cmp"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/match"
)

// Stop is what kept the rule from matching in a number of flows.
type Stop struct {
	Flows  int    `json:"flows"`
	Stage  string `json:"stage"` // header, literal, term or error
	Term   string `json:"term"`
	TermNo int    `json:"term_number,omitempty"`
	// Value is the commonest of the values that the term failed on, "" if all differ; Values is how many different ones there were.
	Value  string `json:"value,omitempty"`
	Values int    `json:"values,omitempty"`

	stage match.Stage
	seen  map[string]int
}

// Limits of what is remembered of the reasons.
const (
	maxStops      = 1000 // different terms that stopped the rule
	maxStopValues = 1000 // values of one of them
)

// stopped counts what stopped the rule in a flow.
func (t *Tracer) stopped(f *Flow) {
	if f.Stage == "" || f.stage == match.StageMatched || f.Passed {
		return
	}
	key := f.Stage + "\x00" + f.Term
	s := t.stops[key]
	if s == nil {
		if len(t.stops) >= maxStops {
			return
		}
		s = &Stop{Stage: f.Stage, Term: f.Term, TermNo: f.TermNo, stage: f.stage, seen: map[string]int{}}
		t.stops[key] = s
	}
	s.Flows++
	if f.Value != "" && (len(s.seen) < maxStopValues || s.seen[f.Value] > 0) {
		s.seen[f.Value]++
	}
}

// reasons lists what stopped the rule, the commonest first.
func (t *Tracer) reasons() []*Stop {
	var out []*Stop
	for _, s := range t.stops {
		s.Values = len(s.seen)
		best := 0
		for v, n := range s.seen {
			if n > best || n == best && v < s.Value {
				best, s.Value = n, v
			}
		}
		if best == 1 && s.Values > 1 {
			s.Value = "" // each flow has another
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Stop) int {
		return cmp.Or(b.Flows-a.Flows, int(b.stage)-int(a.stage), cmp.Compare(a.Term, b.Term))
	})
	return out
}

// unrecognised is what flows without a protocol are counted under.
const unrecognised = "not recognised"

// app counts the protocol of a flow that is over.
func (t *Tracer) app(f *dissect.Flow) {
	name := unrecognised
	if f.App != nil {
		name = f.App.Name
	}
	t.rep.Apps[name]++
}
