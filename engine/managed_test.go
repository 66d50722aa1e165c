package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

const managedRules = `
rule MAN-1 "A request" {
  when http.method == "GET"
  severity low
  mitre T1595
}
rule MAN-2 "Injection" {
  when http.uri ~ /select|passwd|script/i
  severity high
  mitre T1190
}
rule MAN-3 "An error of the server" {
  when http.status >= 400
  severity medium
}
rule MAN-4 "A flow is over" {
  when flow.end and proto == "tcp"
  severity low
}
`

const managedScript = `
local d = nids.detector { id = "MAN-S", title = "Many requests", severity = "medium", mitre = "T1046" }
local seen = nids.store { key = "src.ip", ttl = "1h", max = 1000, value = function() return { n = 0 } end }
nids.on("http.request", function(ev)
  local s = seen:get(ev)
  s.n = s.n + 1
  if s.n % 20 == 0 then d:alert(ev, 0.5, { requests = s.n, feed = (nids.intel("ip", ev.src.ip) or {}).feed }) end
end)
nids.on("exit", function() d:alert(nil, 0.1, { what = "the end" }) end)
`

// managed gives a run with alerts of every kind but anomalies: of rules, of scripts, of feeds, correlations.
func managed(t *testing.T) Config {
	t.Helper()
	cfg := DefaultConfig()
	allRecords(&cfg)
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	host := NewScriptHost(func(f string, a ...any) { t.Errorf(f, a...) })
	rt, problems := lua.Load(schema, []lua.Source{{Name: "managed.lua", Text: managedScript}}, lua.Options{Host: host})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	filters, err := rt.FilterRules()
	if err != nil {
		t.Fatal(err)
	}
	rs, list := lang.Check(schema, "managed.nids", []byte(managedRules), lang.Options{})
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	all := rs.Rules
	for i := range filters {
		all = append(all, filters[i].Rule)
	}
	program, found := match.Compile(schema, all, match.Options{NoWarnings: true})
	if len(found) > 0 {
		t.Fatal(found)
	}
	cfg.Schema, cfg.Program, cfg.Scripts, cfg.ScriptHost = schema, program, rt, host
	cfg.Intel = feeds(t, "name: mine\n"+strings.TrimPrefix(webFeed, "\n"))
	cfg.Manager = manager.DefaultConfig()
	return cfg
}

// reports replays a capture and gives the alerts as their JSON lines, and the EVE records.
func reports(t *testing.T, cfg Config, file string) (lines []string, e *Engine, eve string) {
	t.Helper()
	var got collector
	cfg.Sinks = []AlertSink{&got}
	e, eve = replay(t, cfg, file)
	for _, a := range got.alerts {
		var w jsonw.Writer
		output.Write(&w, a)
		lines = append(lines, string(w.B))
	}
	return lines, e, eve
}

// TestManagedResults: what the manager lets pass, folds and makes is the same for any number of workers and in
// every replay, with the same ids, which no two alerts share.
func TestManagedResults(t *testing.T) {
	var first []string
	var records string
	for _, workers := range []int{1, 2, 8, 1} {
		cfg := managed(t)
		cfg.Workers = workers
		cfg.Pcap.Dir = filepath.Join(t.TempDir(), "pcap")
		lines, e, eve := reports(t, cfg, webAttacks)
		eve = withoutUptime(eve)
		if first == nil {
			first, records = lines, eve
			checkManaged(t, e, lines, eve)
			continue
		}
		if !slices.Equal(first, lines) {
			t.Errorf("%d workers: %s", workers, difference(strings.Join(first, "\n"), strings.Join(lines, "\n")))
		}
		if eve != records {
			t.Errorf("%d workers: EVE records: %s", workers, difference(records, eve))
		}
	}
}

func checkManaged(t *testing.T, e *Engine, lines []string, eve string) {
	kinds, ids := map[string]int{}, map[string]bool{}
	folded := 0.0
	for _, l := range lines {
		var a map[string]any
		if err := json.Unmarshal([]byte(l), &a); err != nil {
			t.Fatal(err)
		}
		kinds[a["alert_type"].(string)]++
		id := a["alert_id"].(string)
		if ids[id] {
			t.Errorf("two alerts have the id %s", id)
		}
		ids[id] = true
		if n, ok := a["folded"].(float64); ok {
			folded += n
		}
		if a["rule_id"] == "MAN-S" && a["confidence"] == 0.5 && a["evidence"].(map[string]any)["feed"] != "mine" {
			t.Errorf("the script did not find the address: %s", l)
		}
	}
	for _, k := range []string{"signature", "behavioral", "threat_intel", "correlation"} {
		if kinds[k] == 0 {
			t.Errorf("no alert of type %s", k)
		}
	}
	inEVE := strings.Count(eve, `"event_type":"alert"`)
	if folded == 0 || inEVE <= len(lines) || uint64(inEVE) != counter(e, "detect.alert") {
		t.Errorf("%v folded, %d alerts, %d alert records, %d counted", folded, len(lines), inEVE, counter(e, "detect.alert"))
	}
	if strings.Contains(eve, `"rule_id":["CORRELATION-HOST"]`) {
		t.Error("the EVE log has a correlation without being asked for it")
	}
	s := e.Summary()
	if s.Reported != uint64(len(lines)) || len(s.HeldBack) == 0 {
		t.Errorf("the summary tells of %d reported, want %d; held back: %v", s.Reported, len(lines), s.HeldBack)
	}
	if !strings.Contains(eve, fmt.Sprintf(`"deduplicated":%d`, counter(e, "manager.deduplicated"))) {
		t.Error("the stats record does not tell how many were folded")
	}
}

// TestManagedSuppressions: what is suppressed reaches no output but EVE; each suppression is told with its hits, also
// one that never matches.
func TestManagedSuppressions(t *testing.T) {
	cfg := managed(t)
	cfg.Manager.Suppressions = []manager.Suppression{
		{Rule: "MAN-*", Src: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Reason: "a test"},
		{Rule: "NEVER"},
		{Rule: "INTEL-IP", Expires: time.Unix(1, 0)},
	}
	lines, e, eve := reports(t, cfg, webAttacks)
	for _, l := range lines {
		if strings.Contains(l, `"rule_id":"MAN-1"`) || strings.Contains(l, `"rule_id":"MAN-2"`) {
			t.Fatal(l)
		}
	}
	if !strings.Contains(eve, `"rule_id":["MAN-1"]`) {
		t.Error("EVE does not have what is suppressed")
	}
	list := e.Summary().Suppressions
	if len(list) != 3 || list[0].Name != "rule MAN-*, src [203.0.113.0/24] (a test)" || list[0].Value == 0 || list[0].Value != counter(e, "manager.suppressed") ||
		list[1] != (Counter{"rule NEVER", 0}) || list[2].Value != 0 {
		t.Errorf("%+v", list)
	}
}

// TestManagedReload: another configuration is taken between two packets, and folding goes on where it was.
func TestManagedReload(t *testing.T) {
	cfg := managed(t)
	var got collector
	cfg.Sinks = []AlertSink{&got}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m := cfg.Manager
	m.Suppressions = []manager.Suppression{{Rule: "MAN-2"}}
	src, err := capture.Open([]string{webAttacks}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	wrong := m
	wrong.Dedup.Key = 0
	if err := e.Apply(&Change{Manager: &wrong}); err == nil || !strings.Contains(err.Error(), "needs a key") {
		t.Errorf("a wrong configuration: %v", err)
	}
	if err := e.Apply(&Change{Manager: &m, Intel: emptyDB(t)}); err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	for _, a := range got.alerts {
		if a.RuleID == "MAN-2" || a.Kind == alert.ThreatIntel {
			t.Errorf("%s is still reported", a.RuleID)
		}
	}
	if e.Suppressions()[0].Hits == 0 {
		t.Error("the suppression has no hits")
	}
}

func emptyDB(t *testing.T) *intel.DB {
	t.Helper()
	db, problems := intel.Load(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return db
}

// TestManagedSeverity: the manager's and the engine's least severity: the higher one holds.
func TestManagedSeverity(t *testing.T) {
	cfg := managed(t)
	cfg.MinSeverity, cfg.Manager.MinSeverity = alert.High, alert.Medium
	lines, e, _ := reports(t, cfg, webAttacks)
	if len(lines) == 0 || counter(e, "manager.below_severity") == 0 {
		t.Fatalf("%d alerts", len(lines))
	}
	for _, l := range lines {
		if !strings.Contains(l, `"severity":"HIGH"`) && !strings.Contains(l, `"severity":"CRITICAL"`) {
			t.Error(l)
		}
	}
}

// TestCorrelationRecord: a correlation has the ends of the alert that completed it, in every output.
func TestCorrelationRecord(t *testing.T) {
	cfg := managed(t)
	cfg.EVEOptions.Alerts.Correlations = true
	lines, _, eve := reports(t, cfg, webAttacks)
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `"alert_type":"correlation"`) })
	if i < 0 || !strings.Contains(lines[i], `"dst_ip":"10.10.2.`) || !strings.Contains(lines[i], `"src_ip":"203.0.113.66"`) || !strings.Contains(lines[i], `"tactics":["`) {
		t.Fatalf("no correlation, or a strange one: %v", lines[max(i, 0)])
	}
	for line := range strings.Lines(eve) {
		if strings.Contains(line, "CORRELATION-HOST") {
			if !strings.Contains(line, `"src_ip":"203.0.113.66"`) || !strings.Contains(line, `"dest_ip":"10.10.2.`) || !strings.Contains(line, `"rules":["`) {
				t.Error(line)
			}
			return
		}
	}
	t.Error("no record of it")
}

// deaf is a sink that takes all.
type deaf struct{ n int }

func (*deaf) Name() string                 { return "deaf" }
func (s *deaf) Alert(a *alert.Alert) error { s.n++; return nil }
func (*deaf) Close() error                 { return nil }

// million makes a feed with n domains and n addresses.
func million(b *testing.B, n int) *intel.DB {
	b.Helper()
	var w bytes.Buffer
	w.WriteString("entries:\n")
	for i := range n / 2 {
		fmt.Fprintf(&w, "  - domain: h%d.evil%d.example\n    category: c2\n  - ip: %s\n", i, i%1000, netip.AddrFrom4([4]byte{100, byte(64 + i>>18), byte(i >> 9), byte(i >> 1)}))
	}
	return feeds(b, w.String())
}

// BenchmarkIntel is what feeds cost: none, few and a million indicators, on traffic that has none of them.
func BenchmarkIntel(b *testing.B) {
	files := []string{filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz"), filepath.Join("..", "testdata", "captures", "dns_lookup.pcap")}
	for _, c := range []struct {
		name string
		db   *intel.DB
	}{{"none", nil}, {"few", million(b, 10)}, {"million", million(b, 1_000_000)}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Workers, cfg.Intel = 1, c.db
			b.ReportAllocs()
			for b.Loop() {
				cfg.Sinks = []AlertSink{&deaf{}}
				replay(b, cfg, files...)
			}
		})
	}
}
