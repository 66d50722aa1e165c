package check

import (
	"math"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// has evaluates a content chain on a buffer.
func (c *checker) has(h *syntax.Has) ir.Expr {
	fr := c.open()
	defer c.discard(fr)
	v := c.value(h.X)
	if v.bad() {
		return nil
	}
	if class(v.t) != classText || v.x == nil && v.multi == nil || v.konst() != nil {
		c.report(diag.BufferType(h.X.Range(), c.text(h.X), v.kind()))
		return nil
	}
	content := &ir.Content{Buf: v.x, Items: c.items(h.Items), Pos: c.pos(h.Range())}
	if len(content.Items) == 0 {
		return nil
	}
	if v.multi != nil {
		content.Buf = &ir.Field{F: v.multi, Pos: c.pos(h.X.Range())} // any value
		if h.Quant == syntax.QuantAll || c.within(v.multi) {
			if content.Buf = c.elem(v.multi, h.X.Range()); content.Buf == nil {
				return nil
			}
		}
	} else if h.Quant != syntax.QuantNone && fr.f == nil {
		c.report(diag.NotMulti(h.X.Range(), h.Quant.String(), c.text(h.X)))
		return nil
	}
	if e := c.close(fr, h.Quant, content); h.Quant != syntax.QuantNo || fr.f != nil {
		return e
	}
	return &ir.Not{X: content}
}

// within tells whether an any(field: ...) around this place stands at a value of f.
func (c *checker) within(f *dissect.Field) bool {
	for _, fr := range c.frames {
		if fr.explicit && siblings(fr.f, f) {
			return true
		}
	}
	return false
}

// items evaluates the elements of a chain; nil if one is wrong.
func (c *checker) items(items []*syntax.Item) []ir.Item {
	out := make([]ir.Item, 0, len(items))
	ok := true
	for _, it := range items {
		before := len(c.list)
		made := c.item(it)
		ok = ok && len(made) > 0 && !hasErrors(c.list[before:])
		out = append(out, made...)
	}
	if !ok {
		return nil
	}
	return out
}

func hasErrors(l diag.List) bool { return l.Errors() > 0 }

func (c *checker) item(it *syntax.Item) []ir.Item {
	pos := c.pos(it.Range())
	switch it.Kind {
	case syntax.ItemPattern:
		return c.pattern(it, pos)
	case syntax.ItemRegex:
		return c.itemRegex(it, pos)
	case syntax.ItemTest:
		return c.byteTest(it, pos)
	case syntax.ItemLet:
		return c.extract(it, pos)
	case syntax.ItemJump:
		return c.jump(it, pos)
	case syntax.ItemDataAt:
		return []ir.Item{&ir.IsDataAt{N: c.num(it.Value), Neg: it.Not, Relative: it.Rel, Pos: pos}}
	case syntax.ItemSize:
		s := &ir.SizeTest{Op: testOps[it.Op], N: c.num(it.Value), Neg: it.Not, Pos: pos}
		if it.Hi != nil {
			s.Op, s.Hi = ir.TestInclude, c.num(it.Hi)
			if it.Open {
				s.Op = ir.TestRange
			}
		}
		return []ir.Item{s}
	case syntax.ItemEntropy:
		return c.entropy(it, pos)
	case syntax.ItemASN1:
		return c.asn1(it, pos)
	}
	return c.base64(it, pos)
}

// num evaluates a number or a variable.
func (c *checker) num(o *syntax.Operand) ir.Num {
	if o == nil {
		return ir.Num{}
	}
	if o.Var != "" && !c.vars[o.Var] {
		c.report(diag.UnknownVariable(o.Range(), o.Var))
	}
	return ir.Num{N: o.Num, Var: o.Var}
}

func (c *checker) numPtr(o *syntax.Operand) *ir.Num {
	n := c.num(o)
	return &n
}

// pattern evaluates "text" with its options.
func (c *checker) pattern(it *syntax.Item, pos ir.Pos) []ir.Item {
	l := &ir.Lit{Bytes: []byte(it.Lit.Str), Neg: it.Not, Pos: pos}
	if len(l.Bytes) == 0 {
		c.report(diag.EmptyPattern(it.Lit.Range()))
		return nil
	}
	if it.Lit.Kind == syntax.LitString {
		c.piped(it.Lit.Range(), it.Lit.Str)
	}
	size := &ir.Num{N: int64(len(l.Bytes))}
	abs, rel, at := "", "", ""
	for i := range it.Opts {
		o := &it.Opts[i]
		switch o.Name {
		case "nocase":
			l.NoCase = true
		case "startswith":
			l.StartsWith = true
		case "endswith":
			l.EndsWith = true
		case "fast":
			l.Fast = true
			if o.Len != nil {
				l.FastOff, l.FastLen = int(o.Value.Num), int(o.Len.Num)
				if l.FastOff+l.FastLen > len(l.Bytes) || l.FastOff < 0 || l.FastLen <= 0 {
					c.report(diag.BadOptionValue(o.Range(), "fast", "a part of the pattern"))
				}
			}
		case "offset":
			abs, l.Offset = o.Name, c.numPtr(o.Value)
			c.fromStart(o)
		case "depth":
			abs, l.Depth = o.Name, c.numPtr(o.Value)
			c.wide(it, o, len(l.Bytes))
		case "distance":
			rel, l.Distance = o.Name, c.numPtr(o.Value)
		case "within":
			rel, l.Within = o.Name, c.numPtr(o.Value)
			c.wide(it, o, len(l.Bytes))
		case "at":
			at = o.Name
			if o.Rel {
				rel, l.Distance, l.Within = o.Name, c.numPtr(o.Value), size
			} else {
				abs, l.Offset, l.Depth = o.Name, c.numPtr(o.Value), size
				c.fromStart(o)
			}
		}
		c.once(it, i)
	}
	if abs != "" && rel != "" {
		c.report(diag.OptionConflict(it.Range(), abs, rel))
	} else if at != "" {
		for _, o := range it.Opts {
			switch o.Name {
			case "offset", "depth", "distance", "within":
				c.report(diag.OptionConflict(it.Range(), at, o.Name))
			}
		}
	}
	return []ir.Item{l}
}

// fromStart reports a place before the start of the buffer.
func (c *checker) fromStart(o *syntax.Opt) {
	if o.Value.Var == "" && o.Value.Num < 0 {
		c.report(diag.BadOptionValue(o.Range(), o.Name, "0 or more: it counts from the start; distance counts from the last match and may be negative"))
	}
}

// wide warns when a pattern does not fit into its range.
func (c *checker) wide(it *syntax.Item, o *syntax.Opt, n int) {
	if o.Value.Var == "" && o.Value.Num < int64(n) && !it.Not {
		c.report(diag.TooNarrow(o.Range(), o.Name, int(o.Value.Num), n))
	}
}

// once reports an option given twice.
func (c *checker) once(it *syntax.Item, i int) {
	for _, o := range it.Opts[:i] {
		if o.Name == it.Opts[i].Name {
			c.report(diag.Twice(it.Opts[i].Range(), o.Name))
		}
	}
}

func (c *checker) itemRegex(it *syntax.Item, pos ir.Pos) []ir.Item {
	re := c.regex(it.Lit, it.Lit.Range(), false)
	if re == nil {
		return nil
	}
	r := &ir.Re{Re: re, Neg: it.Not, Pos: pos}
	for i := range it.Opts {
		o := &it.Opts[i]
		r.Relative = true
		if o.Name == "within" {
			r.Within = c.numPtr(o.Value)
		}
		c.once(it, i)
	}
	return []ir.Item{r}
}

var testOps = map[syntax.Op]ir.TestOp{syntax.OpEq: ir.TestEq, syntax.OpNe: ir.TestNe, syntax.OpLt: ir.TestLt, syntax.OpGt: ir.TestGt,
	syntax.OpLe: ir.TestLe, syntax.OpGe: ir.TestGe, syntax.OpBitAnd: ir.TestAnd, syntax.OpBitXor: ir.TestXor}

// conv evaluates the encoding of a number.
func (c *checker) conv(it *syntax.Item) ir.Conv {
	t := it.Num.Type.Text
	var v ir.Conv
	digits := ""
	if base, ok := map[string]int{"dec": 10, "hex": 16, "oct": 8, "num": 0}[t[:min(3, len(t))]]; ok {
		v.String, v.Base, digits = true, base, t[3:]
	} else {
		v.Signed = t[0] == 'i'
		order := strings.TrimLeft(t[1:], "0123456789")
		digits = t[1 : len(t)-len(order)]
		v.Little, v.DCE = order == "le", order == "dce"
	}
	if digits != "" {
		n, _ := strconv.Atoi(digits) // the parser allows no other
		if !v.String {
			n /= 8
		}
		v.Bytes.N = int64(n)
	}
	for i := range it.Opts {
		o := &it.Opts[i]
		switch o.Name {
		case "bytes":
			v.Bytes = c.num(o.Value)
			if most := int64(map[bool]int{true: 23, false: 8}[v.String]); v.Bytes.Var == "" && (v.Bytes.N < 1 || v.Bytes.N > most) {
				c.report(diag.BadOptionValue(o.Range(), "bytes", "from 1 to "+strconv.FormatInt(most, 10)))
			}
		case "mask":
			if o.Value.Var != "" || o.Value.Num <= 0 || o.Value.Num > math.MaxUint32 {
				c.report(diag.BadOptionValue(o.Range(), "mask", "a number from 1 to 0xffffffff"))
				continue
			}
			v.Bitmask = uint32(o.Value.Num)
		}
		c.once(it, i)
	}
	if v.Bytes == (ir.Num{}) && digits == "" {
		c.report(diag.BadOptionValue(it.Num.Type.Range(), it.Num.Type.Text, "followed by bytes N, or say how long it is: "+it.Num.Type.Text+"4 or u16be"))
	}
	return v
}

func (c *checker) byteTest(it *syntax.Item, pos ir.Pos) []ir.Item {
	t := &ir.ByteTest{Conv: c.conv(it), Op: testOps[it.Op], Neg: it.Not, Value: c.num(it.Value),
		Offset: c.num(it.Num.Pos), Relative: it.Num.Rel, Pos: pos}
	if it.Hi == nil {
		c.holds(it, t.Conv, it.Op, it.Value)
		return []ir.Item{t}
	}
	if it.Not {
		c.report(diag.OptionConflict(it.Range(), "!", "in"))
		return nil
	}
	hi := *t
	t.Op, hi.Op, hi.Value = ir.TestGe, ir.TestLe, c.num(it.Hi)
	if it.Open {
		t.Op, hi.Op = ir.TestGt, ir.TestLt
	}
	return []ir.Item{t, &hi}
}

// extract evaluates let n = number: a variable for later elements.
func (c *checker) extract(it *syntax.Item, pos ir.Pos) []ir.Item {
	if it.Not {
		c.report(diag.OptionConflict(it.Range(), "!", "let"))
		return nil
	}
	conv, off := c.conv(it), c.num(it.Num.Pos)
	align := 0
	for i := range it.Opts {
		if o := &it.Opts[i]; o.Name == "align" {
			align = 4
			if o.Value != nil {
				align = int(o.Value.Num)
			}
			if align != 2 && align != 4 {
				c.report(diag.BadOptionValue(o.Range(), "align", "2 or 4"))
			}
		}
	}
	var value ir.Num
	if it.Op != 0 {
		value = c.num(it.Value)
	}
	if c.vars == nil {
		c.vars = map[string]bool{}
	}
	c.vars[it.Var.Text] = true
	if it.Op == 0 || it.Op == syntax.OpMul && it.Value.Var == "" && value.N > 0 {
		return []ir.Item{&ir.ByteExtract{Conv: conv, Name: it.Var.Text, Offset: off, Relative: it.Num.Rel,
			Multiplier: value.N, Align: align, Pos: pos}}
	}
	op := map[syntax.Op]byte{syntax.OpAdd: '+', syntax.OpSub: '-', syntax.OpMul: '*', syntax.OpDiv: '/', syntax.OpShl: '<', syntax.OpShr: '>'}[it.Op]
	if op == '/' && value == (ir.Num{}) {
		c.report(diag.BadOptionValue(it.Value.Range(), "the divisor", "other than 0"))
	}
	return []ir.Item{&ir.ByteMath{Conv: conv, Name: it.Var.Text, Offset: off, Relative: it.Num.Rel, Op: op, R: value, Pos: pos}}
}

func (c *checker) jump(it *syntax.Item, pos ir.Pos) []ir.Item {
	if it.Not {
		c.report(diag.OptionConflict(it.Range(), "!", "jump"))
		return nil
	}
	j := &ir.ByteJump{Conv: c.conv(it), Offset: c.num(it.Num.Pos), Relative: it.Num.Rel, Pos: pos}
	for i := range it.Opts {
		o := &it.Opts[i]
		switch o.Name {
		case "times":
			if j.Multiplier = o.Value.Num; o.Value.Var != "" || o.Value.Num < 1 {
				c.report(diag.BadOptionValue(o.Range(), "times", "a number above zero"))
			}
		case "align":
			j.Align = true
		case "plus":
			j.Post = c.num(o.Value)
		case "from":
			j.FromBeginning, j.FromEnd = o.Word == "start", o.Word == "end"
			if !j.FromBeginning && !j.FromEnd {
				c.report(diag.BadOptionValue(o.Range(), "from", "start or end"))
			}
		}
	}
	return []ir.Item{j}
}

func (c *checker) entropy(it *syntax.Item, pos ir.Pos) []ir.Item {
	e := &ir.Entropy{Op: testOps[it.Op], Value: it.Value.Float, Pos: pos}
	if it.Value.Var != "" {
		c.report(diag.NotConstant(it.Value.Range(), "the entropy"))
		return nil
	}
	if it.Hi != nil {
		e.Op, e.Hi = ir.TestInclude, it.Hi.Float
		if it.Open {
			e.Op = map[bool]ir.TestOp{false: ir.TestRange, true: ir.TestNotIn}[it.Not]
		}
	}
	if it.Not && !it.Open {
		c.report(diag.OptionConflict(it.Range(), "!", "entropy"))
		return nil
	}
	for i := range it.Opts {
		switch o := &it.Opts[i]; o.Name {
		case "bytes":
			e.Bytes = int(o.Value.Num)
		case "offset":
			e.Offset, e.Relative = int(o.Value.Num), o.Rel
		case "as":
			e.Name = o.Word
		}
		c.once(it, i)
	}
	return []ir.Item{e}
}

func (c *checker) asn1(it *syntax.Item, pos ir.Pos) []ir.Item {
	if it.Not {
		c.report(diag.OptionConflict(it.Range(), "!", "asn1"))
		return nil
	}
	a := &ir.ASN1{Pos: pos}
	for i := range it.Opts {
		switch o := &it.Opts[i]; o.Name {
		case "offset":
			a.Offset, a.Relative = int(o.Value.Num), o.Rel
		case "oversize":
			if a.Oversize = o.Value.Num; o.Value.Var != "" || o.Value.Num < 1 {
				c.report(diag.BadOptionValue(o.Range(), "oversize", "a number above zero"))
			}
		case "bitstring":
			a.Bitstring = true
		case "double":
			a.Double = true
		}
		c.once(it, i)
	}
	if a.Oversize == 0 && !a.Bitstring && !a.Double {
		c.report(diag.BadOptionValue(it.Range(), "what asn1 asks", "oversize, bitstring or double"))
	}
	return []ir.Item{a}
}

func (c *checker) base64(it *syntax.Item, pos ir.Pos) []ir.Item {
	if it.Not {
		c.report(diag.OptionConflict(it.Range(), "!", "base64"))
		return nil
	}
	b := &ir.Base64{Pos: pos}
	for i := range it.Opts {
		switch o := &it.Opts[i]; o.Name {
		case "bytes":
			b.Bytes = int(o.Value.Num)
		case "offset":
			b.Offset, b.Relative = int(o.Value.Num), o.Rel
		case "mode":
			mode, ok := base64Modes[o.Word]
			if !ok {
				c.report(diag.BadOptionValue(o.Range(), "mode", "rfc4648, rfc2045 or strict"))
			}
			b.Mode = mode
		}
		c.once(it, i)
	}
	if b.Items = c.items(it.Sub); b.Items == nil {
		return nil
	}
	return []ir.Item{b}
}
