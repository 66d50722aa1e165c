package match

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

func TestExplainAndTrace(t *testing.T) {
	g := newRig(t)
	r := rule("r", g.f("tcp"), g.f("to_server"), &ir.In{X: g.f("dst.port"), Set: ir.NewIntSet(ir.Range{Lo: 80, Hi: 80})},
		&ir.Content{Buf: g.f("web.uri"), Items: []ir.Item{lit1("union"), &ir.Lit{Bytes: []byte("select"), Within: n(10)}}},
		&ir.Cmp{Op: ir.Eq, X: g.f("web.method"), Y: ir.Str("POST")})
	p := g.compile(r)
	text := p.Explain(p.Rule("r"))
	for _, want := range []string{"judged at web.request", `only if "select" in web.uri`, "header: to_server", "header: dst.port in {80}",
		`term 1: web.method == "POST"`, `term 2: web.uri has ["union", "select" within 10]`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	m, cr := p.NewMatcher(), p.Rule("r")
	post := func(uri string) *dissect.Env {
		e := req(uri)
		e.Tx.(*webTx).method = []byte("POST")
		return e
	}
	other := post("union select")
	other.Flow.Key.DstPort = 81
	for _, tt := range []struct {
		e    *dissect.Env
		ev   string
		want Trace
	}{
		{post("union select"), "web.response", Trace{Stage: StageEvent}},
		{other, "web.request", Trace{Stage: StageHeader, Term: "dst.port in {80}", Value: "dst.port = 81"}},
		{post("union"), "web.request", Trace{Stage: StagePrefilter, Term: `"select" in web.uri`}},
		{req("union select"), "web.request", Trace{Stage: StageTerm, Term: `web.method == "POST"`, Value: `web.method = "GET"`}},
		{post("union all select"), "web.request", Trace{Stage: StageTerm, Term: `web.uri has ["union", "select" within 10]`,
			Value: `web.uri = "union all select"`, Item: `"select" within 10`}},
		{post("union select"), "web.request", Trace{Stage: StageMatched}},
	} {
		if tt.want.Item != "" {
			tt.e.Tx.(*webTx).uri = []byte("union all of them select")
			tt.want.Value = `web.uri = "union all of them select"`
		}
		if got := m.Trace(cr, g.event(tt.ev), tt.e); got != tt.want {
			t.Errorf("got %+v\nwant %+v", got, tt.want)
		}
	}
}
