package syntax

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Quote writes s as a string literal.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hexByte(s[i]))
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}

// QuoteBytes writes s as a byte string.
func QuoteBytes(s string) string {
	var b strings.Builder
	b.WriteString(`x"`)
	for i := range len(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hexByte(s[i]))
	}
	b.WriteByte('"')
	return b.String()
}

func hexByte(c byte) string {
	return string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
}

// String writes an expression on one line.
func String(x Expr) string { return str(x, 0) }

// str writes x, in parentheses if it binds less tightly than prec.
func str(x Expr, prec int) string {
	var b strings.Builder
	writeExpr(&b, x, prec)
	return b.String()
}

func writeExpr(b *strings.Builder, x Expr, prec int) {
	if prec > binds(x) {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch x := x.(type) {
	case *Lit:
		b.WriteString(x.Raw)
	case *Name:
		b.WriteString(x.Text)
	case *Index:
		writeExpr(b, x.X, precPrimary)
		b.WriteByte('[')
		if x.Neg {
			b.WriteByte('-')
		}
		b.WriteString(x.Key.Raw + "]")
	case *Call:
		b.WriteString(x.Func.Text + "(")
		for i, a := range x.Args {
			b.WriteString(comma(i))
			writeExpr(b, a, 0)
		}
		b.WriteByte(')')
	case *Unary:
		if x.Op == OpNot {
			b.WriteString("not ")
		} else {
			b.WriteByte('-')
		}
		writeExpr(b, x.X, binds(x))
	case *Binary:
		writeBinary(b, x)
	case *QuantBlock:
		b.WriteString(x.Quant.String() + "(" + x.Field.Text + ": ")
		writeExpr(b, x.Body, 0)
		b.WriteByte(')')
	case *RangeLit:
		if x.Lo != nil {
			writeExpr(b, x.Lo, precBitOr)
		}
		b.WriteString("..")
		if x.Hi != nil {
			writeExpr(b, x.Hi, precBitOr)
		}
	case *SetLit:
		b.WriteByte('{')
		for i, e := range x.Elems {
			b.WriteString(comma(i) + elemString(e))
		}
		b.WriteByte('}')
	case *Has:
		b.WriteString(hasHead(x))
		for i, it := range x.Items {
			b.WriteString(comma(i) + itemString(it))
		}
		b.WriteByte(']')
	}
}

// binds tells how tightly an expression binds: where more is wanted it needs parentheses.
func binds(x Expr) int {
	switch x := x.(type) {
	case *Unary:
		if x.Op == OpNot {
			return precNot
		}
		return precUnary
	case *Binary:
		return ops[x.Op].prec
	case *Has:
		return precCompare
	}
	return precPrimary
}

// comma is what stands before element i of a list on one line.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// writeBinary writes an operation. A chain of one operator leans to the left, and may be as long as a file: it is
// walked down in a loop.
func writeBinary(b *strings.Builder, x *Binary) {
	p := ops[x.Op].prec
	if x.Op.Compares() {
		left := str(x.L, 0)
		if x.Quant != QuantNone {
			b.WriteString(x.Quant.String() + " ")
		}
		if p >= binds(x.L) || x.Quant != QuantNone && left[0] == '(' { // else any (a + b) * c would be a block
			left = "(" + left + ")"
		}
		b.WriteString(left)
		writeRight(b, x, p)
		return
	}
	chain := []*Binary{x}
	for l, ok := x.L.(*Binary); ok && ops[l.Op].prec == p; l, ok = l.L.(*Binary) {
		chain = append(chain, l)
	}
	writeExpr(b, chain[len(chain)-1].L, p)
	for _, c := range slices.Backward(chain) {
		writeRight(b, c, p)
	}
}

// writeRight writes the operator of x, of precedence p, and what stands to the right of it.
func writeRight(b *strings.Builder, x *Binary, p int) {
	b.WriteString(" " + x.Op.String() + " ")
	writeExpr(b, x.R, p+1)
	if x.NoCase {
		b.WriteString(" nocase")
	}
}

func elemString(e SetElem) string {
	if e.Not {
		return "!" + str(e.X, precBitOr)
	}
	return str(e.X, precBitOr)
}

func hasHead(h *Has) string {
	s := str(h.X, precBitOr) + " has ["
	if h.Quant != QuantNone {
		s = h.Quant.String() + " " + s
	}
	return s
}

// itemString writes an element of a content chain.
func itemString(it *Item) string {
	var b strings.Builder
	if it.Not {
		b.WriteByte('!')
	}
	switch it.Kind {
	case ItemPattern, ItemRegex:
		b.WriteString(it.Lit.Raw)
		writeOpts(&b, it.Opts)
	case ItemTest:
		writeNum(&b, it.Num)
		writeOpts(&b, it.Opts)
		writeTest(&b, it)
	case ItemLet:
		b.WriteString("let " + it.Var.Text + " = ")
		writeNum(&b, it.Num)
		writeOpts(&b, it.Opts)
		if it.Op != 0 {
			writeTest(&b, it)
		}
	case ItemJump:
		b.WriteString("jump ")
		writeNum(&b, it.Num)
		writeOpts(&b, it.Opts)
	case ItemDataAt:
		b.WriteString("isdataat ")
		writeSigned(&b, it.Value, it.Rel)
	case ItemSize:
		b.WriteString("size")
		writeTest(&b, it)
	case ItemEntropy:
		b.WriteString("entropy")
		writeTest(&b, it)
		writeOpts(&b, it.Opts)
	case ItemASN1:
		b.WriteString("asn1")
		writeOpts(&b, it.Opts)
	case ItemBase64:
		b.WriteString("base64")
		writeOpts(&b, it.Opts)
		b.WriteString(" has [")
		for i, sub := range it.Sub {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(itemString(sub))
		}
		b.WriteByte(']')
	}
	return b.String()
}

func writeNum(b *strings.Builder, n *NumAt) {
	b.WriteString(n.Type.Text)
	if n.Pos != nil {
		b.WriteByte(' ')
		writeSigned(b, n.Pos, n.Rel)
	}
}

func writeSigned(b *strings.Builder, o *Operand, rel bool) {
	if rel && (o.Var != "" || o.Num >= 0) {
		b.WriteByte('+')
	}
	b.WriteString(o.String())
}

// String writes the operand; numbers as they were written.
func (o *Operand) String() string {
	switch {
	case o.Var != "":
		return o.Var
	case o.Raw == "":
		return strconv.FormatInt(o.Num, 10)
	case o.Num < 0 || o.Float < 0:
		return "-" + o.Raw
	}
	return o.Raw
}

func writeTest(b *strings.Builder, it *Item) {
	op := it.Op.String()
	if it.Open {
		op = "between"
	}
	b.WriteString(" " + op + " " + it.Value.String())
	if it.Hi != nil {
		b.WriteString(".." + it.Hi.String())
	}
}

func writeOpts(b *strings.Builder, opts []Opt) {
	for i := range opts {
		o := &opts[i]
		b.WriteString(" " + o.Name)
		if o.Value != nil {
			b.WriteByte(' ')
			writeSigned(b, o.Value, o.Rel)
		}
		if o.Len != nil {
			b.WriteString(" " + o.Len.String())
		}
		if o.Word != "" {
			b.WriteString(" " + o.Word)
		}
	}
}
