package lua

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// removed are globals of Lua that a script does not get, with what to use instead.
var removed = map[string]string{
	"dofile": "use require", "loadfile": "use require", "load": "code cannot be made at run time",
	"loadstring": "code cannot be made at run time", "setfenv": "", "getfenv": "", "module": "return a table from the module",
	"newproxy": "", "_printregs": "", "collectgarbage": "", "coroutine": "use nids.every, or state in a table",
	"io": "use nids.log, or detect:alert", "debug": "", "package": "", "channel": "",
	"utf8": "strings are bytes", "bit": "there are no operators on bits", "bit32": "there are no operators on bits",
}

// removedMembers are members of libraries that a script does not get, with what to use instead.
var removedMembers = map[string]string{
	"os.execute": "a detector starts no programs", "os.exit": "an error ends a callback; error(\"...\") at the top level ends the script",
	"os.getenv": "use parameters of a detector, which luanids.yaml sets", "os.remove": "a detector touches no files", "os.rename": "a detector touches no files",
	"os.tmpname": "a detector touches no files", "os.setlocale": "", "string.dump": "", "table.unpack": "in Lua 5.1 it is unpack",
	"table.pack": "write { ... }, and select(\"#\", ...)", "table.move": "this is Lua 5.1", "math.type": "this is Lua 5.1: all numbers are floats",
	"math.tointeger": "use math.floor", "string.pack": "this is Lua 5.1", "string.unpack": "use string.byte, as in a, b = s:byte(1, 2)",
}

// openSandbox gives the script the standard library, less what reaches out of the process or past its limits.
func openSandbox(v *vm) {
	L := v.L
	glua.OpenBase(L)
	L.SetTop(0)
	glua.OpenMath(L)
	L.SetTop(0)
	G := L.G.Global
	for name := range removed {
		G.RawSetString(name, glua.LNil)
	}
	G.Metatable = globalsMeta
	G.RawSetString("_GOPHER_LUA_VERSION", glua.LNil)
	for name, fn := range map[string]glua.LGFunction{
		concatName: luaConcat, readName: luaRead, "print": luaPrint, "require": luaRequire, "tostring": luaToString,
		"setmetatable": luaSetMetatable, "getmetatable": luaGetMetatable, "unpack": luaUnpack,
		"next": luaNext, "error": luaError, "rawset": luaRawSet,
	} {
		G.RawSetString(name, L.NewFunction(fn))
	}
	m := G.RawGetString("math").(*glua.LTable)
	m.RawSetString("random", L.NewFunction(luaRandom))
	m.RawSetString("randomseed", L.NewFunction(luaRandomSeed))
	m.RawSetString("huge", glua.LNumber(math.Inf(1)))
	openStrings(v)
	openTables(v)
	openOS(v)
}

// globalIndex is asked for globals that nobody has set.
func globalIndex(L *glua.LState) int {
	name := L.ToString(2)
	if instead, ok := removed[name]; ok {
		if instead != "" {
			instead = ": " + instead
		}
		L.RaiseError("%s is not available in detectors%s", name, instead)
	}
	L.Push(glua.LNil)
	return 1
}

// luaConcat is the operator `..`, with a cap on what it makes.
func luaConcat(L *glua.LState) int {
	v := vmOf(L)
	n := L.GetTop()
	b := v.buf[:0]
	for i := 1; i <= n; i++ {
		switch x := L.Get(i).(type) {
		case glua.LString:
			if len(b)+len(x) > v.limits.StringBytes {
				v.tooLong(L)
			}
			b = append(b, x...)
		case glua.LNumber:
			b = appendNumber(b, x)
		default:
			return v.concatMeta(L, n)
		}
	}
	v.keepBuf(b)
	v.meter.charge(len(b) >> 6)
	L.Push(glua.LString(b))
	return 1
}

// keepBuf keeps scratch space of a sensible size.
func (v *vm) keepBuf(b []byte) {
	if cap(b) <= keepArena {
		v.buf = b[:0]
	}
}

func (v *vm) tooLong(L *glua.LState) {
	L.RaiseError("string too long: more than %d bytes", v.limits.StringBytes)
}

// concatMeta joins from the right with the metamethod __concat, as Lua does.
func (v *vm) concatMeta(L *glua.LState, n int) int {
	acc := L.Get(n)
	for i := n - 1; i >= 1; i-- {
		x := L.Get(i)
		if a, ok := plain(x); ok {
			if b, ok := plain(acc); ok {
				if len(a)+len(b) > v.limits.StringBytes {
					v.tooLong(L)
				}
				acc = glua.LString(a + b)
				continue
			}
		}
		op := L.GetMetaField(x, "__concat")
		if op == glua.LNil {
			op = L.GetMetaField(acc, "__concat")
		}
		if op == glua.LNil {
			bad := x
			if _, ok := plain(x); ok {
				bad = acc
			}
			L.RaiseError("attempt to concatenate a %s value", bad.Type())
		}
		L.Push(op)
		L.Push(x)
		L.Push(acc)
		L.Call(2, 1)
		acc = L.Get(-1)
		L.Pop(1)
	}
	L.Push(acc)
	return 1
}

func plain(x glua.LValue) (string, bool) {
	switch x := x.(type) {
	case glua.LString:
		return string(x), true
	case glua.LNumber:
		return string(appendNumber(nil, x)), true
	}
	return "", false
}

// appendNumber writes a number as Lua 5.1 does, %.14g.
func appendNumber(b []byte, x glua.LNumber) []byte {
	f := float64(x)
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.AppendInt(b, int64(f), 10)
	}
	switch {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	}
	return strconv.AppendFloat(b, f, 'g', 14, 64)
}

func luaToString(L *glua.LState) int {
	x := L.CheckAny(1)
	if s, ok := plain(x); ok {
		L.Push(glua.LString(s))
		return 1
	}
	if L.GetMetaField(x, "__tostring") != glua.LNil {
		L.Push(L.ToStringMeta(x))
		return 1
	}
	switch x.(type) { // no addresses: they differ from run to run
	case *glua.LTable, *glua.LFunction, *glua.LUserData:
		L.Push(glua.LString(x.Type().String()))
	default:
		L.Push(glua.LString(x.String()))
	}
	return 1
}

// luaPrint writes to whoever takes what scripts print, else to the log.
func luaPrint(L *glua.LState) int {
	v := vmOf(L)
	var b strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		if s, ok := plain(L.Get(i)); ok {
			b.WriteString(s)
		} else {
			b.WriteString(L.ToStringMeta(L.Get(i)).String())
		}
		if b.Len() > v.limits.StringBytes {
			v.tooLong(L)
		}
	}
	v.meter.charge(64 + b.Len()>>4)
	v.print(b.String() + "\n")
	return 0
}

func (v *vm) print(text string) {
	if p, ok := v.rt.host.(Printer); ok {
		p.Print(text)
		return
	}
	v.log(Info, strings.TrimSuffix(text, "\n"))
}

func luaError(L *glua.LState) int {
	x := L.Get(1)
	if x == glua.LNil {
		x = glua.LString("nil")
	}
	L.Error(x, L.OptInt(2, 1))
	return 0
}

func luaSetMetatable(L *glua.LState) int {
	t := L.CheckTable(1)
	m := L.Get(2)
	if _, ok := m.(*glua.LTable); !ok && m != glua.LNil {
		L.ArgError(2, "nil or table expected")
	}
	if old, ok := t.Metatable.(*glua.LTable); ok && old.RawGetString("__metatable") != glua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = m
	L.Push(t)
	return 1
}

func luaGetMetatable(L *glua.LState) int {
	var m glua.LValue = glua.LNil
	switch x := L.CheckAny(1).(type) {
	case *glua.LTable:
		m = x.Metatable
	case *glua.LUserData:
		m = x.Metatable
	case glua.LString:
		m = glua.LString("protected")
	}
	if t, ok := m.(*glua.LTable); ok {
		if p := t.RawGetString("__metatable"); p != glua.LNil {
			m = p
		}
	}
	if m == nil {
		m = glua.LNil
	}
	L.Push(m)
	return 1
}

func luaRawSet(L *glua.LState) int {
	t := L.CheckTable(1)
	if old, ok := t.Metatable.(*glua.LTable); ok && old.RawGetString("__metatable") != glua.LNil {
		L.RaiseError("this table is read-only")
	}
	checkKey(L, L.CheckAny(2))
	t.RawSet(L.CheckAny(2), L.CheckAny(3))
	L.Push(t)
	return 1
}

func checkKey(L *glua.LState, k glua.LValue) {
	if n, ok := k.(glua.LNumber); ok && n != n {
		L.RaiseError("table index is NaN")
	}
	if k == glua.LNil {
		L.RaiseError("table index is nil")
	}
}

func luaNext(L *glua.LState) int {
	t := L.CheckTable(1)
	k, x := t.Next(L.Get(2))
	if k == glua.LNil {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(k)
	L.Push(x)
	return 2
}

// maxUnpack bounds how many values a function gives.
const maxUnpack = 8000

func luaUnpack(L *glua.LState) int {
	t := L.CheckTable(1)
	from, to := L.OptInt(2, 1), L.OptInt(3, t.Len())
	if to-from >= maxUnpack {
		L.RaiseError("too many results to unpack: more than %d", maxUnpack)
	}
	for i := from; i <= to; i++ {
		L.Push(t.RawGet(glua.LNumber(i)))
	}
	return max(to-from+1, 0)
}

func luaRandom(L *glua.LState) int {
	v := vmOf(L)
	switch L.GetTop() {
	case 0:
		L.Push(glua.LNumber(v.rng.Float64()))
	default:
		lo, hi := int64(1), L.CheckInt64(1)
		if L.GetTop() > 1 {
			lo, hi = hi, L.CheckInt64(2)
		}
		if lo > hi || hi-lo < 0 {
			L.ArgError(1, "interval is empty")
		}
		L.Push(glua.LNumber(lo + v.rng.Int64N(max(hi-lo+1, 1))))
	}
	return 1
}

func luaRandomSeed(L *glua.LState) int {
	vmOf(L).rng = rand.New(rand.NewPCG(uint64(L.CheckInt64(1)), 0x6c7561))
	return 0
}

// luaRequire runs a module of the script folders, once for each script.
func luaRequire(L *glua.LState) int {
	v := vmOf(L)
	name := L.CheckString(1)
	if m, ok := v.modules[name]; ok {
		L.Push(m)
		return 1
	}
	if !v.loading {
		L.RaiseError("require belongs at the top level of the script")
	}
	src, ok := v.findModule(name)
	if !ok {
		L.RaiseError("module %q is not in the script folders: require looks for %s", name, modulePath(name))
	}
	v.depends(src.Name, src.Text)
	p, problems := compileSource(src, v.limits)
	if p == nil {
		L.RaiseError("module %s: %s", name, problems[0].String())
	}
	for use, line := range p.uses {
		if _, ok := v.prog.uses[use]; !ok {
			v.prog.uses[use] = line
		}
	}
	v.modules[name] = glua.LTrue // a cycle of modules ends here
	L.Push(L.NewFunctionFromProto(p.proto))
	L.Push(glua.LString(name))
	L.Call(1, 1)
	m := L.Get(-1)
	if m == glua.LNil {
		m = glua.LTrue
		L.Pop(1)
		L.Push(m)
	}
	v.modules[name] = m
	return 1
}

// openOS gives what of os needs no system: time, in packet time.
func openOS(v *vm) {
	t := v.L.NewTable()
	for name, fn := range map[string]glua.LGFunction{"time": luaTime, "clock": luaClock, "date": luaDate, "difftime": luaDiffTime} {
		t.RawSetString(name, v.L.NewFunction(fn))
	}
	v.L.G.Global.RawSetString("os", t)
}

func luaTime(L *glua.LState) int {
	if t, ok := L.Get(1).(*glua.LTable); ok {
		get := func(k string, d int) int {
			if n, ok := t.RawGetString(k).(glua.LNumber); ok {
				return int(n)
			}
			return d
		}
		at := time.Date(get("year", 1970), time.Month(get("month", 1)), get("day", 1), get("hour", 12), get("min", 0), get("sec", 0), 0, time.UTC)
		L.Push(glua.LNumber(at.Unix()))
		return 1
	}
	L.Push(glua.LNumber(vmOf(L).rt.now / 1e9))
	return 1
}

func luaClock(L *glua.LState) int { L.Push(glua.LNumber(seconds(vmOf(L).rt.now))); return 1 }

func luaDiffTime(L *glua.LState) int {
	L.Push(L.CheckNumber(1) - L.OptNumber(2, 0))
	return 1
}

func luaDate(L *glua.LState) int {
	format := strings.TrimPrefix(L.OptString(1, "%c"), "!")
	at := time.Unix(0, vmOf(L).rt.now).UTC()
	if n, ok := L.Get(2).(glua.LNumber); ok {
		at = time.Unix(0, nanos(float64(n))).UTC()
	}
	if strings.HasPrefix(format, "*t") {
		L.Push(dateTable(L, at))
		return 1
	}
	L.Push(glua.LString(strftime(format, at)))
	return 1
}
