package lua

import (
	"strings"
	"testing"
	"time"
)

// other is a script that must run on whatever the other does.
const other = `local n = 0 nids.on("http.request", function(ev) n = n + 1 print("fine", n) end)`

// TestRunawayScriptsAreStopped: each stops alone, is said, and leaves the others running.
func TestRunawayScriptsAreStopped(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"endless loop", `while true do end`, "time budget exceeded"},
		{"endless loop under pcall", `while true do pcall(function() while true do end end) end`, "time budget exceeded"},
		{"loop in a native callback", `table.sort({3,2,1}, function() while true do end end)`, "time budget exceeded"},
		{"growing table", `local t = {} while true do t[#t+1] = {} end`, "memory limit exceeded"},
		{"growing strings", `local t = {} for i = 1, 1e9 do t[i] = string.rep("x", 1000) .. i end`, "memory limit exceeded"},
		{"sparse arrays", `local t = {} for i = 1, 1e6 do local a = {} a[1000000] = 1 t[i] = a end`, "memory limit exceeded"},
		{"growing upvalue", `for i = 1, 1e9 do keep[#keep+1] = "key" .. i end`, "memory limit exceeded"},
		{"pattern that backtracks", `while true do pcall(string.find, string.rep("a", 50), "a*a*a*a*a*a*a*a*b") end`, "time budget exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := load(t, Options{Limits: Limits{Memory: 16 << 20}}, "keep = {}\nnids.on(\"http.request\", function(ev)\n"+c.body+"\nend)", other).ok()
			began := time.Now()
			r.http(1, "/")
			r.http(1, "/")
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if len(r.host.Problems) != 1 {
				t.Fatalf("problems: %v", r.host.Problems)
			}
			p := r.host.Problems[0]
			if p.Kind != Stopped || !strings.Contains(p.Msg, c.want) || p.Pos.Line == 0 && !strings.Contains(c.want, "memory") || p.Pos.File != "a.lua" {
				t.Errorf("%s\n%s", p, p.Trace)
			}
			if got := r.printed(); got != "fine\t1\nfine\t2\n" {
				t.Errorf("the other script printed %q", got)
			}
		})
	}
}

// TestErrorsStayErrors: what fails at once can be caught, and counts against the script.
func TestErrorsStayErrors(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"deep recursion", `local function f(n) return 1 + f(n + 1) end f(1)`, "stack overflow"},
		{"string.rep bomb", `local s = string.rep("x", 1e9)`, "string too long"},
		{"concat bomb", `local s = "x" for i = 1, 60 do s = s .. s end`, "string too long"},
		{"table.concat bomb", `local t = {} local s = string.rep("x", 1e6) for i = 1, 100 do t[i] = s end table.concat(t)`, "string too long"},
		{"gsub bomb", `local s = string.rep("x", 4e5) s:gsub(".", string.rep("y", 1000))`, "string too long"},
		{"format bomb", `string.format("%s%s", string.rep("x", 4e6), string.rep("x", 4e6))`, "string too long"},
		{"width bomb", `string.format("%1000000000d", 1)`, "too long"},
		{"pattern bomb", `string.find(string.rep("a", 1000), ".-.-.-.-.-.-b")`, "takes too long"},
		{"nested pattern", `string.find("", string.rep("(", 300))`, "too"},
		{"unpack bomb", `unpack({}, 1, 1e8)`, "too many results"},
		{"an error", `error("mine")`, "mine"},
		{"nil index", `local x = nil; return x.y`, "attempt to read y of x, which is nil"},
		{"concat nil", `return "a" .. nil`, "concatenate a nil"},
		{"json cycle", `local t = {} t.t = t nids.json_encode(t)`, "nested"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := load(t, Options{Limits: Limits{Errors: 3}}, "nids.on(\"http.request\", function(ev)\n"+c.body+"\nend)", other).ok()
			for range 5 {
				r.http(1, "/")
			}
			if n := len(r.host.Problems); n != 2 {
				t.Fatalf("%d problems: %v", n, r.host.Problems)
			}
			first, last := r.host.Problems[0], r.host.Problems[1]
			if first.Kind != RuntimeError || first.Pos.String() != "a.lua:2" || !strings.Contains(first.Msg, c.want) || !strings.Contains(first.Trace, "a.lua:2") {
				t.Errorf("first: %s\n%s", first, first.Trace)
			}
			if last.Kind != Stopped || !strings.Contains(last.Msg, "3 errors") {
				t.Errorf("last: %s", last)
			}
			if strings.Count(r.printed(), "fine") != 5 {
				t.Errorf("the other script printed %q", r.printed())
			}
		})
	}
}

func TestErrorsCanBeCaught(t *testing.T) {
	r := load(t, Options{}, `nids.on("http.request", function(ev)
  local ok, err = pcall(string.rep, "x", 1e9)
  print(ok, err)
  local function f() return 1 + f() end
  print(pcall(f))
end)`).ok()
	r.http(1, "/")
	r.noProblems()
	if got := r.printed(); !strings.Contains(got, "false\ta.lua:2: string too long") && !strings.Contains(got, "string too long") {
		t.Error(got)
	}
}

// TestTopLevelIsBounded: a script that does not end loading is left out.
func TestTopLevelIsBounded(t *testing.T) {
	r := load(t, Options{}, `while true do end`, other)
	if len(r.list) != 1 || !strings.Contains(r.list[0].Msg, "time budget") {
		t.Fatal(r.list)
	}
	r.http(1, "/")
	if r.printed() != "fine\t1\n" {
		t.Error(r.printed())
	}
}

// TestRemovedKeysAreForgotten: a table used as a cache does not grow for ever.
func TestRemovedKeysAreForgotten(t *testing.T) {
	r := load(t, Options{Limits: Limits{Memory: 8 << 20}}, `
local t = {}
local n = 0
nids.on("http.request", function(ev)
  for i = 1, 20000 do n = n + 1 t["key" .. n] = true t["key" .. n] = nil end
end)`).ok()
	for range 60 {
		r.http(1, "/")
	}
	r.noProblems()
	if m := r.rt.vms[0].memory; m > 8<<20 {
		t.Errorf("%d bytes", m)
	}
}

// TestReplaysStopAtTheSamePlace: the budget counts instructions, not time.
func TestReplaysStopAtTheSamePlace(t *testing.T) {
	var first string
	for range 3 {
		r := load(t, Options{Limits: Limits{Instructions: 100e3}}, `n = 0 nids.on("http.request", function(ev) while true do n = n + 1 if n % 1000 == 0 then print(n) end end end)`).ok()
		r.http(1, "/")
		if first == "" {
			first = r.printed()
		}
		if r.printed() != first || first == "" {
			t.Errorf("%q, then %q", first, r.printed())
		}
	}
}

func TestSandbox(t *testing.T) {
	r := load(t, Options{}, `
for _, name in ipairs { "io", "debug", "dofile", "loadfile", "load", "loadstring", "setfenv", "getfenv", "coroutine", "package", "module", "newproxy", "collectgarbage" } do
  assert(not pcall(function() return _G[name].x end) or rawget(_G, name) == nil, name)
end
assert(os.execute == nil and os.getenv == nil and os.remove == nil and string.dump == nil)
assert(not pcall(function() nids.on = 1 end))
assert(not pcall(rawset, nids, "on", 1))
assert(not pcall(setmetatable, nids, {}))
assert(getmetatable("") == "protected")
assert(not pcall(require, "../../etc/passwd"))
print("ok")`).ok()
	if r.printed() != "ok\n" {
		t.Error(r.printed())
	}
}

// TestTableLayout keeps the mirror of the interpreter's table true.
func TestTableLayout(t *testing.T) {
	checkLayout(t)
}

// TestStoresShrinkBeforeTheScriptIsStopped: at the memory limit the least used entries go.
func TestStoresShrinkBeforeTheScriptIsStopped(t *testing.T) {
	r := load(t, Options{Limits: Limits{Memory: 8 << 20}}, `
local s = nids.store { max = 1e6, value = function() return { "x", "y" } end }
local n = 0
nids.on("http.request", function(ev)
  for i = 1, 2000 do n = n + 1 s:get(n) end
  print(s:peek(n) ~= nil)
end)`).ok()
	for range 100 {
		r.http(1, "/")
	}
	r.noProblems()
	s := r.rt.vms[0].stores[0]
	if s.evicted == 0 || len(s.index) == 0 || strings.Contains(r.printed(), "false") {
		t.Errorf("%d entries, %d evicted", len(s.index), s.evicted)
	}
}

// TestDeepNesting: the compiler's recursion is bounded.
func TestDeepNesting(t *testing.T) {
	n := 100000
	for _, script := range []string{
		"x = " + strings.Repeat("f(", n) + strings.Repeat(")", n),
		"x = " + strings.Repeat("- ", n) + "1",
		"x = " + strings.Repeat("{", n) + strings.Repeat("}", n),
		"x = 1" + strings.Repeat(" + 1", n),
		strings.Repeat("do ", n) + strings.Repeat(" end", n),
		"x = y" + strings.Repeat(".y", n),
		"x = 'a'" + strings.Repeat(" .. 'a'", n),
	} {
		r := load(t, Options{}, script)
		if len(r.list) != 1 || r.list[0].Kind != SyntaxError {
			t.Errorf("%.20s: %v", script, r.list)
		}
	}
}
