package ir

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/regex"
)

// Text writes an expression as rules do, for people who ask why a rule did not match. It is
// close to .nids, but names of sets and functions stand for what they hold.
func Text(x Expr) string {
	var b strings.Builder
	writeExpr(&b, x, false)
	return b.String()
}

func writeExpr(b *strings.Builder, x Expr, inner bool) {
	switch x := x.(type) {
	case nil:
		b.WriteString("true")
	case *Field:
		b.WriteString(x.F.Name)
	case *Elem:
		b.WriteString(x.F.Name)
	case *Const:
		writeConst(b, x)
	case *Arith:
		b.WriteByte('(')
		writeExpr(b, x.X, true)
		ops := [...]string{"?", "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}
		b.WriteString(" " + ops[min(int(x.Op), len(ops)-1)] + " ")
		writeExpr(b, x.Y, true)
		b.WriteByte(')')
	case *Len:
		writeCall(b, "len", x.X)
	case *Count:
		b.WriteString("count(" + x.F.Name + ")")
	case *Call:
		writeCall(b, x.Fn.Name(), x.Args...)
	case *Late:
		writeCall(b, x.Fn.Name(), x.Args...)
	case *Transform:
		for i := len(x.Steps) - 1; i >= 0; i-- {
			b.WriteString(x.Steps[i].Op.function() + "(")
		}
		writeExpr(b, x.X, false)
		b.WriteString(strings.Repeat(")", len(x.Steps)))
	case *FlowInt:
		b.WriteString("flow.counter(" + strconv.Quote(x.Name) + ")")
	case *HostInt:
		writeKeyed(b, "host.counter", x.Name, x.Key)
	case *Rep:
		writeCall(b, "reputation."+x.Table.Name, x.X)
	case *And:
		writeList(b, x.X, " and ", inner)
	case *Or:
		writeList(b, x.X, " or ", inner)
	case *Not:
		b.WriteString("not ")
		writeExpr(b, x.X, true)
	default:
		writeTest(b, x)
	}
}

func writeTest(b *strings.Builder, x Expr) {
	switch x := x.(type) {
	case *Cmp:
		ops := [...]string{"?", "==", "!=", "<", "<=", ">", ">="}
		writeBinary(b, x.X, ops[min(int(x.Op), len(ops)-1)], x.Y, x.NoCase)
	case *StrTest:
		ops := [...]string{"?", "contains", "startswith", "endswith"}
		writeBinary(b, x.X, ops[min(int(x.Op), len(ops)-1)], x.Y, x.NoCase)
	case *In:
		writeExpr(b, x.X, true)
		b.WriteString(" in " + setText(x.Set))
	case *Match:
		writeExpr(b, x.X, true)
		b.WriteString(" ~ " + regex.Quote(x.Re.String(), x.Re.Flags().String()))
	case *Exists:
		writeCall(b, "exists", x.X)
	case *Quant:
		if x.All {
			b.WriteString("all(")
		} else {
			b.WriteString("any(")
		}
		b.WriteString(x.F.Name + ": ")
		writeExpr(b, x.Body, false)
		b.WriteByte(')')
	case *Content:
		writeExpr(b, x.Buf, true)
		b.WriteString(" has [")
		for i, it := range x.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(ItemText(it))
		}
		b.WriteByte(']')
	case *FlowBit:
		for i, n := range x.Names {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString("flow.flag(" + strconv.Quote(n) + ")")
		}
	case *HostBit:
		writeKeyed(b, "host.flag", x.Name, x.Key)
	case *InDataset:
		writeKeyed(b, "dataset", x.Set.Name, []Expr{x.X})
	default:
		fmt.Fprintf(b, "%T", x)
	}
}

func writeBinary(b *strings.Builder, x Expr, op string, y Expr, nocase bool) {
	writeExpr(b, x, true)
	b.WriteString(" " + op + " ")
	writeExpr(b, y, true)
	if nocase {
		b.WriteString(" nocase")
	}
}

func writeList(b *strings.Builder, xs []Expr, sep string, inner bool) {
	if inner && len(xs) > 1 {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, x := range xs {
		if i > 0 {
			b.WriteString(sep)
		}
		writeExpr(b, x, true)
	}
}

func writeCall(b *strings.Builder, name string, args ...Expr) {
	b.WriteString(name + "(")
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		writeExpr(b, a, false)
	}
	b.WriteByte(')')
}

func writeKeyed(b *strings.Builder, what, name string, key []Expr) {
	b.WriteString(what + "(" + strconv.Quote(name))
	for _, k := range key {
		b.WriteString(", ")
		writeExpr(b, k, false)
	}
	b.WriteByte(')')
}

func writeConst(b *strings.Builder, c *Const) {
	switch c.T {
	case dissect.TString:
		b.WriteString(strconv.Quote(string(c.V.B)))
	case dissect.TBytes:
		fmt.Fprintf(b, "x\"% x\"", c.V.B)
	case dissect.TIP:
		b.WriteString(c.V.IP.String())
	case dissect.TFloat:
		fmt.Fprint(b, c.V.F)
	case dissect.TBool:
		b.WriteString(strconv.FormatBool(c.V.I != 0))
	case dissect.TDuration:
		b.WriteString(DurationText(c.V.I))
	case dissect.TSize:
		b.WriteString(SizeText(c.V.I))
	default:
		b.WriteString(strconv.FormatInt(c.V.I, 10))
	}
}

// DurationText writes nanoseconds as rules do, in the largest unit of which they are a multiple: 90s, 10m.
func DurationText(ns int64) string {
	d := time.Duration(ns)
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}} {
		if d != 0 && d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return strconv.FormatInt(ns, 10) + "ns"
}

// SizeText writes bytes as rules do, in the largest unit of which they are a multiple, without one below a thousand: 10MB, 4KiB, 1500.
func SizeText(n int64) string {
	for _, u := range []struct {
		n    int64
		name string
	}{{1e9, "GB"}, {1 << 30, "GiB"}, {1e6, "MB"}, {1 << 20, "MiB"}, {1e3, "kB"}, {1 << 10, "KiB"}} {
		if n != 0 && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func setText(s Set) string {
	switch s := s.(type) {
	case *IntSet:
		if s.Name != "" {
			return s.Name
		}
		var parts []string
		for i, r := range s.Ranges {
			if i == 8 {
				parts = append(parts, "...")
				break
			}
			if r.Lo == r.Hi {
				parts = append(parts, strconv.FormatInt(r.Lo, 10))
			} else {
				parts = append(parts, fmt.Sprintf("%d..%d", r.Lo, r.Hi))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *IPSet:
		if s.Name != "" {
			return s.Name
		}
		return netsText(s)
	case *StrSet:
		if s.Name != "" {
			return s.Name
		}
		return textsText(s)
	}
	return "{}"
}

// maxShown bounds the elements of a set that are written out.
const maxShown = 8

func netsText(s *IPSet) string {
	if s.Len() > maxShown {
		return fmt.Sprintf("{%d networks}", s.Len())
	}
	var parts []string
	s.Each(func(lo, hi netip.Addr) {
		bits := lo.BitLen()
		for bits > 0 {
			p := netip.PrefixFrom(lo, bits-1)
			if p.Masked().Addr() != lo || hi.Less(LastAddr(p)) {
				break
			}
			bits--
		}
		switch {
		case lo == hi:
			parts = append(parts, lo.String())
		case LastAddr(netip.PrefixFrom(lo, bits)) == hi:
			parts = append(parts, netip.PrefixFrom(lo, bits).String())
		default:
			parts = append(parts, lo.String()+".."+hi.String())
		}
	})
	return "{" + strings.Join(parts, ", ") + "}"
}

// LastAddr is the last address of a block.
func LastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func textsText(s *StrSet) string {
	if s.Len() > maxShown {
		return fmt.Sprintf("{%d strings}", s.Len())
	}
	var parts []string
	s.Each(func(v []byte) { parts = append(parts, strconv.Quote(string(v))) })
	return "{" + strings.Join(parts, ", ") + "}"
}

// function gives the name of the transformation in the rule language.
func (o TOp) function() string {
	switch o {
	case TLower:
		return "lower"
	case TUpper:
		return "upper"
	case TPcreXform:
		return "capture"
	case TZlibDeflate:
		return "inflate"
	}
	return o.String()
}

// String gives Suricata's name of the transformation.
func (o TOp) String() string {
	names := [...]string{"?", "to_lowercase", "to_uppercase", "compress_whitespace", "strip_whitespace", "to_md5", "to_sha1", "to_sha256",
		"url_decode", "xor", "dotprefix", "header_lowercase", "strip_pseudo_headers", "pcrexform", "from_base64", "gunzip", "zlib_deflate",
		"domain", "tld"}
	return names[min(int(o), len(names)-1)]
}

// String gives the number or the variable's name.
func (n Num) String() string {
	if n.Var != "" {
		return n.Var
	}
	return strconv.FormatInt(n.N, 10)
}

// ItemText writes an item of a chain.
func ItemText(it Item) string {
	var b strings.Builder
	opt := func(name string, n *Num) {
		if n != nil {
			b.WriteString(" " + name + " " + n.String())
		}
	}
	flag := func(name string, on bool) {
		if on {
			b.WriteString(" " + name)
		}
	}
	neg := func(on bool) {
		if on {
			b.WriteByte('!')
		}
	}
	switch it := it.(type) {
	case *Lit:
		neg(it.Neg)
		b.WriteString(strconv.Quote(string(it.Bytes)))
		flag("nocase", it.NoCase)
		exactly := func(n *Num) bool { return n != nil && n.Var == "" && n.N == int64(len(it.Bytes)) }
		switch {
		case it.Offset != nil && exactly(it.Depth) && it.Distance == nil && it.Within == nil:
			opt("at", it.Offset)
		case it.Distance != nil && exactly(it.Within) && it.Offset == nil && it.Depth == nil:
			b.WriteString(" at " + relative(*it.Distance))
		default:
			opt("offset", it.Offset)
			opt("depth", it.Depth)
			opt("distance", it.Distance)
			opt("within", it.Within)
		}
		flag("startswith", it.StartsWith)
		flag("endswith", it.EndsWith)
	case *Re:
		neg(it.Neg)
		b.WriteString(regex.Quote(it.Re.String(), it.Re.Flags().String()))
		flag("relative", it.Relative)
		opt("within", it.Within)
	case *IsDataAt:
		neg(it.Neg)
		b.WriteString("isdataat " + place(it.N, it.Relative))
	case *ByteTest:
		neg(it.Neg)
		fmt.Fprintf(&b, "%s %s %s", it.numberAt(it.Offset, it.Relative), it.Op, it.Value)
	case *ByteJump:
		b.WriteString("jump " + it.numberAt(it.Offset, it.Relative))
		if it.Multiplier > 1 {
			fmt.Fprintf(&b, " times %d", it.Multiplier)
		}
		flag("align", it.Align)
		flag("from start", it.FromBeginning)
		flag("from end", it.FromEnd)
		if it.Post != (Num{}) {
			b.WriteString(" plus " + it.Post.String())
		}
	case *ByteExtract:
		fmt.Fprintf(&b, "let %s = %s", it.Name, it.numberAt(it.Offset, it.Relative))
		if it.Multiplier > 1 {
			fmt.Fprintf(&b, " * %d", it.Multiplier)
		}
	case *ByteMath:
		op := string(it.Op)
		if it.Op == '<' || it.Op == '>' {
			op += op
		}
		fmt.Fprintf(&b, "let %s = %s %s %s", it.Name, it.numberAt(it.Offset, it.Relative), op, it.R)
	case *Base64:
		b.WriteString("base64 has [")
		for i, x := range it.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(ItemText(x))
		}
		b.WriteByte(']')
	case *SizeTest:
		neg(it.Neg)
		fmt.Fprintf(&b, "size %s %s", it.Op, it.N)
		if it.Op == TestRange || it.Op == TestInclude || it.Op == TestNotIn {
			b.WriteString(".." + it.Hi.String())
		}
	case *ASN1:
		fmt.Fprintf(&b, "asn1 at %d", it.Offset)
		flag("relative", it.Relative)
	case *Entropy:
		fmt.Fprintf(&b, "entropy %s %g", it.Op, it.Value)
	}
	return b.String()
}

// relative writes a place that counts from the end of the last match.
func relative(n Num) string {
	if n.Var != "" || n.N >= 0 {
		return "+" + n.String()
	}
	return n.String()
}

func place(n Num, rel bool) string {
	if rel {
		return relative(n)
	}
	return n.String()
}

// numberAt writes a number in the buffer and where it is: u16be +2.
func (c *Conv) numberAt(at Num, rel bool) string {
	name := "u"
	if c.Signed {
		name = "i"
	}
	switch {
	case c.String:
		name = map[int]string{8: "oct", 10: "dec", 16: "hex"}[c.Base]
		if name == "" {
			name = "num"
		}
		if c.Bytes.Var == "" {
			name += c.Bytes.String()
		}
	case c.Bytes.Var == "":
		name += strconv.FormatInt(8*c.Bytes.N, 10)
		if c.Bytes.N > 1 || c.DCE {
			name += map[bool]string{true: "dce", false: map[bool]string{true: "le", false: "be"}[c.Little]}[c.DCE]
		}
	}
	name += " " + place(at, rel)
	if c.Bytes.Var != "" {
		name += " bytes " + c.Bytes.Var
	}
	if c.Bitmask != 0 {
		name += fmt.Sprintf(" mask %#x", c.Bitmask)
	}
	return name
}

// String gives the operator.
func (o TestOp) String() string {
	names := [...]string{"?", "==", "!=", "<", ">", "<=", ">=", "&", "^", "between", "not between", "in"}
	return names[min(int(o), len(names)-1)]
}
