package lua

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

// vm is one script with its interpreter and all that it registered.
type vm struct {
	rt     *Runtime
	prog   *program
	index  int
	owes   bool // its largest store is to be halved, for the sake of all scripts
	L      *glua.LState
	meter  meter
	limits *Limits
	budget int64 // of the callback that runs
	memory int64 // as last measured
	walk   walker

	// badSettings are what is wrong with overrides of parameters.
	badSettings []Problem

	loading  bool
	parallel bool
	stopped  bool
	closed   bool
	errors   int
	calls    uint64          // callbacks so far
	said     map[string]bool // errors that were reported
	problems []Problem       // of loading

	handlers   []handler
	ticks      []ticker
	exits      []*glua.LFunction
	detectors  []*detector
	stores     []*store
	metrics    []*metric
	predicates []predicate
	modules    map[string]glua.LValue // by name, of require
	required   map[string]string      // texts of modules and lists that were read, see depends
	libnids    *libnids
	args       *glua.LTable // nids.args, once it was asked for

	rng    *rand.Rand
	intern [internSlots]glua.LValue
	addrs  map[netip.Addr]glua.LValue
	buf    []byte // scratch
	alert  Alert  // reused

	main    *glua.LState // the script's top level while it waits in nids.run or nids.next, else nil
	waiting waiting
	batch   dispatch
	callee  *glua.LFunction // what was called last, for tracebacks
	logged  logLimit
	exiting bool
}

// dispatch is what nids.dispatch waits for; the zero value is nids.next.
type dispatch struct {
	want int // events; -1: all
	done int
}

// enough counts an event, and tells whether the top level goes on now.
func (d *dispatch) enough() bool {
	d.done++
	return d.want == 0 || d.done == d.want
}

// waiting says what a suspended top level waits for.
type waiting uint8

const (
	waitNothing waiting = iota
	waitRun
	waitNext
)

// handler is a function for an event.
type handler struct {
	fn     *glua.LFunction
	kind   SubKind
	event  dissect.EventID
	name   string
	filter string
	root   *node
	paths  map[string]*node // dotted names that were read, nil for what is no plain field
	pos    Pos
	sub    int
	gone   discarded
	tcp    *tcpHandler // of nids.register_tcp, else nil
}

// ticker is a function that is called every so often in packet time.
type ticker struct {
	fn          *glua.LFunction
	every, next int64
}

// predicate is a function that rules call.
type predicate struct {
	name, doc string
	params    []dissect.Type
	fn        *glua.LFunction
	pos       Pos
}

// newVM makes the interpreter of a script, without anything that reaches out of it.
func newVM(rt *Runtime, p *program) *vm {
	v := &vm{rt: rt, prog: p, limits: &rt.opt.Limits, said: map[string]bool{}, addrs: map[netip.Addr]glua.LValue{},
		modules: map[string]glua.LValue{}, rng: rand.New(rand.NewPCG(0x6c75616e696473, seedOf(p.name)))}
	v.meter.vm = v
	v.meter.untilWalk, v.meter.swept = walkEvery, true
	v.L = glua.NewState(glua.Options{CallStackSize: v.limits.CallDepth, RegistrySize: registrySize,
		RegistryMaxSize: registryMaxSize, RegistryGrowStep: registryStep, SkipOpenLibs: true})
	v.L.SetContext(&v.meter)
	v.meter.left = 1 << 40
	openSandbox(v)
	if rt.checking {
		openChecking(v)
	} else {
		openAPI(v)
	}
	return v
}

// seedOf makes a script's random numbers its own, and the same on every run.
func seedOf(name string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// vmOf gives the script that runs in L.
func vmOf(L *glua.LState) *vm { return L.Context().(*meter).vm }

// load runs the top level. What is wrong, warnings too, is returned.
func (v *vm) load() []Problem {
	v.loading = true
	fn := v.L.NewFunctionFromProto(v.prog.proto)
	v.meter.begin(v.limits.LoadInstructions)
	var err error
	if v.prog.uses["run"] > 0 || v.prog.uses["next"] > 0 || v.prog.uses["dispatch"] > 0 {
		err = v.start(fn)
	} else {
		v.L.Push(fn)
		err = v.L.PCall(0, 0, nil)
	}
	v.meter.end()
	v.loading = false
	if err == nil {
		err = v.meter.fail
	}
	if err != nil {
		v.problems = append(v.problems, v.problem(LoadError, err))
	}
	return v.problems
}

// start runs the top level as a coroutine, which nids.run and nids.next suspend.
func (v *vm) start(fn *glua.LFunction) error {
	v.main, _ = v.L.NewThread()
	v.main.SetContext(&v.meter)
	return v.resume(fn)
}

// resume goes on with the top level until it waits again or ends.
func (v *vm) resume(fn *glua.LFunction, args ...glua.LValue) error {
	if v.waiting == waitNext {
		v.rt.nexts--
	}
	v.waiting = waitNothing
	state, err, _ := v.L.Resume(v.main, fn, args...)
	if state != glua.ResumeYield {
		v.main = nil
	}
	if state == glua.ResumeYield && v.waiting == waitNext {
		v.rt.nexts++
	}
	return err
}

// close frees the interpreter; nothing is delivered to the script any more.
func (v *vm) close() {
	if v.L != nil && !v.closed {
		v.closed, v.stopped = true, true
		v.L.Close()
	}
}

// deliver calls a handler with an event.
func (v *vm) deliver(local int, e *dissect.Env, s *Snapshot) {
	if v.stopped {
		return
	}
	h := &v.handlers[local]
	if h.kind != SubEvent {
		v.deliverLibnids(h, e)
		return
	}
	if e.Flow != nil && h.gone.has(e.Flow.Serial) {
		return
	}
	x := v.newView(e, s, h)
	v.L.Push(h.fn)
	v.L.Push(&x.ud)
	v.call(1)
	x.end()
}

// call runs the function that was pushed with n arguments, within the budget of a callback.
func (v *vm) call(n int) bool {
	v.calls++
	if v.calls%1000 == 0 && v.errors > 0 {
		v.errors--
	}
	v.callee, _ = v.L.Get(-n - 1).(*glua.LFunction)
	v.meter.begin(v.limits.Instructions)
	err := v.L.PCall(n, 0, nil)
	v.meter.end()
	if err != nil || v.meter.fail != nil {
		v.failed(err)
		return false
	}
	return true
}

// failed counts an error of a callback, reports it the first time, and stops a script that ran
// away or fails too often.
func (v *vm) failed(err error) {
	if v.meter.fail != nil {
		if err == nil { // it was over when it was found
			err = v.meter.fail
		}
		p := v.problem(Stopped, err)
		if p.Pos.Line == 0 && v.callee != nil && v.callee.Proto != nil {
			p.Pos.Line, p.Trace = v.callee.Proto.LineDefined, "after "+v.nameOf(v.callee)
		}
		v.stop(p)
		return
	}
	p := v.problem(RuntimeError, err)
	if key := p.Pos.String() + p.Msg; !v.said[key] && len(v.said) < maxSaid {
		v.said[key] = true
		v.rt.host.Problem(p)
	}
	if v.errors++; v.errors >= v.limits.Errors {
		p.Kind = Stopped
		p.Msg = fmt.Sprintf("%d errors, the last: %s", v.errors, p.Msg)
		v.stop(p)
	}
}

// maxSaid is how many different errors of a script are reported.
const maxSaid = 100

// stop ends a script for good, and frees what it holds.
func (v *vm) stop(p Problem) {
	p.Hint = "the script was stopped; the others run on"
	v.stopped = true
	v.rt.host.Problem(p)
	if v.waiting == waitNext {
		v.rt.nexts--
	}
	v.main, v.waiting = nil, waitNothing
	for _, s := range v.stores {
		s.clear()
	}
	v.exits, v.libnids = nil, nil
	v.ticks, v.modules, v.walk = nil, nil, walker{}
	clear(v.intern[:])
	v.L.Close()
	v.L = glua.NewState(glua.Options{SkipOpenLibs: true, RegistrySize: 8, CallStackSize: 1, MinimizeStackMemory: true})
}

// tick runs what is due at packet time now.
func (v *vm) tick(now int64) {
	for _, s := range v.stores {
		if v.stopped {
			return
		}
		s.expire(v, now)
	}
	for i := 0; i < len(v.ticks) && !v.stopped; i++ {
		t := &v.ticks[i]
		if t.next == 0 {
			t.next = now - now%t.every + t.every
			continue
		}
		if now < t.next {
			continue
		}
		t.next = now - now%t.every + t.every
		v.L.Push(t.fn)
		v.L.Push(glua.LNumber(seconds(now)))
		v.call(1)
	}
}

// exit runs what the script does at the end.
func (v *vm) exit() {
	if v.stopped || v.exiting {
		return
	}
	v.exiting = true
	v.exitLibnids()
	for i := 0; i < len(v.exits) && !v.stopped; i++ {
		v.L.Push(v.exits[i])
		v.call(0)
	}
	for v.main != nil && !v.stopped {
		v.finishMain()
	}
}

// finishMain lets a top level that waits in nids.run go on; nids.next gives 0 from now on.
func (v *vm) finishMain() {
	v.meter.begin(v.limits.LoadInstructions)
	err := v.resume(nil, v.handled(0))
	v.meter.end()
	v.resumed(err)
}

// handled is what the call gives that the top level waits in: of nids.next next, of nids.dispatch the events.
func (v *vm) handled(next int) glua.LNumber {
	d := v.batch
	v.batch = dispatch{}
	if d.want != 0 {
		return glua.LNumber(d.done)
	}
	return glua.LNumber(next)
}

// resumed looks at what came of going on with the top level: an error there ends the script, unlike one in a callback.
func (v *vm) resumed(err error) {
	switch {
	case v.meter.fail != nil:
		v.failed(err)
		v.main = nil
	case err != nil:
		v.rt.host.Problem(v.problem(LoadError, err))
		v.main = nil
	}
}

// resumeNext lets the scripts that wait in nids.next go on: one event was handled.
func (rt *Runtime) resumeNext() {
	for _, v := range rt.vms {
		if v.waiting != waitNext || v.stopped || !v.batch.enough() {
			continue
		}
		v.meter.begin(v.limits.Instructions)
		err := v.resume(nil, v.handled(1))
		v.meter.end()
		v.resumed(err)
	}
}

// measure estimates what the script holds.
func (v *vm) measure() {
	w := v.reach(v.meter.running.Load()&1 == 0 && v.main == nil)
	for _, s := range v.stores { // last, so that what variables hold too is not counted for each entry
		s.measure(w)
		w.bytes += s.bytes()
	}
	v.memory = w.bytes
	v.meter.untilWalk = max(walkEvery, 4*w.count)
}

// held is what measure would find. It leaves everything as it is.
func (v *vm) held() int64 {
	w := v.reach(false)
	for _, s := range v.stores {
		w.bytes += s.look(w)
	}
	return w.bytes
}

// reach walks all but the entries of stores. Idle scripts have their tables swept.
func (v *vm) reach(idle bool) *walker {
	w := &v.walk
	w.reset(v.limits.Memory+v.limits.Memory/4, idle)
	w.add(v.L.G.Global)
	for i := range v.handlers {
		w.add(v.handlers[i].fn)
	}
	for i := range v.ticks {
		w.add(v.ticks[i].fn)
	}
	for _, f := range v.exits {
		w.add(f)
	}
	for _, m := range v.modules {
		w.add(m)
	}
	if v.libnids != nil {
		w.bytes += v.libnids.memory()
	}
	v.locals(w, v.L)
	if v.main != nil {
		v.locals(w, v.main)
	}
	for _, s := range v.stores {
		if s.value != nil {
			w.add(s.value)
		}
	}
	w.run()
	for _, d := range v.detectors {
		if d.last != nil {
			w.bytes += d.last.bytes()
		}
	}
	return w
}

// shed halves the largest store, the least used entries first; false where no store holds much.
func (v *vm) shed() bool {
	var largest *store
	for _, s := range v.stores {
		if largest == nil || s.bytes() > largest.bytes() {
			largest = s
		}
	}
	if largest == nil || largest.bytes() < v.memory/16 || len(largest.index) < 2 {
		return false
	}
	largest.halve()
	return true
}

// locals adds the local variables of what runs.
func (v *vm) locals(w *walker, L *glua.LState) {
	for level := 0; level < 2*v.limits.CallDepth; level++ {
		dbg, ok := L.GetStack(level)
		if !ok {
			return
		}
		for n := 1; n <= 250; n++ {
			name, x := L.GetLocal(dbg, n)
			if name == "" {
				break
			}
			w.add(x)
		}
	}
}

// here is the line of the script that called a native function.
func (v *vm) here(L *glua.LState) Pos {
	pos, _ := locate(v.prog.name, L.Where(1)+" ")
	return pos
}

// atTop raises an error unless the script's top level runs.
func (v *vm) atTop(L *glua.LState, what string) {
	if !v.loading {
		L.RaiseError("%s belongs at the top level of the script: what a script registers is fixed once it is loaded", what)
	}
}

// discarded is a bounded set of flows whose events a handler does not want any more.
type discarded struct{ now, old map[uint64]struct{} }

const maxDiscarded = 64 << 10

func (d *discarded) has(serial uint64) bool {
	if d.now == nil {
		return false
	}
	if _, ok := d.now[serial]; ok {
		return true
	}
	_, ok := d.old[serial]
	return ok
}

func (d *discarded) add(serial uint64) {
	if d.now == nil || len(d.now) >= maxDiscarded {
		d.old, d.now = d.now, map[uint64]struct{}{}
	}
	d.now[serial] = struct{}{}
}
