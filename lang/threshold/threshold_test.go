package threshold

import (
	"fmt"
	"strings"
	"testing"
)

// run gives for each time (seconds) whether it alerted: "." or "!".
func run(s Spec, times ...float64) string {
	t := New(0)
	var b strings.Builder
	for _, at := range times {
		if t.Match(&s, []byte("k"), nil, int64(at*1e9)) {
			b.WriteByte('!')
		} else {
			b.WriteByte('.')
		}
	}
	return b.String()
}

func TestKinds(t *testing.T) {
	times := []float64{0, 1, 2, 3, 4, 11, 12, 13}
	for _, tt := range []struct {
		kind  Kind
		fixed bool
		want  string
	}{
		{Limit, true, "!!...!!."},
		{Every, true, ".!.!..!."},
		{Both, true, ".!....!."},
		{Detection, true, "..!!!..!"},
		{Limit, false, "!!...!!."},
		{Every, false, ".!.!.!.!"},
		{Count, false, ".!.!.!.!"},
		{Both, false, ".!...!.."},
		{Detection, false, "..!!!!!!"},
	} {
		s := Spec{Kind: tt.kind, Count: 2, Window: 9e9, Fixed: tt.fixed}
		if tt.fixed {
			s.Window = 8e9
		}
		if got := run(s, times...); got != tt.want {
			t.Errorf("kind %d fixed %v: got %s, want %s", tt.kind, tt.fixed, got, tt.want)
		}
	}
}

func TestWindowSlides(t *testing.T) {
	// Three within ten seconds, across the border of any fixed grid or first-match window.
	if got := run(Spec{Kind: Count, Count: 3, Window: 10e9}, 0, 8, 9, 11); got != "..!." {
		t.Errorf("got %s", got)
	}
	if got := run(Spec{Kind: Count, Count: 3, Window: 10e9}, 0, 8, 12, 13); got != "...!" {
		t.Errorf("got %s", got)
	}
	if got := run(Spec{Kind: Count, Count: 3, Window: 10e9, Fixed: true}, 0, 8, 12, 13); got != "...." {
		t.Errorf("fixed: got %s", got)
	}
}

func TestRate(t *testing.T) {
	s := Spec{Kind: Rate, Count: 2, Window: 10e9, Timeout: 20e9}
	// The third within ten seconds switches it on, for twenty seconds however often it matches; then it counts anew.
	if got := run(s, 0, 8, 12, 13, 14, 20, 33, 34, 35, 36, 50); got != "....!!!!..." {
		t.Errorf("got %s", got)
	}
	s.Timeout = 0
	if got := run(s, 0, 1, 2, 1000); got != "..!!" {
		t.Errorf("without end: got %s", got)
	}
}

func TestDistinct(t *testing.T) {
	tb := New(0)
	s := Spec{Kind: Count, Count: 3, Window: 10e9, Distinct: true}
	got := ""
	for i, v := range strings.Split("a a b a c d e f", " ") {
		got += fmt.Sprint(tb.Match(&s, []byte("k"), []byte(v), int64(i)*1e9), " ")
	}
	if want := "false false false false true false false true "; got != want {
		t.Errorf("got %s", got)
	}
	// Values that are too old do not count.
	tb = New(0)
	for i, v := range []string{"a", "b", "c"} {
		if tb.Match(&s, []byte("k"), []byte(v), int64(i)*6e9) {
			t.Errorf("%s alerted", v)
		}
	}
}

func TestKeysAreCapped(t *testing.T) {
	tb := New(3)
	s := Spec{Kind: Limit, Count: 1, Window: 1e12}
	for i := range 5 {
		if !tb.Match(&s, fmt.Appendf(nil, "k%d", i), nil, int64(i)) {
			t.Errorf("k%d did not alert", i)
		}
	}
	if st := tb.Stats(); st.Keys != 3 || st.Evicted != 2 {
		t.Errorf("%+v", st)
	}
	if tb.Match(&s, []byte("k4"), nil, 9) || !tb.Match(&s, []byte("k0"), nil, 9) {
		t.Error("the newest key was forgotten, or the oldest was not")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	tb := New(100)
	s := Spec{Kind: Count, Count: 5, Window: 10e9}
	key := []byte("r1\x00some key")
	now := int64(0)
	tb.Match(&s, key, nil, now)
	for range 10 {
		tb.Match(&s, key, nil, now)
	}
	if n := testing.AllocsPerRun(100, func() { now += 1e8; tb.Match(&s, key, nil, now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
