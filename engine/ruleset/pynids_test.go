package ruleset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/langtest"
)

const (
	yamlRules = "rules:\n  - {id: Y-1, description: y, match: {field: layer7.http.method, op: eq, value: GET}}\n  - {id: Y-2, match: {field: nothing, op: exists}}\n"
	nidsRules = "rule N-1 \"n\" { when http.method == \"POST\" }\n"
	config    = "rules:\n  files: [default]\noutputs:\n  eve: {}\n"
	feed      = "entries:\n  - {ip: 192.0.2.1}\n"
	broken    = "rules:\n  - id: A\n   match: {field: ttl, op: exists}\n"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestYAMLInFolders wants YAML rules beside others, and YAML files of other kinds passed over.
func TestYAMLInFolders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.yaml": yamlRules, "b.nids": nidsRules, "luanids.yml": config, "feed.yaml": feed} {
		write(t, dir, name, text)
	}
	set, err := Load(langtest.Schema(), []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range set.Rules {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "Y-1 N-1" && got != "N-1 Y-1" {
		t.Errorf("rules %s", got)
	}
	if len(set.Diagnostics) != 1 || set.Skipped != 1 {
		t.Fatalf("%d skipped, %v", set.Skipped, set.Diagnostics)
	}
	d := set.Diagnostics[0]
	if d.Code != "skipped" || d.Rule != "Y-2" || d.Range.Start.Line != 3 || !strings.HasPrefix(d.Summary, "rule Y-2 skipped: nothing: unknown field") {
		t.Errorf("%+v", d)
	}
	if text := set.Source(d.File); !strings.HasPrefix(string(text)[d.Range.Start.Offset:], "{field: nothing") {
		t.Errorf("it points to %q", string(text)[d.Range.Start.Offset:])
	}
	if len(set.Files) != 2 {
		t.Errorf("files to watch: %v", set.Files)
	}
	// A broken one among them is told of.
	write(t, dir, "c.yaml", broken)
	if _, err := Load(langtest.Schema(), []string{dir}, Options{}); err == nil || !strings.Contains(err.Error(), "c.yaml:") {
		t.Errorf("error %v", err)
	}
}

// TestOtherYAML wants a word about where files belong that are no rules.
func TestOtherYAML(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{config: "give it with --config", feed: "give it with --intel", "just: text\n": "expected rules:", broken: "x.yaml:1: "} {
		path := write(t, dir, "x.yaml", text)
		if _, err := Load(langtest.Schema(), []string{path}, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}
