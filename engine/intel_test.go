package engine

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang/match"
)

// feeds makes a database of a list of indicators.
func feeds(t testing.TB, text string) *intel.DB {
	t.Helper()
	p := filepath.Join(t.TempDir(), "test.yaml")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	db, problems := intel.Load([]string{p})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return db
}

// alertsOf replays a capture.
func alertsOf(t testing.TB, cfg Config, files ...string) []*alert.Alert {
	t.Helper()
	list, err := Replay(context.Background(), cfg, files...)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func evidenceOf(a *alert.Alert, name string) any {
	for _, e := range a.Evidence {
		if e.Name == name {
			return e.Value
		}
	}
	return nil
}

// TestIntelFields: every field that feeds are asked about exists, but for those of protocols that may be missing.
func TestIntelFields(t *testing.T) {
	o := DefaultConfig().EVEOptions
	schema, err := NewSchema(&o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range intelFields {
		f := schema.Field(x.field)
		proto, _, _ := strings.Cut(x.field, ".")
		if f == nil {
			if schema.Spec(proto) != nil {
				t.Errorf("%s is not a field", x.field)
			}
			continue
		}
		if _, ok := schema.EventByName(f.Event); !ok || f.Int != nil {
			t.Errorf("%s: event %q cannot be asked", x.field, f.Event)
		}
	}
}

// TestIntelHits has an indicator of each kind, and hits on real traffic.
func TestIntelHits(t *testing.T) {
	all := alertsOf(t, DefaultConfig(), captures(t)...)
	if len(all) != 0 {
		t.Fatalf("%d alerts without rules and feeds", len(all))
	}
	values := observed(t, captures(t)...)
	for _, c := range []struct{ field, key, rule string }{
		{"dns.rrname", "domain", "INTEL-DOMAIN"},
		{"dns.answers.ip", "ip", "INTEL-IP"},
		{"tls.sni", "domain", "INTEL-DOMAIN"},
		{"tls.fingerprint", "hash", "INTEL-HASH"},
		{"ja3.hash", "ja3", "INTEL-JA3"},
		{"ja4.hash", "ja4", "INTEL-JA4"},
		{"http.host", "domain", "INTEL-DOMAIN"},
		{"url", "url", "INTEL-URL"},
		{"smtp.mail_from", "domain", "INTEL-DOMAIN"},
		{"file.sha256", "sha256", "INTEL-HASH"},
	} {
		v := values[c.field]
		if v == "" {
			t.Errorf("the captures have no %s", c.field)
			continue
		}
		key := c.key
		if _, err := netip.ParseAddr(v); err == nil && key == "domain" {
			key = "ip"
		}
		cfg := DefaultConfig()
		cfg.Intel = feeds(t, fmt.Sprintf("name: mine\nentries:\n  - {%s: %q, category: c2, severity: critical, confidence: 0.7, description: known}\n", key, v))
		list := alertsOf(t, cfg, captures(t)...)
		if len(list) == 0 {
			t.Errorf("%s %s was not found", c.field, v)
			continue
		}
		a := list[0]
		if key != "ip" && a.RuleID != c.rule || a.Kind != alert.ThreatIntel || a.Severity != alert.Critical || a.Confidence != 0.7 ||
			!slices.Equal(a.Mitre, []string{"T1071"}) || evidenceOf(a, "feed") != "mine" || evidenceOf(a, "description") != "known" ||
			evidenceOf(a, "category") != "c2" || !strings.Contains(a.Message, "(c2)") || a.FlowID == 0 {
			t.Errorf("%s: %+v", c.field, a)
		}
		flows := map[uint64]bool{}
		for _, a := range list {
			if flows[a.FlowID] {
				t.Errorf("%s: flow %d reports the same indicator twice", c.field, a.FlowID)
			}
			flows[a.FlowID] = true
		}
	}
}

// observed gives a value of each field as the captures have it.
func observed(t *testing.T, files ...string) map[string]string {
	t.Helper()
	values := map[string]string{}
	cfg := DefaultConfig()
	cfg.Limits.HashSHA256 = true
	cfg.Trace = &spy{values: values}
	src, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Trace.(*spy).e = e
	if err := e.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	return values
}

type spy struct {
	e      *Engine
	values map[string]string
}

func (s *spy) Outcome(*alert.Alert, *match.Rule, Outcome) {}

func (s *spy) HeldBack(*alert.Alert, *match.Rule, manager.Fate, *manager.Suppression) {}

func (s *spy) Event(id dissect.EventID, e *dissect.Env) {
	for _, x := range intelFields {
		f := s.e.schema.Field(x.field)
		if f == nil || s.values[x.field] != "" {
			continue
		}
		if want, _ := s.e.schema.EventByName(f.Event); want != id {
			continue
		}
		switch {
		case f.Bytes != nil:
			v := string(f.Bytes(e))
			if x.how == lookMail {
				v = strings.Trim(v[strings.IndexByte(v, '@')+1:], "<> ")
			}
			if x.how == lookRequest {
				s.values["url"] = "http://" + string(s.e.schema.Field("http.host.raw").Bytes(e)) + v
			}
			s.values[x.field] = v
		case f.BytesN != nil:
			v, _ := f.BytesN(e, 0)
			s.values[x.field] = string(v)
		case f.IPN != nil:
			if ip, ok := f.IPN(e, 0); ok {
				s.values[x.field] = ip.String()
			}
		}
	}
}

const webFeed = `
entries:
  - {ip: 203.0.113.66, category: scanner, severity: low}
  - {cidr: 10.10.2.0/24, category: own, severity: medium, description: "seen as server"}
`

// TestIntelOfFlows: both ends of a flow are looked up once, expiry is in packet time, and nothing depends on workers.
func TestIntelOfFlows(t *testing.T) {
	file := filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz")
	cfg := DefaultConfig()
	cfg.Intel = feeds(t, webFeed)
	var first []string
	for _, workers := range []int{1, 2, 8} {
		cfg.Workers = workers
		var ids []string
		for _, a := range alertsOf(t, cfg, file) {
			ids = append(ids, a.ID+" "+a.Message)
			if a.Direction != "to_server" || a.Community == "" || a.PacketNum == 0 {
				t.Errorf("%+v", a)
			}
		}
		if first == nil {
			first = ids
		}
		if len(ids) < 10 || !slices.Equal(ids, first) {
			t.Errorf("%d workers: %d alerts, not the %d of one worker in order", workers, len(ids), len(first))
		}
	}
	if seen := slices.Compact(slices.Sorted(slices.Values(first))); len(seen) != len(first) {
		t.Errorf("%d ids of %d alerts differ", len(seen), len(first))
	}
	cfg.Intel = feeds(t, strings.ReplaceAll(webFeed, "severity:", "expires: 2020-01-01, severity:"))
	if list := alertsOf(t, cfg, file); len(list) != 0 {
		t.Errorf("%d alerts of indicators that have expired", len(list))
	}
}

// TestIntelRecords: an EVE alert record for each, by the same id as in the outputs.
func TestIntelRecords(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Intel = feeds(t, webFeed)
	cfg.Manager = manager.DefaultConfig()
	_, records := replay(t, cfg, filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz"))
	n := 0
	for line := range strings.SplitSeq(records, "\n") {
		if !strings.Contains(line, `"event_type":"alert"`) {
			continue
		}
		n++
		if !strings.Contains(line, `"rule_id":["INTEL-IP"]`) || !strings.Contains(line, `"indicator":"`) || !strings.Contains(line, `"flow_id":`) {
			t.Fatal(line)
		}
	}
	if n < 10 {
		t.Errorf("%d alert records", n)
	}
	if !strings.Contains(records, fmt.Sprintf(`"threat_intel_hits":%d`, n)) {
		t.Error("the hits are not counted")
	}
}

// TestIntelMiss: what is not in the feeds costs no allocation.
func TestIntelMiss(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Intel = feeds(t, "entries:\n  - {domain: .evil.example, category: c2}\n  - {ip: 198.18.0.1}\n  - {url: http://evil.example/x}\n")
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := e.workers[0]
	name, host := []byte("www.example.org"), []byte("a1b2.example.net:8080")
	x := &intelField{e.schema.Field("http.host"), lookDomain}
	env := &dissect.Env{Time: 1}
	if n := testing.AllocsPerRun(100, func() {
		w.intelValue(x, env, name)
		w.intelValue(x, env, host)
	}); n > 0 {
		t.Errorf("%v allocations for two names that nobody knows", n)
	}
}

func TestMailDomain(t *testing.T) {
	db := feeds(t, "entries:\n  - {domain: .evil.example}\n")
	for text, want := range map[string]bool{
		"<a@evil.example>": true, "\"A, B\" <a@good.example>, b@Mail.Evil.Example": true, "a@notevil.example": false, "<>": false, "@": false, "a@": false,
	} {
		if _, ok := mailDomain(db, []byte(text), 0); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
	if got := commonName([]byte("C=US, CN=evil.example, O=x")); !bytes.Equal(got, []byte("evil.example")) {
		t.Errorf("common name: %q", got)
	}
}
