package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

func n(v int64) *ir.Num { return &ir.Num{N: v} }

func lit1(s string) *ir.Lit { return &ir.Lit{Bytes: []byte(s)} }

// bin makes the conversion of so many bytes.
func conv1(k int64) ir.Conv { return ir.Conv{Bytes: ir.Num{N: k}} }

func text1(k int64, base int) ir.Conv {
	return ir.Conv{Bytes: ir.Num{N: k}, String: true, Base: base}
}

// TestChains has chains and inputs with the outcome that Suricata's content inspection gives.
func TestChains(t *testing.T) {
	g := newRig(t)
	rx := func(s string) *ir.Re { return &ir.Re{Re: re(t, s)} }
	v := func(name string) *ir.Num { return &ir.Num{Var: name} }
	for _, tt := range []struct {
		name  string
		in    string
		items []ir.Item
		want  bool
	}{
		{"one", "xxabc", []ir.Item{lit1("abc")}, true},
		{"depth holds", "xxabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), Depth: n(5)}}, true},
		{"depth too small", "xxabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), Depth: n(4)}}, false},
		{"depth counts from offset", "xxabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), Offset: n(2), Depth: n(3)}}, true},
		{"offset", "abcabd", []ir.Item{&ir.Lit{Bytes: []byte("abc"), Offset: n(1)}}, false},
		{"startswith", "abcabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), StartsWith: true}}, true},
		{"startswith later", "xabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), StartsWith: true}}, false},
		{"endswith", "abc.abc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), EndsWith: true}}, true},
		{"endswith earlier", "abc.", []ir.Item{&ir.Lit{Bytes: []byte("abc"), EndsWith: true}}, false},
		{"endswith negated", "abc.", []ir.Item{&ir.Lit{Bytes: []byte("abc"), EndsWith: true, Neg: true}}, true},
		{"starts and ends", "abc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), StartsWith: true, EndsWith: true}}, true},
		{"starts and ends, longer", "abcabc", []ir.Item{&ir.Lit{Bytes: []byte("abc"), StartsWith: true, EndsWith: true}}, false},
		{"order does not matter without distance", "def abc", []ir.Item{lit1("abc"), lit1("def")}, true},
		{"distance", "abc..def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Distance: n(2)}}, true},
		{"distance too far", "abc.def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Distance: n(2)}}, false},
		{"distance from the second", "abc.def abc..def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Distance: n(2), Within: n(3)}}, true},
		{"distance may go back", "defabc", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Distance: n(-6)}}, true},
		{"within", "abc.def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Within: n(4)}}, true},
		{"within too small", "abc.def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Within: n(3)}}, false},
		{"within counts from distance", "abc..def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Distance: n(2), Within: n(3)}}, true},
		{"backtracks to a later first", "ab ab xab cd", []ir.Item{lit1("ab"), &ir.Lit{Bytes: []byte("cd"), Within: n(3)}}, true},
		{"backtracks over two", "a1b a2b a3bc", []ir.Item{lit1("a"), &ir.Lit{Bytes: []byte("b"), Within: n(2)},
			&ir.Lit{Bytes: []byte("c"), Within: n(1)}}, true},
		{"overlapping occurrences", "aaab", []ir.Item{lit1("aa"), &ir.Lit{Bytes: []byte("b"), Within: n(1)}}, true},
		{"negated", "abc", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Neg: true}}, true},
		{"negated is there", "abc def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Neg: true}}, false},
		{"negated within", "abc....def", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Neg: true, Within: n(5)}}, true},
		{"negated within, other place", "abcdef abc", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("def"), Neg: true, Within: n(3)}}, true},
		{"position stays after a negated one", "abcX", []ir.Item{lit1("abc"), &ir.Lit{Bytes: []byte("q"), Neg: true, Within: n(2)},
			&ir.Lit{Bytes: []byte("X"), Within: n(1)}}, true},
		{"nocase", "xAbC", []ir.Item{&ir.Lit{Bytes: []byte("aBc"), NoCase: true}}, true},
		{"isdataat", "abc12", []ir.Item{lit1("abc"), &ir.IsDataAt{N: *n(2), Relative: true}}, true},
		{"isdataat too far", "abc12", []ir.Item{lit1("abc"), &ir.IsDataAt{N: *n(3), Relative: true}}, false},
		{"isdataat negated is the end", "abc", []ir.Item{lit1("abc"), &ir.IsDataAt{N: *n(1), Relative: true, Neg: true}}, true},
		{"isdataat absolute", "abc", []ir.Item{&ir.IsDataAt{N: *n(2)}}, true},
		{"isdataat absolute, at the end", "abc", []ir.Item{&ir.IsDataAt{N: *n(3)}}, false},
		{"isdataat sends back", "abc abc1234", []ir.Item{lit1("abc"), &ir.IsDataAt{N: *n(5), Relative: true}}, true},
		{"byte test", "\x00\x10", []ir.Item{&ir.ByteTest{Conv: conv1(2), Op: ir.TestGt, Value: *n(15)}}, true},
		{"byte test little", "\x00\x10", []ir.Item{&ir.ByteTest{Conv: ir.Conv{Bytes: *n(2), Little: true}, Op: ir.TestEq, Value: *n(4096)}}, true},
		{"byte test beyond the end", "\x00", []ir.Item{&ir.ByteTest{Conv: conv1(2), Op: ir.TestGt, Value: *n(0)}}, false},
		{"byte test beyond the end, negated", "\x00", []ir.Item{&ir.ByteTest{Conv: conv1(2), Op: ir.TestGt, Neg: true, Value: *n(0)}}, false},
		{"byte test and", "\x81", []ir.Item{&ir.ByteTest{Conv: conv1(1), Op: ir.TestAnd, Value: *n(0x80)}}, true},
		{"all digits there are", "len=8079\r\n", []ir.Item{lit1("len="), &ir.ByteTest{Conv: text1(0, 10), Op: ir.TestEq, Value: *n(8079), Relative: true}}, true},
		{"no digit there", "len=x", []ir.Item{lit1("len="), &ir.ByteTest{Conv: text1(0, 10), Op: ir.TestGe, Relative: true}}, false},
		{"a jump goes on behind the digits", "2;abX.", []ir.Item{&ir.ByteJump{Conv: text1(5, 10)}, &ir.Lit{Bytes: []byte("bX"), Within: n(2)}}, true},
		{"byte test text", "len=123;", []ir.Item{lit1("len="), &ir.ByteTest{Conv: text1(3, 10), Op: ir.TestEq, Value: *n(123), Relative: true}}, true},
		{"byte test hex text", "len=1F;", []ir.Item{lit1("len="), &ir.ByteTest{Conv: text1(2, 16), Op: ir.TestEq, Value: *n(31), Relative: true}}, true},
		{"byte test no digits", "len=xyz", []ir.Item{lit1("len="), &ir.ByteTest{Conv: text1(3, 10), Op: ir.TestGe, Value: *n(0), Relative: true}}, false},
		{"byte test mask", "\x0f\xf0", []ir.Item{&ir.ByteTest{Conv: ir.Conv{Bytes: *n(2), Bitmask: 0x0ff0}, Op: ir.TestEq, Value: *n(0xff)}}, true},
		{"byte test does not move", "a\x01b", []ir.Item{lit1("a"), &ir.ByteTest{Conv: conv1(1), Op: ir.TestEq, Value: *n(1), Relative: true},
			&ir.Lit{Bytes: []byte("b"), Within: n(2)}}, true},
		{"byte jump", "\x03abcdef", []ir.Item{&ir.ByteJump{Conv: conv1(1)}, &ir.Lit{Bytes: []byte("def"), Within: n(3)}}, true},
		{"byte jump relative", "xx\x02abcd", []ir.Item{lit1("xx"), &ir.ByteJump{Conv: conv1(1), Relative: true}, &ir.Lit{Bytes: []byte("cd"), Within: n(2)}}, true},
		{"byte jump from beginning", "\x05abcdef", []ir.Item{&ir.ByteJump{Conv: conv1(1), FromBeginning: true}, &ir.Lit{Bytes: []byte("ef"), Within: n(2)}}, true},
		{"byte jump from end", "\x00abcdef", []ir.Item{&ir.ByteJump{Conv: conv1(1), FromEnd: true, Post: *n(-2)}, &ir.Lit{Bytes: []byte("ef"), Within: n(2)}}, true},
		{"byte jump multiplier", "\x02abcdef", []ir.Item{&ir.ByteJump{Conv: conv1(1), Multiplier: 2}, &ir.Lit{Bytes: []byte("ef"), Within: n(2)}}, true},
		{"byte jump align", "\x03abcdef", []ir.Item{&ir.ByteJump{Conv: conv1(1), Align: true}, &ir.Lit{Bytes: []byte("ef"), Within: n(2)}}, true},
		{"byte jump out", "\x09abc", []ir.Item{&ir.ByteJump{Conv: conv1(1)}}, false},
		{"byte extract as distance", "\x02abXY", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"}, &ir.Lit{Bytes: []byte("XY"), Distance: v("n"), Within: n(2)}}, true},
		{"byte extract as offset", "\x03abXY", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"}, &ir.Lit{Bytes: []byte("XY"), Offset: v("n")}}, true},
		{"byte extract as depth", "\x04abXY", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"}, &ir.Lit{Bytes: []byte("XY"), Depth: v("n")}}, false},
		{"byte extract as within", "\x03..XY", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"}, &ir.Lit{Bytes: []byte("XY"), Within: v("n")}}, false},
		{"byte extract as value", "\x03\x03", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"},
			&ir.ByteTest{Conv: conv1(1), Op: ir.TestEq, Value: *v("n"), Offset: *n(1)}}, true},
		{"byte extract as isdataat", "\x02ab", []ir.Item{&ir.ByteExtract{Conv: conv1(1), Name: "n"}, &ir.IsDataAt{N: *v("n"), Relative: true}}, true},
		{"byte math", "\x02abcdXY", []ir.Item{&ir.ByteMath{Conv: conv1(1), Name: "n", Op: '*', R: *n(2)},
			&ir.Lit{Bytes: []byte("XY"), Distance: v("n"), Within: n(2)}}, true},
		{"extracted anew on the way back", "L\x01..L\x02aaX", []ir.Item{lit1("L"), &ir.ByteExtract{Conv: conv1(1), Name: "n", Relative: true},
			&ir.Lit{Bytes: []byte("X"), Distance: v("n"), Within: n(1)}}, true},
		{"regex", "abc123", []ir.Item{rx(`c\d+`)}, true},
		{"regex relative", "12abc34", []ir.Item{lit1("abc"), &ir.Re{Re: re(t, `^\d+`), Relative: true}}, true},
		{"regex relative, not there", "12abcx34", []ir.Item{lit1("abc"), &ir.Re{Re: re(t, `^\d+`), Relative: true}}, false},
		{"regex sends back", "abcx abc34", []ir.Item{lit1("abc"), &ir.Re{Re: re(t, `^\d+`), Relative: true}}, true},
		{"regex leaves its end", "a12b", []ir.Item{rx(`a\d+`), &ir.Lit{Bytes: []byte("b"), Within: n(1)}}, true},
		{"regex is tried at later places", "a1x a2b", []ir.Item{rx(`a\d`), &ir.Lit{Bytes: []byte("b"), Within: n(1)}}, true},
		{"regex negated", "abc", []ir.Item{lit1("abc"), &ir.Re{Re: re(t, `\d`), Neg: true}}, true},
		{"regex within", "abc....1", []ir.Item{lit1("abc"), &ir.Re{Re: re(t, `\d`), Relative: true, Within: n(3)}}, false},
		{"size", "abc", []ir.Item{&ir.SizeTest{Op: ir.TestEq, N: *n(3)}, lit1("abc")}, true},
		{"size range", "abc", []ir.Item{&ir.SizeTest{Op: ir.TestRange, N: *n(3), Hi: *n(9)}}, false},
		{"base64", "x=ZXZpbA==", []ir.Item{lit1("x="), &ir.Base64{Relative: true, Items: []ir.Item{lit1("evil")}}}, true},
		{"base64 other", "x=Z29vZA==", []ir.Item{lit1("x="), &ir.Base64{Relative: true, Items: []ir.Item{lit1("evil")}}}, false},
		{"entropy", "abcdefgh", []ir.Item{&ir.Entropy{Op: ir.TestGe, Value: 3}}, true},
		{"entropy low", "aaaaaaab", []ir.Item{&ir.Entropy{Op: ir.TestGe, Value: 3}}, false},
		{"an independent miss is final", strings.Repeat("a", 4000) + "b", []ir.Item{lit1("a"), &ir.Lit{Bytes: []byte("a"), Distance: n(0)}, lit1("zz")}, false},
	} {
		r := rule("r", &ir.Content{Buf: g.f("web.uri"), Items: tt.items})
		r.On = "web.request"
		p := g.compile(r)
		e := req(tt.in)
		if got := len(p.NewMatcher().Match(g.event("web.request"), e)) == 1; got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
		// On payload the outcome must be the same.
		r = rule("r", &ir.Content{Buf: g.f("payload"), Items: tt.items})
		p = g.compile(r)
		e = &dissect.Env{Flow: flowOf(6, 1, 2), Data: []byte(tt.in)}
		if got := len(p.NewMatcher().Match(dissect.EvStreamData, e)) == 1; got != tt.want {
			t.Errorf("%s, on payload: got %v", tt.name, got)
		}
	}
}

// TestLimitIsAnError: a rule whose inspection is given up does not match, negated or not, and is counted.
func TestLimitIsAnError(t *testing.T) {
	g := newRig(t)
	var items []ir.Item
	items = append(items, lit1("a"))
	for range 6 {
		items = append(items, &ir.Lit{Bytes: []byte("a"), Within: n(500)})
	}
	items = append(items, &ir.Lit{Bytes: []byte("b"), Within: n(1)})
	chain := &ir.Content{Buf: g.f("web.uri"), Items: items}
	p := g.compile(rule("plain", chain), rule("negated", contains(g.f("web.uri"), "a"), &ir.Not{X: chain}))
	m := p.NewMatcher()
	if got := ids(m.Match(g.event("web.request"), req("b"+strings.Repeat("a", 2000)))); got != "" {
		t.Errorf("matched %q", got)
	}
	for _, id := range []string{"plain", "negated"} {
		if n := m.Counts()[p.Rule(id).Index]; n.Limits != 1 || n.Matches != 0 {
			t.Errorf("%s: %+v", id, n)
		}
	}
	if got := ids(m.Match(g.event("web.request"), req("aaaaaaaaab"))); got != "plain" {
		t.Errorf("got %q", got)
	}
}

func TestTransforms(t *testing.T) {
	g := newRig(t)
	for _, tt := range []struct {
		steps    []ir.TStep
		in, want string
	}{
		{[]ir.TStep{{Op: ir.TLower}}, "AbC", "abc"},
		{[]ir.TStep{{Op: ir.TCompressWhitespace}}, "a \t\n b", "a b"},
		{[]ir.TStep{{Op: ir.TStripWhitespace}}, " a \t b ", "ab"},
		{[]ir.TStep{{Op: ir.TURLDecode}}, "a%41+%4", "aA %4"},
		{[]ir.TStep{{Op: ir.TXor, Arg: []byte{1, 2}}}, "``a", "aba"[:1] + "b" + "`"},
		{[]ir.TStep{{Op: ir.TDotPrefix}}, "example.com", ".example.com"},
		{[]ir.TStep{{Op: ir.TFromBase64}}, "ZXZpbA==", "evil"},
		{[]ir.TStep{{Op: ir.TFromBase64, Mode: ir.Base64RFC2045}}, "ZX-Zp bA", "evil"},
		{[]ir.TStep{{Op: ir.THeaderLowercase}}, "HOST: A\r\nX-Y: B\r\n", "host: A\r\nx-y: B\r\n"},
		{[]ir.TStep{{Op: ir.TStripPseudoHeaders}}, ":path: /\r\nhost: a\r\n", "host: a\r\n"},
		{[]ir.TStep{{Op: ir.TPcreXform, Re: re(t, `id=(\d+)`)}}, "a?id=42&b", "42"},
		{[]ir.TStep{{Op: ir.TLower}, {Op: ir.TDotPrefix}}, "AB", ".ab"},
		{[]ir.TStep{{Op: ir.TMD5}}, "", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"},
	} {
		r := rule("r", &ir.Cmp{Op: ir.Eq, X: &ir.Transform{X: g.f("web.uri"), Steps: tt.steps}, Y: ir.Str(tt.want)})
		p := g.compile(r)
		if len(p.NewMatcher().Match(g.event("web.request"), req(tt.in))) != 1 {
			t.Errorf("%d of %q is not %q", tt.steps[0].Op, tt.in, tt.want)
		}
	}
}

// TestPrefilterKeepsMatches: whatever literal is chosen, the same rules match as without any.
func TestPrefilterKeepsMatches(t *testing.T) {
	g := newRig(t)
	words := []string{"alpha", "BETA", "gam", "d", "epsilon-long-enough-to-be-cut-into-pieces-of-text", "/x?", "=="}
	var rules []*ir.Rule
	for i, w := range words {
		for j, v := range words {
			rules = append(rules, rule(fmt.Sprintf("%d-%d", i, j), &ir.Or{X: []ir.Expr{
				&ir.StrTest{Op: ir.Contains, X: g.f("web.uri"), Y: ir.Str(w + v), NoCase: i%2 == 0},
				&ir.Content{Buf: g.f("web.uri"), Items: []ir.Item{&ir.Lit{Bytes: []byte(v), NoCase: true}, &ir.Lit{Bytes: []byte(w), Within: n(int64(len(w) + j))}}},
			}}))
		}
	}
	p := g.compile(rules...)
	m := p.NewMatcher()
	for _, in := range []string{"alphaBETAgam", "ALPHAbeta", "ddd==d", "gam/x?==BETA", strings.Repeat("epsilon-long-enough-to-be-cut-into-pieces-of-text", 2), "nothing"} {
		e := req(in)
		got := ids(m.Match(g.event("web.request"), e))
		var want []string
		m.begin(e)
		for _, r := range p.Rules {
			if m.rule(r) {
				want = append(want, r.ID)
			}
		}
		if got != strings.Join(want, " ") {
			t.Errorf("%s:\n got %s\nwant %v", in, got, want)
		}
	}
}

// TestChainLooksForWhatMustOccur holds that a chain of bytes that are found everywhere is not tried where its longest literal is missing.
func TestChainLooksForWhatMustOccur(t *testing.T) {
	g := newRig(t)
	items := []ir.Item{&ir.Lit{Bytes: []byte("\xeb")}, &ir.Lit{Bytes: []byte("\xe8"), Distance: &ir.Num{}}, &ir.Lit{Bytes: []byte("\xff\xff\xff"), Distance: &ir.Num{}}}
	p := g.compile(rule("jump", g.f("udp"), &ir.Content{Buf: g.f("payload"), Items: items}))
	m := p.NewMatcher()
	for payload, want := range map[string]struct {
		ids   string
		steps int
	}{"\xeb\xeb\xe8\xe8 ff": {"", 0}, "\xeb \xe8 \xff\xff\xff": {"jump", 3}, "\xff\xff\xff\xeb\xe8": {"", 3}} {
		m.steps = 0
		got := ids(m.Match(dissect.EvStreamData, &dissect.Env{Flow: flowOf(17, 1, 25), Data: []byte(payload)}))
		if got != want.ids || (m.steps == 0) != (want.steps == 0) {
			t.Errorf("%q: got %q after %d steps, want %q", payload, got, m.steps, want.ids)
		}
	}
}
