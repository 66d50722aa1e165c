package scripts

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/packetfields"
	"github.com/luanids/luanids/dissect/protocols"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
)

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
	var src []lua.Source
	names, _ := fs.Glob(FS, "*.lua")
	for _, n := range names {
		if strings.HasSuffix(n, luatest.Suffix) {
			continue
		}
		text, err := fs.ReadFile(FS, n)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "-- ") {
			t.Errorf("%s does not begin with a comment that says what it finds", n)
		}
		src = append(src, lua.Source{Name: n, Text: string(text)})
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
