package testrun

import (
	"fmt"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/match"
)

// why finds out what kept a rule from matching the events of a case that failed.
type why struct {
	m      *match.Matcher // of its own, so that nothing changes
	rule   *match.Rule
	judged map[dissect.EventID]bool
	events []string // at which the rule is judged

	seen    bool // one of them happened
	stage   match.Stage
	held    int
	what    string // stopped it where it came furthest
	matches int
}

func newWhy(schema *dissect.Schema, prog *match.Program, r *match.Rule) *why {
	w := &why{m: prog.NewMatcher(), rule: r, judged: map[dissect.EventID]bool{}}
	for _, ev := range r.JudgedAt() {
		w.judged[ev] = true
		w.events = append(w.events, schema.Events[ev].Name)
	}
	return w
}

// look follows an event before it is judged.
func (w *why) look(ev dissect.EventID, name string, e *dissect.Env) {
	if !w.judged[ev] {
		return
	}
	t := w.m.Trace(w.rule, ev, e)
	if t.Stage == match.StageMatched {
		return
	}
	what, held := t.Term, 0
	gaveUp := t.Stage == match.StageError
	if t.Stage == match.StagePrefilter || t.Stage == match.StageTerm {
		what = ""
		for _, x := range w.m.TraceTerms(w.rule, ev) {
			switch {
			case x.Held:
				held++
			case what == "":
				if what, t.Value, t.Item = x.Term, x.Value, x.Item; x.Item != "" {
					what += ", element " + x.Item
				}
			}
		}
	}
	if w.seen && (t.Stage < w.stage || held < w.held) {
		return
	}
	if t.Stage == match.StageHeader && w.seen && w.stage > match.StageHeader {
		return
	}
	w.seen, w.stage, w.held = true, t.Stage, held
	w.what = "at " + name + " this is false: " + what
	if gaveUp {
		w.what = "at " + name + " judging this was given up at a limit, so that the rule does not match: " + what
	}
	if t.Value != "" {
		w.what += " (" + t.Value + ")"
	}
}

// String says it.
func (w *why) String() string {
	switch {
	case w.matches > 0:
		return fmt.Sprintf("it matched %d times, and a threshold, state of hosts, a data set or noalert kept it from alerting", w.matches)
	case !w.seen:
		return "it is judged at " + strings.Join(w.events, " or ") + ", which no message of the case leads to"
	}
	return w.what
}

// sequenceWhy says how far a sequence came.
func sequenceWhy(st *match.State, r *match.Rule) string {
	var parts []string
	for _, p := range st.Progress(r) {
		if p.Void != "" {
			parts = append(parts, fmt.Sprintf("%s: step %s happened, which must not", p.Key, p.Void))
		} else {
			parts = append(parts, fmt.Sprintf("%s: it waits for step %s, of which it had %d of %d", p.Key, p.Name, p.Got, p.Want))
		}
		if len(parts) == 3 {
			break
		}
	}
	if parts == nil {
		return "its first step did not match"
	}
	return strings.Join(parts, "; ")
}
