package match

import (
	"testing"
	"time"

	"github.com/luanids/luanids/lang/ir"
)

// TestRateFilter wants a rule that matches too often to take the filter's action for a while, for each source by itself.
func TestRateFilter(t *testing.T) {
	g := newRig(t)
	r := rule("r", contains(g.f("web.uri"), "x"))
	r.RateFilters = []ir.RateFilter{
		{Count: 1, Window: 10 * time.Second, Timeout: 5 * time.Second, By: []ir.Expr{g.f("src.ip")}, Action: ir.Reject},
		{Count: 2, Window: 10 * time.Second, Timeout: 5 * time.Second, By: []ir.Expr{g.f("src.ip")}, Action: ir.Pass},
	}
	p := g.compile(r)
	if !p.Rule("r").MayReject() {
		t.Error("nobody would know which connection to cut")
	}
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	for i, tt := range []struct {
		host   byte
		at     time.Duration
		action ir.Action
		alert  bool
	}{{1, 0, ir.Alert, true}, {2, 0, ir.Alert, true}, {1, 1, ir.Reject, true}, {1, 2, ir.Pass, false}, {1, 6, ir.Pass, false},
		{2, 6, ir.Reject, true}, {1, 8, ir.Alert, true}} {
		e := from(req("x"), tt.host)
		for _, h := range m.Match(ev, e) {
			if v := st.Judge(h.Rule, m.Capture(h.Rule, e, nil), int64(tt.at*time.Second)); v.Action != tt.action || v.Alert != tt.alert || !v.Match {
				t.Errorf("%d: %+v, want %s, alert %v", i, v, tt.action, tt.alert)
			}
		}
	}
}
