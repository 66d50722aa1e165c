package match

import (
	"bytes"
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
	"github.com/luanids/luanids/lang/regex"
)

// cond is a compiled condition. An error while judging sets Matcher.failed; what test returns
// does not matter then.
type cond interface{ test(m *Matcher) bool }

// node is a condition with what the compiler knows of it.
type node struct {
	cond
	key            string
	cost           int
	elem, volatile bool
	// constant is -1 unless the condition is always false (0) or true (1).
	constant int
	payload  bool // looks at payload bytes: more bytes may change it
	vars     bool // reads or sets variables of its rule: must stay in order
}

type constCond bool

func (c constCond) test(*Matcher) bool { return bool(c) }

type andCond []cond

func (c andCond) test(m *Matcher) bool {
	for _, x := range c {
		if !x.test(m) || m.failed != failNone {
			return false
		}
	}
	return true
}

type orCond []cond

func (c orCond) test(m *Matcher) bool {
	for _, x := range c {
		if x.test(m) || m.failed != failNone {
			return true
		}
	}
	return false
}

type notCond struct{ x cond }

func (c notCond) test(m *Matcher) bool { return !c.x.test(m) }

// memoCond keeps the result of a condition that several rules share for the event.
type memoCond struct {
	x    cond
	slot int
}

type condSlot struct {
	gen    uint32
	result bool
	failed failure
}

func (c *memoCond) test(m *Matcher) bool {
	s := &m.cmemo[c.slot]
	if s.gen != m.gen {
		before := m.failed
		m.failed = failNone
		s.result = c.x.test(m)
		s.failed, s.gen = m.failed, m.gen
		m.failed = before
	}
	if s.failed != failNone {
		m.failed = s.failed
	}
	return s.result
}

type boolCond struct{ x inode }

func (c boolCond) test(m *Matcher) bool {
	v, ok := c.x.int(m)
	return ok && v != 0
}

// ---- comparisons

type intCmpConst struct {
	x  inode
	op ir.CmpOp
	y  int64
}

func (c *intCmpConst) test(m *Matcher) bool {
	x, ok := c.x.int(m)
	return ok && compareInt(c.op, x, c.y)
}

type intCmp struct {
	x, y inode
	op   ir.CmpOp
}

func (c *intCmp) test(m *Matcher) bool {
	x, ok := c.x.int(m)
	if !ok {
		return false
	}
	y, ok := c.y.int(m)
	return ok && compareInt(c.op, x, y)
}

func compareInt(op ir.CmpOp, x, y int64) bool {
	switch op {
	case ir.Eq:
		return x == y
	case ir.Lt:
		return x < y
	case ir.Le:
		return x <= y
	case ir.Gt:
		return x > y
	case ir.Ge:
		return x >= y
	}
	return false
}

type floatCmp struct {
	x, y fnode
	op   ir.CmpOp
}

func (c *floatCmp) test(m *Matcher) bool {
	x, ok := c.x.float(m)
	if !ok {
		return false
	}
	y, ok := c.y.float(m)
	return ok && compareFloat(c.op, x, y)
}

func compareFloat(op ir.CmpOp, x, y float64) bool {
	switch op {
	case ir.Eq:
		return x == y
	case ir.Lt:
		return x < y
	case ir.Le:
		return x <= y
	case ir.Gt:
		return x > y
	case ir.Ge:
		return x >= y
	}
	return false
}

type ipCmp struct {
	x, y pnode
	op   ir.CmpOp
}

func (c *ipCmp) test(m *Matcher) bool {
	x, ok := c.x.ip(m)
	if !ok {
		return false
	}
	y, ok := c.y.ip(m)
	return ok && compareInt(c.op, int64(x.Unmap().Compare(y.Unmap())), 0)
}

// bytesEq and the like compare with what is not constant.
type bytesCmp struct {
	x, y bnode
	op   ir.CmpOp
	fold bool
}

func (c *bytesCmp) test(m *Matcher) bool {
	x, ok := c.x.bytes(m)
	if !ok {
		return false
	}
	y, ok := c.y.bytes(m)
	if !ok {
		return false
	}
	if c.op == ir.Eq {
		if c.fold {
			return len(x) == len(y) && hasPrefixFold(x, y)
		}
		return bytes.Equal(x, y)
	}
	return compareInt(c.op, int64(bytes.Compare(x, y)), 0)
}

type equalConst struct {
	x bnode
	n *mpm.Needle
}

func (c *equalConst) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	return ok && c.n.Equal(b)
}

type containsConst struct {
	x bnode
	n *mpm.Needle
}

func (c *containsConst) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	return ok && c.n.Index(b) >= 0
}

type prefixConst struct {
	x bnode
	n *mpm.Needle
}

func (c *prefixConst) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	return ok && c.n.At(b)
}

type suffixConst struct {
	x bnode
	n *mpm.Needle
}

func (c *suffixConst) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	return ok && len(b) >= c.n.Len() && c.n.At(b[len(b)-c.n.Len():])
}

// strTest is a test against another computed string.
type strTest struct {
	x, y bnode
	op   ir.StrOp
	fold bool
}

func (c *strTest) test(m *Matcher) bool {
	x, ok := c.x.bytes(m)
	if !ok {
		return false
	}
	y, ok := c.y.bytes(m)
	if !ok || len(y) > len(x) {
		return false
	}
	switch c.op {
	case ir.HasPrefix:
		return c.same(x[:len(y)], y)
	case ir.HasSuffix:
		return c.same(x[len(x)-len(y):], y)
	}
	if !c.fold {
		return bytes.Contains(x, y)
	}
	for i := 0; i+len(y) <= len(x); i++ {
		if hasPrefixFold(x[i:], y) {
			return true
		}
	}
	return false
}

func (c *strTest) same(a, b []byte) bool {
	if c.fold {
		return hasPrefixFold(a, b)
	}
	return bytes.Equal(a, b)
}

func hasPrefixFold(a, b []byte) bool {
	for i, x := range b {
		if lower(a[i]) != lower(x) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// ---- sets

type inInts struct {
	x   inode
	set *ir.IntSet
}

func (c *inInts) test(m *Matcher) bool {
	x, ok := c.x.int(m)
	return ok && c.set.Has(x)
}

type inStrs struct {
	x   bnode
	set *ir.StrSet
}

func (c *inStrs) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	return ok && c.set.Has(b)
}

type inIPs struct {
	x   pnode
	set *ir.IPSet
}

func (c *inIPs) test(m *Matcher) bool {
	a, ok := c.x.ip(m)
	return ok && c.set.Has(a)
}

// inHosts tests source or destination, once an event for each set.
type inHosts struct {
	set  *ir.IPSet
	dst  bool
	slot int
}

func (c *inHosts) test(m *Matcher) bool {
	s := &m.imemo[c.slot]
	if s.gen != m.gen {
		h := m.view()
		a := h.src
		if c.dst {
			a = h.dst
		}
		s.gen, s.result = m.gen, h.version != 0 && c.set.Has(netip.AddrFrom16(a))
	}
	return s.result
}

// ---- the rest

type matchCond struct {
	x  bnode
	re *regex.Regex
}

func (c *matchCond) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	if !ok {
		return false
	}
	_, _, res := c.re.Find(&m.re, b, 0)
	if res == regex.LimitHit {
		m.fail(failLimit)
	}
	return res == regex.Found
}

type existsCond struct{ v *value }

func (c existsCond) test(m *Matcher) bool {
	var ok bool
	switch v := c.v; {
	case v.b != nil:
		_, ok = v.b.bytes(m)
	case v.i != nil:
		_, ok = v.i.int(m)
	case v.f != nil:
		_, ok = v.f.float(m)
	case v.p != nil:
		_, ok = v.p.ip(m)
	}
	return ok
}

type existsMulti struct{ f *dissect.Field }

func (c existsMulti) test(m *Matcher) bool { return hasValue(c.f, m.e, 0) }

type quantCond struct {
	f     *dissect.Field
	level int
	all   bool
	body  cond
}

func (c *quantCond) test(m *Matcher) bool {
	old := m.index[c.level]
	defer func() { m.index[c.level] = old }()
	i := 0
	for ; i < maxValues && hasValue(c.f, m.e, i); i++ {
		m.index[c.level] = i
		if c.body.test(m) != c.all {
			return !c.all
		}
		if m.failed != failNone {
			return false
		}
	}
	return c.all && i > 0
}

type flowBitCond []uint32

func (c flowBitCond) test(m *Matcher) bool {
	if m.e.Flow == nil {
		return false
	}
	v := m.e.Flow.Vars
	for _, n := range c {
		if v.Bit(n) {
			return true
		}
	}
	return false
}
