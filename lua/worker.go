package lua

import (
	"fmt"
	"net/netip"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

// Worker has a worker's own VMs: of the scripts that said nids.parallel(), and of those that give
// predicates to rules. It is used by one goroutine.
type Worker struct {
	rt  *Runtime // a Runtime of its own, with the same numbers
	vms []*vm    // by index of the script; nil: not run here
}

// NewWorker loads the scripts that run in workers once more, for one worker. What they log and alert goes to host.
func (rt *Runtime) NewWorker(host Host) (*Worker, error) {
	if host == nil {
		host = discardHost{}
	}
	own := &Runtime{schema: rt.schema, tree: rt.tree, opt: rt.opt, host: discardHost{}, watch: rt.watch, worker: true, subs: rt.subs, preds: rt.preds, gone: rt.gone}
	rt.elsewhere = true
	w := &Worker{rt: own, vms: make([]*vm, len(rt.vms))}
	for i, v := range rt.vms {
		if !v.parallel && len(v.predicates) == 0 {
			continue
		}
		x := newVM(own, v.prog)
		x.index = i
		list := x.load() // silently: what it prints was printed when rt was loaded
		if anyError(list) || len(x.handlers) != len(v.handlers) || len(x.predicates) != len(v.predicates) {
			return nil, fmt.Errorf("%s: the script does not register the same things each time it is loaded", v.prog.name)
		}
		for j := range x.handlers {
			x.handlers[j].sub = v.handlers[j].sub
		}
		if !v.parallel { // here it only answers: the rest of it runs in the ordered stage
			x.ticks, x.exits, x.main, x.waiting = nil, nil, nil, waitNothing
		}
		w.vms[i] = x
		own.vms = append(own.vms, x)
		own.watch.add(x)
	}
	own.host, own.nexts = host, 0
	return w, nil
}

// Deliver calls the handler of a Parallel subscription with an event, which need not be copied.
func (w *Worker) Deliver(sub int, ev dissect.EventID, e *dissect.Env) {
	x := &w.rt.subs[sub]
	v := w.vms[x.vm]
	if v == nil {
		return
	}
	w.rt.at(e.Time)
	old := e.Event
	e.Event = ev
	v.deliver(x.local, e, nil)
	e.Event = old
}

// Tick tells the packet time, as Runtime.Tick.
func (w *Worker) Tick(now int64) { w.rt.Tick(now) }

// Exit runs the exit handlers of the worker's VMs.
func (w *Worker) Exit() { w.rt.Exit() }

// Close frees the worker's VMs.
func (w *Worker) Close() {
	for _, v := range w.rt.vms {
		v.close()
	}
}

// Arg is an argument of a predicate: exactly what its type in Predicate.Params says.
type Arg struct {
	Bytes []byte // TString, TBytes
	Int   int64  // TInt, TBool
	Float float64
	IP    netip.Addr
}

// Predicate asks predicate n of Runtime.Predicates. A script that was stopped, and one that fails,
// says false.
func (w *Worker) Predicate(n int, args []Arg) bool {
	p := &w.rt.preds[n]
	v := w.vms[p.vm]
	if v == nil || v.stopped {
		return false
	}
	v.L.Push(v.predicates[p.local].fn)
	for i, t := range p.Params {
		var x glua.LValue = glua.LNil
		if i < len(args) {
			a := &args[i]
			switch t {
			case dissect.TString, dissect.TBytes:
				x = v.text(a.Bytes)
			case dissect.TInt, dissect.TBool:
				x = v.number(t, a.Int, true)
			case dissect.TFloat:
				x = glua.LNumber(a.Float)
			case dissect.TIP:
				x = v.addr(a.IP, a.IP.IsValid())
			}
		}
		v.L.Push(x)
	}
	return v.ask(len(p.Params))
}

// ask calls a function that was pushed with n arguments, and gives its truth.
func (v *vm) ask(n int) bool {
	v.calls++
	v.callee, _ = v.L.Get(-n - 1).(*glua.LFunction)
	v.meter.begin(v.limits.Instructions)
	err := v.L.PCall(n, 1, nil)
	v.meter.end()
	if err != nil || v.meter.fail != nil {
		v.failed(err)
		return false
	}
	x := v.L.Get(-1)
	v.L.Pop(1)
	return glua.LVAsBool(x)
}

// AlertInfo is an alert as handlers of the event alert see it.
type AlertInfo struct {
	ID, Title, Severity, Kind string
	Time                      int64
	Src, Dst                  netip.Addr
	SrcPort, DstPort          uint16
	Proto, App                string
	Tags, MITRE               []string
	FlowID                    uint64
	Evidence                  []KV
}

// alertMembers are what handlers of the event alert find in its table.
var alertMembers = []string{"event", "id", "title", "severity", "kind", "time", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "app", "tags", "mitre", "flow_id", "evidence"}

// DeliverAlert calls a handler of the event alert, in the ordered stage. Alerts that scripts raise meanwhile
// are not delivered: a script that alerts on alerts would never end.
func (rt *Runtime) DeliverAlert(sub int, a *AlertInfo) {
	if rt.alerted > 0 || sub < 0 || sub >= len(rt.subs) {
		return
	}
	x := &rt.subs[sub]
	v := rt.vms[x.vm]
	if v.stopped {
		return
	}
	rt.alerted++
	defer func() { rt.alerted-- }()
	rt.now = max(rt.now, a.Time)
	t := toLua([]KV{{"event", "alert"}, {"id", a.ID}, {"title", a.Title}, {"severity", a.Severity}, {"kind", a.Kind},
		{"time", seconds(a.Time)}, {"src_ip", addrText(a.Src)}, {"dst_ip", addrText(a.Dst)}, {"src_port", float64(a.SrcPort)},
		{"dst_port", float64(a.DstPort)}, {"proto", a.Proto}, {"app", a.App}, {"tags", a.Tags}, {"mitre", a.MITRE},
		{"flow_id", float64(a.FlowID)}, {"evidence", a.Evidence}})
	v.L.Push(v.handlers[x.local].fn)
	v.L.Push(t)
	v.call(1)
}

func addrText(ip netip.Addr) any {
	if !ip.IsValid() {
		return nil
	}
	return ip.String()
}
