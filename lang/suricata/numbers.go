package suricata

import (
	"math"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// cmp is a comparison as keywords for numbers write it: 8, >8, <=8, !8, 3<>20, 3-20, &0xc0=0x80. Ranges
// are exclusive at both ends, but for those of closedRanges.
type cmp struct {
	op     ir.TestOp
	lo, hi int64
	mask   int64 // the bits that are compared, 0: all
}

var cmpOps = []struct {
	text string
	op   ir.TestOp
}{{"!=", ir.TestNe}, {">=", ir.TestGe}, {"<=", ir.TestLe}, {">", ir.TestGt}, {"<", ir.TestLt}, {"==", ir.TestEq}, {"=", ir.TestEq}, {"!", ir.TestNe}}

func parseCmp(s string) (c cmp, err *problem) {
	if c, err = parseAnyCmp(s); err == nil && c.settled() {
		err = fail("%q: no number, or every number, is so", s)
	}
	return c, err
}

// settled tells of comparisons whose outcome does not depend on the number, which is never negative; Suricata refuses them too.
func (c cmp) settled() bool {
	switch c.op {
	case ir.TestRange, ir.TestNotIn:
		return c.hi-c.lo == 1
	case ir.TestLt, ir.TestGe:
		return c.lo == 0
	}
	return false
}

// parseAnyCmp reads a comparison whether or not it tells numbers apart.
func parseAnyCmp(s string) (c cmp, err *problem) {
	s = strings.TrimSpace(s)
	c.op = ir.TestEq
	if strings.HasPrefix(s, "&") {
		return parseMasked(s)
	}
	for _, o := range cmpOps {
		if rest, ok := strings.CutPrefix(s, o.text); ok {
			c.op, s = o.op, strings.TrimSpace(rest)
			break
		}
	}
	for _, sep := range []string{"<>", "-"} {
		lo, hi, ok := strings.Cut(s, sep)
		if !ok || lo == "" {
			continue
		}
		var ok1, ok2 bool
		c.lo, ok1 = quantity(lo)
		c.hi, ok2 = quantity(hi)
		if !ok1 || !ok2 || c.lo >= c.hi {
			return c, fail("%q is no range", s)
		}
		switch c.op {
		case ir.TestEq:
			c.op = ir.TestRange
		case ir.TestNe:
			c.op = ir.TestNotIn
		default:
			return c, fail("%q is no range", s)
		}
		return c, nil
	}
	var ok bool
	if c.lo, ok = quantity(s); !ok {
		return c, fail("%q is no number", s)
	}
	return c, nil
}

// parseMasked reads a comparison of some bits of a number: &0xc0=0x80, &0xc0!=0.
func parseMasked(s string) (c cmp, err *problem) {
	i := strings.IndexAny(s, "!=")
	if i < 0 {
		return c, fail("%q compares bits with nothing: &0xc0=0x80", s)
	}
	mask, ok := quantity(s[1:i])
	if !ok || mask == 0 {
		return c, fail("%q is no set of bits", s[1:i])
	}
	if c, err = parseCmp(s[i:]); err == nil && c.op != ir.TestEq && c.op != ir.TestNe {
		err = fail("%q: bits are equal (=) or not (!=)", s)
	}
	c.mask = mask
	return c, err
}

// quantity reads a number, perhaps with a unit of size (KB: 1024).
func quantity(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	mul := int64(1)
	for _, u := range []struct {
		text string
		n    int64
	}{{"kb", 1 << 10}, {"kib", 1 << 10}, {"mb", 1 << 20}, {"mib", 1 << 20}, {"gb", 1 << 30}, {"gib", 1 << 30}} {
		if len(s) > len(u.text) && strings.EqualFold(s[len(s)-len(u.text):], u.text) {
			s, mul = strings.TrimSpace(s[:len(s)-len(u.text)]), u.n
			break
		}
	}
	n, ok := parseInt(s)
	return n * mul, ok
}

// scale multiplies the operands (for a field in a smaller unit than the keyword's).
func (c cmp) scale(n int64) cmp {
	c.lo, c.hi = c.lo*n, c.hi*n
	return c
}

// on is the comparison applied to a value. A value that is absent fails it.
func (c cmp) on(x ir.Expr) ir.Expr {
	if c.mask != 0 {
		x = &ir.Arith{Op: ir.BitAnd, X: x, Y: ir.Int(c.mask), T: x.Type()}
	}
	y := &ir.Const{T: x.Type(), V: ir.Value{I: c.lo, OK: true}}
	switch c.op {
	case ir.TestNe:
		return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Cmp{Op: ir.Ne, X: x, Y: y}}}
	case ir.TestLt:
		return &ir.Cmp{Op: ir.Lt, X: x, Y: y}
	case ir.TestGt:
		return &ir.Cmp{Op: ir.Gt, X: x, Y: y}
	case ir.TestLe:
		return &ir.Cmp{Op: ir.Le, X: x, Y: y}
	case ir.TestGe:
		return &ir.Cmp{Op: ir.Ge, X: x, Y: y}
	case ir.TestRange:
		return &ir.In{X: x, Set: ir.NewIntSet(ir.Range{Lo: c.lo + 1, Hi: c.hi - 1})}
	case ir.TestNotIn:
		return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Not{X: &ir.In{X: x, Set: ir.NewIntSet(ir.Range{Lo: c.lo + 1, Hi: c.hi - 1})}}}}
	}
	return &ir.Cmp{Op: ir.Eq, X: x, Y: y}
}

// item is the comparison with the length of a buffer.
func (c cmp) item(pos ir.Pos) *ir.SizeTest {
	return &ir.SizeTest{Op: c.op, N: ir.Num{N: c.lo}, Hi: ir.Num{N: c.hi}, Pos: pos}
}

// packetNumber makes the handler of a number of the packet, held by a field; scale turns the keyword's unit into
// the field's.
func packetNumber(field string, scale int64) handler {
	return func(b *builder, v string) *problem {
		x, err := b.field(field)
		if err != nil {
			return err
		}
		c, err := parseCmp(v)
		if err != nil {
			return err
		}
		c = c.scale(scale)
		if f, ok := x.(*ir.Field); ok && f.F.Hi > 0 && max(c.lo, c.hi) > f.F.Hi {
			return fail("%q: it is at most %d", strings.TrimSpace(v), f.F.Hi/scale)
		}
		return b.requirePacket(c.on(x))
	}
}

func bsize(b *builder, v string) *problem {
	if b.sticky == nil && !b.in64 {
		return fail("there is no sticky buffer before it")
	}
	if b.vars[v] {
		b.add(&ir.SizeTest{Op: ir.TestEq, N: ir.Num{Var: v}, Pos: b.pos()})
		return nil
	}
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	if c.mask != 0 {
		if b.sticky == nil {
			return fail("bits of the payload's size cannot be compared")
		}
		ch := b.current()
		ch.tests = append(ch.tests, func(x ir.Expr) ir.Expr { return c.on(&ir.Len{X: x, Pos: b.pos()}) })
		return nil
	}
	b.add(c.item(b.pos()))
	return nil
}

// urilen is about the normalised URI unless it says raw.
func urilen(b *builder, v string) *problem {
	v, form, _ := strings.Cut(v, ",")
	buf := uriBuffer
	switch strings.TrimSpace(form) {
	case "", "norm":
	case "raw":
		buf = rawURIBuffer
	default:
		return fail("unknown option %q", form)
	}
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	if max(c.lo, c.hi) > math.MaxUint16 {
		return fail("%q: a length is at most %d", v, math.MaxUint16)
	}
	ch := b.find(buf, nil, false)
	ch.items = append(ch.items, c.item(b.pos()))
	switch c.op {
	case ir.TestEq, ir.TestLe:
		ch.most = c.lo
	case ir.TestLt:
		ch.most = c.lo - 1
	case ir.TestRange:
		ch.most = c.hi - 1
	}
	return nil
}

// generic translates a keyword that the tables do not have, by the field of its name: a sticky
// buffer for texts, a comparison for numbers, equality for names.
func (b *builder) generic(name, v string, has bool) *problem {
	f := b.fieldNamed(name)
	if f == nil {
		return b.unknown(name)
	}
	text := f.Type == dissect.TString || f.Type == dissect.TBytes
	if !has {
		if !text && f.Type != dissect.TIP {
			return fail("a value is missing")
		}
		b.setSticky(b.l.bufferOf(f))
		return nil
	}
	if text && len(f.Values) == 0 {
		return stickyValue(name, v)
	}
	value := func(x ir.Expr) (ir.Expr, *problem) { return fieldTest(f, x, v) }
	return b.onField(f, value)
}

// fieldNamed is the field that a keyword names: by the name itself, or by the older form with a _ for the dot.
func (b *builder) fieldNamed(name string) *dissect.Field {
	f := b.l.schema.Field(name)
	if dotted := strings.Replace(name, "_", ".", 1); f == nil && dotted != name {
		f = b.l.schema.Field(dotted)
	}
	return f
}

// onField adds a condition on a field, on any of its values if it has several.
func (b *builder) onField(f *dissect.Field, test func(x ir.Expr) (ir.Expr, *problem)) *problem {
	var x ir.Expr = &ir.Field{F: f}
	if f.Multi {
		x = &ir.Elem{F: f}
	}
	t, err := test(x)
	if err != nil {
		return err
	}
	if f.Multi {
		t = &ir.Quant{F: f, Body: t, Pos: b.pos()}
	}
	b.notIPOnly = true
	switch f.Event {
	case "":
		b.require(t)
		return nil
	case "packet":
		return b.requirePacket(t)
	}
	b.conds = append(b.conds, cond{x: t, field: f, dirs: eventDirs(b.l.schema, f)})
	return nil
}

// fieldTest is the test of a field's value against what a keyword says.
func fieldTest(f *dissect.Field, x ir.Expr, v string) (ir.Expr, *problem) {
	switch f.Type {
	case dissect.TString, dissect.TBytes:
		v, neg := strings.CutPrefix(v, "!")
		var any []ir.Expr
		for _, e := range list(unquote(strings.TrimSpace(v))) {
			any = append(any, &ir.Cmp{Op: ir.Eq, NoCase: true, X: x, Y: ir.Str(e)})
		}
		t := orOf(any)
		if neg {
			t = &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Not{X: t}}}
		}
		return t, nil
	case dissect.TBool:
		want, neg := strings.CutPrefix(v, "!")
		switch strings.ToLower(want) {
		case "yes", "true", "1":
		case "no", "false", "0":
			neg = !neg
		default:
			return nil, fail("wants yes or no")
		}
		if neg {
			return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Not{X: x}}}, nil
		}
		return x, nil
	case dissect.TFloat, dissect.TIP:
		return nil, fail("values of this kind cannot be compared")
	}
	parse := parseCmp
	if closedRanges[f.Name] {
		parse = parseAnyCmp
	}
	c, err := parse(v)
	if err == nil {
		err = c.fits(f.Name)
	}
	if err != nil {
		return nil, err
	}
	if c.op == ir.TestRange && closedRanges[f.Name] {
		c.lo, c.hi = c.lo-1, c.hi+1
	}
	return c.on(x), nil
}

// closedRanges are fields whose keywords have ranges that both ends are part of.
var closedRanges = map[string]bool{"nfs.version": true, "nfs.procedure": true}

// maxUnknown caps how much of an unknown keyword a message repeats.
const maxUnknown = 40

// unknown explains a keyword that there is neither a table entry nor a field for.
func (b *builder) unknown(name string) *problem {
	proto, _, found := strings.Cut(strings.Replace(name, "_", ".", 1), ".")
	if found || protocolOf[name] != "" {
		if p, ok := protocolOf[proto]; ok {
			if b.l.schema.Spec(specName(p)) == nil {
				return fail("protocol %s is not supported yet", p)
			}
			return fail("there is no field for this keyword%s", didYouMean(name, b.l.names()))
		}
	}
	if len(name) > maxUnknown {
		return fail("unknown keyword")
	}
	if err := ofLater(name); err != nil {
		return err
	}
	return fail("unknown keyword %s%s", name, didYouMean(name, b.l.names()))
}

func orOf(xs []ir.Expr) ir.Expr {
	if len(xs) == 1 {
		return xs[0]
	}
	return &ir.Or{X: xs}
}

func andOf(xs []ir.Expr) ir.Expr {
	if len(xs) == 1 {
		return xs[0]
	}
	return &ir.And{X: xs}
}
