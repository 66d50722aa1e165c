package unparse_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
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

// differences tells where two rules are not the same, apart from where they stand and how they are written.
func differences(given, got *ir.Rule) []string {
	var list []string
	a, b := parts(given), parts(got)
	for i, name := range partNames {
		if a[i] != b[i] {
			list = append(list, fmt.Sprintf("%s\n    given %s\n    got   %s", name, a[i], b[i]))
		}
	}
	return list
}

var partNames = func() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[ir.Rule]()) {
		names = append(names, f.Name)
	}
	return names
}()

func parts(r *ir.Rule) []string {
	v := reflect.ValueOf(*r)
	var out []string
	for i, name := range partNames {
		switch name {
		case "Pos", "Text", "Key":
			out = append(out, "")
		case "When":
			out = append(out, whole(plainTerms(r.When)))
		default:
			out = append(out, whole(v.Field(i).Interface()))
		}
	}
	return out
}

// plainTerms takes an And within an And apart, since .nids has no way to keep them.
func plainTerms(x ir.Expr) ir.Expr {
	flat := func(list []ir.Expr, same func(ir.Expr) []ir.Expr) (out []ir.Expr) {
		for _, y := range list {
			y = plainTerms(y)
			if more := same(y); more != nil {
				out = append(out, more...)
			} else {
				out = append(out, y)
			}
		}
		return out
	}
	switch x := x.(type) {
	case *ir.And:
		out := flat(x.X, func(y ir.Expr) []ir.Expr {
			if a, ok := y.(*ir.And); ok {
				return a.X
			}
			return nil
		})
		if len(out) == 1 {
			return out[0]
		}
		return &ir.And{X: out}
	case *ir.Or:
		out := flat(x.X, func(y ir.Expr) []ir.Expr {
			if o, ok := y.(*ir.Or); ok {
				return o.X
			}
			return nil
		})
		if len(out) == 1 {
			return out[0]
		}
		return &ir.Or{X: out}
	case *ir.Not:
		if c, ok := x.X.(*ir.Cmp); ok && c.Op == ir.Eq {
			ne := *c
			ne.Op = ir.Ne
			return plainTerms(&ne)
		}
		return &ir.Not{X: plainTerms(x.X)}
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && (k.T == dissect.TSize || k.T == dissect.TPort) {
			c := *x
			c.Y = ir.Int(k.V.I)
			return &c
		}
	case *ir.Content:
		c := &ir.Content{Buf: x.Buf}
		for _, it := range x.Items {
			if m, ok := it.(*ir.ByteMath); ok && m.Op == '*' && m.R.Var == "" && m.R.N > 0 {
				it = &ir.ByteExtract{Conv: m.Conv, Name: m.Name, Offset: m.Offset, Relative: m.Relative, Multiplier: m.R.N}
			}
			if s, ok := it.(*ir.SizeTest); ok && (s.Op == ir.TestRange || s.Op == ir.TestNotIn) {
				it = &ir.SizeTest{Op: ir.TestInclude, N: ir.Num{N: s.N.N + 1}, Hi: ir.Num{N: s.Hi.N - 1}, Neg: s.Neg != (s.Op == ir.TestNotIn)}
			}
			c.Items = append(c.Items, it)
		}
		return c
	case *ir.Quant:
		return &ir.Quant{All: x.All, F: x.F, Body: plainTerms(x.Body)}
	}
	return x
}

// whole writes a value with all that it has.
func whole(x any) string {
	var b strings.Builder
	writeWhole(&b, reflect.ValueOf(x))
	return b.String()
}

func writeWhole(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("nil")
		return
	}
	switch x := v.Interface().(type) {
	case ir.Pos:
		return
	case *dissect.Field:
		if x == nil {
			b.WriteString("nil")
			return
		}
		fmt.Fprintf(b, "%s@%s", x.Name, x.Event)
		return
	case *regex.Regex:
		fmt.Fprintf(b, "/%s/%d", x, x.Flags())
		return
	case *ir.IPSet:
		x.Each(func(lo, hi netip.Addr) { fmt.Fprintf(b, "%s-%s ", lo, hi) })
		return
	case *ir.StrSet:
		fmt.Fprintf(b, "%v", x.NoCase)
		x.Each(func(s []byte) { fmt.Fprintf(b, " %q", s) })
		return
	case *ir.IntSet:
		fmt.Fprintf(b, "%v", x.Ranges)
		return
	case *ir.RepTable:
		b.WriteString(x.Name)
		return
	case ir.Func:
		b.WriteString(x.Name())
		return
	case netip.Addr:
		b.WriteString(x.String())
		return
	case []byte:
		fmt.Fprintf(b, "%q", x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		writeWhole(b, v.Elem())
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "Pos" || v.Field(i).IsZero() {
				continue
			}
			b.WriteString(f.Name + ":")
			writeWhole(b, v.Field(i))
			b.WriteByte(' ')
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			writeWhole(b, v.Index(i))
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}

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
		} else if d := differences(r, x); len(d) > 0 {
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
