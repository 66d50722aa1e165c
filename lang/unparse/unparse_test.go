package unparse

import (
	"path/filepath"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
)

func written(t *testing.T, r *ir.Rule) string {
	t.Helper()
	lets := NewLets([]*ir.Rule{r})
	tree, err := Rule(r, lets)
	if err != nil {
		t.Fatalf("%s: %v", r.ID, err)
	}
	return syntax.Print(&syntax.File{Decls: append(lets.Decls(), tree)})
}

// TestRoundTrip writes every rule at hand, loads what was written, and wants it to be written the same again.
func TestRoundTrip(t *testing.T) {
	var files []string
	for _, p := range []string{"../../rules/*.nids", "../testdata/check/*.nids", "testdata/*.nids"} {
		f, _ := filepath.Glob(p)
		files = append(files, f...)
	}
	n := 0
	for _, f := range files {
		rs, _ := lang.Load(langtest.Schema(), []string{f}, lang.Options{})
		for _, r := range rs.Rules {
			text := written(t, r)
			again, list := lang.Check(langtest.Schema(), "again.nids", []byte(text), lang.Options{})
			if list.Errors() > 0 || len(again.Rules) != 1 {
				t.Errorf("%s: what was written does not load: %v\n%s", r.ID, list.Err(), text)
				continue
			}
			if twice := written(t, again.Rules[0]); twice != text {
				t.Errorf("%s: written differently:\n%s\n---\n%s", r.ID, text, twice)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d rules", n)
	}
}
