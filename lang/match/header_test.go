package match

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestProtocolsOfConditions holds what is said about a condition without judging it: the protocols that it allows, 0 for none at
// all, and whether that is all there is to it.
func TestProtocolsOfConditions(t *testing.T) {
	g := newRig(t)
	number := &ir.Field{F: &dissect.Field{Name: ir.FieldProto, Type: dissect.TInt}}
	proto := func(op ir.CmpOp, n int64) ir.Expr { return &ir.Cmp{Op: op, X: number, Y: ir.Int(n)} }
	tests := map[string]struct {
		x        ir.Expr
		in, out  []int
		exact    bool
		anything bool // it is not about the protocol alone
	}{
		"tcp":       {x: g.f("tcp"), in: []int{6}, out: []int{0, 17}, exact: true},
		"not tcp":   {x: &ir.Not{X: g.f("tcp")}, in: []int{0, 17}, out: []int{6}, exact: true},
		"== 6":      {x: proto(ir.Eq, 6), in: []int{6}, out: []int{0, 17}, exact: true},
		"== 0":      {x: proto(ir.Eq, 0), in: []int{0}, out: []int{6}},
		"!= 6":      {x: proto(ir.Ne, 6), in: []int{0, 17}, out: []int{6}, exact: true},
		"!= 0":      {x: proto(ir.Ne, 0), in: []int{0, 6}},
		"> 134":     {x: proto(ir.Gt, 134), in: []int{135, 255}, out: []int{0, 134}, exact: true},
		"< 6":       {x: proto(ir.Lt, 6), in: []int{0, 5}, out: []int{6}},
		"not < 6":   {x: &ir.Not{X: proto(ir.Lt, 6)}, anything: true},
		"tcp or 17": {x: &ir.Or{X: []ir.Expr{g.f("tcp"), proto(ir.Eq, 17)}}, in: []int{6, 17}, out: []int{0, 1}, exact: true},
		"port":      {x: &ir.Cmp{Op: ir.Eq, X: g.f("dst.port"), Y: ir.Int(6)}, anything: true},
	}
	for name, tt := range tests {
		set, exact, ok := protoSet(tt.x)
		if ok == tt.anything || exact != tt.exact {
			t.Errorf("%s: ok %v, exact %v", name, ok, exact)
		}
		h := header{protos: &set}
		for _, p := range tt.in {
			if !h.hasProto(uint8(p)) {
				t.Errorf("%s: %d is left out", name, p)
			}
		}
		for _, p := range tt.out {
			if h.hasProto(uint8(p)) {
				t.Errorf("%s: %d is in", name, p)
			}
		}
	}
}
