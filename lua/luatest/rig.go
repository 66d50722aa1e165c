package luatest

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// Epoch is the packet time of `time = 0`: 2024-01-01 00:00 UTC, seconds.
const Epoch = 1704067200

// rig is a script under test with what the engine would do for it.
type rig struct {
	f       *file
	rt      *lua.Runtime
	host    *lua.Recorder
	load    lua.Options
	prog    *match.Program
	matcher *match.Matcher
	subOf   map[string]int // subscription by id of its filter rule
	free    map[dissect.EventID][]int
	now     int64 // packet time, seconds after Epoch, as far as ticks went
	serial  uint64
	flows   map[string]*dissect.Flow
	exited  bool
}

func (f *file) newRig(options *glua.LTable) (*rig, error) {
	r := &rig{f: f, host: &lua.Recorder{Feeds: map[string]lua.IntelHit{}}, load: f.opt.Load, subOf: map[string]int{},
		free: map[dissect.EventID][]int{}, flows: map[string]*dissect.Flow{}}
	r.load.Host = r.host
	r.load.Modules = append(r.load.Modules, f.fsys)
	if err := r.options(options); err != nil {
		return nil, err
	}
	rt, problems := lua.Load(f.schema, []lua.Source{f.script}, r.load)
	r.rt = rt
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", problems[0])
	}
	filters, err := rt.FilterRules()
	if err != nil {
		return nil, err
	}
	var rules []*ir.Rule
	for _, x := range filters {
		r.subOf[x.Rule.ID] = x.Sub
		rules = append(rules, x.Rule)
	}
	prog, list := match.Compile(f.schema, rules, match.Options{NoWarnings: true})
	for _, p := range list {
		if p.Error {
			return nil, fmt.Errorf("%s", p)
		}
	}
	r.prog, r.matcher = prog, prog.NewMatcher()
	for _, s := range rt.Subscriptions() {
		if s.Filter == "" || s.Kind != lua.SubEvent {
			r.free[s.Event] = append(r.free[s.Event], s.ID)
		}
	}
	return r, nil
}

// options reads { params = { ... }, vars = { HOME = "..." }, intel = { ["ip 203.0.113.9"] = "feed" } }.
func (r *rig) options(t *glua.LTable) error {
	var err error
	t.ForEach(func(k, x glua.LValue) {
		sub, ok := x.(*glua.LTable)
		if !ok {
			err = fmt.Errorf("option %s must be a table", k)
			return
		}
		switch k.String() {
		case "params":
			params := map[string]any{}
			sub.ForEach(func(k, x glua.LValue) { params[k.String()] = plainValue(x) })
			r.load.Params = map[string]map[string]any{base(r.f.script.Name): params}
		case "vars":
			r.load.Vars = map[string]string{}
			sub.ForEach(func(k, x glua.LValue) { r.load.Vars[k.String()] = x.String() })
		case "intel":
			sub.ForEach(func(k, x glua.LValue) { r.host.Feeds[k.String()] = lua.IntelHit{Feed: x.String(), Severity: "high"} })
		default:
			err = fmt.Errorf("unknown option %s: use params, vars or intel", k)
		}
	})
	return err
}

func plainValue(x glua.LValue) any {
	switch x := x.(type) {
	case glua.LNumber:
		return float64(x)
	case glua.LBool:
		return bool(x)
	case *glua.LTable:
		var out []any
		for i := 1; i <= x.Len(); i++ {
			out = append(out, plainValue(x.RawGetInt(i)))
		}
		return out
	}
	return x.String()
}

func (r *rig) close() { r.rt.Close() }

// failed tells what the script did wrong itself.
func (r *rig) failed() error {
	if len(r.host.Problems) == 0 {
		return nil
	}
	p := r.host.Problems[0]
	return fmt.Errorf("%s\n%s", p, p.Trace)
}

// advance ticks up to a time, once for each second.
func (r *rig) advance(seconds float64) {
	to := int64(seconds)
	if r.now == 0 && to > 0 {
		r.now = to - 1 // the capture begins here
	}
	for r.now < to {
		r.now++
		r.rt.Tick((Epoch + r.now) * 1e9)
	}
}

// deliver gives an event to the handlers that want it, in the order of their registration.
func (r *rig) deliver(e *dissect.Env) {
	hit := map[int]bool{}
	for _, h := range r.matcher.Match(e.Event, e) {
		if sub, ok := r.subOf[h.Rule.ID]; ok {
			hit[sub] = true
		}
	}
	for _, sub := range r.free[e.Event] {
		hit[sub] = true
	}
	for _, s := range r.rt.Subscriptions() {
		if hit[s.ID] {
			r.rt.Deliver(s.ID, &lua.Snapshot{Env: *e})
		}
	}
}

// object makes the t of a test.
func (r *rig) object(L *glua.LState) *glua.LTable {
	t := L.NewTable()
	var names []string
	for name, fn := range map[string]func(*glua.LState) int{
		"event": r.luaEvent, "flow": r.luaFlow, "tick": r.luaTick, "exit": r.luaExit, "expect": r.luaExpect,
		"alerts": r.luaAlerts, "printed": r.luaPrinted, "replay": r.luaReplay, "equal": luaEqual,
	} {
		t.RawSetString(name, L.NewFunction(fn))
		names = append(names, name)
	}
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *glua.LState) int {
		L.RaiseError("a test has no function t:%s%s", L.Get(2).String(), mean(L.Get(2).String(), names))
		return 0
	}))
	t.Metatable = meta
	return t
}

// mean says which of the names may have been meant.
func mean(name string, names []string) string {
	slices.Sort(names)
	if hint := diag.DidYouMean(diag.Nearest(name, names)); hint != "" {
		return "; " + hint
	}
	return ""
}

// luaEvent is t:event(name, fields).
func (r *rig) luaEvent(L *glua.LState) int {
	name := L.CheckString(2)
	id, ok := r.f.schema.EventByName(name)
	if !ok {
		var names []string
		for _, e := range r.f.schema.Events[1:] {
			names = append(names, e.Name)
		}
		L.RaiseError("unknown event %q%s", name, mean(name, names))
	}
	e, err := r.env(id, L.OptTable(3, L.NewTable()))
	if err != nil {
		L.RaiseError("%s: %s", name, err.Error())
	}
	r.deliver(e)
	return 0
}

// luaFlow is t:flow(fields): the events flow.start and flow.end of one flow.
func (r *rig) luaFlow(L *glua.LState) int {
	t := L.CheckTable(2)
	if flowName(t) == "" { // both events are of one flow
		t.RawSetString("flow", glua.LString("flow"))
		defer t.RawSetString("flow", glua.LNil)
	}
	for _, id := range []dissect.EventID{dissect.EvFlowStart, dissect.EvFlowEnd} {
		e, err := r.env(id, t)
		if err != nil {
			L.RaiseError("flow: %s", err.Error())
		}
		r.deliver(e)
		if id == dissect.EvFlowEnd {
			delete(r.flows, flowName(t))
		}
	}
	return 0
}

func (r *rig) luaTick(L *glua.LState) int {
	r.advance(float64(L.CheckNumber(2)))
	return 0
}

func (r *rig) luaExit(*glua.LState) int {
	if !r.exited {
		r.rt.Exit()
		r.exited = true
	}
	return 0
}

// luaExpect is t:expect(id, n): so many alerts of a detector; "*" counts all. n may be "some".
func (r *rig) luaExpect(L *glua.LState) int {
	id, n := L.CheckString(2), 0
	var ids []string
	for _, d := range r.rt.Detectors() {
		ids = append(ids, d.ID)
	}
	if id != "*" && !slices.Contains(ids, id) { // else 0 alerts of a name that is misspelt would pass
		hint := mean(id, ids)
		if hint == "" {
			hint = "; there are " + strings.Join(ids, ", ")
		}
		L.RaiseError("no detector has the id %s%s", id, hint)
	}
	for i := range r.host.Alerts {
		if a := &r.host.Alerts[i]; id == "*" || a.ID == id {
			n++
		}
	}
	if L.Get(3) == glua.LString("some") {
		if n == 0 {
			L.RaiseError("%s did not alert", id)
		}
		return 0
	}
	if want := L.CheckInt(3); n != want {
		L.RaiseError("%s: %d alerts, want %d%s", id, n, want, r.told())
	}
	return 0
}

// told lists the alerts for an error message.
func (r *rig) told() string {
	var b strings.Builder
	for i := range r.host.Alerts {
		if i == 5 {
			b.WriteString("\n  ...")
			break
		}
		a := &r.host.Alerts[i]
		fmt.Fprintf(&b, "\n  %s %q score %.2f %s -> %s %s", a.ID, a.Title, a.Score, a.Src, a.Dst, lua.AppendJSON(nil, a.Evidence))
	}
	return b.String()
}

func (r *rig) luaAlerts(L *glua.LState) int {
	t := L.NewTable()
	for i := range r.host.Alerts {
		a := &r.host.Alerts[i]
		x := L.NewTable()
		for k, v := range map[string]glua.LValue{"id": glua.LString(a.ID), "title": glua.LString(a.Title), "severity": glua.LString(a.Severity),
			"score": glua.LNumber(a.Score), "time": glua.LNumber(float64(a.Time)/1e9 - Epoch), "src_ip": glua.LString(a.Src.String()),
			"dst_ip": glua.LString(a.Dst.String()), "evidence": toLua(L, a.Evidence)} {
			x.RawSetString(k, v)
		}
		t.Append(x)
	}
	L.Push(t)
	return 1
}

func toLua(L *glua.LState, x any) glua.LValue {
	switch x := x.(type) {
	case string:
		return glua.LString(x)
	case float64:
		return glua.LNumber(x)
	case bool:
		return glua.LBool(x)
	case []any:
		t := L.NewTable()
		for _, y := range x {
			t.Append(toLua(L, y))
		}
		return t
	case []lua.KV:
		t := L.NewTable()
		for _, kv := range x {
			t.RawSetString(kv.Key, toLua(L, kv.Value))
		}
		return t
	}
	return glua.LNil
}

func (r *rig) luaPrinted(L *glua.LState) int {
	L.Push(glua.LString(r.host.Printed.String()))
	return 1
}

// luaReplay is t:replay(capture): the script on a capture, whose alerts count like others.
func (r *rig) luaReplay(L *glua.LState) int {
	if r.f.opt.Replay == nil {
		L.RaiseError("%s", errSkip.Error())
	}
	alerts, err := r.f.opt.Replay(L.CheckString(2), r.f.script, r.load)
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	r.host.Alerts = append(r.host.Alerts, alerts...)
	return 0
}

// luaEqual is t:equal(got, want).
func luaEqual(L *glua.LState) int {
	got, want := L.Get(2), L.Get(3)
	if !L.Equal(got, want) {
		L.RaiseError("got %s, want %s", got.String(), want.String())
	}
	return 0
}
