package lua

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	schema := testSchema(t, true)
	for _, c := range []struct{ script, want string }{
		{`nids.on("http.request", function(ev) print(ev.http.uri .. ev.src.ip .. ev.uri .. ev.time) end)`, ""},
		{`nids.on("http.request", function(ev) for _, n in ipairs(ev.http.names) do print(n, ev.http.names[1]) end ev:copy() end)`, ""},
		{`nids.on("alert", function(a) print(a.id, a.title) end)`, ""},
		{`nids.on("http.request", function(ev) return ev.htp.uri end)`, "a.lua:1:48: unknown name: the event has no member htp (did you mean http?)"},
		{`nids.on("http.request", function(ev) return ev.http.urii end)`, "a.lua:1:53: unknown name: http has no member urii (did you mean uri?)"},
		{`nids.on("http.request", function(ev) return nids.entopy(ev.uri) end)`, "a.lua:1:50: unknown name: nids has no member entopy (did you mean entropy?)"},
		{`nids.on("http.request", "http.urii == 1", function(ev) end)`, "a.lua:1:26: bad filter: filter of http.request: unknown field http.urii (did you mean http.uri?"},
		{`nids.on("http.request", "http.uri ==", function(ev) end)`, "a.lua:1:37: bad filter: filter of http.request: expected a value, found the end of it"},
		{`nids.on("htp.request", function(ev) end)`, `a.lua:1:9: unknown name: unknown event "htp.request" (did you mean http.request?)`},
		{`nids.on("http.request", function(ev) pritn(ev.uri) end)`, "a.lua:1:38: unknown name: there is no global pritn (did you mean print?)"},
		{`nids.on("http.request", function(ev) io.write(ev.uri) end)`, "a.lua:1:38: unknown name: io is not available in detectors (use nids.log, or detect:alert)"},
		{"known = 1\nlocal function f() return known end f()", ""},
		{`local s = nids.store {} nids.on("http.request", function(ev) s:gett(ev.uri) end)`, "a.lua:1:64: unknown name: Store has no member gett (did you mean get?)"},
		{`local s = nids.store {} nids.on("http.request", function(ev) s.get(ev.uri) end)`, "a.lua:1:62: misuse: s.get is called without its object (write s:get(...), with a colon)"},
		{`local s = nids.store { key = "client.ip" } nids.on("http.request", function(ev) s:get(ev) local s = {} s.gett = print s.gett() end)`, ""},
		{`local d = nids.detector { id = "X", params = { most = 1 } } nids.on("http.request", function(ev) d:alert(ev, d.params.most) end)`, ""},
		{"x = 1\nfunction(", "a.lua:2:9: syntax error: unexpected (: expected a name"},
	} {
		list := Check(schema, []Source{{"a.lua", c.script}}, Options{})
		got := ""
		for _, p := range list {
			got += p.String() + "\n"
		}
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%s\n got %s\nwant %s", c.script, got, c.want)
		}
	}
}

// TestCheckFindsAllAtOnce: a script with a slip in each line; what is found, and where. A comment says what is wanted of its
// line, as COLUMN MESSAGE (HINT), where the column begins the name that is meant.
func TestCheckFindsAllAtOnce(t *testing.T) {
	script := `local d = nids.detector { id = "X-A", titel = "a" } --39 nids.detector has no option titel (did you mean title?)
local e = nids.detector { id = "X-B", params = { most = { defalt = 1, default = 2 }, w = "1m" } } --59 the declaration of parameter most has no option defalt (did you mean default?)
local f = nids.detector { id = "X-C", params = { most = { min = 1 } } } --50 parameter most has no default (write most = { default = ..., doc = "..." })
local P = e.params
local seen = nids.store { key = "client.ip, htp.uri" } --45 key: unknown field "htp.uri" (did you mean http.uri?)
local old = nids.store { tll = "1h" } --26 nids.store has no option tll (did you mean ttl?)
local count = 0
nids.on("http.request", 'http.method == "POST" and http.urii == "\tx"', function(ev) --52 filter of http.request: unknown field http.urii (did you mean http.uri?)
  cuont = count + 1 --3 the global cuont is set, but never read (did you mean count?)
  print(string.fromat("%s", ev.http.uri)) --16 the library string has no function fromat (did you mean format?)
  print(math.flor(1.2)) --14 the library math has no function flor (did you mean floor?)
  os.execute("reboot") --6 os.execute is not available in detectors (a detector starts no programs)
  print(table.unpack { 1 }) --15 table.unpack is not available in detectors (in Lua 5.1 it is unpack)
  if count > P.mots then print() end --16 the detector declares no parameter mots (did you mean most?)
  if count > treshold then print() end --14 there is no global treshold
  d:alert(ev, { n = count }) --15 alert: score must be a number, not a table (it is alert(about: Event|table|nil, score?: number, evidence?: table, title?: string): boolean)
  f.alert(ev, 1) --3 f.alert is called without its object (write f:alert(...), with a colon)
  local h = ev.http
  print(h.urri) --11 http has no member urri (did you mean uri?)
  print(ev.http.uri:fnd("x")) --21 the library string has no function fnd (did you mean find?)
  print(ev:uri()) --12 uri is a field, not a method (write ev.uri)
  ev.time = 1 --6 time cannot be set: events, parameters and the API are read-only
  local unread = ev.time --9 the local unread is never used
  seen:icnr(ev) --8 Store has no member icnr (did you mean incr?)
  old:incr() --3 incr is called with 0 of 1 arguments (it is incr(key: Event|string|number|boolean, n?: number): number)
  nids.store {} --3 nids.store belongs at the top level of the script, not into a handler (what a script registers is fixed once it is loaded; a value for each key is made by the ` + "`value`" + ` of a store)
end)
nids.on("http.requst", print) --9 unknown event "http.requst" (did you mean http.request?)
nids.on("http.query", print) --9 unknown event "http.query" (events of http are http.request, http.response)
nids.register_tcp(function(tcp)
  if tcp.nids_state == nids.JUST_ETS then tcp.clent.collect = true end --29 nids has no member JUST_ETS (did you mean JUST_EST?) --47 TcpStream has no member clent (did you mean client?)
  tcp.server.colect = true --14 HalfStream has no member colect (did you mean collect?)
  tcp.server.count = 1 --14 count cannot be set: of a HalfStream
  tcp:diskard(0) --7 TcpStream has no member diskard (did you mean discard?)
end)
local function named(x)
  print(x.http.urri) --16 http has no member urri (did you mean uri?)
end
nids.on("http.response", named)
nids.on("alert", function(a) print(a.titel) end) --38 the alert has no member titel (did you mean title?)
nids.every("60x", function() end) --0 argument #1 is not a duration: "60x" (write "90s", "24h", or seconds as a number)
print(nids:entropy("x")) --12 nids:entropy gets nids itself as its first argument (write nids.entropy(...), with a dot)
string.reverse() --0 bad argument #1 to reverse (string expected, got nil)
`
	var want []string
	for i, line := range strings.Split(script, "\n") {
		for _, w := range strings.Split(line, " --")[1:] {
			col, rest, _ := strings.Cut(w, " ")
			want = append(want, fmt.Sprintf("a.lua:%d:%s: %s", i+1, col, rest))
		}
	}
	var got []string
	for _, p := range Check(testSchema(t, true), []Source{{"a.lua", script}}, Options{}) {
		s := fmt.Sprintf("%s:%d: %s", p.Pos, p.Col, p.Msg)
		if p.Hint != "" {
			s += " (" + p.Hint + ")"
		}
		got = append(got, s)
		if p.Col > 0 {
			line := strings.Split(script, "\n")[p.Pos.Line-1]
			if p.From >= p.To || !strings.HasPrefix(line[p.Col-1:], script[p.From:p.To]) {
				t.Errorf("%s: %q", s, script[p.From:p.To])
			}
		}
		if p.Warning != (p.Kind == Doubtful) {
			t.Errorf("%s: warning %v", s, p.Warning)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("unexpected: %s", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing: %s", w)
		}
	}
}

// TestCheckOfSoundScripts: nothing is said of what is right.
func TestCheckOfSoundScripts(t *testing.T) {
	for _, script := range []string{
		"#!/usr/bin/env luanids\nnids.on('exit', function() print('bye') end)",
		"detect = nids.detector { id = 'X', params = { n = 1, names = { 'a', 'b' } } } nids.on('http.request', function(ev) detect:alert(ev, detect.params.n) end)",
		"local n = nids.trw() local m = { add = print } function m.more() return m:add(n) end m.more()",
		"if string.pack then print(string.len('x')) end",
		"nids.on('http.request', function(ev) local x = ev.http x = nil print(x and x.y) end)",
		"local f = nids.entropy print(f('x'), (('x'):rep(3)))",
		"for _, name in ipairs { 'http.request', 'http.response' } do nids.on(name, function(ev) print(ev.http.uri, ev.flow.id) end) end",
		"nids.on('http.request', function(ev) local s = ev.http.uri or 'none' print(s:upper():lower()) if not maybe then maybe = true end end)",
		"local t = setmetatable({}, { __index = function(_, k) return k end }) print(t.x)",
		"local s = nids.store { value = function() return nids.counter('1m') end } nids.on('http.request', function(ev) s:get(ev.client.ip):add() end)",
		"function helper(ev) return ev.http.uri end nids.on('http.request', function(ev) print(helper(ev)) end)",
		"local x; x = 1; print(x) repeat local y = x until y goto done ::done::",
	} {
		for _, p := range Check(testSchema(t, true), []Source{{"a.lua", script}}, Options{}) {
			if strings.Contains(script, "string.pack") && p.Kind == UnknownName {
				continue // said, though it is asked for carefully
			}
			t.Errorf("%s\n%s", script, p)
		}
	}
}
