package match

import (
	"bytes"
	"container/heap"
	"maps"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// A program can take another's place while flows, messages and streams are under way. What these remember
// of rules is filed under numbers that mean the same in both: flow flags and counters keep theirs by name, and a
// rule that is the same in both keeps its Rule.num. A rule is the same if id and text are.

// noRule stands for a rule that is gone.
const noRule = ^uint32(0)

// inherit takes over the numbers of the program that p replaces.
func (p *Program) inherit(old *Program) {
	if old == nil {
		return
	}
	p.flowBits, p.flowInts = maps.Clone(old.flowBits), maps.Clone(old.flowInts)
	p.serial, p.nums = old.serial+1, old.nums
	if old.noted != nil && len(old.noted) == len(p.schema.Events) {
		p.noted, p.nNoted = slices.Clone(old.noted), old.nNoted
	}
}

// number gives all rules their numbers, and makes the way back from numbers to places.
func (p *Program) number(old *Program) {
	before := map[string]*Rule{}
	if old != nil {
		for _, o := range old.Rules {
			before[o.lasting()] = o
		}
	}
	for _, r := range p.Rules {
		if o := before[r.lasting()]; o != nil && o.same(r) {
			r.num = o.num
			continue
		}
		r.num = p.nums
		p.nums++
	}
	p.places = make([]uint32, p.nums)
	for i := range p.places {
		p.places[i] = noRule
	}
	for i, r := range p.Rules {
		p.places[r.num] = uint32(i)
	}
}

// lasting is what a rule is called over reloads.
func (r *Rule) lasting() string {
	if r.Key == "" {
		return r.key()
	}
	return "\x00" + r.Key + r.key()[len(r.ID):]
}

// same tells whether a rule is the same in two programs that call it by the same name.
func (r *Rule) same(o *Rule) bool {
	return r.Key != "" || r.Text == o.Text && r.Msg == o.Msg && r.Rev == o.Rev && r.On == o.On
}

// place finds a rule by its number: false if it is gone.
func (p *Program) place(num uint32) (uint32, bool) {
	if int(num) >= len(p.places) || p.places[num] == noRule {
		return 0, false
	}
	return p.places[num], true
}

// renew makes what is remembered of a message fit p: which buffers were scanned is another program's business. What
// rules have matched, and which wait, stays.
func (p *Program) renew(tx *dissect.MatchState) {
	tx.Forget()
	tx.Program = p.serial
}

// takeWaiting makes candidates of the rules that waited for a message to grow.
func (m *Matcher) takeWaiting(tx *dissect.MatchState) {
	for _, num := range tx.Carry {
		if n, ok := m.p.place(num); ok {
			m.cands = append(m.cands, n)
		}
	}
	tx.Carry = tx.Carry[:0]
}

// dataset notes a data set that rules test or change.
func (b *builder) dataset(d *ir.Dataset) {
	for _, x := range b.p.datasets {
		if x == d {
			return
		}
	}
	b.p.datasets = append(b.p.datasets, d)
}

// Datasets gives the data sets that rules test or change.
func (p *Program) Datasets() []*ir.Dataset { return p.datasets }

// Adopt makes st fit a program that takes another's place: what the rules and sequences that are in both have
// gathered is kept, what those that are gone have is dropped.
func (st *State) Adopt(p *Program) {
	byName := map[string]*sequence{}
	for _, s := range p.sequences {
		byName[s.name] = s
	}
	for r := st.seqs.byUse.Oldest(); r != nil; {
		next := r.Newer()
		if s := byName[r.seq.name]; s != nil && len(s.steps) == len(r.steps) {
			r.seq = s
		} else {
			st.seqs.remove(r)
		}
		r = next
	}
	st.seqs.timers.drop()
	st.done, st.doneKeys = nil, nil
	for _, d := range p.datasets {
		if t := st.datasets[d.Name]; t != nil && d.Save == "" && (len(d.Load) > 0 || t.loaded == nil) {
			t.reload(d, st.now)
		}
	}
}

// drop forgets the timers of sequences that are gone.
func (t *timers) drop() {
	kept := (*t)[:0]
	for _, x := range *t {
		if !x.run.gone {
			kept = append(kept, x)
		}
	}
	clear((*t)[len(kept):])
	*t = kept
	heap.Init(t)
}

// reload makes a data set follow its file: values that have left it go, new ones come; what rules put in stays.
func (t *ttlTable) reload(d *ir.Dataset, now int64) {
	if sameValues(t.loaded, d.Load) {
		t.loaded = d.Load // and let go of the old program's
		return
	}
	in := make(map[string]bool, len(d.Load))
	for _, v := range d.Load {
		in[string(v)] = true
	}
	for _, v := range t.loaded {
		if !in[string(v)] {
			t.delete(v)
		}
	}
	if d.Cap > 0 {
		t.max = d.Cap
	} else {
		t.max = max(t.max, len(d.Load))
	}
	for _, v := range d.Load {
		if t.m[string(v)] == nil {
			t.set(v, 1, now, forever)
		}
	}
	t.loaded = d.Load
}

func sameValues(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
