// Package explain says, for each flow of a run, how far one rule got: whether its protocol was
// seen, its prefilter hit, which term was the first to fail and on what value, and what became of a match.
package explain

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/lang/match"
)

// maxFlows bounds the flows that are remembered; the nearest stay.
const maxFlows = 10_000

// Flow is what the rule made of one flow.
type Flow struct {
	Proto    string         `json:"proto"`
	Src      netip.AddrPort `json:"src"`
	Dst      netip.AddrPort `json:"dst"`
	App      string         `json:"app,omitempty"` // recognised protocol
	Start    int64          `json:"start"`         // packet time, nanoseconds since 1970
	Judged   int            `json:"judged"`        // events at which the rule is judged
	Outcomes map[string]int `json:"outcomes,omitempty"`
	// The nearest that it came: at which event and packet, and what stopped it there.
	Stage  string `json:"stage,omitempty"` // event, header, literal, term, error or matched
	Event  string `json:"event,omitempty"`
	Packet uint64 `json:"packet,omitempty"`
	Term   string `json:"term,omitempty"`
	TermNo int    `json:"term_number,omitempty"` // 1-based, as in the rule's tree
	Value  string `json:"value,omitempty"`
	Item   string `json:"item,omitempty"` // of a content chain
	// Terms is what became of each term there.
	Terms  []match.TermTrace `json:"terms,omitempty"`
	Passed bool              `json:"passed,omitempty"`

	stage match.Stage
	held  int // of Terms
}

// Report is what became of the rule in a run.
type Report struct {
	Rule string `json:"rule"`
	// Protocols are those at whose events the rule is judged; empty for rules on packets and streams.
	Protocols []string `json:"protocols,omitempty"`
	Events    []string `json:"events"`
	Flows     int      `json:"flows"`
	// Seen counts flows of the protocols, Judged those with an event of the rule, Header, Literal, Terms and
	// Matched those that came so far.
	Seen      int            `json:"protocol_seen"`
	Judged    int            `json:"judged"`
	Header    int            `json:"header_held"`
	Literal   int            `json:"prefilter_hit"`
	Matched   int            `json:"terms_held"`
	Outcomes  map[string]int `json:"outcomes"`
	Near      []*Flow        `json:"near"` // nearest first
	Forgotten int            `json:"flows_forgotten,omitempty"`
	// Stops says what kept the rule from matching, the commonest first; Apps counts the flows by their protocol.
	Stops []*Stop        `json:"stops,omitempty"`
	Apps  map[string]int `json:"protocols_of_flows,omitempty"`
	// Step says that the rule is the step of a sequence.
	Step bool `json:"step,omitempty"`
	// Sequence says that the rule is one, and Progress how far it had come by the end, the furthest first.
	Sequence bool             `json:"sequence,omitempty"`
	Progress []match.Progress `json:"progress,omitempty"`
}

// Tracer follows one rule. It is the engine.Config.Trace of a run.
type Tracer struct {
	program *match.Program
	schema  *dissect.Schema
	rule    *match.Rule
	m       *match.Matcher // of its own, so that tracing changes nothing
	judged  []bool         // by event
	specs   []*dissect.Spec
	terms   map[string]int
	flows   map[uint64]*Flow
	stops   map[string]*Stop // by stage and term
	rep     Report
}

// New makes a tracer of a rule of the program.
func New(p *match.Program, schema *dissect.Schema, r *match.Rule) *Tracer {
	t := &Tracer{program: p, schema: schema, rule: r, m: p.NewMatcher(), judged: make([]bool, len(schema.Events)),
		terms: Terms(p, r), flows: map[uint64]*Flow{}, stops: map[string]*Stop{},
		rep: Report{Rule: r.ID, Step: r.Step, Outcomes: map[string]int{}, Apps: map[string]int{}}}
	for _, ev := range r.JudgedAt() {
		t.judged[ev] = true
		t.rep.Events = append(t.rep.Events, schema.Events[ev].Name)
		if s := schema.Events[ev].Spec; s != nil && !slices.Contains(t.specs, s) {
			t.specs = append(t.specs, s)
			t.rep.Protocols = append(t.rep.Protocols, s.Name)
		}
	}
	return t
}

// Terms numbers the terms of a rule as its tree does.
func Terms(p *match.Program, r *match.Rule) map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(p.Explain(r)) {
		no, text, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "term "), ": ")
		if n, err := strconv.Atoi(no); ok && err == nil && out[text] == 0 {
			out[text] = n
		}
	}
	return out
}

// Event implements engine.Tracer.
func (t *Tracer) Event(ev dissect.EventID, e *dissect.Env) {
	if e.Flow != nil && ev == dissect.EvFlowEnd {
		defer t.ended(e.Flow)
	}
	if !t.judged[ev] {
		return
	}
	f := t.flow(e)
	f.Judged++
	if e.Flow != nil && t.program.Passed(e.Flow.Vars) {
		f.Passed = true
		return
	}
	got := t.m.Trace(t.rule, ev, e)
	if f.Stage != "" && got.Stage < f.stage {
		return
	}
	no, held := t.terms[got.Term], 0
	var terms []match.TermTrace
	if got.Stage == match.StagePrefilter || got.Stage == match.StageTerm {
		terms = t.m.TraceTerms(t.rule, ev)
		for i := range terms {
			if terms[i].Held {
				held++
			}
		}
	}
	if f.Stage != "" && got.Stage == f.stage && (held < f.held || held == f.held && no <= f.TermNo) {
		return
	}
	f.Terms, f.held = terms, held
	f.stage, f.Stage, f.Event = got.Stage, got.Stage.String(), t.schema.Events[ev].Name
	f.Term, f.TermNo, f.Value, f.Item = got.Term, no, got.Value, got.Item
	if e.Pkt != nil {
		f.Packet = e.Pkt.Num
	}
}

// flow finds or makes what is known of an event's flow; packets without one have an entry for all.
func (t *Tracer) flow(e *dissect.Env) *Flow {
	id := uint64(0)
	if e.Flow != nil {
		id = e.Flow.ID
	}
	f := t.flows[id]
	if f != nil {
		return f
	}
	if len(t.flows) >= maxFlows {
		t.forget()
	}
	f = &Flow{Start: e.Time, Outcomes: map[string]int{}}
	if e.Flow != nil {
		k := &e.Flow.Key
		f.Src, f.Dst = netip.AddrPortFrom(k.Src.Netip(), k.SrcPort), netip.AddrPortFrom(k.Dst.Netip(), k.DstPort)
		f.Proto, _ = alert.ProtoName(k.Proto)
		f.Start = e.Flow.Start
	}
	t.flows[id] = f
	return f
}

// forget drops half of the flows: those that did not come near.
func (t *Tracer) forget() {
	ids := make([]uint64, 0, len(t.flows))
	for id := range t.flows {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uint64) int { return nearer(t.flows[a], t.flows[b]) })
	for _, id := range ids[len(ids)/2:] {
		t.count(t.flows[id])
		delete(t.flows, id)
		t.rep.Forgotten++
	}
}

// ended counts a flow that is over.
func (t *Tracer) ended(f *dissect.Flow) {
	t.rep.Flows++
	t.app(f)
	seen := len(t.specs) == 0
	for _, s := range t.specs {
		seen = seen || f.App == s || f.AppOrig == s || f.AppBy[0] == s || f.AppBy[1] == s
	}
	if seen {
		t.rep.Seen++
	}
	if x := t.flows[f.ID]; x != nil && f.App != nil {
		x.App = f.App.Name
	}
}

// Outcome implements engine.Tracer.
func (t *Tracer) Outcome(a *alert.Alert, r *match.Rule, what engine.Outcome) {
	if r != t.rule {
		return
	}
	t.rep.Outcomes[what.String()]++
	if f := t.flows[a.FlowID]; f != nil {
		f.Outcomes[what.String()]++
		f.stage, f.Stage = match.StageMatched, match.StageMatched.String()
		f.Term, f.Value, f.Item, f.TermNo, f.Terms, f.held = "", "", "", 0, nil, 0
	}
}

// HeldBack implements engine.Tracer: an alert that was raised and not reported is told as such.
func (t *Tracer) HeldBack(a *alert.Alert, r *match.Rule, why manager.Fate, by *manager.Suppression) {
	if r != t.rule {
		return
	}
	what := "alert held back: " + why.String()
	if by != nil {
		what += " by " + by.String()
		if by.Reason != "" {
			what += " (" + by.Reason + ")"
		}
	}
	instead(t.rep.Outcomes, what)
	if f := t.flows[a.FlowID]; f != nil {
		instead(f.Outcomes, what)
	}
}

// instead counts an outcome in place of the alert that was raised, or of the sequence that was complete.
func instead(outcomes map[string]int, what string) {
	outcomes[what]++
	for _, o := range []engine.Outcome{engine.Raised, engine.Completed} {
		was := o.String()
		if outcomes[was] == 0 {
			continue
		}
		if outcomes[was]--; outcomes[was] == 0 {
			delete(outcomes, was)
		}
		return
	}
}

func (t *Tracer) count(f *Flow) {
	t.stopped(f)
	t.rep.Judged++
	if f.stage > match.StageHeader {
		t.rep.Header++
	}
	if f.stage > match.StagePrefilter {
		t.rep.Literal++
	}
	if f.stage == match.StageMatched {
		t.rep.Matched++
	}
}

// nearer orders flows by how far the rule got in them, then by time.
func nearer(a, b *Flow) int {
	switch {
	case a.stage != b.stage:
		return int(b.stage) - int(a.stage)
	case a.held != b.held:
		return b.held - a.held
	case a.TermNo != b.TermNo:
		return b.TermNo - a.TermNo
	case a.Src.IsValid() != b.Src.IsValid():
		if a.Src.IsValid() {
			return -1
		}
		return 1
	case a.Start < b.Start:
		return -1
	case a.Start > b.Start:
		return 1
	}
	return a.Src.Compare(b.Src)
}

// Report gives what was seen. It is called once, when the run of e is over.
func (t *Tracer) Report(e *engine.Engine) *Report {
	rep := &t.rep
	if rep.Sequence = t.rule.IsSequence(); rep.Sequence {
		rep.Progress = e.Progress(t.rule)
		slices.SortFunc(rep.Progress, func(a, b match.Progress) int {
			return cmp.Or(b.Done-a.Done, b.Got-a.Got, cmp.Compare(a.Key, b.Key))
		})
		rep.Progress = rep.Progress[:min(len(rep.Progress), maxFlows)]
	}
	for _, f := range t.flows {
		t.count(f)
		rep.Near = append(rep.Near, f)
	}
	rep.Stops = t.reasons()
	slices.SortFunc(rep.Near, nearer)
	return rep
}
