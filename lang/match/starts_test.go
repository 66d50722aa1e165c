package match

import (
	"fmt"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestStartsChangeNothing judges streams that are cut anywhere, with tables of the first bytes and without.
func TestStartsChangeNothing(t *testing.T) {
	g := newRig(t)
	var rules []*ir.Rule
	for i, items := range startChains() {
		rules = append(rules, rule(fmt.Sprint(i), g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: items}))
	}
	with := g.compile(rules...)
	without, probs := Compile(g.schema, rules, Options{NoWarnings: true, noStarts: true})
	if len(probs) > 0 {
		t.Fatal(probs)
	}
	entries := 0
	for _, ev := range [...]dissect.EventID{dissect.EvStreamData, dissect.EvPacket} {
		if ep := with.events[ev]; ep != nil && ep.parts[partTCP] != nil && ep.parts[partTCP].starts != nil {
			entries += len(ep.parts[partTCP].starts.list)
		}
	}
	if entries < 6 {
		t.Fatalf("only %d entries", entries)
	}
	if n := sameResults(t, with, without); n < 20 {
		t.Errorf("only %d different results", n)
	}
}

// TestStartsOfShortPayload holds that what is beyond the end of the payload is not taken for zeros.
func TestStartsOfShortPayload(t *testing.T) {
	g := newRig(t)
	p := g.compile(rule("zeros", g.f("udp"), &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte("a\x00\x00"), Depth: &ir.Num{N: 3}}}}))
	m := p.NewMatcher()
	for payload, want := range map[string]string{"a": "", "a\x00": "", "a\x00\x00": "zeros", "a\x00\x00b": "zeros", "b\x00\x00": ""} {
		got := ids(m.Match(dissect.EvStreamData, &dissect.Env{Flow: flowOf(17, 1, 25), Data: []byte(payload)}))
		if got != want {
			t.Errorf("%q: got %q, want %q", payload, got, want)
		}
	}
}
