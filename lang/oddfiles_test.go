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

// TestLetsThatGrow has lets that stand for twice as much each: that is said, and takes no time or memory to find out.
func TestLetsThatGrow(t *testing.T) {
	for name, form := range map[string]string{"conditions": "let A%d = A%d and A%d\n", "sets": "let A%d = {A%d, A%d}\n"} {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, form, i, i+1, i+1)
		}
		if name == "sets" {
			b.WriteString("let A40 = {1, 2, 3}\nrule D { when dst.port in A0 and tcp }")
		} else {
			b.WriteString("let A40 = tcp\nrule D { when A0 and dst.port == 80 }")
		}
		begin := time.Now()
		rs, list := Check(langtest.Schema(), "a.nids", []byte(b.String()), Options{})
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
		if len(rs.Rules) != 0 || list.Errors() == 0 || !strings.Contains(list[0].Summary, "stands for too much") {
			t.Errorf("%s: %d rules, said %v", name, len(rs.Rules), list)
		}
	}
}
