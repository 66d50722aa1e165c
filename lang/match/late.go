package match

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/luanids/luanids/lang/ir"
)

// lateCond is a condition judged in the ordered stage.
type lateCond interface{ test(st *State) bool }

type (
	lateAnd   []lateCond
	lateOr    []lateCond
	lateNot   struct{ x lateCond }
	lateLocal int // a captured truth
	hostBit   struct {
		name string
		key  []int
	}
	hostInt struct {
		name string
		key  []int
		op   ir.CmpOp
		y    int64
		any  bool // exists
	}
	inDataset struct {
		set *ir.Dataset
		x   int
	}
	lateCall struct {
		fn   ir.Func
		args []int
		cls  []class
	}
)

func (c lateAnd) test(st *State) bool {
	for _, x := range c {
		if !x.test(st) {
			return false
		}
	}
	return true
}

func (c lateOr) test(st *State) bool {
	for _, x := range c {
		if x.test(st) {
			return true
		}
	}
	return false
}

func (c lateNot) test(st *State) bool { return !c.x.test(st) }

func (c lateLocal) test(st *State) bool {
	v := st.val(int(c))
	return len(v) == 8 && v[0] != 0
}

func (c *hostBit) test(st *State) bool {
	_, ok := st.hosts.get(st.key("b"+c.name+"\x00", c.key), st.now)
	return ok
}

func (c *hostInt) test(st *State) bool {
	v, ok := st.hosts.get(st.key("i"+c.name+"\x00", c.key), st.now)
	if c.any || !ok {
		return ok
	}
	return compareInt(c.op, v, c.y)
}

func (c *inDataset) test(st *State) bool {
	v := st.val(c.x)
	if v == nil {
		return false
	}
	_, ok := st.dataset(c.set).get(v, st.now)
	return ok
}

func (c *lateCall) test(st *State) bool {
	args := make([]ir.Value, len(c.args))
	for i, n := range c.args {
		args[i] = decodeValue(st.val(n), c.cls[i])
	}
	v := c.fn.Call(heapScratch{}, args)
	return v.OK && v.I != 0
}

// heapScratch serves calls in the ordered stage, which are few.
type heapScratch struct{}

func (heapScratch) Bytes(n int) []byte {
	if n < 0 || n > maxArena {
		return nil
	}
	return make([]byte, n)
}

func decodeValue(b []byte, c class) (v ir.Value) {
	if b == nil {
		return v
	}
	v.OK = true
	switch {
	case c == classBytes:
		v.B = b
	case c == classInt && len(b) == 8:
		v.I = int64(binary.LittleEndian.Uint64(b))
	case c == classFloat && len(b) == 8:
		v.F = math.Float64frombits(binary.LittleEndian.Uint64(b))
	case c == classIP && len(b) == 16:
		v.IP = netip.AddrFrom16([16]byte(b)).Unmap()
	default:
		v.OK = false
	}
	return v
}

// late compiles a condition for the ordered stage; what in it can be judged locally is
// captured as a truth.
func (b *builder) late(o *orderedPart, x ir.Expr) lateCond {
	if !isLate(x) {
		return b.lateLocal(o, x)
	}
	switch x := x.(type) {
	case *ir.And:
		out := make(lateAnd, len(x.X))
		for i, y := range x.X {
			out[i] = b.late(o, y)
		}
		return out
	case *ir.Or:
		out := make(lateOr, len(x.X))
		for i, y := range x.X {
			out[i] = b.late(o, y)
		}
		return out
	case *ir.Not:
		return lateNot{b.late(o, x.X)}
	case *ir.Quant:
		return b.lateQuant(o, x)
	case *ir.HostBit:
		return &hostBit{x.Name, b.captureAll(o, x.Key)}
	case *ir.InDataset:
		b.dataset(x.Set)
		return &inDataset{x.Set, o.capture(b.c.value(x.X))}
	case *ir.Late:
		out := &lateCall{fn: x.Fn, args: b.captureAll(o, x.Args)}
		for _, a := range x.Args {
			out.cls = append(out.cls, classOf(a.Type()))
		}
		return out
	case *ir.Exists:
		h := x.X.(*ir.HostInt)
		return &hostInt{name: h.Name, key: b.captureAll(o, h.Key), any: true}
	case *ir.Cmp:
		return b.lateCmp(o, x)
	}
	return lateOr{}
}

func (b *builder) lateLocal(o *orderedPart, x ir.Expr) lateCond {
	n := b.c.cond(x)
	return lateLocal(o.capture(&value{i: condValue{n.cond}, key: "cond " + n.key}))
}

func (b *builder) lateCmp(o *orderedPart, x *ir.Cmp) lateCond {
	h, ok1 := x.X.(*ir.HostInt)
	k, ok2 := x.Y.(*ir.Const)
	if !ok1 || !ok2 || classOf(k.T) != classInt {
		b.c.errorf(x.Pos, "a host counter can only be compared with a constant number")
		return lateOr{}
	}
	c := &hostInt{name: h.Name, key: b.captureAll(o, h.Key), op: x.Op, y: k.V.I}
	if x.Op == ir.Ne {
		c.op = ir.Eq
		return lateNot{c}
	}
	return c
}

// lateEffect is what a match does to cross-flow state.
type lateEffect interface{ do(st *State) }

type hostBitEffect struct {
	op   ir.BitOp
	name string
	key  []int
	ttl  int64
}

func (x *hostBitEffect) do(st *State) {
	k := st.key("b"+x.name+"\x00", x.key)
	_, on := st.hosts.get(k, st.now)
	if x.op == ir.BitUnset || x.op == ir.BitToggle && on {
		st.hosts.delete(k)
		return
	}
	st.hosts.set(k, 1, st.now, x.ttl)
}

type hostIntEffect struct {
	op   ir.IntOp
	name string
	key  []int
	x    int
	ttl  int64
}

func (x *hostIntEffect) do(st *State) {
	v := decodeValue(st.val(x.x), classInt)
	if !v.OK {
		return
	}
	k := st.key("i"+x.name+"\x00", x.key)
	old, _ := st.hosts.get(k, st.now)
	switch x.op {
	case ir.IntAdd:
		v.I += old
	case ir.IntSub:
		v.I = old - v.I
	}
	st.hosts.set(k, v.I, st.now, x.ttl)
}

type datasetEffect struct {
	set    *ir.Dataset
	x      int
	remove bool
}

func (x *datasetEffect) do(st *State) {
	if v := st.val(x.x); v != nil {
		st.changeSet(x.set, v, x.remove)
	}
}

func (st *State) changeSet(d *ir.Dataset, v []byte, remove bool) {
	if remove {
		st.dataset(d).delete(v)
		return
	}
	if d.Fits(v) {
		st.dataset(d).set(v, 1, st.now, forever)
	}
}

func (b *builder) datasetEffect(o *orderedPart, r *Rule, set *ir.Dataset, x ir.Expr, remove bool) {
	b.dataset(set)
	if f, ok := x.(*ir.Field); ok && f.F.Multi {
		if e := b.quantEffect(o, f.F, set, remove); e != nil {
			o.effects = append(o.effects, e)
			return
		}
		b.c.errorf(r.Pos, "a data set wants one value, and %s has several", f.F.Name)
		return
	}
	o.effects = append(o.effects, &datasetEffect{set, o.capture(b.c.value(x)), remove})
}

func (b *builder) lateEffect(o *orderedPart, r *Rule, e ir.Effect) {
	ttl := func(n int64) int64 {
		if n <= 0 {
			return defaultTTL
		}
		return n
	}
	switch e := e.(type) {
	case *ir.SetHostBit:
		o.effects = append(o.effects, &hostBitEffect{e.Op, e.Name, b.captureAll(o, e.Key), ttl(e.TTL)})
	case *ir.SetHostInt:
		v := b.c.value(e.X)
		if v.i == nil {
			b.c.errorf(r.Pos, "counter %s wants a number", e.Name)
			return
		}
		o.effects = append(o.effects, &hostIntEffect{e.Op, e.Name, b.captureAll(o, e.Key), o.capture(v), ttl(e.TTL)})
	case *ir.AddDataset:
		b.datasetEffect(o, r, e.Set, e.X, false)
	case *ir.RemoveDataset:
		b.datasetEffect(o, r, e.Set, e.X, true)
	}
}
