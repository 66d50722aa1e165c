package lua

import (
	"net/netip"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

// view is an event as a script sees it. It is good during the callback; afterwards reading it
// is an error, so that nobody takes a later event for the one that he kept.
type view struct {
	ud     glua.LUserData
	env    *dissect.Env // nil once the callback is over
	snap   *Snapshot    // nil for scripts that run in a worker
	root   *node
	sub    *handler
	groups [3]group // the objects that were read of it: ev.http, ev.src, ev.dst
	used   int
}

// group is an object of a view: ev.http.
type group struct {
	ud glua.LUserData
	v  *view
	n  *node
}

// newView makes the object for one event: one allocation.
func (v *vm) newView(e *dissect.Env, s *Snapshot, h *handler) *view {
	x := &view{env: e, snap: s, root: h.root, sub: h}
	x.ud.Value, x.ud.Metatable = x, viewMeta
	return x
}

func (x *view) end() { x.env, x.snap = nil, nil }

// group gives the object for a node, the same one each time.
func (x *view) group(n *node) *glua.LUserData {
	for i := range x.used {
		if x.groups[i].n == n {
			return &x.groups[i].ud
		}
	}
	var g *group
	if x.used < len(x.groups) {
		g = &x.groups[x.used]
		x.used++
	} else {
		g = &group{}
	}
	g.v, g.n = x, n
	g.ud.Value, g.ud.Metatable = g, groupMeta
	return &g.ud
}

// viewIndex is __index of events.
func viewIndex(L *glua.LState) int {
	ud, _ := L.Get(1).(*glua.LUserData)
	x, ok := ud.Value.(*view)
	key, isText := L.Get(2).(glua.LString)
	if !ok || !isText {
		L.RaiseError("an event's members have names, not %s", L.Get(2).Type())
	}
	if x.env == nil {
		L.RaiseError(eventIsOver)
	}
	return x.member(L, x.root, string(key))
}

const eventIsOver = "this event is over: an event can be read during its callback only; keep the values that you need, or ev:copy()"

// luaRead is EVENT.NAME.NAME in one step.
func luaRead(L *glua.LState) int {
	name := string(L.Get(2).(glua.LString))
	ud, _ := L.Get(1).(*glua.LUserData)
	if ud != nil {
		switch x := ud.Value.(type) {
		case *view:
			if x.env == nil {
				L.RaiseError(eventIsOver)
			}
			if k := x.path(name); k != nil {
				L.Push(vmOf(L).read(x, k))
				return 1
			}
		case *tcpStream:
			if value := x.path(L, name); value != nil {
				L.Push(value)
				return 1
			}
		}
	}
	return readSteps(L, L.Get(1), name)
}

// path gives the field of a dotted name, nil where it has to be taken step by step.
func (x *view) path(name string) *node {
	h := x.sub
	k, known := h.paths[name]
	if known {
		return k
	}
	if k = x.root.find(name); k != nil && (k.group() || x.root.through(name)) {
		k = nil
	}
	if h.paths == nil {
		h.paths = map[string]*node{}
	}
	if len(h.paths) < maxPaths {
		h.paths[name] = k
	}
	return k
}

// maxPaths bounds the names that a handler remembers; a script has no more by far.
const maxPaths = 1024

// through tells whether the way to a name leads through something with a value of its own: ev.tcp.flags, where
// ev.tcp may be false.
func (n *node) through(name string) bool {
	for {
		part, rest, more := strings.Cut(name, ".")
		if n = n.kids[part]; n == nil || !more {
			return false
		}
		if n.field != nil && n.group() {
			return true
		}
		name = rest
	}
}

// readSteps reads one name after the other, of whatever it is.
func readSteps(L *glua.LState, x glua.LValue, name string) int {
	for part := range strings.SplitSeq(name, ".") {
		x = L.GetField(x, part)
	}
	L.Push(x)
	return 1
}

// groupIndex is __index of objects below an event.
func groupIndex(L *glua.LState) int {
	ud, _ := L.Get(1).(*glua.LUserData)
	g, ok := ud.Value.(*group)
	key, isText := L.Get(2).(glua.LString)
	if !ok || !isText {
		L.RaiseError("members have names, not %s", L.Get(2).Type())
	}
	if g.v.env == nil {
		L.RaiseError(eventIsOver)
	}
	return g.v.member(L, g.n, string(key))
}

// member pushes the value of a name below a node.
func (x *view) member(L *glua.LState, n *node, name string) int {
	k := n.kids[name]
	if k == nil {
		return x.special(L, n, name)
	}
	vm := vmOf(L)
	if k.group() {
		if k.field != nil && vm.read(x, k) != glua.LTrue {
			L.Push(glua.LFalse)
			return 1
		}
		L.Push(x.group(k))
		return 1
	}
	L.Push(vm.read(x, k))
	return 1
}

// special gives members that are no fields, methods, and dotted names; an unknown name is an error.
func (x *view) special(L *glua.LState, n *node, name string) int {
	if m := eventMethods[name]; m != nil && (n == x.root || n.name == "flow" || n.name == "stream") {
		L.Push(m)
		return 1
	}
	if n == x.root {
		if get := eventMembers[name]; get != nil {
			L.Push(get(vmOf(L), x))
			return 1
		}
	}
	if k := n.find(name); k != nil && !k.group() {
		L.Push(vmOf(L).read(x, k))
		return 1
	}
	of, names := "the event", append(n.members(), memberNames()...)
	if n != x.root {
		of, names = n.name, n.members()
	}
	hint := didYouMean(name, names)
	if hint != "" {
		hint = "; " + hint
	}
	L.RaiseError("%s has no member %s%s", of, name, hint)
	return 0
}

// read gives a field's value as Lua has it: strings, numbers (times and durations in seconds), booleans,
// addresses as strings, and lists for fields with any number of values. nil is absent.
func (v *vm) read(x *view, k *node) glua.LValue {
	f := k.field
	if f == nil {
		return glua.LNil
	}
	if x.snap != nil && x.snap.generic && k.spec == x.snap.spec && k.slot < len(x.snap.values) {
		return v.readValue(x.snap, &x.snap.values[k.slot], f)
	}
	e := x.env
	switch {
	case f.Multi:
		return v.readList(f, e)
	case f.Bytes != nil:
		b := f.Bytes(e)
		if b == nil {
			return glua.LNil
		}
		return v.text(b)
	case f.Int != nil:
		n, ok := f.Int(e)
		return v.number(f.Type, n, ok)
	case f.IP != nil:
		ip, ok := f.IP(e)
		return v.addr(ip, ok)
	case f.Float != nil:
		if n, ok := f.Float(e); ok {
			return glua.LNumber(n)
		}
	}
	return glua.LNil
}

func (v *vm) readList(f *dissect.Field, e *dissect.Env) glua.LValue {
	t := &glua.LTable{Metatable: glua.LNil}
	for i := 0; i < maxListValues; i++ {
		x := glua.LValue(glua.LNil)
		switch {
		case f.BytesN != nil:
			if b, ok := f.BytesN(e, i); ok {
				x = v.text(b)
			}
		case f.IntN != nil:
			n, ok := f.IntN(e, i)
			x = v.number(f.Type, n, ok)
		case f.IPN != nil:
			ip, ok := f.IPN(e, i)
			x = v.addr(ip, ok)
		}
		if x == glua.LNil {
			break
		}
		t.RawSetInt(i+1, x)
	}
	return t
}

func (v *vm) readValue(s *Snapshot, x *value, f *dissect.Field) glua.LValue {
	if f.Multi {
		t := &glua.LTable{Metatable: glua.LNil}
		for i := range x.list {
			t.RawSetInt(i+1, v.single(s, &x.list[i], f))
		}
		return t
	}
	return v.single(s, x, f)
}

func (v *vm) single(s *Snapshot, x *value, f *dissect.Field) glua.LValue {
	switch {
	case !x.ok:
		return glua.LNil
	case f.Type == dissect.TString || f.Type == dissect.TBytes:
		return v.text(s.bytes(x))
	case f.Type == dissect.TIP:
		return v.addr(x.ip, true)
	case f.Type == dissect.TFloat:
		return glua.LNumber(x.flt)
	}
	return v.number(f.Type, x.num, true)
}

// number converts by type.
func (v *vm) number(t dissect.Type, n int64, ok bool) glua.LValue {
	if !ok {
		return glua.LNil
	}
	switch t {
	case dissect.TBool:
		return glua.LBool(n != 0)
	case dissect.TTime, dissect.TDuration:
		return glua.LNumber(seconds(n))
	}
	if n >= 0 && n < int64(len(smallNumbers)) {
		return smallNumbers[n]
	}
	return glua.LNumber(n)
}

// seconds converts nanoseconds; what is lost is below a microsecond.
func seconds(ns int64) float64 { return float64(ns/1e9) + float64(ns%1e9)/1e9 }

// nanos converts seconds.
func nanos(s float64) int64 {
	if s >= 9e9 || s <= -9e9 {
		return int64(9e18)
	}
	whole := int64(s)
	return whole*1e9 + int64((s-float64(whole))*1e9)
}

// smallNumbers are ready as interface values.
var smallNumbers = func() (t [1024]glua.LValue) {
	for i := range t {
		t[i] = glua.LNumber(i)
	}
	return t
}()

// Sizes of the caches of a VM that save allocations for values that repeat.
const (
	internSlots  = 1 << 10
	internLength = 64
	maxAddrs     = 8 << 10
)

// text makes a Lua string of bytes; short ones that repeat are shared.
func (v *vm) text(b []byte) glua.LValue {
	if len(b) > internLength {
		v.meter.charge(len(b) >> 6)
		return glua.LString(b)
	}
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &v.intern[(h^h>>15)%internSlots]
	if s, ok := (*slot).(glua.LString); ok && string(s) == string(b) {
		return *slot
	}
	*slot = glua.LString(b)
	return *slot
}

// addr makes the canonical text of an address, shared.
func (v *vm) addr(ip netip.Addr, ok bool) glua.LValue {
	if !ok || !ip.IsValid() {
		return glua.LNil
	}
	if s, ok := v.addrs[ip]; ok {
		return s
	}
	if len(v.addrs) >= maxAddrs {
		clear(v.addrs)
	}
	var s glua.LValue = glua.LString(ip.String())
	v.addrs[ip] = s
	return s
}
