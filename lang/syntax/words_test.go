package syntax

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestWordsDocumented wants every keyword of the grammar in the tables that manual and editors are made of.
func TestWordsDocumented(t *testing.T) {
	words := func(list []WordDoc) (out []string) {
		for _, d := range list {
			out = append(out, d.Words...)
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		what    string
		grammar []string
		docs    []WordDoc
	}{{"declarations", DeclWords(), DeclDocs()}, {"statements", StmtWords(), StmtDocs()}} {
		want := slices.Compact(slices.Sorted(slices.Values(c.grammar)))
		if got := words(c.docs); !slices.Equal(got, want) {
			t.Errorf("%s: documented are\n%q, the grammar has\n%q", c.what, got, want)
		}
	}
	for _, w := range WordOperators() {
		if _, ok := infixes[w]; !ok && !operators[w] {
			t.Errorf("%s is no operator", w)
		}
	}
}

// TestOptionsListed wants the words of the grammar that begin nothing in WordOptions.
func TestOptionsListed(t *testing.T) {
	src, err := os.ReadFile("ast.go")
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Concat(DeclWords(), StmtWords(), WordOperators(), WordOptions(), []string{"src", "dst"})
	for _, tag := range regexp.MustCompile("parser:\"[^`]*").FindAllString(string(src), -1) {
		for _, m := range regexp.MustCompile("'([a-z]+)'").FindAllStringSubmatch(tag, -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s of the grammar is not listed", m[1])
			}
		}
	}
	for w := range optionArgs {
		if !slices.Contains(known, w) {
			t.Errorf("%s, an option of chains, is not listed", w)
		}
	}
}

func TestTokens(t *testing.T) {
	src := "rule A { # c \"x\n  when http.uri ~ /a\"b/i and x == \"é\" }"
	for _, tok := range Tokens(src) {
		if src[tok.Start.Offset:tok.End.Offset] != tok.Text {
			t.Errorf("%q is at %v", tok.Text, tok.Range)
		}
		switch tok.Text {
		case "/a\"b/i":
			if tok.Kind != TokenRegex {
				t.Error("no regular expression")
			}
		case "\"é\"":
			if tok.Kind != TokenText {
				t.Error("no text")
			}
		case "http.uri":
			if tok.Kind != TokenWord || tok.Start.Line != 2 {
				t.Errorf("%+v", tok)
			}
		}
	}
}
