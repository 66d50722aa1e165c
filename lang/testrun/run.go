package testrun

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// Result is what became of one case of a test block.
type Result struct {
	Rule  string
	File  string
	Line  int
	Input string // "http.request", "pcap x.pcap"
	Want  int
	Got   int
	Err   error // the case could not be run
	// Why says what kept the rule from more alerts, where too few came of synthetic events; of captures, what to ask.
	Why string
}

// OK tells whether the case passed.
func (r *Result) OK() bool { return r.Err == nil && r.Got == r.Want }

// String is one line: file:line: rule on input: what happened.
func (r *Result) String() string {
	s := fmt.Sprintf("%s:%d: %s on %s: ", r.File, r.Line, r.Rule, r.Input)
	switch {
	case r.Err != nil:
		return s + r.Err.Error()
	case r.Got == r.Want:
		return s + "ok"
	}
	return s + fmt.Sprintf("%d alerts, wanted %d", r.Got, r.Want)
}

// Report is what a run of tests gave.
type Report struct {
	Results  []Result
	Failed   int
	Untested []string // rules without a test
	Rules    int
	// Diagnostics are about the files; with errors nothing was run.
	Diagnostics diag.List
	Source      diag.Source
}

// Options say how tests are run.
type Options struct {
	Load lang.Options
	// Pcap replays a capture with the rules of the test, and gives how often the rule alerted.
	// Without it, cases on captures are left out.
	Pcap func(capture, rule string) (int, error)
	// Ask answers for the predicates of scripts, as match.Matcher.Ask; nil for no scripts.
	Ask func(n int, args []ir.Value) bool
}

// Run loads rule files and runs their tests.
func Run(real *dissect.Schema, paths []string, opts Options) (*Report, error) {
	schema, err := Schema(real)
	if err != nil {
		return nil, err
	}
	rs, list := lang.Load(schema, paths, opts.Load)
	rep := &Report{Diagnostics: list, Source: rs.Source, Rules: len(rs.Rules) + len(rs.Sequences)}
	if list.Errors() > 0 {
		return rep, nil
	}
	prog, problems := match.Compile(schema, rs.Rules, match.Options{Sequences: rs.Sequences, NoWarnings: true})
	for _, p := range problems {
		if p.Error {
			return rep, fmt.Errorf("%s", p)
		}
	}
	tested := map[string]bool{}
	for _, t := range rs.Tests {
		tested[t.RuleID] = true
		for i := range t.Cases {
			r := runCase(schema, prog, t, &t.Cases[i], opts)
			if r == nil {
				continue
			}
			if !r.OK() {
				rep.Failed++
			}
			rep.Results = append(rep.Results, *r)
		}
	}
	for _, r := range rs.Rules {
		if !tested[r.ID] && !r.NoAlert {
			rep.Untested = append(rep.Untested, r.ID)
		}
	}
	for _, q := range rs.Sequences {
		if !tested[q.ID] {
			rep.Untested = append(rep.Untested, q.ID)
		}
	}
	return rep, nil
}

func runCase(schema *dissect.Schema, prog *match.Program, t *check.Test, c *check.TestCase, opts Options) *Result {
	r := &Result{Rule: t.RuleID, File: t.File, Line: int(c.Pos.Line), Want: c.Alerts}
	if c.Pcap != "" {
		r.Input = "pcap " + c.Pcap
		if opts.Pcap == nil {
			return nil
		}
		name := c.Pcap
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(t.File), name)
		}
		if r.Got, r.Err = opts.Pcap(name, t.RuleID); r.Err == nil && r.Got != r.Want {
			r.Why = fmt.Sprintf("luanids explain %s -r %s -f %s tells more", t.RuleID, t.File, name)
		}
		return r
	}
	for i := range c.Steps {
		if i > 0 {
			r.Input += " then "
		}
		r.Input += c.Steps[i].Event
	}
	r.Got = newRunner(schema, prog, t.RuleID, opts).play(c)
	if rule := prog.Rule(t.RuleID); r.Got < r.Want && rule != nil {
		run := newRunner(schema, prog, t.RuleID, opts)
		if rule.IsSequence() {
			run.play(c)
			r.Why = sequenceWhy(run.st, rule)
		} else {
			run.why = newWhy(schema, prog, rule)
			run.play(c)
			r.Why = run.why.String()
		}
	}
	return r
}

func newRunner(schema *dissect.Schema, prog *match.Program, rule string, opts Options) *runner {
	r := &runner{schema: schema, m: prog.NewMatcher(), st: match.NewState(match.StateLimits{}), rule: rule,
		flows: map[dissect.FlowKey]*flow{}, now: firstTime}
	r.m.Ask = opts.Ask
	return r
}

// play plays the messages of a case, and gives the number of alerts.
func (r *runner) play(c *check.TestCase) int {
	for i := range c.Steps {
		r.message(&c.Steps[i])
	}
	r.tick(int64(24 * time.Hour)) // what waits for an absence is due
	return r.alerts
}

// firstTime is the packet time of a case's first message: 2024-01-01 00:00 UTC.
const firstTime = 1704067200e9

// gap is the time between messages that say nothing else.
const gap = int64(10 * time.Millisecond)

// runner runs one case.
type runner struct {
	schema *dissect.Schema
	m      *match.Matcher
	st     *match.State
	rule   string
	alerts int
	now    int64
	num    uint64
	flows  map[dissect.FlowKey]*flow
	why    *why // nil unless asked for
}

// flow is a flow of a case, with what the engine keeps for it.
type flow struct {
	dissect.Flow
	carry [2][]uint32
	off   [2]uint64
	begun [2]bool
}

// tick lets time pass.
func (r *runner) tick(d int64) {
	r.now += d
	for _, done := range r.st.Tick(r.now) {
		if done.ID == r.rule {
			r.alerts++
		}
	}
}

// message plays a message of a test, as often as it says.
func (r *runner) message(m *check.TestMsg) {
	for i := range m.Repeat {
		wait := gap
		switch {
		case i == 0 && m.After > 0:
			wait = int64(m.After)
		case i > 0 && m.Every > 0:
			wait = int64(m.Every)
		}
		r.tick(wait)
		if m.Repeat == 1 {
			r.once(m)
			continue
		}
		one := *m
		one.Fields = slices.Clone(m.Fields)
		for j := range one.Fields {
			one.Fields[j].Values = repetition(&m.Fields[j], i)
		}
		r.once(&one)
	}
}

// repetition gives the values of a field in repetition i of its message: the next of those that take turns,
// and $n in a text is the number of the repetition.
func repetition(f *check.TestField, i int) []ir.Value {
	if f.Cycle {
		return f.Values[i%len(f.Values):][:1]
	}
	out := slices.Clone(f.Values)
	for k := range out {
		if bytes.Contains(out[k].B, []byte("$n")) {
			out[k].B = bytes.ReplaceAll(out[k].B, []byte("$n"), strconv.AppendInt(nil, int64(i+1), 10))
		}
	}
	return out
}

func (r *runner) once(m *check.TestMsg) {
	id, _ := r.schema.EventByName(m.Event)
	ev := r.schema.Events[id]
	msg := &message{values: map[string][]ir.Value{}}
	for _, f := range m.Fields {
		values := f.Values
		switch {
		case f.Name != "":
			values = headerLines(f)
		case f.Cycle && len(values) > 1:
			values = values[:1]
		}
		if old := msg.values[f.Field.Name]; f.Name != "" && !f.Field.Multi && len(old) > 0 {
			old[0].B = append(old[0].B, values[0].B...) // one more header line
			continue
		}
		msg.values[f.Field.Name] = append(msg.values[f.Field.Name], values...)
	}
	x := endsOf(r.schema, m, ev.Spec, !ev.Any && ev.Dir == dissect.ToClient)
	derive(r.schema, msg.values, x.toClient)
	fl := r.flow(&x)
	if ev.Spec != nil {
		fl.App = ev.Spec
	}
	r.begin(fl, &x)
	for _, id := range r.events(ev, m) {
		r.fire(fl, &x, msg, id)
	}
}

// flow finds or makes the flow of a message.
func (r *runner) flow(x *ends) *flow {
	fl := r.flows[x.key()]
	if fl == nil {
		fl = &flow{}
		fl.Key, fl.ID, fl.Start = x.key(), uint64(len(r.flows)+1), r.now
		r.flows[fl.Key] = fl
	}
	fl.State, fl.Last = dissect.FlowNew, r.now
	if x.established {
		fl.State = dissect.FlowEstablished
	}
	d := dirOf(x)
	fl.Packets[d]++
	fl.Bytes[d] += uint64(len(x.payload) + 40)
	fl.Payload[d] += uint64(len(x.payload))
	return fl
}

func dirOf(x *ends) dissect.Dir {
	if x.toClient {
		return dissect.ToClient
	}
	return dissect.ToServer
}

// begin plays the start of the flow in a direction.
func (r *runner) begin(fl *flow, x *ends) {
	if d := dirOf(x); !fl.begun[d] {
		fl.begun[d] = true
		r.fire(fl, x, nil, dissect.EvFlowStart)
	}
}

// events lists what happens for a message, in order: the events before its own that are of the same direction,
// those at which the fields that it names are known, and those at which they are complete.
func (r *runner) events(ev dissect.EventInfo, m *check.TestMsg) []dissect.EventID {
	ids := []dissect.EventID{ev.ID}
	add := func(id dissect.EventID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, f := range m.Fields {
		for _, name := range []string{f.Field.Event, f.Field.Done} {
			if id, ok := r.schema.EventByName(name); ok {
				add(id)
			}
		}
	}
	if ev.Spec != nil {
		for _, o := range r.schema.Events {
			if o.Spec == ev.Spec && o.Phase < ev.Phase && (o.Any || ev.Any || o.Dir == ev.Dir) {
				add(o.ID)
			}
		}
	}
	if ev.ID == dissect.EvStreamData {
		add(dissect.EvPacket)
	}
	if ev.ID == dissect.EvPacket && len(endsOf(r.schema, m, nil, false).payload) > 0 {
		add(dissect.EvStreamData)
	}
	if ev.ID == dissect.EvFile {
		add(dissect.EvFileData)
	}
	slices.SortStableFunc(ids, func(a, b dissect.EventID) int {
		return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), cmp.Compare(r.schema.Events[a].Phase, r.schema.Events[b].Phase))
	})
	return ids
}

// rank orders core events among those of protocols.
func (r *runner) rank(id dissect.EventID) int {
	switch id {
	case dissect.EvPacket:
		return 0
	case dissect.EvStreamData:
		return 1
	case dissect.EvFileData:
		return 3
	case dissect.EvFile:
		return 4
	}
	return 2
}

// fire judges one event.
func (r *runner) fire(fl *flow, x *ends, msg *message, id dissect.EventID) {
	ev := r.schema.Events[id]
	at := *x
	if ev.Spec != nil && !ev.Any && ev.Dir != dirOf(x) {
		at = x.reversed()
	}
	r.num++
	e := &dissect.Env{Event: id, Dir: dirOf(&at), Time: r.now, Pkt: at.decode(r.now, r.num), Flow: &fl.Flow, Name: ""}
	if msg != nil {
		e.Tx = msg
		if v := msg.values["anomaly.event"]; len(v) > 0 {
			e.Name = string(v[0].B)
		}
	}
	switch id {
	case dissect.EvPacket:
		e.Data = e.Pkt.Payload
	case dissect.EvStreamData:
		e.Data, e.DataOff, e.Carry = at.payload, fl.off[e.Dir], &fl.carry[e.Dir]
		fl.off[e.Dir] += uint64(len(at.payload))
	}
	if at.proto == packet.ProtoUDP {
		e.DataOff = 0
	}
	if r.why != nil {
		r.why.look(id, ev.Name, e)
	}
	for _, hit := range r.m.Match(id, e) {
		if r.why != nil && hit.Rule.ID == r.rule {
			r.why.matches++
		}
		captured := r.m.Capture(hit.Rule, e, nil)
		v := r.st.Judge(hit.Rule, captured, r.now)
		if v.Alert && hit.Rule.ID == r.rule {
			r.alerts++
		}
		for _, done := range v.Done {
			if done.ID == r.rule {
				r.alerts++
			}
		}
	}
}
