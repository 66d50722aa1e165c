package engine

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestEvidenceIsForPeople has numbers whose unit only the field's type tells.
func TestEvidenceIsForPeople(t *testing.T) {
	for _, c := range []struct {
		typ  dissect.Type
		n    int64
		want any
	}{
		{dissect.TTime, 1514474813e9, "2017-12-28T15:26:53Z"},
		{dissect.TDuration, 2500e6, 2.5},
		{dissect.TBool, 1, true},
		{dissect.TSize, 4096, int64(4096)},
		{dissect.TPort, 443, int64(443)},
	} {
		if got := number(c.typ, c.n); got != c.want {
			t.Errorf("%v %d is shown as %v, want %v", c.typ, c.n, got, c.want)
		}
	}
}
