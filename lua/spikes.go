package lua

import (
	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/lua/stats"
)

// spikes counts by key in steps and holds each step against the key's own baseline: what would otherwise be a table and
// two objects a key, and a dozen calls for each key and step. Its keys are in a store, with all that stores have.
type spikes struct {
	s            *store
	fresh        stats.Spike // what a new key begins with
	every        float64     // seconds of a step
	floor, sigma float64
	step         int64
	active       []active // keys that were counted in this step, in the order in which they came
}

type active struct {
	e *entry
	o *spikeObject
}

// spikeObject is the value of a key.
type spikeObject struct {
	ud glua.LUserData
	s  stats.Spike
	n  float64 // of this step
}

func (o *spikeObject) memory() int64 { return sizeOfSpike }

// sizeOfSpike is more than what a spikeObject takes besides its userdata, bytes.
const sizeOfSpike = 120

func spikesDecl() decl {
	return decl{name: "spikes", sig: "fun(declaration: SpikesDeclaration): Spikes", call: nidsSpikes,
		doc: "Counts by key in steps, and finds the steps in which a key has far more than it used to: `key`, `name`, `max` and `ttl` as for nids.store; `every` is the length of a step, `floor` the rate a second from which on there is an alarm, `sigma` (3.5) how many standard deviations above the key's baseline (`alpha`, `warmup` as for nids.ewma), or for how long a little above it (`drift`, `threshold` as for nids.cusum). Call step in nids.every.",
		example: "local s = nids.spikes { every = \"10s\", floor = 5, warmup = 3 }\nfor i = 1, 10 do\n  s:add(\"10.0.0.1\", 20)\n  s:step(function() end)\nend\ns:add(\"10.0.0.1\", 900)\n" +
			"s:step(function(rate, baseline, sigma, ramp, ip) end) --> 1"}
}

func nidsSpikes(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.spikes")
	const what = "nids.spikes"
	o := optionsAt(L, 1, what)
	p := &spikes{every: seconds(o.duration("every", 0)), floor: o.number("floor", 0), sigma: o.number("sigma", 3.5)}
	if p.every <= 0 {
		L.RaiseError("nids.spikes: every is missing: how long is a step? (\"10s\")")
	}
	p.fresh.Rate = stats.EWMA{Alpha: o.share("alpha", 0.3), Warmup: int(o.number("warmup", 10))}
	p.fresh.Ramp = stats.CUSUM{Drift: o.number("drift", 0.5), Threshold: o.number("threshold", 8)}
	p.s = v.newStore(L, o, what)
	L.Push(object("Spikes", p))
	return 1
}

func spikesClass() *class {
	key := "key: Event|string|number|boolean"
	return &class{name: "Spikes", doc: "Finds keys that have far more in a step than they used to, made by nids.spikes.", methods: []decl{
		{name: "add", sig: "fun(self: Spikes, " + key + ", n?: number)", doc: "Counts n (1) for a key in this step.", call: spikesAdd},
		{name: "step", sig: "fun(self: Spikes, fn: fun(rate: number, baseline: number, sigma: number, ramp: boolean, ...)): number", doc: "Ends a step: calls fn for each key that alarms, with its rate a second, what was usual, the standard deviations between them, whether it has been above for long, and the parts of its key. Gives their number.", call: spikesStep},
		{name: "count", sig: "fun(self: Spikes): number", doc: "How many keys there are.", call: func(L *glua.LState) int {
			return num(L, float64(len(self[*spikes](L, "Spikes").s.index)))
		}},
	}}
}

func spikesAdd(L *glua.LState) int {
	p, v := self[*spikes](L, "Spikes"), vmOf(L)
	b := v.keyOf(L, v.buf[:0], p.s.key, 2, 2)
	v.keepBuf(b)
	now := v.rt.now
	e := p.s.find(v, b, now)
	if e == nil {
		o := &spikeObject{s: p.fresh}
		o.ud.Value, o.ud.Metatable = o, glua.LNil
		e = p.s.add(b, &o.ud, now)
	} else {
		p.s.touch(e, now)
	}
	o, ok := spikeOf(e)
	if !ok {
		L.RaiseError("spikes: the value of this key is something else")
	}
	if o.n == 0 {
		p.active = append(p.active, active{e, o})
	}
	o.n += float64(L.OptNumber(3, 1))
	return 0
}

func spikeOf(e *entry) (*spikeObject, bool) {
	ud, ok := e.value.(*glua.LUserData)
	if !ok {
		return nil, false
	}
	o, ok := ud.Value.(*spikeObject)
	return o, ok
}

func spikesStep(L *glua.LState) int {
	p, fn := self[*spikes](L, "Spikes"), L.CheckFunction(2)
	p.step++
	list := p.active
	p.active = nil
	vmOf(L).meter.charge(4 * len(list))
	alarms := 0
	for _, a := range list {
		if o, ok := spikeOf(a.e); !ok || o != a.o {
			continue // it was evicted since
		}
		rate := a.o.n / p.every
		a.o.n = 0
		x := a.o.s.Add(p.step, rate, p.floor, p.sigma)
		if !x.Alarm {
			continue
		}
		alarms++
		parts := decodeKey(a.e.key)
		L.Push(fn)
		for _, y := range append([]glua.LValue{glua.LNumber(rate), glua.LNumber(x.Baseline), glua.LNumber(x.Sigma), glua.LBool(x.Ramp)}, parts...) {
			L.Push(y)
		}
		L.Call(4+len(parts), 0)
	}
	if p.active == nil && cap(list) <= keepActive {
		clear(list)
		p.active = list[:0]
	}
	return num(L, float64(alarms))
}

// keepActive is for how many keys the list is kept from step to step.
const keepActive = 4 << 10
