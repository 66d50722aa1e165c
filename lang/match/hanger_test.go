package match

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

// TestHangingBesideCompiling compiles the same rules on one core and on several: both give the same program and the same problems, in
// the same order.
func TestHangingBesideCompiling(t *testing.T) {
	compile := func(procs int) (*Program, []Problem) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		r := rand.New(rand.NewPCG(7, 8))
		g := newRig(t)
		var rules []*ir.Rule
		for i := range 40 * hangRules {
			x := rule(fmt.Sprintf("r%d", i), randomPacketTerms(g, r)...)
			switch i % 7 {
			case 0:
				x.On = "packet"
			case 1:
				x.When = &ir.And{X: []ir.Expr{x.When, contains(g.f("payload"), fmt.Sprintf("word%d", i))}}
			case 2:
				x.When = &ir.And{X: []ir.Expr{x.When, &ir.Or{X: []ir.Expr{
					contains(g.f("payload"), fmt.Sprintf("one%d", i)), contains(g.f("payload"), fmt.Sprintf("other%d", i))}}}}
			}
			rules = append(rules, x)
		}
		return Compile(g.schema, rules, Options{})
	}
	one, said := compile(1)
	many, saidToo := compile(4)
	if !reflect.DeepEqual(said, saidToo) || len(said) < 100 {
		t.Errorf("%d problems on one core, %d on several", len(said), len(saidToo))
	}
	if one.stats != many.stats {
		t.Errorf("on one core %+v, on several %+v", one.stats, many.stats)
	}
	for i, r := range one.Rules {
		o := many.Rules[i]
		if r.ID != o.ID || r.Literal != o.Literal || r.litEnd != o.litEnd || !reflect.DeepEqual(r.Events, o.Events) {
			t.Fatalf("rule %s: %q at %v on one core, %q at %v on several", r.ID, r.Literal, r.Events, o.Literal, o.Events)
		}
	}
	for i, s := range one.slots {
		o := many.slots[i]
		if s.name != o.name || s.event != o.event || !reflect.DeepEqual(s.first, o.first) || !reflect.DeepEqual(s.refs, o.refs) {
			t.Errorf("slot %d: %s at %s on one core, %s at %s on several", i, s.name, s.event, o.name, o.event)
		}
	}
}
