package unparse

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
	"github.com/luanids/luanids/lang/syntax"
)

// writer builds the tree of a rule.
type writer struct {
	// lets are the sets that are called by their names, nil for none.
	lets *Lets
	// rule is the one that is written.
	rule *ir.Rule
	// problem is the first thing that the language cannot say.
	problem error
}

func (w *writer) cannot(what string) syntax.Expr {
	if w.problem == nil {
		w.problem = fmt.Errorf("%s cannot be written as .nids", what)
	}
	return lit("false")
}

func lit(raw string) *syntax.Lit { return &syntax.Lit{Raw: raw} }
func name(s string) *syntax.Name { return &syntax.Name{Text: s} }
func word(s string) *syntax.Word { return &syntax.Word{Text: s} }
func id(s string) *syntax.ID     { return &syntax.ID{Word: syntax.Word{Text: s}} }
func str(s string) *syntax.Lit   { return lit(syntax.Quote(s)) }
func integer[T ~int | ~int64 | ~uint32 | ~uint8](n T) *syntax.Lit {
	return lit(strconv.FormatInt(int64(n), 10))
}

func call(fn string, args ...syntax.Expr) *syntax.Call {
	return &syntax.Call{Func: word(fn), Args: args}
}

// text writes bytes as text if they are printable, else as a byte string.
func text(b []byte) *syntax.Lit {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\r' && c != '\n' && c != '\t' {
			return lit(syntax.QuoteBytes(string(b)))
		}
	}
	return str(string(b))
}

func duration(ns int64) *syntax.Lit { return lit(ir.DurationText(ns)) }

func constant(k *ir.Const) syntax.Expr {
	switch k.T {
	case dissect.TBool:
		return lit(strconv.FormatBool(k.V.I != 0))
	case dissect.TFloat:
		s := strconv.FormatFloat(k.V.F, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return lit(s)
	case dissect.TString, dissect.TBytes:
		return text(k.V.B)
	case dissect.TIP:
		return lit(k.V.IP.String())
	case dissect.TDuration:
		return duration(k.V.I)
	}
	if k.V.I < 0 {
		return &syntax.Unary{Op: syntax.OpNeg, X: lit(strconv.FormatInt(-k.V.I, 10))}
	}
	return integer(k.V.I)
}

func pattern(re *regex.Regex) *syntax.Lit { return lit(regex.Quote(re.String(), re.Flags().String())) }

var arithOps = map[ir.ArithOp]syntax.Op{ir.Add: syntax.OpAdd, ir.Sub: syntax.OpSub, ir.Mul: syntax.OpMul, ir.Div: syntax.OpDiv,
	ir.Mod: syntax.OpMod, ir.BitAnd: syntax.OpBitAnd, ir.BitOr: syntax.OpBitOr, ir.BitXor: syntax.OpBitXor, ir.Shl: syntax.OpShl, ir.Shr: syntax.OpShr}

var cmpOps = map[ir.CmpOp]syntax.Op{ir.Eq: syntax.OpEq, ir.Ne: syntax.OpNe, ir.Lt: syntax.OpLt, ir.Le: syntax.OpLe, ir.Gt: syntax.OpGt, ir.Ge: syntax.OpGe}

var strOps = map[ir.StrOp]syntax.Op{ir.Contains: syntax.OpContains, ir.HasPrefix: syntax.OpStarts, ir.HasSuffix: syntax.OpEnds}

// steps names the functions that are transformations.
var steps = func() map[ir.TOp]string {
	m := map[ir.TOp]string{}
	for _, d := range funcs.All() {
		if d.Kind == funcs.Transform {
			m[d.Step] = d.Name
		}
	}
	return m
}()

// value writes a value.
func (w *writer) value(x ir.Expr) syntax.Expr {
	switch x := x.(type) {
	case *ir.Field:
		return name(x.F.Name)
	case *ir.Elem:
		return name(x.F.Name)
	case *ir.Const:
		return constant(x)
	case *ir.Arith:
		if t := x.X.Type(); t == dissect.TDuration && x.T == dissect.TInt && x.Op == ir.Div {
			if k, ok := x.Y.(*ir.Const); ok { // how often a duration fits
				return &syntax.Binary{Op: syntax.OpDiv, L: w.value(x.X), R: duration(k.V.I)}
			}
		}
		return &syntax.Binary{Op: arithOps[x.Op], L: w.value(x.X), R: w.value(x.Y)}
	case *ir.Len:
		return call("len", w.value(x.X))
	case *ir.Count:
		return call("count", name(x.F.Name))
	case *ir.Call:
		return w.call(x)
	case *ir.Transform:
		return w.transform(x)
	case *ir.FlowInt:
		return call("flow.counter", str(x.Name))
	case *ir.HostInt:
		return w.keyed("host.counter", x.Name, x.Key)
	case *ir.Rep:
		return call("reputation", w.value(x.X), str(x.Table.Name))
	}
	return w.cond(x)
}

func (w *writer) values(list []ir.Expr) []syntax.Expr {
	var out []syntax.Expr
	for _, x := range list {
		out = append(out, w.value(x))
	}
	return out
}

func (w *writer) keyed(fn, id string, key []ir.Expr) syntax.Expr {
	return call(fn, append([]syntax.Expr{str(id)}, w.values(key)...)...)
}

func (w *writer) call(x *ir.Call) syntax.Expr {
	if funcs.Lookup(x.Fn.Name()) == nil {
		return w.cannot("the function " + x.Fn.Name())
	}
	if x.Fn.Name() == "header" && len(x.Args) == 2 {
		of, isName := w.value(x.Args[0]).(*syntax.Name)
		if line, ok := x.Args[1].(*ir.Const); ok && isName {
			return &syntax.Index{X: of, Key: str(string(line.V.B))}
		}
	}
	return call(x.Fn.Name(), w.values(x.Args)...)
}

var base64Modes = map[ir.Base64Mode]string{ir.Base64RFC4648: "rfc4648", ir.Base64RFC2045: "rfc2045", ir.Base64Strict: "strict"}

func (w *writer) transform(x *ir.Transform) syntax.Expr {
	e := w.value(x.X)
	for _, s := range x.Steps {
		c := call(steps[s.Op], e)
		switch s.Op {
		case ir.TXor:
			c.Args = append(c.Args, text(s.Arg))
		case ir.TPcreXform:
			c.Args = append(c.Args, pattern(s.Re))
			if s.N > 1 {
				c.Args = append(c.Args, integer(s.N))
			}
		case ir.TGunzip, ir.TZlibDeflate:
			if s.N > 0 {
				c.Args = append(c.Args, integer(s.N))
			}
		case ir.TFromBase64:
			c.Args = append(c.Args, integer(s.N), integer(s.Offset), str(base64Modes[s.Mode]))
		}
		if c.Func.Text == "" {
			return w.cannot("a transformation")
		}
		e = c
	}
	return e
}

// cond writes a condition.
func (w *writer) cond(x ir.Expr) syntax.Expr {
	switch x := x.(type) {
	case *ir.And:
		return w.junction(syntax.OpAnd, x.X)
	case *ir.Or:
		return w.junction(syntax.OpOr, x.X)
	case *ir.Not:
		return w.not(x)
	case *ir.Cmp:
		return &syntax.Binary{Op: cmpOps[x.Op], L: w.value(x.X), R: w.value(x.Y), NoCase: x.NoCase}
	case *ir.StrTest:
		return &syntax.Binary{Op: strOps[x.Op], L: w.value(x.X), R: w.value(x.Y), NoCase: x.NoCase}
	case *ir.In:
		set, nocase := w.set(x.Set)
		return &syntax.Binary{Op: syntax.OpIn, L: w.value(x.X), R: set, NoCase: nocase}
	case *ir.Match:
		return &syntax.Binary{Op: syntax.OpMatch, L: w.value(x.X), R: pattern(x.Re)}
	case *ir.Exists:
		return call("exists", w.value(x.X))
	case *ir.Quant:
		q := syntax.QuantAny
		if x.All {
			q = syntax.QuantAll
		}
		return &syntax.QuantBlock{Quant: q, Field: name(x.F.Name), Body: w.cond(x.Body)}
	case *ir.Content:
		return &syntax.Has{X: w.value(x.Buf), Items: w.items(x.Items)}
	case *ir.FlowBit:
		c := call("flow.flag")
		for _, n := range x.Names {
			c.Args = append(c.Args, str(n))
		}
		return c
	case *ir.HostBit:
		return w.keyed("host.flag", x.Name, x.Key)
	case *ir.InDataset:
		return w.dataset(x.Set, x.X)
	case *ir.Field, *ir.Elem, *ir.Const, *ir.Call:
		return w.value(x)
	}
	return w.cannot(fmt.Sprintf("a %T", x))
}

// not writes a negation, as != and not in where it can be.
func (w *writer) not(x *ir.Not) syntax.Expr {
	e := w.cond(x.X)
	if b, ok := e.(*syntax.Binary); ok {
		for _, p := range [][2]syntax.Op{{syntax.OpEq, syntax.OpNe}, {syntax.OpIn, syntax.OpNotIn}, {syntax.OpMatch, syntax.OpNotMatch}} {
			if b.Op == p[0] {
				b.Op = p[1]
				return b
			}
		}
	}
	return &syntax.Unary{Op: syntax.OpNot, X: e}
}

func (w *writer) junction(op syntax.Op, list []ir.Expr) syntax.Expr {
	if op == syntax.OpAnd && len(list) == 2 && impliedBy(list[0], list[1]) {
		return w.cond(list[1])
	}
	var out syntax.Expr
	for len(list) > 0 {
		n := 1
		if op == syntax.OpOr {
			n = alike(list)
		}
		e := w.cond(list[0])
		if b, ok := e.(*syntax.Binary); ok && n > 1 {
			b.R = w.texts(list[:n])
		}
		list = list[n:]
		if out == nil {
			out = e
			continue
		}
		out = &syntax.Binary{Op: op, L: out, R: e}
	}
	if out == nil {
		return lit(strconv.FormatBool(op == syntax.OpAnd))
	}
	return out
}

// alike counts the tests at the beginning of a list that ask the same of one value but for the text: x contains {"a", "b"}.
func alike(list []ir.Expr) int {
	first, ok := list[0].(*ir.StrTest)
	if !ok {
		return 1
	}
	n := 0
	for ; n < len(list); n++ {
		t, ok := list[n].(*ir.StrTest)
		if !ok || t.Op != first.Op || t.NoCase != first.NoCase || ir.Text(t.X) != ir.Text(first.X) {
			break
		}
		if k, ok := t.Y.(*ir.Const); !ok || k.T != dissect.TString {
			break
		}
	}
	return max(n, 1)
}

// texts writes the texts that tests ask for as a set.
func (w *writer) texts(list []ir.Expr) syntax.Expr {
	out := &syntax.SetLit{}
	for _, x := range list {
		out.Elems = append(out.Elems, syntax.SetElem{X: w.value(x.(*ir.StrTest).Y)})
	}
	return out
}

// impliedBy tells whether the checker added a to b, a test of a header's value.
func impliedBy(a, b ir.Expr) bool {
	t, ok := a.(*ir.StrTest)
	if !ok {
		return false
	}
	var x ir.Expr
	switch b := b.(type) {
	case *ir.Cmp:
		x = b.X
	case *ir.StrTest:
		x = b.X
	}
	c, ok := x.(*ir.Call)
	return ok && c.Fn.Name() == "header" && len(c.Args) > 0 && c.Args[0] == t.X
}

// set writes a set: by its name, or its members. The bool is for nocase.
func (w *writer) set(s ir.Set) (syntax.Expr, bool) {
	str, _ := s.(*ir.StrSet)
	nocase := str != nil && str.NoCase
	if id := w.lets.name(s); id != "" {
		return name(id), nocase
	}
	return members(s), nocase
}

// members writes a set with all that is in it.
func members(s ir.Set) *syntax.SetLit {
	out := &syntax.SetLit{}
	add := func(x syntax.Expr) { out.Elems = append(out.Elems, syntax.SetElem{X: x}) }
	switch s := s.(type) {
	case *ir.IntSet:
		for _, r := range s.Ranges {
			add(intRange(r))
		}
	case *ir.IPSet:
		s.Each(func(lo, hi netip.Addr) { add(addrRange(lo, hi)) })
	case *ir.StrSet:
		s.Each(func(v []byte) { add(text(v)) })
	}
	return out
}

func intRange(r ir.Range) syntax.Expr {
	const most = 1<<63 - 1
	if r.Lo == r.Hi {
		return constant(ir.Int(r.Lo))
	}
	out := &syntax.RangeLit{}
	if r.Lo > -most {
		out.Lo = constant(ir.Int(r.Lo))
	}
	if r.Hi < most {
		out.Hi = constant(ir.Int(r.Hi))
	}
	return out
}

// addrRange writes a range as an address or a block if it is one.
func addrRange(lo, hi netip.Addr) syntax.Expr {
	if lo == hi {
		return lit(lo.String())
	}
	for bits := 0; bits <= lo.BitLen(); bits++ {
		p := netip.PrefixFrom(lo, bits)
		if p.Masked().Addr() == lo && last(p) == hi {
			return lit(p.String())
		}
	}
	return &syntax.RangeLit{Lo: lit(lo.String()), Hi: lit(hi.String())}
}

func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
