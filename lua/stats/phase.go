package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// The periodogram is taken of the gaps, not of the times: a beacon that waits 60 s ± 20 % after each
// call loses the phase of a clock after a few calls, but its gaps keep to multiples of the period.
// For a period T it is |sum of exp(2 pi i gap/T)| / n over the gaps of at least T/2: shorter ones, as
// in bursts, count against it. Missed calls (gaps of 2 T, 3 T) do not.

const (
	maxPhaseGaps = 256 // the latest gaps are looked at
	phaseSteps   = 72  // periods from 0.25 to 1.25 of the mean gap
	shuffles     = 100
	minPhaseGaps = 19 // 20 events
	// minDuty is the share of its periods in which a beacon calls at least.
	minDuty = 0.2
)

// phaseTest gives the height of the highest peak, its period, and p: the share of random
// arrivals (events permuted over the time slots of the span) with a peak as high.
func phaseTest(gaps []float64) (peak, period, p float64) {
	if len(gaps) > maxPhaseGaps {
		gaps = gaps[len(gaps)-maxPhaseGaps:]
	}
	peak, period = highest(gaps)
	if len(gaps) < minPhaseGaps {
		return peak, period, 1
	}
	null := nullPeaks(len(gaps))
	n, _ := slices.BinarySearch(null, peak)
	return peak, period, float64(1+len(null)-n) / float64(1+len(null))
}

// highest scans periods from a quarter of the mean gap to 1.25 times it, and around the median.
func highest(gaps []float64) (peak, period float64) {
	base := Mean(gaps)
	total := base * float64(len(gaps))
	med := Median(slices.Clone(gaps))
	for i := range phaseSteps {
		t := base * (0.25 + float64(i)/float64(phaseSteps-1))
		if h := height(gaps, t, total); h > peak {
			peak, period = h, t
		}
	}
	for i := range 9 { // gaps in some bursts pull the mean away
		t := med * (0.9 + 0.025*float64(i))
		if h := height(gaps, t, total); h > peak {
			peak, period = h, t
		}
	}
	return peak, period
}

// height is the periodogram at period t, less where the events are far fewer than the span has periods: gaps
// that are alike within bursts make no beacon.
func height(gaps []float64, t, total float64) float64 {
	if t <= 0 {
		return 0
	}
	re, im := 0.0, 0.0
	for _, g := range gaps {
		if g < t/2 {
			continue
		}
		s, c := math.Sincos(2 * math.Pi * g / t)
		re += c
		im += s
	}
	n := float64(len(gaps))
	return math.Hypot(re, im) / n * min(1, n*t/total/minDuty)
}

// nullPeaks gives the sorted peaks of random arrivals, by number of gaps: they depend on nothing else, since all
// periods are relative to the mean gap. Numbers are rounded down, which makes the test stricter.
func nullPeaks(n int) []float64 {
	for _, row := range nullTable {
		if n >= row.gaps {
			return row.peaks[:]
		}
	}
	return nullTable[len(nullTable)-1].peaks[:]
}

// nullSizes are the numbers of gaps that the table has.
var nullSizes = [...]int{256, 192, 128, 96, 64, 48, 36, 28, 23, minPhaseGaps}

// makeNull computes a row of the table.
func makeNull(n int) (peaks [shuffles]float64) {
	rng := rand.New(rand.NewPCG(uint64(n), 0x62656163))
	at, gaps := make([]float64, n+1), make([]float64, n)
	for i := range peaks {
		for j := range at {
			at[j] = rng.Float64()
		}
		slices.Sort(at)
		for j := range gaps {
			gaps[j] = at[j+1] - at[j]
		}
		peaks[i], _ = highest(gaps)
	}
	slices.Sort(peaks[:])
	return peaks
}
