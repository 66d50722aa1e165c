package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func at(line, col, off, n int) Range {
	return Range{Pos{off, line, col}, Pos{off + n, line, col + n}}
}

func TestText(t *testing.T) {
	src := "# web\n\trule X { when http.urii ~ /é/ }\n"
	off := strings.Index(src, "http.urii")
	l := List{UnknownField(at(2, 16, off, 9), "http.urii", []string{"http.uri"}), CannotRead(Range{}, "a.nids", errors.New("no such file"))}
	l[0].File = "web.nids"
	var b bytes.Buffer
	if err := Text(&b, l, func(string) []byte { return []byte(src) }, 0); err != nil {
		t.Fatal(err)
	}
	want := "web.nids:2:16: unknown field http.urii\n" +
		"  2 |  rule X { when http.urii ~ /é/ }\n" +
		"    |                ^^^^^^^^^ did you mean http.uri?\n" +
		"cannot read a.nids: no such file\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestTextIsCapped(t *testing.T) {
	var l List
	for range 70 {
		l = append(l, Unused(Range{}, "let", "A"))
	}
	var b bytes.Buffer
	_ = Text(&b, l, nil, 0)
	if !strings.HasSuffix(b.String(), "... and 20 more\n") {
		t.Errorf("got %q", b.String()[b.Len()-40:])
	}
}

// A long line is shown around the place, with the carets below it.
func TestLongLine(t *testing.T) {
	src := strings.Repeat("x", 300) + "HERE" + strings.Repeat("y", 300)
	shown, under := underline(src, at(1, 301, 300, 4))
	i := strings.Index(shown, "HERE")
	if len([]rune(shown)) > maxLine || i < 0 || under != strings.Repeat(" ", i)+"^^^^" {
		t.Errorf("%q\n%q", shown, under)
	}
}

func TestControlCharactersStayOut(t *testing.T) {
	shown, _ := underline("a\x1b[31mb", at(1, 1, 0, 1))
	if strings.ContainsRune(shown, 0x1b) {
		t.Errorf("an escape sequence reaches the terminal: %q", shown)
	}
}

func TestJSON(t *testing.T) {
	l := List{UnknownField(at(2, 3, 9, 4), "x.y", nil), Unused(at(1, 5, 4, 1), "let", "A")}
	var b bytes.Buffer
	if err := JSON(&b, l); err != nil {
		t.Fatal(err)
	}
	var out struct {
		Errors, Warnings int
		Diagnostics      []struct {
			Severity, Code, Summary string
			Range                   Range
		}
	}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out.Errors != 1 || out.Warnings != 1 || out.Diagnostics[0].Code != "unknown-field" || out.Diagnostics[0].Range.Start.Line != 2 {
		t.Errorf("%+v", out)
	}
}

func TestSortDropsRepetitions(t *testing.T) {
	l := List{Unused(at(9, 1, 90, 1), "let", "B"), Unused(at(1, 1, 0, 1), "let", "A"), Unused(at(1, 1, 0, 1), "let", "A")}
	l.Sort()
	if len(l) != 2 || l[0].Range.Start.Line != 1 || l.Err() != nil {
		t.Errorf("%+v", l)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"http.uri", "http.uri.raw", "http.host", "dns.query", "tls.sni"}
	for given, want := range map[string]string{
		"http.urii": "http.uri", "htpp.uri": "http.uri", "uri": "http.uri", "sni": "tls.sni", "dns.qeury": "dns.query", "zzzzzz": "",
	} {
		got := strings.Join(Nearest(given, names), " ")
		if first, _, _ := strings.Cut(got, " "); first != want {
			t.Errorf("%s: %q, want %s", given, got, want)
		}
	}
}

// TestEveryCodeIsTested wants each kind of message in the files of expectations, but for
// those that are about no rule file.
func TestEveryCodeIsTested(t *testing.T) {
	elsewhere := map[string]bool{"unknown-var": true, "shadowed-id": true, "untested": true, "list-entry": true, "too-deep": true,
		"short-literal": true, "never-set": true, "too-many-steps": true, "not-text": true, "shadowed": true}
	var said strings.Builder
	files, _ := filepath.Glob("../testdata/check/*.nids")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(b)
	}
	fixed := regexp.MustCompile(`(?:errorAt|warningAt)\(at, "([a-z-]+)", (?:fmt\.Sprintf\()?"([^"%]*)`)
	sources, _ := filepath.Glob("*.go")
	n := 0
	for _, f := range sources {
		b, _ := os.ReadFile(f)
		for _, m := range fixed.FindAllStringSubmatch(string(b), -1) {
			n++
			if words := strings.TrimSpace(m[2]); !elsewhere[m[1]] && len(words) > 5 && !strings.Contains(said.String(), words) {
				t.Errorf("%s: no file of testdata/check expects %q (%s)", f, words, m[1])
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d messages found", n)
	}
}
