package suricata

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/luanids/luanids/lang/ir"
)

// maxContent caps the length of a literal, as Suricata does.
const maxContent = 65535

func content(b *builder, v string) *problem {
	lit, err := b.literal(v)
	if err != nil {
		return err
	}
	b.add(lit)
	b.last = lit
	return nil
}

func (b *builder) literal(v string) (*ir.Lit, *problem) {
	lit := &ir.Lit{Pos: b.pos()}
	if strings.HasPrefix(v, "!") {
		lit.Neg, v = true, strings.TrimLeft(v[1:], " \t")
	}
	if err := quoted(v); err != nil {
		return nil, err
	}
	var err *problem
	lit.Bytes, err = contentBytes(v[1 : len(v)-1])
	if err == nil && len(lit.Bytes) > maxContent {
		err = fail("the text is longer than %d bytes", maxContent)
	}
	return lit, err
}

// contentBytes reads text with escapes (\" \; \: \\) and bytes in hex between bars. Plain text is that of the rule itself, which nobody
// changes.
func contentBytes(s string) ([]byte, *problem) {
	if s != "" && strings.IndexByte(s, '|') < 0 && strings.IndexByte(s, '\\') < 0 {
		return unsafe.Slice(unsafe.StringData(s), len(s)), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) || strings.IndexByte(`\";:`, s[i]) < 0 {
				return nil, fail(`a backslash in the text must precede one of \ " ; :`)
			}
			out = append(out, s[i])
		case '|':
			end := strings.IndexByte(s[i+1:], '|')
			if end < 0 {
				return nil, fail("the second | of the bytes in hex is missing")
			}
			var ok bool
			if out, ok = appendHex(out, s[i+1:i+1+end]); !ok {
				return nil, fail("|%s| are no bytes in hex", s[i+1:i+1+end])
			}
			i += end + 1
		default:
			out = append(out, s[i])
		}
	}
	if len(out) == 0 {
		return nil, fail("the text is empty")
	}
	return out, nil
}

func appendHex(out []byte, s string) ([]byte, bool) {
	high, half := byte(0), false
	for i := 0; i < len(s); i++ {
		var n byte
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = c | 0x20 - 'a' + 10
		case c == ' ' || c == ',':
			continue
		default:
			return out, false
		}
		if half {
			out = append(out, high<<4|n)
		}
		high, half = n, !half
	}
	return out, !half
}

// num reads a number or the name of a variable that was extracted before.
func (b *builder) num(s string) (ir.Num, *problem) {
	s = strings.TrimSpace(s)
	if n, ok := parseInt(s); ok {
		return ir.Num{N: n}, nil
	}
	if b.vars[s] {
		return ir.Num{Var: s}, nil
	}
	return ir.Num{}, fail("%q is neither a number nor a variable extracted before", s)
}

// parseInt reads a number in decimal (also with leading zeros) or in hex after 0x.
func parseInt(s string) (int64, bool) {
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		return int64(n), err == nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return int64(n), err == nil
}

// modifier makes a handler of a keyword that changes the last content.
func modifier(set func(b *builder, lit *ir.Lit, v string) *problem) handler {
	return func(b *builder, v string) *problem {
		if b.last == nil {
			return fail("there is no content before it")
		}
		return set(b, b.last, v)
	}
}

func number(set func(lit *ir.Lit, n *ir.Num) *problem) handler {
	return modifier(func(b *builder, lit *ir.Lit, v string) *problem {
		n, err := b.num(v)
		if err != nil {
			return err
		}
		if err := set(lit, &n); err != nil {
			return err
		}
		return placedTwice(lit)
	})
}

var (
	nocase = modifier(func(b *builder, lit *ir.Lit, v string) *problem {
		lit.NoCase = true
		return nil
	})
	depth = number(func(lit *ir.Lit, n *ir.Num) *problem {
		if n.Var == "" && n.N < int64(len(lit.Bytes)) {
			return fail("%d is less than the %d bytes of the content", n.N, len(lit.Bytes))
		}
		err := twice(lit.Depth, lit.Distance, lit.Within)
		lit.Depth = n
		return err
	})
	offset = number(func(lit *ir.Lit, n *ir.Num) *problem {
		if n.Var == "" && n.N < 0 {
			return fail("must not be negative")
		}
		err := twice(lit.Offset, lit.Distance, lit.Within)
		lit.Offset = n
		return err
	})
	distance = number(func(lit *ir.Lit, n *ir.Num) *problem {
		err := twice(lit.Distance, lit.Offset, lit.Depth)
		lit.Distance = n
		return err
	})
	within = number(func(lit *ir.Lit, n *ir.Num) *problem {
		if n.Var == "" && n.N < int64(len(lit.Bytes)) {
			return fail("%d is less than the %d bytes of the content", n.N, len(lit.Bytes))
		}
		err := twice(lit.Within, lit.Offset, lit.Depth)
		lit.Within = n
		return err
	})
	startswith = modifier(func(b *builder, lit *ir.Lit, v string) *problem {
		lit.StartsWith = true
		return placedTwice(lit)
	})
	endswith = modifier(func(b *builder, lit *ir.Lit, v string) *problem {
		lit.EndsWith = true
		return nil
	})
	fastPattern = modifier(func(b *builder, lit *ir.Lit, v string) *problem {
		if b.fast {
			return fail("another content of the rule has it: there can be one")
		}
		b.fast, lit.Fast = true, true
		if v == "" || v == "only" {
			return nil
		}
		off, length, ok := strings.Cut(v, ",")
		o, err1 := strconv.ParseUint(strings.TrimSpace(off), 10, 16)
		n, err2 := strconv.ParseUint(strings.TrimSpace(length), 10, 16)
		if !ok || err1 != nil || err2 != nil || int(o+n) > len(lit.Bytes) || n == 0 {
			return fail("wants only, or offset,length within the content")
		}
		lit.FastOff, lit.FastLen = int(o), int(n)
		return nil
	})
)

// moveTo makes the handler of an old-style modifier: the last content without a buffer belongs to that one.
func moveTo(buf *buffer) handler {
	return func(b *builder, v string) *problem {
		if b.sticky != nil {
			return fail("a sticky buffer is set: pkt_data must come before this modifier")
		}
		from := b.find(payloadBuffer, nil, false)
		for i := len(from.items) - 1; i >= 0; i-- {
			if lit, ok := from.items[i].(*ir.Lit); ok {
				if lit == b.rawText {
					return fail("rawbytes says that the content is about the bytes of the packet")
				}
				from.items = slices.Delete(from.items, i, i+1)
				to := b.find(buf, nil, false)
				to.items = append(to.items, lit)
				if b.latest == ir.Item(lit) {
					b.latestIn = to
				}
				return nil
			}
		}
		return fail("there is no content without a buffer before it")
	}
}

// rawbytes says of the content before it what is so anyway.
func rawbytes(b *builder, v string) *problem {
	if b.sticky != nil {
		return fail("it cannot be about a sticky buffer")
	}
	items := b.find(payloadBuffer, nil, false).items
	for i := len(items) - 1; i >= 0; i-- {
		if lit, ok := items[i].(*ir.Lit); ok {
			if lit == b.rawText {
				return fail("the content has it already")
			}
			b.rawText = lit
			return nil
		}
	}
	return fail("there is no content without a buffer before it")
}

// uricontent is content in the URI.
func uricontent(b *builder, v string) *problem {
	if b.sticky != nil {
		return fail("a sticky buffer is set: pkt_data must come before it")
	}
	lit, err := b.literal(v)
	if err != nil {
		return err
	}
	b.addTo(b.find(uriBuffer, nil, false), lit)
	b.last = lit
	return nil
}

func isdataat(b *builder, v string) *problem {
	parts := list(v)
	it := &ir.IsDataAt{Pos: b.pos()}
	n := parts[0]
	if strings.HasPrefix(n, "!") {
		it.Neg, n = true, n[1:]
	}
	var err *problem
	if it.N, err = b.num(n); err != nil {
		return err
	}
	for _, p := range parts[1:] {
		switch p {
		case "relative":
			it.Relative = true
		case "rawbytes":
		default:
			return fail("unknown option %q", p)
		}
	}
	b.addAfter(it, it.Relative)
	return nil
}

func absent(b *builder, v string) *problem {
	if b.sticky == nil {
		return fail("there is no sticky buffer before it")
	}
	c := b.current()
	switch v {
	case "":
		c.absent = mustBeAbsent
	case "or_else":
		c.absent = absentOrElse
	default:
		return fail("unknown option %q", v)
	}
	return nil
}

func entropy(b *builder, v string) *problem {
	it := &ir.Entropy{Pos: b.pos()}
	for _, p := range list(v) {
		name, arg, _ := strings.Cut(p, " ")
		arg = strings.TrimSpace(arg)
		switch name {
		case "bytes", "offset":
			n, err := strconv.ParseUint(arg, 10, 31)
			if err != nil {
				return fail("%s wants a number", name)
			}
			if name == "bytes" {
				it.Bytes = int(n)
			} else {
				it.Offset = int(n)
			}
		case "value":
			if err := entropyValue(it, arg); err != nil {
				return err
			}
		default:
			return fail("unknown option %q", p)
		}
	}
	if it.Op == 0 {
		return fail("value is missing")
	}
	it.Name = "content"
	if b.sticky != nil {
		it.Name = strings.ReplaceAll(b.sticky.name, ".", "_")
	}
	b.add(it)
	return nil
}

// asn1 asks for objects in BER that overflow parsers, from an offset on.
func asn1(b *builder, v string) *problem {
	it := &ir.ASN1{Pos: b.pos()}
	for _, p := range list(v) {
		f := strings.Fields(p)
		if len(f) == 0 {
			continue
		}
		switch f[0] {
		case "bitstring_overflow":
			it.Bitstring = true
			continue
		case "double_overflow":
			it.Double = true
			continue
		case "oversize_length", "absolute_offset", "relative_offset":
		default:
			return fail("unknown option %q", p)
		}
		if len(f) != 2 {
			return fail("%s wants a number", f[0])
		}
		n, err := strconv.ParseInt(f[1], 10, 32)
		if err != nil || n < 0 && f[0] != "relative_offset" {
			return fail("%s wants a number", f[0])
		}
		switch f[0] {
		case "oversize_length":
			it.Oversize = n
		case "absolute_offset":
			it.Offset = int(n)
		case "relative_offset":
			it.Offset, it.Relative = int(n), true
		}
	}
	if it.Oversize == 0 && !it.Bitstring && !it.Double {
		return fail("wants oversize_length, bitstring_overflow or double_overflow")
	}
	b.addAfter(it, it.Relative)
	return nil
}

func entropyValue(it *ir.Entropy, s string) *problem {
	it.Op = ir.TestEq
	for _, o := range []struct {
		text string
		op   ir.TestOp
	}{{"!=", ir.TestNe}, {">=", ir.TestGe}, {"<=", ir.TestLe}, {">", ir.TestGt}, {"<", ir.TestLt}, {"=", ir.TestEq}, {"!", ir.TestNe}} {
		if rest, ok := strings.CutPrefix(s, o.text); ok {
			it.Op, s = o.op, strings.TrimSpace(rest)
			break
		}
	}
	lo, hi, isRange := strings.Cut(s, "-")
	var err1, err2 error
	it.Value, err1 = strconv.ParseFloat(strings.TrimSpace(lo), 64)
	if isRange {
		it.Hi, err2 = strconv.ParseFloat(strings.TrimSpace(hi), 64)
		switch it.Op {
		case ir.TestEq:
			it.Op = ir.TestRange
		case ir.TestNe:
			it.Op = ir.TestNotIn
		default:
			return fail("%s is no range", s)
		}
	}
	if err1 != nil || err2 != nil {
		return fail("%s is no number", s)
	}
	return nil
}
