package scripts

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/packetfields"
	"github.com/luanids/luanids/dissect/protocols"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
)

var update = flag.Bool("update", false, "write docs/detectors.md anew")

const docsHead = `# Detectors

<!-- Made of the scripts' headers and declarations by go test ./scripts -update; do not edit. -->

The Lua detectors that ship. Every parameter can be set, by the detector's id or the script's name; each alert carries
the figures that led to it. How to write one is in [lua.md](lua.md).
`

// docsCaptures begins the table of captures.
const docsCaptures = "\n## Captures\n"

func shippedSources(t testing.TB) []lua.Source {
	var src []lua.Source
	names, err := fs.Glob(FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasSuffix(n, luatest.Suffix) {
			continue
		}
		text, err := fs.ReadFile(FS, n)
		if err != nil {
			t.Fatal(err)
		}
		src = append(src, lua.Source{Name: n, Text: string(text)})
	}
	return src
}

// TestDocsAreCurrent: the reference is made of the scripts.
func TestDocsAreCurrent(t *testing.T) {
	src := shippedSources(t)
	rt, _ := lua.Load(schema(t), src, lua.Options{})
	defer rt.Close()
	want := docsHead + lua.DetectorsMarkdown(rt, src)
	page, _ := os.ReadFile("../docs/detectors.md")
	_, captures, found := strings.Cut(string(page), docsCaptures)
	if found { // the rest is made by go test ./engine/scripttest
		want += docsCaptures + captures
	}
	if *update {
		if err := os.WriteFile("../docs/detectors.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("../docs/detectors.md"); err != nil || string(got) != want {
		t.Errorf("docs/detectors.md is not current: go test ./scripts -update (%v)", err)
	}
}

func schema(t testing.TB) *dissect.Schema {
	t.Helper()
	common := append(packetfields.Fields(), filefields.Fields()...)
	s, err := dissect.NewSchema(protocols.All(func(string) map[string]string { return nil }), common)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDetectors runs the tests beside the detectors; each detector must have some.
func TestDetectors(t *testing.T) {
	names, err := fs.Glob(FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, n := range names {
		if base, ok := strings.CutSuffix(n, luatest.Suffix); ok {
			tested[base+".lua"] = true
			t.Run(base, func(t *testing.T) {
				results, err := luatest.Run(schema(t), FS, []string{n}, luatest.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if len(results) == 0 {
					t.Error("no tests")
				}
				for i := range results {
					if r := &results[i]; r.Err != nil {
						t.Error(r)
					}
				}
			})
		}
	}
	for _, n := range names {
		if !strings.HasSuffix(n, luatest.Suffix) && !tested[n] {
			t.Errorf("%s has no test", n)
		}
	}
}

// TestDetectorsAreSound: nothing to complain of, every detector documented, and all load together.
func TestDetectorsAreSound(t *testing.T) {
	src := shippedSources(t)
	for _, s := range src {
		if !strings.HasPrefix(s.Text, "-- ") {
			t.Errorf("%s does not begin with a comment that says what it finds", s.Name)
		}
	}
	for _, p := range lua.Check(schema(t), src, lua.Options{}) {
		t.Error(p)
	}
	rt, _ := lua.Load(schema(t), src, lua.Options{})
	defer rt.Close()
	seen := map[string]bool{}
	for _, d := range rt.Detectors() {
		if seen[d.ID] || d.Title == "" || len(d.MITRE) == 0 {
			t.Errorf("%s: id, title or mitre", d.ID)
		}
		seen[d.ID] = true
	}
	if len(seen) < len(src) {
		t.Errorf("%d detectors in %d scripts", len(seen), len(src))
	}
}
