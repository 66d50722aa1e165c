package match

import (
	"runtime"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// hanger puts compiled rules below the events at which they are judged, beside the goroutine that compiles the next ones: choosing
// literals and entering them takes a third of the time of both. It has all from the compiler that it needs.
type hanger struct {
	p      *Program
	starts bool // rules on the first bytes of payload have tables
	warn   bool

	next hangBatch // rules that are gathered
	jobs chan hangBatch
	free chan hangBatch // to be used again
	done chan struct{}

	// Of the rule at hand.
	literals
	opts          []option
	gate          gate // if gated
	gated, narrow bool
	described     *option // that its Literal describes

	// What came of it.
	slots    []*scanSlot
	gates    map[uint32]gate // of rules that hang on no literal somewhere
	loose    []looseRule
	problems []saidProblem
}

// toHang is a rule that is to be hung below its events.
type toHang struct {
	r      *Rule
	in     [nParts]bool
	narrow bool
	said   int // how many problems were reported before
	from   []source
	events []dissect.EventID
	terms  []ir.Expr
}

// hangBatch is some rules, with the memory of what they refer to.
type hangBatch struct {
	rules  []toHang
	from   []source
	events []dissect.EventID
	terms  []ir.Expr
}

// looseRule is a rule that no literal is found for. On which numbers it can hang the compiler knows.
type looseRule struct {
	at    ref
	pt    *part
	terms []ir.Expr
}

// saidProblem is a problem, and how many were reported before it.
type saidProblem struct {
	Problem
	after int
}

const (
	hangRules = 64 // in a batch
	hangAhead = 4  // batches
)

// newHanger makes a hanger with a goroutine of its own, if there are cores for it and enough of so many rules.
func newHanger(p *Program, opts Options, rules int) *hanger {
	h := &hanger{p: p, starts: !opts.noStarts, warn: !opts.NoWarnings, gates: map[uint32]gate{}}
	if runtime.GOMAXPROCS(0) > 1 && rules > 2*hangRules {
		h.jobs, h.free, h.done = make(chan hangBatch, hangAhead), make(chan hangBatch, hangAhead), make(chan struct{})
		go func() {
			defer close(h.done)
			for b := range h.jobs {
				h.hangAll(&b)
				b.reset()
				select {
				case h.free <- b:
				default:
				}
			}
		}()
	}
	return h
}

// reset forgets the rules.
func (t *hangBatch) reset() {
	clear(t.rules)
	clear(t.from)
	clear(t.terms)
	t.rules, t.from, t.events, t.terms = t.rules[:0], t.from[:0], t.events[:0], t.terms[:0]
}

// pass hangs the rules that were gathered, or hands them on to be hung.
func (h *hanger) pass() {
	if h.jobs == nil {
		h.hangAll(&h.next)
		h.next.reset()
		return
	}
	h.jobs <- h.next
	select {
	case h.next = <-h.free:
	default:
		h.next = hangBatch{}
	}
}

// finish waits until all rules hang, and gives problems, those reported meanwhile, with its own put among them.
func (h *hanger) finish(problems []Problem) []Problem {
	h.pass()
	if h.jobs != nil {
		close(h.jobs)
		<-h.done
	}
	if len(h.problems) == 0 {
		return problems
	}
	all := make([]Problem, 0, len(problems)+len(h.problems))
	n := 0
	for _, pr := range h.problems {
		all = append(append(all, problems[n:pr.after]...), pr.Problem)
		n = pr.after
	}
	return append(all, problems[n:]...)
}

func (h *hanger) hangAll(t *hangBatch) {
	for i := range t.rules {
		h.hang(&t.rules[i])
	}
}

// hang puts a rule below its events.
func (h *hanger) hang(j *toHang) {
	r := j.r
	payload := slices.Contains(j.events, dissect.EvStreamData)
	both := payload && len(j.events) == 2
	r.either = both
	h.lits = h.lits[:0]
	h.opts = h.options(h.opts[:0], j.from)
	h.gate, h.gated = gateOf(j.terms)
	h.narrow, h.described = j.narrow, nil
	for _, ev := range j.events {
		if !partitioned(ev) {
			h.hangAt(j, ev, 0)
			continue
		}
		for k := range nParts {
			if j.in[k] && judgedIn(ev, k, r, payload, both) {
				h.hangAt(j, ev, k)
			}
		}
	}
	if r.last != dissect.EvNone {
		r.Events = append(r.Events, r.last)
		h.p.part(r.last, 0).remembers = true // and it is wanted
	}
	if payload && !both { // payload that is neither TCP's nor UDP's
		for k := partICMP; k < nParts; k++ {
			if j.in[k] {
				h.hangAt(j, dissect.EvPacket, k)
			}
		}
	}
	if r.Literal == "" && h.warn && !r.Step {
		h.problems = append(h.problems, saidProblem{after: j.said, Problem: Problem{Pos: r.Pos, Rule: r.ID, Code: "no-literal",
			Msg:  "no text or bytes must occur for the rule to match: it is tried at each event of its kind",
			Hint: "add a literal (contains, has [...]) if the rule is slow"}})
	}
}

// hangAt puts a rule below a part of one of its events.
func (h *hanger) hangAt(j *toHang, ev dissect.EventID, k int) {
	r, pt := j.r, h.p.part(ev, k)
	if n := len(r.Events); n == 0 || r.Events[n-1] != ev {
		r.Events = append(r.Events, ev)
	}
	if h.p.repeats[ev] {
		r.onceTx = true
	}
	pt.remembers = pt.remembers || r.onceTx
	h.p.needs.Packets = h.p.needs.Packets || ev == dissect.EvPacket
	if ev == dissect.EvStreamData {
		h.p.needs.Stream = true
		h.p.needs.Window = window
	}
	at := ref{r.hdr, uint32(r.Index)}
	if best := h.choose(ev); best != nil {
		h.hangBest(pt, ev, k, best, r, at)
		return
	}
	if h.gated {
		h.gates[at.rule] = h.gate
	}
	h.loose = append(h.loose, looseRule{at, pt, slices.Clone(j.terms)})
}

// hangBest puts a rule below the literals that were chosen for it.
func (h *hanger) hangBest(pt *part, ev dissect.EventID, k int, best *option, r *Rule, at ref) {
	if best != h.described {
		r.Literal, h.described = describe(best), best
	}
	if keys := startKeys(best, h.gate); h.starts && hasStarts(ev) && len(keys) > 0 {
		pt.startOf().add(keys, at)
		if ev == dissect.EvStreamData {
			r.litEnd = max(r.litEnd, startLen)
		}
		return
	}
	h.hangOn(pt, ev, k, best, at)
	if ev == dissect.EvStreamData && best.head {
		for i := range best.lits {
			r.litEnd = max(r.litEnd, best.lits[i].maxEnd)
		}
	}
}

// hangLoose puts the rules without literal below numbers, and what is left where it is tried at each event.
func (b *builder) hangLoose(rules []looseRule) {
	for _, l := range rules {
		v, name, vals := b.c.switchOn(l.terms)
		if v == nil || len(vals) == 0 {
			b.p.stats.NoLiteral++
			l.pt.loose = append(l.pt.loose, l.at)
			continue
		}
		t := l.pt.bySw[v.key]
		if t == nil {
			t = &switchTable{x: v.i, name: name}
			l.pt.bySw[v.key] = t
			if stableFields[name] && v.key == "$"+name {
				l.pt.fixed = append(l.pt.fixed, t)
			} else {
				l.pt.switches = append(l.pt.switches, t)
			}
		}
		for _, n := range vals {
			t.add(n, l.at)
		}
	}
}
