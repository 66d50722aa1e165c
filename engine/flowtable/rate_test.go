package flowtable

import (
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
)

// TestRates sends packets of 100 bytes at the given seconds, and looks for the one that makes the flow an elephant.
func TestRates(t *testing.T) {
	const start = 1_700_000_003
	for _, tt := range []struct {
		name     string
		bytes    uint64
		interval int64 // seconds
		at       []int64
		want     int // index, -1 for none
	}{
		{"at once", 300, 10, []int64{0, 0, 0, 0}, 2},
		{"within the interval", 300, 10, []int64{0, 5, 9}, 2},
		{"spread", 300, 10, []int64{0, 5, 10, 15, 20, 25}, -1},
		{"after a pause", 300, 10, []int64{0, 1, 500, 501, 502}, 4},
		{"one second", 200, 1, []int64{0, 1, 2, 3, 3}, 4},
		{"one packet", 100, 1, []int64{0}, 0},
		{"out of order", 300, 10, []int64{5, 4, 3}, 2},
		{"long interval", 300, 3200, []int64{0, 1500, 3000}, 2},
		{"long interval, spread", 300, 3200, []int64{0, 3200, 6400}, -1},
	} {
		c := RateConfig{Bytes: tt.bytes, Interval: time.Duration(tt.interval) * time.Second}
		f, got := &Flow{}, -1
		for i, at := range tt.at {
			if c.Measure(f, dissect.ToClient, (start+at)*1e9, 100) {
				got = i
			}
		}
		if got != tt.want || f.Elephant != [2]bool{false, tt.want >= 0} {
			t.Errorf("%s: packet %d, want %d; %v", tt.name, got, tt.want, f.Elephant)
		}
	}
}

// TestRatesOfBothSides: the directions are measured apart, and the flow is counted once.
func TestRatesOfBothSides(t *testing.T) {
	c := RateConfig{Bytes: 200, Interval: time.Second}
	f, n := &Flow{}, 0
	for i := range 8 {
		if c.Measure(f, dissect.Dir(i&1), 1e9, 100) {
			n++
		}
		if i == 1 && f.Elephant != [2]bool{} {
			t.Error("bytes of both sides were added up")
		}
	}
	if n != 1 || f.Elephant != [2]bool{true, true} {
		t.Errorf("counted %d times, %v", n, f.Elephant)
	}
	if a := testing.AllocsPerRun(100, func() { c.Measure(f, 0, 2e9, 1) }); a != 0 {
		t.Errorf("%v allocations a packet", a)
	}
}
