package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// delivery is an event on its way to scripts in the ordered stage.
type delivery struct {
	snap *lua.Snapshot
	subs []int        // in the order of their numbers
	tcp  lua.TCPEvent // of a connection, for the libnids face; 0 for others
	// rule and captured are of a filter that the ordered stage finishes; nil for others.
	rule     *match.Rule
	captured []byte
}

// deliveries are used again: workers take them, the ordered stage gives them back.
var deliveries = sync.Pool{New: func() any { return &delivery{} }}

func newDelivery() *delivery { return deliveries.Get().(*delivery) }

func (d *delivery) release() {
	d.snap.Release()
	*d = delivery{subs: d.subs[:0]}
	deliveries.Put(d)
}

// scripting is a worker's view of the scripts: who wants which events.
type scripting struct {
	rt     *lua.Runtime
	schema *dissect.Schema
	pool   *lua.Pool
	// plain are the subscriptions without filter, by event; filters those of hidden rules, by
	// Rule.Index, -1 for rules of the user.
	plain   [][]int
	filters []int
	kinds   []lua.Subscription
	face    nidsFace
	own     *lua.Worker // VMs of scripts that run in the workers, nil for none
	args    []lua.Arg   // of a predicate that is asked
	pending []int       // who wants the event at hand
}

// useScripts makes w deliver events to scripts, once it takes the view.
func (v *view) useScripts(w *worker, rt *lua.Runtime, schema *dissect.Schema) error {
	if rt == nil {
		return nil
	}
	s := &scripting{rt: rt, schema: schema, plain: make([][]int, len(schema.Events)), kinds: rt.Subscriptions()}
	parallel := len(rt.Predicates()) > 0
	for _, sub := range s.kinds {
		parallel = parallel || sub.Parallel
		if s.face.add(&sub) || sub.Event == dissect.EvAlert {
			continue
		}
		if sub.Filter == "" {
			s.plain[sub.Event] = append(s.plain[sub.Event], sub.ID)
			v.rules.want(sub.Event)
		}
	}
	if p := v.cfg.Program; p != nil {
		s.filters = make([]int, len(p.Rules))
		for i, r := range p.Rules {
			s.filters[i] = filterOf(r.Rule)
		}
	}
	if old := w.scripts; old != nil {
		s.pool = old.pool // of the same schema
	} else {
		s.pool = lua.NewPool()
		s.pool.KeepFrames = true // a batch keeps its frames until the ordered stage is done with it
	}
	if old := w.scripts; old != nil && old.rt == rt {
		s.own = old.own
	} else if parallel {
		own, err := rt.NewWorker(&workerHost{w})
		if err != nil {
			return err
		}
		s.own = own
	}
	if s.own != nil && v.rules.m != nil {
		v.rules.m.Ask = s.ask
	}
	v.rules.bare = !v.wantStream && !rt.Needs().Windows
	v.wantStream = v.wantStream || v.rules.wants[dissect.EvStreamData]
	v.rules.wantsPacket = v.rules.wantsPacket || s.face.wantsPackets()
	v.scripts = s
	return nil
}

// filterOf gives the subscription that a hidden rule filters for, -1 for other rules.
func filterOf(r *ir.Rule) int {
	rest, ok := strings.CutPrefix(r.ID, lua.FilterID)
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return -1
	}
	return n
}

// want notes that somebody besides the rules wants an event.
func (j *judge) want(ev dissect.EventID) {
	j.wants[ev] = true
	switch ev {
	case dissect.EvPacket:
		j.wantsPacket = true
	case dissect.EvFlowStart:
		j.wantsFlowStart = true
	case dissect.EvFlowEnd:
		j.wantsFlowEnd = true
	case dissect.EvAnomaly:
		j.wantsAnomaly = true
	}
}

// deliverPlain notes the scripts that want all events of a kind.
func (w *worker) deliverPlain(id dissect.EventID, e *dissect.Env) {
	s := w.scripts
	s.pending = s.pending[:0]
	for _, sub := range s.plain[id] {
		if e.Flow == nil || !s.rt.Discarded(e.Flow.Serial, sub) {
			s.pending = append(s.pending, sub)
		}
	}
}

// deliverFiltered notes the script whose filter matched. What only the ordered stage can judge is delivered by itself.
func (w *worker) deliverFiltered(sub int, r *match.Rule, e *dissect.Env) {
	s := w.scripts
	if e.Flow != nil && s.rt.Discarded(e.Flow.Serial, sub) {
		return
	}
	if !r.Ordered {
		s.pending = append(s.pending, sub)
		return
	}
	d := newDelivery()
	d.snap, d.subs = s.pool.Take(e.Event, s.schema, e), append(d.subs, sub)
	d.rule, d.captured = r, w.rules.m.Capture(r, e, nil)
	w.deliver(d)
}

// deliverPending hands the event to those who were noted, in the order in which they registered: one copy for all.
func (w *worker) deliverPending(id dissect.EventID, e *dissect.Env) {
	s := w.scripts
	slices.Sort(s.pending)
	var d *delivery
	for _, sub := range s.pending {
		if s.own != nil && s.kinds[sub].Parallel {
			s.own.Deliver(sub, id, e)
			continue
		}
		if d == nil {
			d = newDelivery()
			d.snap = s.pool.Take(id, s.schema, e)
		}
		d.subs = append(d.subs, sub)
	}
	s.pending = s.pending[:0]
	if d != nil {
		w.deliver(d)
	}
}

// endScripts runs what scripts in the worker do at the end, once the flows of the last shard have ended.
func (w *worker) endScripts(shard int) {
	if shard == flowtable.Shards-1 && w.scripts != nil && w.scripts.own != nil {
		w.scripts.own.Exit()
	}
}

func (w *worker) deliver(d *delivery) {
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, event: d})
}

// event gives scripts an event, in packet order.
func (o *ordered) event(d *delivery) {
	defer d.release()
	if d.rule != nil && !o.state.Judge(d.rule, d.captured, d.snap.Env.Time).Match {
		return
	}
	o.now = d.snap.Env.Time
	for _, sub := range d.subs {
		if d.tcp != 0 {
			o.scripts.DeliverTCP(sub, d.tcp, d.snap)
		} else {
			o.scripts.Deliver(sub, d.snap)
		}
	}
}

// ScriptHost is the engine as the scripts of its ordered stage see it. It is made before the
// engine, since scripts are loaded before; New connects the two.
type ScriptHost struct {
	o    *ordered
	warn func(format string, args ...any)
	tell func(format string, args ...any) // nil: warn
	seq  uint64
}

// NewScriptHost makes a host whose messages go to warn.
func NewScriptHost(warn func(format string, args ...any)) *ScriptHost { return &ScriptHost{warn: warn} }

// Alert implements lua.Host.
func (h *ScriptHost) Alert(a *lua.Alert) {
	if h.o == nil {
		return
	}
	h.seq++
	b := h.o.scriptAlert(a)
	b.SetID(fold(b.FlowID^uint64(a.Time), h.seq))
	h.o.report(b)
}

// workerHost is the engine as scripts that run in a worker see it: what they alert goes the
// way of all alerts of the worker.
type workerHost struct{ w *worker }

// Alert implements lua.Host.
func (h *workerHost) Alert(a *lua.Alert) {
	w := h.w
	w.rules.seq++
	b := w.eveAlert(a)
	b.SetID(fold(b.FlowID^uint64(a.Time), w.stamp<<16+w.rules.seq))
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, alert: b})
}

func (w *worker) eveAlert(a *lua.Alert) *alert.Alert {
	b := scriptAlert(a)
	if a.Env != nil {
		w.endpoints(b, a.Env)
		named(b, a)
	}
	if w.eve != nil && w.eve.Options().Core[eve.Alert] {
		b.EVE = w.eve.Behavioral(b, a.Env)
	}
	return b
}

func (o *ordered) scriptAlert(a *lua.Alert) *alert.Alert {
	b := scriptAlert(a)
	if a.Env != nil {
		endpoints(b, a.Env, o.encoder.Options().CommunityIDSeed)
		named(b, a)
	}
	if o.eve != nil && o.encoder.Options().Core[eve.Alert] {
		b.EVE = o.encoder.Behavioral(b, a.Env)
	}
	return b
}

// scriptAlert turns what a script raised into an alert.
func scriptAlert(a *lua.Alert) *alert.Alert {
	d := a.Detector
	b := &alert.Alert{Kind: kindOf(d), Time: a.Time, RuleID: d.ID, Message: a.Title, Confidence: alert.Round(a.Score),
		Mitre: d.MITRE, Tags: d.Tags, Src: a.Src, Dst: a.Dst, SrcPort: a.SrcPort, DstPort: a.DstPort, Proto: a.Proto,
		HasPorts: a.SrcPort != 0 || a.DstPort != 0}
	if b.Message == "" {
		b.Message = d.Title
	}
	if s, err := alert.ParseSeverity(a.Severity); err == nil {
		b.Severity = s
	}
	if a.Env != nil && a.Env.Flow != nil {
		b.FlowID = a.Env.Flow.ID
	}
	b.Evidence = scriptEvidence(nil, "", a.Evidence)
	return b
}

// scriptEvidence makes a flat list of a script's evidence: objects within give dotted names.
func scriptEvidence(list []alert.Evidence, prefix string, kvs []lua.KV) []alert.Evidence {
	for _, kv := range kvs {
		switch v := kv.Value.(type) {
		case []lua.KV:
			list = scriptEvidence(list, prefix+kv.Key+".", v)
		case string, float64, bool, int64, netip.Addr, []any:
			list = append(list, alert.Evidence{Name: prefix + kv.Key, Value: v})
		default:
			list = append(list, alert.Evidence{Name: prefix + kv.Key, Value: fmt.Sprint(v)})
		}
	}
	return list
}
