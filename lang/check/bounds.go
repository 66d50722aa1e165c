package check

import (
	"fmt"
	"math"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// bounds are the least and the largest value that a number can have.
type bounds struct {
	lo, hi int64
	mask   int64  // the bits that it may have, 0: any
	port   bool   // it is a port
	why    string // in words
}

// maxPort is the largest port.
const maxPort = 65535

// boundsOf gives the bounds of a number, false where none are known.
func (c *checker) boundsOf(x ir.Expr) (bounds, bool) {
	if f := fieldOf(x); f != nil {
		switch {
		case f.Type == dissect.TPort:
			return bounds{hi: maxPort, port: true, why: fmt.Sprintf("the largest port is %d", maxPort)}, true
		case f.Hi > 0:
			return bounds{lo: f.Lo, hi: f.Hi, why: fmt.Sprintf("%s is from %d to %d", f.Name, f.Lo, f.Hi)}, true
		case f.Type == dissect.TSize || f.Type == dissect.TDuration:
			return bounds{hi: maxInt, why: f.Name + " is never negative"}, true
		}
		return bounds{}, false
	}
	switch x := x.(type) {
	case *ir.Len:
		return bounds{hi: maxInt, why: "a length is never negative"}, true
	case *ir.Count:
		return bounds{hi: maxInt, why: "a count is never negative"}, true
	case *ir.Arith:
		k, ok := x.Y.(*ir.Const)
		if !ok {
			k, ok = x.X.(*ir.Const)
		}
		if ok && x.Op == ir.BitAnd && k.V.I > 0 {
			return bounds{hi: k.V.I, mask: k.V.I, why: fmt.Sprintf("& %#x leaves no other bits", k.V.I)}, true
		}
	case *ir.Call:
		if lo, hi, ok := resultBounds(x); ok {
			return bounds{lo: int64(lo), hi: int64(hi), why: fmt.Sprintf("%s is from %g to %g", x.Fn.Name(), lo, hi)}, true
		}
	}
	return bounds{}, false
}

// resultBounds gives the bounds of what a function gives.
func resultBounds(x *ir.Call) (lo, hi float64, ok bool) {
	d := funcs.Lookup(x.Fn.Name())
	if d == nil || d.Hi == 0 {
		return 0, 0, false
	}
	return d.Lo, d.Hi, true
}

// outOfBounds tells whether a comparison with n never holds for a number from lo to hi, or always.
func outOfBounds[T int64 | float64](op ir.CmpOp, n, lo, hi T) (never, always bool) {
	switch op {
	case ir.Eq:
		return n < lo || n > hi, lo == hi && n == lo
	case ir.Lt:
		return n <= lo, n > hi
	case ir.Le:
		return n < lo, n >= hi
	case ir.Gt:
		return n >= hi, n < lo
	case ir.Ge:
		return n > hi, n <= lo
	}
	return false, false
}

// bounded warns of a comparison of a number with one that it never reaches.
func (c *checker) bounded(b *syntax.Binary, cmp *ir.Cmp, k *ir.Const, negate bool) {
	var never, always bool
	why := ""
	if class(k.T) == classFloat {
		call, ok := cmp.X.(*ir.Call)
		if !ok {
			return
		}
		lo, hi, ok := resultBounds(call)
		if !ok || math.IsNaN(k.V.F) {
			return
		}
		never, always = outOfBounds(cmp.Op, k.V.F, lo, hi)
		why = fmt.Sprintf("%s is from %g to %g", call.Fn.Name(), lo, hi)
	} else {
		lim, ok := c.boundsOf(cmp.X)
		if !ok {
			return
		}
		never, always = outOfBounds(cmp.Op, k.V.I, lim.lo, lim.hi)
		never = never || lim.mask != 0 && cmp.Op == ir.Eq && k.V.I&^lim.mask != 0
		if why = lim.why; lim.port && k.V.I <= 0 {
			why = fieldOf(cmp.X).Name + " is never negative"
		}
	}
	switch {
	case never && !negate:
		c.report(diag.NeverMatches(b.Range(), why))
	case never || always:
		c.report(diag.AlwaysTrue(b.Range(), why))
	}
}

// boundedSet warns of elements of a set that a number never is, and of sets with all that it can be.
func (c *checker) boundedSet(b *syntax.Binary, in *ir.In, negate bool) {
	set, ok := in.Set.(*ir.IntSet)
	if !ok || len(set.Ranges) == 0 {
		return
	}
	lim, ok := c.boundsOf(in.X)
	if !ok {
		return
	}
	possible := ir.NewIntSet(ir.Range{Lo: lim.lo, Hi: lim.hi})
	all, none := len(possible.Without(set).Ranges) == 0, !meets(set, lim)
	if _, name := b.R.(*syntax.Name); all && name {
		return // a let that --var made any
	}
	if all || none {
		if none != negate {
			c.report(diag.NeverMatches(b.Range(), lim.why))
		} else {
			c.report(diag.AlwaysTrue(b.Range(), lim.why))
		}
		return
	}
	lit, ok := b.R.(*syntax.SetLit)
	if !ok {
		return
	}
	for _, e := range lit.Elems {
		if l, ok := e.X.(*syntax.Lit); ok && !e.Not && !l.Big && (l.Kind == syntax.LitInt || l.Kind == syntax.LitSize) && (l.Int < lim.lo || l.Int > lim.hi) {
			c.report(diag.NeverMatches(e.X.Range(), lim.why))
		}
	}
}

// meets tells whether one of the numbers of a set is within bounds.
func meets(set *ir.IntSet, lim bounds) bool {
	for _, r := range set.Ranges {
		if r.Lo <= lim.hi && r.Hi >= lim.lo {
			return true
		}
	}
	return false
}
