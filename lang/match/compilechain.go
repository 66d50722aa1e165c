package match

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"

	"github.com/luanids/luanids/lang/ir"
)

// content compiles a chain. On a multi-valued field it becomes any(F: chain).
func (c *compiler) content(x *ir.Content) *node {
	if f, ok := x.Buf.(*ir.Field); ok && f.F.Multi {
		return c.quant(&ir.Quant{F: f.F, Pos: x.Pos, Body: &ir.Content{
			Buf: &ir.Elem{F: f.F, Pos: x.Pos}, Items: x.Items, Pos: x.Pos}})
	}
	// Tests of absence and of the end hold for good only when the buffer is complete.
	if waitsForEnd(x.Items) {
		defer c.rule.uses.wait()()
	}
	v := c.value(x.Buf)
	if v.b == nil {
		return c.badType(x.Pos, "a content chain", "a string or bytes")
	}
	if len(x.Items) == 0 {
		return c.cond(&ir.Exists{X: x.Buf, Pos: x.Pos})
	}
	key := append(append(c.key[:0], "has["...), v.key...)
	for _, it := range x.Items {
		key = c.appendItemKey(key, it)
	}
	c.key = key
	if n := c.conds[string(key)]; n != nil {
		return c.again(n)
	}
	ch := newChain(len(x.Items))
	ch.x = v.b
	_, ch.stream = v.b.(payloadField)
	vars := false
	c.items(ch.items, x.Items, &vars)
	ch.mustOccur()
	return c.keepCond(string(key), func() *node {
		n := c.from(v, ch, chainCost(ch.items))
		n.vars = vars
		return n
	})
}

// waitsForEnd tells whether an item's truth may be undone by more bytes.
func waitsForEnd(items []ir.Item) bool {
	for _, it := range items {
		switch it := it.(type) {
		case *ir.Lit:
			if it.Neg || it.EndsWith {
				return true
			}
		case *ir.Re:
			if it.Neg {
				return true
			}
		case *ir.IsDataAt:
			if it.Neg {
				return true
			}
		case *ir.SizeTest:
			if it.Neg || it.Op != ir.TestGt && it.Op != ir.TestGe {
				return true
			}
		}
	}
	return false
}

func chainCost(items []item) int {
	cost := 10
	for i := range items {
		switch items[i].kind {
		case kLit:
			cost += 25
		case kRe:
			cost += 400
		case kBase64, kEntropy, kASN1:
			cost += 200
		default:
			cost += 3
		}
	}
	return cost
}

// newChain makes a chain of so many items: of few in one piece with them, as there are tens of thousands, which the collector walks through.
func newChain(items int) *chain {
	switch items {
	case 1:
		x := new(struct {
			chain
			room [1]item
		})
		x.items = x.room[:]
		return &x.chain
	case 2:
		x := new(struct {
			chain
			room [2]item
		})
		x.items = x.room[:]
		return &x.chain
	}
	return &chain{items: make([]item, items)}
}

// items compiles the items of a chain into out.
func (c *compiler) items(out []item, in []ir.Item, vars *bool) {
	for i, x := range in {
		c.item(&out[i], x, vars)
	}
	link(out)
}

// link finds which items are tried again when a later one fails, and which failures are final.
func link(items []item) {
	for i := range items {
		it := &items[i]
		it.retry = it.setsPos() && !it.neg && dependsOn(items[i+1:])
		if it.kind == kLit || it.kind == kRe {
			it.fatal = !it.relative && !it.usesVars()
		}
		if it.kind == kLit && it.relative && !it.neg {
			it.fatal = onlyForward(items[:i+1])
		}
	}
	for i := range items {
		if items[i].dest != 0 || items[i].kind == kBase64 {
			return // what is extracted differs from place to place
		}
	}
	for i := range items {
		items[i].spent = items[i].fatal
	}
}

// onlyForward tells of the last item, a relative literal: if it is not found from one position
// on, it is not found from any position that trying again the items before would give. So it is when it reaches to the
// end of the buffer, and those before are literals, whose next places are further on.
func onlyForward(items []item) bool {
	last := &items[len(items)-1]
	if last.within_.has || last.depth.has || last.usesVars() {
		return false
	}
	for i := len(items) - 2; i >= 0; i-- {
		it := &items[i]
		if !it.setsPos() {
			continue
		}
		if it.kind != kLit || it.usesVars() {
			return false
		}
		if !it.relative {
			break
		}
	}
	return true
}

// dependsOn tells whether one of the items counts from the position before them.
func dependsOn(items []item) bool {
	for i := range items {
		it := &items[i]
		if it.relative {
			return true
		}
		if it.setsPos() {
			return false
		}
	}
	return false
}

func (it *item) setsPos() bool {
	switch it.kind {
	case kLit, kRe:
		return !it.neg
	case kByteJump, kByteExtract, kByteMath:
		return true
	}
	return false
}

func (it *item) usesVars() bool {
	return it.offset.v|it.depth.v|it.distance.v|it.within_.v != 0 || it.numeric != nil && it.n.v|it.hi.v != 0
}

func (c *compiler) item(it *item, x ir.Item, vars *bool) {
	switch x := x.(type) {
	case *ir.Lit:
		*it = item{kind: kLit, neg: x.Neg, relative: x.Distance != nil || x.Within != nil, starts: x.StartsWith, ends: x.EndsWith,
			needle: c.needleOf(x.Bytes, x.NoCase), offset: c.opt(x.Offset, vars, x.Pos), depth: c.opt(x.Depth, vars, x.Pos),
			distance: c.opt(x.Distance, vars, x.Pos), within_: c.opt(x.Within, vars, x.Pos)}
	case *ir.Re:
		*it = item{kind: kRe, neg: x.Neg, relative: x.Relative, re: x.Re, within_: c.opt(x.Within, vars, x.Pos)}
	case *ir.IsDataAt:
		*it = item{kind: kIsDataAt, neg: x.Neg, relative: x.Relative, numeric: &numeric{n: c.num(x.N, vars, x.Pos)}}
	case *ir.ByteTest:
		*it = item{kind: kByteTest, neg: x.Neg, relative: x.Relative, numeric: &numeric{op: x.Op, n: c.num(x.Value, vars, x.Pos)}}
		it.offset = c.place(x.Offset, vars, x.Pos)
		it.conv = c.conv(&x.Conv, vars, x.Pos)
	case *ir.ByteJump:
		*it = item{kind: kByteJump, relative: x.Relative, fromBegin: x.FromBeginning, fromEnd: x.FromEnd,
			numeric: &numeric{mult: max(1, x.Multiplier), hi: c.num(x.Post, vars, x.Pos)}}
		if x.Align {
			it.align = 4
		}
		it.offset = c.place(x.Offset, vars, x.Pos)
		it.conv = c.conv(&x.Conv, vars, x.Pos)
	case *ir.ByteExtract:
		*it = item{kind: kByteExtract, relative: x.Relative, numeric: &numeric{mult: max(1, x.Multiplier), align: uint8(x.Align)}}
		it.offset = c.place(x.Offset, vars, x.Pos)
		it.conv = c.conv(&x.Conv, vars, x.Pos)
		it.dest = c.variable(x.Name, x.Pos, vars)
	case *ir.ByteMath:
		*it = item{kind: kByteMath, relative: x.Relative, numeric: &numeric{mathOp: x.Op, n: c.num(x.R, vars, x.Pos)}}
		it.offset = c.place(x.Offset, vars, x.Pos)
		it.conv = c.conv(&x.Conv, vars, x.Pos)
		it.dest = c.variable(x.Name, x.Pos, vars)
	case *ir.Base64:
		*it = item{kind: kBase64, relative: x.Relative, numeric: &numeric{b64: &base64Item{bytes: x.Bytes, offset: x.Offset, mode: x.Mode}}}
		it.b64.sub.items = make([]item, len(x.Items))
		c.items(it.b64.sub.items, x.Items, vars)
	case *ir.SizeTest:
		*it = item{kind: kSize, neg: x.Neg, numeric: &numeric{op: x.Op, n: c.num(x.N, vars, x.Pos), hi: c.num(x.Hi, vars, x.Pos)}}
	case *ir.Entropy:
		*it = item{kind: kEntropy, relative: x.Relative, numeric: &numeric{ent: x}}
	case *ir.ASN1:
		*it = item{kind: kASN1, relative: x.Relative, numeric: &numeric{asn: x}}
	default:
		c.errorf(ir.Pos{}, "cannot compile the item %T", x)
	}
}

func (c *compiler) conv(x *ir.Conv, vars *bool, pos ir.Pos) conv {
	out := conv{bytes: c.num(x.Bytes, vars, pos), little: x.Little, text: x.String, signed: x.Signed, dce: x.DCE,
		base: uint8(x.Base), mask: x.Bitmask}
	if x.Bitmask != 0 {
		out.shift = uint8(bits.TrailingZeros32(x.Bitmask))
	}
	return out
}

func (c *compiler) opt(n *ir.Num, vars *bool, pos ir.Pos) place {
	if n == nil {
		return place{}
	}
	return c.place(*n, vars, pos)
}

// place compiles a place in a buffer, or a distance. None is beyond 2 GiB.
func (c *compiler) place(n ir.Num, vars *bool, pos ir.Pos) place {
	x := c.num(n, vars, pos)
	return place{int32(min(max(x.n, math.MinInt32), math.MaxInt32)), x.v, true}
}

// num resolves a number; a variable must have been extracted before.
func (c *compiler) num(n ir.Num, vars *bool, pos ir.Pos) num {
	if n.Var == "" {
		return num{n: n.N}
	}
	*vars = true
	i, ok := c.rule.vars[n.Var]
	if !ok {
		c.errorf(pos, "variable %s is used before anything extracts it", n.Var)
		return num{}
	}
	return num{v: uint8(i + 1)}
}

func (c *compiler) variable(name string, pos ir.Pos, vars *bool) uint8 {
	*vars = true
	i, ok := c.rule.vars[name]
	if !ok {
		i = len(c.rule.vars)
		if i == maxVars {
			c.errorf(pos, "a rule can have %d variables at most", maxVars)
			return 1
		}
		if c.rule.vars == nil {
			c.rule.vars = map[string]int{}
		}
		c.rule.vars[name] = i
	}
	return uint8(i + 1)
}

// appendItemKey appends what tells one item from another.
func (c *compiler) appendItemKey(b []byte, x ir.Item) []byte {
	b = append(b, ';')
	switch x := x.(type) {
	case *ir.Lit:
		b = append(strconv.AppendInt(b, int64(len(x.Bytes)), 10), ':')
		b = append(b, x.Bytes...)
		for i, on := range [...]bool{x.NoCase, x.Neg, x.StartsWith, x.EndsWith} {
			if on {
				b = append(b, "inse"[i])
			}
		}
		for i, n := range [...]*ir.Num{x.Offset, x.Depth, x.Distance, x.Within} {
			if n != nil {
				b = append(append(b, "odDw"[i]), n.Var...)
				b = strconv.AppendInt(b, n.N, 10)
			}
		}
		return b
	case *ir.Re:
		b = append(append(b, '~'), c.id(x.Re)...)
		if x.Within != nil {
			b = fmt.Append(b, *x.Within)
		}
		return fmt.Append(b, x.Neg, x.Relative)
	case *ir.IsDataAt:
		return fmt.Append(b, "@", x.N, x.Neg, x.Relative)
	case *ir.ByteTest:
		return fmt.Append(b, "t", x.Conv, x.Op, x.Neg, x.Value, x.Offset, x.Relative)
	case *ir.SizeTest:
		return fmt.Append(b, "s", x.Op, x.N, x.Hi, x.Neg)
	case *ir.ByteJump:
		return fmt.Append(b, "j", x.Conv, x.Offset, x.Relative, x.Multiplier, x.Align, x.FromBeginning, x.FromEnd, x.Post)
	}
	return append(b, c.id(x)...) // those with variables are not shared; the rest is rare enough
}
