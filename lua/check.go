package lua

import (
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lua/syntax"
)

// Check says what is wrong with scripts without giving them an event, all that can be found at once: syntax; names
// of the API, of events' fields and of the standard libraries that do not exist; filters and declarations; globals
// that nobody sets and locals that nobody reads; and what the top level does when it is run, which goes on behind
// calls of the API that fail. Nothing is alerted or logged.
func Check(schema *dissect.Schema, sources []Source, opt Options) []Problem {
	opt.Host, opt.Previous = nil, nil
	var problems []Problem
	for _, s := range sources {
		problems = append(problems, checkOne(schema, s, opt)...)
	}
	sortProblems(problems)
	return problems
}

// checkOne checks a script. What running it finds in a line where reading it found something is left out: it is the
// same, with less of a place.
func checkOne(schema *dissect.Schema, s Source, opt Options) []Problem {
	prepare()
	opt.Limits.fill()
	p, list := compileSource(s, &opt.Limits)
	if p == nil {
		return list
	}
	rt := &Runtime{schema: schema, tree: newTree(schema), opt: opt, host: discardHost{}, watch: newWatchdog(), gone: &discards{}, checking: true}
	defer rt.watch.close()
	v := newVM(rt, p)
	defer v.close()
	globals := globalNames(v.L)
	rt.watch.add(v)
	go rt.watch.run()
	dynamic := append(v.load(), v.badSettings...)

	chunk, err := syntax.Parse(p.source)
	if err != nil { // the interpreter takes what our parser does not
		return dynamic
	}
	c := &checker{rt: rt, prog: p, chunk: chunk, known: globals, lib: v.L.G.Global}
	c.run()
	lines := map[int]bool{}
	for i := range c.out {
		lines[c.out[i].Pos.Line] = lines[c.out[i].Pos.Line] || !c.out[i].Warning
	}
	for _, d := range dynamic {
		if d.Pos.File != p.name || !lines[d.Pos.Line] {
			c.out = append(c.out, d)
		}
	}
	return c.out
}

// globalNames lists what a script finds.
func globalNames(L *glua.LState) (names []string) {
	L.G.Global.ForEach(func(k, _ glua.LValue) {
		if s, ok := k.(glua.LString); ok && !strings.HasPrefix(string(s), "(") {
			names = append(names, string(s))
		}
	})
	slices.Sort(names)
	return names
}

// CheckSyntax says what keeps a text from being Lua: for files that are no detectors, as tests.
func CheckSyntax(s Source) []Problem {
	lim := DefaultLimits()
	_, list := compileSource(s, &lim)
	return list
}

// ---- the top level, while it is checked

// openChecking gives a VM the table nids with functions that note an error and go on.
func openChecking(v *vm) {
	members := newTable()
	for _, s := range sections {
		for _, d := range s.funcs {
			fn := d.call
			if d.name != "run" && d.name != "next" && d.name != "dispatch" { // which suspend their caller
				fn = v.noting("nids."+d.name, d.call)
			}
			members.RawSetString(d.name, native(fn))
		}
	}
	setConstants(members)
	members.Metatable = newTable()
	members.Metatable.(*glua.LTable).RawSetString("__index", native(func(L *glua.LState) int {
		if L.Get(2) == glua.LString("args") {
			L.Push(v.argsTable())
			return 1
		}
		v.note(UnknownName, L.Where(1), "nids has no member "+L.Get(2).String())
		L.Push(hole)
		return 1
	}))
	meta := newTable()
	meta.RawSetString("__metatable", glua.LString("protected"))
	meta.RawSetString("__newindex", native(readOnly))
	meta.RawSetString("__index", members)
	t := v.L.NewTable()
	t.Metatable = meta
	v.L.G.Global.RawSetString("nids", t)
}

// noting calls a function of the API that has that name, and gives a hole in the place of a result where it fails.
func (v *vm) noting(name string, call glua.LGFunction) glua.LGFunction {
	inner := native(call)
	return func(L *glua.LState) int {
		n := L.GetTop()
		for i := 1; i <= n; i++ {
			if L.Get(i) == hole { // an error was noted
				L.Push(hole)
				return 1
			}
		}
		L.Push(inner)
		for i := 1; i <= n; i++ {
			L.Push(L.Get(i))
		}
		err := L.PCall(n, glua.MultRet, nil)
		if v.meter.fail != nil {
			L.RaiseError("%s", v.meter.fail.Error())
		}
		if err != nil {
			p := v.problem(LoadError, err)
			if p.Pos.Line == 0 {
				p.Pos, _ = locate(v.prog.name, L.Where(1)+" ")
			}
			p.Trace, p.Msg = "", strings.Replace(p.Msg, "(anonymous)", name, 1)
			v.noted(p)
			L.Push(hole)
			return 1
		}
		return L.GetTop() - n
	}
}

func (v *vm) note(kind Kind, where, msg string) {
	pos, _ := locate(v.prog.name, where+" ")
	v.noted(Problem{Pos: pos, Kind: kind, Msg: msg})
}

// noted keeps a problem, up to as many as anybody reads.
func (v *vm) noted(p Problem) {
	if len(v.problems) < maxSaid {
		v.problems = append(v.problems, p)
	}
}

// hole stands for the result of a call that failed: whatever is done with it gives a hole again, so that one mistake
// is not reported several times.
var hole = &glua.LUserData{}

// openHole gives the hole its ways. It is not done where hole is declared, since the functions refer to it.
func openHole() {
	m := newTable()
	again := native(func(L *glua.LState) int { L.Push(hole); return 1 })
	for _, op := range []string{"__index", "__call", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__concat", "__len"} {
		m.RawSetString(op, again)
	}
	no := native(func(L *glua.LState) int { L.Push(glua.LFalse); return 1 })
	for _, op := range []string{"__lt", "__le", "__eq"} {
		m.RawSetString(op, no)
	}
	m.RawSetString("__newindex", native(func(*glua.LState) int { return 0 }))
	m.RawSetString("__metatable", glua.LString("protected"))
	hole.Metatable = m
}
