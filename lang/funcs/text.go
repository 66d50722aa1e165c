package funcs

import (
	"bytes"
	"math"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// special are the functions that the checker compiles to nodes of their own.
var special = []*Decl{
	{Name: "exists", Kind: Special, Returns: dissect.TBool, Params: []Param{{Name: "x"}},
		Doc: "whether the message carries the field at all, be it empty"},
	{Name: "len", Kind: Special, Returns: dissect.TSize, Params: []Param{{Name: "x", Types: text}},
		Doc: "length in bytes", Examples: [][2]string{{`len("abc")`, `3`}}},
	{Name: "count", Kind: Special, Returns: dissect.TInt, Params: []Param{{Name: "field"}, {Name: "part", Types: text, Optional: true}},
		Doc:      "how many values a multi-valued field has; with a second argument, how often part occurs in a text (without overlaps)",
		Examples: [][2]string{{`count("../../x", "../")`, `2`}}},
	{Name: "flow.flag", Kind: Special, Returns: dissect.TBool, Params: []Param{{Name: "name", Types: text[:1], Const: true, Variadic: true}},
		Doc: "whether one of these flags of the flow is set (see the statement set)"},
	{Name: "flow.counter", Kind: Special, Returns: dissect.TInt, Params: []Param{{Name: "name", Types: text[:1], Const: true}},
		Doc: "a counter of the flow, absent until a rule sets it"},
	{Name: "host.flag", Kind: Special, Returns: dissect.TBool, Params: []Param{{Name: "name", Types: text[:1], Const: true}, {Name: "key", Variadic: true}},
		Doc: "whether the flag is set for this key, an address as a rule, across flows"},
	{Name: "host.counter", Kind: Special, Returns: dissect.TInt, Params: []Param{{Name: "name", Types: text[:1], Const: true}, {Name: "key", Variadic: true}},
		Doc: "a counter kept for this key across flows, absent until a rule sets it"},
	{Name: "dataset", Kind: Special, Returns: dissect.TBool, Params: []Param{{Name: "name", Types: text[:1], Const: true}, {Name: "x"}},
		Doc: "whether a value is in a data set that rules add to (see the statement set)"},
	{Name: "reputation", Kind: Special, Returns: dissect.TInt, Params: []Param{{Name: "ip", Types: addr}, {Name: "category", Types: text[:1], Const: true}},
		Doc: "the score of an address, 1 to 127, in a category of the IP reputation that is loaded; absent where it has none"},
}

var texts = []*Decl{
	{Name: "lower", Kind: Transform, Step: ir.TLower, Params: []Param{{Name: "x", Types: text}},
		Doc: "with ASCII letters in lower case", Examples: [][2]string{{`lower("AbC")`, `"abc"`}}},
	{Name: "upper", Kind: Transform, Step: ir.TUpper, Params: []Param{{Name: "x", Types: text}},
		Doc: "with ASCII letters in upper case", Examples: [][2]string{{`upper("AbC")`, `"ABC"`}}},
	{Name: "compress_whitespace", Kind: Transform, Step: ir.TCompressWhitespace, Params: []Param{{Name: "x", Types: text}},
		Doc: "with every run of white space made one space", Examples: [][2]string{{`compress_whitespace("a  b")`, `"a b"`}}},
	{Name: "strip_whitespace", Kind: Transform, Step: ir.TStripWhitespace, Params: []Param{{Name: "x", Types: text}},
		Doc: "without any white space", Examples: [][2]string{{`strip_whitespace("a b\n c")`, `"abc"`}}},
	{Name: "dotprefix", Kind: Transform, Step: ir.TDotPrefix, Params: []Param{{Name: "x", Types: text}},
		Doc:      "with a dot in front, so that endswith \".example.com\" takes the domain and what is below it",
		Examples: [][2]string{{`dotprefix("example.com")`, `".example.com"`}}},
	{Name: "header_lowercase", Kind: Transform, Step: ir.THeaderLowercase, Params: []Param{{Name: "x", Types: text}},
		Doc: "header lines with their names in lower case"},
	{Name: "strip_pseudo_headers", Kind: Transform, Step: ir.TStripPseudoHeaders, Params: []Param{{Name: "x", Types: text}},
		Doc: "header lines without those that begin with a colon (HTTP/2)"},
	{Name: "header", NS: 100, Returns: dissect.TString, Params: []Param{{Name: "lines", Types: text}, {Name: "name", Types: text}},
		Doc:      `the value of the first header line of that name, in any case; absent without one; headers["Name"] is short for it`,
		Examples: [][2]string{{`header("Host: a\r\nX-Id: 7\r\n", "x-id")`, `"7"`}},
		Call:     func(_ ir.Scratch, a []ir.Value) ir.Value { return bytesValue(Header(a[0].B, a[1].B)) }},
	{Name: "capture", Kind: Transform, Step: ir.TPcreXform, Params: []Param{{Name: "x", Types: text}, {Name: "re", Regex: true},
		{Name: "group", Types: integer, Const: true, Optional: true}},
		Doc: "what a group of a regular expression matches, the first unless said otherwise; absent without a match"},
	{Name: "trim", NS: 20, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc: "without white space at either end", Examples: [][2]string{{`trim("  a b ")`, `"a b"`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ir.Value{B: bytes.TrimSpace(a[0].B), OK: true} }},
	{Name: "before", NS: 30, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}, {Name: "mark", Types: text}},
		Doc: "what stands before the first mark; absent without one", Examples: [][2]string{{`before("user@host", "@")`, `"user"`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			if i := bytes.Index(a[0].B, a[1].B); i >= 0 {
				return bytesValue(a[0].B[:i:i])
			}
			return ir.Value{}
		}},
	{Name: "after", NS: 30, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}, {Name: "mark", Types: text}},
		Doc: "what stands after the first mark; absent without one", Examples: [][2]string{{`after("user@host", "@")`, `"host"`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			if i := bytes.Index(a[0].B, a[1].B); i >= 0 {
				return bytesValue(a[0].B[i+len(a[1].B):])
			}
			return ir.Value{}
		}},
	{Name: "substr", NS: 10, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}, {Name: "from", Types: integer}, {Name: "n", Types: integer, Optional: true}},
		Doc:      "n bytes (without n: all) from an offset on, which counts from the end if negative",
		Examples: [][2]string{{`substr("abcdef", 2, 3)`, `"cde"`}, {`substr("abcdef", -2)`, `"ef"`}},
		Call:     substr},
	{Name: "concat", NS: 40, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text, Variadic: true}},
		Doc: "texts joined", Examples: [][2]string{{`concat("a", "b", "c")`, `"abc"`}},
		Call: concat},
	{Name: "entropy", NS: 300, Hi: 8, Returns: dissect.TFloat, Params: []Param{{Name: "x", Types: text}},
		Doc: "Shannon entropy in bits a byte, 0 to 8", Examples: [][2]string{{`entropy("aabb")`, `1.0`}, {`entropy("aaaa")`, `0.0`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return floatValue(Entropy(a[0].B)) }},
}

func substr(_ ir.Scratch, a []ir.Value) ir.Value {
	b, from := a[0].B, a[1].I
	if from < 0 {
		from += int64(len(b))
	}
	if from < 0 || from > int64(len(b)) {
		return ir.Value{}
	}
	b = b[from:]
	if len(a) > 2 {
		b = b[:max(0, min(a[2].I, int64(len(b))))]
	}
	return ir.Value{B: b, OK: true}
}

func concat(s ir.Scratch, a []ir.Value) ir.Value {
	n := 0
	for i := range a {
		n += len(a[i].B)
	}
	out := s.Bytes(n)
	if out == nil && n > 0 {
		return ir.Value{}
	}
	at := 0
	for i := range a {
		at += copy(out[at:], a[i].B)
	}
	return ir.Value{B: out, OK: true}
}

// Entropy is the Shannon entropy of the bytes of b, in bits a byte.
func Entropy(b []byte) float64 {
	if len(b) == 0 {
		return 0
	}
	var counts [256]uint32
	for _, c := range b {
		counts[c]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			sum += float64(n) * math.Log2(float64(n))
		}
	}
	return max(0, math.Log2(float64(len(b)))-sum/float64(len(b)))
}

// CountParts is the function behind count(text, part).
var CountParts = &Decl{Name: "count", NS: 60, Returns: dissect.TInt, Params: []Param{{Name: "x", Types: text}, {Name: "part", Types: text}},
	Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
		if len(a[1].B) == 0 {
			return ir.Value{}
		}
		return intValue(bytes.Count(a[0].B, a[1].B))
	}}

// Header finds the value of the first "Name: value" line of that name, nil without one.
func Header(lines, name []byte) []byte {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte("\n"))
		lines = rest
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) {
			return bytes.TrimSpace(line[len(name)+1:])
		}
	}
	return nil
}

// equalFold compares two texts of equal length without regard to ASCII case.
func equalFold(a, b []byte) bool {
	for i := range a {
		x, y := a[i], b[i]
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if y >= 'A' && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return false
		}
	}
	return true
}
