package regex

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/lang/mpm"
)

func TestPCRE(t *testing.T) {
	var m Machine
	for _, tt := range []struct{ re, in, want string }{ // want is the match, "-" for none
		{`/abc/`, "xabcx", "abc"},
		{`/ABC/i`, "xaBcx", "aBc"},
		{`/a.c/`, "a\nc", "-"},
		{`/a.c/s`, "a\nc", "a\nc"},
		{`/^b/`, "a\nb", "-"},
		{`/^b/m`, "a\nb", "b"},
		{`/a$/`, "a\n", "a"},
		{`/a$/E`, "a\n", "-"},
		{`/a$/m`, "a\nb", "a"},
		{`/a\Z/`, "a\n", "a"},
		{`/a\z/`, "a\n", "-"},
		{`/a b # comment/x`, "ab", "ab"},
		{`/b/A`, "ab", "-"},
		{`/a+/G`, "aaa", "a"},
		{`/a+?/G`, "aaa", "aaa"},
		{`/a+?/`, "aaa", "a"},
		{`/(?i)a(?-i)b/`, "Ab", "Ab"},
		{`/(?i)a(?-i)b/`, "AB", "-"},
		{`/(?i:a)b/`, "Ab", "Ab"},
		{`/x(?i)a|b/`, "B", "B"},
		{`/\x41\x{42}\103/`, "ABC", "ABC"},
		{`/[\x80-\xff]{2}/`, "a\x80\xffb", "\x80\xff"},
		{`/\xe9/i`, "\xe9", "\xe9"},
		{`/[^\x00-\x7f]/`, "abc\xc3", "\xc3"},
		{`/\d{2,3}/`, "12345", "123"},
		{`/\d{2,3}?/`, "12345", "12"},
		{`/a{,3}/`, "a{,3}", "a{,3}"},
		{`/a{x}/`, "a{x}", "a{x}"},
		{`/[[:alpha:]_]+/`, "12ab_3", "ab_"},
		{`/[]a]+/`, "x]a]", "]a]"},
		{`/[a\-z]+/`, "m-a", "-a"},
		{`/[\w.-]+/`, "!a-b.c!", "a-b.c"},
		{`/\Qa.b\E+/`, "a.bbb", "a.bbb"},
		{`/a(?=b)/`, "acab", "a"},
		{`/a(?!c)./`, "acab", "ab"},
		{`/(?<=x)a/`, "axa", "a"},
		{`/(?<!x)a/`, "xaba", "a"},
		{`/(?<=ab|c)d/`, "adabd", "d"},
		{`/(a|b)\1/`, "abba", "bb"},
		{`/(?P<q>['"]).*?(?P=q)/`, `x'a"b'`, `'a"b'`},
		{`/(a)(b)\g{-1}/`, "abb", "abb"},
		{`/(?i)(a)\1/`, "aA", "aA"},
		{`/a++a/`, "aaa", "-"},
		{`/(?>a|ab)c/`, "abc", "-"},
		{`/(?:a|ab)c/`, "abc", "abc"},
		{`/foo\Kbar/`, "foobar", "bar"},
		{`/\bcat\b/`, "concat cat", "cat"},
		{`/(a*)*b/`, "aaab", "aaab"},
		{`/(a|b*)*c/`, "abbac", "abbac"},
		{`/(?:)/`, "abc", ""},
		{`/a|b|/`, "cb", ""},
		{`/x*/`, "axx", ""},
		{`/(x+x+)+y/`, strings.Repeat("x", 60), "-"},
		{`/\r\n\r\n/`, "a\r\n\r\nb", "\r\n\r\n"},
		{`/\//`, "a/b", "/"},
		{`/a\R/`, "a\r\n", "a\r\n"},
		{`/\h+/`, "a \tb", " \t"},
		{`/[\d\s]+/`, "a1 2b", "1 2"},
		{`/(?#comment)a/`, "a", "a"},
		{`/^(?!a).*b/`, "cb", "cb"},
		{`/.{3,}d/`, "abcd", "abcd"},
		{`/(a(b)?)+c/`, "aabac", "aabac"},
		{`/\101\060/`, "A0", "A0"},
		{`/[\101-\103]+/`, "xABCD", "ABC"},
		{`/(ab){2,}?c/`, "abababc", "abababc"},
		{`/=(?:[^&]*;)?x/`, "a=b;c;x", "=b;c;x"},
	} {
		r, _, err := CompilePCRE(tt.re)
		if err != nil {
			t.Errorf("%s: %v", tt.re, err)
			continue
		}
		lo, hi, res := r.Find(&m, []byte(tt.in), 0)
		got := "-"
		if res == Found {
			got = tt.in[lo:hi]
		}
		if got != tt.want {
			t.Errorf("%s in %q: got %q (%v), want %q", tt.re, tt.in, got, res, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for re, want := range map[string]string{
		`/a(b/`: "missing )", `/a)b/`: "unmatched )", `/[a/`: "missing ]", `/*a/`: "nothing to repeat",
		`/a{3,2}/`: "out of order", `/[z-a]/`: "out of order", `/\p{L}/`: "Unicode", `/(?R)/`: "recursion",
		`/(a)\2/`: "group 2", `/a/y`: "unknown flag", `/(?<=a*)b/`: "fixed length", `a`: "/pattern/flags", `/(a{9999}){9999}/`: "too large",
		`/\x{100}/`: "no byte", `/(?P=x)/`: "unknown group",
	} {
		if _, _, err := CompilePCRE(re); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", re, err, want)
		}
	}
}

func TestModifiers(t *testing.T) {
	r, mod, err := CompilePCRE(`!"/a\/b/RUi"`)
	if err != nil || !mod.Neg || !mod.Relative || mod.Buffer != "U" || r.String() != "a/b" || r.Flags() != CaseInsensitive {
		t.Errorf("got %v %+v %v", r, mod, err)
	}
}

func TestFindFrom(t *testing.T) {
	var m Machine
	r, _ := Compile(`a.|^b`, 0)
	lo, hi, res := r.Find(&m, []byte("axbay"), 1)
	if lo != 3 || hi != 5 || res != Found {
		t.Errorf("got %d %d %v", lo, hi, res)
	}
}

func TestGroup(t *testing.T) {
	var m Machine
	r, _ := Compile(`id=(\d+)(x)?`, 0)
	b := []byte("a id=42;")
	lo, hi, res := r.FindGroup(&m, b, 1)
	if res != Found || string(b[lo:hi]) != "42" {
		t.Errorf("group 1: %d %d %v", lo, hi, res)
	}
	if lo, _, res := r.FindGroup(&m, b, 2); res != Found || lo != -1 {
		t.Errorf("group 2: %d %v", lo, res)
	}
}

func TestLiterals(t *testing.T) {
	for re, want := range map[string]string{
		`/union\s+select/i`:       "select/i",
		`/^abc(def)+x?y/`:         "abcdef",
		`/(?:foo|barbaz)\d/`:      "foo|barbaz",
		`/[a-z]+/`:                "",
		`/(a|[0-9])b?/`:           "",
		`/x{4}y/`:                 "xxxxy",
		`/a?b*c/`:                 "c",
		`/(?=abc)d/`:              "d",
		`/\x00\xff+\x01/`:         "\x00\xff",
		`/000(2(04|14)|3A)|zz/`:   "0002|0003A|zz",
		`/http:\/\/[^\/]+\/evil/`: "http://",
	} {
		r, _, err := CompilePCRE(re)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range r.Literals() {
			s := string(l.Bytes)
			if l.Fold {
				s += "/i"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "|"); s != want && !(re == `/000(2(04|14)|3A)|zz/` && s != "") {
			t.Errorf("%s: got %q, want %q", re, s, want)
		}
	}
}

// randomRe makes an expression that Go's engine understands in the same way on ASCII.
func randomRe(r *rand.Rand, depth int) string {
	switch k := r.IntN(12); {
	case depth == 0 || k < 4:
		return []string{"a", "b", "c", ".", "[ab]", "[^a]", `\d`, `\w`, "^", "$", `\b`}[r.IntN(11)]
	case k < 6:
		return randomRe(r, depth-1) + randomRe(r, depth-1)
	case k < 8:
		return "(" + randomRe(r, depth-1) + "|" + randomRe(r, depth-1) + ")"
	case k < 9:
		return "(?:" + randomRe(r, depth-1) + ")"
	}
	q := []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}"}[r.IntN(10)]
	return "(?:" + randomRe(r, depth-1) + ")" + q
}

func TestAgreesWithGo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m Machine
	for range 30000 {
		src := randomRe(r, 4)
		// Go's $ without m is \z.
		goRe, err := regexp.Compile("(?s)" + src)
		if err != nil {
			continue
		}
		re, err := Compile(src, DotAll|DollarEndOnly)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		in := make([]byte, r.IntN(12))
		for i := range in {
			in[i] = "abc1 \n"[r.IntN(6)]
		}
		want := goRe.FindIndex(in)
		lo, hi, res := re.Find(&m, in, 0)
		// A loop round something that matched nothing ends in PCRE, and tries other ways in Go.
		sameEnd := !strings.ContainsAny(src, `^$?*`) && !strings.Contains(src, `\b`) && !strings.Contains(src, "{0")
		if (res == Found) != (want != nil) || want != nil && (lo != want[0] || sameEnd && hi != want[1]) {
			t.Fatalf("%s in %q: got %d-%d (%v), want %v", src, in, lo, hi, res, want)
		}
		if want == nil {
			continue
		}
		for _, ls := range [][]Literal{re.Literals()} {
			if len(ls) > 0 && !occurs(ls, in[lo:hi]) {
				t.Fatalf("%s in %q: no literal of %v in the match", src, in, ls)
			}
		}
	}
}

func occurs(ls []Literal, b []byte) bool {
	for _, l := range ls {
		if bytes.Contains(b, l.Bytes) || l.Fold && bytes.Contains(bytes.ToLower(b), l.Bytes) {
			return true
		}
	}
	return false
}

// TestNoStall: expressions and inputs that make backtracking engines run for years.
func TestNoStall(t *testing.T) {
	var m Machine
	long := []byte(strings.Repeat("a", 100<<10))
	for _, src := range []string{`(a+)+$b`, `(a|a)*b`, `(.*)(.*)(.*)(.*)x`, `a*a*a*a*a*b`, `(?:a?){30}a{30}b`, `[a-z]+[0-9]`,
		`(\w+\s?)+!`, `(?=(a+)+b)`, `(a+)\1+b`, `(?>a+)+b`, `.*?,.*?,.*?,x`} {
		re, err := Compile(src, 0)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, _, res := re.Find(&m, long, 0)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s took %v (%v)", src, d, res)
		}
		if res == Found {
			t.Errorf("%s was found", src)
		}
		if res == LimitHit && !re.Backtracks() {
			t.Errorf("%s: limit hit", src)
		}
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	var m Machine
	b := []byte("GET /index.php?id=1 UNION ALL SELECT 1,2,3 HTTP/1.1")
	for _, src := range []string{`union\s+(all\s+)?select`, `(?<!x)id=(\d+)`, `(\d),(?!\1)`} {
		re, err := Compile(src, CaseInsensitive)
		if err != nil {
			t.Fatal(err)
		}
		re.Find(&m, b, 0)
		if n := testing.AllocsPerRun(100, func() {
			if _, _, res := re.Find(&m, b, 0); res != Found {
				t.Fatal(src, res)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(?i)a[^b-c\d]{2,3}?(?=x)\1`, `(?P<n>a)(?P=n)\k<n>`, `\x{41}\Q*\E|[[:^alpha:]]`, `(?<=a|bc)(?>d+)++`} {
		f.Add(s, []byte("aab some dddd input"))
	}
	f.Fuzz(func(t *testing.T, src string, in []byte) {
		checkCodeSize(t, src)
		re, err := Compile(src, 0)
		if err != nil {
			return
		}
		var m Machine
		lo, hi, res := re.Find(&m, in, 0)
		if res == Found && (lo < 0 || hi > len(in) || lo > hi && !strings.Contains(src, `\K`)) {
			t.Fatalf("%q: %d-%d", src, lo, hi)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	in := []byte("GET /index.php?option=com_content&view=article&id=42&Itemid=1 UNION ALL SELECT 1,2,3 FROM users-- HTTP/1.1")
	body := bytes.Repeat([]byte("some ordinary text of a page, with numbers 12345 and <a href=\"/x.html\">links</a>\n"), 100)
	for _, tt := range []struct {
		name, re string
		in       []byte
	}{
		{"hit", `/union\s+(all\s+)?select/i`, in}, {"miss", `/id=\d+.*INSERT/i`, in}, {"class", `/[a-z]+=[0-9]{3}/`, in},
		{"body", `/\d{6,}[^\n]*link/`, body}, {"star", `/<a[^>]+onclick\s*=/i`, body},
	} {
		r, _, err := CompilePCRE(tt.re)
		if err != nil {
			b.Fatal(err)
		}
		goRe := regexp.MustCompile("(?i)" + r.String())
		b.Run(fmt.Sprintf("%s/own", tt.name), func(b *testing.B) {
			var m Machine
			b.SetBytes(int64(len(tt.in)))
			b.ReportAllocs()
			for b.Loop() {
				r.Find(&m, tt.in, 0)
			}
		})
		b.Run(fmt.Sprintf("%s/go", tt.name), func(b *testing.B) {
			b.SetBytes(int64(len(tt.in)))
			for b.Loop() {
				goRe.FindIndex(tt.in)
			}
		})
	}
}

func TestRun(t *testing.T) {
	var m Machine
	r := rand.New(rand.NewPCG(5, 6))
	longest := func(s []mpm.ByteSet) int { return len(s) }
	for range 3000 {
		src := randomRe(r, 4)
		re, err := Compile(src, 0)
		if err != nil {
			t.Fatal(err)
		}
		run := re.Run(longest)
		in := make([]byte, r.IntN(12))
		for i := range in {
			in[i] = "abc1 \n"[r.IntN(6)]
		}
		lo, hi, res := re.Find(&m, in, 0)
		if res == Found && len(run) > 0 && !hasRun(run, in[lo:hi]) {
			t.Fatalf("%s in %q: the match %q has no such run", src, in, in[lo:hi])
		}
	}
	re, _ := Compile(`\b(6011|5[1-5]\d{2}|4\d{3}|3\d{3}) \d{4} \d+`, 0)
	if n := len(re.Run(longest)); n != 11 {
		t.Errorf("got %d places", n)
	}
}

func hasRun(run []mpm.ByteSet, b []byte) bool {
	for i := 0; i+len(run) <= len(b); i++ {
		ok := true
		for k := range run {
			c := b[i+k]
			ok = ok && run[k][c>>6]>>(c&63)&1 != 0
		}
		if ok {
			return true
		}
	}
	return false
}
