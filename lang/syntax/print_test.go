package syntax

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus is every .nids text at hand: parse-print-parse must hold for all.
func corpus(t testing.TB) map[string]string {
	out := map[string]string{"example": example, "generated": etLike(20)}
	for _, pattern := range []string{"../testdata/*/*.nids", "../../rules/*.nids", "../testdata/fmt/*.nids"} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out[f] = string(b)
		}
	}
	return out
}

// shape is a text without layout: its tokens, canonical spellings undone.
func shape(f *File) string {
	var b strings.Builder
	for _, d := range f.Decls {
		b.WriteString(Print(&File{Decls: []Decl{d}}))
	}
	return b.String()
}

func TestParsePrintParse(t *testing.T) {
	for name, src := range corpus(t) {
		f, list := Parse(src, start)
		if len(list) > 0 {
			continue // a file of errors
		}
		once := formatted(t, src)
		g, list := Parse(once, start)
		if len(list) > 0 {
			t.Errorf("%s: its printed form does not parse: %v\n%s", name, list[0], once)
			continue
		}
		if shape(f) != shape(g) {
			t.Errorf("%s: printing changes it:\n%s", name, once)
		}
		if len(f.Comments) != len(g.Comments) {
			t.Errorf("%s: %d comments became %d", name, len(f.Comments), len(g.Comments))
		}
		if twice := formatted(t, once); twice != once {
			t.Errorf("%s: printing again changes it:\n--- once\n%s\n--- twice\n%s", name, once, twice)
		}
	}
}

// TestCommentsAnywhere puts a comment behind each token of a text in turn, and behind all: none is lost, and printing
// twice changes nothing more.
func TestCommentsAnywhere(t *testing.T) {
	for name, src := range corpus(t) {
		if _, list := Parse(src, start); len(list) > 0 || len(src) > 8<<10 {
			continue
		}
		tokens := Tokens(src)
		all := strings.Builder{}
		from, step := 0, max(1, len(tokens)/25)
		for i, tok := range tokens {
			end := tok.End.Offset
			all.WriteString(src[from:end] + " # c\n")
			from = end
			if i%step == 0 {
				settled(t, name, src[:end]+" # here\n"+src[end:])
				settled(t, name, src[:end]+"\n\n# own line\n"+src[end:])
			}
		}
		settled(t, name, all.String()+src[from:])
	}
}

func formatted(t testing.TB, src string) string {
	t.Helper()
	out, list := Format([]byte(src))
	if len(list) > 0 {
		t.Fatal(list[0])
	}
	return string(out)
}

// settled wants of a text that its printed form has the same shape and comments, and is printed as it is.
func settled(t *testing.T, name, src string) {
	t.Helper()
	f, list := Parse(src, start)
	if len(list) > 0 {
		t.Errorf("%s: a comment is an error: %v", name, list[0])
		return
	}
	once := formatted(t, src)
	g, list := Parse(once, start)
	if len(list) > 0 || shape(f) != shape(g) || len(f.Comments) != len(g.Comments) {
		t.Errorf("%s: printing changes it: %v\n%s\n--- printed\n%s", name, list, src, once)
	} else if twice := formatted(t, once); twice != once {
		t.Errorf("%s: printing again changes it:\n%s\n--- once\n%s\n--- twice\n%s", name, src, once, twice)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestFormat checks the layout: testdata/fmt/NAME.nids must become NAME.want.
func TestFormat(t *testing.T) {
	files, _ := filepath.Glob("../testdata/fmt/*.nids")
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, list := Format(src)
		if len(list) > 0 {
			t.Errorf("%s: %v", file, list)
			continue
		}
		wanted := strings.TrimSuffix(file, ".nids") + ".want"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(wanted, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(wanted)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s:\n--- got\n%s\n--- want\n%s", file, got, want)
		}
	}
}
