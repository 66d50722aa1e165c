package check

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// Rules that can never match are found by what their terms say of the same value: two that cannot both hold make the
// rule, or the alternative that they stand in, impossible.

// atom is a term, or the negation of one.
type atom struct {
	x   ir.Expr
	neg bool
	at  diag.Range // where it stands, or the let that it comes from
}

// subject is the value that an atom is about: a field, or something computed.
type subject struct {
	f    *dissect.Field
	what string // "" for the value itself, else what is asked of it
}

// claims are what terms say that all must hold.
type claims struct {
	*checker
	by    map[subject][]atom
	ints  map[subject]*ir.IntSet // what numbers remain
	truth map[string]atom        // truth values that hold
	proto *dissect.Spec          // whose message the fields are of
	why   atom
	alt   bool // these are one of several alternatives
	dead  bool
}

// maxAlternatives and maxAtoms bound what is looked through; rules that people write are far below.
const (
	maxAlternatives = 64
	maxAtoms        = 256
)

// contradictions warns of terms that cannot hold together, nor at the event that the rule names, if it names one.
func (c *checker) contradictions(terms []ir.Expr, at diag.Range, on string) {
	all := claims{checker: c}
	if id, ok := c.scope.Schema.EventByName(on); ok && c.evAt.Start.Valid() {
		all.proto, all.why = c.scope.Schema.Events[id].Spec, atom{at: c.evAt}
	}
	var list []atom
	for _, t := range terms {
		list = c.conjuncts(list, atom{x: t, at: at})
	}
	all.add(list)
}

// conjuncts lists the atoms of a condition that all must hold.
func (c *checker) conjuncts(list []atom, a atom) []atom {
	if at, ok := c.spans[a.x]; ok {
		a.at = at
	}
	switch x := a.x.(type) {
	case *ir.And:
		if !a.neg {
			for _, y := range x.X {
				list = c.conjuncts(list, atom{x: y, at: a.at})
			}
			return list
		}
	case *ir.Or:
		if a.neg {
			for _, y := range x.X {
				list = c.conjuncts(list, atom{x: y, neg: true, at: a.at})
			}
			return list
		}
	case *ir.Not:
		n := atom{x: x.X, neg: !a.neg, at: a.at}
		switch x.X.(type) {
		case *ir.And, *ir.Or, *ir.Not:
			return c.conjuncts(list, n)
		}
		return append(list, n)
	}
	return append(list, a)
}

// add takes atoms that must hold beside those taken before; those with alternatives come last.
func (k *claims) add(list []atom) {
	if len(list) > maxAtoms {
		return
	}
	var later []atom
	for _, a := range list {
		switch x := a.x.(type) {
		case *ir.Or:
			later = append(later, a)
		case *ir.Quant:
			if body := k.conjuncts(nil, atom{x: x.Body, at: a.at}); !a.neg && len(body) > 1 {
				(&claims{checker: k.checker}).add(body)
			}
			k.take(a)
		default:
			k.take(a)
		}
	}
	for _, a := range later {
		k.either(a)
	}
}

// either looks at the alternatives of a term, each beside what else must hold. What is wrong with one of them is said there; lists of
// texts, which have no places of their own, are wrong if all are.
func (k *claims) either(a atom) {
	alts := a.x.(*ir.Or).X
	if len(alts) > maxAlternatives || k.dead {
		return
	}
	_, placed := k.spans[alts[0]]
	var dead claims
	for _, x := range alts {
		way := k.fork()
		if !placed {
			k.mute++
		}
		way.add(k.conjuncts(nil, atom{x: x, at: a.at}))
		if !placed {
			k.mute--
			if !way.dead {
				return
			}
			dead = way
		}
	}
	if dead.dead {
		k.contradict(a, dead.why)
	}
}

// fork copies what is known, for one of several alternatives.
func (k *claims) fork() claims {
	out := claims{checker: k.checker, proto: k.proto, why: k.why, alt: true, by: map[subject][]atom{}, ints: map[subject]*ir.IntSet{}, truth: map[string]atom{}}
	for s, list := range k.by {
		out.by[s] = list[:len(list):len(list)]
	}
	for s, set := range k.ints {
		out.ints[s] = set
	}
	for name, a := range k.truth {
		out.truth[name] = a
	}
	return out
}

// take notes an atom, and says if it contradicts another.
func (k *claims) take(a atom) {
	if cmp, ok := a.x.(*ir.Cmp); ok && cmp.Op == ir.Ne {
		eq := *cmp
		eq.Op = ir.Eq
		a.x, a.neg = &eq, !a.neg
	}
	if f, ok := a.x.(*ir.Field); ok {
		k.hold(f.F.Name, a)
		return
	}
	s, ok := subjectOf(a.x)
	if !ok {
		return
	}
	if s.f != nil && !a.neg {
		k.implies(s.f, a)
	}
	for _, old := range k.by[s] {
		if excludes(a, old) || excludes(old, a) {
			k.contradict(a, old)
			return
		}
	}
	if !k.numbers(s, a) {
		return
	}
	if k.by == nil {
		k.by = map[subject][]atom{}
	}
	k.by[s] = append(k.by[s], a)
}

// contradict reports an atom that cannot hold beside another.
func (k *claims) contradict(a, old atom) {
	k.dead, k.why = true, old
	if a.at == old.at || !a.at.Start.Valid() {
		return
	}
	k.report(diag.NeverMatches(a.at, k.src.of(a.at)+" contradicts "+k.src.of(old.at)))
}

// numbers keeps the numbers that remain for a value, and tells whether any do.
func (k *claims) numbers(s subject, a atom) bool {
	set := intsOf(a.x)
	if set == nil {
		return true
	}
	old, known := k.ints[s]
	if !known && a.neg {
		return true // an absent value is none of these
	}
	all := ir.NewIntSet(ir.Range{Lo: -maxInt, Hi: maxInt})
	switch {
	case !known:
		for _, b := range k.by[s] { // those that are not meant came before
			if not := intsOf(b.x); not != nil && b.neg {
				set = set.Without(not)
			}
		}
	case a.neg:
		set = old.Without(set)
	default:
		set = old.Without(all.Without(set))
	}
	if len(set.Ranges) == 0 {
		for _, b := range k.by[s] {
			if intsOf(b.x) != nil {
				k.contradict(a, b)
				return false
			}
		}
		return true
	}
	if k.ints == nil {
		k.ints = map[subject]*ir.IntSet{}
	}
	k.ints[s] = set
	return true
}

// subjectOf gives what a term is about.
func subjectOf(x ir.Expr) (subject, bool) {
	switch x := x.(type) {
	case *ir.Cmp:
		return valueOf(x.X)
	case *ir.In:
		return valueOf(x.X)
	case *ir.StrTest:
		return valueOf(x.X)
	case *ir.Match:
		return valueOf(x.X)
	case *ir.Content:
		return valueOf(x.Buf)
	case *ir.Exists:
		return valueOf(x.X)
	case *ir.Quant:
		return subject{x.F, "values"}, true
	case *ir.FlowBit:
		return subject{nil, "flow.flag " + strings.Join(x.Names, " ")}, true
	}
	return subject{}, false
}

func valueOf(x ir.Expr) (subject, bool) {
	switch x := x.(type) {
	case *ir.Field:
		if x.F.Multi {
			return subject{x.F, "values"}, true
		}
		return subject{x.F, ""}, true
	case *ir.Elem:
		return subject{x.F, ""}, true
	case *ir.Len:
		if s, ok := valueOf(x.X); ok && s.what == "" {
			return subject{s.f, "len"}, true
		}
	case *ir.Transform, *ir.Call, *ir.Count, *ir.Arith:
		return subject{nil, ir.Text(x)}, true
	}
	return subject{}, false
}

// intsOf gives the numbers that a test of one lets through.
func intsOf(x ir.Expr) *ir.IntSet {
	switch x := x.(type) {
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && class(k.T) == classInt {
			return interval(x.Op, k.V.I)
		}
	case *ir.In:
		set, _ := x.Set.(*ir.IntSet)
		return set
	}
	return nil
}

// excludes tells whether two tests of one value cannot both hold; it is asked both ways round.
func excludes(a, b atom) bool {
	if _, there := b.x.(*ir.Exists); there && b.neg && !a.neg {
		return true // it is there, or nothing would be true of it
	}
	if a.neg {
		return false
	}
	if b.neg {
		return sameSet(a.x, b.x) || ir.Text(a.x) == ir.Text(b.x) || decides(b.x, a.x, true)
	}
	return decides(b.x, a.x, false) || apart(a.x, b.x)
}

func sameSet(a, b ir.Expr) bool {
	x, ok := a.(*ir.In)
	y, ok2 := b.(*ir.In)
	return ok && ok2 && x.Set == y.Set
}

// decides tells whether test is surely as wanted of the one value that eq lets through.
func decides(test, eq ir.Expr, want bool) bool {
	cmp, ok := eq.(*ir.Cmp)
	if !ok || cmp.Op != ir.Eq {
		return false
	}
	k, ok := cmp.Y.(*ir.Const)
	if !ok {
		return false
	}
	switch class(k.T) {
	case classText:
		got, known := testText(test, k.V.B, cmp.NoCase)
		return known && got == want
	case classIP:
		got, known := testIP(test, k.V.IP)
		return known && got == want
	}
	return false
}

// testText makes a test of a text; with fold the text may be written in any case, and what depends on that is not known.
func testText(x ir.Expr, v []byte, fold bool) (got, known bool) {
	eq := func(a, b []byte, nocase bool) (bool, bool) {
		if nocase || fold {
			got := bytes.EqualFold(a, b)
			return got, !got || nocase
		}
		return bytes.Equal(a, b), true
	}
	switch x := x.(type) {
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && x.Op == ir.Eq && class(k.T) == classText {
			return eq(v, k.V.B, x.NoCase)
		}
	case *ir.In:
		if s, ok := x.Set.(*ir.StrSet); ok && !fold {
			return s.Has(v), true
		}
	case *ir.StrTest:
		k, ok := x.Y.(*ir.Const)
		if !ok || x.Op == ir.Contains && (x.NoCase || fold) {
			return false, false
		}
		if len(k.V.B) > len(v) {
			return false, true
		}
		switch x.Op {
		case ir.HasPrefix:
			return eq(v[:len(k.V.B)], k.V.B, x.NoCase)
		case ir.HasSuffix:
			return eq(v[len(v)-len(k.V.B):], k.V.B, x.NoCase)
		}
		return bytes.Contains(v, k.V.B), true
	case *ir.Match:
		if !fold && !x.Re.Backtracks() {
			var m regex.Machine
			_, _, res := x.Re.Find(&m, v, 0)
			return res == regex.Found, res != regex.LimitHit
		}
	}
	return false, false
}

func testIP(x ir.Expr, v netip.Addr) (got, known bool) {
	switch x := x.(type) {
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && x.Op == ir.Eq && class(k.T) == classIP {
			return k.V.IP.Unmap() == v.Unmap(), true
		}
	case *ir.In:
		if s, ok := x.Set.(*ir.IPSet); ok {
			return s.Has(v), true
		}
	}
	return false, false
}

// apart tells whether no value passes both of two tests.
func apart(a, b ir.Expr) bool {
	switch x := a.(type) {
	case *ir.StrTest:
		y, ok := b.(*ir.StrTest)
		if !ok || x.Op != y.Op || x.Op == ir.Contains {
			return false
		}
		k, ok := x.Y.(*ir.Const)
		l, ok2 := y.Y.(*ir.Const)
		if !ok || !ok2 {
			return false
		}
		short, long := k.V.B, l.V.B
		if len(short) > len(long) {
			short, long = long, short
		}
		part := long[:len(short)]
		if x.Op == ir.HasSuffix {
			part = long[len(long)-len(short):]
		}
		return !bytes.EqualFold(part, short) || !x.NoCase && !y.NoCase && !bytes.Equal(part, short)
	case *ir.In:
		y, ok := b.(*ir.In)
		if !ok {
			return false
		}
		s, ok := x.Set.(*ir.IPSet)
		t, ok2 := y.Set.(*ir.IPSet)
		return ok && ok2 && disjoint(s, t)
	}
	return false
}

// maxRanges bounds the sets of addresses that are compared.
const maxRanges = 256

func disjoint(s, t *ir.IPSet) bool {
	if s.Len() > maxRanges || t.Len() > maxRanges {
		return false
	}
	meet := false
	s.Each(func(lo, hi netip.Addr) {
		t.Each(func(lo2, hi2 netip.Addr) {
			meet = meet || lo.BitLen() == lo2.BitLen() && !hi.Less(lo2) && !hi2.Less(lo)
		})
	})
	return !meet
}
