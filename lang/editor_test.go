package lang_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/syntax"
)

// TestVimSyntax keeps the keywords of the Vim plugin those of the language.
func TestVimSyntax(t *testing.T) {
	const file, begin, end = "../docs/editor/vim/syntax/nids.vim", "\" begin keywords\n", "\" end keywords"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the file has no place for the keywords")
	}
	want := head + begin + vimKeywords() + end + tail
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("the keywords are not up to date: UPDATE=1 go test ./lang -run Vim")
	}
}

func vimKeywords() string {
	var names []string
	for _, d := range funcs.All() {
		names = append(names, d.Name)
	}
	taken := map[string]bool{}
	var b strings.Builder
	for _, group := range []struct {
		name  string
		words []string
	}{{"nidsDeclaration", syntax.DeclWords()}, {"nidsStatement", syntax.StmtWords()}, {"nidsOperator", syntax.WordOperators()},
		{"nidsOption", syntax.WordOptions()}, {"nidsFunction", names}} {
		list := slices.DeleteFunc(slices.Sorted(slices.Values(group.words)), func(w string) bool { return taken[w] })
		for _, w := range list {
			taken[w] = true
		}
		for part := range slices.Chunk(slices.Compact(list), 12) {
			fmt.Fprintf(&b, "syn keyword %s %s\n", group.name, strings.Join(part, " "))
		}
	}
	return b.String()
}
