package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/engine"
)

func TestSummaryOfSuppressions(t *testing.T) {
	var list []engine.Counter
	for i := range 60 {
		list = append(list, engine.Counter{Name: fmt.Sprintf("rule R-%d", i), Value: uint64(i / 30 * i)})
	}
	var few, many strings.Builder
	suppressions(&few, list[:2])
	if want := "suppression rule R-0: 0 alerts\nsuppression rule R-1: 0 alerts\n"; few.String() != want {
		t.Errorf("%q", few.String())
	}
	suppressions(&many, list)
	lines := strings.Split(strings.TrimSpace(many.String()), "\n")
	if len(lines) != 51 || lines[0] != "suppression rule R-59: 59 alerts" || lines[50] != "and 10 more suppressions, of which 10 never matched" {
		t.Errorf("%d lines, the first %q, the last %q", len(lines), lines[0], lines[len(lines)-1])
	}
}
