package match

import (
	"github.com/luanids/luanids/dissect/aged"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/threshold"
)

// State is what rules remember across flows: thresholds, flags and counters of hosts, data
// sets, sequences. One goroutine, the ordered stage, owns it. It outlives Programs: what is remembered is
// filed under rule ids and names, so that a reload keeps it.
type State struct {
	now        int64
	vals       [][]byte
	keyBuf     []byte
	thresholds *threshold.Table
	hosts      *ttlTable
	datasets   map[string]*ttlTable
	seqs       *seqTable
	done       []*Rule
	doneKeys   []string // of done
}

// StateLimits cap a State. Zero fields mean the defaults.
type StateLimits struct {
	Thresholds int // keys of thresholds (65536)
	Hosts      int // flags and counters of hosts (65536)
	Dataset    int // values of one data set (100000)
	Sequences  int // keys of sequences (65536)
}

const (
	defaultHosts   = 65536
	defaultDataset = 100_000
	defaultTTL     = int64(3600e9) // of host flags that name none
	forever        = int64(0)
)

// StateStats count what a State holds and gave up.
type StateStats struct {
	Thresholds, Hosts, Datasets, Sequences                         int
	ThresholdEvicted, HostEvicted, DatasetEvicted, SequenceEvicted uint64
}

// NewState makes a State.
func NewState(l StateLimits) *State {
	if l.Hosts <= 0 {
		l.Hosts = defaultHosts
	}
	if l.Sequences <= 0 {
		l.Sequences = defaultHosts
	}
	return &State{thresholds: threshold.New(l.Thresholds), hosts: newTTL(l.Hosts), datasets: map[string]*ttlTable{},
		seqs: newSeqTable(l.Sequences)}
}

// Stats gives st's figures.
func (st *State) Stats() StateStats {
	t := st.thresholds.Stats()
	s := StateStats{Thresholds: t.Keys, ThresholdEvicted: t.Evicted, Hosts: len(st.hosts.m), HostEvicted: st.hosts.evicted,
		Sequences: len(st.seqs.m), SequenceEvicted: st.seqs.evicted}
	for _, d := range st.datasets {
		s.Datasets += len(d.m)
		s.DatasetEvicted += d.evicted
	}
	return s
}

// Verdict is what the ordered stage makes of a Hit.
type Verdict struct {
	// Match: all conditions hold; effects have happened.
	Match bool
	// Alert: an alert is to be raised (never for noalert rules and steps).
	Alert bool
	// Action is the rule's, or what a rate filter made of it.
	Action ir.Action
	// Done are rules of sequences that this match completed, and whose own thresholds agree; alerts of
	// theirs are to be raised for the same event. Valid until the next call.
	Done []*Rule
}

// Judge finishes a Hit on the values that Capture took, at packet time now (nanoseconds). Rules
// without ordered part pass.
func (st *State) Judge(r *Rule, captured []byte, now int64) Verdict {
	st.now = now
	st.done, st.doneKeys = st.done[:0], st.doneKeys[:0]
	if r.ord == nil {
		return Verdict{Match: true, Alert: !r.NoAlert && !r.Step && (r.Action != ir.Pass || r.PassAlerts), Action: r.Action}
	}
	st.captured(captured)
	o := r.ord
	if o.cond != nil && !o.cond.test(st) {
		return Verdict{}
	}
	for _, x := range o.effects {
		x.do(st)
	}
	for _, s := range o.feeds {
		st.feed(s)
	}
	v := Verdict{Match: true, Done: st.done, Action: st.rated(r, o)}
	if r.NoAlert || r.Step || r.Action == ir.Pass && !r.PassAlerts {
		return v
	}
	v.Alert = st.allow(o) && (v.Action != ir.Pass || r.PassAlerts)
	return v
}

// allow asks a rule's thresholds.
func (st *State) allow(o *orderedPart) bool {
	return st.within(o, false) && st.within(o, true)
}

// within asks the thresholds of a rule that are limits, or those that are not. Limits come last: they count what the others let through.
func (st *State) within(o *orderedPart, limits bool) bool {
	ok := true
	for i := range o.thresholds {
		t := &o.thresholds[i]
		if (t.spec.Kind == threshold.Limit) != limits {
			continue
		}
		if !st.thresholds.Match(&t.spec, st.key(t.spec.Name, t.by), st.val(t.distinct), st.now) {
			ok = false
		}
	}
	return ok
}

// dataset finds the running form of a data set.
func (st *State) dataset(d *ir.Dataset) *ttlTable {
	t := st.datasets[d.Name]
	if t == nil {
		most := d.Cap
		if most <= 0 {
			most = max(defaultDataset, len(d.Load))
		}
		t = newTTL(most)
		for _, v := range d.Load {
			t.set(v, 1, st.now, forever)
		}
		t.loaded = d.Load
		st.datasets[d.Name] = t
	}
	return t
}

// DatasetValues calls f for each value of a data set, for saving it; what came first comes first.
func (st *State) DatasetValues(d *ir.Dataset, f func(value string)) {
	for e := st.dataset(d).byUse.Oldest(); e != nil; e = e.Newer() {
		f(e.key)
	}
}

// HostFlag sets or clears a flag under a key made of captured values, for scripts; ttl 0 means the default.
func (st *State) HostFlag(name string, key []byte, on bool, now, ttl int64) {
	k := append(append([]byte("b"), name...), 0)
	k = append(k, key...)
	if !on {
		st.hosts.delete(k)
		return
	}
	if ttl <= 0 {
		ttl = defaultTTL
	}
	st.hosts.set(k, 1, now, ttl)
}

// ttlTable is a bounded map whose entries expire; at the cap the one that was written or found first goes.
type ttlTable struct {
	max     int
	m       map[string]*ttlEntry
	byUse   aged.List[ttlEntry, *ttlEntry]
	evicted uint64
	loaded  [][]byte // of a data set: the values that its file gave
}

type ttlEntry struct {
	aged.Links[ttlEntry]
	key     string
	v       int64
	expires int64 // 0: never
}

func newTTL(most int) *ttlTable { return &ttlTable{max: most, m: map[string]*ttlEntry{}} }

func (t *ttlTable) get(key []byte, now int64) (int64, bool) {
	e := t.m[string(key)]
	if e == nil {
		return 0, false
	}
	if e.expires != 0 && now >= e.expires {
		t.remove(e)
		return 0, false
	}
	return e.v, true
}

func (t *ttlTable) set(key []byte, v, now, ttl int64) {
	var expires int64
	if ttl > 0 {
		expires = now + ttl
	}
	if e := t.m[string(key)]; e != nil {
		e.v, e.expires = v, expires
		t.byUse.Touch(e)
		return
	}
	if len(t.m) >= t.max && t.byUse.Oldest() != nil {
		t.evicted++
		t.remove(t.byUse.Oldest())
	}
	e := &ttlEntry{key: string(key), v: v, expires: expires}
	t.m[e.key] = e
	t.byUse.Add(e)
}

func (t *ttlTable) delete(key []byte) {
	if e := t.m[string(key)]; e != nil {
		t.remove(e)
	}
}

func (t *ttlTable) remove(e *ttlEntry) {
	t.byUse.Remove(e)
	delete(t.m, e.key)
}
