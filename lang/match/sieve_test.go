package match

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestSieveLeavesOutNoRule judges rules without literal that ask for networks, with all kinds of addresses.
func TestSieveLeavesOutNoRule(t *testing.T) {
	g := newRig(t)
	nets := make([]*ir.IPSet, 6)
	for i := range nets {
		nets[i] = ir.NewIPSet([]netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/15", i))}, nil)
	}
	var rules []*ir.Rule
	var holds []func(src, dst int) bool
	for i := range nets {
		for k := range nets {
			src := &ir.In{X: g.f("src.ip"), Set: nets[i]}
			dst := &ir.Not{X: &ir.In{X: g.f("dst.ip"), Set: nets[k]}}
			rules = append(rules, rule(fmt.Sprintf("r%d%d", i, k), g.f("udp"), src, dst, &ir.Cmp{Op: ir.Gt, X: &ir.Len{X: g.f("payload")}, Y: ir.Int(0)}))
			holds = append(holds, func(src, dst int) bool { return src&^1 == i&^1 && dst&^1 != k&^1 })
		}
	}
	p := g.compile(rules...)
	if s := p.events[dissect.EvStreamData].parts[partUDP].sieve; len(s.tests) != sieveTests {
		t.Fatalf("the sieve has %d tests", len(s.tests))
	}
	m := p.NewMatcher()
	for src := range nets {
		for dst := range nets {
			f := flowOf(17, uint16(100*src+dst), 25)
			f.ID = uint64(100*src + dst)
			f.Key.Src = netip.MustParseAddr(fmt.Sprintf("10.%d.0.1", src)).As16()
			f.Key.Dst = netip.MustParseAddr(fmt.Sprintf("10.%d.0.2", dst)).As16()
			got := map[string]bool{}
			for _, h := range m.Match(dissect.EvStreamData, &dissect.Env{Flow: f, Data: []byte("x")}) {
				got[h.Rule.ID] = true
			}
			for i, r := range rules {
				if got[r.ID] != holds[i](src, dst) {
					t.Errorf("from 10.%d to 10.%d: %s: got %v", src, dst, r.ID, got[r.ID])
				}
			}
		}
	}
}
