package manager

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

const second = int64(time.Second)

// at makes an alert of a rule, at a second, from a source.
func at(sec float64, rule, src string) *alert.Alert {
	a := &alert.Alert{Time: int64(sec * 1e9), RuleID: rule, Severity: alert.Medium, Message: rule + " fired",
		Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr("10.0.0.9"), SrcPort: uint16(1000 + int(sec)), DstPort: 80, HasPorts: true, Proto: "tcp"}
	a.SetID(uint64(a.Time))
	return a
}

// run feeds alerts, with ticks of seconds between, and gives what is reported as "second rule+folded".
func run(t *testing.T, cfg Config, list ...*alert.Alert) (string, *Manager) {
	t.Helper()
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	emit := func(a *alert.Alert) {
		s := fmt.Sprintf("%v %s", float64(a.Time)/1e9, a.RuleID)
		if a.Folded > 0 {
			s += fmt.Sprintf("+%d", a.Folded)
		}
		got = append(got, s)
	}
	now := int64(0)
	for _, a := range list {
		for ; now+second <= a.Time; now += second {
			m.Tick(now+second, emit)
		}
		m.Process(a, emit)
	}
	m.Tick(now+3600*second, emit)
	m.Flush(emit)
	return strings.Join(got, ", "), m
}

func only(set func(*Config)) Config {
	c := DefaultConfig()
	c.Correlation.Threshold, c.Rate.Alerts = 0, 0
	set(&c)
	return c
}

func repeat(n int, from, step float64, rule string) (list []*alert.Alert) {
	for i := range n {
		list = append(list, at(from+float64(i)*step, rule, "10.0.0.1"))
	}
	return list
}

func TestDeduplication(t *testing.T) {
	dedup := only(func(c *Config) { c.Dedup.Report = 0 })
	for _, c := range []struct {
		name string
		cfg  Config
		list []*alert.Alert
		want string
	}{
		{"like ones are folded, and counted in the next of their key", dedup,
			[]*alert.Alert{at(0, "A", "10.0.0.1"), at(1, "A", "10.0.0.1"), at(59, "A", "10.0.0.1"), at(60, "A", "10.0.0.1"), at(300, "A", "10.0.0.1")},
			"0 A, 60 A+2, 300 A"},
		{"the count survives a pause", dedup,
			[]*alert.Alert{at(0, "A", "10.0.0.1"), at(1, "A", "10.0.0.1"), at(1000, "A", "10.0.0.1")}, "0 A, 1000 A+1"},
		{"other rules and sources are not alike", dedup,
			[]*alert.Alert{at(0, "A", "10.0.0.1"), at(1, "B", "10.0.0.1"), at(2, "A", "10.0.0.2")}, "0 A, 1 B, 2 A"},
		{"many are reported when the window ends", only(func(c *Config) { c.Dedup.Report = 3 }),
			append(repeat(5, 0, 1, "A"), repeat(2, 100, 1, "B")...), "0 A, 4 A+3, 100 B"},
		{"the key is chosen", only(func(c *Config) { c.Dedup.Key = KeySrc; c.Dedup.Report = 0 }),
			[]*alert.Alert{at(0, "A", "10.0.0.1"), at(1, "B", "10.0.0.1"), at(2, "A", "10.0.0.2")}, "0 A, 2 A"},
		{"no window", only(func(c *Config) { c.Dedup.Window = 0 }), repeat(3, 0, 1, "A"), "0 A, 1 A, 2 A"},
		{"a full table forgets the oldest", only(func(c *Config) { c.Dedup.MaxKeys = 1 }),
			[]*alert.Alert{at(0, "A", "10.0.0.1"), at(1, "B", "10.0.0.1"), at(2, "A", "10.0.0.1")}, "0 A, 1 B, 2 A"},
	} {
		if got, _ := run(t, c.cfg, c.list...); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestAnswersAreAlikeByTheServersPort(t *testing.T) {
	var list []*alert.Alert
	for i := range 3 {
		a := at(float64(i), "A", "10.0.0.1")
		a.Direction, a.SrcPort, a.DstPort = "to_client", 80, uint16(40000+i)
		list = append(list, a)
	}
	if got, _ := run(t, only(func(c *Config) { c.Dedup.Report = 0 }), list...); got != "0 A" {
		t.Errorf("got %s", got)
	}
}

func TestRateCap(t *testing.T) {
	cfg := only(func(c *Config) { c.Dedup.Window = 0; c.Rate.Alerts = 2 })
	list := append(repeat(5, 0, 1, "A"), at(10, "B", "10.0.0.1"), at(61, "A", "10.0.0.1"))
	got, m := run(t, cfg, list...)
	if want := "0 A, 1 A, 10 B, 61 A+3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := counters(m); c["rate_capped"] != 3 || c["passed"] != 4 {
		t.Errorf("counters %v", c)
	}
}

func counters(m *Manager) map[string]uint64 {
	c := map[string]uint64{}
	m.Each(func(name string, n uint64) { c[name] = n })
	return c
}

func TestSuppression(t *testing.T) {
	list, err := ReadSuppressions("s.yaml", []byte(`
suppression:
  - {rule_id: SIG-LAT-001, src_cidr: 10.10.0.0/16, reason: admin VLAN}
  - rule_id: "SCAN-*"
    host: [192.168.1.7, "2001:db8::/32"]
  - tag: noisy
    expires: 1970-01-01T00:01:00Z
  - rule: NEVER
`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(only(func(c *Config) { c.Suppressions = list }))
	if err != nil {
		t.Fatal(err)
	}
	noisy := func(sec float64) *alert.Alert {
		a := at(sec, "N", "10.0.0.1")
		a.Tags = []string{"web", "noisy"}
		return a
	}
	answer := at(0, "SCAN-TCP", "10.0.0.1")
	answer.Dst = netip.MustParseAddr("192.168.1.7")
	for i, c := range []struct {
		a      *alert.Alert
		passes bool
	}{
		{at(0, "SIG-LAT-001", "10.10.3.4"), false},
		{at(1, "SIG-LAT-001", "10.11.3.4"), true},
		{at(2, "SIG-LAT-002", "10.10.3.4"), true},
		{at(3, "SCAN-TCP", "192.168.1.7"), false},
		{at(4, "SCAN-X", "2001:db8::5"), false},
		{at(5, "SCANX", "192.168.1.7"), true},
		{answer, false},
		{noisy(59), false},
		{noisy(61), true}, // expired
	} {
		passed := false
		m.Process(c.a, func(*alert.Alert) { passed = true })
		if passed != c.passes {
			t.Errorf("alert %d (%s): passed %v", i, c.a.RuleID, passed)
		}
	}
	hits := m.Suppressions()
	if got := fmt.Sprint(hits[0].Hits, hits[1].Hits, hits[2].Hits, hits[3].Hits, hits[0].Reason, " ", hits[0].Where, hits[2].Last.Unix()); got != "1 3 1 0admin VLAN s.yaml:359" {
		t.Errorf("hits: %s", got)
	}

	// A reload keeps the hits of what stays.
	cfg := only(func(c *Config) { c.Suppressions = list[1:2] })
	if err := m.Configure(cfg); err != nil {
		t.Fatal(err)
	}
	hits = m.Suppressions()
	if len(hits) != 3 || hits[0].Hits != 3 || hits[0].Removed || hits[1].Hits != 1 || !hits[1].Removed || !hits[2].Removed {
		t.Errorf("after a reload: %+v", hits)
	}
	// What comes back goes on, and has expired in the meantime.
	cfg.Suppressions = list
	if err := m.Configure(cfg); err != nil {
		t.Fatal(err)
	}
	if hits := m.Suppressions(); len(hits) != 4 || hits[0].Hits != 1 || hits[0].Removed || hits[1].Hits != 3 || !hits[2].Expired || hits[1].Expired {
		t.Errorf("after another reload: %+v", hits)
	}
	cfg.Suppressions = []Suppression{{Reason: "everything"}}
	if err := m.Configure(cfg); err == nil || len(m.Suppressions()) != 4 || m.Suppressions()[0].Hits != 1 {
		t.Errorf("a wrong configuration was taken, or changed something: %v", err)
	}
}

func TestSuppressionErrors(t *testing.T) {
	_, err := ReadSuppressions("s.yaml", []byte(`
- rule_id: A
  src_cdir: 10.0.0.0/8
- src: 10.0.0
- expires: tomorrow
  rule: B
- reason: no condition
- {src: []}
`))
	want := []string{"s.yaml:3: src_cdir: unknown key: use rule_id, tag", `s.yaml:4: src: "10.0.0" is neither`,
		`s.yaml:5: expires: "tomorrow" is not a time`, "s.yaml:7: a suppression without rule_id", "s.yaml:8: src: the list is empty"}
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v\ndoes not say %s", err, w)
		}
	}
	for _, text := range []string{"a: b", "- 5", "{"} {
		if _, err := ReadSuppressions("s.yaml", []byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if list, err := ReadSuppressions("s.yaml", []byte("# nothing\n")); err != nil || list != nil {
		t.Errorf("an empty file: %v, %v", list, err)
	}
}

func withMitre(a *alert.Alert, s alert.Severity, m ...string) *alert.Alert {
	a.Severity, a.Mitre, a.Tags = s, m, []string{"t-" + a.RuleID}
	return a
}

func TestCorrelation(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MinSeverity = alert.High // what people do not see still counts
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []*alert.Alert
	for _, a := range []*alert.Alert{
		withMitre(at(0, "SCAN", "10.0.0.1"), alert.Low, "T1046"),
		withMitre(at(1, "SCAN", "10.0.0.1"), alert.Low, "T1046"),
		withMitre(at(2, "SQLI", "10.0.0.1"), alert.Medium, "T1190"),
		withMitre(at(3, "OTHER", "10.0.0.2"), alert.Medium, "T1190"),
		withMitre(at(4, "INFO", "10.0.0.1"), alert.Info),
		withMitre(at(5, "C2", "10.0.0.1"), alert.Medium, "T1071.001"),
		withMitre(at(6, "FOURTH", "10.0.0.1"), alert.Medium), // known already
	} {
		m.Process(a, func(a *alert.Alert) { got = append(got, a) })
	}
	if len(got) != 1 {
		t.Fatalf("%d alerts, want the correlation alone", len(got))
	}
	c := got[0]
	ev := map[string]string{}
	for _, e := range c.Evidence {
		ev[e.Name] = fmt.Sprint(e.Value)
	}
	s := fmt.Sprint(c.Kind, c.RuleID, c.Severity, c.Message, c.Src, c.Mitre, c.Tags, ev["rules"], ev["alert_count"], ev["tactics"], ev["targets"], ev["seconds"], c.Confidence)
	want := "correlation" + "CORRELATION-HOST" + "high" + "3 rules fired for 10.0.0.1 within 5s: SCAN, SQLI, C210.0.0.1 [T1046 T1071.001 T1190]" +
		" [t-C2 t-SCAN t-SQLI][SCAN SQLI C2]4[initial-access discovery command-and-control][10.0.0.9]50.875"
	if strings.ReplaceAll(s, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if len(c.ID) != 36 {
		t.Errorf("id %q", c.ID)
	}
}

func TestCorrelationWindow(t *testing.T) {
	cfg := only(func(c *Config) {
		c.Correlation.Threshold, c.Correlation.Window, c.Dedup.Window = 2, 10*time.Second, 0
		c.MinSeverity = alert.High
	})
	var list []*alert.Alert
	for i, sec := range []float64{0, 11, 12, 13, 14, 15, 40, 41} { // rules R0 to R7
		list = append(list, at(sec, fmt.Sprint("R", i), "10.0.0.1"))
	}
	// 0 is forgotten at 11; two at 12; four, twice as many, at 14; two again much later.
	if got, _ := run(t, cfg, list...); got != "12 CORRELATION-HOST, 14 CORRELATION-HOST, 41 CORRELATION-HOST" {
		t.Errorf("got %s", got)
	}
}

func TestCorrelationCanBeSuppressed(t *testing.T) {
	cfg := only(func(c *Config) {
		c.Correlation.Threshold = 2
		c.Suppressions = []Suppression{{Rule: CorrelationRule}}
	})
	if got, _ := run(t, cfg, at(0, "A", "10.0.0.1"), at(1, "B", "10.0.0.1")); got != "0 A, 1 B" {
		t.Errorf("got %s", got)
	}
}

// TestStateIsBounded: the tables hold no more than they may, and are empty when all is over.
func TestStateIsBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Dedup.MaxKeys, cfg.Rate.MaxRules, cfg.Correlation.MaxHosts, cfg.Correlation.MaxRules = 100, 100, 100, 5
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	emit := func(*alert.Alert) {}
	for i := range 10_000 {
		m.Process(at(float64(i)/1000, fmt.Sprint("R", i%317), fmt.Sprintf("10.1.%d.%d", i%211, i%7)), emit)
		if len(m.windows.entries) > 100 || len(m.rates.entries) > 100 || len(m.hosts.entries) > 100 {
			t.Fatal("a table is over its limit")
		}
	}
	m.Tick(second*3600, emit)
	if n := len(m.windows.entries) + len(m.rates.entries) + len(m.hosts.entries); n != 0 {
		t.Errorf("%d entries remain when all windows are over", n)
	}
	if c := counters(m); c["state_evicted"] == 0 {
		t.Error("what was forgotten is not counted")
	}
}

func TestCheck(t *testing.T) {
	for want, set := range map[string]func(*Config){
		"needs a key":         func(c *Config) { c.Dedup.Key = 0 },
		"threshold of 1":      func(c *Config) { c.Correlation.Threshold = 1 },
		"above the 64":        func(c *Config) { c.Correlation.Threshold = 65 },
		"cannot be negative":  func(c *Config) { c.Dedup.Window = -1 },
		"needs a time":        func(c *Config) { c.Rate.Per = 0 },
		"suppress everything": func(c *Config) { c.Suppressions = []Suppression{{}} },
	} {
		c := DefaultConfig()
		set(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if k, err := ParseKey("rule, SRC,dst_port"); err != nil || k.String() != "rule,src,dst_port" {
		t.Errorf("%v, %v", k, err)
	}
	if _, err := ParseKey("rule,sorce"); err == nil {
		t.Error("sorce was taken")
	}
}

func TestTactics(t *testing.T) {
	if got := fmt.Sprint(Tactics("T1071.004"), Tactics("t1046"), Tactics("T1078"), Tactics("T9999")); got !=
		"[command-and-control] [discovery] [initial-access persistence privilege-escalation defense-evasion] []" {
		t.Error(got)
	}
}

func BenchmarkProcess(b *testing.B) {
	m, err := New(DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	var list []*alert.Alert
	for i := range 1000 {
		list = append(list, at(float64(i), fmt.Sprint("R", i%50), fmt.Sprintf("10.0.%d.1", i%100)))
	}
	emit := func(*alert.Alert) {}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Process(list[i%len(list)], emit)
		i++
	}
}
