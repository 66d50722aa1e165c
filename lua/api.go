package lua

import (
	"sync"

	glua "github.com/yuin/gopher-lua"
)

// decl declares a function of the API: what documentation, annotations and Check know of it.
type decl struct {
	name string
	sig  string // as language servers write it: fun(s: string): number
	doc  string
	// example is Lua that the tests run; what follows "-->" in a line is what the expression gives.
	example string
	call    glua.LGFunction
}

// section is a group of functions of nids, for the documentation.
type section struct {
	name, doc string
	funcs     []decl
}

// class is a type of objects.
type class struct {
	name, doc string
	fields    []memberDecl
	methods   []decl
	meta      *glua.LTable
}

// memberDecl declares a member that is read and not called.
type memberDecl struct{ name, typ, doc string }

// The API, made once by prepare: shared by all VMs and never changed after. That is why metatables can
// hold no state of a VM: methods find it by vmOf.
var (
	sections     []section
	classes      []*class
	viewMeta     *glua.LTable
	groupMeta    *glua.LTable
	globalsMeta  *glua.LTable
	readOnlyMeta *glua.LTable
	nidsMeta     *glua.LTable
	eventMethods map[string]*glua.LFunction
	eventMembers map[string]func(v *vm, x *view) glua.LValue
	apiNames     []string
)

// prepare makes the API. It is not an initialiser of the variables, since the functions refer to them.
var prepare = sync.OnceFunc(func() {
	capArrays()
	eventMembers = eventMemberFuncs()
	sections = apiSections()
	classes = apiClasses()
	for _, c := range classes {
		c.meta = classMeta(c)
	}
	viewMeta = objectMeta("event", viewIndex)
	groupMeta = objectMeta("object", groupIndex)
	eventMethods = map[string]*glua.LFunction{}
	for _, d := range classNamed("Event").methods {
		eventMethods[d.name] = native(d.call)
	}
	globalsMeta = newTable()
	globalsMeta.RawSetString("__index", native(globalIndex))
	globalsMeta.RawSetString("__metatable", glua.LString("protected"))
	readOnlyMeta = newTable()
	readOnlyMeta.RawSetString("__metatable", glua.LString("protected"))
	readOnlyMeta.RawSetString("__newindex", native(readOnly))
	nidsMeta = newTable()
	nidsMeta.RawSetString("__metatable", glua.LString("protected"))
	nidsMeta.RawSetString("__newindex", native(readOnly))
	members := newTable()
	for _, s := range sections {
		for _, d := range s.funcs {
			apiNames = append(apiNames, d.name)
			members.RawSetString(d.name, native(d.call))
		}
	}
	setConstants(members)
	members.Metatable = newTable()
	members.Metatable.(*glua.LTable).RawSetString("__index", native(nidsIndex))
	nidsMeta.RawSetString("__index", members)
	apiNames = append(apiNames, nidsConstants()...)
	openHole()
})

// newTable makes a table outside of any VM.
func newTable() *glua.LTable { return &glua.LTable{Metatable: glua.LNil} }

// native makes a function outside of any VM.
func native(f glua.LGFunction) *glua.LFunction {
	return &glua.LFunction{IsG: true, GFunction: f}
}

func objectMeta(name string, index glua.LGFunction) *glua.LTable {
	t := newTable()
	t.RawSetString("__index", native(index))
	t.RawSetString("__newindex", native(readOnly))
	t.RawSetString("__metatable", glua.LString("protected"))
	t.RawSetString("__tostring", native(func(L *glua.LState) int { L.Push(glua.LString(name)); return 1 }))
	return t
}

func readOnly(L *glua.LState) int {
	L.RaiseError("%s cannot be set: events, parameters and the API are read-only", L.Get(2).String())
	return 0
}

// classMeta makes the metatable of a class: methods by name, and an error for any other name.
func classMeta(c *class) *glua.LTable {
	methods := newTable()
	names := make([]string, 0, len(c.methods))
	for _, d := range c.methods {
		methods.RawSetString(d.name, native(d.call))
		names = append(names, d.name)
	}
	t := newTable()
	t.RawSetString("__metatable", glua.LString("protected"))
	t.RawSetString("__newindex", native(setMember))
	t.RawSetString("__tostring", native(func(L *glua.LState) int { L.Push(glua.LString(c.name)); return 1 }))
	missing := newTable()
	missing.RawSetString("__index", native(func(L *glua.LState) int {
		unknown(L, c.name, L.Get(2).String(), names)
		return 0
	}))
	methods.Metatable = missing
	if len(c.fields) > 0 {
		t.RawSetString("__index", native(func(L *glua.LState) int { return memberOf(L, methods) }))
	} else {
		t.RawSetString("__index", methods)
	}
	return t
}

// membered is implemented by native values with members that are read.
type membered interface {
	member(L *glua.LState, name string) glua.LValue
	setMember(L *glua.LState, name string, x glua.LValue) bool
}

func memberOf(L *glua.LState, methods *glua.LTable) int {
	ud, name := L.CheckUserData(1), L.Get(2).String()
	if m, ok := ud.Value.(membered); ok {
		if x := m.member(L, name); x != nil {
			L.Push(x)
			return 1
		}
	}
	L.Push(L.GetField(methods, name))
	return 1
}

// setMember sets a member of an object where the object allows it.
func setMember(L *glua.LState) int {
	ud, name := L.CheckUserData(1), L.Get(2).String()
	if m, ok := ud.Value.(membered); ok && m.setMember(L, name, L.Get(3)) {
		return 0
	}
	return readOnly(L)
}

// unknown raises an error for a name that does not exist, with what may have been meant.
func unknown(L *glua.LState, of, name string, among []string) {
	hint := didYouMean(name, among)
	if hint != "" {
		hint = "; " + hint
	}
	L.RaiseError("%s has no member %s%s", of, name, hint)
}

func nidsIndex(L *glua.LState) int {
	if v := vmOf(L); L.Get(2) == glua.LString("args") {
		L.Push(v.argsTable())
		return 1
	}
	unknown(L, "nids", L.Get(2).String(), apiNames)
	return 0
}

// argsTable gives what stood behind the script on the command line.
func (v *vm) argsTable() *glua.LTable {
	if v.args == nil {
		v.args = v.L.NewTable()
		for _, a := range v.rt.opt.Args {
			v.args.Append(glua.LString(a))
		}
	}
	return v.args
}

func classNamed(name string) *class {
	for _, c := range classes {
		if c.name == name {
			return c
		}
	}
	return nil
}

// object wraps a native value for a script.
func object(className string, value any) *glua.LUserData {
	return &glua.LUserData{Value: value, Metatable: classNamed(className).meta}
}

// openAPI gives a VM the table nids.
func openAPI(v *vm) {
	t := v.L.NewTable() // empty, so that every assignment meets __newindex
	t.Metatable = nidsMeta
	v.L.G.Global.RawSetString("nids", t)
}

// self gives the native value of the object that a method was called on.
func self[T any](L *glua.LState, className string) T {
	if ud, ok := L.Get(1).(*glua.LUserData); ok {
		if x, ok := ud.Value.(T); ok {
			return x
		}
	}
	L.RaiseError("this method belongs to a %s: call it with a colon, object:method()", className)
	panic("unreachable")
}

// apiSections lists the functions of nids in the order of the documentation.
func apiSections() []section {
	return []section{
		coreSection(), stateSection(), statsSection(), textSection(), netSection(), codecSection(), libnidsSection(),
	}
}

// apiClasses lists the types of objects.
func apiClasses() []*class {
	return []*class{
		eventClass(), detectorClass(), storeClass(), spikesClass(), seriesClass(), counterClass(), distinctClass(), hllClass(), topkClass(),
		ewmaClass(), cusumClass(), trwClass(), setClass(), metricClass(), exprClass(), streamClass(), halfClass(),
	}
}
