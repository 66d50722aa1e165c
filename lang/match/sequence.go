package match

import (
	"container/heap"
	"fmt"

	"github.com/luanids/luanids/dissect/aged"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/threshold"
)

// sequence is a compiled ir.Sequence. Its own alerts are those of rule.
type sequence struct {
	src    *ir.Sequence
	rule   *Rule
	within int64
	steps  []seqStep
	name   string // with the shape, for State
}

type seqStep struct {
	count  int
	absent bool
	within int64 // since the step before; 0: no limit of its own
}

// stepOf says that a match of a rule is a step of a sequence.
type stepOf struct {
	seq *sequence
	n   int
	by  []int // captures that make the key
}

// withSequences adds to rules the hidden ones that the steps of sequences need.
func (b *builder) withSequences(rules []*ir.Rule, seqs []*ir.Sequence) []*ir.Rule {
	b.steps = map[*ir.Rule]*stepOf{}
	b.seqRules = map[*ir.Rule]*sequence{}
	if len(seqs) == 0 {
		return rules
	}
	out := append([]*ir.Rule(nil), rules...)
	byID := map[string]*ir.Rule{}
	for _, r := range rules {
		byID[r.ID] = r
	}
	for _, s := range seqs {
		sq := &sequence{src: s, within: s.Within.Nanoseconds(), name: fmt.Sprintf("%s/%d", s.ID, len(s.Steps))}
		b.seqRules[&s.Rule] = sq
		b.p.sequences = append(b.p.sequences, sq)
		out = append(out, &s.Rule)
		for i, st := range s.Steps {
			sq.steps = append(sq.steps, seqStep{max(1, st.Count), st.Absent, st.Within.Nanoseconds()})
			if st.RuleID != "" && byID[st.RuleID] == nil {
				b.report(Problem{Pos: st.Pos, Rule: s.ID, Code: "unknown-rule", Error: true,
					Msg: fmt.Sprintf("step %s waits for rule %s, which is not loaded", stepName(s, i), st.RuleID)})
				continue
			}
			if st.RuleID == "" {
				r := &ir.Rule{ID: s.ID + "." + stepName(s, i), Msg: s.Msg, Pos: st.Pos, On: st.On, When: st.When, NoAlert: true}
				out = append(out, r)
				b.steps[r] = &stepOf{seq: sq, n: i}
			}
		}
		if len(s.Steps) > 0 && s.Steps[0].Absent {
			b.report(Problem{Pos: s.Pos, Rule: s.ID, Code: "unsupported", Error: true, Msg: "the first step cannot be one that must not happen"})
		}
	}
	return out
}

// feeds lists the sequences that a match of r feeds, and captures their keys.
func (b *builder) feeds(r *Rule, o *orderedPart) []*stepOf {
	var out []*stepOf
	if s := b.steps[r.Rule]; s != nil {
		r.Step = true
		s.by = b.captureAll(o, stepKey(s.seq.src, s.n))
		out = append(out, s)
	}
	for _, sq := range b.p.sequences {
		for i, st := range sq.src.Steps {
			if st.RuleID != "" && st.RuleID == r.ID {
				out = append(out, &stepOf{sq, i, b.captureAll(o, stepKey(sq.src, i))})
			}
		}
	}
	return out
}

func stepKey(s *ir.Sequence, n int) []ir.Expr {
	if by := s.Steps[n].By; by != nil {
		return by
	}
	return s.By
}

// sequenceRule makes the rule that stands for a finished sequence.
func (b *builder) sequenceRule(src *ir.Rule) {
	sq := b.seqRules[src]
	r := &Rule{Rule: src, Index: len(b.p.Rules), seq: sq, Ordered: true}
	sq.rule = r
	b.p.Rules = append(b.p.Rules, r)
	b.p.byID[src.ID] = r
}

// finishSequences compiles the thresholds of sequences, whose keys can only be parts of the sequence's own key.
func (b *builder) finishSequences() {
	for _, sq := range b.p.sequences {
		r := sq.rule
		if r == nil || len(r.Thresholds) == 0 {
			continue
		}
		o := &orderedPart{byKey: map[string]int{}}
		for i := range r.Thresholds {
			t := &r.Thresholds[i]
			o.thresholds = append(o.thresholds, lateThreshold{distinct: -1, spec: threshold.Spec{Name: r.ID + "\x00seq",
				Kind: threshold.Kind(t.Kind), Count: t.Count, Window: t.Window.Nanoseconds(), Fixed: t.Fixed}})
		}
		r.ord = o
	}
}

// ---- running

// seqTable holds how far each sequence has come under each key.
type seqTable struct {
	max     int
	m       map[string]*seqRun
	byUse   aged.List[seqRun, *seqRun]
	evicted uint64
	timers  timers
}

// seqRun is the progress of one sequence under one key.
type seqRun struct {
	aged.Links[seqRun]
	key   string
	seq   *sequence
	gone  bool
	void  int // the last step that must not happen and did, 0 for none
	steps []stepRun
}

// stepRun is what is known of one step: the times of its last matches (as many as it needs), and,
// once it is complete together with all before it, when that run began and when it was completed.
type stepRun struct {
	times    []int64
	done     bool
	start    int64
	end      int64
	deadline int64 // of the step after, which must not happen
}

func newSeqTable(most int) *seqTable { return &seqTable{max: most, m: map[string]*seqRun{}} }

// feed counts a match of a step.
func (st *State) feed(s *stepOf) {
	t := st.seqs
	k := st.key(s.seq.name+"\x00", s.by)
	run := t.m[string(k)]
	if run == nil {
		if s.n > 0 {
			return // nothing has begun
		}
		run = t.add(string(k), s.seq)
	}
	run.seq = s.seq // of the newest program
	if len(run.steps) != len(s.seq.steps) {
		run.steps = make([]stepRun, len(s.seq.steps))
	}
	t.byUse.Touch(run)
	now := st.now
	step := &s.seq.steps[s.n]
	if s.n > 0 && !run.ready(s.n, now) {
		return
	}
	if step.absent { // it happened: what was before it is void
		run.steps[s.n-1].done, run.void = false, s.n
		return
	}
	window := s.seq.within
	if step.within > 0 && (window == 0 || step.within < window) && s.n == 0 {
		window = step.within
	}
	if run.count(s.n, step.count, window, now) {
		st.completed(run, s.n, now)
	}
}

// ready tells whether step n may happen now: what is before it is complete, and not too old.
func (r *seqRun) ready(n int, now int64) bool {
	p := &r.steps[n-1]
	if !p.done {
		return false
	}
	w, own := r.seq.within, r.seq.steps[n].within
	if w > 0 && now-p.start > w || own > 0 && now-p.end > own {
		p.done = false
		r.steps[n].times = r.steps[n].times[:0]
		return false
	}
	return true
}

// count adds a match of step n, and tells whether it has enough now; start and end are set then.
func (r *seqRun) count(n, want int, window, now int64) bool {
	s := &r.steps[n]
	if len(s.times) >= want {
		copy(s.times, s.times[1:])
		s.times[len(s.times)-1] = now
	} else {
		s.times = append(s.times, now)
	}
	if len(s.times) < want || window > 0 && now-s.times[0] > window {
		return false
	}
	s.start, s.end = s.times[0], now
	if n > 0 {
		s.start = r.steps[n-1].start
	}
	s.done = true
	return true
}

// completed goes on after step n is complete: the sequence is, or the next step is one that must not happen, for
// which a timer is set.
func (st *State) completed(run *seqRun, n int, now int64) {
	steps := run.seq.steps
	if n == len(steps)-1 {
		st.finished(run)
		return
	}
	if steps[n+1].absent {
		w := steps[n+1].within
		if w <= 0 {
			w = run.seq.within
		}
		if len(st.seqs.timers) >= 4*st.seqs.max {
			st.seqs.evicted++ // so many that wait are a flood; this one is given up
			st.seqs.remove(run)
			return
		}
		run.steps[n].deadline = now + w
		heap.Push(&st.seqs.timers, timer{now + w, run, n})
	}
}

// finished raises the sequence, and forgets its progress.
func (st *State) finished(run *seqRun) {
	st.seqs.remove(run)
	r := run.seq.rule
	if r == nil || r.NoAlert {
		return
	}
	if r.ord != nil {
		st.vals = st.vals[:0]
		if !st.allow(r.ord) {
			return
		}
	}
	st.done, st.doneKeys = append(st.done, r), append(st.doneKeys, run.key)
}

// Tick lets time pass up to now, and gives the sequences that are complete because something did not
// happen. Call it now and then, and before Judge of an event at that time; the result is valid until the next call.
func (st *State) Tick(now int64) []*Rule {
	st.now = max(st.now, now)
	st.done, st.doneKeys = st.done[:0], st.doneKeys[:0]
	for len(st.seqs.timers) > 0 && st.seqs.timers[0].at <= now {
		t := heap.Pop(&st.seqs.timers).(timer)
		if t.run.gone || t.n+1 >= len(t.run.steps) {
			continue
		}
		s := &t.run.steps[t.n]
		if !s.done || s.deadline != t.at {
			continue
		}
		next := &t.run.steps[t.n+1]
		next.done, next.start, next.end = true, s.start, t.at
		st.completed(t.run, t.n+1, t.at)
	}
	return st.done
}

func (t *seqTable) add(key string, s *sequence) *seqRun {
	if len(t.m) >= t.max && t.byUse.Oldest() != nil {
		t.evicted++
		t.remove(t.byUse.Oldest())
	}
	r := &seqRun{key: key, seq: s, steps: make([]stepRun, len(s.steps))}
	t.m[key] = r
	t.byUse.Add(r)
	return r
}

func (t *seqTable) remove(r *seqRun) {
	if r.gone {
		return
	}
	t.byUse.Remove(r)
	delete(t.m, r.key)
	r.gone = true
}

// timer is the moment at which a step has not happened.
type timer struct {
	at  int64
	run *seqRun
	n   int // the step before
}

// timers is a heap by time.
type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }

// Push and Pop implement heap.Interface.
func (t *timers) Push(x any) { *t = append(*t, x.(timer)) }

// Pop removes the last.
func (t *timers) Pop() any {
	old := *t
	x := old[len(old)-1]
	*t = old[:len(old)-1]
	return x
}
