package check

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
	"github.com/luanids/luanids/lang/syntax"
)

// positive maps the operators that negate another to it.
var positive = map[syntax.Op]syntax.Op{syntax.OpNe: syntax.OpEq, syntax.OpNotIn: syntax.OpIn, syntax.OpNotMatch: syntax.OpMatch}

// comparison evaluates l op r. Without a quantifier a negated operator negates the whole: x != 1 is
// not (x == 1), be x absent or many-valued; any x != 1 asks for one value that differs.
func (c *checker) comparison(b *syntax.Binary) ir.Expr {
	fr := c.open()
	defer c.discard(fr)
	l := c.single(c.value(b.L), b.L.Range())
	if c.unquoted(b, l) {
		return nil
	}
	r := c.value(b.R)
	if r.multi != nil {
		r = c.single(r, b.R.Range())
	}
	if l.bad() || r.bad() {
		return nil
	}
	for _, side := range []struct {
		v val
		x syntax.Expr
	}{{l, b.L}, {r, b.R}} {
		if side.v.event != "" {
			c.report(diag.NotAValue(side.x.Range(), c.text(side.x), "event"))
			return nil
		}
	}
	if b.Quant != syntax.QuantNone && fr.f == nil {
		c.report(diag.NotMulti(b.L.Range(), b.Quant.String(), c.text(b.L)))
		return nil
	}
	op, negate := b.Op, false
	if p := positive[op]; p != 0 {
		op, negate = p, true
	}
	if b.NoCase && !c.nocaseApplies(b, op, l, r) {
		return nil
	}
	e := c.test(b, op, l, r)
	if e == nil {
		return nil
	}
	c.plausible(b, op, negate, e)
	e = implied(e)
	if negate && b.Quant != syntax.QuantNone {
		return c.close(fr, b.Quant, &ir.Not{X: e})
	}
	e = c.close(fr, b.Quant, e)
	if negate {
		if cmp, ok := e.(*ir.Cmp); ok && cmp.Op == ir.Eq {
			cmp.Op = ir.Ne
			return cmp
		}
		return &ir.Not{X: e}
	}
	return e
}

// implied adds to a test of a header's value, for which the compiler has no index, what it implies of
// the text that the header is taken from: that the text contains the value.
func implied(e ir.Expr) ir.Expr {
	var call *ir.Call
	var y ir.Expr
	switch e := e.(type) {
	case *ir.Cmp:
		if e.Op == ir.Eq {
			call, _ = e.X.(*ir.Call)
			y = e.Y
		}
	case *ir.StrTest:
		call, _ = e.X.(*ir.Call)
		y = e.Y
	}
	k, ok := y.(*ir.Const)
	if call == nil || !ok || call.Fn.Name() != "header" || class(k.T) != classText || len(k.V.B) < 2 {
		return e
	}
	return &ir.And{X: []ir.Expr{&ir.StrTest{Op: ir.Contains, X: call.Args[0], Y: k, NoCase: true}, e}}
}

func (c *checker) nocaseApplies(b *syntax.Binary, op syntax.Op, l, r val) bool {
	ok := class(l.t) == classText && (op == syntax.OpEq || op == syntax.OpIn || op == syntax.OpContains ||
		op == syntax.OpStarts || op == syntax.OpEnds || op == syntax.OpMatch)
	if !ok {
		c.report(diag.NocaseOnText(b.Range(), b.Op.String()))
	}
	return ok
}

// test evaluates l op r for the operators that do not negate.
func (c *checker) test(b *syntax.Binary, op syntax.Op, l, r val) ir.Expr {
	if l.set != nil || l.re != nil || l.block != nil && op != syntax.OpEq {
		c.report(diag.NotAValue(b.L.Range(), c.text(b.L), l.kind()))
		return nil
	}
	switch op {
	case syntax.OpIn:
		return c.in(b, l, r)
	case syntax.OpContains, syntax.OpStarts, syntax.OpEnds:
		return c.strTest(b, op, l, r)
	case syntax.OpMatch:
		return c.match(b, l, r)
	}
	return c.compare(b, op, l, r)
}

var cmpOps = map[syntax.Op]ir.CmpOp{syntax.OpEq: ir.Eq, syntax.OpLt: ir.Lt, syntax.OpLe: ir.Le, syntax.OpGt: ir.Gt, syntax.OpGe: ir.Ge}

var flipped = map[ir.CmpOp]ir.CmpOp{ir.Eq: ir.Eq, ir.Lt: ir.Gt, ir.Le: ir.Ge, ir.Gt: ir.Lt, ir.Ge: ir.Le}

// compare evaluates == < <= > >=.
func (c *checker) compare(b *syntax.Binary, op syntax.Op, l, r val) ir.Expr {
	switch {
	case r.set != nil:
		in := map[syntax.Op]string{syntax.OpEq: "in", syntax.OpNe: "not in"}[b.Op]
		if in == "" {
			in = "in"
		}
		c.report(diag.SetForEquals(b.R.Range(), b.Op.String(), in))
		return nil
	case r.re != nil:
		c.report(diag.RegexElsewhere(b.R.Range(), b.Op.String()))
		return nil
	case (r.block != nil || l.block != nil) && op == syntax.OpEq:
		if l.block != nil {
			l, r = r, l
		}
		if l.x != nil && l.t == dissect.TIP {
			return c.inSet(b, l, &constSet{typ: dissect.TIP, nets: []netip.Prefix{r.block.Masked()}})
		}
	}
	if l.x == nil || r.x == nil {
		c.mismatch(b, l, r)
		return nil
	}
	cl, cr := class(l.t), class(r.t)
	if cl == classFloat && cr == classInt {
		r, cr = toFloat(r), classFloat
	} else if cr == classFloat && cl == classInt {
		l, cl = toFloat(l), classFloat
	}
	ordered := op != syntax.OpEq
	switch {
	case cl != cr:
		c.mismatch(b, l, r)
		return nil
	case ordered && (cl == classText || cl == classBool || cl == classIP):
		hint := map[int]string{classText: "compare len(" + c.text(b.L) + "), or to_int(" + c.text(b.L) + ")",
			classIP: "addresses are tested with in, as in src.ip in 10.0.0.1..10.0.0.9"}[cl]
		c.report(diag.BadOperand(b.Range(), b.Op.String(), c.text(b.L), l.kind(), hint))
		return nil
	case cl == classInt && !c.sameUnits(b, l, r):
		return nil
	}
	cmp := &ir.Cmp{Op: cmpOps[op], X: l.x, Y: r.x, NoCase: b.NoCase, Pos: c.pos(b.OpAt)}
	if l.konst() != nil && r.konst() == nil {
		cmp.X, cmp.Y, cmp.Op = cmp.Y, cmp.X, flipped[cmp.Op]
	}
	return cmp
}

func toFloat(v val) val {
	if k := v.konst(); k != nil {
		return constant(dissect.TFloat, ir.Value{F: float64(k.V.I)})
	}
	zero := &ir.Const{T: dissect.TFloat, V: ir.Value{OK: true}}
	return val{t: dissect.TFloat, x: &ir.Arith{Op: ir.Add, X: v.x, Y: zero, T: dissect.TFloat}}
}

// sameUnits says what is wrong with comparing a duration with a plain number, and the like.
func (c *checker) sameUnits(b *syntax.Binary, l, r val) bool {
	if sameKind(l.t, r.t) {
		return true
	}
	for _, side := range []struct {
		v, o val
		x    syntax.Expr
	}{{l, r, b.L}, {r, l, b.R}} {
		if side.o.t == dissect.TDuration && side.v.t == dissect.TInt && side.v.konst() != nil {
			c.report(diag.NeedsUnit(side.x.Range(), "a duration", c.text(side.x)))
			return false
		}
	}
	c.mismatch(b, l, r)
	return false
}

// in evaluates membership.
func (c *checker) in(b *syntax.Binary, l, r val) ir.Expr {
	switch {
	case r.block != nil:
		return c.inSet(b, l, &constSet{typ: dissect.TIP, nets: []netip.Prefix{r.block.Masked()}})
	case r.set != nil:
		return c.inSet(b, l, r.set)
	}
	hint := "sets are written {80, 443}, ranges 8000..8010"
	if k := r.konst(); k != nil {
		if class(l.t) == class(k.T) && class(k.T) == classIP {
			return c.inSet(b, l, &constSet{typ: dissect.TIP, nets: []netip.Prefix{netip.PrefixFrom(k.V.IP, k.V.IP.BitLen())}})
		}
		hint = "write == for one value"
		if class(l.t) == classText && class(k.T) == classText {
			hint = "write contains to find text in " + c.text(b.L) + ", == for one value"
			if _, ok := b.L.(*syntax.Lit); ok {
				hint = "write " + c.text(b.R) + " contains " + c.text(b.L)
			}
		}
	} else if class(r.t) == classText && class(l.t) == classText {
		hint = "write " + c.text(b.R) + " contains " + c.text(b.L)
	}
	if x, ok := b.R.(*syntax.Binary); ok && x.Op == syntax.OpSub && r.konst() != nil {
		hint = "a range is written " + c.text(x.L) + ".." + c.text(x.R)
	}
	c.report(diag.NotASet(b.R.Range(), c.text(b.R), hint))
	return nil
}

func (c *checker) inSet(b *syntax.Binary, l val, s *constSet) ir.Expr {
	if l.x == nil {
		c.report(diag.NotAValue(b.L.Range(), c.text(b.L), l.kind()))
		return nil
	}
	if s.empty() && s.name == "" {
		c.report(diag.NeverMatches(b.R.Range(), "the set is empty"))
	}
	if s.typ != 0 && (class(s.typ) != class(l.t) || !sameKind(l.t, s.typ)) {
		hint := ""
		switch {
		case class(l.t) == classIP && class(s.typ) == classText:
			hint = "addresses are written without quotes"
		case class(l.t) == classText && class(s.typ) == classInt:
			hint = "texts are written in quotes"
		}
		c.report(diag.TypeMismatch(b.Range(), b.Op.String(), c.text(b.L), l.kind(), c.text(b.R), s.describe(), hint))
		return nil
	}
	if s.typ == 0 {
		s = &constSet{name: s.name, typ: l.t}
	}
	return &ir.In{X: l.x, Set: s.ir(c.scope, b.NoCase), Pos: c.pos(b.OpAt)}
}

var strOps = map[syntax.Op]ir.StrOp{syntax.OpContains: ir.Contains, syntax.OpStarts: ir.HasPrefix, syntax.OpEnds: ir.HasSuffix}

// strTest evaluates contains, startswith and endswith; with a set on the right one of its texts suffices.
func (c *checker) strTest(b *syntax.Binary, op syntax.Op, l, r val) ir.Expr {
	word := b.Op.String()
	switch {
	case l.x == nil || class(l.t) != classText:
		hint := ""
		if class(l.t) == classIP {
			hint = "addresses are tested with in"
		}
		c.report(diag.BadOperand(b.L.Range(), word, c.text(b.L), l.kind(), hint))
		return nil
	case r.re != nil:
		c.report(diag.RegexElsewhere(b.R.Range(), word))
		return nil
	case r.set != nil && class(r.set.typ) == classText:
		or := &ir.Or{}
		for _, s := range r.set.strs {
			or.X = append(or.X, &ir.StrTest{Op: strOps[op], X: l.x, Y: ir.Str(s), NoCase: b.NoCase, Pos: c.pos(b.OpAt)})
		}
		if len(or.X) == 0 {
			c.report(diag.NeverMatches(b.R.Range(), "the set is empty"))
		}
		return or
	case r.x == nil || class(r.t) != classText:
		c.mismatch(b, l, r)
		return nil
	}
	if k := r.konst(); k != nil && len(k.V.B) == 0 {
		c.report(diag.EmptyPattern(b.R.Range()))
		return nil
	}
	return &ir.StrTest{Op: strOps[op], X: l.x, Y: r.x, NoCase: b.NoCase, Pos: c.pos(b.OpAt)}
}

// match evaluates ~.
func (c *checker) match(b *syntax.Binary, l, r val) ir.Expr {
	if r.re == nil {
		c.report(diag.WantRegex(b.R.Range(), c.text(b.R)))
		return nil
	}
	if l.x == nil || class(l.t) != classText {
		c.report(diag.BadOperand(b.L.Range(), b.Op.String(), c.text(b.L), l.kind(), "regular expressions are for text"))
		return nil
	}
	at := b.R.Range()
	if r.re.Str == "" {
		c.report(diag.EmptyPattern(at))
		return nil
	}
	re := c.regex(r.re, at, b.NoCase)
	if re == nil {
		return nil
	}
	return &ir.Match{X: l.x, Re: re, Pos: c.pos(at)}
}

var regexFlags = map[rune]regex.Flags{'i': regex.CaseInsensitive, 's': regex.DotAll, 'm': regex.MultiLine, 'x': regex.Extended,
	'A': regex.Anchored, 'E': regex.DollarEndOnly, 'G': regex.Ungreedy, 'U': regex.Ungreedy}

func (c *checker) regex(l *syntax.Lit, at diag.Range, nocase bool) *regex.Regex {
	var flags regex.Flags
	for _, f := range l.Flags {
		v, ok := regexFlags[f]
		if !ok {
			c.report(diag.BadRegexFlag(at, string(f)))
			return nil
		}
		flags |= v
	}
	if nocase {
		flags |= regex.CaseInsensitive
	}
	re, err := c.scope.regex(l.Str, flags)
	if err != nil {
		c.report(diag.BadRegex(within(l, at, err), err.Error()))
		return nil
	}
	if re.Backtracks() {
		c.report(diag.Backtracks(at))
	}
	return re
}

// within gives the place in a regular expression that an error is about, at if it is not known, or if the expression stands in a let.
func within(l *syntax.Lit, at diag.Range, err error) diag.Range {
	var e *regex.Error
	if !errors.As(err, &e) || l.Range() != at || e.Offset < 0 || e.Offset > len(l.Str) {
		return at
	}
	from := 1 + min(e.Offset, len(l.Str)-1)
	for i := 1; i < from && i+1 < len(l.Raw); i++ {
		if l.Raw[i] == '\\' {
			if l.Raw[i+1] == '/' {
				from++ // the pattern has it without the backslash
			}
			i++
		}
	}
	if from >= len(l.Raw) || !utf8.RuneStart(l.Raw[from]) {
		return at
	}
	_, n := utf8.DecodeRuneInString(l.Raw[from:])
	start := at.Start
	start.Offset += from
	start.Col += utf8.RuneCountInString(l.Raw[:from])
	end := start
	end.Offset += n
	end.Col++
	return diag.Range{Start: start, End: end}
}

// plausible warns of comparisons with values that the field never has.
func (c *checker) plausible(b *syntax.Binary, op syntax.Op, negate bool, e ir.Expr) {
	cmp, ok := e.(*ir.Cmp)
	if !ok {
		switch e := e.(type) {
		case *ir.In:
			c.plausibleSet(b, e)
			c.boundedSet(b, e, negate)
			c.spelledSet(b, e.X)
		case *ir.StrTest:
			if k, ok := e.Y.(*ir.Const); ok {
				c.spelled(b, e.X, string(k.V.B), false)
			}
		case *ir.Or: // of the texts of a set
			if t, ok := e.X[0].(*ir.StrTest); ok {
				c.spelledSet(b, t.X)
			}
		}
		return
	}
	k, ok := cmp.Y.(*ir.Const)
	if ok && class(k.T) == classText {
		c.spelled(b, cmp.X, string(k.V.B), true)
	}
	if !ok {
		return
	}
	switch f := fieldOf(cmp.X); class(k.T) {
	case classText:
		if f != nil {
			c.oneOf(b.R.Range(), f, string(k.V.B), cmp.NoCase)
		}
	case classInt, classFloat:
		c.bounded(b, cmp, k, negate)
	}
}

func (c *checker) plausibleSet(b *syntax.Binary, in *ir.In) {
	f := fieldOf(in.X)
	if f == nil || len(f.Values) == 0 {
		return
	}
	lit, ok := b.R.(*syntax.SetLit)
	if !ok {
		return
	}
	for _, e := range lit.Elems {
		if l, ok := e.X.(*syntax.Lit); ok && l.Kind == syntax.LitString {
			c.oneOf(l.Range(), f, l.Str, b.NoCase)
		}
	}
}

func (c *checker) oneOf(at diag.Range, f *dissect.Field, value string, nocase bool) {
	if len(f.Values) == 0 || slices.ContainsFunc(f.Values, func(v string) bool {
		return v == value || nocase && strings.EqualFold(v, value)
	}) {
		return
	}
	c.report(diag.NotAValueOf(at, value, f.Name, diag.Nearest(value, f.Values), f.Values))
}

// fieldOf gives the field whose value e is, nil if it is computed.
func fieldOf(e ir.Expr) *dissect.Field {
	switch e := e.(type) {
	case *ir.Field:
		return e.F
	case *ir.Elem:
		return e.F
	}
	return nil
}
