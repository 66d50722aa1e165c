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
		{`nids.on("htp.request", function(ev) end)`, `a.lua:1: error: unknown event "htp.request"; did you mean http.request?`},
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
