package lua

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/lua.md and docs/nids.d.lua anew")

// TestDocsAreCurrent: the reference is made of the declarations.
func TestDocsAreCurrent(t *testing.T) {
	for file, want := range map[string]string{"lua.md": Markdown(), "nids.d.lua": Annotations()} {
		path := filepath.Join("..", "docs", file)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("docs/%s is not current: go test ./lua -update (%v)", file, err)
		}
	}
}

// TestExamples runs every example of the API: what follows --> is what the expression gives.
func TestExamples(t *testing.T) {
	prepare()
	n := 0
	for _, s := range sections {
		for _, d := range s.funcs {
			if d.doc == "" || !strings.HasPrefix(d.sig, "fun(") {
				t.Errorf("nids.%s has no doc or signature", d.name)
			}
			if d.example == "" {
				continue
			}
			n++
			var script []string
			for line := range strings.SplitSeq(d.example, "\n") {
				if expr, want, ok := strings.Cut(line, " --> "); ok {
					line = `local got, want = ` + expr + `, ` + want + ` if type(got) == "table" then got = got[1] end assert(got == want, "got " .. tostring(got))`
				}
				script = append(script, line)
			}
			r := load(t, Options{}, strings.Join(script, "\n"))
			if len(r.list) > 0 {
				t.Errorf("nids.%s: %s", d.name, r.list[0])
			}
		}
	}
	if n < 30 {
		t.Errorf("%d examples", n)
	}
}

// TestAnnotationsAreLua: the file for language servers parses.
func TestAnnotationsAreLua(t *testing.T) {
	if _, problems := compileSource(Source{"nids.d.lua", Annotations()}, &Limits{Source: 1 << 20}); len(problems) > 0 {
		t.Error(problems[0])
	}
}
