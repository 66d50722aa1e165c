package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pynidsConfig is a configuration in PyNIDS' form.
const pynidsConfig = `anomaly: {ewma_alpha: 0.3, sigma_threshold: 3.5}
scan: {horizontal_threshold: 15, vertical_threshold: 12}
brute_force: {threshold: 8, window: 30, ports: [22, 3389, 5900]}
behavioral: {exfil_threshold_bytes: 10485760}
alert_manager: {dedup_window: 60, correlation_threshold: 3}
suppression:
  - {rule_id: SIG-LAT-001, src_cidr: 10.10.0.0/16}
`

// TestFromPyNIDSCommands runs each command of docs/from-pynids.md as it stands there, on files in PyNIDS' form.
func TestFromPyNIDSCommands(t *testing.T) {
	manual, err := os.ReadFile("../../docs/from-pynids.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../lang/pynids/testdata/web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pcap, err := os.ReadFile("../../testdata/captures/sqlmap.pcap")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"capture.pcap": pcap, "rules/enterprise_rules.yaml": rules, "configs/enterprise.yaml": []byte(pynidsConfig),
		"intel/known_bad_ips.yaml":     []byte("entries:\n  - {cidr: 185.220.101.0/24, category: tor_exit, severity: MEDIUM, description: Tor}\n"),
		"intel/malicious_domains.yaml": []byte("entries:\n  - {domain: .dyndns.org, category: dyndns, severity: MEDIUM, description: Dynamic DNS}\n"),
		"rules/own.nids":               []byte("rule A \"a\" { when http.method == \"GET\" }\n\ntest A { http.request { method \"GET\" } alerts 1 }\n"),
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	n := 0
	for _, m := range regexp.MustCompile("`(luanids [^`]*)`").FindAllStringSubmatch(string(manual), -1) {
		line, _, _ := strings.Cut(m[1], ` \|`)
		args := words(strings.TrimPrefix(line, "luanids "))
		var out, errs bytes.Buffer
		code := run(context.Background(), &env{args: args, stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, getenv: os.Getenv})
		if code != exitOK {
			t.Errorf("%s: exit code %d: %.500s", line, code, errs.String())
		}
		if out.Len() == 0 && errs.Len() == 0 && !strings.Contains(line, "--output none") {
			t.Errorf("%s says nothing", line)
		}
		n++
	}
	if n < 15 {
		t.Errorf("only %d commands", n)
	}
	if info, err := os.Stat("alerts.json"); err != nil || info.Size() == 0 {
		t.Errorf("no JSON file: %v", err)
	}
}

// words splits a command line at blanks, which quotes keep together.
func words(s string) []string {
	var out []string
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}
