package match

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// startChains are conditions on the beginning of payload.
func startChains() [][]ir.Item {
	at := func(n int64) *ir.Num { return &ir.Num{N: n} }
	return [][]ir.Item{
		{&ir.Lit{Bytes: []byte("\x16\x03"), Depth: at(2)}, &ir.Lit{Bytes: []byte("\x01"), Distance: at(1), Within: at(1)}},
		{&ir.Lit{Bytes: []byte("ab"), Depth: at(4)}},
		{&ir.Lit{Bytes: []byte("ab"), Offset: at(3), Depth: at(2), NoCase: true}},
		{&ir.Lit{Bytes: []byte("a"), Offset: at(6), Depth: at(3)}},
		{&ir.Lit{Bytes: []byte("A1"), StartsWith: true, NoCase: true}},
		{&ir.Lit{Bytes: []byte("\x00\x00"), Depth: at(2)}},
		{&ir.Lit{Bytes: []byte("b"), Neg: true, Depth: at(1)}},
		{&ir.ByteTest{Op: ir.TestEq, Conv: ir.Conv{Bytes: ir.Num{N: 1}}, Value: ir.Num{N: 'a'}, Offset: ir.Num{N: 5}}},
		{&ir.ByteTest{Op: ir.TestEq, Conv: ir.Conv{Bytes: ir.Num{N: 2}}, Value: ir.Num{N: 'a'<<8 | 'b'}, Offset: ir.Num{N: 2}}},
		{&ir.ByteTest{Op: ir.TestEq, Conv: ir.Conv{Bytes: ir.Num{N: 2}, Little: true}, Value: ir.Num{N: 'a'}, Offset: ir.Num{N: 1}}},
		{&ir.ByteTest{Op: ir.TestGt, Conv: ir.Conv{Bytes: ir.Num{N: 1}}, Value: ir.Num{N: 'a'}, Offset: ir.Num{N: 4}}},
		{&ir.ByteTest{Op: ir.TestEq, Neg: true, Conv: ir.Conv{Bytes: ir.Num{N: 1}}, Value: ir.Num{N: 'a'}, Offset: ir.Num{N: 0}}},
		{&ir.ByteTest{Op: ir.TestEq, Conv: ir.Conv{Bytes: ir.Num{N: 1}}, Value: ir.Num{N: 'a'}, Offset: ir.Num{N: 0}},
			&ir.Lit{Bytes: []byte("b"), Offset: at(1), Depth: at(1)}},
	}
}

// TestGatesChangeNothing judges streams that are cut anywhere, with gates and without.
func TestGatesChangeNothing(t *testing.T) {
	g := newRig(t)
	var rules []*ir.Rule
	for i, items := range startChains() {
		rules = append(rules, rule(fmt.Sprintf("%d", i), g.f("tcp"), &ir.Cmp{Op: ir.Eq, X: g.f("dst.port"), Y: ir.Int(25)}, &ir.Content{Buf: g.f("payload"), Items: items}))
	}
	with, without := g.compile(rules...), g.compile(rules...)
	if len(with.gates) < 10 {
		t.Fatalf("%d of %d rules have a gate", len(with.gates), len(rules))
	}
	for i := range without.gates {
		without.gates[i].last, without.gates[i].mask, without.gates[i].want = anyPlace, 0, 0
	}
	if n := sameResults(t, with, without); n < 20 {
		t.Errorf("only %d different results", n)
	}
}

// sameResults judges streams that are cut anywhere with two programs, and counts the different results.
func sameResults(t *testing.T, with, without *Program) int {
	t.Helper()
	m, plain := with.NewMatcher(), without.NewMatcher()
	r := rand.New(rand.NewPCG(21, 22))
	matched := map[string]bool{}
	for round := range 20000 {
		f := flowOf(6, uint16(round), 25)
		f.ID = uint64(round)
		var carry, plainCarry []uint32
		var stream []byte
		for range 1 + r.IntN(4) {
			lo := max(0, len(stream)-[]int{4, 300, 4096}[r.IntN(3)])
			old := len(stream)
			for range r.IntN([]int{3, 12, 400}[r.IntN(3)]) {
				stream = append(stream, "ab\x00\x16\x03\x01A1"[r.IntN(8)])
			}
			e := &dissect.Env{Flow: f, Data: stream[lo:], New: old - lo, DataOff: uint64(lo), Carry: &carry}
			got := ids(m.Match(dissect.EvStreamData, e))
			e.Carry = &plainCarry
			if want := ids(plain.Match(dissect.EvStreamData, e)); got != want {
				t.Fatalf("%q, new from %d: got %s, want %s", stream[lo:], old-lo, got, want)
			}
			matched[got] = true
		}
	}
	return len(matched)
}
