package stats

// Spike watches a rate that is told in steps, those without anything left out: it finds what is far above the baseline
// (EWMA), and what has moved up by little but for long (CUSUM).
type Spike struct {
	Rate EWMA
	Ramp CUSUM
	last int64 // the step that was told last, 0 for none
}

// SpikeVerdict is what a step came to.
type SpikeVerdict struct {
	Alarm    bool
	Baseline float64 // before the step
	Sigma    float64 // standard deviations above it
	Ramp     bool
}

// rampMost is what one step may add to the sum for slow ramps, standard deviations: a single peak is no ramp.
const rampMost = 4

// Add takes the rate of a step, numbered from 1 on. It alarms from floor and sigma deviations on, or for a ramp; while it alarms
// the baseline stays as it is, lest it learn the attack.
func (s *Spike) Add(step int64, rate, floor, sigma float64) SpikeVerdict {
	if missed := step - s.last - 1; s.last != 0 && missed > 0 {
		s.Ramp.Add(float64(-missed))                          // at least the drift for each
		for range min(missed, int64(max(s.Rate.Warmup, 0))) { // what was before them weighs next to nothing
			s.Rate.Add(0)
		}
	}
	s.last = step
	v := SpikeVerdict{Sigma: s.Rate.Score(rate), Baseline: s.Rate.Mean}
	v.Ramp = s.Ramp.Add(min(v.Sigma, rampMost))
	v.Alarm = rate >= floor && (v.Sigma >= sigma || v.Ramp)
	if !v.Alarm {
		s.Rate.Add(rate)
	}
	return v
}
