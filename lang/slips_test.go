package lang

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/langtest"
)

// TestSlipsInFiles loads files that include each other, and lists with entries that are none.
func TestSlipsInFiles(t *testing.T) {
	files := fstest.MapFS{
		"a.nids": {Data: []byte("include \"b.nids\"\nrule A { when http.uri contains \"abc\" }\n")},
		"b.nids": {Data: []byte("include \"c.nids\"\n")},
		"c.nids": {Data: []byte("include \"a.nids\"\n")},
		"l.nids": {Data: []byte("list D of domain from \"d.txt\"\nlist I of ip from \"i.txt\"\nrule L { when http.host in D and src.ip in I }\n")},
		"d.txt":  {Data: []byte("bad.example\nhttp://bad.example/x\n*.bad.example\n")},
		"i.txt":  {Data: []byte("10.0.0.1\n# a comment\n10.0.0.300\nx\n")},
	}
	_, list := Load(langtest.Schema(), []string{"a.nids", "l.nids"}, Options{FS: files})
	var b strings.Builder
	if err := diag.Text(&b, list, nil, -1); err != nil {
		t.Fatal(err)
	}
	const want = `c.nids:1:9: a.nids includes itself
    files that include each other: a.nids -> b.nids -> c.nids -> a.nids
d.txt:2:1: warning: "http://bad.example/x" is not a domain: this entry is left out
    names alone, without scheme, path, port or *: bad.example
d.txt:3:1: warning: "*.bad.example" is not a domain: this entry is left out
    names alone, without scheme, path, port or *: bad.example
i.txt:3:1: "10.0.0.300" is not an ip
i.txt:4:1: "x" is not an ip
`
	if b.String() != want {
		t.Errorf("said:\n%s\nwanted:\n%s", b.String(), want)
	}
}
