package stats

import (
	"cmp"
	"math/bits"
	"slices"
)

// TopK finds the values with the largest counts among any number of values: a count-min sketch
// (Cormode, Muthukrishnan 2005) with conservative update, and a list of the k largest.
type TopK struct {
	k     int
	width uint64
	rows  [4][]float64
	top   map[string]float64
	least float64 // of top, once it is full
	bytes int
}

// Entry is a value with its estimated count, never too low.
type Entry struct {
	Key   string
	Count float64
}

// Bounds of a TopK.
const (
	MaxTopK  = 4096
	maxWidth = 1 << 16
)

// NewTopK makes a sketch for the k largest, with rows of width counters; 0: 2048.
func NewTopK(k, width int) *TopK {
	k = min(max(k, 1), MaxTopK)
	if width <= 0 {
		width = 2048
	}
	t := &TopK{k: k, width: uint64(min(max(width, 16), maxWidth)), top: make(map[string]float64, k)}
	for i := range t.rows {
		t.rows[i] = make([]float64, t.width)
	}
	return t
}

// Add counts n of a value and gives its estimated count.
func (t *TopK) Add(key string, n float64) float64 {
	h := hash(key)
	est := t.estimate(h) + n
	for i := range t.rows {
		c := &t.rows[i][t.slot(h, i)]
		*c = max(*c, est)
	}
	t.keep(key, est)
	return est
}

// Count gives the estimated count of a value.
func (t *TopK) Count(key string) float64 { return t.estimate(hash(key)) }

func (t *TopK) estimate(h uint64) float64 {
	est := t.rows[0][t.slot(h, 0)]
	for i := 1; i < len(t.rows); i++ {
		est = min(est, t.rows[i][t.slot(h, i)])
	}
	return est
}

func (t *TopK) slot(h uint64, row int) uint64 {
	h += uint64(row) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	hi, _ := bits.Mul64(h*0xbf58476d1ce4e5b9, t.width)
	return hi
}

func (t *TopK) keep(key string, est float64) {
	if _, ok := t.top[key]; ok {
		t.top[key] = est
		return
	}
	if len(t.top) >= t.k {
		if est <= t.least {
			return
		}
		t.dropLeast()
	}
	t.top[key] = est
	t.bytes += len(key)
}

func (t *TopK) dropLeast() {
	all := t.List()
	last := all[len(all)-1]
	delete(t.top, last.Key)
	t.bytes -= len(last.Key)
	t.least = last.Count
}

// List gives the largest, the largest first.
func (t *TopK) List() []Entry {
	out := make([]Entry, 0, len(t.top))
	for k, n := range t.top {
		out = append(out, Entry{k, n})
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if c := cmp.Compare(b.Count, a.Count); c != 0 {
			return c
		}
		return cmp.Compare(a.Key, b.Key)
	})
	return out
}

// Memory is what the sketch takes, bytes.
func (t *TopK) Memory() int { return 128 + 4*8*int(t.width) + t.bytes + 48*len(t.top) }

// hash is FNV-1a, with a finish that spreads the high bits.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
