package lua

import (
	"fmt"
	"io/fs"
	"sort"

	"github.com/luanids/luanids/dissect"
)

// Source is a script.
type Source struct {
	Name string // its path as messages show it: scripts/beaconing.lua
	Text string
}

// Options direct Load. The zero value will do.
type Options struct {
	// Params are overrides of detectors' parameters: by the detector's id or the script's name
	// without folder and .lua, then by the parameter's name. Values are strings ("24h", "0.9", "true"),
	// numbers, booleans or lists of them. "enabled" = false leaves a detector's alerts out, "severity" changes it.
	Params map[string]map[string]any
	Limits Limits
	// Host gets alerts and logs; nil drops them.
	Host Host
	// Modules are the folders in which require finds scripts: require("lib.util") reads lib/util.lua.
	Modules []fs.FS
	// Vars override lets in filters and for nids.list, as --var does: HOME = "10.0.0.0/8".
	Vars map[string]string
	// Previous is a Runtime that has run until now and whose place this one takes at once: see TakeOver. Where it is
	// still running, call TakeOver later.
	Previous *Runtime
	// Args are the arguments that a script run by itself gets.
	Args []string
	// Lists gives the lists of the rule files to nids.list: addresses, prefixes or names.
	Lists func(name string) ([]string, bool)
}

// SubKind says what a Subscription wants.
type SubKind uint8

// The kinds. For the three of libnids, the engine calls Deliver at the events named.
const (
	SubEvent   SubKind = iota // the event, where the filter holds
	SubTCP                    // stream.data of TCP, and flow.end: DeliverTCP
	SubUDP                    // stream.data of UDP
	SubIP                     // packet, after defragmentation
	SubIPFrags                // packet, with fragments
)

// Subscription is what a script wants to see.
type Subscription struct {
	ID     int
	Kind   SubKind
	Event  dissect.EventID
	Filter string // of the rule language, "" for all
	// Parallel says that the script has a VM in each worker: see Runtime.Worker.
	Parallel bool
	Script   string
	Pos      Pos

	vm    int // index of the script
	local int // handler within the script
}

// Predicate is a function that rules can call.
type Predicate struct {
	Name   string
	Doc    string
	Params []dissect.Type
	Script string
	Pos    Pos

	vm, local int
}

// Runtime is a set of loaded scripts, for the ordered stage. It is used by one goroutine.
type Runtime struct {
	schema  *dissect.Schema
	tree    *tree
	opt     Options
	host    Host
	vms     []*vm
	subs    []Subscription
	preds   []Predicate
	watch   *watchdog
	now     int64
	began   int64 // packet time of the first event or tick
	alerted int   // depth of alert events, see DeliverAlert
	worker  bool
	// checking says that scripts are loaded to find all their mistakes, and not to run.
	checking bool
	nexts    int // scripts that wait in nids.next
	gone     *discards
	// elsewhere says that scripts with nids.parallel() run in workers: their ticks and ends are there.
	elsewhere bool
}

// Load compiles the scripts and runs their top level, each in a VM of its own. Scripts with errors
// are left out; what is wrong is in the list. The Runtime is never nil. Close it after use.
func Load(schema *dissect.Schema, sources []Source, opt Options) (*Runtime, []Problem) {
	prepare()
	opt.Limits.fill()
	rt := &Runtime{schema: schema, tree: newTree(schema), opt: opt, host: opt.Host, watch: newWatchdog(), gone: &discards{}}
	if rt.host == nil {
		rt.host = discardHost{}
	}
	var problems []Problem
	for _, s := range sources {
		p, list := compileSource(s, &opt.Limits)
		problems = append(problems, list...)
		if p == nil {
			continue
		}
		v := newVM(rt, p)
		if list := append(v.load(), v.badSettings...); len(list) > 0 {
			problems = append(problems, list...)
			if anyError(list) {
				v.close()
				continue
			}
		}
		rt.adopt(v)
	}
	if !anyError(problems) { // else the detector may be in a script that did not load
		problems = append(problems, rt.unusedParams()...)
	}
	if opt.Previous != nil {
		rt.TakeOver(opt.Previous)
	}
	go rt.watch.run()
	sortProblems(problems)
	return rt, problems
}

func anyError(list []Problem) bool {
	for _, p := range list {
		if !p.Warning {
			return true
		}
	}
	return false
}

func sortProblems(list []Problem) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i].Pos, list[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return list[i].From < list[j].From
	})
}

// adopt takes a loaded script and numbers what it registered.
func (rt *Runtime) adopt(v *vm) {
	index := len(rt.vms)
	v.index = index
	rt.vms = append(rt.vms, v)
	for i := range v.handlers {
		h := &v.handlers[i]
		h.sub = len(rt.subs)
		rt.subs = append(rt.subs, Subscription{ID: h.sub, Kind: h.kind, Event: h.event, Filter: h.filter,
			Parallel: v.parallel, Script: v.prog.name, Pos: h.pos, vm: index, local: i})
	}
	for i := range v.predicates {
		p := &v.predicates[i]
		rt.preds = append(rt.preds, Predicate{Name: p.name, Doc: p.doc, Params: p.params, Script: v.prog.name,
			Pos: p.pos, vm: index, local: i})
	}
	rt.watch.add(v)
}

// Subscriptions lists what the scripts want to see, in the order in which handlers of one event are called.
func (rt *Runtime) Subscriptions() []Subscription { return rt.subs }

// Predicates lists the functions that scripts give to rules.
func (rt *Runtime) Predicates() []Predicate { return rt.preds }

// Detectors lists what the scripts declared, in load order.
func (rt *Runtime) Detectors() []*Detector {
	var out []*Detector
	for _, v := range rt.vms {
		for _, d := range v.detectors {
			out = append(out, &d.Detector)
		}
	}
	return out
}

// Wants tells whether any script wants to see an event.
func (rt *Runtime) Wants(ev dissect.EventID) bool {
	for i := range rt.subs {
		if rt.subs[i].Event == ev {
			return true
		}
	}
	return false
}

// Deliver calls the handler of a subscription with an event. Subscriptions of scripts that were
// stopped do nothing.
func (rt *Runtime) Deliver(sub int, s *Snapshot) {
	if sub < 0 || sub >= len(rt.subs) {
		return
	}
	x := &rt.subs[sub]
	rt.at(s.Env.Time)
	rt.vms[x.vm].deliver(x.local, &s.Env, s)
	if rt.nexts > 0 {
		rt.resumeNext()
	}
}

// at moves packet time on.
func (rt *Runtime) at(now int64) {
	if rt.began == 0 {
		rt.began = now
	}
	rt.now = max(rt.now, now)
}

// Tick tells the scripts the packet time, nanoseconds: once for each second of it, in the ordered stage.
func (rt *Runtime) Tick(now int64) {
	rt.at(now)
	for _, v := range rt.vms {
		if v.parallel && rt.elsewhere {
			continue
		}
		v.tick(rt.now)
	}
}

// Exit runs what scripts do at the end of a run, in load order.
func (rt *Runtime) Exit() {
	for _, v := range rt.vms {
		if !v.parallel || !rt.elsewhere {
			v.exit()
		}
	}
}

// Close frees what the Runtime holds. It does not run exit handlers.
func (rt *Runtime) Close() {
	rt.watch.close()
	for _, v := range rt.vms {
		v.close()
	}
}

// Now is the packet time that scripts see, nanoseconds.
func (rt *Runtime) Now() int64 { return rt.now }

// discardHost takes everything and does nothing.
type discardHost struct{}

func (discardHost) Alert(*Alert)              {}
func (discardHost) Log(Level, string, string) {}
func (discardHost) Problem(Problem)           {}

// unusedParams finds overrides that no detector took.
func (rt *Runtime) unusedParams() []Problem {
	var out []Problem
	for id, params := range rt.opt.Params {
		for name := range params {
			if !rt.takes(id, name) {
				out = append(out, Problem{Pos: Pos{File: "settings"}, Kind: Unused, Warning: true, Setting: id + "." + name,
					Msg: fmt.Sprintf("no detector has the parameter %s.%s", id, name), Hint: rt.nearParam(id, name)})
			}
		}
	}
	return out
}

func (rt *Runtime) takes(id, name string) bool {
	for _, v := range rt.vms {
		for _, d := range v.detectors {
			if d.answersTo(id) && (d.param(name) != nil || name == "enabled" || name == "severity") {
				return true
			}
		}
	}
	return false
}

func (rt *Runtime) nearParam(id, name string) string {
	var ids, names []string
	for _, v := range rt.vms {
		for _, d := range v.detectors {
			ids = append(ids, d.ID, d.short())
			if d.answersTo(id) {
				for _, p := range d.Params {
					names = append(names, p.Name)
				}
			}
		}
	}
	if names != nil {
		return didYouMean(name, names)
	}
	return didYouMean(id, ids)
}
