package stats

import (
	"cmp"
	"math"
	"slices"
)

// Series is a bounded series of events: a time and a size each. The oldest go first.
type Series struct {
	max   int
	at    []point
	next  int // where the oldest is once the ring is full
	total uint64
	work  []float64
}

type point struct {
	t int64
	v float64
}

// MaxSeries is the largest capacity of a Series.
const MaxSeries = 1 << 16

// NewSeries makes a series of at most n events.
func NewSeries(n int) *Series { return &Series{max: min(max(n, 4), MaxSeries)} }

// Push adds an event. Times need not come in order.
func (s *Series) Push(t int64, v float64) {
	s.total++
	if len(s.at) < s.max {
		s.at = append(s.at, point{t, v})
		return
	}
	s.at[s.next] = point{t, v}
	s.next = (s.next + 1) % s.max
}

// Len is how many events are kept.
func (s *Series) Len() int { return len(s.at) }

// Total is how many were pushed.
func (s *Series) Total() uint64 { return s.total }

// Memory is what the series takes, bytes.
func (s *Series) Memory() int { return 96 + 16*cap(s.at) + 8*cap(s.work) }

// Clear forgets all events.
func (s *Series) Clear() { s.at, s.next, s.total = s.at[:0], 0, 0 }

// sort puts the events in order of time.
func (s *Series) sort() {
	if s.next != 0 || !slices.IsSortedFunc(s.at, byTime) {
		slices.SortStableFunc(s.at, byTime)
		s.next = 0
	}
}

func byTime(a, b point) int { return cmp.Compare(a.t, b.t) }

// Prune forgets events before t.
func (s *Series) Prune(t int64) {
	s.sort()
	i := 0
	for i < len(s.at) && s.at[i].t < t {
		i++
	}
	s.at = append(s.at[:0], s.at[i:]...)
}

// Span gives the first and last time.
func (s *Series) Span() (first, last int64) {
	if len(s.at) == 0 {
		return 0, 0
	}
	s.sort()
	return s.at[0].t, s.at[len(s.at)-1].t
}

// Gaps gives the times between events in seconds, in order, in a slice that the next call reuses.
func (s *Series) Gaps() []float64 {
	s.sort()
	s.work = s.work[:0]
	for i := 1; i < len(s.at); i++ {
		s.work = append(s.work, float64(s.at[i].t-s.at[i-1].t)/1e9)
	}
	return s.work
}

// Values gives the sizes in order of time, in a slice that the next call reuses.
func (s *Series) Values() []float64 {
	s.sort()
	s.work = s.work[:0]
	for _, p := range s.at {
		s.work = append(s.work, p.v)
	}
	return s.work
}

// Histogram counts the events in n bins of equal width from the first time to the last.
func (s *Series) Histogram(n int) []float64 {
	bins := make([]float64, min(max(n, 1), 1024))
	first, last := s.Span()
	if last <= first {
		bins[0] = float64(len(s.at))
		return bins
	}
	width := float64(last-first) / float64(len(bins))
	for _, p := range s.at {
		bins[min(int(float64(p.t-first)/width), len(bins)-1)]++
	}
	return bins
}

// Beacon is how much a series looks like a beacon, with the figures that say so. Scores are 0..1.
type Beacon struct {
	Score     float64
	Timing    float64 // regularity of the gaps: RITA's timestamp score
	Sizes     float64 // regularity of the sizes
	Histogram float64 // evenness over the span
	Duration  float64 // share of the window, or of 12 hours without a break
	// Phase is the height of the periodogram's peak: 1 when all gaps are multiples of Period.
	Phase  float64
	P      float64 // of that peak among events that come at random
	Period float64 // seconds
	Count  int
	Gap    float64 // median, seconds
	Jitter float64 // MAD of the gaps over their median
	Size   float64 // median
}

// Periodicity scores the series as RITA v5 does (mean of four parts, see
// https://github.com/activecm/rita), and asks of it, since random arrivals of equal size score 0.85 there, that its
// periodogram has a peak that random arrivals do not have (as BAYWATCH: Hu et al., DSN 2016): the score
// is halved where p is not below 0.01, and shrinks with a peak below fullPhase. window (nanoseconds) is
// what was watched.
func (s *Series) Periodicity(window int64) Beacon {
	b := Beacon{Count: len(s.at), P: 1}
	gaps := nonZero(s.Gaps())
	if len(gaps) < 3 {
		return b
	}
	b.Phase, b.Period, b.P = phaseTest(gaps)
	b.Timing = regularity(gaps)
	b.Gap, b.Jitter = Median(gaps), 0
	if b.Gap > 0 {
		b.Jitter = MAD(gaps) / b.Gap
	}
	sizes := s.Values()
	b.Sizes = regularity(sizes)
	b.Size = Median(sizes)
	b.Histogram = evenness(s.Histogram(histogramBins))
	b.Duration = s.coverage(window)
	b.Score = (b.Timing + b.Sizes + b.Histogram + b.Duration) / 4 * min(1, b.Phase/fullPhase)
	if b.P >= 0.01 {
		b.Score /= 2
	}
	return b
}

const (
	histogramBins = 24
	// fullPhase is the peak of a beacon with a jitter of about 25 %.
	fullPhase = 0.6
)

func nonZero(x []float64) []float64 {
	out := x[:0]
	for _, v := range x {
		if v > 0 {
			out = append(out, v)
		}
	}
	return out
}

// regularity is RITA's score of gaps or sizes. It sorts x.
func regularity(x []float64) float64 {
	skew, med := BowleySkew(x), Median(x)
	mad := 0.0
	if med > 0 {
		mad = max(0, (med-MAD(x))/med)
	}
	return (1 - math.Abs(skew) + mad) / 2
}

// evenness is the larger of 1 - sigma/mu of the bins, and of a fit with two heights, for beacons that
// sleep at times.
func evenness(bins []float64) float64 {
	score := 0.0
	if mu := Mean(bins); mu > 0 {
		score = max(0, 1-StdDev(bins)/mu)
	}
	return max(score, bimodal(bins))
}

// minBars is how many bins must not be empty for the fit with two heights.
const minBars = 11

// bimodal is the share of the non-empty bins that have one of the two commonest heights.
func bimodal(bins []float64) float64 {
	top := slices.Max(bins)
	bars := 0
	counts := map[int]int{}
	for _, h := range bins {
		if h > 0 {
			bars++
			counts[int(h/max(top*0.05, 1))]++
		}
	}
	if bars < minBars {
		return 0
	}
	first, second := 0, 0
	for _, n := range counts {
		if n > first {
			first, second = n, first
		} else if n > second {
			second = n
		}
	}
	return float64(first+second) / float64(bars)
}

// coverage is the larger of span over window, and the longest run of hours with events over twelve.
func (s *Series) coverage(window int64) float64 {
	first, last := s.Span()
	score := 1.0
	if window > 0 {
		score = min(1, float64(last-first)/float64(window))
	}
	run, longest, prev := 0, 0, int64(-2)
	for _, p := range s.at {
		switch h := p.t / 3600e9; {
		case h == prev:
			continue
		case h == prev+1:
			run++
			prev = h
		default:
			run, prev = 1, h
		}
		longest = max(longest, run)
	}
	return max(score, min(1, float64(longest)/12))
}
