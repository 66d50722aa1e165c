package lua

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

// detector is a Detector with what the script needs of it.
type detector struct {
	Detector
	script   string // short name
	params   *glua.LTable
	enabled  bool
	cooldown int64
	last     *store // when a key alerted last; nil without a cooldown
	held     uint64 // alerts held back by the cooldown
	raised   uint64
}

func (d *detector) short() string { return d.script }

// answersTo tells whether settings below id are meant for d.
func (d *detector) answersTo(id string) bool {
	return strings.EqualFold(id, d.ID) || id == d.script
}

func (d *detector) param(name string) *Param {
	for i := range d.Params {
		if d.Params[i].Name == name {
			return &d.Params[i]
		}
	}
	return nil
}

// AlertTypes are the types that a detector's alerts can have; the first is the default.
var AlertTypes = []string{"behavioral", "anomaly"}

// maxCooldownKeys bounds what a cooldown remembers.
const maxCooldownKeys = 100e3

func nidsDetector(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.detector")
	o := optionsAt(L, 1, "nids.detector")
	d := &detector{script: v.prog.short(), enabled: true}
	d.Detector = Detector{Script: v.prog.name, ID: o.text("id", ""), Title: o.text("title", ""), Severity: o.text("severity", "medium"),
		Type: o.text("type", AlertTypes[0]), MITRE: o.texts("mitre"), Tags: o.texts("tags"), Doc: o.text("doc", ""), Pos: v.here(L)}
	if d.ID == "" {
		L.RaiseError("nids.detector: id is missing: `id = \"BEH-EXAMPLE\"`")
	}
	if d.Title == "" {
		d.Title = d.ID
	}
	if !slices.Contains(Severities, d.Severity) {
		L.RaiseError("nids.detector: unknown severity %q: use %s", d.Severity, strings.Join(Severities, ", "))
	}
	if !slices.Contains(AlertTypes, d.Type) {
		L.RaiseError("nids.detector: unknown type %q: use %s", d.Type, strings.Join(AlertTypes, " or "))
	}
	v.bounded(L, len(v.detectors), v.limits.Detectors, "detectors")
	v.params(L, d, o)
	v.override(L, d)
	d.cooldown = o.duration("cooldown", 0)
	if p := d.param("cooldown"); p != nil { // so that settings reach it
		d.cooldown = nanos(p.Value.(float64))
	}
	if d.cooldown > 0 {
		d.last = &store{name: "cooldown", ttl: d.cooldown, max: maxCooldownKeys, index: map[string]*entry{}}
		d.last.key = v.compileKey(L, "nids.detector", o.text("key", "client.ip, server.ip"))
	}
	v.detectors = append(v.detectors, d)
	ud := object("Detector", d)
	L.Push(ud)
	return 1
}

// paramOptions are the names that the declaration of a parameter may use.
var paramOptions = []string{"default", "min", "max", "doc"}

// params reads the declarations of parameters.
func (v *vm) params(L *glua.LState, d *detector, o *options) {
	t, ok := o.get("params").(*glua.LTable)
	if !ok {
		if o.get("params") != glua.LNil {
			o.wrong("params", "a table")
		}
		t = newTable()
	}
	t.ForEach(func(k, x glua.LValue) {
		name, ok := k.(glua.LString)
		if !ok {
			L.RaiseError("nids.detector: parameters have names: `params = { most = 10 }`")
		}
		p := Param{Name: string(name)}
		def := x
		if decl, ok := x.(*glua.LTable); ok && len(layout(decl).strdict) > 0 {
			checkParamOptions(L, p.Name, decl)
			def = decl.RawGetString("default")
			p.Doc = textOr(decl.RawGetString("doc"))
			p.Min, p.HasMin = boundOf(decl.RawGetString("min"))
			p.Max, p.HasMax = boundOf(decl.RawGetString("max"))
		}
		if p.Type, p.Default = typeOfParam(def); p.Type == "" {
			L.RaiseError("nids.detector: parameter %s has no usable default: a number, \"24h\", \"10MiB\", true, a string or a list", p.Name)
		}
		if p.Text, ok = plain(def); !ok {
			p.Text = string(AppendJSON(nil, p.Default))
		}
		p.Value = p.Default
		d.Params = append(d.Params, p)
	})
	slices.SortFunc(d.Params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
}

// checkParamOptions refuses names in a parameter's declaration that mean nothing.
func checkParamOptions(L *glua.LState, param string, decl *glua.LTable) {
	for _, k := range sortedKeys(layout(decl).strdict) {
		if !slices.Contains(paramOptions, k) {
			L.RaiseError("nids.detector: the declaration of parameter %s has no option %s; %s", param, k, orList(didYouMean(k, paramOptions), paramOptions))
		}
	}
	if decl.RawGetString("default") == glua.LNil {
		L.RaiseError("nids.detector: parameter %s has no default; write %s = { default = ..., doc = \"...\" }", param, param)
	}
}

func textOr(x glua.LValue) string {
	s, _ := x.(glua.LString)
	return string(s)
}

// boundOf reads a bound: a number, or a duration or size.
func boundOf(x glua.LValue) (float64, bool) {
	switch x := x.(type) {
	case glua.LNumber:
		return float64(x), true
	case glua.LString:
		if n, ok := parseDuration(string(x)); ok {
			return seconds(n), true
		}
		return parseSize(string(x))
	}
	return 0, false
}

// typeOfParam derives a parameter's type from its default.
func typeOfParam(x glua.LValue) (string, any) {
	switch x := x.(type) {
	case glua.LNumber:
		return "number", float64(x)
	case glua.LBool:
		return "boolean", bool(x)
	case glua.LString:
		if n, ok := parseDuration(string(x)); ok {
			return "duration", seconds(n)
		}
		if n, ok := parseSize(string(x)); ok {
			return "size", n
		}
		return "string", string(x)
	case *glua.LTable:
		list, err := toGo(x, 0)
		if err != nil {
			return "", nil
		}
		if l, ok := list.([]any); ok {
			return "list", l
		}
		return "list", []any{}
	}
	return "", nil
}

// override applies the settings, and makes the table that the script reads.
func (v *vm) override(L *glua.LState, d *detector) {
	for id, params := range v.rt.opt.Params {
		if !d.answersTo(id) {
			continue
		}
		for _, name := range sortedKeys(params) {
			if why := overrideOne(d, name, params[name]); why != "" {
				v.badSettings = append(v.badSettings, Problem{Pos: Pos{File: "settings"}, Kind: BadSetting, Setting: id + "." + name,
					Msg: "settings of " + d.ID + ": " + why})
			}
		}
	}
	t := newTable()
	var names []string
	for i := range d.Params {
		p := &d.Params[i]
		names = append(names, p.Name)
		t.RawSetString(p.Name, toLua(p.Value))
	}
	m := newTable()
	m.RawSetString("__metatable", glua.LString("protected"))
	m.RawSetString("__newindex", native(readOnly))
	m.RawSetString("__index", native(func(L *glua.LState) int {
		unknown(L, "params", L.Get(2).String(), names)
		return 0
	}))
	t.Metatable = m
	d.params = t
}

// overrideOne applies one setting and says what is wrong with it.
func overrideOne(d *detector, name string, x any) (why string) {
	switch name {
	case "enabled":
		b, ok := toBool(x)
		if !ok {
			return fmt.Sprintf("enabled must be true or false, not %v", x)
		}
		d.enabled = b
		return ""
	case "severity":
		s := fmt.Sprint(x)
		if !slices.Contains(Severities, s) {
			return fmt.Sprintf("unknown severity %q: use %s", s, strings.Join(Severities, ", "))
		}
		d.Severity = s
		return ""
	}
	p := d.param(name)
	if p == nil {
		return "" // reported by Load as a warning
	}
	val, err := p.parse(x)
	if err != nil {
		return err.Error()
	}
	p.Value = val
	return ""
}

func toBool(x any) (bool, bool) {
	switch x := x.(type) {
	case bool:
		return x, true
	case string:
		b, err := strconv.ParseBool(x)
		return b, err == nil
	}
	return false, false
}

// parse reads a setting by the parameter's type, and checks its bounds.
func (p *Param) parse(x any) (any, error) {
	text := strings.TrimSpace(fmt.Sprint(x))
	bad := func(want string) (any, error) {
		return nil, fmt.Errorf("%s must be %s, not %v", p.Name, want, x)
	}
	switch p.Type {
	case "boolean":
		if b, ok := toBool(x); ok {
			return b, nil
		}
		return bad("true or false")
	case "string":
		return text, nil
	case "list":
		switch x := x.(type) {
		case []any:
			return x, nil
		case []string:
			return toAny(x), nil
		}
		return toAny(strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })), nil
	}
	n, err := strconv.ParseFloat(text, 64)
	ok := err == nil
	if !ok && p.Type == "duration" {
		var ns int64
		ns, ok = parseDuration(text)
		n = seconds(ns)
	}
	if !ok && p.Type == "size" {
		n, ok = parseSize(text)
	}
	switch {
	case !ok:
		return bad(map[string]string{"number": "a number", "duration": `a duration ("24h")`, "size": `a size ("10MiB")`}[p.Type])
	case p.HasMin && n < p.Min:
		return bad(fmt.Sprintf("at least %g", p.Min))
	case p.HasMax && n > p.Max:
		return bad(fmt.Sprintf("at most %g", p.Max))
	}
	return n, nil
}

func toAny(x []string) []any {
	out := make([]any, len(x))
	for i, s := range x {
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			out[i] = n
		} else {
			out[i] = s
		}
	}
	return out
}

func detectorClass() *class {
	return &class{name: "Detector", doc: "A declared detector.",
		fields: []memberDecl{{"params", "table<string, any>", "parameters, after overrides: durations in seconds, sizes in bytes"},
			{"id", "string", "id of the detector"}},
		methods: []decl{
			{name: "alert", sig: "fun(self: Detector, about: Event|table|nil, score?: number, evidence?: table, title?: string): boolean",
				doc:  "Raises an alert about an event, whose source is the flow's client, or about the end points of a table { src_ip, dst_ip, src_port, dst_port, proto, event }. event is the event of a table that names other ends. score is 0..1 (1). evidence holds the figures that led to it. With a cooldown, false where the key alerted recently.",
				call: detectorAlert},
		}}
}

// member implements membered.
func (d *detector) member(_ *glua.LState, name string) glua.LValue {
	switch name {
	case "params":
		return d.params
	case "id":
		return glua.LString(d.ID)
	}
	return nil
}

func (d *detector) setMember(*glua.LState, string, glua.LValue) bool { return false }

// each implements holder.
func (d *detector) each(visit func(glua.LValue)) { visit(d.params) }

func detectorAlert(L *glua.LState) int {
	d, v := self[*detector](L, "Detector"), vmOf(L)
	if v.loading {
		L.RaiseError("an alert belongs into a handler, not at the top level")
	}
	a := &v.alert
	*a = Alert{Detector: &d.Detector, Time: v.rt.now, Score: min(max(float64(L.OptNumber(3, 1)), 0), 1),
		Title: L.OptString(5, d.Title), Severity: d.Severity, Evidence: a.Evidence[:0]}
	v.about(L, a)
	v.evidence(L, a)
	if !d.enabled {
		L.Push(glua.LFalse)
		return 1
	}
	if d.last != nil && !d.due(L, v, a) {
		d.held++
		L.Push(glua.LFalse)
		return 1
	}
	d.raised++
	v.meter.charge(200)
	v.rt.host.Alert(a)
	a.Env = nil
	L.Push(glua.LTrue)
	return 1
}

// about reads what the alert is about.
func (v *vm) about(L *glua.LState, a *Alert) {
	if x := eventAt(L.Get(2)); x != nil {
		x = checkEvent(L, 2)
		a.Env, a.Time = x.env, x.env.Time
		a.fromEnv(v.rt.schema, x)
		return
	}
	switch t := L.Get(2).(type) {
	case *glua.LNilType:
	case *glua.LTable:
		o := optionsAt(L, 2, "alert")
		if x := eventAt(o.get("event")); x != nil && x.env != nil {
			a.Env, a.Time, a.Named = x.env, x.env.Time, true
		} else if o.get("event") != glua.LNil {
			L.RaiseError("alert: event is no event, or one that is over")
		}
		a.Src, a.Dst = o.addr("src_ip"), o.addr("dst_ip")
		a.SrcPort, a.DstPort = uint16(o.number("src_port", 0)), uint16(o.number("dst_port", 0))
		a.Proto = o.text("proto", "")
	default:
		L.ArgError(2, "an event, a table with src_ip and dst_ip, or nil is wanted, not a "+t.Type().String())
	}
}

func (o *options) addr(name string) netip.Addr {
	s := o.text(name, "")
	if s == "" {
		return netip.Addr{}
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		o.L.RaiseError("%s: %s is no IP address: %q", o.what, name, s)
	}
	return ip
}

// fromEnv tells the end points of an event: of its flow, client first, or of its packet.
func (a *Alert) fromEnv(s *dissect.Schema, x *view) {
	from, to := "src", "dst"
	if x.env.Flow != nil {
		from, to = "client", "server"
	}
	ip := func(name string) (ip netip.Addr) {
		if f := s.Field(name); f != nil && f.IP != nil {
			ip, _ = f.IP(x.env)
		}
		return ip
	}
	port := func(name string) uint16 {
		if f := s.Field(name); f != nil && f.Int != nil {
			n, _ := f.Int(x.env)
			return uint16(n)
		}
		return 0
	}
	a.Src, a.Dst = ip(from+".ip"), ip(to+".ip")
	a.SrcPort, a.DstPort = port(from+".port"), port(to+".port")
	if f := s.Field("proto"); f != nil && f.Bytes != nil {
		a.Proto = string(f.Bytes(x.env))
	}
}

// evidence reads the table of figures.
func (v *vm) evidence(L *glua.LState, a *Alert) {
	if L.Get(4) == glua.LNil {
		return
	}
	e, err := toGo(L.CheckTable(4), 0)
	if err != nil {
		L.RaiseError("evidence: %s", err.Error())
	}
	switch e := e.(type) {
	case []KV:
		a.Evidence = append(a.Evidence, e...)
	case []any:
		a.Evidence = append(a.Evidence, KV{"values", e})
	}
}

// due tells whether the cooldown of the alert's key is over, and begins a new one.
func (d *detector) due(L *glua.LState, v *vm, a *Alert) bool {
	b := v.buf[:0]
	if x := eventAt(L.Get(2)); x != nil {
		b = d.last.key.appendEvent(b, v, x)
	} else {
		for _, n := range d.last.key.parts {
			switch n.field.Name {
			case "src.ip", "client.ip":
				b = appendText(b, a.Src.String())
			case "dst.ip", "server.ip":
				b = appendText(b, a.Dst.String())
			case "src.port":
				b = appendFloat(b, float64(a.SrcPort))
			case "dst.port", "server.port":
				b = appendFloat(b, float64(a.DstPort))
			}
		}
	}
	v.keepBuf(b)
	s := d.last
	if e := s.index[string(b)]; e != nil {
		if e.made+d.cooldown > a.Time {
			return false
		}
		s.drop(e)
	}
	s.add(b, glua.LNil, a.Time)
	return true
}
