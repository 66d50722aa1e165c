package syntax

import (
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

// QuoteRegex writes a pattern with its flags; a slash or a line end within gets its escape.
func QuoteRegex(pattern, flags string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			b.WriteByte(c)
			i++
			b.WriteByte(pattern[i])
		case c == '/':
			b.WriteString(`\/`)
		case c == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "/" + flags
}

func hexByte(c byte) string {
	return string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
}

// String writes an expression on one line.
func String(x Expr) string { return str(x, 0) }

// str writes x, in parentheses if it binds less tightly than prec.
func str(x Expr, prec int) string {
	switch x := x.(type) {
	case *Lit:
		return x.Raw
	case *Name:
		return x.Text
	case *Index:
		if x.Neg {
			return str(x.X, precPrimary) + "[-" + x.Key.Raw + "]"
		}
		return str(x.X, precPrimary) + "[" + x.Key.Raw + "]"
	case *Call:
		args := make([]string, len(x.Args))
		for i, a := range x.Args {
			args[i] = str(a, 0)
		}
		return x.Func.Text + "(" + strings.Join(args, ", ") + ")"
	case *Unary:
		if x.Op == OpNot {
			return paren(prec > precNot, "not "+str(x.X, precNot))
		}
		return paren(prec > precUnary, "-"+str(x.X, precUnary))
	case *Binary:
		return binaryString(x, prec)
	case *QuantBlock:
		return x.Quant.String() + "(" + x.Field.Text + ": " + str(x.Body, 0) + ")"
	case *RangeLit:
		return rangeString(x)
	case *SetLit:
		elems := make([]string, len(x.Elems))
		for i, e := range x.Elems {
			elems[i] = elemString(e)
		}
		return "{" + strings.Join(elems, ", ") + "}"
	case *Has:
		items := make([]string, len(x.Items))
		for i, it := range x.Items {
			items[i] = itemString(it)
		}
		return paren(prec > precCompare, hasHead(x)+strings.Join(items, ", ")+"]")
	}
	return ""
}

func paren(yes bool, s string) string {
	if yes {
		return "(" + s + ")"
	}
	return s
}

func binaryString(b *Binary, prec int) string {
	p := ops[b.Op].prec
	left, right := p, p+1
	if b.Op.Compares() {
		left = p + 1
	}
	s := str(b.L, left) + " " + b.Op.String() + " " + str(b.R, right)
	if b.Quant != QuantNone {
		if first := firstOf(b.L); first == "(" {
			s = "(" + str(b.L, 0) + ") " + b.Op.String() + " " + str(b.R, right)
		}
		s = b.Quant.String() + " " + s
	}
	if b.NoCase {
		s += " nocase"
	}
	return paren(prec > p, s)
}

func firstOf(x Expr) string { return str(x, 0)[:1] }

func rangeString(r *RangeLit) string {
	lo, hi := "", ""
	if r.Lo != nil {
		lo = str(r.Lo, precBitOr)
	}
	if r.Hi != nil {
		hi = str(r.Hi, precBitOr)
	}
	return lo + ".." + hi
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
