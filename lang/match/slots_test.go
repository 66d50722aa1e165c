package match

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestSwitchPicksTheRarestNumber holds that of several numbers a rule hangs on the one that fewest packets have.
func TestSwitchPicksTheRarestNumber(t *testing.T) {
	field := func(name string) ir.Expr { return &ir.Field{F: &dissect.Field{Name: name, Type: dissect.TInt}} }
	is := func(name string, n int64) ir.Expr { return &ir.Cmp{Op: ir.Eq, X: field(name), Y: ir.Int(n)} }
	flags := func(mask, want int64) ir.Expr {
		return &ir.Cmp{Op: ir.Eq, X: &ir.Arith{Op: ir.BitAnd, X: field("tcp.flags"), Y: ir.Int(mask), T: dissect.TInt}, Y: ir.Int(want)}
	}
	for name, tt := range map[string]struct {
		terms []ir.Expr
		want  string
		n     int
	}{
		"window":       {[]ir.Expr{is("payload.len", 0), is("tcp.ack", 0), is("tcp.window", 2048)}, "tcp.window", 1},
		"length":       {[]ir.Expr{is("tcp.flags", 24), is("payload.len", 16)}, "payload.len", 1},
		"any two bits": {[]ir.Expr{is("payload.len", 0), flags(3, 3)}, "payload.len", 1},
		"all bits":     {[]ir.Expr{is("payload.len", 0), flags(0x3f, 0x29)}, "tcp.flags", 4},
	} {
		got := numberTerms(tt.terms)
		if len(got) == 0 || nameOf(got[0].of) != tt.want || len(got[0].vals) != tt.n {
			t.Errorf("%s: got %+v, want %s with %d numbers", name, got, tt.want, tt.n)
		}
	}
}

// TestSwitchTable holds that numbers that share a bit of the summary are told apart.
func TestSwitchTable(t *testing.T) {
	var table switchTable
	table.add(5, ref{rule: 1})
	table.add(256+5, ref{rule: 2})
	table.add(-3, ref{rule: 3})
	for n, want := range map[int64]int{5: 1, 261: 1, 517: 0, 6: 0, -3: 1, 253: 0, -251: 0} {
		if got := len(table.find(n)); got != want {
			t.Errorf("%d: %d rules, want %d", n, got, want)
		}
	}
}
