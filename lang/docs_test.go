package lang_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/testrun"
)

const manual = "../docs/language.md"

var block = regexp.MustCompile("(?s)```nids\n(.*?)```")

// TestDocsExamples loads every example of the manual and runs its tests.
func TestDocsExamples(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllSubmatch(text, -1)
	if len(blocks) < 8 {
		t.Fatalf("%d examples", len(blocks))
	}
	for i, b := range blocks {
		name := fmt.Sprintf("example%d.nids", i+1)
		rep, err := testrun.Run(langtest.Schema(), []string{name}, testrun.Options{Load: lang.Options{Files: map[string][]byte{name: b[1]}}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if rep.Diagnostics.Errors() > 0 {
			var out bytes.Buffer
			_ = diag.Text(&out, rep.Diagnostics, rep.Source, -1)
			t.Errorf("%s", out.String())
		}
		for i := range rep.Results {
			if !rep.Results[i].OK() {
				t.Error(rep.Results[i].String())
			}
		}
		if _, list := syntax.Format(b[1]); len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
}

// TestDocsTables keeps the tables of the reference what the language's own tables say.
func TestDocsTables(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for _, section := range []struct {
		name  string
		table string
	}{{"declarations", wordTable(syntax.DeclDocs())}, {"statements", wordTable(syntax.StmtDocs())}, {"functions", functionTable()}} {
		begin := "<!-- " + section.name + ": written by the tests, UPDATE=1 go test ./lang -run Docs -->\n"
		const end = "<!-- end -->"
		head, rest, ok := strings.Cut(want, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("the manual has no place for the %s", section.name)
		}
		want = head + begin + section.table + end + tail
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("the tables of the reference are not up to date: UPDATE=1 go test ./lang -run Docs")
	}
}

func wordTable(docs []syntax.WordDoc) string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, d := range docs {
		forms := "`" + strings.Join(d.Usage, "`, `") + "`"
		fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(forms, "|", "\\|"), strings.ReplaceAll(d.Doc, "|", "\\|"))
	}
	return b.String()
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("| function | gives |\n|---|---|\n")
	for _, d := range funcs.All() {
		doc := d.Doc
		for i, ex := range d.Examples {
			sep := "; "
			if i == 0 {
				sep = ": "
			}
			doc += sep + "`" + ex[0] + "` is `" + ex[1] + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", d.Signature(), strings.ReplaceAll(doc, "|", "\\|"))
	}
	return b.String()
}
