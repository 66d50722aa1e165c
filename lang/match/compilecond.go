package match

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
)

// memoCost is the cost from which the result of a shared condition is kept.
const memoCost = 15

// shared is a condition that may turn out to be used by more than one rule; then it gets a
// memo slot.
type shared struct {
	memoCond
	on bool
}

func (c *shared) test(m *Matcher) bool {
	if c.on {
		return c.memoCond.test(m)
	}
	return c.x.test(m)
}

// bare gives the condition without what is only of use if it is shared.
func bare(c cond) cond {
	s, ok := c.(*shared)
	switch {
	case !ok:
		return c
	case s.on:
		return &s.memoCond
	}
	return s.x
}

// unshare makes rules and headers ask their conditions straight.
func (p *Program) unshare() {
	for i := range p.headers {
		for k, c := range p.headers[i].conds {
			p.headers[i].conds[k] = bare(c)
		}
	}
	for _, r := range p.Rules {
		for k, c := range r.terms {
			r.terms[k] = bare(c)
		}
	}
}

// keepCond gives the node of that key, or makes it.
func (c *compiler) keepCond(key string, make func() *node) *node {
	if n, ok := c.conds[key]; ok {
		return c.again(n)
	}
	n := make()
	n.key = key
	if n.vars {
		return n
	}
	if n.cost >= memoCost && !n.elem && !n.volatile {
		n.cond = &shared{memoCond: memoCond{x: n.cond}}
	}
	c.conds[key] = n
	return n
}

// again says that a node is used once more.
func (c *compiler) again(n *node) *node {
	if s, ok := n.cond.(*shared); ok && !s.on {
		s.on, s.slot = true, c.p.nConds
		c.p.nConds++
	}
	return n
}

// cond compiles a condition.
func (c *compiler) cond(x ir.Expr) *node {
	switch x := x.(type) {
	case *ir.And:
		return c.list(x.X, true)
	case *ir.Or:
		return c.list(x.X, false)
	case *ir.Not:
		return c.not(x)
	case *ir.Const:
		return &node{cond: constCond(x.V.I != 0), key: strconv.FormatBool(x.V.I != 0), constant: int(b2i(x.V.I != 0))}
	case *ir.Cmp:
		return c.cmp(x)
	case *ir.StrTest:
		return c.strTest(x)
	case *ir.In:
		return c.in(x)
	case *ir.Match:
		v := c.value(x.X)
		if v.b == nil {
			return c.badType(x.Pos, "a regex", "a string or bytes")
		}
		key := v.key + "~" + c.id(x.Re)
		return c.keepCond(key, func() *node { return c.from(v, &matchCond{v.b, x.Re}, 400) })
	case *ir.Exists:
		return c.exists(x)
	case *ir.Quant:
		return c.quant(x)
	case *ir.Content:
		return c.content(x)
	case *ir.FlowBit:
		return c.flowBits(x)
	case *ir.HostBit, *ir.InDataset, *ir.Late:
		c.errorf(ir.Pos{}, "host state, data sets and script predicates cannot stand within any(...) or all(...)")
		return constNode(false)
	}
	if x == nil {
		c.errorf(ir.Pos{}, "a condition is missing")
		return constNode(false)
	}
	if classOf(x.Type()) != classInt {
		return c.badType(ir.Pos{}, "a condition", "true or false")
	}
	v := c.value(x)
	return c.keepCond("is "+v.key, func() *node { return c.from(v, boolCond{v.i}, 1) })
}

func constNode(b bool) *node {
	return &node{cond: constCond(b), key: strconv.FormatBool(b), constant: int(b2i(b))}
}

func (c *compiler) badType(pos ir.Pos, what, wants string) *node {
	c.errorf(pos, "%s wants %s", what, wants)
	return constNode(false)
}

// from makes a node that depends on v.
func (c *compiler) from(v *value, x cond, cost int) *node {
	return &node{cond: x, cost: v.cost + cost, elem: v.elem, volatile: v.volatile, constant: -1,
		payload: strings.Contains(v.key, "$"+ir.FieldPayload)}
}

// list compiles And and Or: flattened, constants folded, cheapest first.
func (c *compiler) list(xs []ir.Expr, and bool) *node {
	var nodes []*node
	if out := c.gather(xs, and, &nodes); out != nil {
		return out
	}
	if len(nodes) == 0 {
		return constNode(and)
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	sortNodes(nodes)
	var key strings.Builder
	key.WriteString(map[bool]string{true: "and(", false: "or("}[and])
	sum := &node{constant: -1}
	list := make([]cond, len(nodes))
	for i, n := range nodes {
		list[i] = n.cond
		key.WriteString(n.key)
		key.WriteByte(';')
		sum.cost += n.cost
		sum.elem = sum.elem || n.elem
		sum.volatile = sum.volatile || n.volatile
		sum.payload = sum.payload || n.payload
		sum.vars = sum.vars || n.vars
	}
	return c.keepCond(key.String()+")", func() *node {
		if and {
			sum.cond = andCond(list)
		} else {
			sum.cond = orCond(list)
		}
		return sum
	})
}

// gather compiles xs into nodes; it gives a constant if that decides.
func (c *compiler) gather(xs []ir.Expr, and bool, nodes *[]*node) *node {
	for _, x := range xs {
		switch y := x.(type) {
		case *ir.And:
			if and {
				if out := c.gather(y.X, and, nodes); out != nil {
					return out
				}
				continue
			}
		case *ir.Or:
			if !and {
				if out := c.gather(y.X, and, nodes); out != nil {
					return out
				}
				continue
			}
		}
		n := c.cond(x)
		switch n.constant {
		case int(b2i(!and)):
			return n
		case int(b2i(and)):
			continue
		}
		*nodes = append(*nodes, n)
	}
	return nil
}

// sortNodes orders terms by cost, but keeps those that share variables in the order in which
// they were written.
func sortNodes(nodes []*node) {
	slices.SortStableFunc(nodes, func(a, b *node) int {
		switch {
		case a.vars != b.vars:
			return int(b2i(a.vars)) - int(b2i(b.vars))
		case a.vars:
			return 0
		}
		return a.cost - b.cost
	})
}

func (c *compiler) not(x *ir.Not) *node {
	c.rule.uses.negate()
	n := c.cond(x.X)
	c.rule.uses.negate()
	if n.constant >= 0 {
		return constNode(n.constant == 0)
	}
	if y, ok := n.cond.(notCond); ok {
		return &node{cond: y.x, key: "not not " + n.key, cost: n.cost, elem: n.elem, volatile: n.volatile, constant: -1, payload: n.payload, vars: n.vars}
	}
	return &node{cond: notCond{n.cond}, key: "not " + n.key, cost: n.cost, elem: n.elem, volatile: n.volatile,
		constant: -1, payload: n.payload, vars: n.vars}
}

func (c *compiler) cmp(x *ir.Cmp) *node {
	if x.Op == ir.Ne {
		return c.not(&ir.Not{X: &ir.Cmp{Op: ir.Eq, X: x.X, Y: x.Y, NoCase: x.NoCase, Pos: x.Pos}})
	}
	// A value may still grow: what more of it undoes waits for the end, as does a test of an upper limit of its length.
	_, isLen := x.X.(*ir.Len)
	if isLen && x.Op != ir.Gt && x.Op != ir.Ge || !isLen && classOf(x.X.Type()) == classBytes {
		defer c.rule.uses.wait()()
	}
	a, b := c.value(x.X), c.value(x.Y)
	dep := &value{elem: a.elem || b.elem, volatile: a.volatile || b.volatile, cost: a.cost + b.cost, key: a.key + b.key}
	key := a.key + " c" + strconv.Itoa(int(x.Op)) + " " + b.key
	if x.NoCase {
		key += " i"
	}
	return c.keepCond(key, func() *node {
		switch {
		case a.b != nil && b.b != nil:
			if k, ok := b.b.(bytesConst); ok && x.Op == ir.Eq {
				return c.from(dep, &equalConst{a.b, c.needleOf(k, x.NoCase)}, 3)
			}
			return c.from(dep, &bytesCmp{a.b, b.b, x.Op, x.NoCase}, 10)
		case a.i != nil && b.i != nil:
			if k, ok := b.i.(intConst); ok {
				return c.from(dep, &intCmpConst{a.i, x.Op, int64(k)}, 1)
			}
			return c.from(dep, &intCmp{a.i, b.i, x.Op}, 2)
		case a.p != nil && b.p != nil:
			return c.from(dep, &ipCmp{a.p, b.p, x.Op}, 4)
		}
		fa, fb := asFloat(a), asFloat(b)
		if fa == nil || fb == nil {
			return c.badType(x.Pos, "a comparison", "two values of one type")
		}
		return c.from(dep, &floatCmp{fa, fb, x.Op}, 2)
	})
}

func (c *compiler) needleOf(b []byte, nocase bool) *mpm.Needle {
	known := c.needle[b2i(nocase)]
	n := known[string(b)]
	if n == nil {
		n = mpm.NewNeedle(mpm.Pattern{Bytes: b, NoCase: nocase})
		known[string(b)] = n
	}
	return n
}

func (c *compiler) strTest(x *ir.StrTest) *node {
	if x.Op == ir.HasSuffix { // what ends now may go on
		defer c.rule.uses.wait()()
	}
	a, b := c.value(x.X), c.value(x.Y)
	if a.b == nil || b.b == nil {
		return c.badType(x.Pos, "a string test", "strings or bytes")
	}
	key := fmt.Sprintf("%s s%d%v %s", a.key, x.Op, x.NoCase, b.key)
	dep := &value{elem: a.elem || b.elem, volatile: a.volatile || b.volatile, cost: a.cost + b.cost, key: a.key + b.key}
	return c.keepCond(key, func() *node {
		k, ok := b.b.(bytesConst)
		if !ok {
			return c.from(dep, &strTest{a.b, b.b, x.Op, x.NoCase}, 40)
		}
		n := c.needleOf(k, x.NoCase)
		switch x.Op {
		case ir.HasPrefix:
			return c.from(dep, &prefixConst{a.b, n}, 3)
		case ir.HasSuffix:
			return c.from(dep, &suffixConst{a.b, n}, 3)
		}
		return c.from(dep, &containsConst{a.b, n}, 30)
	})
}

func (c *compiler) in(x *ir.In) *node {
	v := c.value(x.X)
	key := v.key + " in " + c.id(x.Set)
	return c.keepCond(key, func() *node {
		switch s := x.Set.(type) {
		case *ir.IntSet:
			if v.i != nil {
				return c.from(v, &inInts{v.i, s}, 3)
			}
		case *ir.StrSet:
			if v.b != nil {
				return c.from(v, &inStrs{v.b, s}, 30)
			}
		case *ir.IPSet:
			if n, ok := v.p.(ipView); ok {
				c.p.nIPMemo++
				return c.from(v, &inHosts{s, n.dst, c.p.nIPMemo - 1}, 5)
			}
			if v.p != nil {
				return c.from(v, &inIPs{v.p, s}, 12)
			}
		}
		return c.badType(x.Pos, "this set", "values of its own type")
	})
}

func (c *compiler) exists(x *ir.Exists) *node {
	if f, ok := x.X.(*ir.Field); ok && f.F.Multi {
		c.rule.fields.add(f.F)
		return c.keepCond("exists $"+f.F.Name, func() *node { return &node{cond: existsMulti{f.F}, cost: 6, constant: -1} })
	}
	v := c.value(x.X)
	return c.keepCond("exists "+v.key, func() *node { return c.from(v, existsCond{v}, 1) })
}

func (c *compiler) quant(x *ir.Quant) *node {
	if !x.F.Multi {
		c.errorf(x.Pos, "%s has one value: any(...) and all(...) are for fields with several", x.F.Name)
		return constNode(false)
	}
	if c.depth == maxDepth {
		c.errorf(x.Pos, "any(...) and all(...) can be nested %d deep at most", maxDepth)
		return constNode(false)
	}
	c.rule.fields.add(x.F)
	level := c.depth
	c.depth++
	if x.All {
		c.rule.uses.negate()
	}
	body := c.cond(x.Body)
	if x.All {
		c.rule.uses.negate()
	}
	c.depth--
	n := c.keepCond(fmt.Sprintf("quant%v$%s[%d]%s", x.All, x.F.Name, level, body.key), func() *node {
		return &node{cond: &quantCond{x.F, level, x.All, body.cond}, cost: 4 * (body.cost + 4), elem: level > 0,
			volatile: body.volatile, constant: -1, vars: body.vars}
	})
	return n
}

func (c *compiler) flowBits(x *ir.FlowBit) *node {
	ids := make(flowBitCond, len(x.Names))
	for i, n := range x.Names {
		ids[i] = c.flowBit(n)
	}
	return &node{cond: ids, key: "flowbit:" + strings.Join(x.Names, "|"), cost: 2, volatile: true, constant: -1}
}

// fieldUses follows whether the expression at hand is under a negation.
type fieldUses struct {
	negated bool
	late    map[*dissect.Field]bool // growing fields that were named under a negation
}

func (u *fieldUses) negate() { u.negated = !u.negated }

// wait makes growing fields wait for their end, whether negated or not, until the function that it gives is called.
func (u *fieldUses) wait() func() {
	old := u.negated
	u.negated = true
	return func() { u.negated = old }
}
