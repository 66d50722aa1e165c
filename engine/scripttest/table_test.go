package scripttest

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/lua"
)

var update = flag.Bool("update", false, "write the table of captures in docs/detectors.md anew")

const (
	captureDir = "../../testdata/captures"
	docsFile   = "../../docs/detectors.md"
	// docsMark begins the part of the page that is made here; the part before it is made by go test ./scripts.
	docsMark = "\n## Captures\n"
	docsHead = docsMark + `
<!-- Made by go test ./engine/scripttest -update, as by luanids test --table testdata/captures; do not edit from here on. -->

How often the detectors alert on the captures of [testdata](../testdata/README.md), with their defaults. Attacks were made with the real
tools; on everything else the detectors must stay silent. ` + "`luanids test --table FOLDER`" + ` counts the same on captures of your own.

| capture | | what it is | alerts |
|---|---|---|---|
`
)

// entry is a line of index.tsv.
type entry struct{ name, file, content string }

func (e *entry) attack() bool { return strings.HasPrefix(e.content, "ATTACK") }

func index(t *testing.T) []entry {
	t.Helper()
	f, err := os.Open(filepath.Join(captureDir, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, row := range rows {
		out = append(out, entry{row[0], row[1], row[5]})
	}
	return out
}

// num and text read evidence.
func num(a *lua.RecordedAlert, key string) float64 {
	switch x := a.Value(key).(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	}
	return math.NaN()
}

func text(a *lua.RecordedAlert, key string) string { return fmt.Sprint(a.Value(key)) }

func atLeast(key string, least float64) func(*lua.RecordedAlert) bool {
	return func(a *lua.RecordedAlert) bool { return num(a, key) >= least }
}

func is(key, want string) func(*lua.RecordedAlert) bool {
	return func(a *lua.RecordedAlert) bool { return text(a, key) == want }
}

func kind(k string) func(*lua.RecordedAlert) bool {
	return func(a *lua.RecordedAlert) bool { return text(a, "kind") == k && num(a, "ports") >= 12 }
}

// attacks are what must be found in which capture, with evidence that is sound.
var attacks = []struct {
	capture, id string
	sound       func(*lua.RecordedAlert) bool
}{
	{"beacon_hour", "BEH-BEACON", func(a *lua.RecordedAlert) bool {
		return math.Abs(num(a, "median_gap")-60) < 6 && num(a, "p") < 0.05 && num(a, "jitter") < 0.3
	}},
	{"http_beacon", "BEH-BEACON", func(a *lua.RecordedAlert) bool { return math.Abs(num(a, "median_gap")-1) < 0.2 }},
	{"dns_tunnel_iodine", "BEH-DNS-TUNNEL", is("domain", "evil.example")},
	{"dns_tunnel_iodine_txt", "BEH-DNS-TUNNEL", is("domain", "evil.example")},
	{"dns_tunnel_dns2tcp", "BEH-DNS-TUNNEL", atLeast("names", 100)},
	{"nmap_syn", "BEH-SCAN-PORTS", kind("SYN")},
	{"nmap_slow", "BEH-SCAN-PORTS", kind("SYN")},
	{"nmap_connect", "BEH-SCAN-PORTS", kind("SYN")},
	{"nmap_fin_xmas_null", "BEH-SCAN-PORTS", kind("FIN")},
	{"nmap_udp", "BEH-SCAN-PORTS", kind("UDP")},
	{"nmap_sweep", "BEH-SCAN-HOSTS", atLeast("hosts", 15)},
	{"nmap_sweep", "BEH-SCAN-TRW", atLeast("failures", 4)},
	{"ssh_bruteforce", "BEH-BRUTE", is("service", "SSH")},
	{"ssh_bruteforce", "BEH-BRUTE-SUCCESS", atLeast("failures", 8)},
	{"ssh_guessing", "BEH-BRUTE-SUCCESS", is("service", "SSH")},
	{"ftp_bruteforce", "BEH-BRUTE", is("service", "FTP")},
	{"ftp_bruteforce", "BEH-BRUTE-SUCCESS", atLeast("failures", 8)},
	{"smtp_bruteforce", "BEH-BRUTE-SUCCESS", is("service", "SMTP")},
	{"http_bruteforce", "BEH-BRUTE-SUCCESS", is("service", "HTTP")},
	{"pgsql_guessing", "BEH-BRUTE", is("service", "PostgreSQL")},
	{"pgsql_guessing", "BEH-BRUTE-SUCCESS", atLeast("failures", 8)},
	{"exfil", "BEH-EXFIL", atLeast("bytes_out", 10<<20)},
	{"icmp_tunnel", "BEH-EXFIL", atLeast("mean_size", 800)},
	{"syn_flood", "BEH-FLOOD", is("kind", "SYN flood")},
	{"udp_flood", "BEH-FLOOD", is("kind", "UDP flood")},
	{"icmp_flood", "BEH-FLOOD", is("kind", "ICMP flood")},
	{"dns_amplification", "BEH-FLOOD", is("kind", "DNS amplification")},
	{"web_attacks", "BEH-WEB-SQLI", nil},
	{"web_attacks", "BEH-WEB-XSS", nil},
	{"web_attacks", "BEH-WEB-TRAVERSAL", nil},
	{"web_attacks", "BEH-WEB-CMD", nil},
	{"sqlmap", "BEH-WEB-SQLI", nil},
	{"long_connection", "BEH-LONG", atLeast("duration", 3600)},
	{"dga_lookup", "BEH-DGA", atLeast("names", 12)},
	{"new_service", "BEH-NEW-SERVICE", atLeast("port", 1337)},
}

// TestCaptures: the detectors find the attacks, stay silent on the rest, and the table in the docs says what they do.
func TestCaptures(t *testing.T) {
	sources, modules, err := Sources([]string{"default"})
	if err != nil {
		t.Fatal(err)
	}
	table := strings.Builder{}
	table.WriteString(docsHead)
	rows := map[string]*Row{}
	for _, e := range index(t) {
		got, err := MakeTable(context.Background(), sources, lua.Options{Modules: modules}, []string{filepath.Join(captureDir, e.file)})
		if err != nil {
			t.Fatal(err)
		}
		r := &got.Rows[0]
		rows[e.name] = r
		mark := ""
		if e.attack() {
			mark = "attack"
		} else if len(r.Alerts) > 0 {
			t.Errorf("%s is benign, and yet: %s", e.name, r.Text())
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", e.name, mark, brief(e.content), r.Text())
	}
	for _, want := range attacks {
		r := rows[want.capture]
		if r == nil {
			t.Errorf("there is no capture %s", want.capture)
			continue
		}
		i := slices.IndexFunc(r.Alerts, func(a lua.RecordedAlert) bool { return a.ID == want.id && (want.sound == nil || want.sound(&a)) })
		if i < 0 {
			t.Errorf("%s: no sound %s among %s", want.capture, want.id, r.Text())
			for _, a := range r.Alerts {
				t.Logf("%s %s %s", a.ID, a.Title, lua.AppendJSON(nil, a.Evidence))
			}
		}
	}
	checkDocs(t, table.String())
}

// brief is what a capture is, short enough for a table.
func brief(content string) string {
	for _, p := range []string{"ATTACK: ", "BENIGN: "} {
		content = strings.TrimPrefix(content, p)
	}
	if cut := strings.IndexAny(content, ";("); cut > 20 {
		content = strings.TrimSpace(content[:cut])
	}
	if r := []rune(content); len(r) > 110 {
		content = strings.TrimSpace(string(r[:107])) + "..."
	}
	return strings.ReplaceAll(content, "|", "\\|")
}

func checkDocs(t *testing.T, want string) {
	page, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(page), docsMark)
	if *update {
		if err := os.WriteFile(docsFile, []byte(before+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if docsMark+after != want {
		t.Error("the table in docs/detectors.md is not current: go test ./engine/scripttest -update")
	}
}
