package stats

import "testing"

// TestCounterAtTheEpoch: captures with broken clocks begin at 0, and steps before that are none or negative.
func TestCounterAtTheEpoch(t *testing.T) {
	c := NewCounter(12e9, 12)
	for i := range int64(6) { // more steps than are kept one by one
		c.Add(i*1e9, 1)
	}
	if got := c.Around(0, 3); got != 3 {
		t.Errorf("around 0: %v", got)
	}
	if got := c.Add(-3e9, 2); got != 8 {
		t.Errorf("with a step before the epoch: %v", got)
	}
	if got := c.Around(-3e9, 3); got != 2 {
		t.Errorf("around -3: %v", got)
	}
	if got := c.Sum(9e9); got != 6 {
		t.Errorf("the step before the epoch is past: %v", got)
	}
}
