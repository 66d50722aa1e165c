package match

import (
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

func TestActionsOrderRules(t *testing.T) {
	rules := []*ir.Rule{{ID: "alert"}, {ID: "reject", Action: ir.Reject}, {ID: "drop", Action: ir.Drop}, {ID: "urgent", Priority: 1}, {ID: "pass", Action: ir.Pass}}
	for _, c := range []struct {
		actions []ir.Action
		want    string
	}{
		{nil, "pass drop reject urgent alert "},
		{[]ir.Action{ir.Alert, ir.Pass, ir.Drop, ir.Reject}, "urgent alert pass drop reject "},
		{[]ir.Action{ir.Drop, ir.Alert}, "drop urgent alert reject pass "}, // those that are not named come last
	} {
		got := ""
		for _, r := range order(rules, c.actions) {
			got += r.ID + " "
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.actions, got, c.want)
		}
	}
}
