package aged

import (
	"fmt"
	"testing"
)

type item struct {
	Links[item]
	name string
}

// order reads a list both ways; the two must agree.
func order(t *testing.T, l *List[item, *item]) (s string) {
	t.Helper()
	var back string
	for x := l.Oldest(); x != nil; x = x.Newer() {
		s += x.name
	}
	for x := l.Newest(); x != nil; x = x.Older() {
		back = x.name + back
	}
	if s != back {
		t.Errorf("%q from the old end, %q from the new", s, back)
	}
	return s
}

func TestOrder(t *testing.T) {
	var l List[item, *item]
	a, b, c := &item{name: "a"}, &item{name: "b"}, &item{name: "c"}
	for i, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, ""},
		{func() { l.Add(a) }, "a"},
		{func() { l.Touch(a) }, "a"},
		{func() { l.Add(b); l.Add(c) }, "abc"},
		{func() { l.Touch(a) }, "bca"},
		{func() { l.Touch(c) }, "bac"},
		{func() { l.Remove(a) }, "bc"},
		{func() { l.Remove(b) }, "c"},
		{func() { l.Remove(c) }, ""},
		{func() { l.Add(b) }, "b"},
	} {
		step.do()
		if got := order(t, &l); got != step.want {
			t.Errorf("after step %d: %q, want %q", i, got, step.want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var l List[item, *item]
	items := make([]item, 100)
	for i := range items {
		items[i].name = fmt.Sprint(i)
		l.Add(&items[i])
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() { l.Touch(&items[i%100]); i += 7 }); n != 0 {
		t.Errorf("%v allocations a touch", n)
	}
}
