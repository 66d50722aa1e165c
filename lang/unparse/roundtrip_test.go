package unparse_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/suricata"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/unparse"
)

// schema is the engine's.
var schema = sync.OnceValue(func() *dissect.Schema {
	cfg := engine.DefaultConfig()
	s, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		panic(err)
	}
	return s
})

// again writes rules as .nids and loads them; text is what was written.
func again(t *testing.T, rules []*ir.Rule) (got map[string]*ir.Rule, text string) {
	t.Helper()
	lets := unparse.NewLets(rules)
	f := &syntax.File{Decls: lets.Decls()}
	for _, r := range rules {
		tree, err := unparse.Rule(r, lets)
		if err != nil {
			t.Errorf("%s:%d: %v\n%s", r.Pos.File, r.Pos.Line, err, r.Text)
			continue
		}
		f.Decls = append(f.Decls, tree)
	}
	text = syntax.Print(f)
	rs, list := lang.Check(schema(), "again.nids", []byte(text), lang.Options{Reputation: reputation})
	got = map[string]*ir.Rule{}
	for _, d := range list {
		if d.Severity == diag.Error {
			t.Errorf("what was written does not load: %v", d)
		}
	}
	for _, r := range rs.Rules {
		got[r.ID] = r
	}
	return got, text
}

// reputation has scores of any category but one.
func reputation(category string) *ir.RepTable {
	if category == "none" {
		return nil
	}
	return &ir.RepTable{Name: category, Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
}

// roundTrip wants the rules of a file, or of src in its place, to be the same once they were written as .nids and loaded again, and the text to be in its canonical
// form.
func roundTrip(t *testing.T, file string, src []byte) (rules []*ir.Rule, skipped []suricata.Skip) {
	t.Helper()
	if src == nil {
		var err error
		if src, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	rules, skipped = suricata.Load(schema(), file, src, suricata.Options{Reputation: reputation})
	got, text := again(t, rules)
	for _, r := range rules {
		if x := got[r.ID]; x == nil {
			t.Errorf("%s:%d: %s is not there: %s", file, r.Pos.Line, r.ID, r.Text)
		} else if d := langtest.Differences(r, x); len(d) > 0 {
			t.Errorf("%s:%d: %s: %s\n%s\n%s", file, r.Pos.Line, r.ID, strings.Join(d, "\n"), r.Text, x.Text)
		}
	}
	tree, list := syntax.Parse(text, diag.Pos{Line: 1, Col: 1})
	if again := syntax.Print(tree); len(list) > 0 || again != text {
		t.Errorf("%s: the text is not in its canonical form: %s", file, firstDifference(text, again))
	}
	return rules, skipped
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n%s\n%s", i+1, x[i], y[i])
		}
	}
	return "their lengths differ"
}

// TestEveryKeyword takes rules with every keyword in each of its forms.
func TestEveryKeyword(t *testing.T) {
	rules, skipped := roundTrip(t, "testdata/every.rules", nil)
	for _, s := range skipped {
		t.Error(s)
	}
	manual, err := os.ReadFile("../../docs/suricata-keywords.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range rules {
		all.WriteString(r.Text)
	}
	used := map[string]bool{}
	for _, w := range regexp.MustCompile(`[\w.-]+`).FindAllString(all.String(), -1) {
		used[w] = true
	}
	for _, row := range strings.Split(string(manual), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			continue // not the table of keywords
		}
		for _, k := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			if !used[k[1]] {
				likelyForms(t, k[1])
			}
		}
	}
}

// likelyForms takes rules with a keyword that testdata/every.rules does not have.
func likelyForms(t *testing.T, keyword string) {
	t.Helper()
	var src strings.Builder
	for i, form := range []string{`%s; content:"ab";`, `%s; content:"ab"; %[1]s; content:"cd"; bsize:>1;`, `%s; pcre:"/a/";`, `%s:1;`, `%s:!1;`, `%s:>1;`, `%s:1-5;`, `%s:1,any;`,
		`%s:!1,all;`, `%s:1,0;`, `%s:1,-1;`, `%s:"a";`, `%s:yes;`, `%s;`} {
		fmt.Fprintf(&src, "alert tcp any any -> any any ("+form+" sid:%[2]d;)\nalert udp any any -> any any ("+form+" sid:%[3]d;)\n", keyword, 2*i+1, 2*i+2)
	}
	if rules, _ := roundTrip(t, keyword, []byte(src.String())); len(rules) == 0 {
		t.Errorf("testdata/every.rules has no rule with %s, and no likely form of one loads: add some", keyword)
	}
}

// TestRuleSets takes the rules of RULES, a pattern of files, such as a whole rule set.
func TestRuleSets(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("RULES"))
	if len(files) == 0 {
		t.Skip("RULES names no files")
	}
	n := 0
	for _, f := range files {
		rules, _ := roundTrip(t, f, nil)
		n += len(rules)
	}
	t.Log(n, "rules")
}

// TestCombinations takes rules that ask for what two rules of testdata/every.rules do.
func TestCombinations(t *testing.T) {
	every, err := os.ReadFile("testdata/every.rules")
	if err != nil {
		t.Fatal(err)
	}
	type parts struct{ head, opts string }
	var rules []parts
	for line := range strings.Lines(string(every)) {
		head, rest, ok := strings.Cut(line, " (")
		if opts, _, isRule := strings.Cut(rest, "sid:"); ok && isRule && !strings.HasPrefix(line, "#") {
			rules = append(rules, parts{head, opts})
		}
	}
	const pairs = 4000
	var src strings.Builder
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range pairs {
		a, b := rules[rnd.IntN(len(rules))], rules[rnd.IntN(len(rules))]
		fmt.Fprintf(&src, "%s (%s%ssid:%d;)\n", a.head, a.opts, b.opts, i+1)
	}
	if loaded, _ := roundTrip(t, "testdata/combined.rules", []byte(src.String())); len(loaded) < pairs/10 {
		t.Errorf("only %d rules", len(loaded))
	}
}
