package check

import (
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
	"github.com/luanids/luanids/lang/syntax"
)

// warn looks for rules that can never match, and for those that would scan everything.
func (c *checker) warn(r *syntax.Rule, out *ir.Rule, when *diag.Range) {
	if out.When == nil || when == nil {
		return
	}
	terms := flatten(nil, out.When)
	if k, ok := out.When.(*ir.Const); ok {
		if k.V.I == 0 {
			c.report(diag.NeverMatches(*when, "the condition is false"))
		} else if out.On == "" {
			c.report(diag.Everything(*when))
		}
		return
	}
	c.elsewhere(r, out)
	c.contradictions(terms, *when, out.On)
	c.literals(*when, out, terms)
}

// flatten lists the terms that all must hold.
func flatten(list []ir.Expr, e ir.Expr) []ir.Expr {
	if and, ok := e.(*ir.And); ok {
		for _, x := range and.X {
			list = flatten(list, x)
		}
		return list
	}
	return append(list, e)
}

// shortLiteral is the length from which a literal makes a prefilter worth its name.
const shortLiteral = 2

// literals warns of a rule that searches text without any literal to find it by.
func (c *checker) literals(at diag.Range, out *ir.Rule, terms []ir.Expr) {
	searches, narrow := false, false
	for _, t := range terms {
		searches = searches || searching(t)
		narrow = narrow || literal(t) >= shortLiteral || narrowing(t)
	}
	if searches && !narrow {
		c.report(diag.NoLiteral(at))
	}
}

// searching tells whether a term looks through text.
func searching(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Match, *ir.Content:
		return true
	case *ir.StrTest:
		return e.Op == ir.Contains
	case *ir.Not:
		return searching(e.X)
	case *ir.And:
		return anyOf(e.X, searching)
	case *ir.Or:
		return anyOf(e.X, searching)
	case *ir.Quant:
		return searching(e.Body)
	}
	return false
}

func anyOf(list []ir.Expr, f func(ir.Expr) bool) bool {
	for _, e := range list {
		if f(e) {
			return true
		}
	}
	return false
}

// narrowing tells whether a term by itself leaves little to look at: a port, a flag that
// another rule sets, a value of a small field.
func narrowing(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.FlowBit, *ir.HostBit:
		return true
	case *ir.Cmp:
		return e.Op == ir.Eq
	case *ir.In:
		s, ok := e.Set.(*ir.IntSet)
		return ok && len(s.Ranges) > 0 && s.Ranges[len(s.Ranges)-1].Hi-s.Ranges[0].Lo < maxPort/2 || !ok && fieldOf(e.X) != nil && class(e.X.Type()) == classText
	case *ir.And:
		return anyOf(e.X, narrowing)
	case *ir.Or:
		for _, x := range e.X {
			if !narrowing(x) && literal(x) < shortLiteral {
				return false
			}
		}
		return true
	case *ir.Quant:
		return narrowing(e.Body)
	}
	return false
}

// literal is the length of the longest text that must occur for a term to hold.
func literal(e ir.Expr) int {
	switch e := e.(type) {
	case *ir.Match:
		return regexLiteral(e.Re)
	case *ir.StrTest:
		if k, ok := e.Y.(*ir.Const); ok {
			return len(k.V.B)
		}
	case *ir.Cmp:
		if k, ok := e.Y.(*ir.Const); ok && e.Op == ir.Eq && class(k.T) == classText {
			return len(k.V.B)
		}
	case *ir.Content:
		return chainLiteral(e.Items)
	case *ir.And:
		best := 0
		for _, x := range e.X {
			best = max(best, literal(x))
		}
		return best
	case *ir.Or:
		least := int(maxInt)
		for _, x := range e.X {
			least = min(least, literal(x))
		}
		return least
	case *ir.Quant:
		return literal(e.Body)
	}
	return 0
}

// regexLiteral is the length of the shortest of the texts of which one occurs in every match.
func regexLiteral(re *regex.Regex) int {
	lits := re.Literals()
	if len(lits) == 0 {
		return 0
	}
	least := len(lits[0].Bytes)
	for _, l := range lits {
		least = min(least, len(l.Bytes))
	}
	return least
}

func chainLiteral(items []ir.Item) int {
	best := 0
	for _, it := range items {
		switch it := it.(type) {
		case *ir.Lit:
			if !it.Neg {
				best = max(best, len(it.Bytes))
			}
		case *ir.Re:
			if !it.Neg {
				best = max(best, regexLiteral(it.Re))
			}
		case *ir.ByteTest, *ir.SizeTest, *ir.IsDataAt:
			best = max(best, shortLiteral) // cheap by itself
		}
	}
	return best
}
