package lua

import (
	"math"

	"github.com/axiomhq/hyperloglog"
	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/lua/stats"
)

// nativeObjects give their size to the measurement of memory. Those that stores have by the ten thousand are one piece
// of memory with their value.
type (
	seriesObject struct {
		ud glua.LUserData
		s  stats.Series
	}
	counterObject struct {
		ud glua.LUserData
		c  stats.Counter
	}
	distinctObject struct {
		ud glua.LUserData
		d  stats.Distinct
	}
	hllObject  struct{ h *hyperloglog.Sketch }
	topkObject struct{ t *stats.TopK }
)

func (o *seriesObject) memory() int64   { return int64(o.s.Memory()) }
func (o *counterObject) memory() int64  { return int64(o.c.Memory()) }
func (o *distinctObject) memory() int64 { return int64(o.d.Memory()) }

// wrap makes ud the object of a class with that value, and pushes it.
func wrap(L *glua.LState, ud *glua.LUserData, className string, value any) int {
	ud.Value, ud.Metatable = value, classNamed(className).meta
	L.Push(ud)
	return 1
}
func (o *topkObject) memory() int64 { return int64(o.t.Memory()) }
func (o *hllObject) memory() int64  { return hllBytes }

// hllBytes is the size of a dense sketch of precision 14.
const hllBytes = 16 << 10

func num(L *glua.LState, x float64) int {
	L.Push(glua.LNumber(x))
	return 1
}

// timeAt reads an optional time, seconds; without one it is packet time.
func (v *vm) timeAt(L *glua.LState, n int) int64 {
	if L.Get(n) == glua.LNil {
		return v.rt.now
	}
	return nanos(float64(L.CheckNumber(n)))
}

func nidsSeries(L *glua.LState) int {
	n := L.CheckInt(1)
	if n < 4 || n > stats.MaxSeries {
		L.ArgError(1, "a series keeps from 4 to 65536 events")
	}
	o := &seriesObject{s: *stats.NewSeries(n)}
	return wrap(L, &o.ud, "Series", o)
}

// seriesMethod declares a method without arguments that gives a number.
func seriesMethod(name, doc string, f func(s *stats.Series) float64) decl {
	return decl{name: name, sig: "fun(self: Series): number", doc: doc, call: func(L *glua.LState) int {
		s := &self[*seriesObject](L, "Series").s
		vmOf(L).meter.charge(s.Len() * 2)
		return num(L, f(s))
	}}
}

func seriesClass() *class {
	return &class{name: "Series", doc: "A series of events, made by nids.series. Gaps are the times between events, in seconds.", methods: []decl{
		{name: "push", sig: "fun(self: Series, time: number, size?: number)", doc: "Adds an event; times need not come in order.", call: func(L *glua.LState) int {
			self[*seriesObject](L, "Series").s.Push(nanos(float64(L.CheckNumber(2))), float64(L.OptNumber(3, 0)))
			return 0
		}},
		seriesMethod("count", "How many events are kept.", func(s *stats.Series) float64 { return float64(s.Len()) }),
		seriesMethod("total", "How many events were pushed.", func(s *stats.Series) float64 { return float64(s.Total()) }),
		seriesMethod("span", "Seconds from the first event to the last.", func(s *stats.Series) float64 { a, b := s.Span(); return seconds(b - a) }),
		seriesMethod("median_gap", "Median of the gaps.", func(s *stats.Series) float64 { return stats.Median(s.Gaps()) }),
		seriesMethod("mad_gap", "Median absolute deviation of the gaps.", func(s *stats.Series) float64 { return stats.MAD(s.Gaps()) }),
		seriesMethod("skew_gap", "Bowley skewness of the gaps, -1..1.", func(s *stats.Series) float64 { return stats.BowleySkew(s.Gaps()) }),
		seriesMethod("median", "Median of the sizes.", func(s *stats.Series) float64 { return stats.Median(s.Values()) }),
		seriesMethod("mad", "Median absolute deviation of the sizes.", func(s *stats.Series) float64 { return stats.MAD(s.Values()) }),
		seriesMethod("skew", "Bowley skewness of the sizes.", func(s *stats.Series) float64 { return stats.BowleySkew(s.Values()) }),
		seriesMethod("mean", "Mean of the sizes.", func(s *stats.Series) float64 { return stats.Mean(s.Values()) }),
		seriesMethod("stddev", "Standard deviation of the sizes.", func(s *stats.Series) float64 { return stats.StdDev(s.Values()) }),
		{name: "gaps", sig: "fun(self: Series): number[]", doc: "The gaps in order.", call: func(L *glua.LState) int {
			return numbers(L, self[*seriesObject](L, "Series").s.Gaps())
		}},
		{name: "values", sig: "fun(self: Series): number[]", doc: "The sizes in order of time.", call: func(L *glua.LState) int {
			return numbers(L, self[*seriesObject](L, "Series").s.Values())
		}},
		{name: "histogram", sig: "fun(self: Series, bins: number): number[]", doc: "Events in so many equal parts of the span.", call: func(L *glua.LState) int {
			return numbers(L, self[*seriesObject](L, "Series").s.Histogram(L.OptInt(2, 24)))
		}},
		{name: "prune", sig: "fun(self: Series, before: number)", doc: "Forgets events before that time.", call: func(L *glua.LState) int {
			self[*seriesObject](L, "Series").s.Prune(nanos(float64(L.CheckNumber(2))))
			return 0
		}},
		{name: "clear", sig: "fun(self: Series)", doc: "Forgets all events.", call: func(L *glua.LState) int {
			self[*seriesObject](L, "Series").s.Clear()
			return 0
		}},
		{name: "periodicity", sig: "fun(self: Series, window?: string|number): number, table", doc: "Scores 0..1 how much the series looks like a beacon, with the figures: RITA's four parts (timing, sizes, histogram, duration as a share of window), the peak of the periodogram (phase), p among random arrivals, period, jitter. The score is halved where p is not below 0.01.", call: seriesPeriodicity},
	}}
}

func seriesPeriodicity(L *glua.LState) int {
	s := &self[*seriesObject](L, "Series").s
	window := int64(0)
	if L.Get(2) != glua.LNil {
		window = checkDuration(L, 2)
	}
	vmOf(L).meter.charge(s.Len()*4 + min(s.Len(), 256)*40)
	b := s.Periodicity(window)
	t := newTable()
	for _, kv := range []struct {
		k string
		x float64
	}{{"count", float64(b.Count)}, {"duration", b.Duration}, {"histogram", b.Histogram}, {"jitter", b.Jitter},
		{"median_gap", b.Gap}, {"median_size", b.Size}, {"p", b.P}, {"period", b.Period}, {"phase", b.Phase},
		{"sizes", b.Sizes}, {"timing", b.Timing}} {
		t.RawSetString(kv.k, glua.LNumber(round(kv.x)))
	}
	L.Push(glua.LNumber(round(b.Score)))
	L.Push(t)
	return 2
}

// round keeps four decimals, which is what evidence should show.
func round(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return math.Round(x*1e4) / 1e4
}

func numbers(L *glua.LState, x []float64) int {
	vmOf(L).meter.charge(len(x))
	t := L.NewTable()
	for i, n := range x {
		t.RawSetInt(i+1, glua.LNumber(n))
	}
	L.Push(t)
	return 1
}

func nidsCounter(L *glua.LState) int {
	window := checkDuration(L, 1)
	if window <= 0 {
		L.ArgError(1, "the window must be longer than 0")
	}
	o := &counterObject{c: *stats.NewCounter(window, L.OptInt(2, 0))}
	return wrap(L, &o.ud, "Counter", o)
}

func counterClass() *class {
	return &class{name: "Counter", doc: "A count over a sliding window, made by nids.counter.", methods: []decl{
		{name: "add", sig: "fun(self: Counter, n?: number, time?: number): number", doc: "Adds n (1) now, or at that time, and gives the sum over the window.", call: func(L *glua.LState) int {
			c := &self[*counterObject](L, "Counter").c
			return num(L, c.Add(vmOf(L).timeAt(L, 3), float64(L.OptNumber(2, 1))))
		}},
		{name: "sum", sig: "fun(self: Counter, time?: number): number", doc: "The sum over the window that ends now.", call: func(L *glua.LState) int {
			return num(L, self[*counterObject](L, "Counter").c.Sum(vmOf(L).timeAt(L, 2)))
		}},
		{name: "around", sig: "fun(self: Counter, time: number, steps: number): number", doc: "The largest sum of so many steps in a row (at most 60) of which one is that of time.", call: func(L *glua.LState) int {
			n := L.CheckInt(3)
			if n < 1 || n > 60 {
				L.ArgError(3, "from 1 to 60 steps")
			}
			vmOf(L).meter.charge(n * n / 8)
			return num(L, self[*counterObject](L, "Counter").c.Around(nanos(float64(L.CheckNumber(2))), n))
		}},
		{name: "clear", sig: "fun(self: Counter)", doc: "Starts anew.", call: func(L *glua.LState) int {
			self[*counterObject](L, "Counter").c.Clear()
			return 0
		}},
	}}
}

func nidsDistinct(L *glua.LState) int {
	window := int64(0)
	if L.Get(1) != glua.LNil {
		window = checkDuration(L, 1)
	}
	n := L.OptInt(2, 0)
	if n < 0 || n > stats.MaxDistinct {
		L.ArgError(2, "at most 65536 values; nids.hll estimates more")
	}
	o := &distinctObject{d: *stats.NewDistinct(window, n)}
	return wrap(L, &o.ud, "Distinct", o)
}

func distinctClass() *class {
	return &class{name: "Distinct", doc: "Counts different values over a sliding window, made by nids.distinct.", methods: []decl{
		{name: "add", sig: "fun(self: Distinct, value: string|number|boolean, time?: number): number, boolean", doc: "Notes a value; gives how many there are, and whether it is new.", call: func(L *glua.LState) int {
			d, v := &self[*distinctObject](L, "Distinct").d, vmOf(L)
			b := v.keyOf(L, v.buf[:0], nil, 2, 2)
			v.keepBuf(b)
			n, fresh := d.Add(v.timeAt(L, 3), b)
			L.Push(v.number(0, int64(n), true))
			L.Push(glua.LBool(fresh))
			return 2
		}},
		{name: "has", sig: "fun(self: Distinct, value: string|number|boolean): boolean", doc: "Tells whether a value is there.", call: func(L *glua.LState) int {
			d, v := &self[*distinctObject](L, "Distinct").d, vmOf(L)
			b := v.keyOf(L, v.buf[:0], nil, 2, 2)
			v.keepBuf(b)
			L.Push(glua.LBool(d.Has(v.rt.now, b)))
			return 1
		}},
		{name: "count", sig: "fun(self: Distinct, time?: number): number", doc: "How many values there are.", call: func(L *glua.LState) int {
			return num(L, float64(self[*distinctObject](L, "Distinct").d.Count(vmOf(L).timeAt(L, 2))))
		}},
		{name: "values", sig: "fun(self: Distinct, most?: number): any[]", doc: "The values, at most so many (100).", call: func(L *glua.LState) int {
			t, most := L.NewTable(), L.OptInt(2, 100)
			self[*distinctObject](L, "Distinct").d.Values(func(key string) {
				if parts := decodeKey(key); t.Len() < most && len(parts) == 1 {
					t.Append(parts[0])
				}
			})
			L.Push(t)
			return 1
		}},
		{name: "clear", sig: "fun(self: Distinct)", doc: "Starts anew.", call: func(L *glua.LState) int {
			self[*distinctObject](L, "Distinct").d.Clear()
			return 0
		}},
	}}
}

func nidsHLL(L *glua.LState) int {
	L.Push(object("HyperLogLog", &hllObject{hyperloglog.New14()}))
	return 1
}

func hllClass() *class {
	return &class{name: "HyperLogLog", doc: "Estimates the number of different values, made by nids.hll.", methods: []decl{
		{name: "add", sig: "fun(self: HyperLogLog, value: string|number|boolean)", doc: "Notes a value.", call: func(L *glua.LState) int {
			h, v := self[*hllObject](L, "HyperLogLog").h, vmOf(L)
			b := v.keyOf(L, v.buf[:0], nil, 2, 2)
			v.keepBuf(b)
			h.Insert(b)
			return 0
		}},
		{name: "count", sig: "fun(self: HyperLogLog): number", doc: "The estimate.", call: func(L *glua.LState) int {
			vmOf(L).meter.charge(256)
			return num(L, float64(self[*hllObject](L, "HyperLogLog").h.Estimate()))
		}},
		{name: "clear", sig: "fun(self: HyperLogLog)", doc: "Starts anew.", call: func(L *glua.LState) int {
			self[*hllObject](L, "HyperLogLog").h = hyperloglog.New14()
			return 0
		}},
	}}
}

func nidsTopK(L *glua.LState) int {
	k, width := L.CheckInt(1), L.OptInt(2, 0)
	if k < 1 || k > stats.MaxTopK {
		L.ArgError(1, "from 1 to 4096")
	}
	vmOf(L).meter.charge(1000)
	L.Push(object("TopK", &topkObject{stats.NewTopK(k, width)}))
	return 1
}

func topkClass() *class {
	return &class{name: "TopK", doc: "The values with the largest counts, made by nids.topk. Counts are estimates, never too low.", methods: []decl{
		{name: "add", sig: "fun(self: TopK, value: string, n?: number): number", doc: "Adds n (1) to a value and gives its count.", call: func(L *glua.LState) int {
			return num(L, self[*topkObject](L, "TopK").t.Add(L.CheckString(2), float64(L.OptNumber(3, 1))))
		}},
		{name: "count", sig: "fun(self: TopK, value: string): number", doc: "The count of a value.", call: func(L *glua.LState) int {
			return num(L, self[*topkObject](L, "TopK").t.Count(L.CheckString(2)))
		}},
		{name: "list", sig: "fun(self: TopK): { key: string, count: number }[]", doc: "The largest, the largest first.", call: func(L *glua.LState) int {
			t := L.NewTable()
			for _, e := range self[*topkObject](L, "TopK").t.List() {
				t.Append(toLua([]KV{{"key", e.Key}, {"count", e.Count}}))
			}
			L.Push(t)
			return 1
		}},
	}}
}
