package pynids

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/unparse"
)

func load(t testing.TB, name string) ([]*ir.Rule, []Skip) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rules, skipped, _, err := Load(langtest.Schema(), name, text)
	if err != nil {
		t.Fatal(err)
	}
	return rules, skipped
}

// TestFaults compares what is said of each line with the comment at its end.
func TestFaults(t *testing.T) {
	const name = "testdata/faults.yaml"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rules, skipped := load(t, name)
	got := map[int32]string{}
	for _, s := range skipped {
		if got[s.Pos.Line] != "" || s.Pos.File != name || s.Pos.Col == 0 {
			t.Errorf("line %d: %v", s.Pos.Line, s)
		}
		got[s.Pos.Line] = s.ID + ": " + strings.TrimPrefix(s.At+": "+s.Why, ": ")
	}
	loaded := 0
	for i, line := range strings.Split(string(text), "\n") {
		_, want, _ := strings.Cut(line, "  # ")
		if strings.HasPrefix(strings.TrimSpace(line), "- {id: OK-") && want == "" {
			loaded++
		}
		if got[int32(i+1)] != want {
			t.Errorf("line %d\n  said   %s\n  wanted %s", i+1, got[int32(i+1)], want)
		}
	}
	if len(rules) != loaded {
		t.Errorf("%d rules are loaded, %d are right", len(rules), loaded)
	}
}

// TestTests says what tests become.
func TestTests(t *testing.T) {
	for given, want := range map[string]string{
		`{field: protocol, op: eq, value: tcp}`:                                       `tcp`,
		`{field: protocol, op: ne, value: icmp}`:                                      `not icmpv4`,
		`{field: protocol, op: in, value: [tcp, 17]}`:                                 `tcp or ip.proto == 17`,
		`{field: dst_port, op: in, value: [80, 443]}`:                                 `dst.port in {80, 443}`,
		`{field: dst_port, op: not_in, value: [80]}`:                                  `exists(dst.port) and dst.port not in {80}`,
		`{field: src_port, op: gte, value: 1024}`:                                     `src.port >= 1024`,
		`{field: src_port, op: lte, value: 1024}`:                                     `src.port <= 1024`,
		`{field: src_port, op: lt, value: 0x400}`:                                     `src.port < 1024`,
		`{field: ttl, op: ne, value: 64}`:                                             `exists(ip.ttl) and ip.ttl != 64`,
		`{field: icmp_type, op: eq, value: 8}`:                                        `icmpv4 and icmp.type == 8`,
		`{field: length, op: gt, value: 1400}`:                                        `packet.len > 1400`,
		`{field: src_ip, op: eq, value: 10.0.0.1}`:                                    `src.ip in {10.0.0.1}`,
		`{field: src_ip, op: startswith, value: "192.168."}`:                          `src.ip in {192.168.0.0/16}`,
		`{field: dst_ip, op: not_in, value: ["2001:db8::/32"]}`:                       `exists(dst.ip) and dst.ip not in {2001:db8::/32}`,
		`{field: tcp_flags, op: eq, value: SA}`:                                       `tcp.flags == 18`,
		`{field: tcp_flags, op: contains, value: SA}`:                                 `tcp.flags & 30 == 18`,
		`{field: tcp_flags, op: startswith, value: S}`:                                `tcp.flags & 3 == 2`,
		`{field: tcp_flags, op: in, value: [S, R]}`:                                   `tcp.flags in {2, 4}`,
		`{field: payload, op: contains, value: "a\"b"}`:                               `payload contains "a\"b"`,
		`{field: payload, op: startswith, value: !!binary /wA=}`:                      `payload startswith x"ff 00"`,
		`{field: payload, op: ne, value: x}`:                                          `payload.len > 0 and payload != "x"`,
		`{field: layer7.http.uri, op: regex, value: '/a\Z'}`:                          `http.uri ~ /\/a\z/i`,
		`{field: layer7.http.uri, op: exists, value: false}`:                          `not exists(http.uri)`,
		`{not: {field: layer7.http.uri, op: exists}}`:                                 `not exists(http.uri)`,
		`{field: layer7.http.host, op: eq, value: A.example}`:                         `http.host == "A.example" nocase`,
		`{field: layer7.http.user_agent, op: contains, value: Curl}`:                  `http.user_agent contains "Curl"`,
		`{field: layer7.http.headers.X-A, op: endswith, value: b}`:                    `http.request.headers["X-A"] endswith "b"`,
		`{field: layer7.http.body, op: contains, value: b}`:                           `http.request_body contains "b" or http.response_body contains "b"`,
		`{field: layer7.dns.query_type, op: eq, value: txt}`:                          `any(dns.qtype: dns.qtype == "TXT")`,
		`{field: layer7.dns.query_type, op: eq, value: 16}`:                           `any(dns.rrtype: dns.rrtype == 16)`,
		`{field: layer7.dns.query_name, op: not_in, value: [a, B]}`:                   `any(dns.rrname: dns.rrname not in {"a", "b"} nocase)`,
		`{field: layer7.dns.name_entropy, op: gt, value: 4}`:                          `any(dns.rrname: entropy(dns.rrname) > 4.0)`,
		`{field: layer7.dns.answers, op: contains, value: 10.0.0.1}`:                  `any(dns.answers.rdata: dns.answers.rdata == "10.0.0.1")`,
		`{field: layer7.dns.is_response, op: eq, value: true}`:                        `dns.flags.qr`,
		`{field: layer7.dns.is_response, op: eq, value: false}`:                       `exists(dns.flags.qr) and not dns.flags.qr`,
		`{field: layer7.tls.version, op: eq, value: TLSv1.0}`:                         `tls.version == "TLSv1" or tls.client.version == "TLSv1"`,
		`{field: layer7.tls.version, op: lt, value: 0x303}`:                           `tls.version.number < 771 or tls.client.version.number < 771`,
		`{field: flow.duration, op: gt, value: 1.5}`:                                  `flow.age > 1500ms`,
		`{all: [{field: ttl, op: lt, value: 5}, {field: protocol, value: udp}]}`:      `ip.ttl < 5 and udp`,
		`{any: [{field: ttl, op: lt, value: 5}], not: {field: protocol, value: tcp}}`: `ip.ttl < 5 and not tcp`,
	} {
		rules, skipped, _, err := Load(langtest.Schema(), "x.yaml", []byte("rules:\n  - id: A\n    match: "+given+"\n"))
		if err != nil || len(rules) != 1 {
			t.Errorf("%s: %v %v", given, skipped, err)
			continue
		}
		if got := condition(t, rules[0]); got != want {
			t.Errorf("%s\n  is     %s\n  wanted %s", given, got, want)
		}
	}
}

// condition is a rule's condition as luanids import writes it, on one line.
func condition(t *testing.T, r *ir.Rule) string {
	t.Helper()
	tree, err := unparse.Rule(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tree.Body {
		if w, ok := s.(*syntax.When); ok {
			return syntax.String(w.Cond)
		}
	}
	return ""
}

// TestVariants wants a rule on messages of several protocols to become one for each.
func TestVariants(t *testing.T) {
	const text = `rules:
  - id: NAME
    description: However it comes
    match:
      all:
        - any:
            - {field: layer7.dns.query_name, op: endswith, value: .example}
            - {field: layer7.http.host, op: endswith, value: .example}
            - {field: dst_ip, op: eq, value: 203.0.113.7}
        - {field: src_ip, op: in, value: [10.0.0.0/8]}
        - not: {field: layer7.http.uri, op: contains, value: ok}
`
	rules, skipped, _, err := Load(langtest.Schema(), "x.yaml", []byte(text))
	if err != nil || len(skipped) > 0 {
		t.Fatal(skipped, err)
	}
	want := map[string]string{
		"NAME":        `any(dns.rrname: dns.rrname endswith ".example" nocase) and src.ip in {10.0.0.0/8}`,
		"NAME.http":   `http.host endswith ".example" nocase and src.ip in {10.0.0.0/8} and not http.uri contains "ok"`,
		"NAME.packet": `dst.ip in {203.0.113.7} and src.ip in {10.0.0.0/8}`,
	}
	for _, r := range rules {
		if got := condition(t, r); got != want[r.ID] {
			t.Errorf("%s\n  is     %s\n  wanted %s", r.ID, got, want[r.ID])
		}
		if r.Pos.Line != 2 || r.Pos.Col != 5 || r.Text == "" {
			t.Errorf("%s stands at %+v: %q", r.ID, r.Pos, r.Text)
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// TestAbout wants what a rule says of itself to be kept.
func TestAbout(t *testing.T) {
	rules, _ := load(t, "testdata/web.yaml")
	byID := map[string]*ir.Rule{}
	for _, r := range rules {
		byID[r.ID] = r
	}
	r := byID["SIG-WEB-001"]
	if r == nil || r.Msg != "SQL injection in the request target" || r.Severity != ir.Critical || r.Confidence != 0.88 ||
		strings.Join(r.MITRE, " ") != "T1190" || strings.Join(r.Tags, " ") != "sqli webapp initial_access" {
		t.Errorf("%+v", r)
	}
	if th := r.Thresholds; len(th) != 1 || th[0].Kind != ir.ThCount || th[0].Count != 3 || th[0].Window.Seconds() != 60 || len(th[0].By) != 1 {
		t.Errorf("%+v", th)
	}
	if r.Pos.Line != 4 || !strings.HasPrefix(r.Text, `  - id: "SIG-WEB-001"`) || !strings.HasSuffix(r.Text, "action: alert") {
		t.Errorf("%+v %q", r.Pos, r.Text)
	}
	if r := byID["SIG-DNS-001"]; strings.Join(r.MITRE, " ") != "T1071.004 T1048.003" {
		t.Errorf("%v", r.MITRE)
	}
	if byID["SIG-OFF-001"] != nil {
		t.Error("a rule that is switched off is loaded")
	}
	if ref := byID["SIG-EXE-001"].References; len(ref) != 2 || ref[1] != (ir.KV{Key: "cve", Value: "2014-6271"}) {
		t.Errorf("%v", ref)
	}
}

// TestWrittenLoads loads what import writes, and wants equal rules.
func TestWrittenLoads(t *testing.T) {
	rules, skipped := load(t, "testdata/web.yaml")
	if len(rules) < 17 || len(skipped) > 0 {
		t.Fatalf("%d rules, skipped %v", len(rules), skipped)
	}
	write := func(rules []*ir.Rule) string {
		var b bytes.Buffer
		if problems, err := unparse.File(&b, &unparse.Source{Name: "x", Rules: rules}, nil); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		return b.String()
	}
	text := write(rules)
	again, list := lang.Check(langtest.Schema(), "x.nids", []byte(text), lang.Options{})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	if twice := write(again.Rules); twice != text {
		t.Errorf("written differently:\n%s\n---\n%s", text, twice)
	}
}

func TestKindOf(t *testing.T) {
	for text, want := range map[string]Kind{
		"rules:\n  - id: x\n":                Rules,
		"rules: []\n":                        Rules,
		"- {id: x, match: {}}\n":             Rules,
		"rules: [a.nids, b.nids]\nx: {}\n":   Config,
		"anomaly:\n  ewma_alpha: 0.3\n":      Config,
		"entries:\n  - {cidr: 10.0.0.0/8}\n": Feed,
		"":                                   Unknown,
		"just text":                          Unknown,
	} {
		if got, err := KindOf([]byte(text)); got != want || err != nil {
			t.Errorf("%q is %d %v", text, got, err)
		}
	}
	if _, err := KindOf([]byte("rules:\n  - id: x\n bad")); err == nil || !strings.Contains(err.Error(), "line ") {
		t.Errorf("error %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/web.yaml", "testdata/faults.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range bytes.Split(text, []byte("\n  - ")) {
			f.Add(append([]byte("rules:\n  - "), r...))
		}
	}
	f.Add([]byte("rules:\n - &a {id: a, match: &b {all: [*b, *b]}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		if kind, err := KindOf(text); err != nil || kind != Rules {
			return
		}
		rules, skipped, _, err := Load(langtest.Schema(), "x.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if r.ID == "" || r.Pos.Line < 1 || r.When == nil && r.On == "" {
				t.Fatalf("%+v", r)
			}
			if _, err := unparse.Rule(r, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range skipped {
			if s.Why == "" || s.Pos.Line < 1 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
