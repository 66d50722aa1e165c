package lua

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/dissect/packetfields"
)

// message is the message of a protocol of the tests.
type message struct {
	URI    []byte
	Method string
	Code   int64
	Names  []string
}

func testSpec(clone bool) *dissect.Spec {
	s := &dissect.Spec{Name: "http", Events: []dissect.Event{{Name: "http.request", Phase: 1}, {Name: "http.response", Phase: 2, Any: true}},
		Fields: []dissect.Field{
			dissect.Str("http.uri", "http.request", "", func(m *message) []byte { return m.URI }),
			dissect.Str("http.method", "http.request", "", func(m *message) []byte { return []byte(m.Method) }),
			dissect.Int("http.code", "http.response", "", func(m *message) (int64, bool) { return m.Code, m.Code != 0 }),
			dissect.Str("http.code.text", "http.response", "", func(m *message) []byte { return []byte(fmt.Sprint("code ", m.Code)) }),
			dissect.Strs("http.names", "http.request", "", func(m *message, i int) ([]byte, bool) {
				if i >= len(m.Names) {
					return nil, false
				}
				return []byte(m.Names[i]), true
			}),
		}}
	if clone {
		s.Clone = func(tx any) any { c := *tx.(*message); return &c }
	}
	return s
}

func testSchema(t testing.TB, clone bool) *dissect.Schema {
	t.Helper()
	s, err := dissect.NewSchema([]*dissect.Spec{testSpec(clone)}, packetfields.Fields())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testFlow(n byte) *dissect.Flow {
	return &dissect.Flow{Key: dissect.FlowKey{Src: packet.V4([]byte{10, 0, 0, n}), Dst: packet.V4([]byte{192, 0, 2, 1}), SrcPort: 40000,
		DstPort: 80, Proto: 6, IPVersion: 4}, ID: uint64(n), Serial: uint64(n), Start: 1e9, Last: 3e9, State: dissect.FlowEstablished,
		Packets: [2]uint64{3, 2}, Bytes: [2]uint64{300, 200}}
}

// rig is a set of loaded scripts with a recording host.
type rig struct {
	t      testing.TB
	schema *dissect.Schema
	rt     *Runtime
	host   *Recorder
	pool   *Pool
	list   []Problem
}

func load(t testing.TB, opt Options, scripts ...string) *rig {
	t.Helper()
	r := &rig{t: t, schema: testSchema(t, true), host: &Recorder{}, pool: NewPool()}
	var src []Source
	for i, s := range scripts {
		name := "a.lua"
		if i > 0 {
			name = fmt.Sprintf("%c.lua", 'a'+i)
		}
		src = append(src, Source{name, s})
	}
	opt.Host = r.host
	r.rt, r.list = Load(r.schema, src, opt)
	t.Cleanup(r.rt.Close)
	return r
}

// ok fails the test if loading found anything.
func (r *rig) ok() *rig {
	r.t.Helper()
	for _, p := range r.list {
		r.t.Fatalf("%s\n%s", p, p.Trace)
	}
	return r
}

// fire delivers an event to all subscriptions.
func (r *rig) fire(name string, e *dissect.Env) {
	r.t.Helper()
	id, ok := r.schema.EventByName(name)
	if !ok {
		r.t.Fatalf("no event %s", name)
	}
	s := r.pool.Take(id, r.schema, e)
	for _, sub := range r.rt.Subscriptions() {
		if sub.Event == id {
			r.rt.Deliver(sub.ID, s)
		}
	}
	s.Release()
}

func (r *rig) http(n byte, uri string) {
	r.fire("http.request", &dissect.Env{Time: 5e9, Flow: testFlow(n), Tx: &message{URI: []byte(uri), Method: "GET", Code: 200, Names: []string{"x", "y"}}})
}

func (r *rig) printed() string { return r.host.Printed.String() }

func (r *rig) noProblems() {
	r.t.Helper()
	for _, p := range r.host.Problems {
		r.t.Errorf("%s\n%s", p, p.Trace)
	}
}

func TestEventsAreViewsOfFields(t *testing.T) {
	const script = `
nids.on("http.request", function(ev)
  print(ev.src.ip, ev.dst.port, ev.http.uri, ev.uri, ev.event, ev.time, ev.dir)
  print(ev.http.names[2], #ev.names, ev.http.code, ev.http.code_text, ev["http.code.text"], ev:get("http.uri"))
  print(ev.tcp and ev.flow.app, ev.udp, ev.flow.age, ev.established, ev.dns)
end)`
	for _, clone := range []bool{true, false} {
		r := &rig{t: t, schema: testSchema(t, clone), host: &Recorder{}, pool: NewPool()}
		var list []Problem
		src := strings.Replace(script, ", ev.dns)", ")", 1)
		r.rt, list = Load(r.schema, []Source{{"a.lua", src}}, Options{Host: r.host})
		defer r.rt.Close()
		r.list = list
		r.ok()
		r.http(1, "/index")
		r.noProblems()
		want := "10.0.0.1\t80\t/index\t/index\thttp.request\t5\tto_server\ny\t2\t200\tcode 200\tcode 200\t/index\nnil\tfalse\t2\ttrue\n"
		if got := r.printed(); got != want {
			t.Errorf("clone %v:\n%s\nwant\n%s", clone, got, want)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`nids.on("http.requst", function() end)`, "did you mean http.request?"},
		{`nids.onn("x", function() end)`, "did you mean"},
		{`nids.store { kye = "src.ip" }`, "did you mean key?"},
		{`nids.store { key = "src.ipp" }`, "did you mean"},
		{`local s = nids.series(10); s:puhs(1)`, "did you mean push?"},
		{`nids.detector { id = "X", severity = "hgih" }`, "unknown severity"},
		{`nids.every("5 parsecs", function() end)`, "not a duration"},
		{`io.open("/etc/passwd")`, "io is not available"},
		{`local f = loadstring("return 1")`, "not available"},
		{`os.execute("ls")`, "attempt to call"},
		{`error("boom")`, "boom"},
		{`local x = = 1`, "syntax error"},
		{`if true then`, "expected end (`if` in line 2 is not closed)"},
	} {
		r := load(t, Options{}, "-- one\n"+c.script)
		if len(r.list) == 0 || !strings.Contains(r.list[0].String(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.script, r.list, c.want)
		} else if r.list[0].Pos.Line != 2 {
			t.Errorf("%s: line %d, want 2: %v", c.script, r.list[0].Pos.Line, r.list[0])
		}
	}
}

func TestUnknownFieldOfEvent(t *testing.T) {
	r := load(t, Options{}, `nids.on("http.request", function(ev) local function f() return ev.http.urii end f() end)`).ok()
	r.http(1, "/")
	if len(r.host.Problems) != 1 {
		t.Fatalf("problems: %v", r.host.Problems)
	}
	p := r.host.Problems[0]
	if !strings.Contains(p.Msg, "did you mean uri?") || p.Pos.String() != "a.lua:1" || !strings.Contains(p.Trace, "a.lua:1") {
		t.Errorf("%s\n%s", p, p.Trace)
	}
}

func TestEventEndsWithItsCallback(t *testing.T) {
	r := load(t, Options{}, `
local kept, http
nids.on("http.request", function(ev)
  if kept then print(pcall(function() return kept.src.ip end)) print(pcall(function() return http.uri end)) end
  kept, http = ev, ev.http
end)`).ok()
	r.http(1, "/a")
	r.http(2, "/b")
	if got := r.printed(); strings.Count(got, "this event is over") != 2 {
		t.Error(got)
	}
}

func TestTicksAreInPacketTime(t *testing.T) {
	r := load(t, Options{}, `nids.every("60s", function(now) print(now) end) nids.on("exit", function() print("exit", nids.now()) end)`).ok()
	for s := int64(0); s < 200; s++ {
		r.rt.Tick((1000 + s) * 1e9)
	}
	r.rt.Tick(5000 * 1e9)
	r.rt.Exit()
	if got, want := r.printed(), "1020\n1080\n1140\n5000\nexit\t5000\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAlerts(t *testing.T) {
	opt := Options{Params: map[string]map[string]any{"X-1": {"most": "3", "window": "2m"}, "a": {"share": 0.5}, "Y": {"z": 1}}}
	r := load(t, opt, `
local d = nids.detector { id = "X-1", title = "Test", severity = "high", mitre = "T1",
  params = { most = 10, window = "1m", share = { default = 0.1, min = 0, max = 1 }, big = "1KiB", on = true, names = {"a"} },
  cooldown = "10s", key = "src.ip" }
print(d.params.most, d.params.window, d.params.share, d.params.big, d.params.on, d.params.names[1])
nids.on("http.request", function(ev)
  print(d:alert(ev, 0.75, { n = 3, list = {1, 2}, who = ev.src.ip }))
end)`)
	if len(r.list) != 1 || r.list[0].Kind != Unused {
		t.Fatal(r.list)
	}
	r.http(1, "/")
	r.http(1, "/")
	r.http(2, "/")
	if got, want := r.printed(), "3\t120\t0.5\t1024\ttrue\ta\ntrue\nfalse\ntrue\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if len(r.host.Alerts) != 2 {
		t.Fatal(r.host.Alerts)
	}
	a := r.host.Alerts[0]
	if a.ID != "X-1" || a.Score != 0.75 || a.Severity != "high" || a.Src.String() != "10.0.0.1" || a.DstPort != 80 || a.Time != 5e9 {
		t.Errorf("%+v", a)
	}
	if got := string(AppendJSON(nil, a.Evidence)); got != `{"list":[1,2],"n":3,"who":"10.0.0.1"}` {
		t.Error(got)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for setting, want := range map[string]any{"most": "many", "share": 7, "on": "perhaps", "severity": "huge"} {
		r := load(t, Options{Params: map[string]map[string]any{"X": {setting: want}}},
			`nids.detector { id = "X", params = { most = 10, on = true, share = { default = 0.1, max = 1 } } }`)
		if len(r.list) != 1 || !strings.Contains(r.list[0].Msg, "settings of X") {
			t.Errorf("%s = %v: %v", setting, want, r.list)
		}
	}
}
