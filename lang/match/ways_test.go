package match

import (
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

func TestSeveralProtocols(t *testing.T) {
	g := newRig(t)
	uri := func(s string) ir.Expr { return contains(g.f("web.uri"), s) }
	text := func(s string) ir.Expr { return contains(g.f("other.text"), s) }
	or := func(xs ...ir.Expr) ir.Expr { return &ir.Or{X: xs} }
	and := func(xs ...ir.Expr) ir.Expr { return &ir.And{X: xs} }
	not := func(x ir.Expr) ir.Expr { return &ir.Not{X: x} }
	notGet := &ir.Cmp{Op: ir.Ne, X: g.f("web.method"), Y: ir.Str("GET")}
	port := func(n int64) ir.Expr { return &ir.Cmp{Op: ir.Eq, X: g.f("dst.port"), Y: ir.Int(n)} }
	for _, c := range []struct {
		name       string
		when       ir.Expr
		web, other string // words that make it match there, "" if nothing does
		neither    bool   // matches a message without any word
	}{
		{"either", or(uri("aaa"), text("bbb")), "aaa", "bbb", false},
		{"with a common term", and(port(80), or(uri("aaa"), text("bbb"))), "aaa", "bbb", false},
		{"with a common term that fails", and(port(81), or(uri("aaa"), text("bbb"))), "", "", false},
		{"nested", or(and(uri("aaa"), not(uri("ccc"))), and(text("bbb"), port(80))), "aaa", "bbb", false},
		{"an alternative that cannot be", or(uri("aaa"), and(text("bbb"), uri("aaa"))), "aaa", "", false},
		{"unless the other", and(uri("aaa"), not(text("bbb"))), "aaa", "", false},
		{"negated alternative", or(notGet, text("bbb")), "", "bbb", false},
		{"not any", not(or(uri("aaa"), text("bbb"))), "-", "-", true},
	} {
		p := g.compile(rule("r", c.when))
		m := p.NewMatcher()
		try := func(spec string, e *dissect.Env) bool {
			got := m.Match(g.event(map[string]string{"web": "web.request", "other": "other.msg"}[spec]), e)
			if len(got) > 1 {
				t.Errorf("%s: %d matches of one message", c.name, len(got))
			}
			return len(got) == 1 && got[0].Rule.ID == "r"
		}
		for _, word := range []string{"aaa", "bbb", "-"} {
			if got, want := try("web", req(word)), word == c.web || c.neither && word != "aaa"; got != want {
				t.Errorf("%s: %q in web: matched %v", c.name, word, got)
			}
			if got, want := try("other", req(word)), word == c.other || c.neither && word != "bbb"; got != want {
				t.Errorf("%s: %q in other: matched %v", c.name, word, got)
			}
		}
	}
}

// TestWaysShare has a rule of two protocols that may match once in a flow, and one that counts.
func TestWaysShare(t *testing.T) {
	g := newRig(t)
	when := &ir.Or{X: []ir.Expr{contains(g.f("web.uri"), "aaa"), contains(g.f("other.text"), "aaa")}}
	once := rule("once", when)
	once.Scope = ir.ScopeFlow
	count := rule("count", when)
	count.Thresholds = []ir.Threshold{{Kind: ir.ThCount, Count: 2, Window: time.Minute}}
	p := g.compile(once, count)
	m, st := p.NewMatcher(), NewState(StateLimits{})
	raised := map[string]int{}
	e := req("aaa")
	e.Flow.Vars = &dissect.FlowVars{}
	for _, ev := range []string{"web.request", "other.msg"} {
		e.Tx = &webTx{uri: []byte("aaa"), method: []byte("GET")}
		for _, h := range m.Match(g.event(ev), e) {
			if !h.Rule.Ordered || st.Judge(h.Rule, m.Capture(h.Rule, e, nil), e.Time).Alert {
				raised[h.Rule.ID]++
			}
		}
	}
	if raised["once"] != 1 || raised["count"] != 1 {
		t.Errorf("raised %v, want each rule once", raised)
	}
	if r := p.Rule("once"); len(r.JudgedAt()) != 2 || m.Trace(r, g.event("other.msg"), e).Stage != StageMatched {
		t.Errorf("judged at %v, traced to %v", r.JudgedAt(), m.Trace(r, g.event("other.msg"), e))
	}
}
