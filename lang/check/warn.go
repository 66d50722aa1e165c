package check

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
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
	c.contradictions(terms)
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

// fact is what a term says of a field.
type fact struct {
	term  ir.Expr
	ints  *ir.IntSet
	text  []byte // the field equals this
	proto *dissect.Spec
}

// contradictions warns of two terms that cannot both hold.
func (c *checker) contradictions(terms []ir.Expr) {
	facts := map[*dissect.Field]fact{}
	holds := map[string]ir.Expr{} // truth values, by the field's name
	var proto fact
	for _, t := range terms {
		if f := truth(t); f != nil {
			for _, group := range exclusive {
				c.exclude(group, f.Name, t, holds)
			}
			holds[f.Name] = t
			continue
		}
		if not, ok := t.(*ir.Not); ok {
			if f := truth(not.X); f != nil {
				if old := holds[f.Name]; old != nil {
					c.contradict(t, old)
				}
				holds["!"+f.Name] = t
			}
			continue
		}
		f, now := factOf(t)
		if f == nil {
			continue
		}
		if p := c.protocol(f); p != nil {
			if proto.proto != nil && proto.proto != p && !p.CarriedBy(proto.proto) && !proto.proto.CarriedBy(p) {
				c.twoProtocols(t, proto, p)
			}
			proto = fact{term: t, proto: p}
		}
		c.merge(facts, f, now)
	}
	for name, t := range holds {
		if old := holds["!"+name]; old != nil && name[0] != '!' {
			c.contradict(old, t)
			return
		}
	}
}

// exclusive lists truth values of which one holds at a time.
var exclusive = [][]string{
	{"tcp", "udp", "sctp", "icmp", "icmpv4", "icmpv6", "igmp"},
	{"ipv4", "ipv6"},
	{"to_server", "to_client"},
}

func (c *checker) exclude(group []string, name string, t ir.Expr, holds map[string]ir.Expr) {
	in := false
	for _, g := range group {
		in = in || g == name
	}
	for _, g := range group {
		icmp := len(g) >= 4 && len(name) >= 4 && g[:4] == "icmp" && name[:4] == "icmp" && (g == "icmp" || name == "icmp")
		if in && g != name && holds[g] != nil && !icmp {
			c.contradict(t, holds[g])
		}
	}
}

// twoProtocols refuses two terms that must both hold, on messages of different protocols.
func (c *checker) twoProtocols(t ir.Expr, was fact, p *dissect.Spec) {
	at, ok := c.spans[t]
	other, ok2 := c.spans[was.term]
	if ok && ok2 {
		c.report(diag.TwoProtocols(at, c.src.of(at), p.Name, c.src.of(other), was.proto.Name))
	}
}

func (c *checker) contradict(t, old ir.Expr) {
	at, ok := c.spans[t]
	was, ok2 := c.spans[old]
	if ok && ok2 {
		c.report(diag.NeverMatches(at, c.src.of(at)+" contradicts "+c.src.of(was)))
	}
}

// truth gives the field if the term is a truth value by itself.
func truth(t ir.Expr) *dissect.Field {
	if f, ok := t.(*ir.Field); ok {
		return f.F
	}
	return nil
}

// protocol gives the protocol whose message carries a field.
func (c *checker) protocol(f *dissect.Field) *dissect.Spec {
	id, ok := c.scope.Schema.EventByName(f.Event)
	if !ok {
		return nil
	}
	return c.scope.Schema.Events[id].Spec
}

// factOf reads what a term says of a field that has one value.
func factOf(t ir.Expr) (*dissect.Field, fact) {
	now := fact{term: t}
	var x ir.Expr
	switch t := t.(type) {
	case *ir.Cmp:
		x = t.X
		k, ok := t.Y.(*ir.Const)
		if !ok || t.Op == ir.Ne {
			return nil, now
		}
		switch class(k.T) {
		case classInt:
			now.ints = interval(t.Op, k.V.I)
		case classText:
			if !t.NoCase {
				now.text = k.V.B
			}
		}
	case *ir.In:
		x = t.X
		now.ints, _ = t.Set.(*ir.IntSet)
	case *ir.StrTest:
		x = t.X
	case *ir.Match:
		x = t.X
	case *ir.Content:
		x = t.Buf
	}
	f, ok := x.(*ir.Field)
	if !ok {
		return nil, now
	}
	return f.F, now
}

func interval(op ir.CmpOp, n int64) *ir.IntSet {
	r := ir.Range{Lo: -maxInt, Hi: maxInt}
	switch op {
	case ir.Eq:
		r.Lo, r.Hi = n, n
	case ir.Lt:
		r.Hi = n - 1
	case ir.Le:
		r.Hi = n
	case ir.Gt:
		r.Lo = n + 1
	case ir.Ge:
		r.Lo = n
	}
	return ir.NewIntSet(r)
}

// merge joins what two terms say of a field.
func (c *checker) merge(facts map[*dissect.Field]fact, f *dissect.Field, now fact) {
	old, ok := facts[f]
	if !ok {
		facts[f] = now
		return
	}
	if old.ints != nil && now.ints != nil {
		all := ir.NewIntSet(ir.Range{Lo: -maxInt, Hi: maxInt})
		now.ints = old.ints.Without(all.Without(now.ints))
		if len(now.ints.Ranges) == 0 {
			c.contradict(now.term, old.term)
		}
	} else if now.ints == nil {
		now.ints = old.ints
	}
	if old.text != nil && now.text != nil && !bytes.Equal(old.text, now.text) {
		c.contradict(now.term, old.term)
	} else if now.text == nil {
		now.text = old.text
	}
	facts[f] = now
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
