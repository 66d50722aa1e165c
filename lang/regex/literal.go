package regex

import (
	"bytes"

	"github.com/luanids/luanids/lang/mpm"
)

// Literal is a string that occurs in a match.
type Literal struct {
	Bytes []byte
	Fold  bool // in any case of its letters; Bytes is in lower case then
}

// maxLiterals caps how many alternatives Literals gives.
const maxLiterals = 48

// Literals gives strings of which at least one occurs in every match, nil if there are none to tell.
func (r *Regex) Literals() []Literal { return r.literals }

// Literal is the longest string that every match contains, nil if none is known. With fold it is in
// lower case and occurs in any case.
func (r *Regex) Literal() (lit []byte, fold bool) {
	if len(r.literals) != 1 {
		return nil, false
	}
	return r.literals[0].Bytes, r.literals[0].Fold
}

// required finds the best set of literals of which one must occur in what n matches. Better is: the shortest of
// them is longer.
func required(n *node) []Literal {
	switch n.kind {
	case nSet:
		if c, fold, ok := letter(n.set); ok {
			return []Literal{{[]byte{c}, fold}}
		}
		return smallSet(n.set)
	case nConcat:
		return requiredConcat(n.subs)
	case nAlt:
		var all []Literal
		for _, x := range n.subs {
			ls := required(x)
			if ls == nil {
				return nil
			}
			all = append(all, ls...)
			if len(all) > maxLiterals {
				return nil
			}
		}
		return all
	case nRepeat:
		if n.min == 0 {
			return nil
		}
		return required(n.subs[0])
	case nGroup, nAtomic:
		return required(n.subs[0])
	}
	return nil
}

// smallSet gives the members of a set of few bytes.
func smallSet(s *set) []Literal {
	n := s.count()
	if n > 4 {
		return nil
	}
	out := make([]Literal, 0, n)
	for t := *s; len(out) < n; {
		c := t.lowest()
		t[c>>6] &^= 1 << (c & 63)
		out = append(out, Literal{Bytes: []byte{c}})
	}
	return out
}

// letter tells whether a set is one byte, or one letter in both cases.
func letter(s *set) (c byte, fold, ok bool) {
	switch s.count() {
	case 1:
		return s.lowest(), false, true
	case 2:
		c = s.lowest() | 0x20
		return c, true, c-'a' < 26 && s.has(c) && s.has(c&^0x20)
	}
	return 0, false, false
}

// maxRunBytes is how many bytes of a run are kept.
const maxRunBytes = 64

// requiredConcat looks at runs of bytes across the elements.
func requiredConcat(subs []*node) []Literal {
	var best []Literal
	var run [maxRunBytes]byte
	var room [64]*node
	n, fold := 0, false
	flush := func() {
		if n > 0 && 8*n > score(best) {
			best = []Literal{{bytes.Clone(run[:n]), fold}}
		}
		n, fold = 0, false
	}
	for _, x := range flatten(subs, room[:0]) {
		if x.kind == nSet {
			if c, f, ok := letter(x.set); ok {
				if n < len(run) {
					run[n] = c
					n++
					fold = fold || f
				}
				continue
			}
		}
		if x.kind == nAssert || x.kind == nLook || x.kind == nKeep || x.kind == nEmpty {
			continue // takes no bytes
		}
		flush()
		if ls := required(x); score(ls) > score(best) {
			best = ls
		}
	}
	flush()
	return best
}

// flatten opens groups and exact small repetitions of single elements, so that runs go through
// them.
func flatten(subs []*node, out []*node) []*node {
	for _, x := range subs {
		switch {
		case x.kind == nConcat:
			out = flatten(x.subs, out)
		case x.kind == nGroup || x.kind == nAtomic:
			out = flatten(x.subs[:1], out)
		case x.kind == nRepeat && x.min == x.max && x.min > 0 && x.min <= 32 && x.subs[0].kind == nSet:
			for range x.min {
				out = append(out, x.subs[0])
			}
		case x.kind == nRepeat && x.min > 0:
			out = append(flatten(x.subs[:1], out), &failNode) // once, then it breaks off
		default:
			out = append(out, x)
		}
	}
	return out
}

func score(ls []Literal) int {
	if len(ls) == 0 {
		return 0
	}
	s := 1 << 20
	for _, l := range ls {
		s = min(s, 8*len(l.Bytes))
	}
	return max(1, s-len(ls)/4)
}

// lowered puts the letters of folded literals into lower case.
func lowered(ls []Literal) []Literal {
	for i := range ls {
		if ls[i].Fold {
			for k, c := range ls[i].Bytes {
				ls[i].Bytes[k] = lower(c)
			}
		}
	}
	return ls
}

// prefixOf is the run of bytes that every match begins with; none if it is but one.
func prefixOf(n *node) (l Literal) {
	var run [32]byte
	var room [64]*node
	k := 0
	for _, x := range flatten([]*node{n}, room[:0]) {
		if x.kind != nSet || k == len(run) {
			break
		}
		c, fold, ok := letter(x.set)
		if !ok {
			break
		}
		run[k] = c
		k++
		l.Fold = l.Fold || fold
	}
	if k < 2 {
		return Literal{}
	}
	l.Bytes = bytes.Clone(run[:k])
	return l
}

// maxRun is how many places of a run of sets are kept.
const maxRun = 24

// Run is a sequence of sets of bytes of which every match has one in a row: the one that is
// worth most as judged by value, nil if there is none with a positive value.
func (r *Regex) Run(value func([]mpm.ByteSet) int) []mpm.ByteSet {
	n, p, err := parse(r.src, r.flags)
	if err != nil {
		return nil
	}
	defer p.release()
	var best, run []mpm.ByteSet
	most := 0
	flush := func() {
		if v := value(run); len(run) > 0 && v > most {
			best, most = run, v
		}
		run = nil
	}
	for _, x := range flatten([]*node{n}, nil) {
		switch x.kind {
		case nSet, nAlt:
			sets, ok := fixedSets(x)
			if !ok {
				flush()
				continue
			}
			if len(run)+len(sets) > maxRun {
				flush()
			}
			run = append(run, sets...)
		case nAssert, nLook, nKeep, nEmpty:
		default:
			flush()
		}
	}
	flush()
	return best
}

// fixedSets gives the sets of a node that always takes the same number of bytes; alternatives are joined place by
// place.
func fixedSets(n *node) ([]mpm.ByteSet, bool) {
	w, ok := width(n)
	if !ok || w > maxRun {
		return nil, false
	}
	switch n.kind {
	case nSet:
		return []mpm.ByteSet{mpm.ByteSet(*n.set)}, true
	case nConcat:
		var out []mpm.ByteSet
		for _, x := range n.subs {
			sets, ok := fixedSets(x)
			if !ok {
				return nil, false
			}
			out = append(out, sets...)
		}
		return out, true
	case nAlt:
		out := make([]mpm.ByteSet, w)
		for _, x := range n.subs {
			sets, ok := fixedSets(x)
			if !ok {
				return nil, false
			}
			for i := range sets {
				for k := range sets[i] {
					out[i][k] |= sets[i][k]
				}
			}
		}
		return out, true
	case nRepeat:
		one, ok := fixedSets(n.subs[0])
		var out []mpm.ByteSet
		for range n.min {
			out = append(out, one...)
		}
		return out, ok
	case nGroup, nAtomic:
		return fixedSets(n.subs[0])
	}
	return nil, w == 0
}
