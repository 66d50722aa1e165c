package lua

import (
	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/lua/stats"
)

func statsSection() section {
	return section{name: "Statistics", doc: "Baselines and sequential tests.", funcs: []decl{
		{name: "ewma", sig: "fun(options?: { alpha: number, warmup: number }): EWMA", call: nidsEWMA,
			doc:     "A baseline that forgets: exponentially weighted mean and deviation. alpha (0.3) is the weight of the newest value; during warmup (10 values) scores are 0.",
			example: "local e = nids.ewma { warmup = 3 }\nfor i = 1, 10 do e:add(100) end\ne:score(150) --> 5"},
		{name: "cusum", sig: "fun(options?: { drift: number, threshold: number }): CUSUM", call: nidsCUSUM,
			doc:     "Finds a mean that has moved up by little but for long (Page 1954), on deviations in standard deviations. drift (0.5) is what is allowed, threshold (8) what the sum may reach.",
			example: "local c = nids.cusum { threshold = 2 }\nc:add(1.5) --> false\nc:add(1.5) --> false\nc:add(1.5) --> true"},
		{name: "trw", sig: "fun(options?: { theta0: number, theta1: number, pd: number, pf: number }): TRW", call: nidsTRW,
			doc:     "Threshold random walk (Jung et al. 2004): whether a source that contacts hosts for the first time scans. theta0 (0.8) and theta1 (0.2) are the probabilities of success for benign sources and scanners, pd (0.99) and pf (0.01) the wanted rates.",
			example: "local t = nids.trw()\nfor i = 1, 3 do t:add(false) end\nt:add(false) --> \"scanner\""},
		{name: "entropy", sig: "fun(text: string): number", call: func(L *glua.LState) int {
			s := L.CheckString(1)
			vmOf(L).meter.charge(len(s) >> 3)
			return num(L, stats.Entropy(s))
		}, doc: "Shannon entropy, bits a byte, 0..8.", example: "nids.entropy(\"aabb\") --> 1"},
		{name: "median", sig: "fun(list: number[]): number", call: listFunc(stats.Median), doc: "Median of a list of numbers.", example: "nids.median({ 3, 1, 2 }) --> 2"},
		{name: "mad", sig: "fun(list: number[]): number", call: listFunc(stats.MAD), doc: "Median absolute deviation; 1.4826 times it estimates a standard deviation.", example: "nids.mad({ 1, 2, 3, 4, 100 }) --> 1"},
		{name: "mean", sig: "fun(list: number[]): number", call: listFunc(stats.Mean), doc: "Mean of a list of numbers.", example: "nids.mean({ 1, 2, 6 }) --> 3"},
		{name: "stddev", sig: "fun(list: number[]): number", call: listFunc(stats.StdDev), doc: "Standard deviation of a list of numbers.", example: "nids.stddev({ 2, 4 }) --> 1"},
	}}
}

func listFunc(f func([]float64) float64) glua.LGFunction {
	return func(L *glua.LState) int {
		t := L.CheckTable(1)
		n := t.Len()
		vmOf(L).meter.charge(n)
		x := make([]float64, 0, n)
		for i := 1; i <= n; i++ {
			if v, ok := t.RawGetInt(i).(glua.LNumber); ok {
				x = append(x, float64(v))
			}
		}
		return num(L, f(x))
	}
}

// shares checks that an option is a probability or weight.
func (o *options) share(name string, def float64) float64 {
	x := o.number(name, def)
	if x <= 0 || x >= 1 {
		o.L.RaiseError("%s: %s must be between 0 and 1, not %g", o.what, name, x)
	}
	return x
}

func nidsEWMA(L *glua.LState) int {
	o := optionsAt(L, 1, "nids.ewma")
	L.Push(object("EWMA", &stats.EWMA{Alpha: o.share("alpha", 0.3), Warmup: int(o.number("warmup", 10))}))
	return 1
}

func ewmaClass() *class {
	return &class{name: "EWMA", doc: "A baseline that forgets, made by nids.ewma.", methods: []decl{
		{name: "add", sig: "fun(self: EWMA, x: number)", doc: "Takes a value into the baseline. Leave values out while alarming, or the baseline learns the attack.", call: func(L *glua.LState) int {
			self[*stats.EWMA](L, "EWMA").Add(float64(L.CheckNumber(2)))
			return 0
		}},
		{name: "score", sig: "fun(self: EWMA, x: number): number", doc: "How many standard deviations x is above the baseline. The deviation is taken to be at least a tenth of the mean.", call: func(L *glua.LState) int {
			return num(L, self[*stats.EWMA](L, "EWMA").Score(float64(L.CheckNumber(2))))
		}},
		{name: "mean", sig: "fun(self: EWMA): number", doc: "The mean.", call: func(L *glua.LState) int { return num(L, self[*stats.EWMA](L, "EWMA").Mean) }},
		{name: "count", sig: "fun(self: EWMA): number", doc: "How many values were taken.", call: func(L *glua.LState) int { return num(L, float64(self[*stats.EWMA](L, "EWMA").N)) }},
	}}
}

func nidsCUSUM(L *glua.LState) int {
	o := optionsAt(L, 1, "nids.cusum")
	L.Push(object("CUSUM", &stats.CUSUM{Drift: o.number("drift", 0.5), Threshold: o.number("threshold", 8)}))
	return 1
}

func cusumClass() *class {
	return &class{name: "CUSUM", doc: "A cumulated sum, made by nids.cusum.", methods: []decl{
		{name: "add", sig: "fun(self: CUSUM, z: number): boolean", doc: "Takes a deviation, in standard deviations; true once the sum is past the threshold.", call: func(L *glua.LState) int {
			L.Push(glua.LBool(self[*stats.CUSUM](L, "CUSUM").Add(float64(L.CheckNumber(2)))))
			return 1
		}},
		{name: "sum", sig: "fun(self: CUSUM): number", doc: "The sum.", call: func(L *glua.LState) int { return num(L, self[*stats.CUSUM](L, "CUSUM").Sum) }},
		{name: "reset", sig: "fun(self: CUSUM)", doc: "Starts anew.", call: func(L *glua.LState) int { self[*stats.CUSUM](L, "CUSUM").Sum = 0; return 0 }},
	}}
}

func nidsTRW(L *glua.LState) int {
	o := optionsAt(L, 1, "nids.trw")
	t0, t1 := o.share("theta0", 0.8), o.share("theta1", 0.2)
	if t1 >= t0 {
		L.RaiseError("nids.trw: theta1 must be below theta0")
	}
	L.Push(object("TRW", stats.NewTRW(t0, t1, o.share("pd", 0.99), o.share("pf", 0.01))))
	return 1
}

func trwClass() *class {
	return &class{name: "TRW", doc: "A threshold random walk, made by nids.trw.", methods: []decl{
		{name: "add", sig: "fun(self: TRW, success: boolean): string", doc: "Takes the outcome of a first contact: pending, scanner or benign.", call: func(L *glua.LState) int {
			L.Push(glua.LString(self[*stats.TRW](L, "TRW").Add(L.ToBool(2)).String()))
			return 1
		}},
		{name: "ratio", sig: "fun(self: TRW): number", doc: "The likelihood ratio.", call: func(L *glua.LState) int { return num(L, round(self[*stats.TRW](L, "TRW").Ratio())) }},
		{name: "failures", sig: "fun(self: TRW): number", doc: "Failures since the walk began.", call: func(L *glua.LState) int {
			return num(L, float64(self[*stats.TRW](L, "TRW").Failures))
		}},
	}}
}
