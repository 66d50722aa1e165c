package scripttest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/rules"
)

// safetyCaptures have what the handlers of bad scripts hook, and alerts of rules and scripts before, amid and after.
var safetyCaptures = []string{"http_browse.pcap", "web_attacks.pcap.gz", "dir_bruteforce.pcap", "ssh_guessing.pcap.gz", "dns_lookup.pcap", "nmap_syn.pcap"}

// run is what a replay gave.
type run struct {
	alerts []string // without those of the script under test
	found  []lua.Problem
	logs   []string
	peak   uint64 // bytes of the heap in use, above those before
}

// sayings keeps what scripts say, from any goroutine.
type sayings struct {
	mu   sync.Mutex
	logs []string
}

func (s *sayings) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, fmt.Sprintf(format, args...))
}

// replayBeside replays captures with the rules and scripts that ship, and one script more, "" for none.
func replayBeside(t *testing.T, bad string, workers int, lim lua.Limits) run {
	t.Helper()
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	sources, modules, err := Sources([]string{"default"})
	if err != nil {
		t.Fatal(err)
	}
	if bad != "" { // first of all
		sources = append([]lua.Source{{Name: "bad.lua", Text: bad}}, sources...)
	}
	said := &sayings{}
	host := &recorder{ScriptHost: engine.NewScriptHost(said.say)}
	host.Telling(said.say)
	rt, problems := lua.Load(schema, sources, lua.Options{Host: host, Modules: modules, Limits: lim})
	defer rt.Close()
	filters, err := rt.FilterRules()
	if err != nil {
		t.Fatal(err)
	}
	rs, list := lang.Load(schema, []string{"."}, lang.Options{FS: rules.FS})
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range filters {
		rs.Rules = append(rs.Rules, filters[i].Rule)
	}
	prog, _ := match.Compile(schema, rs.Rules, match.Options{Sequences: rs.Sequences, NoWarnings: true})
	cfg.Workers, cfg.Schema, cfg.Program, cfg.Scripts, cfg.ScriptHost = workers, schema, prog, rt, host.ScriptHost
	cfg.Warn = said.say
	var files []string
	for _, c := range safetyCaptures {
		files = append(files, filepath.Join(captureDir, c))
	}
	stop := watchHeap()
	alerts, err := engine.Replay(context.Background(), cfg, files...)
	r := run{peak: stop(), found: append(problems, host.problems...), logs: said.logs}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.RuleID != "BAD" {
			r.alerts = append(r.alerts, line(a))
		}
	}
	return r
}

// line is an alert with all that must not change.
func line(a *alert.Alert) string {
	return fmt.Sprintf("%d %s %s %s -> %s %v", a.Time, a.RuleID, a.Message, a.Source(), a.Target(), a.Evidence)
}

// watchHeap notes the most that the heap holds until stop is called, less what it holds now.
func watchHeap() (stop func() uint64) {
	runtime.GC()
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	base, peak := heap(), uint64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				peak = max(peak, heap())
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return peak - min(peak, base)
	}
}

// onRequest makes a script whose handler has a body in line 3.
func onRequest(body string) string {
	return "keep = {}\nnids.on(\"http.request\", function(ev)\n" + body + "\nend)"
}

// misdeeds are what scripts do to get out of hand: each in a replay of real captures, beside rules and other scripts.
var misdeeds = []struct {
	name, script string
	want         string // in the message
	at           string // its place, bad.lua:LINE
	trace        string // in the traceback
	goes         bool   // the script is stopped
}{
	{"endless loop", onRequest(`while true do end`), "time budget exceeded", "bad.lua:3", "bad.lua:3: in the handler of http.request (line 2)", true},
	{"endless loop under pcall", onRequest(`while true do pcall(function() while true do end end) end`), "time budget exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"a table that grows for ever", onRequest(`for i = 1, 20000 do keep[#keep+1] = { i } end`), "memory limit exceeded", "", "", true},
	{"strings that pile up in one callback", onRequest(`while true do keep[#keep+1] = string.rep("x", 1000) .. #keep end`), "exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"deep recursion", onRequest(`local function f(n) return 1 + f(n + 1) end f(1)`), "stack overflow", "bad.lua:3", "in the handler of http.request (line 2)", true},
	{"string.rep bomb", onRequest(`local s = string.rep("x", 1e9)`), "string too long", "bad.lua:3", "in the handler of http.request", true},
	{"string.rep bomb in a loop", onRequest(`local t = {} for i = 1, 1e6 do t[i] = string.rep("x", 4e6) end`), "exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"concatenation that doubles", onRequest(`local s = "x" for i = 1, 100 do s = s .. s end`), "string too long", "bad.lua:3", "in the handler of http.request", true},
	{"a pattern that backtracks", onRequest(`string.find(string.rep("a", 2000), ".-.-.-.-.-.-.-b")`), "takes too long", "bad.lua:3", "in the handler of http.request", true},
	{"patterns that backtrack, under pcall", onRequest(`while true do pcall(string.find, string.rep("a", 50), "a*a*a*a*a*a*a*a*b") end`), "time budget exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"gsub with a huge replacement", onRequest(`string.rep("x", 4e5):gsub(".", string.rep("y", 1000))`), "string too long", "bad.lua:3", "in the handler of http.request", true},
	{"table.concat bomb", onRequest(`local t, s = {}, string.rep("x", 1e6) for i = 1, 100 do t[i] = s end table.concat(t)`), "string too long", "bad.lua:3", "in the handler of http.request", true},
	{"an error in every call", onRequest(`error("mine " .. ev.http.method)`), "mine GET", "bad.lua:3", "bad.lua:3: in the handler of http.request (line 2)", true},
	{"errors that are tables", onRequest(`error({ code = 7, why = "so" })`), `{"code":7,"why":"so"}`, "bad.lua:3", "in the handler of http.request", true},
	{"errors with metatables", onRequest(`error(setmetatable({}, { __tostring = function() while true do end end }))`), "a table was raised", "bad.lua:3", "in the handler of http.request", true},
	{"an error deep in functions", "local function inner(x) return x.y end\nlocal function outer(x) local r = inner(x) return r end\nnids.on(\"http.request\", function(ev)\n  local r = outer(nil)\n  return r\nend)",
		"attempt to read y of x, which is nil", "bad.lua:1", "bad.lua:4: in the handler of http.request (line 3)", true},
	{"an error in a tick", "local n\nnids.every(\"1s\", function()\n  n = n + 1\nend)", "cannot perform add operation between nil and number", "bad.lua:3", "in the handler of nids.every 1s (line 2)", true},
	{"an endless tick", "nids.every(\"1s\", function()\n  repeat until false\nend)", "time budget exceeded", "bad.lua:2", "in the handler of nids.every 1s (line 1)", true},
	{"an error at the end", "nids.on(\"exit\", function()\n  error(\"no end\")\nend)", "no end", "bad.lua:2", "in the handler of exit (line 1)", false},
	{"an end without an end", "nids.on(\"exit\", function()\n  while true do end\nend)", "time budget exceeded", "bad.lua:2", "in the handler of exit (line 1)", true},
	{"an error for each alert", "nids.on(\"alert\", function(a)\n  error(a.id)\nend)", "", "bad.lua:2", "in the handler of alert (line 1)", true},
	{"alerts without end", "local d = nids.detector { id = \"BAD\" }\nnids.on(\"http.request\", function(ev)\n  while true do d:alert(ev) end\nend)", "time budget exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"coroutines", onRequest(`local co = coroutine.wrap(function() end)`), "coroutine is not available in detectors: use nids.every", "bad.lua:3", "in the handler of http.request", true},
	{"code made at run time", onRequest(`loadstring("while true do end")()`), "loadstring is not available in detectors", "bad.lua:3", "in the handler of http.request", true},
	{"code made at run time, by load", onRequest(`load(function() return "x" end)`), "load is not available in detectors", "bad.lua:3", "in the handler of http.request", true},
	{"the library debug", onRequest(`debug.sethook()`), "debug is not available in detectors", "bad.lua:3", "in the handler of http.request", true},
	{"a program to start", onRequest(`os.execute("true")`), "attempt to call os.execute, which is no function", "bad.lua:3", "in the handler of http.request", true},
	{"metamethods that call themselves", onRequest(`local t = setmetatable({}, { __index = function(t, k) return t[k] end }) return t.x`), "stack overflow", "bad.lua:3", "in the handler of http.request", true},
	{"a sort without order", onRequest(`local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() while true do end end)`), "time budget exceeded", "bad.lua:3", "in the handler of http.request", true},
	{"a top level that does not end", "while true do end", "time budget exceeded", "bad.lua:1", "", false},
	{"a parallel script that does not end", "nids.parallel()\nnids.on(\"http.request\", function(ev)\n  while true do end\nend)", "", "", "", false},
}

// TestMisdeedsHarmNobody replays captures with scripts that get out of hand. Each is told with its line and a traceback, is
// stopped, and the alerts of the rules and of the other scripts are those of a replay without it.
func TestMisdeedsHarmNobody(t *testing.T) {
	lim := lua.Limits{Memory: 32 << 20, Instructions: 1e6, LoadInstructions: 2e6}
	want := replayBeside(t, "", 1, lim)
	if len(want.alerts) < 20 || len(want.found) > 0 {
		t.Fatalf("%d alerts, %v", len(want.alerts), want.found)
	}
	for _, c := range misdeeds {
		t.Run(c.name, func(t *testing.T) {
			got := replayBeside(t, c.script, 1, lim)
			sameAlerts(t, got.alerts, want.alerts)
			if strings.Contains(c.script, "nids.parallel") {
				if !slices.ContainsFunc(got.logs, func(s string) bool {
					return strings.HasPrefix(s, "bad.lua:3: stopped: time budget exceeded") && strings.Contains(s, "in the handler of http.request (line 2)")
				}) {
					t.Errorf("said: %q", got.logs)
				}
				return
			}
			if len(got.found) == 0 || len(got.found) > 20 {
				t.Fatalf("problems: %v", got.found)
			}
			p, last := got.found[0], got.found[len(got.found)-1]
			if !strings.Contains(p.Msg, c.want) || c.at != "" && p.Pos.String() != c.at || !strings.Contains(p.Trace, c.trace) {
				t.Errorf("%s\n%s", p, p.Trace)
			}
			if (last.Kind == lua.Stopped) != c.goes {
				t.Errorf("the last is %s", last)
			}
			if limit := uint64(lim.Memory) * 5 / 2; got.peak > want.peak+limit {
				t.Errorf("the heap held up to %d MB more, with a limit of %d MB", (got.peak-want.peak)>>20, lim.Memory>>20)
			}
		})
	}
}

func sameAlerts(t *testing.T, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for _, a := range want {
		if !slices.Contains(got, a) {
			t.Errorf("missing: %s", a)
		}
	}
	for _, a := range got {
		if !slices.Contains(want, a) {
			t.Errorf("not there without the script: %s", a)
		}
	}
	t.Errorf("%d alerts, %d without the script", len(got), len(want))
}

// TestTricksReachNobody: what a script does to what it finds, the others do not see.
func TestTricksReachNobody(t *testing.T) {
	want := replayBeside(t, "", 2, lua.Limits{})
	got := replayBeside(t, `
local function try(f, ...) return pcall(f, ...) end
string.format, string.find, string.rep, string.lower, string.byte = nil, nil, nil, nil, nil
math.floor = function() error("no") end
table.concat, table.insert, table.sort = nil, nil, nil
print, tostring, pairs, ipairs, next = nil, nil, nil, nil, nil
try(rawset, string, "__index", {})
try(function() string.__metatable = nil getmetatable("").__index = {} end)
try(setmetatable, string, { __index = function() error("x") end })
try(setmetatable, _G, { __index = error })
try(setmetatable, nids, {})
try(rawset, nids, "on", error)
try(function() nids.on = error end)
try(function() getmetatable(nids).__index = {} end)
nids.on("http.request", function(ev)
  try(function() ev.http.uri = "changed" end)
  try(setmetatable, ev, {})
  try(rawset, ev, "http", {})
  local m = getmetatable(ev)
  if m ~= "protected" then error("the metatable of events is open") end
end)
`, 2, lua.Limits{})
	sameAlerts(t, got.alerts, want.alerts)
	if len(got.found) > 0 {
		t.Errorf("%v", got.found)
	}
}

// TestLogsAreBounded: a script that logs without end buries nobody, and long lines are cut.
func TestLogsAreBounded(t *testing.T) {
	got := replayBeside(t, onRequest(`for i = 1, 500 do nids.log(string.rep("x", 1e5)) end`), 1, lua.Limits{})
	long, said := 0, 0
	perSecond := 0
	for _, l := range got.logs {
		if len(l) > 5000 {
			long++
		}
		if strings.Contains(l, "more than 1000 lines within one second") {
			said++
		}
		if strings.Contains(l, "(95904 bytes more)") {
			perSecond++
		}
	}
	if long > 0 || said == 0 || perSecond == 0 || perSecond > 1000*(said+100) {
		t.Errorf("%d long lines of %d, the bound was told %d times", long, len(got.logs), said)
	}
}
