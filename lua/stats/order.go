package stats

import (
	"math"
	"slices"
)

// Median gives the middle of x (the mean of the two in the middle), 0 for none. It sorts x.
func Median(x []float64) float64 {
	slices.Sort(x)
	return Quantile(x, 0.5)
}

// Quantile gives the q-quantile of sorted x by linear interpolation (type 7 of Hyndman and Fan).
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return 0
	}
	at := q * float64(len(x)-1)
	i := int(at)
	if i+1 >= len(x) {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}

// MAD is the median of the absolute deviations from the median. It sorts x.
func MAD(x []float64) float64 {
	m := Median(x)
	d := make([]float64, len(x))
	for i, v := range x {
		d[i] = math.Abs(v - m)
	}
	return Median(d)
}

// BowleySkew is the skewness by quartiles, (q1 + q3 - 2 q2) / (q3 - q1), in -1..1. It sorts x. As
// in RITA it is 0 where the quartiles tell nothing: all equal, or the median equal to one of them.
func BowleySkew(x []float64) float64 {
	slices.Sort(x)
	q1, q2, q3 := Quantile(x, 0.25), Quantile(x, 0.5), Quantile(x, 0.75)
	if q3-q1 == 0 || q2 == q1 || q2 == q3 {
		return 0
	}
	return (q1 + q3 - 2*q2) / (q3 - q1)
}

// Mean is the arithmetic mean, 0 for none.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// StdDev is the standard deviation of the whole population.
func StdDev(x []float64) float64 {
	m := Mean(x)
	sum := 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	if len(x) == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(len(x)))
}

// Entropy is the Shannon entropy of s in bits a byte, 0..8.
func Entropy(s string) float64 {
	if s == "" {
		return 0
	}
	var n [256]int
	for i := range len(s) {
		n[s[i]]++
	}
	e, total := 0.0, float64(len(s))
	for _, c := range n {
		if c > 0 {
			p := float64(c) / total
			e -= p * math.Log2(p)
		}
	}
	return e
}
