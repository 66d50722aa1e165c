package lua

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/luanids/luanids/dissect"
)

// next loads scripts that take the place of those that ran until now, as an engine does: aside first.
func (r *rig) next(opt Options, scripts map[string]string) *rig {
	r.t.Helper()
	n := &rig{t: r.t, schema: r.schema, host: &Recorder{}, pool: r.pool}
	var src []Source
	for _, name := range sortedKeys(scripts) {
		src = append(src, Source{name, scripts[name]})
	}
	opt.Host = n.host
	n.rt, n.list = Load(r.schema, src, opt)
	r.t.Cleanup(n.rt.Close)
	n.ok()
	n.rt.TakeOver(r.rt)
	r.rt.Close()
	return n
}

const counting = `
local n, s = 0, nids.store { name = "s" }
nids.on("http.request", function(ev) n = n + 1 print("%s", n, s:incr("x")) end)
`

// TestTakeOver: a script that stays as it is goes on as it was, an edited one has its stores, wherever they stand now.
func TestTakeOver(t *testing.T) {
	r := load(t, Options{}, fmt.Sprintf(counting, "a"), fmt.Sprintf(counting, "b"), fmt.Sprintf(counting, "gone")).ok()
	r.http(1, "/")
	r.http(1, "/")
	n := r.next(Options{}, map[string]string{
		"a.lua": "-- edited\n" + fmt.Sprintf(counting, "a"), "b.lua": fmt.Sprintf(counting, "b"),
		"0.lua": fmt.Sprintf(counting, "new") + ` nids.on("exit", function() print("left") end)`,
	})
	n.http(1, "/")
	if got, want := n.printed(), "new\t1\t1\na\t1\t3\nb\t3\t3\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m := n.next(Options{}, map[string]string{"b.lua": fmt.Sprintf(counting, "b")})
	m.http(1, "/")
	if got, want := m.printed(), "b\t4\t4\n"; got != want {
		t.Errorf("after another reload: got %q, want %q", got, want)
	}
	m.noProblems()
	if got := n.printed(); !strings.HasSuffix(got, "left\n") {
		t.Errorf("a script that was removed did not run its exit handler: %q", got)
	}
}

// TestFilterKeys: a filter is the same rule after a reload, whatever its number.
func TestFilterKeys(t *testing.T) {
	const two = `nids.on("http.request", "src.port == 1", function() end) nids.on("http.request", "src.port == 1", function() end)`
	keys := func(scripts ...Source) (list []string) {
		rt, _ := Load(testSchema(t, true), scripts, Options{})
		defer rt.Close()
		rules, err := rt.FilterRules()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			list = append(list, r.Rule.Key)
		}
		return list
	}
	before, after := keys(Source{"b.lua", two}), keys(Source{"a.lua", two}, Source{"b.lua", two})
	if len(after) != 4 || !slices.Equal(after[2:], before) || before[0] == before[1] || slices.Contains(before, after[0]) {
		t.Errorf("keys %q, and %q behind another script", before, after)
	}
}

// TestTakeOverDependsOnMore: modules, variables, parameters and lists make a script another one too.
func TestTakeOverDependsOnMore(t *testing.T) {
	const script = `
local lib = require("lib")
local d = nids.detector { id = "D", params = { most = 1 } }
local n = 0
local set = nids.list("LIST")
nids.on("http.request", "src.ip in HOME", function(ev) n = n + 1 print(n, lib.x, d.params.most) end)`
	base := func() Options {
		return Options{Vars: map[string]string{"HOME": "10.0.0.0/8"}, Modules: nil, Params: map[string]map[string]any{"D": {"most": "2"}},
			Lists: func(string) ([]string, bool) { return []string{"192.0.2.1"}, true }}
	}
	lib := func(x int) fstest.MapFS {
		return fstest.MapFS{"lib.lua": {Data: fmt.Appendf(nil, "return { x = %d }", x)}}
	}
	for name, tt := range map[string]struct {
		change func(o *Options)
		want   string
	}{
		"nothing":   {func(o *Options) {}, "2\t1\t2\n"},
		"module":    {func(o *Options) { o.Modules[0] = lib(7) }, "1\t7\t2\n"},
		"variable":  {func(o *Options) { o.Vars["HOME"] = "10.0.0.0/9" }, "1\t1\t2\n"},
		"parameter": {func(o *Options) { o.Params["D"]["most"] = "3" }, "1\t1\t3\n"},
		"list":      {func(o *Options) { o.Lists = func(string) ([]string, bool) { return nil, true } }, "1\t1\t2\n"},
	} {
		opt := base()
		opt.Modules = append(opt.Modules, lib(1))
		r := load(t, opt, script).ok()
		r.http(1, "/")
		opt = base()
		opt.Modules = append(opt.Modules, lib(1))
		tt.change(&opt)
		n := r.next(opt, map[string]string{"a.lua": script})
		n.http(1, "/")
		if got := n.printed(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestTakeOverStopped: what was stopped for what it did stays stopped until it is edited.
func TestTakeOverStopped(t *testing.T) {
	const bad = `nids.on("http.request", function(ev) while true do end end)`
	r := load(t, Options{}, bad).ok()
	r.http(1, "/")
	n := r.next(Options{}, map[string]string{"a.lua": bad})
	n.http(1, "/")
	n.noProblems()
	m := n.next(Options{}, map[string]string{"a.lua": `nids.on("http.request", function(ev) print("mended") end)`})
	m.http(1, "/")
	if got := m.printed(); got != "mended\n" {
		t.Errorf("got %q", got)
	}
}

// TestTakeOverTicks: an edited script's ticks come when they would have come.
func TestTakeOverTicks(t *testing.T) {
	const script = `nids.every("10s", function(now) print(now) end)`
	r := load(t, Options{}, script).ok()
	for s := int64(1); s < 10; s++ {
		r.rt.Tick(s * 1e9)
	}
	n := r.next(Options{}, map[string]string{"a.lua": script + " -- edited"})
	for s := int64(10); s <= 20; s++ {
		n.rt.Tick(s * 1e9)
	}
	if got := n.printed(); got != "10\n20\n" {
		t.Errorf("got %q, want ticks at 10 and 20", got)
	}
}

// TestWorkerTakeOver is TestTakeOver for scripts that run in a worker.
func TestWorkerTakeOver(t *testing.T) {
	parallel := "nids.parallel()\n" + counting
	r := load(t, Options{}, fmt.Sprintf(parallel, "a"), fmt.Sprintf(parallel, "b")).ok()
	deliver := func(rt *Runtime, w *Worker) {
		for _, s := range rt.Subscriptions() {
			w.Deliver(s.ID, s.Event, &dissect.Env{Time: 5e9, Flow: testFlow(1), Tx: &message{URI: []byte("/")}})
		}
	}
	old, err := r.rt.NewWorker(r.host)
	if err != nil {
		t.Fatal(err)
	}
	deliver(r.rt, old)
	n := &rig{t: t, schema: r.schema, host: &Recorder{}}
	n.rt, n.list = Load(r.schema, []Source{{"0.lua", fmt.Sprintf(parallel, "new")}, {"a.lua", fmt.Sprintf(parallel, "edited")}, {"b.lua", fmt.Sprintf(parallel, "b")}}, Options{})
	defer n.rt.Close()
	w, err := n.rt.NewWorker(n.host)
	if err != nil {
		t.Fatal(err)
	}
	added, removed, changed := n.rt.Changes(r.rt)
	if !slices.Equal(added, []string{"0.lua"}) || len(removed) != 0 || !slices.Equal(changed, []string{"a.lua"}) {
		t.Errorf("changes: +%q -%q %q", added, removed, changed)
	}
	w.TakeOver(old)
	old.Close()
	deliver(n.rt, w)
	w.Close()
	if got, want := n.printed(), "new\t1\t1\nedited\t1\t2\nb\t2\t2\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
