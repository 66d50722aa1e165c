// Package threshold counts matches per key within windows of packet time, and tells which of
// them alert. A Table is used from one goroutine (the ordered stage).
package threshold

import (
	"hash/maphash"

	"github.com/luanids/luanids/dissect/aged"
)

// Kind is how matches become alerts.
type Kind uint8

// The kinds; numbers as in package ir.
const (
	Limit     Kind = iota + 1 // at most Count alerts in Window
	Every                     // each Count-th match in Window
	Both                      // one in Window, once Count matches were seen
	Detection                 // each match after the first Count in Window
	Count                     // Count matches within Window, then anew
	Backoff                   // match Count, then match Count*Multiplier, and so on; without Window
	Rate                      // each match for Timeout, once more than Count came in a window that begins with a match
)

// Spec says what is counted.
type Spec struct {
	// Name tells specs apart, also across reloads of the rules: the rule's id and the shape
	// of the threshold.
	Name   string
	Kind   Kind
	Count  int
	Window int64 // nanoseconds
	// Multiplier is for Backoff, at least 2.
	Multiplier int
	// Timeout is for Rate: how long it holds, nanoseconds; 0: from then on.
	Timeout int64
	// Fixed windows begin with the first match and end Window later, as Suricata's do; else the window slides:
	// what counts at any time is the Window before it.
	Fixed bool
	// Distinct counts different values instead of matches.
	Distinct bool
}

// Defaults and limits.
const (
	DefaultMax  = 65536 // keys
	maxTimes    = 4096  // matches of one key that a sliding window keeps; a larger Count uses fixed windows
	maxDistinct = 4096  // values of one key
)

// Stats count what a Table did.
type Stats struct {
	Keys     int
	Evicted  uint64 // keys given up for want of room, oldest first
	Overflow uint64 // distinct values not kept, see maxDistinct
}

// Table holds the counts.
type Table struct {
	max     int
	keys    map[string]*entry
	byUse   aged.List[entry, *entry]
	free    *entry
	evicted uint64
	over    uint64
	seed    maphash.Seed
}

type entry struct {
	aged.Links[entry]
	key string

	start   int64 // of a fixed window
	n       int   // matches in it
	alerted int64 // time of the last alert
	hasOne  bool  // alerted is set
	times   []int64
	head    int // of times, as a ring
	values  []seenValue
}

type seenValue struct {
	hash uint64
	last int64
}

// New makes a table of at most most keys, DefaultMax for 0.
func New(most int) *Table {
	if most <= 0 {
		most = DefaultMax
	}
	return &Table{max: most, keys: map[string]*entry{}, seed: maphash.MakeSeed()}
}

// Stats gives the table's figures.
func (t *Table) Stats() Stats { return Stats{len(t.keys), t.evicted, t.over} }

// SetMax changes the number of keys that are kept.
func (t *Table) SetMax(most int) {
	t.max = max(1, most)
	for len(t.keys) > t.max {
		t.evict()
	}
}

// Match counts a match under a key at a time (nanoseconds, not falling), and tells whether it alerts. value is
// what Distinct counts.
func (t *Table) Match(s *Spec, key, value []byte, now int64) bool {
	e := t.entry(key)
	count := max(1, s.Count)
	switch {
	case s.Kind == Backoff:
		return e.backoff(count, max(2, s.Multiplier))
	case s.Kind == Rate:
		return e.rate(count, s.Window, s.Timeout, now)
	case s.Distinct:
		return t.distinct(s, e, value, now, count)
	case s.Fixed || count > maxTimes:
		return e.fixed(s.Kind, count, s.Window, now)
	}
	return e.sliding(s.Kind, count, s.Window, now)
}

// maxBackoff is the most matches that a backoff waits for.
const maxBackoff = 1 << 40

// backoff alerts at ever rarer matches; next is kept where windows have their start.
func (e *entry) backoff(count, multiplier int) bool {
	if !e.hasOne {
		e.hasOne, e.start = true, int64(count)
	}
	e.n++
	if int64(e.n) < e.start {
		return false
	}
	e.start = min(e.start*int64(multiplier), maxBackoff)
	return true
}

// rate tells whether a rate filter is in force: as Suricata's, it ends after its timeout however many matches there
// are, and counts anew.
func (e *entry) rate(count int, window, timeout, now int64) bool {
	if e.hasOne {
		if timeout == 0 || now-e.alerted <= timeout {
			return true
		}
		e.hasOne, e.n = false, 0
	}
	if e.n == 0 || now-e.start > window {
		e.start, e.n = now, 1
		return false
	}
	if e.n++; e.n <= count {
		return false
	}
	e.alerted, e.hasOne = now, true
	return true
}

// fixed judges with a window that begins with a match; the window's last instant belongs to it.
func (e *entry) fixed(k Kind, count int, window, now int64) bool {
	fresh := e.n == 0 && !e.hasOne || now-e.start > window
	if fresh {
		e.start, e.n, e.hasOne = now, 0, true
	}
	e.n++
	switch k {
	case Limit:
		return e.n <= count
	case Both:
		return e.n == count
	case Detection:
		return e.n > count
	}
	if e.n >= count { // Every and Count
		e.n = 0
		return true
	}
	return false
}

// sliding keeps the times that can still matter: the last count matches, or alerts for Limit.
func (e *entry) sliding(k Kind, count int, window, now int64) bool {
	switch k {
	case Limit:
		if e.within(count, window, now) {
			return false
		}
		e.push(count, now)
		return true
	case Detection:
		full := e.within(count, window, now)
		e.push(count, now)
		return full
	case Both:
		e.push(count, now)
		if !e.within(count, window, now) || e.hasOne && now-e.alerted < window {
			return false
		}
		e.alerted, e.hasOne = now, true
		return true
	}
	e.push(count, now)
	if !e.within(count, window, now) {
		return false
	}
	e.times, e.head = e.times[:0], 0
	return true
}

// within tells whether count times are kept and all within the window before now.
func (e *entry) within(count int, window, now int64) bool {
	return len(e.times) >= count && now-e.times[e.head] < window
}

// push keeps a time, the last count ones at most.
func (e *entry) push(count int, now int64) {
	if len(e.times) < count {
		e.times = append(e.times, now)
		return
	}
	e.times[e.head] = now
	e.head = (e.head + 1) % len(e.times)
}

// distinct counts different values within the window before now. Each alert of Every and Count begins anew.
func (t *Table) distinct(s *Spec, e *entry, value []byte, now int64, count int) bool {
	h := maphash.Bytes(t.seed, value)
	kept := e.values[:0]
	found := false
	for _, v := range e.values {
		if v.hash == h {
			v.last, found = now, true
		}
		if now-v.last < s.Window {
			kept = append(kept, v)
		}
	}
	e.values = kept
	if !found {
		if len(e.values) < maxDistinct {
			e.values = append(e.values, seenValue{h, now})
		} else {
			t.over++
		}
	}
	n := len(e.values)
	switch s.Kind {
	case Limit:
		return !found && n <= count
	case Detection:
		return !found && n > count
	case Both:
		if n < count || e.hasOne && now-e.alerted < s.Window {
			return false
		}
		e.alerted, e.hasOne = now, true
		return true
	}
	if n < count {
		return false
	}
	e.values = e.values[:0]
	return true
}

// entry finds or makes the entry of a key, and makes it the most recently used.
func (t *Table) entry(key []byte) *entry {
	if e := t.keys[string(key)]; e != nil {
		t.byUse.Touch(e)
		return e
	}
	if len(t.keys) >= t.max {
		t.evict()
		t.evicted++
	}
	e := t.free
	if e == nil {
		e = &entry{}
	} else {
		t.free = nil
		*e = entry{times: e.times[:0], values: e.values[:0]}
	}
	e.key = string(key)
	t.keys[e.key] = e
	t.byUse.Add(e)
	return e
}

func (t *Table) evict() {
	e := t.byUse.Oldest()
	if e == nil {
		return
	}
	t.byUse.Remove(e)
	delete(t.keys, e.key)
	t.free = e
}
