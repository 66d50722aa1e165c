package check

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// constSet is a set of constants before it is known how it is compared.
type constSet struct {
	name   string
	typ    dissect.Type // of the elements; 0 while empty
	nocase bool         // of lists that say so
	ranges []ir.Range
	exInts []ir.Range
	nets   []netip.Prefix
	exNets []netip.Prefix
	strs   []string
	built  map[bool]ir.Set // of lists, by nocase: they are large

	compacted int // how many elements were left when it was compacted last
}

func (s *constSet) empty() bool {
	return len(s.ranges)+len(s.nets)+len(s.strs) == 0 && len(s.exInts)+len(s.exNets) == 0
}

// ints is the set as integers. A set of exceptions alone is everything but them.
func (s *constSet) ints() *ir.IntSet {
	ranges := s.ranges
	if len(ranges) == 0 && len(s.exInts) > 0 {
		ranges = []ir.Range{{Lo: 0, Hi: maxInt}}
	}
	return ir.NewIntSet(ranges...).Without(ir.NewIntSet(s.exInts...))
}

const maxInt = 1<<63 - 1

var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// key is a text that is equal for equal sets.
func (s *constSet) key(nocase bool) string {
	if len(s.strs) > 64 || len(s.nets) > 256 {
		return ""
	}
	return fmt.Sprintf("%s %d %v %v %v %v %q %v", s.name, class(s.typ), s.ranges, s.exInts, s.nets, s.exNets, s.strs, nocase)
}

// ir makes the set that the compiler takes; equal sets are one.
func (s *constSet) ir(scope *Scope, nocase bool) ir.Set {
	nocase = nocase || s.nocase
	key := s.key(nocase)
	scope.mu.Lock()
	defer scope.mu.Unlock()
	if old := scope.sets[key]; key != "" && old != nil {
		return old
	}
	if old := s.built[nocase]; key == "" && old != nil {
		return old
	}
	set := s.make(nocase)
	if key != "" {
		scope.sets[key] = set
	} else {
		if s.built == nil {
			s.built = map[bool]ir.Set{}
		}
		s.built[nocase] = set
	}
	return set
}

func (s *constSet) make(nocase bool) ir.Set {
	switch class(s.typ) {
	case classIP:
		nets := s.nets
		if len(nets) == 0 && len(s.exNets) > 0 {
			nets = everywhere
		}
		set := ir.NewIPSet(nets, s.exNets)
		set.Name = s.name
		return set
	case classText:
		set := ir.NewStrSet(nocase, s.strs...)
		set.Name = s.name
		return set
	}
	set := s.ints()
	set.Name = s.name
	return set
}

// setOf evaluates a set literal.
func (c *checker) setOf(x *syntax.SetLit) *constSet {
	s := &constSet{}
	ok := true
	for _, e := range x.Elems {
		v := c.value(e.X)
		if v.bad() {
			ok = false
			continue
		}
		ok = c.addElem(s, v, e) && ok
		s.compact(compactFrom)
	}
	if !ok {
		return nil
	}
	return s
}

// compactFrom is from how many elements on those that are there twice are dropped: sets made of sets would double with each.
const compactFrom = 1 << 12

// compact drops elements that are there twice, once a set is large.
func (s *constSet) compact(from int) {
	if len(s.ranges)+len(s.nets)+len(s.strs)+len(s.exInts)+len(s.exNets) < max(from, 2*s.compacted) {
		return
	}
	byRange := func(a, b ir.Range) int { return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi)) }
	byNet := func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	}
	s.ranges, s.exInts = distinct(s.ranges, byRange), distinct(s.exInts, byRange)
	s.nets, s.exNets = distinct(s.nets, byNet), distinct(s.exNets, byNet)
	s.strs = distinct(s.strs, strings.Compare)
	s.compacted = len(s.ranges) + len(s.nets) + len(s.strs) + len(s.exInts) + len(s.exNets)
}

func distinct[T comparable](list []T, by func(a, b T) int) []T {
	list = slices.Clone(list)
	slices.SortFunc(list, by)
	return slices.Compact(list)
}

// addElem adds an element, or takes it out for !element.
func (c *checker) addElem(s *constSet, v val, e syntax.SetElem) bool {
	at := e.X.Range()
	t := v.t
	switch {
	case v.set != nil:
		t = v.set.typ
	case v.block != nil:
		t = dissect.TIP
	case v.konst() == nil || v.re != nil:
		c.report(diag.BadElement(at, c.text(e.X)))
		return false
	}
	if s.typ == 0 {
		s.typ = t
	} else if t != 0 && class(s.typ) != class(t) || !sameKind(s.typ, t) {
		c.report(diag.MixedSet(at, s.typ.String(), t.String()))
		return false
	} else if s.typ == dissect.TInt {
		s.typ = t // {80, 8kB} is sizes
	}
	ranges, nets := &s.ranges, &s.nets
	if e.Not {
		ranges, nets = &s.exInts, &s.exNets
	}
	switch {
	case v.set != nil:
		*ranges = append(*ranges, v.set.ranges...)
		*nets = append(*nets, v.set.nets...)
		s.strs = append(s.strs, v.set.strs...)
		if !e.Not {
			s.exInts = append(s.exInts, v.set.exInts...)
			s.exNets = append(s.exNets, v.set.exNets...)
		} else {
			s.ranges = append(s.ranges, v.set.exInts...)
			s.nets = append(s.nets, v.set.exNets...)
		}
	case v.block != nil:
		*nets = append(*nets, v.block.Masked())
	default:
		k := v.konst()
		switch class(t) {
		case classIP:
			*nets = append(*nets, netip.PrefixFrom(k.V.IP, k.V.IP.BitLen()))
		case classText:
			if e.Not {
				c.report(diag.BadElement(at, "!"+c.text(e.X)))
				return false
			}
			s.strs = append(s.strs, string(k.V.B))
		case classInt:
			*ranges = append(*ranges, ir.Range{Lo: k.V.I, Hi: k.V.I})
		default:
			c.report(diag.BadElement(at, c.text(e.X)))
			return false
		}
	}
	return true
}

// sameKind tells whether values of two types with integers may meet.
func sameKind(a, b dissect.Type) bool {
	if a == b || a == 0 || b == 0 || class(a) != classInt {
		return true
	}
	timed := func(t dissect.Type) bool { return t == dissect.TDuration || t == dissect.TTime }
	if timed(a) || timed(b) {
		return false
	}
	return a != dissect.TPort || b != dissect.TSize
}

// rangeOf evaluates lo..hi.
func (c *checker) rangeOf(x *syntax.RangeLit) *constSet {
	end := func(e syntax.Expr) (*ir.Const, bool) {
		if e == nil {
			return nil, true
		}
		v := c.value(e)
		if v.bad() {
			return nil, false
		}
		k := v.konst()
		if k == nil || class(v.t) != classInt && class(v.t) != classIP {
			c.report(diag.NotConstant(e.Range(), "an end of a range"))
			return nil, false
		}
		return k, true
	}
	lo, ok1 := end(x.Lo)
	hi, ok2 := end(x.Hi)
	switch {
	case !ok1 || !ok2:
		return nil
	case lo == nil && hi == nil:
		c.report(diag.BadRange(x.Range(), "without ends", ""))
		return nil
	case lo != nil && hi != nil && (class(lo.T) != class(hi.T) || !sameKind(lo.T, hi.T)):
		c.report(diag.BadRange(x.Range(), "of "+lo.T.String()+" and "+hi.T.String(), ""))
		return nil
	case lo != nil && lo.T == dissect.TIP || hi != nil && hi.T == dissect.TIP:
		return c.addresses(x, lo, hi)
	}
	r := ir.Range{Lo: 0, Hi: maxInt}
	s := &constSet{}
	if lo != nil {
		r.Lo, s.typ = lo.V.I, lo.T
	} else if hi.V.I < 0 {
		r.Lo = -maxInt
	}
	if hi != nil {
		r.Hi = hi.V.I
		if s.typ == 0 || s.typ == dissect.TInt {
			s.typ = hi.T
		}
	}
	if r.Lo > r.Hi {
		lo, hi := c.text(x.Lo), c.text(x.Hi)
		c.report(diag.BadRange(x.Range(), "empty: it begins above its end", fmt.Sprintf("write {%s.., ..%s} for what is outside, %s..%s for what is between", lo, hi, hi, lo)))
		return nil
	}
	s.ranges = []ir.Range{r}
	return s
}

// addresses makes prefixes of a range of addresses.
func (c *checker) addresses(x *syntax.RangeLit, lo, hi *ir.Const) *constSet {
	if lo == nil || hi == nil {
		c.report(diag.BadRange(x.Range(), "without an end", ""))
		return nil
	}
	a, b := lo.V.IP, hi.V.IP
	if a.BitLen() != b.BitLen() {
		c.report(diag.BadRange(x.Range(), "of IPv4 and IPv6 addresses", ""))
		return nil
	}
	if b.Less(a) {
		c.report(diag.BadRange(x.Range(), "empty: it begins above its end", ""))
		return nil
	}
	s := &constSet{typ: dissect.TIP}
	for {
		// The widest block that begins at a and does not pass b.
		p := netip.PrefixFrom(a, a.BitLen())
		for p.Bits() > 0 {
			w := netip.PrefixFrom(a, p.Bits()-1)
			if w.Masked().Addr() != a || b.Less(ir.LastAddr(w)) {
				break
			}
			p = w
		}
		s.nets = append(s.nets, p)
		last := ir.LastAddr(p)
		if last == b {
			return s
		}
		a = last.Next()
	}
}

// describe names the elements of a set in messages.
func (s *constSet) describe() string {
	if s.typ == 0 {
		return "set"
	}
	return "set of " + strings.ReplaceAll(s.typ.String()+"s", "bytess", "bytes")
}
