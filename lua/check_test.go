package lua

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	schema := testSchema(t, true)
	for _, c := range []struct{ script, want string }{
		{`nids.on("http.request", function(ev) local x = ev.http.uri .. ev.src.ip .. ev.uri .. ev.time end)`, ""},
		{`nids.on("http.request", function(ev) for _, n in ipairs(ev.http.names) do print(n, ev.http.names[1]) end ev:copy() end)`, ""},
		{`nids.on("alert", function(a) print(a.id, a.title) end)`, ""},
		{`nids.on("http.request", function(ev) return ev.htp.uri end)`, "a.lua:1: unknown name: the event has no member htp (did you mean http?)"},
		{`nids.on("http.request", function(ev) return ev.http.urii end)`, "a.lua:1: unknown name: http has no member urii (did you mean uri?)"},
		{`nids.on("http.request", function(ev) return nids.entopy(ev.uri) end)`, "a.lua:1: unknown name: nids has no member entopy (did you mean entropy?)"},
		{`nids.on("http.request", "http.urii == 1", function(ev) end)`, "a.lua:1: error: filter of http.request: unknown field http.urii (did you mean http.uri?"},
		{`nids.on("http.request", "http.uri ==", function(ev) end)`, "a.lua:1: error: filter of http.request: expected a value, found the end of it"},
		{`nids.on("htp.request", function(ev) end)`, `a.lua:1: error: unknown event "htp.request"; did you mean http.request?`},
		{`nids.on("http.request", function(ev) pritn(ev.uri) end)`, "a.lua:1: unknown name: there is no global pritn (did you mean print?)"},
		{`nids.on("http.request", function(ev) io.write(ev.uri) end)`, "a.lua:1: unknown name: io is not available in detectors (use nids.log, or detect:alert)"},
		{"known = 1\nlocal function f() return known end f()", ""},
		{`local s = nids.store {} nids.on("http.request", function(ev) s:gett(ev.uri) end)`, "a.lua:1: unknown name: Store has no member gett (did you mean get?)"},
		{`local s = nids.store {} nids.on("http.request", function(ev) s.get(ev.uri) end)`, "a.lua:1: unknown name: s.get is called without its object (write s:get(...), with a colon)"},
		{`local s = nids.store {} nids.on("http.request", function(ev) local s = {} s.gett = print s.gett() end)`, ""},
		{`local d = nids.detector { id = "X", params = { most = 1 } } nids.on("http.request", function(ev) d:alert(ev, d.params.most) end)`, ""},
		{"x = 1\nfunction(", "a.lua:2: syntax error"},
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
