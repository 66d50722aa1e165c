package lang

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/luanids/luanids/lang/langtest"
)

// TestOddFiles loads what editors leave in folders: byte order marks, locks and backups; and refuses what is no text.
func TestOddFiles(t *testing.T) {
	files := fstest.MapFS{
		"a.nids":      {Data: []byte("\xef\xbb\xbflet A = {80}\nlist names from \"names.txt\"\nrule A-1 { when dst.port in A and http.uri in names }\n")},
		"names.txt":   {Data: []byte("\xef\xbb\xbf/one\r\n/two\r\n")},
		"b.nids":      {Data: []byte("rule B-1 { when http.uri contains \"abc\" }\r\nrule B-2 { when http.uri contains \"abd\" }\r\n")},
		".#a.nids":    {Data: []byte("rule A-1 { nonsense }")},
		".git/x.nids": {Data: []byte("nonsense")},
		"c.nids":      {Data: []byte("rule C-1 {\n when http.uri\x00 contains \"abc\" }")},
		"d.nids":      {Data: []byte("\xff\xfer\x00u\x00l\x00e\x00")},
	}
	rs, list := Load(langtest.Schema(), []string{"."}, Options{FS: files})
	if len(rs.Rules) != 3 || len(rs.Lists) != 1 || rs.Lists[0].Entries != 2 {
		t.Errorf("%d rules, lists %v", len(rs.Rules), rs.Lists)
	}
	var said []string
	for _, d := range list {
		said = append(said, fmt.Sprintf("%s:%d:%d %s: %s", d.File, d.Range.Start.Line, d.Range.Start.Col, d.Summary, d.Hint))
	}
	want := "c.nids:2:15 this file is no text: a zero byte: rule files are UTF-8\nd.nids:1:4 this file is no text: a zero byte: this is UTF-16: save it as UTF-8"
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("said:\n%s\nwanted:\n%s", got, want)
	}
}

// TestLetsThatGrow has lets that stand for twice as much each, and very many that use each other: that is said where it is
// too much, and takes no time or memory to find out.
func TestLetsThatGrow(t *testing.T) {
	for name, c := range map[string]struct {
		form, first, rule, want string
		lets                    int
	}{
		"conditions": {"let A%[1]d = A%[2]d and A%[2]d\n", "tcp", "dst.port == 80 and A%d",
			"a.nids:13:19: A11 stands for too much: lets are used more than 4096 times in it", 40},
		"sets":   {"let A%[1]d = {A%[2]d, A%[2]d}\n", "{1, 2, 3}", "dst.port in A%d", "", 40},
		"a row":  {"let A%[1]d = A%[2]d + 1\n", "1", "dst.port == A%d", "a.nids:67:11: A65 is made of lets that are more than 64 deep within each other", 50_000},
		"a ring": {"let A%[1]d = A%[2]d\n", "A3", "dst.port == A%d", "a.nids:1:5: A0 is defined by itself", 3},
	} {
		var b strings.Builder
		fmt.Fprintf(&b, "let A0 = %s\n", c.first)
		for i := range c.lets {
			fmt.Fprintf(&b, c.form, i+1, i)
		}
		fmt.Fprintf(&b, "rule D { when tcp and "+c.rule+" }\n", c.lets)
		begin := time.Now()
		rs, list := Check(langtest.Schema(), "a.nids", []byte(b.String()), Options{})
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
		said := ""
		if len(list) > 0 {
			said = fmt.Sprintf("%s:%d:%d: %s", list[0].File, list[0].Range.Start.Line, list[0].Range.Start.Col, list[0].Summary)
		}
		if said != c.want || len(rs.Rules) != min(1, len(list))^1 {
			t.Errorf("%s: %d rules, said %d: %s, wanted %s", name, len(rs.Rules), len(list), said, c.want)
		}
	}
}

// TestOtherEncoding has a file in Latin-1: it is loaded byte by byte, and that is said where the first such byte stands.
func TestOtherEncoding(t *testing.T) {
	rs, list := Check(langtest.Schema(), "a.nids", []byte("# plain\nrule A \"caf\xe9\" { when http.uri contains \"caf\xe9\" }\n"), Options{})
	if len(rs.Rules) != 1 || len(list) != 1 || list[0].Code != "not-utf-8" || list[0].Range.Start.Line != 2 || list[0].Range.Start.Col != 12 {
		t.Errorf("%d rules, said %+v", len(rs.Rules), list)
	}
}
