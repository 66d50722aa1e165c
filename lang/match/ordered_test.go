package match

import (
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// run judges one event as worker and ordered stage do together, and gives the ids of alerts.
func run(m *Matcher, st *State, ev dissect.EventID, e *dissect.Env, at time.Duration) string {
	var out []string
	for _, r := range st.Tick(int64(at)) {
		out = append(out, r.ID)
	}
	for _, h := range m.Match(ev, e) {
		v := st.Judge(h.Rule, m.Capture(h.Rule, e, nil), int64(at))
		if v.Alert {
			out = append(out, h.Rule.ID)
		}
		for _, r := range v.Done {
			out = append(out, r.ID)
		}
	}
	return strings.Join(out, " ")
}

func from(e *dissect.Env, last byte) *dissect.Env {
	e.Flow.Key.Src = packet.V4([]byte{10, 0, 0, last})
	return e
}

func TestThresholdByKey(t *testing.T) {
	g := newRig(t)
	r := rule("r", contains(g.f("web.uri"), "x"))
	r.Thresholds = []ir.Threshold{{Kind: ir.ThCount, Count: 2, Window: 10 * time.Second, By: []ir.Expr{g.f("src.ip")}}}
	p := g.compile(r)
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	for i, tt := range []struct {
		host byte
		at   time.Duration
		want string
	}{{1, 0, ""}, {2, 1, ""}, {1, 2, "r"}, {1, 3, ""}, {2, 20, ""}, {2, 21, "r"}} {
		if got := run(m, st, ev, from(req("x"), tt.host), tt.at*time.Second); got != tt.want {
			t.Errorf("%d: got %q, want %q", i, got, tt.want)
		}
	}
	// A reload keeps what was counted, as long as the threshold is the same.
	m = g.compile(r).NewMatcher()
	run(m, st, ev, from(req("x"), 3), 30*time.Second)
	m = g.compile(r).NewMatcher()
	if got := run(m, st, ev, from(req("x"), 3), 31*time.Second); got != "r" {
		t.Errorf("after a reload: %q", got)
	}
}

func TestDistinctThreshold(t *testing.T) {
	g := newRig(t)
	r := rule("r", contains(g.f("web.uri"), "x"))
	r.Thresholds = []ir.Threshold{{Kind: ir.ThCount, Count: 3, Window: time.Minute, By: []ir.Expr{g.f("src.ip")}, Distinct: g.f("dst.port")}}
	p := g.compile(r)
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	got := ""
	for i, port := range []uint16{80, 80, 81, 80, 82} {
		e := req("x")
		e.Flow.Key.DstPort = port
		got += run(m, st, ev, e, time.Duration(i)*time.Second) + ","
	}
	if got != ",,,,r," {
		t.Errorf("got %s", got)
	}
}

func TestHostState(t *testing.T) {
	g := newRig(t)
	src := []ir.Expr{g.f("src.ip")}
	set := rule("set", contains(g.f("web.uri"), "login"))
	set.Effects = []ir.Effect{&ir.SetHostBit{Op: ir.BitSet, Name: "seen", Key: src, TTL: int64(10 * time.Second)},
		&ir.SetHostInt{Op: ir.IntAdd, Name: "n", Key: src, X: ir.Int(1)}}
	set.NoAlert = true
	test := rule("test", contains(g.f("web.uri"), "admin"), &ir.HostBit{Name: "seen", Key: src})
	without := rule("without", contains(g.f("web.uri"), "admin"), &ir.Not{X: &ir.HostBit{Name: "seen", Key: src}})
	mixed := rule("mixed", contains(g.f("web.uri"), "admin"), &ir.Or{X: []ir.Expr{&ir.HostBit{Name: "seen", Key: src}, contains(g.f("web.uri"), "always")}})
	count := rule("count", contains(g.f("web.uri"), "login"), &ir.Cmp{Op: ir.Ge, X: &ir.HostInt{Name: "n", Key: src}, Y: ir.Int(2)})
	p := g.compile(set, test, without, mixed, count)
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	for i, tt := range []struct {
		uri  string
		host byte
		at   time.Duration
		want string
	}{
		{"/admin", 1, 0, "without"}, {"/admin always", 1, 0, "without mixed"}, {"/login", 1, 1, ""}, {"/admin", 1, 2, "test mixed"},
		{"/admin", 2, 3, "without"}, {"/login", 1, 4, "count"}, {"/admin", 1, 15, "without"},
	} {
		if got := run(m, st, ev, from(req(tt.uri), tt.host), tt.at*time.Second); got != tt.want {
			t.Errorf("%d: got %q, want %q", i, got, tt.want)
		}
	}
}

func TestDataset(t *testing.T) {
	g := newRig(t)
	ds := &ir.Dataset{Name: "uris", Load: [][]byte{[]byte("/known")}, Cap: 2}
	test := rule("in", &ir.InDataset{X: g.f("web.uri"), Set: ds})
	add := rule("add", contains(g.f("web.uri"), "new"))
	add.Effects, add.NoAlert = []ir.Effect{&ir.AddDataset{Set: ds, X: g.f("web.uri")}}, true
	test.On = "web.request"
	p := g.compile(test, add)
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	for i, tt := range []struct{ uri, want string }{{"/known", "in"}, {"/new1", ""}, {"/new1", "in"}, {"/new2", ""}, {"/known", ""}} {
		if got := run(m, st, ev, req(tt.uri), 0); got != tt.want {
			t.Errorf("%d %s: got %q, want %q", i, tt.uri, got, tt.want)
		}
	}
	if s := st.Stats(); s.Datasets != 2 || s.DatasetEvicted != 1 {
		t.Errorf("%+v", s)
	}
}

func TestSequence(t *testing.T) {
	g := newRig(t)
	uri := func(s string) ir.Expr { return contains(g.f("web.uri"), s) }
	seq := &ir.Sequence{Rule: ir.Rule{ID: "SEQ"}, By: []ir.Expr{g.f("src.ip")}, Within: 60 * time.Second, Steps: []ir.Step{
		{Name: "a", When: uri("fail"), Count: 3},
		{Name: "b", When: uri("ok")},
	}}
	byRule := &ir.Sequence{Rule: ir.Rule{ID: "BYRULE"}, By: []ir.Expr{g.f("src.ip")}, Within: 60 * time.Second, Steps: []ir.Step{
		{Name: "a", RuleID: "r"}, {Name: "b", When: uri("ok")},
	}}
	silent := &ir.Sequence{Rule: ir.Rule{ID: "SILENT"}, By: []ir.Expr{g.f("src.ip")}, Within: 60 * time.Second, Steps: []ir.Step{
		{Name: "a", When: uri("knock")}, {Name: "b", When: uri("answer"), Absent: true, Within: 30 * time.Second},
	}}
	p, probs := Compile(g.schema, []*ir.Rule{rule("r", uri("fail"))}, Options{Sequences: []*ir.Sequence{seq, byRule, silent}})
	if len(probs) > 0 {
		t.Fatal(probs)
	}
	m, st, ev := p.NewMatcher(), NewState(StateLimits{}), g.event("web.request")
	for i, tt := range []struct {
		uri  string
		host byte
		at   time.Duration
		want string
	}{
		{"fail", 1, 0, "r"}, {"fail", 1, 1, "r"}, {"ok", 2, 2, ""}, {"fail", 1, 3, "r"},
		{"ok", 1, 4, "SEQ BYRULE"}, {"ok", 1, 5, ""}, // each once
		{"fail", 3, 100, "r"}, {"fail", 3, 130, "r"}, {"fail", 3, 170, "r"}, // too slow for three in a minute
		{"ok", 3, 171, "BYRULE"},
		{"fail", 4, 200, "r"}, {"ok", 4, 300, ""}, // too late
		{"knock", 5, 400, ""}, {"answer", 5, 410, ""}, {"other", 5, 500, ""},
		{"knock", 5, 600, ""}, {"other", 5, 610, ""}, {"other", 5, 640, "SILENT"}, {"other", 5, 700, ""},
	} {
		if got := run(m, st, ev, from(req(tt.uri), tt.host), tt.at*time.Second); got != tt.want {
			t.Errorf("%d %s: got %q, want %q", i, tt.uri, got, tt.want)
		}
	}
}

func TestHostStateCannotChangeTheFlow(t *testing.T) {
	g := newRig(t)
	r := rule("r", contains(g.f("web.uri"), "x"), &ir.HostBit{Name: "b", Key: []ir.Expr{g.f("src.ip")}})
	r.Effects = []ir.Effect{&ir.SetFlowBit{Op: ir.BitSet, Name: "f"}}
	if _, probs := Compile(g.schema, []*ir.Rule{r}, Options{}); len(probs) != 1 || !probs[0].Error {
		t.Errorf("%v", probs)
	}
}

// TestHostStateOnceInAFlow: a rule that names nothing but hosts and their state alerts once in a flow, and not before the
// state is there.
func TestHostStateOnceInAFlow(t *testing.T) {
	g := newRig(t)
	p := g.compile(rule("r", g.f("tcp"), &ir.HostBit{Name: "seen", Key: []ir.Expr{g.f("src.ip")}}),
		func() *ir.Rule {
			r := rule("set", contains(g.f("web.uri"), "set"))
			r.Effects, r.NoAlert = []ir.Effect{&ir.SetHostBit{Op: ir.BitSet, Name: "seen", Key: []ir.Expr{g.f("src.ip")}}}, true
			return r
		}())
	m, st := p.NewMatcher(), NewState(StateLimits{})
	one, two := flowOf(6, 1, 2), flowOf(6, 3, 4)
	one.ID, two.ID = 1, 2
	packet := func(f *dissect.Flow) string {
		return run(m, st, dissect.EvPacket, &dissect.Env{Flow: f, Pkt: &packet.Packet{}}, 0)
	}
	got := []string{packet(one), run(m, st, g.event("web.request"), req("set"), 0), packet(one), packet(one), packet(two), packet(two)}
	if s := strings.Join(got, "|"); s != "||r||r|" {
		t.Errorf("got %s", s)
	}
}
