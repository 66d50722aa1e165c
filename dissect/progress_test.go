package dissect

import "testing"

func TestSkip(t *testing.T) {
	s := Skip(10)
	if n := s.Pass(4); n != 4 || s != 6 {
		t.Errorf("passed %d, %d are left", n, s)
	}
	if !s.Gap(6) || s != 0 {
		t.Errorf("a gap of what is passed over is a loss, or %d are left", s)
	}
	if n := s.Pass(5); n != 0 {
		t.Errorf("passed %d of nothing", n)
	}
	for _, n := range []int{8, -1} {
		if s = 7; s.Gap(n) || s != 0 {
			t.Errorf("a gap of %d in 7 bytes: %d are left", n, s)
		}
	}
	if s = 3; s.Pass(100) != 3 || !s.Gap(0) {
		t.Error("what is behind is passed over, or a gap of nothing is a loss")
	}
}

func TestEnds(t *testing.T) {
	var e Ends
	for i, dir := range []Dir{ToClient, ToClient, ToServer, ToClient} {
		if got := e.Both(dir); got != (i > 1) {
			t.Errorf("step %d, %s ends: both %v", i, dir, got)
		}
	}
}
