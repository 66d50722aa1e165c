package check

import (
	"regexp"
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// lettering is which letters a value has.
type lettering uint8

const (
	mixed lettering = iota
	small
	capital
)

// letteringOf tells which letters a value can have: lower(x) has small ones only.
func letteringOf(x ir.Expr) lettering {
	switch x := x.(type) {
	case *ir.Transform:
		for i := len(x.Steps) - 1; i >= 0; i-- {
			switch x.Steps[i].Op {
			case ir.TLower:
				return small
			case ir.TUpper:
				return capital
			case ir.TCompressWhitespace, ir.TStripWhitespace, ir.TDotPrefix:
				continue
			}
			return mixed
		}
		return letteringOf(x.X)
	case *ir.Call:
		switch x.Fn.Name() {
		case "md5", "sha1", "sha256", "hex":
			return small
		}
	default:
		if f := fieldOf(x); f != nil && f.Lower {
			return small
		}
	}
	return mixed
}

// spelled warns of a text that cannot occur in a value because of its letters, or that cannot be all of it because of its length.
func (c *checker) spelled(b *syntax.Binary, x ir.Expr, text string, whole bool) {
	c.piped(b.R.Range(), text)
	if b.NoCase {
		return
	}
	fits := text
	switch letteringOf(x) {
	case small:
		fits = strings.ToLower(text)
	case capital:
		fits = strings.ToUpper(text)
	}
	if fits != text {
		c.report(diag.WrongCase(b.R.Range(), c.text(b.L), fits))
		return
	}
	if !whole {
		return
	}
	if u := c.usual(x, text); u != "" {
		c.report(diag.WrongForm(b.R.Range(), c.text(b.L), u))
	} else if what, n := charsOf(x); n > 0 && len(text) != n {
		c.report(diag.WrongLength(b.R.Range(), what, n, len(text)))
	}
}

// pipes match bytes as Suricata and Snort write them.
var pipes = regexp.MustCompile(`\|[0-9A-Fa-f]{2}(?: ?[0-9A-Fa-f]{2})*\|`)

// piped warns of bytes within a text that are written as Suricata does.
func (c *checker) piped(at diag.Range, text string) {
	if part := pipes.FindString(text); part != "" {
		c.report(diag.PipedBytes(at, part, strings.ToLower(strings.Trim(part, "|"))))
	}
}

// charsOf gives how many characters a value always has, 0 if that differs.
func charsOf(x ir.Expr) (what string, n int) {
	if call, ok := x.(*ir.Call); ok {
		return call.Fn.Name(), map[string]int{"md5": 32, "sha1": 40, "sha256": 64}[call.Fn.Name()]
	}
	if f := fieldOf(x); f != nil {
		return f.Name, f.Chars
	}
	return "", 0
}

// spelledSet does so for the elements of a set that are written out.
func (c *checker) spelledSet(b *syntax.Binary, x ir.Expr) {
	f := fieldOf(x)
	lit, ok := b.R.(*syntax.SetLit)
	if _, n := charsOf(x); !ok || letteringOf(x) == mixed && n == 0 && (f == nil || len(f.Usual) == 0) {
		return
	}
	for _, e := range lit.Elems {
		if l, ok := e.X.(*syntax.Lit); ok && l.Kind == syntax.LitString {
			c.spelled(&syntax.Binary{Op: b.Op, L: b.L, R: l, NoCase: b.NoCase}, x, l.Str, b.Op == syntax.OpIn || b.Op == syntax.OpNotIn)
		}
	}
}

// maxOf is the largest number that a field of so many bytes holds, false for texts and eight bytes.
func maxOf(v ir.Conv) (lo, hi int64, ok bool) {
	n := v.Bytes.N
	if v.String || v.Bytes.Var != "" || n < 1 || n > 4 || v.Bitmask != 0 {
		return 0, 0, false
	}
	if v.Signed {
		return -1 << (8*n - 1), 1<<(8*n-1) - 1, true
	}
	return 0, 1<<(8*n) - 1, true
}

// holds warns of a test of a number that all pass, or none.
func (c *checker) holds(it *syntax.Item, v ir.Conv, op syntax.Op, value *syntax.Operand) {
	lo, hi, ok := maxOf(v)
	if !ok || value.Var != "" || it.Not {
		return
	}
	n := value.Num
	never := op == syntax.OpEq && (n < lo || n > hi) || op == syntax.OpGt && n >= hi || op == syntax.OpGe && n > hi ||
		op == syntax.OpLt && n <= lo || op == syntax.OpLe && n < lo
	if never {
		c.report(diag.NumberRange(it.Range(), it.Num.Type.Text, lo, hi))
	}
}
