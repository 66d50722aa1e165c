package rules_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/rules"
)

var update = flag.Bool("update", false, "write testdata/captures.golden anew")

const (
	captures = "../testdata/captures"
	golden   = "testdata/captures.golden"
)

// TestCaptures runs the rules that ship over the test captures: benign ones raise nothing, and each attack
// raises the rules that the golden file names, be it at other ports and times.
func TestCaptures(t *testing.T) {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ruleset.Load(schema, nil, ruleset.Options{Shipped: rules.FS})
	if err != nil || len(set.Diagnostics) > 0 {
		t.Fatal(err, set.Diagnostics)
	}
	cfg.Schema, cfg.Program = schema, set.Program
	var out strings.Builder
	out.WriteString("# The rules that each capture of an attack raises, written by go test ./rules -run Captures -update.\n")
	for _, c := range index(t) {
		alerts, err := engine.Replay(context.Background(), cfg, filepath.Join(captures, c.file))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, a := range alerts {
			ids[a.RuleID] = true
		}
		list := slices.Sorted(maps.Keys(ids))
		if !c.attack {
			if len(list) > 0 {
				t.Errorf("%s is benign, but raises %v: %s", c.file, list, alerts[0].Message)
			}
			continue
		}
		if len(list) == 0 {
			list = []string{"none"}
		}
		fmt.Fprintf(&out, "%s: %s\n", c.file, strings.Join(list, " "))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, string(want), out.String())
}

// compare reports line by line.
func compare(t *testing.T, want, got string) {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Errorf("wanted %q\n     got %q (-update if that is right)", a, b)
		}
	}
}

type entry struct {
	file   string
	attack bool
}

// index reads the list of captures.
func index(t *testing.T) []entry {
	f, err := os.Open(filepath.Join(captures, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []entry
	s := bufio.NewScanner(f)
	for s.Scan() {
		col := strings.Split(s.Text(), "\t")
		if len(col) >= 6 && strings.Contains(col[1], ".pcap") {
			list = append(list, entry{col[1], strings.HasPrefix(col[5], "ATTACK")})
		}
	}
	if len(list) < 50 {
		t.Fatalf("only %d captures in the index", len(list))
	}
	return list
}
