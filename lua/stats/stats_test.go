package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestOrderStatistics(t *testing.T) {
	for _, c := range []struct {
		x              []float64
		med, mad, skew float64
	}{
		{nil, 0, 0, 0},
		{[]float64{5}, 5, 0, 0},
		{[]float64{1, 2, 3, 4, 100}, 3, 1, 0},
		{[]float64{1, 2, 3, 4}, 2.5, 1, 0},
		{[]float64{1, 1, 2, 5, 9, 13, 20}, 5, 4, 0.263},
	} {
		if m := Median(slices.Clone(c.x)); m != c.med {
			t.Errorf("median of %v: %v, want %v", c.x, m, c.med)
		}
		if m := MAD(slices.Clone(c.x)); m != c.mad {
			t.Errorf("MAD of %v: %v, want %v", c.x, m, c.mad)
		}
		if s := BowleySkew(slices.Clone(c.x)); !near(s, c.skew, 0.001) {
			t.Errorf("skew of %v: %v, want about %v", c.x, s, c.skew)
		}
	}
	if e := Entropy("abcd"); e != 2 {
		t.Errorf("entropy %v", e)
	}
}

// arrivals makes a series of n events whose gaps gap gives.
func arrivals(n int, gap func() float64, size func() float64) *Series {
	s := NewSeries(4096)
	at := 1.7e18
	for range n {
		s.Push(int64(at), size())
		at += gap() * 1e9
	}
	return s
}

// TestBeacons: what must be found, and what must not, over many seeds. Scores from 0.8 on are alerts.
func TestBeacons(t *testing.T) {
	same := func(*rand.Rand) func() float64 { return func() float64 { return 600 } }
	for _, c := range []struct {
		name  string
		n     int
		gap   func(r *rand.Rand) func() float64
		least int // of 100 seeds: found
		most  int
	}{
		{"exact", 30, func(*rand.Rand) func() float64 { return func() float64 { return 60 } }, 100, 100},
		{"20 % jitter", 40, func(r *rand.Rand) func() float64 { return func() float64 { return 60 * (0.8 + 0.4*r.Float64()) } }, 97, 100},
		{"20 % jitter, many", 500, func(r *rand.Rand) func() float64 { return func() float64 { return 60 * (0.8 + 0.4*r.Float64()) } }, 100, 100},
		{"a third of the calls missed", 100, func(r *rand.Rand) func() float64 {
			return func() float64 {
				g := 60.0
				for r.Float64() < 0.33 {
					g += 60
				}
				return g + r.Float64()
			}
		}, 60, 100},
		{"random, 20 events", 20, func(r *rand.Rand) func() float64 { return func() float64 { return 60 * r.ExpFloat64() } }, 0, 1},
		{"random, 70 events", 70, func(r *rand.Rand) func() float64 { return func() float64 { return 60 * r.ExpFloat64() } }, 0, 0},
		{"random, 1000 events", 1000, func(r *rand.Rand) func() float64 { return func() float64 { return 60 * r.ExpFloat64() } }, 0, 0},
		{"bursts", 200, func(r *rand.Rand) func() float64 {
			return func() float64 {
				if r.Float64() < 0.9 {
					return r.Float64()
				}
				return 300 * r.ExpFloat64()
			}
		}, 0, 0},
	} {
		found := 0
		for seed := range uint64(100) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := arrivals(c.n, c.gap(r), same(r))
			first, last := s.Span()
			if s.Periodicity(last-first).Score >= 0.8 {
				found++
			}
		}
		if found < c.least || found > c.most {
			t.Errorf("%s: %d of 100 found, want %d to %d", c.name, found, c.least, c.most)
		}
	}
}

func TestSeriesIsBoundedAndSorted(t *testing.T) {
	s := NewSeries(10)
	for i := range 25 {
		s.Push(int64(i^1)*1e9, float64(i))
	}
	if s.Len() != 10 || s.Total() != 25 {
		t.Fatalf("%d of %d", s.Len(), s.Total())
	}
	for _, g := range s.Gaps() {
		if g < 0 {
			t.Errorf("gap %v", g)
		}
	}
	s.Push(100e9, 1)
	if s.Len() != 10 {
		t.Error("the ring grew after sorting")
	}
	if first, last := s.Span(); last != 100e9 || first < 14e9 {
		t.Errorf("span %v %v", first, last)
	}
	s.Prune(50e9)
	if s.Len() != 1 {
		t.Errorf("%d left", s.Len())
	}
}

func TestEWMAAndCUSUM(t *testing.T) {
	e := EWMA{Alpha: 0.3, Warmup: 5}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 100 {
		x := 1000 + 50*r.NormFloat64()
		if z := e.Score(x); i >= 5 && z > 3.5 {
			t.Errorf("%v scores %v against %v", x, z, e.Mean)
		}
		e.Add(x)
	}
	if z := e.Score(1600); z < 3.5 {
		t.Errorf("a spike scores %v", z)
	}
	c := CUSUM{Drift: 0.5, Threshold: 8}
	n := 0
	for !c.Add(1) && n < 100 {
		n++
	}
	if n < 10 || n > 20 {
		t.Errorf("a shift by one deviation is found after %d", n)
	}
}

// TestTRW follows the paper: four net failures make a scanner, four net successes do not.
func TestTRW(t *testing.T) {
	for _, c := range []struct {
		outcomes string
		want     Verdict
	}{{"fff", Pending}, {"ffff", Scanner}, {"fsffff", Scanner}, {"ffs", Pending}, {"ssss", Benign}, {"sfsfsfsf", Pending}} {
		w := NewTRW(0, 0, 0, 0)
		v := Pending
		for _, o := range c.outcomes {
			v = w.Add(o == 's')
		}
		if v != c.want {
			t.Errorf("%s: %v, want %v", c.outcomes, v, c.want)
		}
	}
}

func TestCounterSlides(t *testing.T) {
	c := NewCounter(60e9, 6)
	for i := range int64(10) {
		c.Add(i*10e9, 1)
	}
	if n := c.Sum(90e9); n != 6 {
		t.Errorf("%v, want 6", n)
	}
	c.Add(60e9, 5) // late, but within the window
	if n := c.Sum(90e9); n != 11 {
		t.Errorf("%v, want 11", n)
	}
	c.Add(1e9, 5) // too late
	if n := c.Sum(100e9); n != 10 {
		t.Errorf("%v, want 10", n)
	}
	if n := c.Sum(1000e9); n != 0 {
		t.Errorf("%v, want 0", n)
	}
}

func TestDistinctSlides(t *testing.T) {
	d := NewDistinct(100e9, 50)
	for i := range int64(200) {
		n, _ := d.Add(i*1e9, []byte(fmt.Sprint("v", i%80)))
		if n > 50 {
			t.Fatalf("%d at %d", n, i)
		}
	}
	d = NewDistinct(10e9, 0)
	for i := range int64(100) {
		d.Add(i*1e9, []byte(fmt.Sprint(i)))
	}
	if n := d.Count(99e9); n != 10 {
		t.Errorf("%d, want 10", n)
	}
	for i := range int64(100) { // one value, often
		d.Add((100+i)*1e8, []byte("x"))
	}
	if len(d.queue) > 100 {
		t.Errorf("queue of %d", len(d.queue))
	}
	n := 0
	d.Values(func(string) { n++ })
	if n != len(d.last) {
		t.Errorf("%d values, %d kept", n, len(d.last))
	}
}

func TestTopK(t *testing.T) {
	top := NewTopK(5, 1024)
	r := rand.New(rand.NewPCG(1, 2))
	exact := map[string]float64{}
	for range 50000 {
		k := fmt.Sprint("k", int(r.ExpFloat64()*20))
		if r.Float64() < 0.5 {
			k = fmt.Sprint("noise", r.IntN(20000))
		}
		exact[k]++
		top.Add(k, 1)
	}
	for i, e := range top.List() {
		larger := 0
		for _, n := range exact {
			if n > exact[e.Key] {
				larger++
			}
		}
		if larger > i+1 || e.Count < exact[e.Key] || e.Count > exact[e.Key]*1.1+50 {
			t.Errorf("place %d: %v, exactly %v", i, e, exact[e.Key])
		}
	}
}

func BenchmarkPeriodicity(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	s := arrivals(1000, func() float64 { return 60 * (0.8 + 0.4*r.Float64()) }, func() float64 { return 600 })
	s.Periodicity(0)
	b.ReportAllocs()
	for range b.N {
		s.Periodicity(0)
	}
}
