package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/rules"
)

// changing is a source that has changes applied behind certain batches. It waits until each is handed to the engine, so
// that the swap falls before the next batch in every run.
type changing struct {
	capture.Source
	e       *Engine
	at      map[int]func() *Change
	batches int
	errs    chan error
}

func (s *changing) ReadBatch(b *capture.Batch) error {
	if make := s.at[s.batches]; make != nil {
		c := make()
		go func() { s.errs <- s.e.Apply(c) }()
		for {
			s.e.reloads.stage.Lock()
			there := s.e.reloads.pending != nil
			s.e.reloads.stage.Unlock()
			if there {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	s.batches++
	return s.Source.ReadBatch(b)
}

// reloadRules are two sets of rules that have some in common.
func reloadRules(t testing.TB, n int) (dir string) {
	dir = t.TempDir()
	common := `
rule COMMON-1 "A page" { when http.path startswith "/" set flow.flag("page") }
rule COMMON-2 "An answer after a page" { when flow.flag("page") and http.stat_code == 200 threshold limit 5 in 60s by client.ip }
sequence COMMON-3 "Pages, then a name" by client.ip within 1h { a: 3 of http.method == "GET" b: exists(dns.query) }
`
	text := common + "rule ONLY-1 \"First\" { when http.method == \"GET\" }\n"
	if n%2 == 1 {
		text = "rule ONLY-2 \"Second\" { when http.response_body contains \"html\" or http.method == \"POST\" }\n" +
			"rule ONLY-3 \"Words\" { when tcp and payload has [\"HTTP/1.\", \"Date\" distance 0] }\n" + common
	}
	if err := os.WriteFile(filepath.Join(dir, "a.nids"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func reloadScripts(n int) []lua.Source {
	const text = `
%s
local d = nids.detector { id = "%s", title = "counted", cooldown = "1s" }
local s = nids.store { name = "s" }
nids.on("http.request", 'http.method == "GET"', function(ev) d:alert(ev, 1, { n = s:incr("all"), version = "%d" }) end)
`
	// What runs in workers knows only its own flows.
	const parallel = `
nids.parallel()
local d = nids.detector { id = "PARALLEL", title = "seen" }
nids.on("http.request", 'http.method == "GET"', function(ev) d:alert(ev, 1, { version = "%d" }) end)
`
	list := []lua.Source{{Name: "b.lua", Text: fmt.Sprintf(text, "", "ORDERED", 0)}, {Name: "c.lua", Text: fmt.Sprintf(parallel, n)}}
	if n%2 == 1 {
		list = append([]lua.Source{{Name: "a.lua", Text: fmt.Sprintf(text, "", "FIRST", n)}}, list...)
	}
	return list
}

// makeChange compiles rules and scripts as the n-th version for e, or for a new engine.
func makeChange(t testing.TB, cfg *Config, e *Engine, n int) *Change {
	c := &Change{ScriptHost: NewScriptHost(t.Logf)}
	rt, problems := lua.Load(cfg.Schema, reloadScripts(n), lua.Options{Host: c.ScriptHost})
	for _, p := range problems {
		t.Fatal(p)
	}
	filters, err := rt.FilterRules()
	if err != nil {
		t.Fatal(err)
	}
	var extra []*ir.Rule
	for _, f := range filters {
		extra = append(extra, f.Rule)
	}
	opt := ruleset.Options{Shipped: rules.FS, Extra: extra}
	if e != nil {
		opt.Previous = e.Program()
	}
	set, err := ruleset.Load(cfg.Schema, []string{reloadRules(t, n), ruleset.Default}, opt)
	if err != nil || set.Diagnostics.Errors() > 0 {
		t.Fatal(err, set.Diagnostics)
	}
	c.Scripts, c.Program, c.RulesLoaded = rt, set.Program, len(set.Rules)
	return c
}

// TestReloadsDoNotDependOnWorkers: records of all types are the same to the byte with reloads at the same batches, of which
// some take effect in the midst of messages and streams.
func TestReloadsDoNotDependOnWorkers(t *testing.T) {
	files := captures(t)
	numbers := []int{1, 2, 8}
	if testing.Short() {
		numbers = []int{1, 2}
	}
	var first string
	for _, workers := range numbers {
		cfg := everything(t)
		cfg.Workers = workers
		start := makeChange(t, &cfg, nil, 0)
		cfg.Program, cfg.Scripts, cfg.ScriptHost = start.Program, start.Scripts, start.ScriptHost
		var buf strings.Builder
		cfg.EVE = &buf
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		src, err := capture.Open(files, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := &changing{Source: src, e: e, at: map[int]func() *Change{}, errs: make(chan error, 100)}
		high := alert.High
		for i, batch := range []int{3, 5, 6, 20, 40, 60} {
			s.at[batch] = func() *Change { return makeChange(t, &cfg, e, i+1) }
		}
		s.at[10] = func() *Change { return &Change{MinSeverity: &high} }
		if err := e.Run(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		src.Close()
		for range s.at {
			if err := <-s.errs; err != nil {
				t.Error(err)
			}
		}
		e.Scripts().Close()
		eve := withoutUptime(buf.String())
		for _, want := range []string{`"COMMON-2"`, `"COMMON-3"`, `"ONLY-1"`, `"ONLY-2"`, `"ONLY-3"`, `"ORDERED"`, `"PARALLEL"`, `"FIRST"`} {
			if !strings.Contains(eve, want) {
				t.Errorf("%s never alerts", want)
			}
		}
		if first == "" {
			first = eve
		} else if eve != first {
			t.Errorf("%d workers: %s", workers, difference(first, eve))
		}
	}
}

// TestReloadLetsGoOfOldRules: a program that was replaced is collected, however many alerts of its rules wait.
func TestReloadLetsGoOfOldRules(t *testing.T) {
	cfg := everything(t)
	cfg.Workers = 2
	cfg.EVE = io.Discard
	var made, gone atomic.Int32
	version := func(e *Engine, n int) *Change {
		c := makeChange(t, &cfg, e, n)
		made.Add(1)
		runtime.AddCleanup(c.Program, func(int) { gone.Add(1) }, 0)
		return c
	}
	start := version(nil, 0)
	cfg.Program, cfg.Scripts, cfg.ScriptHost = start.Program, start.Scripts, start.ScriptHost
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	start, cfg.Program, cfg.Scripts, cfg.ScriptHost = nil, nil, nil, nil
	src, err := capture.Open(captures(t), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := &changing{Source: src, e: e, at: map[int]func() *Change{}, errs: make(chan error, 100)}
	for i := range 8 {
		s.at[10+5*i] = func() *Change { return version(e, i+1) }
	}
	if err := e.Run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	s.at = nil
	for range 20 {
		runtime.GC()
		if gone.Load() == made.Load()-1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := made.Load() - gone.Load(); n != 1 {
		t.Errorf("%d of %d programs are still there, want only the last", n, made.Load())
	}
	e.Scripts().Close()
	runtime.KeepAlive(e)
}

// TestApplyOutsideRun: before the run a change takes effect at once, after it never.
func TestApplyOutsideRun(t *testing.T) {
	cfg := everything(t)
	cfg.Workers = 2
	var buf strings.Builder
	cfg.EVE = &buf
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := makeChange(t, &cfg, e, 1)
	if err := e.Apply(c); err != nil {
		t.Fatal(err)
	}
	src, err := capture.Open([]string{"../testdata/captures/http_browse.pcap"}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := e.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	if eve := buf.String(); !strings.Contains(eve, `"ONLY-2"`) || !strings.Contains(eve, `"FIRST"`) {
		t.Error("the change has no effect")
	}
	c = makeChange(t, &cfg, e, 2)
	if err := e.Apply(c); !errors.Is(err, ErrOver) {
		t.Errorf("after the run: %v, want %v", err, ErrOver)
	}
	c.Scripts.Close()
	e.Scripts().Close()
}

// TestApplyRefuses: what does not go together changes nothing.
func TestApplyRefuses(t *testing.T) {
	cfg := everything(t)
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := makeChange(t, &cfg, e, 1)
	defer c.Scripts.Close()
	bad := cfg.Manager
	bad.Correlation.Threshold = 1
	for want, change := range map[string]*Change{
		"compiled with their filters": {Scripts: c.Scripts, ScriptHost: c.ScriptHost},
		"need the ScriptHost":         {Scripts: c.Scripts, Program: c.Program},
		"correlation threshold":       {Program: c.Program, Manager: &bad},
	} {
		if err := e.Apply(change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want something about %q", err, want)
		}
		if e.Program() != cfg.Program {
			t.Errorf("%s: the rules were changed", want)
		}
	}
}
