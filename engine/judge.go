package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet/communityid"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// judge is a worker's view of the rules.
type judge struct {
	m              *match.Matcher // nil without rules
	wants          []bool         // by event: whether any rule is judged at it
	wantsPacket    bool
	wantsFlowStart bool
	wantsFlowEnd   bool
	wantsAnomaly   bool
	shows          bool // alerts show payload of streams
	tags           bool // some rule tags packets
	tagsHosts      bool // some rule tags those of a host
	flowDirs       bool // flow.start is wanted for the first packet of each direction
	bare           bool // nobody looks at what came before the new bytes of a stream
	window         int  // bytes of a stream's past that its window should have
	logged         []bool
	seq            uint64 // alerts of the current stamp, to tell their ids apart
	trace          Tracer // nil but for tools that explain a run
	intel          intelView
}

func (v *view) useProgram(p *match.Program, schema *dissect.Schema) {
	j := judge{wants: make([]bool, len(schema.Events)), logged: make([]bool, len(schema.Specs))}
	for i, s := range schema.Specs {
		j.logged[i] = s.EVE != nil && v.cfg.EVEOptions.Protocol(s.LoggedAs())
	}
	if p != nil {
		j.m = p.NewMatcher()
		j.m.Twice = !v.cfg.TCP.Inline
		for id := range j.wants {
			j.wants[id] = p.Wants(dissect.EventID(id))
		}
		needs := p.Needs()
		j.flowDirs, j.window = needs.FlowDirs, min(needs.Window, windowBytes)
		v.wantStream = j.wants[dissect.EvStreamData] || needs.Has(ir.FieldPayload)
		j.tags, j.tagsHosts = tagsOf(p)
		o := &v.cfg.EVEOptions.Alerts
		j.shows = v.cfg.EVE != nil && (o.Payload || o.PayloadPrintable || o.PayloadLength)
	}
	j.trace = v.cfg.Trace
	j.wantsPacket = j.wants[dissect.EvPacket]
	j.wantsFlowStart = j.wants[dissect.EvFlowStart]
	j.wantsFlowEnd = j.wants[dissect.EvFlowEnd] || j.trace != nil
	j.wantsAnomaly = j.wants[dissect.EvAnomaly]
	j.useIntel(v.cfg.Intel, schema)
	v.rules = j
}

// match judges the rules of an event.
func (w *worker) match(id dissect.EventID, e *dissect.Env) {
	if w.rules.trace != nil {
		e.Event = id
		w.rules.trace.Event(id, e)
	}
	if !w.rules.wants[id] {
		return
	}
	e.Event = id
	if w.rules.intel.db != nil {
		w.intelEvent(id, e)
	}
	if w.scripts != nil {
		w.deliverPlain(id, e)
	}
	if w.rules.m != nil {
		for _, hit := range w.rules.m.Match(id, e) {
			if w.scripts != nil {
				if sub := w.scripts.filters[hit.Rule.Index]; sub >= 0 {
					w.deliverFiltered(sub, hit.Rule, e)
					continue
				}
			}
			w.raise(hit.Rule, e)
		}
	}
	if w.scripts != nil && len(w.scripts.pending) > 0 {
		w.deliverPending(id, e)
	}
}

// raise makes the alert of a rule that matched. What only the ordered stage can tell (a
// threshold, host state) it decides there, on the values captured here.
func (w *worker) raise(r *match.Rule, e *dissect.Env) {
	quiet := r.NoAlert || r.Step || r.Action == ir.Pass && !r.PassAlerts
	if quiet && !r.Ordered {
		w.tagSession(r, w.flow)
		return
	}
	if e.Flow != nil && r.TakesOut() {
		w.dropped = e.Flow
	}
	a := newAlert()
	a.Rule, a.Quiet, a.Time, a.Records = r, quiet, e.Time, 1
	if r.Ordered {
		a.Captured = w.rules.m.Capture(r, e, a.Captured)
	}
	if r.MayReject() && e.Flow != nil && !quiet {
		key := e.Flow.Key
		a.Reset = &key
	}
	w.describe(a, r, e)
	if !a.Late { // or else with its record
		w.tagSession(r, w.flow)
	}
	if !quiet && e.Flow != nil {
		e.Flow.Alerts++
	}
	w.alerts = append(w.alerts, a)
}

// takeOut ends the judgement of a flow that a rule says to drop: what follows would not be there. The packet at hand is judged to its end.
func (w *worker) takeOut() {
	f := w.dropped
	w.dropped = nil
	f.Dropped = true
	w.cfg.Program.TakeOut(f)
}

// flushAlerts hands on the alerts of a packet, or of a flow's end, in the order of their rules:
// at most PacketAlertMax, so that no packet floods the outputs. What is over is counted.
func (w *worker) flushAlerts() {
	if len(w.alerts) == 0 {
		return
	}
	if len(w.alerts) > 1 {
		slices.SortStableFunc(w.alerts, func(a, b *alert.Alert) int { return cmp.Compare(a.Rule.Index, b.Rule.Index) })
	}
	loud := 0
	for i, a := range w.alerts {
		w.alerts[i] = nil
		if !a.Quiet {
			if loud++; loud > w.cfg.PacketAlertMax {
				w.stats.overflow++
				if w.rules.trace != nil {
					w.rules.trace.Outcome(a, a.Rule, Overflowed)
				}
				recycle(a)
				continue
			}
		}
		w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, alert: a})
	}
	w.alerts = w.alerts[:0]
}

// describe fills in what outputs show.
func (w *worker) describe(a *alert.Alert, r *match.Rule, e *dissect.Env) {
	w.rules.seq++
	a.Fill(r.Rule)
	if e.Flow != nil {
		a.FlowID = e.Flow.ID
	}
	a.SetID(fold(a.FlowID^uint64(e.Time), w.stamp<<16+w.rules.seq))
	w.endpoints(a, e)
	a.Evidence = evidence(r.Rule, e)
	if w.eve == nil || !w.eve.Options().Core[eve.Alert] {
		return
	}
	w.eve.Context = w.context(r, e)
	if w.guess(r, e) {
		defer func() { e.Tx, e.Guessed = nil, false }()
	}
	if e.Event != dissect.EvPacket && w.waits(w.flow) {
		a.Late = true
		a.Records++
		w.wait(w.flow, e.Dir, w.eve.AlertBody(w.body(), e, r.Rule, w.flow.Shown != nil), a)
		return
	}
	buf, rule := w.eve.AlertOf(w.lines(), e, r.Rule)
	a.EVE, a.EVERule = w.wrote(buf), rule
}

// context writes what lists that a rule asked know of the values that it found there.
func (w *worker) context(r *match.Rule, e *dissect.Env) (members []byte) {
	if len(r.Contexts) == 0 {
		return nil
	}
	var j jsonw.Writer
	w.rules.m.Context(r, e, func(key, json string) {
		j.KeyBytes([]byte(key))
		j.Raw([]byte(json))
	})
	return j.B
}

// endpoints says where the alert's packet or message came from and went to.
func (w *worker) endpoints(a *alert.Alert, e *dissect.Env) {
	endpoints(a, e, w.cfg.EVEOptions.CommunityIDSeed)
}

func endpoints(a *alert.Alert, e *dissect.Env, seed uint16) {
	f, p := e.Flow, e.Pkt
	if f != nil {
		a.FlowHash = hashKey(&f.Key, 0)
	} else if p != nil {
		a.FlowHash = p.Hash
	}
	if p != nil {
		a.PacketNum = p.Num
	}
	var proto uint8
	switch {
	case f != nil && (p == nil || e.Event != dissect.EvPacket):
		k := &f.Key
		a.Src, a.Dst, a.SrcPort, a.DstPort = k.Src.Netip(), k.Dst.Netip(), k.SrcPort, k.DstPort
		if e.Dir == dissect.ToClient {
			a.Src, a.Dst, a.SrcPort, a.DstPort = a.Dst, a.Src, a.DstPort, a.SrcPort
		}
		proto = k.Proto
	case p != nil && p.IPVersion != 0:
		a.Src, a.Dst, a.SrcPort, a.DstPort = p.Src.Netip(), p.Dst.Netip(), p.SrcPort, p.DstPort
		proto = p.IPProto
	default:
		return
	}
	a.Proto, a.HasPorts = alert.ProtoName(proto)
	if f != nil {
		a.Direction = e.Dir.String()
		if f.App != nil {
			a.App = f.App.Name
		}
		k := &f.Key
		var id [48]byte
		a.Community = string(communityid.AppendID(id[:0], seed, k.Src, k.Dst, k.SrcPort, k.DstPort, k.Proto))
	}
}

// maxEvidence bounds one value of an alert's evidence, bytes.
const maxEvidence = 512

// maxValues bounds the values of a list in an alert's evidence.
const maxEvidenceValues = 32

// evidence reads the values that the rule wants to be shown.
func evidence(r *ir.Rule, e *dissect.Env) []alert.Evidence {
	var list []alert.Evidence
	for _, ev := range r.Evidence {
		x, ok := ev.X.(*ir.Field)
		if !ok {
			continue
		}
		if v := fieldValue(x.F, e); v != nil {
			list = append(list, alert.Evidence{Name: ev.Name, Value: v})
		}
	}
	return list
}

// fieldValue reads a field for people: a string, number, truth value, address, or a list.
func fieldValue(f *dissect.Field, e *dissect.Env) any {
	switch {
	case f.Bytes != nil:
		if b := f.Bytes(e); b != nil {
			return text(b)
		}
	case f.Int != nil:
		if n, ok := f.Int(e); ok {
			return number(f.Type, n)
		}
	case f.Float != nil:
		if n, ok := f.Float(e); ok {
			return n
		}
	case f.IP != nil:
		if ip, ok := f.IP(e); ok {
			return ip
		}
	default:
		return fieldValues(f, e)
	}
	return nil
}

func fieldValues(f *dissect.Field, e *dissect.Env) any {
	var list []any
	for i := range maxEvidenceValues {
		var v any
		var ok bool
		switch {
		case f.BytesN != nil:
			var b []byte
			b, ok = f.BytesN(e, i)
			v = text(b)
		case f.IntN != nil:
			var n int64
			n, ok = f.IntN(e, i)
			v = number(f.Type, n)
		case f.IPN != nil:
			v, ok = f.IPN(e, i)
		}
		if !ok {
			break
		}
		list = append(list, v)
	}
	if list == nil {
		return nil
	}
	return list
}

func text(b []byte) string {
	if len(b) > maxEvidence {
		return string(b[:maxEvidence]) + "..."
	}
	return string(b)
}

// number makes a truth value, a date, seconds, or the number itself of what a field says.
func number(t dissect.Type, n int64) any {
	switch t {
	case dissect.TBool:
		return n != 0
	case dissect.TTime:
		return time.Unix(0, n).UTC().Format(time.RFC3339Nano)
	case dissect.TDuration:
		return time.Duration(n).Seconds()
	}
	return n
}
