package match

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// TestCalmPacketsMatchNothing judges packets of all kinds with random rules, with and without looking for calm ones.
func TestCalmPacketsMatchNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	calm, matched := 0, 0
	for round := range 40 {
		g := newRig(t)
		var rules []*ir.Rule
		for i := range 1 + r.IntN(12) {
			x := rule(fmt.Sprintf("r%d", i), randomPacketTerms(g, r)...)
			x.On = "packet"
			rules = append(rules, x)
		}
		with, without := g.compile(rules...).NewMatcher(), g.compile(rules...).NewMatcher()
		for _, ep := range without.p.events {
			for k := 0; ep != nil && k < len(ep.parts); k++ {
				if ep.parts[k] != nil {
					ep.parts[k].calms = false
				}
			}
		}
		flows := []*dissect.Flow{nil, flowOf(6, 1000, 80), flowOf(17, 1000, 53)}
		flows[1].ID, flows[2].ID = 1, 2
		for n := range 300 {
			f := flows[r.IntN(3)]
			e := randomPacket(r, f)
			if f != nil && n%50 == 0 {
				f.State = dissect.FlowState(r.IntN(3))
			}
			isCalm := with.Calm(e)
			got, want := ids(with.Match(dissect.EvPacket, e)), ids(without.Match(dissect.EvPacket, e))
			if got != want || isCalm && want != "" {
				t.Fatalf("round %d, packet %d (calm %v): %q, without looking for calm ones %q", round, n, isCalm, got, want)
			}
			calm += int(b2i(isCalm))
			matched += int(b2i(want != ""))
		}
	}
	if calm < 500 || matched < 1000 {
		t.Errorf("%d packets were calm, %d matched: the test has lost its point", calm, matched)
	}
}

// randomPacketTerms are conditions on headers, numbers and payload of a packet.
func randomPacketTerms(g *rig, r *rand.Rand) []ir.Expr {
	eq := func(name string, n int) ir.Expr { return &ir.Cmp{Op: ir.Eq, X: g.f(name), Y: ir.Int(int64(n))} }
	nets := ir.NewIPSet([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, nil)
	all := []func() ir.Expr{
		func() ir.Expr { return eq("tcp.flags", r.IntN(4)) },
		func() ir.Expr { return eq("payload.len", r.IntN(2)) },
		func() ir.Expr { return &ir.Cmp{Op: ir.Gt, X: g.f("tcp.flags"), Y: ir.Int(2)} },
		func() ir.Expr { return eq("dst.port", []int{53, 80, 1000}[r.IntN(3)]) },
		func() ir.Expr { return g.f([]string{"tcp", "udp", "established"}[r.IntN(3)]) },
		func() ir.Expr { return &ir.In{X: g.f([]string{"src.ip", "dst.ip"}[r.IntN(2)]), Set: nets} },
		func() ir.Expr { return &ir.Not{X: &ir.In{X: g.f("src.ip"), Set: nets}} },
		func() ir.Expr { return contains(g.f("payload"), "word") },
		func() ir.Expr {
			return &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte("w"), StartsWith: true}}}
		},
		func() ir.Expr {
			return &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte("x"), Neg: true}}}
		},
	}
	var terms []ir.Expr
	for range 1 + r.IntN(3) {
		terms = append(terms, all[r.IntN(len(all))]())
	}
	return terms
}

// randomPacket is a packet of a flow, or of none.
func randomPacket(r *rand.Rand, f *dissect.Flow) *dissect.Env {
	p := &packet.Packet{IPVersion: 4, IPProto: 6, TCPFlags: uint8(r.IntN(4)), Layers: packet.LayerIPv4 | packet.LayerTCP, Hash: r.Uint64N(4)}
	if r.IntN(3) == 0 {
		p.Payload = []byte([]string{"word", "other", "w"}[r.IntN(3)])
	}
	e := &dissect.Env{Pkt: p, Flow: f, Data: p.Payload}
	if f != nil {
		p.IPProto, e.Dir = f.Key.Proto, dissect.Dir(r.IntN(2))
		return e
	}
	p.Src = packet.V4([]byte{10, 0, 0, byte(r.IntN(2))})
	p.Dst = packet.V4([]byte{byte(10 + r.IntN(2)), 0, 0, 1})
	p.DstPort = []uint16{53, 80}[r.IntN(2)]
	return e
}
