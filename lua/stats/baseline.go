package stats

import "math"

// EWMA is an exponentially weighted mean with its variance: a baseline that forgets.
type EWMA struct {
	Alpha  float64 // weight of the newest value, 0..1
	Warmup int     // values before Score says anything
	N      int
	Mean   float64
	Var    float64
}

// Score tells how many standard deviations x is above the baseline; 0 during warm-up. The deviation is
// taken to be at least a tenth of the mean, and at least 1: a flat baseline is no reason to alarm at a ripple.
func (e *EWMA) Score(x float64) float64 {
	if e.N < e.Warmup {
		return 0
	}
	return (x - e.Mean) / e.deviation()
}

func (e *EWMA) deviation() float64 {
	return max(math.Sqrt(e.Var), math.Abs(e.Mean)/10, 1)
}

// Add takes a value into the baseline (West 1979, with exponential weights).
func (e *EWMA) Add(x float64) {
	e.N++
	if e.N == 1 {
		e.Mean = x
		return
	}
	a := max(e.Alpha, 1/float64(e.N)) // a plain mean at first
	d := x - e.Mean
	e.Mean += a * d
	e.Var = (1 - a) * (e.Var + a*d*d)
}

// CUSUM finds a mean that has moved up by little but for long (Page 1954), on values in standard deviations.
type CUSUM struct {
	Drift     float64 // what is allowed, standard deviations: half of the shift to be found
	Threshold float64
	Sum       float64
}

// Add takes a deviation and tells whether the sum is past the threshold.
func (c *CUSUM) Add(z float64) bool {
	c.Sum = max(0, c.Sum+z-c.Drift)
	return c.Sum > c.Threshold
}

// TRW is threshold random walk (Jung, Paxson, Berger, Balakrishnan, IEEE S&P 2004): a sequential test
// whether a source that contacts hosts for the first time is a scanner.
type TRW struct {
	Theta0, Theta1 float64 // probability of success for benign sources, and for scanners
	PD, PF         float64 // wanted probabilities of detection and of false alarms
	ratio          float64 // logarithm of the likelihood ratio
	N              int
	Failures       int
}

// NewTRW makes a walk; zeros mean the paper's 0.8, 0.2, 0.99 and 0.01.
func NewTRW(theta0, theta1, pd, pf float64) *TRW {
	or := func(x, d float64) float64 {
		if x <= 0 || x >= 1 {
			return d
		}
		return x
	}
	return &TRW{Theta0: or(theta0, 0.8), Theta1: or(theta1, 0.2), PD: or(pd, 0.99), PF: or(pf, 0.01)}
}

// Verdict is what a sequential test says so far.
type Verdict int8

// The verdicts.
const (
	Pending Verdict = iota
	Scanner
	Benign
)

// String names the verdict.
func (v Verdict) String() string { return [...]string{"pending", "scanner", "benign"}[v] }

// Add takes the outcome of a first contact. After a verdict of Benign the walk begins anew.
func (t *TRW) Add(success bool) Verdict {
	t.N++
	if success {
		t.ratio += math.Log(t.Theta1 / t.Theta0)
	} else {
		t.Failures++
		t.ratio += math.Log((1 - t.Theta1) / (1 - t.Theta0))
	}
	switch {
	case t.ratio >= math.Log(t.PD/t.PF)-1e-9:
		return Scanner
	case t.ratio <= math.Log((1-t.PD)/(1-t.PF))+1e-9:
		t.ratio, t.N, t.Failures = 0, 0, 0
		return Benign
	}
	return Pending
}

// Ratio is the likelihood ratio: above PD/PF it is a scanner.
func (t *TRW) Ratio() float64 { return math.Exp(t.ratio) }
