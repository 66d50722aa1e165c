package unparse

import (
	"strconv"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

func num(n ir.Num) *syntax.Operand {
	if n.Var != "" {
		return &syntax.Operand{Var: n.Var}
	}
	return &syntax.Operand{Num: n.N}
}

func operand(n int) *syntax.Operand { return &syntax.Operand{Num: int64(n)} }

// position gives a place: nil for the beginning.
func position(n ir.Num, rel bool) (*syntax.Operand, bool) {
	if n == (ir.Num{}) && !rel {
		return nil, false
	}
	return num(n), rel
}

func (w *writer) items(items []ir.Item) []*syntax.Item {
	out := make([]*syntax.Item, len(items))
	for i, it := range items {
		out[i] = w.item(it)
	}
	return out
}

var testOps = map[ir.TestOp]syntax.Op{ir.TestEq: syntax.OpEq, ir.TestNe: syntax.OpNe, ir.TestLt: syntax.OpLt, ir.TestGt: syntax.OpGt,
	ir.TestLe: syntax.OpLe, ir.TestGe: syntax.OpGe, ir.TestAnd: syntax.OpBitAnd, ir.TestXor: syntax.OpBitXor, ir.TestInclude: syntax.OpIn}

func (w *writer) item(it ir.Item) *syntax.Item {
	switch it := it.(type) {
	case *ir.Lit:
		return literal(it)
	case *ir.Re:
		out := &syntax.Item{Kind: syntax.ItemRegex, Not: it.Neg, Lit: pattern(it.Re)}
		if it.Within != nil {
			out.Opts = append(out.Opts, syntax.Opt{Name: "within", Value: num(*it.Within)})
		} else if it.Relative {
			out.Opts = append(out.Opts, syntax.Opt{Name: "relative"})
		}
		return out
	case *ir.IsDataAt:
		return &syntax.Item{Kind: syntax.ItemDataAt, Not: it.Neg, Value: num(it.N), Rel: it.Relative}
	case *ir.ByteTest:
		out := &syntax.Item{Kind: syntax.ItemTest, Not: it.Neg, Op: testOps[it.Op], Value: num(it.Value)}
		w.conv(out, it.Conv, it.Offset, it.Relative)
		return out
	case *ir.ByteJump:
		return w.jump(it)
	case *ir.ByteExtract:
		out := &syntax.Item{Kind: syntax.ItemLet, Var: word(it.Name)}
		w.conv(out, it.Conv, it.Offset, it.Relative)
		if it.Align != 0 {
			out.Opts = append(out.Opts, syntax.Opt{Name: "align", Value: operand(it.Align)})
		}
		if it.Multiplier > 1 {
			out.Op, out.Value = syntax.OpMul, operand(int(it.Multiplier))
		}
		return out
	case *ir.ByteMath:
		op := map[byte]syntax.Op{'+': syntax.OpAdd, '-': syntax.OpSub, '*': syntax.OpMul, '/': syntax.OpDiv, '<': syntax.OpShl, '>': syntax.OpShr}[it.Op]
		out := &syntax.Item{Kind: syntax.ItemLet, Var: word(it.Name), Op: op, Value: num(it.R)}
		w.conv(out, it.Conv, it.Offset, it.Relative)
		if out.Num.Pos == nil && (op == syntax.OpAdd || op == syntax.OpSub) {
			out.Num.Pos = operand(0) // u8 +1 would be the byte after the next
		}
		return out
	case *ir.Base64:
		return w.base64(it)
	case *ir.SizeTest:
		return w.size(it)
	case *ir.Entropy:
		return w.entropy(it)
	case *ir.ASN1:
		return asn1(it)
	}
	w.cannot("an element of a content chain")
	return &syntax.Item{Kind: syntax.ItemDataAt, Value: operand(0)}
}

func literal(l *ir.Lit) *syntax.Item {
	out := &syntax.Item{Kind: syntax.ItemPattern, Not: l.Neg, Lit: text(l.Bytes)}
	opt := func(name string, n *ir.Num) {
		if n != nil {
			out.Opts = append(out.Opts, syntax.Opt{Name: name, Value: num(*n)})
		}
	}
	flag := func(name string, on bool) {
		if on {
			out.Opts = append(out.Opts, syntax.Opt{Name: name})
		}
	}
	exact := func(n *ir.Num) bool { return n != nil && n.Var == "" && n.N == int64(len(l.Bytes)) }
	flag("nocase", l.NoCase)
	flag("startswith", l.StartsWith)
	flag("endswith", l.EndsWith)
	switch {
	case l.Offset != nil && exact(l.Depth):
		opt("at", l.Offset)
	default:
		opt("offset", l.Offset)
		opt("depth", l.Depth)
	}
	switch {
	case l.Distance != nil && exact(l.Within):
		out.Opts = append(out.Opts, syntax.Opt{Name: "at", Rel: true, Value: num(*l.Distance)})
	default:
		opt("distance", l.Distance)
		opt("within", l.Within)
	}
	if l.Fast {
		o := syntax.Opt{Name: "fast"}
		if l.FastLen > 0 {
			o.Value, o.Len = operand(l.FastOff), operand(l.FastLen)
		}
		out.Opts = append(out.Opts, o)
	}
	return out
}

// conv writes how a number stands in the buffer, and where.
func (w *writer) conv(out *syntax.Item, c ir.Conv, off ir.Num, rel bool) {
	t := "u"
	if c.Signed {
		t = "i"
	}
	order := "be"
	switch {
	case c.DCE:
		order = "dce"
	case c.Little:
		order = "le"
	}
	bytes := c.Bytes.Var != ""
	switch {
	case c.String:
		t = map[int]string{8: "oct", 10: "dec", 16: "hex"}[c.Base]
		if t == "" {
			t = "num"
		}
		if !bytes {
			t += strconv.FormatInt(c.Bytes.N, 10)
		}
	case bytes:
		t += order
	case c.Bytes.N == 1:
		t += "8"
	case c.Bytes.N == 3:
		t += order // there is no u24
		bytes = true
	default:
		t += strconv.FormatInt(c.Bytes.N*8, 10) + order
	}
	out.Num = &syntax.NumAt{Type: word(t)}
	out.Num.Pos, out.Num.Rel = position(off, rel)
	if bytes {
		out.Opts = append(out.Opts, syntax.Opt{Name: "bytes", Value: num(c.Bytes)})
	}
	if c.Bitmask != 0 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "mask", Value: &syntax.Operand{Raw: "0x" + strconv.FormatUint(uint64(c.Bitmask), 16), Num: int64(c.Bitmask)}})
	}
}

func (w *writer) jump(j *ir.ByteJump) *syntax.Item {
	out := &syntax.Item{Kind: syntax.ItemJump}
	w.conv(out, j.Conv, j.Offset, j.Relative)
	if j.Multiplier > 1 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "times", Value: operand(int(j.Multiplier))})
	}
	if j.Align {
		out.Opts = append(out.Opts, syntax.Opt{Name: "align"})
	}
	switch {
	case j.FromBeginning:
		out.Opts = append(out.Opts, syntax.Opt{Name: "from", Word: "start"})
	case j.FromEnd:
		out.Opts = append(out.Opts, syntax.Opt{Name: "from", Word: "end"})
	}
	if j.Post != (ir.Num{}) {
		out.Opts = append(out.Opts, syntax.Opt{Name: "plus", Value: num(j.Post)})
	}
	return out
}

func (w *writer) base64(b *ir.Base64) *syntax.Item {
	out := &syntax.Item{Kind: syntax.ItemBase64, Sub: w.items(b.Items)}
	if b.Bytes > 0 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "bytes", Value: operand(b.Bytes)})
	}
	if b.Offset != 0 || b.Relative {
		out.Opts = append(out.Opts, syntax.Opt{Name: "offset", Rel: b.Relative, Value: operand(b.Offset)})
	}
	if b.Mode != ir.Base64RFC4648 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "mode", Word: base64Modes[b.Mode]})
	}
	return out
}

func (w *writer) size(s *ir.SizeTest) *syntax.Item {
	out := &syntax.Item{Kind: syntax.ItemSize, Not: s.Neg, Op: testOps[s.Op], Value: num(s.N)}
	switch s.Op {
	case ir.TestInclude:
		out.Hi = num(s.Hi)
	case ir.TestRange, ir.TestNotIn: // both ends are outside
		if s.N.Var != "" || s.Hi.Var != "" {
			w.cannot("a range of variables")
		}
		out.Op, out.Value, out.Hi = syntax.OpIn, operand(int(s.N.N)+1), operand(int(s.Hi.N)-1)
		out.Not = s.Neg != (s.Op == ir.TestNotIn)
	}
	return out
}

func asn1(a *ir.ASN1) *syntax.Item {
	out := &syntax.Item{Kind: syntax.ItemASN1}
	if a.Offset != 0 || a.Relative {
		out.Opts = append(out.Opts, syntax.Opt{Name: "offset", Rel: a.Relative, Value: operand(a.Offset)})
	}
	if a.Oversize > 0 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "oversize", Value: operand(int(a.Oversize))})
	}
	if a.Bitstring {
		out.Opts = append(out.Opts, syntax.Opt{Name: "bitstring"})
	}
	if a.Double {
		out.Opts = append(out.Opts, syntax.Opt{Name: "double"})
	}
	return out
}

func (w *writer) entropy(e *ir.Entropy) *syntax.Item {
	f := func(v float64) *syntax.Operand {
		return &syntax.Operand{Raw: strconv.FormatFloat(v, 'f', -1, 64), Float: v, Num: int64(v)}
	}
	out := &syntax.Item{Kind: syntax.ItemEntropy, Op: testOps[e.Op], Value: f(e.Value)}
	switch e.Op {
	case ir.TestInclude:
		out.Hi = f(e.Hi)
	case ir.TestRange, ir.TestNotIn:
		out.Op, out.Hi, out.Open, out.Not = syntax.OpIn, f(e.Hi), true, e.Op == ir.TestNotIn
	}
	if e.Bytes > 0 {
		out.Opts = append(out.Opts, syntax.Opt{Name: "bytes", Value: operand(e.Bytes)})
	}
	if e.Offset != 0 || e.Relative {
		out.Opts = append(out.Opts, syntax.Opt{Name: "offset", Rel: e.Relative, Value: operand(e.Offset)})
	}
	if e.Name != "" {
		out.Opts = append(out.Opts, syntax.Opt{Name: "as", Word: e.Name})
	}
	return out
}
