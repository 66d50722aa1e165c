package match

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Conditions on one of several values that ask cross-flow state (any query of a DNS message that is in a data
// set): the worker captures what the rest of the body holds for, the ordered stage finds the ones that match.

// quantValues is a bnode that writes, for each value for which local holds, what the late conditions
// want of it: a length, then captured values as Capture writes them.
type quantValues struct {
	f     *dissect.Field
	level int
	local cond // nil: all
	wants *orderedPart
}

// maxQuantBytes caps what is captured of a list, bytes.
const maxQuantBytes = 16 << 10

func (q *quantValues) bytes(m *Matcher) ([]byte, bool) {
	old := m.index[q.level]
	defer func() { m.index[q.level] = old }()
	var out, one []byte
	for i := 0; i < maxValues && hasValue(q.f, m.e, i); i++ {
		m.index[q.level] = i
		if q.local != nil && !q.local.test(m) {
			continue
		}
		one = one[:0]
		for _, v := range q.wants.captures {
			one = m.appendValue(one, v)
		}
		if len(out)+len(one) > maxQuantBytes {
			break
		}
		out = append(binary.AppendUvarint(out, uint64(len(one))), one...)
	}
	return out, len(out) > 0
}

// lateQuant holds if its body holds for one of the captured values.
type lateQuant struct {
	field *dissect.Field
	list  int // capture
	part  *orderedPart
	body  lateCond
	// matched are the captured values of those for which it held last, for effects.
	matched [][]byte
}

func (c *lateQuant) test(st *State) bool {
	c.matched = c.matched[:0]
	list, outer := st.val(c.list), st.vals
	var inner [][]byte
	for len(list) > 0 {
		n, k := binary.Uvarint(list)
		if k <= 0 || n > uint64(len(list)-k) {
			break
		}
		one := list[k : k+int(n)]
		list = list[k+int(n):]
		st.vals = inner
		st.captured(one)
		inner = st.vals
		if c.body.test(st) {
			c.matched = append(c.matched, one)
		}
	}
	st.vals = outer
	return len(c.matched) > 0
}

// lateQuant compiles a condition on one of several values.
func (b *builder) lateQuant(o *orderedPart, x *ir.Quant) lateCond {
	c := b.c
	if x.All || c.depth == maxDepth {
		c.errorf(x.Pos, "a data set or host state can be asked within any(...) only")
		return lateOr{}
	}
	c.rule.fields.add(x.F)
	level := c.depth
	c.depth++
	defer func() { c.depth-- }()
	local, late := splitLate(conjuncts(x.Body, nil))
	part := &orderedPart{byKey: map[string]int{}}
	q := &lateQuant{field: x.F, part: part, body: b.late(part, &ir.And{X: late})}
	values := &quantValues{f: x.F, level: level, wants: part}
	key := "list $" + x.F.Name
	if len(local) > 0 {
		n := c.cond(&ir.And{X: local})
		values.local, key = n.cond, key+" "+n.key
	}
	for _, v := range part.captures {
		key += " " + v.key
	}
	q.list = o.capture(&value{b: values, key: key, wide: true})
	o.quants = append(o.quants, q)
	return q
}

// quantEffect adds the values that a lateQuant found to a set, or takes them out.
type quantEffect struct {
	q      *lateQuant
	set    *ir.Dataset
	x      int
	remove bool
}

func (e *quantEffect) do(st *State) {
	outer := st.vals
	st.vals = nil
	for _, one := range e.q.matched {
		st.captured(one)
		if v := st.val(e.x); v != nil {
			st.changeSet(e.set, v, e.remove)
		}
	}
	st.vals = outer
}

// quantEffect finds the list whose values an effect on a multi-valued field means: those for which the
// rule's condition on the same set held.
func (b *builder) quantEffect(o *orderedPart, f *dissect.Field, set *ir.Dataset, remove bool) lateEffect {
	for _, q := range o.quants {
		if n, ok := setIn(q.body, set); ok && q.field == f {
			return &quantEffect{q, set, n, remove}
		}
	}
	return nil
}

// setIn finds the value that a condition looks up in a set.
func setIn(c lateCond, set *ir.Dataset) (int, bool) {
	switch c := c.(type) {
	case *inDataset:
		return c.x, c.set == set
	case lateNot:
		return setIn(c.x, set)
	case lateAnd:
		for _, x := range c {
			if n, ok := setIn(x, set); ok {
				return n, true
			}
		}
	}
	return 0, false
}
