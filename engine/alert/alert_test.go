package alert

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestIDsAreUUIDsOfVersion8(t *testing.T) {
	for range 1000 {
		n, rule := rand.Uint64(), fmt.Sprint(rand.Uint32())
		a := Alert{RuleID: rule}
		a.SetID(n)
		var first, last uint64
		var second, third, fourth uint32
		if k, err := fmt.Sscanf(a.ID, "%08x-%04x-8%03x-%04x-%012x", &first, &second, &third, &fourth, &last); k != 5 || err != nil {
			t.Fatalf("%s: %d fields, %v", a.ID, k, err)
		}
		if first != n>>32 || second != uint32(n>>16&0xffff) || third != uint32(n&0xfff) || fourth>>14 != 2 || len(a.ID) != 36 {
			t.Errorf("%016x of rule %s: %s", n, rule, a.ID)
		}
	}
}

func TestAnIDCostsItsTextOnly(t *testing.T) {
	a := Alert{RuleID: "2100527"}
	if n := testing.AllocsPerRun(100, func() { a.SetID(1) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
