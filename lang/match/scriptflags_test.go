package match

import (
	"net/netip"
	"testing"
	"time"

	"github.com/luanids/luanids/lang/ir"
)

// TestScriptFlags: a flag that a script sets holds for its flow only, within every form of condition.
func TestScriptFlags(t *testing.T) {
	g := newRig(t)
	flag := func() ir.Expr { return &ir.FlowBit{Names: []string{"other", "s"}} }
	rules := []*ir.Rule{
		rule("plain", contains(g.f("web.uri"), "x"), flag()),
		rule("not", contains(g.f("web.uri"), "x"), &ir.Not{X: flag()}),
		rule("or", &ir.Or{X: []ir.Expr{contains(g.f("web.uri"), "always"), flag()}}),
		rule("else", contains(g.f("web.uri"), "x"), &ir.FlowBit{Names: []string{"other"}}),
	}
	FlowFlags(g.schema, rules, []string{"s"})
	p := g.compile(rules...)
	st := NewState(StateLimits{})
	now := int64(1e9)
	const flow = 77
	st.SetFlowFlag("s", flow, true, now)
	for id, want := range map[uint64]string{flow: "plain or", flow + 1: "not"} {
		e := req("/x")
		e.Flow.ID = id
		if got := run(p.NewMatcher(), st, g.event("web.request"), e, time.Second); got != want {
			t.Errorf("flow %d: %q, want %q", id, got, want)
		}
	}
	if st.FlowFlag("s", flow+1, now) || st.FlowFlag("s", flow, now+2*flagTTL) {
		t.Error("of another flow, or for ever")
	}
	ip := netip.MustParseAddr("10.0.0.1")
	st.SetAddrFlag("a", ip, true, now, int64(time.Minute))
	if !st.AddrFlag("a", ip, now) || st.AddrFlag("a", ip, now+int64(time.Hour)) {
		t.Error("flag of an address")
	}
	st.SetAddrFlag("a", ip, false, now, 0)
	if st.AddrFlag("a", ip, now) {
		t.Error("cleared")
	}
}
