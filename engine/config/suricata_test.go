package config

import (
	"slices"
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

func set(t *testing.T, s *Settings, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if known, err := s.Set(pairs[i], pairs[i+1]); !known || err != nil {
			t.Errorf("%s=%s: known %v, %v", pairs[i], pairs[i+1], known, err)
		}
	}
}

func TestSuricatasActionOrder(t *testing.T) {
	s := Default()
	set(t, s, "action-order.0", "alert", "action-order.1", "pass", "action-order.2", "drop", "action-order.3", "reject")
	if want := []ir.Action{ir.Alert, ir.Pass, ir.Drop, ir.Reject}; !slices.Equal(s.Rules.ActionOrder, want) {
		t.Errorf("%v, want %v", s.Rules.ActionOrder, want)
	}
	if known, err := s.Set("action-order.0", "allow"); !known || err == nil {
		t.Errorf("an unknown action: known %v, %v", known, err)
	}
}
