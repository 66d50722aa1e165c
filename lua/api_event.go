package lua

import (
	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

func eventClass() *class {
	return &class{name: "Event", doc: "What a handler gets. Its members are the fields of the rule language: ev.src.ip, ev.http.uri, ev.flow.bytes_to_server; those of the event's own kind also without their prefix: at flow.end, ev.bytes_to_server. A field that is absent is nil; times and durations are seconds; fields with several values are lists. A name below a field that has a value itself is read with an underscore: dns.rcode.name as ev.dns.rcode_name. An event can be read during its callback only.",
		fields: []memberDecl{
			{"event", "string", "name of the event"},
			{"time", "number", "packet time, seconds since the Unix epoch"},
			{"dir", "string", "to_server or to_client"},
			{"data", "string|nil", "the new bytes, at stream.data; the payload, at packet"},
			{"window", "string|nil", "at stream.data the new bytes and some of those before"},
			{"offset", "number|nil", "offset of data in the stream"},
		},
		methods: []decl{
			{name: "get", sig: "fun(self: Event, name: string): any", doc: "Gives the field of that dotted name, nil where it is absent.", call: eventGet},
			{name: "copy", sig: "fun(self: Event): table<string, any>", doc: "Gives a table of all fields that are present, by dotted name, to keep.", call: eventCopy},
			{name: "kill", sig: "fun(self: Event): boolean, string|nil", doc: "Cuts the connection (live, with --respond). false and a reason where it cannot be.", call: eventKill},
			{name: "discard", sig: "fun(self: Event)", doc: "Stops this handler's events of this flow.", call: eventDiscard},
			{name: "set_flag", sig: "fun(self: Event, name: string, on?: boolean)", doc: "Sets or clears a flag of the flow, which rules test.", call: eventSetFlag},
			{name: "has_flag", sig: "fun(self: Event, name: string): boolean", doc: "Tells whether a flag of the flow is set.", call: eventHasFlag},
		}}
}

func memberNames() []string {
	out := sortedKeys(eventMembers)
	return append(out, sortedKeys(eventMethods)...)
}

func eventMemberFuncs() map[string]func(v *vm, x *view) glua.LValue {
	return map[string]func(v *vm, x *view) glua.LValue{
		"event": func(v *vm, x *view) glua.LValue { return glua.LString(x.sub.name) },
		"time":  func(v *vm, x *view) glua.LValue { return glua.LNumber(seconds(x.env.Time)) },
		"dir": func(v *vm, x *view) glua.LValue {
			return glua.LString(x.env.Dir.String())
		},
		"data": func(v *vm, x *view) glua.LValue {
			return v.dataOf(x.env)
		},
		"window": func(v *vm, x *view) glua.LValue {
			if x.env.Data == nil {
				return glua.LNil
			}
			return v.text(x.env.Data)
		},
		"offset": func(v *vm, x *view) glua.LValue {
			return glua.LNumber(x.env.DataOff + uint64(x.env.New))
		},
	}
}

// dataOf gives the new bytes of a data event.
func (v *vm) dataOf(e *dissect.Env) glua.LValue {
	if e.Data == nil {
		return glua.LNil
	}
	return v.text(e.Data[min(max(e.New, 0), len(e.Data)):])
}

// checkEvent gives the event at argument n: the event itself or an object of it.
func checkEvent(L *glua.LState, n int) *view {
	x := eventAt(L.Get(n))
	if x == nil {
		L.ArgError(n, "an event is wanted")
	}
	if x.env == nil {
		L.RaiseError("this event is over: an event can be used during its callback only")
	}
	return x
}

func eventAt(x glua.LValue) *view {
	ud, ok := x.(*glua.LUserData)
	if !ok {
		return nil
	}
	switch x := ud.Value.(type) {
	case *view:
		return x
	case *group:
		return x.v
	}
	return nil
}

func eventGet(L *glua.LState) int {
	x, name := checkEvent(L, 1), L.CheckString(2)
	v := vmOf(L)
	k := x.root.find(name)
	if k == nil || k.field == nil {
		if get := eventMembers[name]; get != nil {
			L.Push(get(v, x))
			return 1
		}
		unknown(L, "the event", name, v.rt.schema.FieldNames())
	}
	L.Push(v.read(x, k))
	return 1
}

func eventCopy(L *glua.LState) int {
	x, v := checkEvent(L, 1), vmOf(L)
	t := newTable()
	for _, f := range v.rt.schema.Fields() {
		k := v.rt.tree.top.find(f.Name)
		if val := v.read(x, k); val != glua.LNil && !emptyList(val) {
			t.RawSetString(f.Name, val)
		}
	}
	v.meter.charge(len(v.rt.schema.Fields()))
	for _, name := range sortedKeys(eventMembers) { // pairs() gives the order of insertion
		if val := eventMembers[name](v, x); val != glua.LNil {
			t.RawSetString(name, val)
		}
	}
	L.Push(t)
	return 1
}

func emptyList(x glua.LValue) bool {
	t, ok := x.(*glua.LTable)
	return ok && t.Len() == 0
}

func eventKill(L *glua.LState) int {
	x := checkEvent(L, 1)
	h, ok := vmOf(L).rt.host.(KillHost)
	reason := "connections can be cut in a live capture only"
	if ok {
		err := h.Kill(x.env, vmOf(L).prog.short())
		if err == nil {
			L.Push(glua.LTrue)
			return 1
		}
		reason = err.Error()
	}
	L.Push(glua.LFalse)
	L.Push(glua.LString(reason))
	return 2
}

func eventDiscard(L *glua.LState) int {
	x := checkEvent(L, 1)
	if x.env.Flow == nil {
		return 0
	}
	x.sub.gone.add(x.env.Flow.Serial)
	vmOf(L).rt.gone.add(x.env.Flow.Serial, x.sub.sub)
	return 0
}

func eventSetFlag(L *glua.LState) int {
	x, name := checkEvent(L, 1), L.CheckString(2)
	vmOf(L).flags(L).SetFlowFlag(x.env, name, L.GetTop() < 3 || L.ToBool(3))
	return 0
}

func eventHasFlag(L *glua.LState) int {
	x, name := checkEvent(L, 1), L.CheckString(2)
	L.Push(glua.LBool(vmOf(L).flags(L).FlowFlag(x.env, name)))
	return 1
}
