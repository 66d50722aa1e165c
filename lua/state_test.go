package lua

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/luanids/luanids/dissect"
)

func TestStore(t *testing.T) {
	r := load(t, Options{}, `
local gone = {}
s = nids.store { key = "src.ip, dst.port", ttl = "10s", max = 3, on_expire = function(v, ip, port) gone[#gone+1] = ip .. ":" .. port .. "=" .. v end }
t = nids.store { max_age = "10s", value = function() return { n = 0 } end }
nids.on("http.request", function(ev)
  local x = t:get("a", 1)
  x.n = x.n + 1
  print(s:incr(ev), s:count(), s:peek(ev), x.n, t:peek("b"))
end)
nids.on("exit", function()
  print(table.concat(gone, " "), s:count(), t:count(), s:delete("nobody"))
  s:set("k", "v") s:set("l", 2)
  s:each(function(v, a, b) print(v, a, b) end)
end)`).ok()
	for _, n := range []byte{1, 1, 2, 3, 4} { // 4 evicts 1
		r.http(n, "/")
	}
	r.http(1, "/")
	for s := int64(5); s < 30; s++ {
		r.rt.Tick(s * 1e9)
	}
	r.rt.Exit()
	r.noProblems()
	want := "1\t1\t1\t1\tnil\n2\t1\t2\t2\tnil\n1\t2\t1\t3\tnil\n1\t3\t1\t4\tnil\n1\t3\t1\t5\tnil\n1\t3\t1\t6\tnil\n" +
		"10.0.0.3:80=1 10.0.0.4:80=1 10.0.0.1:80=1\t0\t0\tfalse\n2\tl\tnil\nv\tk\tnil\n"
	if got := r.printed(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if s := r.rt.vms[0].stores[0]; s.evicted != 2 || s.expired != 3 {
		t.Errorf("evicted %d, expired %d", s.evicted, s.expired)
	}
}

// TestStoresSurviveReload: same script, name and shape.
func TestStoresSurviveReload(t *testing.T) {
	const script = `
local n = nids.store { name = "n", key = %q, value = function() return { n = 0, s = nids.series(10) } end }
local d = nids.detector { id = "X", cooldown = "1h" }
nids.on("http.request", function(ev)
  local x = n:get(ev)
  x.n = x.n + 1 x.s:push(nids.now(), 1)
  print(x.n, x.s:count(), d:alert(ev))
end)`
	old := load(t, Options{}, fmt.Sprintf(script, "src.ip")).ok()
	old.http(1, "/")
	for key, want := range map[string]string{"src.ip": "2\t2\tfalse\n", "dst.ip": "1\t1\tfalse\n"} {
		r := load(t, Options{Previous: old.rt}, "-- edited\n"+fmt.Sprintf(script, key)).ok()
		r.http(1, "/")
		r.noProblems()
		if got := r.printed(); got != want {
			t.Errorf("key %s: %q, want %q", key, got, want)
		}
	}
}

func TestModules(t *testing.T) {
	fs := fstest.MapFS{
		"lib/util.lua": {Data: []byte(`local m = {} function m.twice(x) return 2 * x end print("loaded") return m`)},
		"bad.lua":      {Data: []byte("x = = 1")},
		"loop.lua":     {Data: []byte(`require("loop") return 1`)},
	}
	opt := Options{}
	opt.Modules = append(opt.Modules, fs)
	r := load(t, opt, `local u = require("lib.util") assert(require("lib.util") == u) print(u.twice(4)) print(require("loop"))
print(pcall(require, "nobody")) print(pcall(require, "bad"))`).ok()
	got := r.printed()
	for _, want := range []string{"loaded\n8\n1\n", "is not in the script folders", "bad.lua:1:5: syntax error: unexpected =: expected a value"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

// TestPredicatesAndParallelRunInWorkers: with VMs of their own.
func TestPredicatesAndParallelRunInWorkers(t *testing.T) {
	r := load(t, Options{}, `
nids.parallel()
n = 0
nids.predicate("is_long", { "string", "int" }, function(s, n) return #s > n end)
nids.predicate("fails", {}, function() error("no") end)
nids.on("http.request", function(ev) n = n + 1 print(n, ev.http.uri, ev.event) end)`).ok()
	if !r.rt.Subscriptions()[0].Parallel || len(r.rt.Predicates()) != 2 {
		t.Fatal(r.rt.Subscriptions(), r.rt.Predicates())
	}
	id, _ := r.schema.EventByName("http.request")
	for range 2 {
		host := &Recorder{}
		w, err := r.rt.NewWorker(host)
		if err != nil {
			t.Fatal(err)
		}
		w.Deliver(0, id, &dissect.Env{Flow: testFlow(1), Tx: &message{URI: []byte("/x")}})
		if got := host.Printed.String(); got != "1\t/x\thttp.request\n" {
			t.Errorf("%q", got)
		}
		if !w.Predicate(0, []Arg{{Bytes: []byte("long")}, {Int: 3}}) || w.Predicate(0, []Arg{{Bytes: []byte("l")}, {Int: 3}}) {
			t.Error("is_long")
		}
		if w.Predicate(1, nil) || len(host.Problems) != 1 {
			t.Error(host.Problems)
		}
		w.Close()
	}
}

// TestWorkersRunAtTheSameTime is for the race detector: VMs share the API's tables.
func TestWorkersRunAtTheSameTime(t *testing.T) {
	r := load(t, Options{}, `
nids.parallel()
local s = nids.store { key = "src.ip", value = function() return nids.series(16) end }
nids.on("http.request", function(ev)
  local x = s:get(ev) x:push(nids.now(), 1) x:periodicity()
  local d = nids.distinct("1m") d:add(ev.http.uri)
  local t = ev.flow.age .. string.format("%s %d", ev.http.uri, 3) t:match("a+b*")
end)`).ok()
	id, _ := r.schema.EventByName("http.request")
	done := make(chan struct{})
	for k := range 4 {
		w, err := r.rt.NewWorker(&Recorder{})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for i := range 300 {
				w.Deliver(0, id, &dissect.Env{Time: int64(i) * 1e9, Flow: testFlow(byte(k)), Tx: &message{URI: []byte(fmt.Sprint("/", i))}})
				w.Tick(int64(i) * 1e9)
			}
			w.Close()
			done <- struct{}{}
		}()
	}
	for range 4 {
		<-done
	}
}

func TestHostFunctions(t *testing.T) {
	r := load(t, Options{}, `
local m = nids.metric("odd", "odd ones")
local e = nids.expr('http.uri contains "x"')
nids.on("http.request", function(ev)
  m:inc()
  nids.log("seen", "warning")
  ev:set_flag("a") nids.set_host_flag(ev.src.ip, "bad", "5m")
  print(ev:has_flag("a"), ev:has_flag("b"), nids.host_flag(ev.src.ip, "bad"), nids.host_flag("10.9.9.9", "bad"))
  print((nids.intel("ip", ev.src.ip) or {}).feed, nids.intel("ip", "192.0.2.9"))
  print(e:test(ev), e:test(ev), ev:kill(), nids.list("HOME"):has(ev.src.ip))
  ev:discard()
end)
nids.on("alert", function(a) print(a.id, a.src_ip, a.evidence.n) end)`).ok()
	r.host.Feeds = map[string]IntelHit{"ip 10.0.0.1": {Feed: "test"}}
	r.http(1, "/x")
	r.http(1, "/x") // discarded
	r.http(2, "/y")
	r.noProblems()
	want := "true\tfalse\ttrue\tfalse\ntest\tnil\ntrue\ttrue\ttrue\ttrue\ntrue\tfalse\ttrue\tfalse\nnil\tnil\nfalse\tfalse\ttrue\ttrue\n"
	if got := r.printed(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, m := range r.rt.Metrics() {
		if m.Name == "odd" && m.Value != 2 {
			t.Errorf("metric %v", m)
		}
	}
	r.host.Printed.Reset()
	r.rt.DeliverAlert(1, &AlertInfo{ID: "R-1", Evidence: []KV{{"n", 3.0}}})
	if got := r.printed(); got != "R-1\tnil\t3\n" {
		t.Errorf("%q", got)
	}
	if len(r.host.Lines) != 2 || r.host.Lines[0] != "warning a.lua: seen" || len(r.host.Killed) != 2 {
		t.Error(r.host.Lines, r.host.Killed)
	}
}

// TestFiltersAreRules: the engine gets them compiled, with the event they are pinned to.
func TestFiltersAreRules(t *testing.T) {
	r := load(t, Options{Vars: map[string]string{"HOME": "10.0.0.0/8"}}, `
nids.on("http.request", function() end)
nids.on("http.request", 'http.uri contains "x" and src.ip in HOME', function() end)
nids.on("flow.end", "established", function() end)`).ok()
	rules, err := r.rt.FilterRules()
	if err != nil || len(rules) != 2 {
		t.Fatal(rules, err)
	}
	if rules[0].Sub != 1 || rules[0].Rule.On != "http.request" || !rules[0].Rule.NoAlert || rules[1].Rule.ID != FilterID+"2" {
		t.Errorf("%+v", rules)
	}
}
