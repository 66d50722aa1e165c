package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestSplitSlots has enough literals on payload for a slot to be split, and looks in flows of each kind for all of them.
func TestSplitSlots(t *testing.T) {
	g := newRig(t)
	eq := func(field string, v *ir.Const) ir.Expr { return &ir.Cmp{Op: ir.Eq, X: g.f(field), Y: v} }
	kinds := []struct {
		name string
		term ir.Expr // nil for none
		in   func(f *dissect.Flow) bool
	}{
		{"any", nil, func(*dissect.Flow) bool { return true }},
		{"web", eq("flow.app", ir.Str("web")), func(f *dissect.Flow) bool { return f.App != nil && f.App.Name == "web" }},
		{"445", eq("dst.port", ir.Int(445)), func(f *dissect.Flow) bool { return f.Key.DstPort == 445 }},
		{"80", eq("dst.port", ir.Int(80)), func(f *dissect.Flow) bool { return f.Key.DstPort == 80 }},
		{"web445", &ir.And{X: []ir.Expr{eq("flow.app", ir.Str("web")), eq("dst.port", ir.Int(445))}},
			func(f *dissect.Flow) bool { return f.App != nil && f.App.Name == "web" && f.Key.DstPort == 445 }},
		{"other", eq("flow.app", ir.Str("other")), func(f *dissect.Flow) bool { return f.App != nil && f.App.Name == "other" }},
	}
	var rules []*ir.Rule
	var all strings.Builder
	for i := range 60 {
		for k, kind := range kinds {
			if kind.name == "other" && i >= splitApp/2 {
				continue // too few for a slot of their own
			}
			word := fmt.Sprintf("l%dteral-%d-%d;", i, k, i*7)
			all.WriteString(word + " ")
			terms := []ir.Expr{g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte(word)}}}}
			if kind.term != nil {
				terms = append(terms, kind.term)
			}
			rules = append(rules, rule(fmt.Sprintf("%s/%d", kind.name, i), terms...))
		}
	}
	p := g.compile(rules...)
	base := p.events[dissect.EvStreamData].parts[partTCP].scans[0]
	if len(base.variants) != 1 || base.ports == nil {
		t.Fatalf("%d variants, slot for rare ports %v; want one variant, for web, and one", len(base.variants), base.ports != nil)
	}
	if n := base.set.Len(); n != 60+60+splitApp/2 {
		t.Errorf("the slot has %d literals, want those of any flow, of port 80, and the few of other", n)
	}
	m := p.NewMatcher()
	for _, app := range []*dissect.Spec{nil, webSpec(), otherSpec()} {
		for _, port := range []uint16{80, 445, 9999} {
			f := flowOf(6, 40000, port)
			f.App = app
			want := map[string]int{}
			for _, kind := range kinds {
				if kind.in(f) {
					want[kind.name] = 60
				}
			}
			if want["other"] > 0 {
				want["other"] = splitApp / 2
			}
			got := map[string]int{}
			for _, h := range m.Match(dissect.EvStreamData, &dissect.Env{Flow: f, Data: []byte(all.String())}) {
				name, _, _ := strings.Cut(h.Rule.ID, "/")
				got[name]++
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("app %v port %d: matched %v, want %v", app, port, got, want)
			}
		}
	}
}
