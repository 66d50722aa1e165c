package engine

import (
	"fmt"
	"runtime/debug"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
)

// guard contains panics: one that a packet or an ending flow causes costs that flow its parser,
// is counted, raised as an anomaly, and logged once with its stack.
type guard struct {
	logf   func(format string, args ...any)
	logged map[string]bool // by protocol, so that a flood of them logs once
}

// run calls fn; the deferred function is a plain one, which the compiler makes cheap.
func (g *guard) run(w *worker, fn func(*worker)) {
	defer g.caught(w)
	fn(w)
}

func (g *guard) runEnd(w *worker, f *flowtable.Flow, why flowtable.Reason) {
	defer g.caught(w)
	w.finishFlow(f, why)
}

func (g *guard) caught(w *worker) {
	if r := recover(); r != nil {
		g.contain(w, r)
	}
}

func (g *guard) contain(w *worker, r any) {
	w.stats.panics++
	name := "packet"
	f := w.flow
	if f != nil && f.App != nil {
		name = f.App.Name
		w.apps.panics[f.App.Index()][transport(f, f.App)]++
	}
	if f != nil {
		f.Parser = nil // its state can't be trusted: not recycled
		f.AppFailed = true
		f.HasUpgrade = false
		f.Session.Reset()
	}
	if !g.logged[name] {
		if g.logged == nil {
			g.logged = map[string]bool{}
		}
		g.logged[name] = true
		num := uint64(0)
		if w.pkt != nil {
			num = w.pkt.Num
		}
		g.logf("internal error in %s at packet %d, contained to its flow: %v\n%s", name, num, r, debug.Stack())
	}
	w.raisePanic(fmt.Sprint(name))
}

func (w *worker) raisePanic(name string) {
	defer func() { _ = recover() }() // reporting must not fail in its turn
	w.setEnv(w.flow, dissect.ToServer)
	w.anomaly(eve.AppAnomaly, &w.env, anomalyName{"engine.parser_panic." + name, "parser_panic." + name}, "engine")
}
