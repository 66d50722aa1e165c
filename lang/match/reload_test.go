package match

import (
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// after compiles a program that takes the place of another.
func (g *rig) after(old *Program, seqs []*ir.Sequence, rules ...*ir.Rule) *Program {
	g.t.Helper()
	p, probs := Compile(g.schema, rules, Options{NoWarnings: true, Previous: old, Sequences: seqs})
	for _, pr := range probs {
		g.t.Fatal(pr)
	}
	return p
}

func body(g *rig, id, text string) *ir.Rule {
	r := rule(id, contains(g.f("web.body"), text))
	r.Text = id + text
	return r
}

// TestReloadWithinMessage swaps programs while a body grows: what a rule has matched it does not match again, however rules
// move around it; what has come counts for rules that are new.
func TestReloadWithinMessage(t *testing.T) {
	g := newRig(t)
	ev := g.event("web.body")
	tx := &webTx{}
	e := &dissect.Env{Flow: flowOf(6, 40000, 80), Tx: tx}
	one := g.compile(body(g, "a", "alpha"), body(g, "b", "beta"))
	grow := func(p *Program, text, want string) {
		t.Helper()
		tx.body = append(tx.body, text...)
		if got := ids(p.NewMatcher().Match(ev, e)); got != want {
			t.Errorf("after %q: %q, want %q", tx.body, got, want)
		}
	}
	grow(one, "..alpha..", "a")
	two := g.after(one, nil, body(g, "new", "alpha"), body(g, "x", "nowhere"), body(g, "b", "beta"), body(g, "a", "alpha"))
	grow(two, "..", "new")
	grow(two, "..beta..be", "b")
	three := g.after(two, nil, body(g, "b", "beta"), body(g, "a", "gamma" /* edited */), body(g, "new", "alpha"))
	grow(three, "ta..gamma", "a")
	four := g.after(three, nil, body(g, "later", "nothing"))
	five := g.after(four, nil, body(g, "a", "gamma"), body(g, "later", "nothing")) // a is a new rule: it was gone
	grow(five, ".", "a")
	if got, want := len(five.places), 7; got != want {
		t.Errorf("%d numbers were given out, want %d", got, want)
	}
}

// TestReloadWithinStream swaps programs between the parts of a match that a stream's window holds together.
func TestReloadWithinStream(t *testing.T) {
	g := newRig(t)
	chain := func(id, a, b string) *ir.Rule {
		r := rule(id, &ir.And{X: []ir.Expr{contains(g.f("payload"), a), contains(g.f("payload"), b)}})
		r.On, r.Text = "stream.data", id
		return r
	}
	one := g.compile(chain("pad", "zzz", "y"), chain("ab", "first", "2nd"))
	two := g.after(one, nil, chain("ab", "first", "2nd"), chain("pad2", "zz", "y"))
	var carry []uint32
	f := flowOf(6, 40000, 80)
	feed := func(p *Program, window, fresh, want string) {
		t.Helper()
		e := &dissect.Env{Flow: f, Data: []byte(window + fresh), New: len(window), Carry: &carry}
		if got := ids(p.NewMatcher().Match(dissect.EvStreamData, e)); got != want {
			t.Errorf("%q %q: %q, want %q", window, fresh, got, want)
		}
	}
	feed(one, "", "the first", "")
	feed(two, "the first", " and the 2nd", "ab")
}

// TestReloadKeepsState has thresholds and sequences go on for what is in both programs, and end for what is gone.
func TestReloadKeepsState(t *testing.T) {
	g := newRig(t)
	limited := func() *ir.Rule {
		r := rule("limited", contains(g.f("web.uri"), "limited"))
		r.Thresholds = []ir.Threshold{{Kind: ir.ThLimit, Count: 1, Window: time.Hour}}
		return r
	}
	seq := func(id string) *ir.Sequence {
		return &ir.Sequence{Rule: ir.Rule{ID: id}, By: []ir.Expr{g.f("src.ip")}, Within: time.Hour, Steps: []ir.Step{
			{Name: "a", When: contains(g.f("web.uri"), "knock")}, {Name: "b", When: contains(g.f("web.uri"), "answer"), Absent: true, Within: 30 * time.Second}}}
	}
	set := func(values ...string) *ir.Rule {
		ds := &ir.Dataset{Name: "uris"}
		for _, v := range values {
			ds.Load = append(ds.Load, []byte(v))
		}
		r := rule("in", &ir.InDataset{X: g.f("web.uri"), Set: ds})
		r.On = "web.request"
		return r
	}
	one := g.after(nil, []*ir.Sequence{seq("STAYS"), seq("GOES")}, limited(), set("/old", "/both"))
	st, ev := NewState(StateLimits{}), g.event("web.request")
	m := one.NewMatcher()
	step := func(uri string, at time.Duration, want string) {
		t.Helper()
		if got := run(m, st, ev, req(uri), at); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
	step("/limited", time.Second, "limited")
	step("/old", time.Second, "in")
	step("/knock", 2*time.Second, "")
	two := g.after(one, []*ir.Sequence{seq("STAYS")}, set("/new", "/both"), limited())
	st.Adopt(two)
	m = two.NewMatcher()
	step("/limited", 3*time.Second, "")
	step("/old", 3*time.Second, "")
	step("/both", 3*time.Second, "in")
	step("/new", 3*time.Second, "in")
	var done string
	for _, r := range st.Tick(int64(time.Minute)) {
		done += r.ID
		if r != two.Rule(r.ID) {
			t.Errorf("%s is of the program that is gone", r.ID)
		}
	}
	if done != "STAYS" {
		t.Errorf("sequences that end: %q, want STAYS", done)
	}
}
