package lua

import (
	"net/netip"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

func coreSection() section {
	return section{name: "Events and detectors", doc: "What a script registers at its top level, and what it says to the outside.", funcs: []decl{
		{name: "on", sig: "fun(event: string, filter?: string, handler: fun(ev: Event))", call: nidsOn,
			doc:     "Calls handler for each event of that name for which filter, a condition of the rule language, holds. `exit` is the end of the run, `alert` any alert. Handlers of one event are called in the order of loading.",
			example: "nids.on(\"http.request\", 'http.method == \"POST\"', function(ev)\n  nids.log(ev.src.ip .. \" posts to \" .. (ev.http.uri or \"?\"))\nend)"},
		{name: "every", sig: "fun(interval: string|number, handler: fun(now: number))", call: nidsEvery,
			doc:     "Calls handler every so often in packet time, at multiples of the interval. After a pause of the capture it is called once.",
			example: "nids.every(\"60s\", function(now) nids.log(nids.time_format(now)) end)"},
		{name: "detector", sig: "fun(declaration: DetectorDeclaration): Detector", call: nidsDetector,
			doc:     "Declares a detector: id, title, severity (info, low, medium, high, critical), and optionally type (the alert_type of its alerts: behavioral, the default, or anomaly where traffic is held against what is usual), mitre, tags, doc, params with their defaults, and a cooldown with its key: at most one alert for each key within that time. The default decides a parameter's type: a number, \"24h\" (a duration, read in seconds), \"10MiB\" (a size, read in bytes), true, a string, a list; or a table with default, min, max and doc.",
			example: "local detect = nids.detector {\n  id = \"X-1\", title = \"Example\", severity = \"low\", mitre = \"T1071\",\n  params = { most = { default = 10, min = 1, doc = \"events a minute\" }, window = \"1m\" },\n  cooldown = \"10m\", key = \"src.ip\",\n}\ndetect.params.window --> 60"},
		{name: "parallel", sig: "fun()", call: nidsParallel,
			doc: "Gives the script one VM in each worker instead of one in the ordered stage. For scripts whose state belongs to one flow: it is faster, but globals are not shared between workers.", example: "nids.parallel()"},
		{name: "predicate", sig: "fun(name: string, types: string[], fn: fun(...): boolean)", call: nidsPredicate,
			doc:     "Gives rules a function: `when is_dga(dns.rrname)`. types are string, bytes, int, float, bool or ip. Such conditions are judged last.",
			example: "nids.predicate(\"is_long\", { \"string\" }, function(s) return #s > 50 end)"},
		{name: "has_event", sig: "fun(name: string): boolean", doc: "Tells whether there is an event of that name, for scripts that use what is there.", example: "nids.has_event(\"flow.end\") --> true", call: func(L *glua.LState) int {
			id, ok := vmOf(L).rt.schema.EventByName(L.CheckString(1))
			L.Push(glua.LBool(ok && id != dissect.EvTick || L.CheckString(1) == "exit"))
			return 1
		}},
		{name: "has_field", sig: "fun(name: string): boolean", doc: "Tells whether there is a field of that name.", example: "nids.has_field(\"src.ip\") --> true", call: func(L *glua.LState) int {
			L.Push(glua.LBool(vmOf(L).rt.schema.Field(L.CheckString(1)) != nil))
			return 1
		}},
		{name: "now", sig: "fun(): number", call: nidsNow, doc: "Packet time, seconds since the Unix epoch. A replay gives the same times at any speed."},
		{name: "began", sig: "fun(): number", call: nidsBegan, doc: "Packet time of the first event: when watching began. 0 while the script is being loaded."},
		{name: "log", sig: "fun(text: any, level?: string)", call: nidsLog, doc: "Writes a line to the log: level debug, info (the default), warning or error.", example: "nids.log(\"ready\")\nnids.log(\"odd\", \"warning\")"},
		{name: "metric", sig: "fun(name: string, doc?: string): Metric", call: nidsMetric, doc: "A number that appears in stats and metrics under the script's name.", example: "local m = nids.metric(\"odd_names\", \"names that looked odd\")\nm:inc()\nm:get() --> 1"},
		{name: "expr", sig: "fun(condition: string): Expr", call: nidsExpr, doc: "Compiles a condition of the rule language, to be tested on events with :test(ev)."},
		{name: "intel", sig: "fun(kind: string, value: string): table|nil", call: nidsIntel, doc: "Looks a value up in the threat-intel feeds: kind ip, domain, url, hash, ja3 or ja4. Gives feed, kind, severity and description, or nil."},
		{name: "set_host_flag", sig: "fun(ip: string, name: string, ttl?: string|number)", call: nidsSetHostFlag, doc: "Sets a flag of a host, which rules test, for a time (1h); ttl 0 clears it."},
		{name: "host_flag", sig: "fun(ip: string, name: string): boolean", call: nidsHostFlag, doc: "Tells whether a flag of a host is set."},
	}}
}

func nidsOn(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.on")
	event := L.CheckString(1)
	filter := ""
	last := 2
	if L.GetTop() >= 3 {
		if L.Get(2) != glua.LNil {
			filter = L.CheckString(2)
		}
		last = 3
	}
	fn := L.CheckFunction(last)
	if event == "exit" {
		v.bounded(L, len(v.exits), v.limits.Handlers, "exit handlers")
		v.exits = append(v.exits, fn)
		return 0
	}
	v.subscribe(L, event, filter, fn, SubEvent)
	return 0
}

// subscribe registers a handler.
func (v *vm) subscribe(L *glua.LState, event, filter string, fn *glua.LFunction, kind SubKind) {
	id, ok := v.rt.schema.EventByName(event)
	if !ok || id == dissect.EvTick {
		L.RaiseError("unknown event %q; %s", event, eventHint(v.rt.schema, event))
	}
	if id == dissect.EvAlert && filter != "" {
		L.RaiseError("the event alert takes no filter: its handler gets a plain table, whose members it can test")
	}
	v.bounded(L, len(v.handlers), v.limits.Handlers, "handlers")
	if filter != "" && !v.rt.worker {
		if _, err := compileFilter(v.rt.schema, &v.rt.opt, FilterID+"0", event, filter); err != nil {
			L.RaiseError("filter of %s: %s", event, err.Error())
		}
	}
	v.handlers = append(v.handlers, handler{fn: fn, kind: kind, event: id, name: event, filter: filter,
		root: v.rt.tree.events[id], pos: v.here(L)})
}

// eventHint says which event may have been meant.
func eventHint(schema *dissect.Schema, event string) string {
	names := []string{"exit"}
	for _, e := range schema.Events[1:] {
		names = append(names, e.Name)
	}
	prefix, _, _ := strings.Cut(event, ".")
	var alike []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix+".") {
			alike = append(alike, name)
		}
	}
	hint := didYouMean(event, names)
	switch {
	case hint != "":
		return hint
	case alike != nil:
		return "events of " + prefix + " are " + strings.Join(alike, ", ")
	}
	return "events are such as flow.start, flow.end, stream.data, packet, http.request, dns.response; `luanids fields` names them all"
}

func (v *vm) bounded(L *glua.LState, n, most int, what string) {
	if n >= most {
		L.RaiseError("too many %s: a script may register %d", what, most)
	}
}

func nidsEvery(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.every")
	every := checkDuration(L, 1)
	fn := L.CheckFunction(2)
	if every < 1e9 {
		L.ArgError(1, "the interval must be at least 1s")
	}
	v.bounded(L, len(v.ticks), v.limits.Handlers, "ticks")
	v.ticks = append(v.ticks, ticker{fn: fn, every: every})
	return 0
}

func nidsParallel(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.parallel")
	v.parallel = true
	return 0
}

var predicateTypes = map[string]dissect.Type{"string": dissect.TString, "bytes": dissect.TBytes, "int": dissect.TInt,
	"float": dissect.TFloat, "bool": dissect.TBool, "ip": dissect.TIP}

func nidsPredicate(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.predicate")
	p := predicate{name: L.CheckString(1), fn: L.CheckFunction(3), pos: v.here(L)}
	for i := range len(p.name) {
		if c := p.name[i]; !(c == '_' || c >= 'a' && c <= 'z' || i > 0 && digit(c)) {
			L.ArgError(1, "a name of lower case letters, digits and _ is wanted")
		}
	}
	types := L.CheckTable(2)
	for i := 1; i <= types.Len(); i++ {
		t, ok := predicateTypes[types.RawGetInt(i).String()]
		if !ok {
			L.ArgError(2, "unknown type "+types.RawGetInt(i).String()+": use "+strings.Join(sortedKeys(predicateTypes), ", "))
		}
		p.params = append(p.params, t)
	}
	v.bounded(L, len(v.predicates), v.limits.Handlers, "predicates")
	v.predicates = append(v.predicates, p)
	return 0
}

func nidsNow(L *glua.LState) int {
	L.Push(glua.LNumber(seconds(vmOf(L).rt.now)))
	return 1
}

func nidsBegan(L *glua.LState) int {
	L.Push(glua.LNumber(seconds(vmOf(L).rt.began)))
	return 1
}

func nidsLog(L *glua.LState) int {
	v := vmOf(L)
	level := Info
	switch s := L.OptString(2, "info"); s {
	case "debug":
		level = Debug
	case "info":
	case "warning", "warn":
		level = Warning
	case "error":
		level = Error
	default:
		L.ArgError(2, "unknown level "+s+": use debug, info, warning or error")
	}
	text, ok := plain(L.CheckAny(1))
	if !ok {
		text = L.ToStringMeta(L.Get(1)).String()
	}
	v.meter.charge(64 + len(text)>>4)
	v.log(level, text)
	return 0
}

func nidsIntel(L *glua.LState) int {
	v := vmOf(L)
	kind, value := L.CheckString(1), L.CheckString(2)
	switch kind {
	case "ip", "domain", "url", "hash", "ja3", "ja4":
	default:
		L.ArgError(1, "unknown kind "+kind+": use ip, domain, url, hash, ja3 or ja4")
	}
	h, ok := v.rt.host.(IntelHost)
	if !ok {
		L.Push(glua.LNil) // no feeds are loaded
		return 1
	}
	hit, found := h.Intel(kind, value)
	if !found {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(toLua([]KV{{"feed", hit.Feed}, {"kind", hit.Kind}, {"severity", hit.Severity}, {"description", hit.Description}}))
	return 1
}

func (v *vm) flags(L *glua.LState) FlagHost {
	h, ok := v.rt.host.(FlagHost)
	if !ok {
		L.RaiseError("flags are not available here")
	}
	return h
}

func checkAddr(L *glua.LState, n int) netip.Addr {
	ip, err := netip.ParseAddr(L.CheckString(n))
	if err != nil {
		L.ArgError(n, "not an IP address: "+L.ToString(n))
	}
	return ip.Unmap()
}

func nidsSetHostFlag(L *glua.LState) int {
	ttl := int64(3600e9)
	if L.Get(3) != glua.LNil {
		ttl = checkDuration(L, 3)
	}
	ip, name := checkAddr(L, 1), L.CheckString(2)
	vmOf(L).flags(L).SetHostFlag(ip, name, ttl)
	return 0
}

func nidsHostFlag(L *glua.LState) int {
	ip, name := checkAddr(L, 1), L.CheckString(2)
	if vmOf(L).rt.worker {
		L.RaiseError("nids.host_flag: flags of hosts are kept in the ordered stage: a script with nids.parallel() can set them, not ask for them")
	}
	L.Push(glua.LBool(vmOf(L).flags(L).HostFlag(ip, name)))
	return 1
}

func nidsExpr(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.expr")
	c, err := newCondition(v.rt.schema, &v.rt.opt, L.CheckString(1))
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	L.Push(object("Expr", c))
	return 1
}

func exprClass() *class {
	return &class{name: "Expr", doc: "A condition of the rule language, made by nids.expr.", methods: []decl{
		{name: "test", sig: "fun(self: Expr, ev: Event): boolean", doc: "Tells whether the condition holds for the event.", call: func(L *glua.LState) int {
			x, ev := self[*condition](L, "Expr"), checkEvent(L, 2)
			L.Push(glua.LBool(x.test(ev.env)))
			return 1
		}},
	}}
}

// metric is a number that stats show.
type metric struct {
	name, doc string
	value     float64
}

// Metric is a number of a script, for stats and metrics.
type Metric struct {
	Script, Name, Doc string
	Value             float64
}

// Metrics gives the numbers of the scripts, and the state of their stores.
func (rt *Runtime) Metrics() []Metric {
	var out []Metric
	for _, v := range rt.vms {
		name := v.prog.short()
		for _, m := range v.metrics {
			out = append(out, Metric{name, m.name, m.doc, m.value})
		}
		for _, s := range v.stores {
			out = append(out, Metric{name, "store." + s.name + ".entries", "entries", float64(len(s.index))},
				Metric{name, "store." + s.name + ".evicted", "entries lost to the cap", float64(s.evicted)},
				Metric{name, "store." + s.name + ".expired", "entries past their time to live", float64(s.expired)})
		}
		out = append(out, Metric{name, "memory", "bytes held, as last measured", float64(v.memory)},
			Metric{name, "callbacks", "callbacks so far", float64(v.calls)},
			Metric{name, "errors", "errors that count", float64(v.errors)})
	}
	return out
}

func nidsMetric(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.metric")
	m := &metric{name: L.CheckString(1), doc: L.OptString(2, "")}
	v.bounded(L, len(v.metrics), v.limits.Metrics, "metrics")
	v.metrics = append(v.metrics, m)
	L.Push(object("Metric", m))
	return 1
}

func metricClass() *class {
	return &class{name: "Metric", doc: "A number that stats show, made by nids.metric.", methods: []decl{
		{name: "inc", sig: "fun(self: Metric, n?: number)", doc: "Adds n, 1 by default.", call: func(L *glua.LState) int {
			self[*metric](L, "Metric").value += float64(L.OptNumber(2, 1))
			return 0
		}},
		{name: "set", sig: "fun(self: Metric, n: number)", doc: "Sets the number.", call: func(L *glua.LState) int {
			self[*metric](L, "Metric").value = float64(L.CheckNumber(2))
			return 0
		}},
		{name: "get", sig: "fun(self: Metric): number", doc: "Gives the number.", call: func(L *glua.LState) int {
			L.Push(glua.LNumber(self[*metric](L, "Metric").value))
			return 1
		}},
	}}
}
