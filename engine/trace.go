package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/lang/match"
)

// Tracer watches a run from within, for tools that explain it. It is called on one goroutine: an
// engine with a Tracer has one worker. It must keep nothing of an Env.
type Tracer interface {
	// Event is called at every event, before its rules are judged.
	Event(ev dissect.EventID, e *dissect.Env)
	// Outcome tells what became of a match of a rule.
	Outcome(a *alert.Alert, r *match.Rule, what Outcome)
	// HeldBack tells why the alert manager did not report an alert, and the entry that suppressed it, if one did.
	HeldBack(a *alert.Alert, r *match.Rule, why manager.Fate, by *manager.Suppression)
}

// Progress tells how far the sequence that r stands for has come under each key, once a run is over; of those that were
// completed it tells nothing more.
func (e *Engine) Progress(r *match.Rule) []match.Progress { return e.order.state.Progress(r) }

// Outcome is what becomes of a rule whose terms held.
type Outcome uint8

// The outcomes.
const (
	Raised      Outcome = iota // an alert
	Quiet                      // the rule raises none (noalert, a step of a sequence, pass)
	Thresholded                // a threshold said no
	LateFailed                 // host state or a data set said no
	Overflowed                 // over PacketAlertMax
	Completed                  // a sequence was completed
)

// String says it in a word or two.
func (o Outcome) String() string {
	return [...]string{"alert", "no alert by design", "thresholded", "host state or data set", "over packet-alert-max", "sequence complete"}[o]
}

// outcome tells the tracer what the ordered stage decided.
func outcome(t Tracer, a *alert.Alert, v *match.Verdict) {
	switch {
	case !v.Match:
		t.Outcome(a, a.Rule, LateFailed)
	case a.Quiet:
		t.Outcome(a, a.Rule, Quiet)
	case v.Alert:
		t.Outcome(a, a.Rule, Raised)
	default:
		t.Outcome(a, a.Rule, Thresholded)
	}
	for _, r := range v.Done {
		t.Outcome(a, r, Completed)
	}
}
