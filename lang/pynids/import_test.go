package pynids

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/unparse"
)

// TestEveryTest takes rules with each operator on each field, and with each key, and wants the same rules back once they
// were written as .nids.
func TestEveryTest(t *testing.T) {
	var src strings.Builder
	src.WriteString("rules:\n")
	n := 0
	rule := func(match, more string) {
		n++
		fmt.Fprintf(&src, "  - {id: \"R %d\", match: %s%s}\n", n, match, more)
	}
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range append(names, "layer7.http.headers.X-Any") {
		for _, op := range ops {
			for _, v := range []string{`1`, `"a b"`, `".x/\"'\\\\"`, `[1, 5]`, `["a", "GET"]`, `10.0.0.0/8`, `["10.0.0.1", "2001:db8::/32"]`, `true`, `false`, `S`, `tcp`, `[tcp, udp]`, `2.5`, `"^a+(b|c)/[0-9]{2}"`} {
				rule(fmt.Sprintf("{field: %s, op: %s, value: %s}", name, op, v), "")
			}
		}
	}
	all := `{all: [{field: layer7.http.uri, op: contains, value: x}, {not: {any: [{field: ttl, op: gt, value: 3}, {field: dst_port, op: in, value: [80]}]}}]}`
	for _, more := range []string{`, severity: HIGH, confidence: 0.5, mitre: [T1190, TA0001], tags: [a, "b c"]`, `, threshold: {count: 3, seconds: 1.5, track: both}`,
		`, action: drop`, `, action: pass`, `, references: ["https://example.org/a?b", CVE-2020-1], cve: CVE-2021-2`, `, metadata: {author: "a \"b\"", "odd key/1": 2}`,
		`, false_positives: [a, b], notes: "x\ny", category: c`, `, description: "quotes \" and \\ back"`} {
		rule(all, more)
	}
	rules, _, _, err := Load(langtest.Schema(), "every.yaml", []byte(src.String()))
	if err != nil || len(rules) < 500 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	lets := unparse.NewLets(rules)
	f := &syntax.File{Decls: lets.Decls()}
	for _, r := range rules {
		tree, err := unparse.Rule(r, lets)
		if err != nil {
			t.Fatalf("%s: %v\n%s", r.ID, err, r.Text)
		}
		f.Decls = append(f.Decls, tree)
	}
	rs, list := lang.Check(langtest.Schema(), "again.nids", []byte(syntax.Print(f)), lang.Options{})
	for _, d := range list {
		if d.Severity == diag.Error {
			t.Error(d)
		}
	}
	got := map[string]*ir.Rule{}
	for _, r := range rs.Rules {
		got[r.ID] = r
	}
	for _, r := range rules {
		if x := got[r.ID]; x == nil {
			t.Errorf("%s is not there: %s", r.ID, r.Text)
		} else if d := langtest.Differences(r, x); len(d) > 0 {
			t.Errorf("%s: %s\n%s\n%s", r.ID, strings.Join(d, "\n"), r.Text, x.Text)
		}
	}
}
