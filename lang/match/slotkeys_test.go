package match

import (
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

// Literals that differ in bytes beyond ASCII are different, in any case of their letters: as text, both would be no UTF-8.
func TestBinaryLiteralsInAnyCaseAreApart(t *testing.T) {
	s := &scanSlot{byPat: map[string]uint32{}}
	for i, b := range []string{"\xffabcd", "\xfeabcd", "\xffABcd", "\xc3\x89abc", "\xc3\xa9abc"} {
		s.add(&lit{name: ir.FieldPayload, bytes: []byte(b), nocase: true}, ref{rule: uint32(i)})
	}
	s.finish()
	if n := s.set.Len(); n != 4 {
		t.Errorf("%d patterns, want 4: only the third is like another", n)
	}
}

// A rule that comes to a pattern twice hangs on it once, and rules are sorted by header.
func TestSlotSortsItsRules(t *testing.T) {
	s := &scanSlot{byPat: map[string]uint32{}}
	a, b := &lit{bytes: []byte("first")}, &lit{bytes: []byte("second")}
	for _, r := range []ref{{3, 1}, {1, 9}, {3, 1}, {1, 2}} {
		s.add(a, r)
	}
	s.add(b, ref{2, 2})
	s.add(a, ref{0, 5})
	s.finish()
	want := []ref{{0, 5}, {1, 2}, {1, 9}, {3, 1}, {2, 2}}
	if len(s.refs) != len(want) || s.first[0] != 0 || s.first[1] != 4 || s.first[2] != 5 {
		t.Fatalf("refs %v, first %v", s.refs, s.first)
	}
	for i := range want {
		if s.refs[i] != want[i] {
			t.Errorf("refs %v, want %v", s.refs, want)
			break
		}
	}
}
