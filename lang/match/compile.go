package match

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
)

// compiler turns expressions into nodes. Equal expressions become one node.
type compiler struct {
	p      *Program
	values map[string]*value
	fields map[*dissect.Field]*value // those of values that are plain fields
	conds  map[string]*node
	ids    map[any]int               // numbers for pointers, in keys
	needle [2]map[string]*mpm.Needle // by case, and bytes
	facts  map[*dissect.Field]fieldFacts
	heads  map[ir.Expr]*headTerm

	depth int // of quantifiers around
	rule  *ruleState
	key   []byte // of the condition at hand
	parts []headPart
}

// newCompiler makes a compiler of about so many rules.
func newCompiler(p *Program, rules int) *compiler {
	return &compiler{p: p, values: map[string]*value{}, fields: map[*dissect.Field]*value{}, conds: make(map[string]*node, rules), ids: map[any]int{},
		needle: [2]map[string]*mpm.Needle{make(map[string]*mpm.Needle, rules), make(map[string]*mpm.Needle, rules)},
		facts:  map[*dissect.Field]fieldFacts{}, heads: map[ir.Expr]*headTerm{}}
}

// ruleState is what the compiler knows of the rule at hand.
type ruleState struct {
	src    *ir.Rule
	vars   map[string]int // name -> index
	fields fieldSet
	// late counts fields under which a test of absence waits for the end of growth.
	uses fieldUses
	// asked says that the rule names fields of a question, beside which others are about the answer.
	asked bool
	err   error
	pos   ir.Pos
}

func (c *compiler) errorf(pos ir.Pos, format string, args ...any) {
	if c.rule.err == nil {
		c.rule.err, c.rule.pos = fmt.Errorf(format, args...), pos
	}
}

func (c *compiler) id(p any) string {
	n, ok := c.ids[p]
	if !ok {
		n = len(c.ids)
		c.ids[p] = n
	}
	return strconv.Itoa(n)
}

// use notes that the rule names f.
func (c *compiler) use(f *dissect.Field) {
	c.rule.fields.add(f)
	if f.Grows && c.rule.uses.negated {
		if c.rule.uses.late == nil {
			c.rule.uses.late = map[*dissect.Field]bool{}
		}
		c.rule.uses.late[f] = true
	}
}

// noValue stands where an expression could not be compiled.
var noValue = &value{i: intConst(0), b: bytesConst(nil), f: floatConst(0), p: ipConst(netip.Addr{}), key: "?"}

// ---- values

func (c *compiler) value(x ir.Expr) *value {
	switch x := x.(type) {
	case *ir.Field:
		if x.F.Multi {
			c.errorf(x.Pos, "%s has any number of values: say any(...) or all(...)", x.F.Name)
			return noValue
		}
		c.use(x.F)
		return c.field(x.F)
	case *ir.Elem:
		return c.elem(x)
	case *ir.Const:
		return c.constant(x)
	case *ir.Arith:
		return c.arith(x)
	case *ir.Len:
		v := c.value(x.X)
		if v.b == nil {
			c.errorf(x.Pos, "len wants a string or bytes")
			return noValue
		}
		return c.keep("len("+v.key+")", v, func() *value { return &value{i: &length{v.b}, cost: v.cost + 1} })
	case *ir.Count:
		c.rule.fields.add(x.F)
		return c.keep("count("+x.F.Name+")", nil, func() *value { return &value{i: &count{x.F}, cost: 20} })
	case *ir.Call:
		return c.call(x)
	case *ir.Transform:
		return c.transform(x)
	case *ir.FlowInt:
		n := c.flowInt(x.Name)
		return c.keep("flowint:"+x.Name, nil, func() *value { return &value{i: &flowInt{n}, cost: 10, volatile: true} })
	case *ir.Rep:
		v := c.value(x.X)
		return c.keep("rep("+c.id(x.Table)+","+v.key+")", v, func() *value {
			return &value{i: &reputation{v.p, x.Table.Lookup}, cost: v.cost + 20}
		})
	case *ir.HostInt:
		c.errorf(x.Pos, "a host counter can only be compared with a constant")
		return noValue
	case nil:
		c.errorf(ir.Pos{}, "an expression is missing")
		return noValue
	}
	if x.Type() == dissect.TBool {
		n := c.cond(x)
		return &value{i: condValue{n.cond}, key: n.key, elem: n.elem, volatile: n.volatile, cost: n.cost}
	}
	c.errorf(ir.Pos{}, "cannot compile %T", x)
	return noValue
}

// condValue is the truth of a condition as a value.
type condValue struct{ c cond }

func (n condValue) int(m *Matcher) (int64, bool) { return b2i(n.c.test(m)), true }

// keep gives the value of that key, or makes it; of says what it depends on.
func (c *compiler) keep(key string, of *value, make func() *value) *value {
	if v, ok := c.values[key]; ok {
		return v
	}
	v := make()
	v.key = key
	if of != nil {
		v.elem, v.volatile = v.elem || of.elem, v.volatile || of.volatile
	}
	c.values[key] = v
	return v
}

func (c *compiler) field(f *dissect.Field) *value {
	v, ok := c.fields[f]
	if !ok {
		v = c.fieldOf(f)
		c.fields[f] = v
	}
	return v
}

func (c *compiler) fieldOf(f *dissect.Field) *value {
	return c.keep("$"+f.Name, nil, func() *value {
		if v := intrinsic(f.Name); v != nil {
			return v
		}
		switch {
		case f.Bytes != nil:
			return &value{b: &bytesField{f.Bytes}, cost: 3}
		case f.Int != nil:
			return &value{i: &intField{f.Int, f.IntOfPacket}, cost: 2}
		case f.Float != nil:
			return &value{f: &floatField{f.Float}, cost: 2}
		case f.IP != nil:
			return &value{p: &ipField{f.IP}, cost: 4}
		}
		return noValue
	})
}

// intrinsic gives the fields that the matcher reads by itself: those that headers are made of.
func intrinsic(name string) *value {
	switch name {
	case ir.FieldPayload:
		return &value{b: payloadField{}, cost: 3}
	case ir.FieldSrcIP:
		return &value{p: ipView{}, cost: 3}
	case ir.FieldDstIP:
		return &value{p: ipView{true}, cost: 3}
	case ir.FieldSrcPort:
		return &value{i: portView{}, cost: 1}
	case ir.FieldDstPort:
		return &value{i: portView{true}, cost: 1}
	case ir.FieldProto:
		return &value{i: protoView{}, cost: 1}
	case ir.FieldTCP:
		return &value{i: protoIs{6, 6}, cost: 1}
	case ir.FieldUDP:
		return &value{i: protoIs{17, 17}, cost: 1}
	case ir.FieldICMP:
		return &value{i: protoIs{1, 58}, cost: 1}
	case "icmpv4":
		return &value{i: protoIs{1, 1}, cost: 1}
	case "icmpv6":
		return &value{i: protoIs{58, 58}, cost: 1}
	case ir.FieldSCTP:
		return &value{i: protoIs{132, 132}, cost: 1}
	case "ip":
		return &value{i: versionIs{0}, cost: 1}
	case ir.FieldIPv4:
		return &value{i: versionIs{4}, cost: 1}
	case ir.FieldIPv6:
		return &value{i: versionIs{6}, cost: 1}
	case ir.FieldToServer:
		return &value{i: dirIs{dissect.ToServer}, cost: 1}
	case ir.FieldToClient:
		return &value{i: dirIs{dissect.ToClient}, cost: 1}
	}
	return nil
}

// elem is a value of a list within any or all. Its key is no name of a place ("list[0]").
func (c *compiler) elem(x *ir.Elem) *value {
	level := c.depth - 1 - x.Up
	if level < 0 || !x.F.Multi {
		c.errorf(x.Pos, "%s can be used only within any(...) or all(...)", x.F.Name)
		return noValue
	}
	c.use(x.F)
	return c.keep("$"+x.F.Name+"[each "+strconv.Itoa(level)+"]", nil, func() *value {
		v := &value{elem: true, cost: 4}
		switch {
		case x.F.BytesN != nil:
			v.b = &bytesElem{x.F.BytesN, level}
		case x.F.IntN != nil:
			v.i = &intElem{x.F.IntN, level}
		case x.F.IPN != nil:
			v.p = &ipElem{x.F.IPN, level}
		}
		return v
	})
}

func (c *compiler) constant(x *ir.Const) *value {
	switch classOf(x.T) {
	case classFloat:
		return &value{f: floatConst(x.V.F), key: strconv.FormatFloat(x.V.F, 'g', -1, 64)}
	case classBytes:
		return &value{b: bytesConst(x.V.B), key: strconv.Quote(string(x.V.B))}
	case classIP:
		return &value{p: ipConst(x.V.IP), key: x.V.IP.String()}
	}
	return &value{i: intConst(x.V.I), key: strconv.FormatInt(x.V.I, 10)}
}

func (c *compiler) arith(x *ir.Arith) *value {
	a, b := c.value(x.X), c.value(x.Y)
	key := "(" + a.key + " o" + strconv.Itoa(int(x.Op)) + " " + b.key + ")"
	if a.i != nil && b.i != nil {
		return c.keep(key, &value{elem: a.elem || b.elem, volatile: a.volatile || b.volatile}, func() *value {
			return &value{i: &arith{x.Op, a.i, b.i}, cost: a.cost + b.cost + 1}
		})
	}
	fa, fb := asFloat(a), asFloat(b)
	if fa == nil || fb == nil {
		c.errorf(x.Pos, "arithmetic wants numbers")
		return noValue
	}
	return c.keep(key, &value{elem: a.elem || b.elem, volatile: a.volatile || b.volatile}, func() *value {
		return &value{f: &floatArith{x.Op, fa, fb}, cost: a.cost + b.cost + 1}
	})
}

func asFloat(v *value) fnode {
	switch {
	case v.f != nil:
		return v.f
	case v.i != nil:
		return intAsFloat{v.i}
	}
	return nil
}

func (c *compiler) call(x *ir.Call) *value {
	args := make([]*value, len(x.Args))
	key := "call" + c.id(x.Fn) + "("
	dep := &value{}
	cost := x.Fn.Cost()
	for i, a := range x.Args {
		args[i] = c.value(a)
		key += args[i].key + ","
		dep.elem = dep.elem || args[i].elem
		dep.volatile = dep.volatile || args[i].volatile
		cost += args[i].cost
	}
	return c.keep(key+")", dep, func() *value {
		n := &call{fn: x.Fn, args: args}
		v := &value{cost: cost}
		switch classOf(x.Fn.Result()) {
		case classBytes:
			v.b = n
			if !dep.elem && !dep.volatile {
				v.b = c.memoBytes(n)
			}
		case classFloat:
			v.f = n
		case classIP:
			v.p = n
		default:
			v.i = n
		}
		return v
	})
}

func (c *compiler) memoBytes(n bnode) bnode {
	c.p.nBytes++
	return &bytesMemo{n, c.p.nBytes - 1}
}

func (c *compiler) transform(x *ir.Transform) *value {
	v := c.value(x.X)
	if v.b == nil {
		c.errorf(x.Pos, "a transformation wants a string or bytes")
		return noValue
	}
	// Prefixes of chains of steps are shared: each step is a value of its own.
	for _, s := range x.Steps {
		of, step := v, s
		key := "t" + strconv.Itoa(int(s.Op)) + "(" + v.key
		switch s.Op {
		case ir.TXor:
			key += "," + strconv.Quote(string(s.Arg))
		case ir.TPcreXform:
			key += "," + c.id(s.Re) + "," + strconv.Itoa(s.N)
		case ir.TGunzip, ir.TZlibDeflate:
			key += "," + strconv.Itoa(s.N)
		case ir.TFromBase64:
			key += fmt.Sprintf(",%d,%d,%d", s.N, s.Offset, s.Mode)
		}
		v = c.keep(key+")", of, func() *value {
			var n bnode = &transform{of.b, []ir.TStep{step}}
			if !of.elem && !of.volatile {
				n = c.memoBytes(n)
			}
			return &value{b: n, cost: of.cost + 40}
		})
	}
	return v
}

func (c *compiler) flowInt(name string) uint32 { return number(c.p.flowInts, name) }
func (c *compiler) flowBit(name string) uint32 { return number(c.p.flowBits, name) }

// number gives names numbers in the order in which they come.
func number(m map[string]uint32, name string) uint32 {
	n, ok := m[name]
	if !ok {
		n = uint32(len(m))
		m[name] = n
	}
	return n
}
