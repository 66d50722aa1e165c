package lua

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

// FuzzScript: no script takes the process down or runs for ever, while it is loaded or called.
func FuzzScript(f *testing.F) {
	for _, s := range []string{
		`nids.on("http.request", function(ev) print(ev.http.uri .. ev.src.ip) end)`,
		`local s = nids.store { key = "src.ip" } nids.on("http.request", function(ev) s:incr(ev) s:each(print) end)`,
		`while true do end`, `local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x`,
		`local s = nids.series(10) for i = 1, 20 do s:push(i, i) end print(s:periodicity())`,
		`nids.json_encode({1, {a = "x"}}) nids.json_decode("[[[[") ("x"):rep(1e9)`, `goto x ::x:: goto x`,
		`nids.register_tcp(function(t) t:discard(0) end) nids.run()`, `table.sort({1,2,3}, function() return true end)`,
		`nids.detector { id = "x", params = { a = {} } }:alert(nil, 0/0, { x = 1/0 })`, `string.format("%99.99f", 2^1023)`,
		`nids.set({"10.0.0.0/8"}):has("::1") nids.is_sqli("' or 1=1") nids.time_format(1e300) os.date("%c", -1e18)`,
		"nids.on(\"http.request\", 'http.urii == \"\\t\"', function(ev) ev.htp.uri = nids:on(ipairs(ev.http), string.fromat{}) end)",
		`local d = nids.detector { id = "x", params = { a = { min = 1 } }, key = "src.ip, x" } P = d.params print(P.b, d.alert(), d:alret())`,
	} {
		f.Add(s)
	}
	schema := testSchema(f, true)
	id, _ := schema.EventByName("http.request")
	f.Fuzz(func(t *testing.T, text string) {
		lim := Limits{Instructions: 50e3, LoadInstructions: 50e3, Memory: 8 << 20, StringBytes: 64 << 10, PatternSteps: 10e3, Errors: 2}
		for _, p := range Check(schema, []Source{{"fuzz.lua", text}}, Options{Limits: lim}) {
			if p.From < 0 || p.To > len(text) || p.From > p.To {
				t.Errorf("%q: %s: bytes %d to %d of %d", text, p, p.From, p.To, len(text))
			}
		}
		rt, _ := Load(schema, []Source{{"fuzz.lua", text}}, Options{Limits: lim, Host: &Recorder{}})
		defer rt.Close()
		p := NewPool()
		for i := range 3 {
			s := p.Take(id, schema, &dissect.Env{Time: int64(i) * 1e9, Flow: testFlow(1), Tx: &message{URI: []byte("/x"), Method: "GET"}})
			for j := range rt.Subscriptions() {
				rt.Deliver(j, s)
			}
			s.Release()
			rt.Tick(int64(i) * 60e9)
		}
		rt.Exit()
	})
}
