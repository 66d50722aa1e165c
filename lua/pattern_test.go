package lua

import (
	"math/rand/v2"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

func TestPatterns(t *testing.T) {
	r := load(t, Options{}, `
local function is(got, want) if got ~= want then error("got " .. tostring(got) .. ", want " .. tostring(want), 2) end end
is(("hello world"):match("^(%w+)"), "hello")
is(select(2, ("key = value"):match("(%w+)%s*=%s*(%w+)")), "value")
is(("THE (quick) fox"):find("%((%a+)%)"), 5)
is(("f(a(b)c)d"):match("%b()"), "(a(b)c)")
is(("THE (quick) fox"):gsub("%f[%a]%a+", "x"), "x (x) x")
is(("abc"):gsub("", "-"), "-a-b-c-")
is(("abc"):gsub("%w", "%0%0"), "aabbcc")
is(("hello"):gsub("l", { l = "L" }), "heLLo")
is(("hello"):gsub("l", function(c) return nil end), "hello")
is(("$name is $age"):gsub("%$(%w+)", { name = "Lua", age = 5 }), "Lua is 5")
is(("abc"):find("b", 1, true), 2)
is(("a.c"):find(".", 2, true), 2)
is(("  trim "):match("^%s*(.-)%s*$"), "trim")
is(("x"):rep(3), "xxx")
is(("aXb"):match("()X()"), 2)
is(("[[x]]"):match("[]]"), "]")
is(("a-b"):match("[a%-]+"), "a-")
is(("foo.bar"):match("[^.]*$"), "bar")
is(("abab"):match("(ab)%1"), "ab")
is(string.format("%5.2f|%d|%s|%q|%x|%-5s|%%|%g", 3.14159, 42.9, {} and "t", "a\"b", 255, "ab", 1e20), " 3.14|42|t|\"a\\\"b\"|ff|ab   |%|1e+20")
is(string.format("%s %s", nil, true), "nil true")
is(10 .. "", "10") is(1.5 .. "", "1.5") is(2^53 .. "", "9.007199254741e+15") is(-0.1 .. "x", "-0.1x")
is(tostring(1e15), "1e+15") is(tostring(123456789012), "123456789012")
is(#string.split("a,b,,c", ","), 4)
is(("abc"):byte(-1), 99) is(select("#", ("abc"):byte(1, -1)), 3)
is(("abc"):reverse():upper(), "CBA") is(("A\255\195Z"):lower(), "a\255\195z")
local n = 0 for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do n = n + v end is(n, 3)
is(pcall(string.find, "a", "[a"), false) is(pcall(string.find, "a", "%"), false) is(pcall(string.match, "a", "(a"), false)
is(table.concat({ 1, 2, "x" }, "-"), "1-2-x")
local l = { 1, 2, 3 } table.insert(l, 1, 0) table.remove(l) is(table.concat(l, ","), "0,1,2")
is(os.date("!%Y-%m-%d", 0), "1970-01-01") is(os.time({ year = 1970, month = 1, day = 2, hour = 0 }), 86400)
print("done")`).ok()
	if r.printed() != "done\n" {
		t.Error(r.printed())
	}
}

// TestPatternsAgainstTheInterpreter compares with the interpreter's own matcher on random input.
func TestPatternsAgainstTheInterpreter(t *testing.T) {
	L := glua.NewState()
	defer L.Close()
	find := L.GetField(L.GetGlobal("string"), "find")
	rng := rand.New(rand.NewPCG(1, 1))
	pieces := []string{"a", "b", ".", "%a", "%d", "[ab]", "[^a]", "*", "+", "-", "?", "(", ")", "$", "^", "%w", "x", "1"}
	n := 0
	for range 30000 {
		var pat, src strings.Builder
		for range 1 + rng.IntN(6) {
			pat.WriteString(pieces[rng.IntN(len(pieces))])
		}
		for range rng.IntN(8) {
			src.WriteByte("ab1x "[rng.IntN(5)])
		}
		if err := L.CallByParam(glua.P{Fn: find, NRet: 2, Protect: true}, glua.LString(src.String()), glua.LString(pat.String())); err != nil {
			continue
		}
		from, to := L.Get(-2), L.Get(-1)
		L.Pop(2)
		var m matcher
		at, end, err := m.find(src.String(), pat.String(), 0, 1e6)
		if err != "" || unfinished(&m) {
			continue
		}
		n++
		want := at >= 0
		if (from != glua.LNil) != want || want && (int(from.(glua.LNumber)) != at+1 || int(to.(glua.LNumber)) != end) {
			t.Fatalf("%q in %q: %d, %d; the interpreter: %v, %v", pat.String(), src.String(), at+1, end, from, to)
		}
	}
	if n < 5000 {
		t.Errorf("only %d compared", n)
	}
}

func unfinished(m *matcher) bool {
	for i := range m.level {
		if m.capture[i].size == capOpen {
			return true
		}
	}
	return false
}

// FuzzPattern: no pattern hangs or panics.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"a*b", "%b()", "%f[%a]", "(()", "[%", "[]", "[^]", "%1", "(a)%1", "^.-$"} {
		f.Add(s, "a(b)c")
	}
	f.Fuzz(func(t *testing.T, pat, src string) {
		var m matcher
		at, end, _ := m.find(src, pat, 0, 10000)
		if at > len(src) || end > len(src) || at >= 0 && end < at {
			t.Errorf("%d, %d of %d", at, end, len(src))
		}
	})
}
