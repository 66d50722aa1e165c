package lua

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// lint is what Check looks at beyond what the script does when it is loaded.
type lint struct {
	// bound counts how often a name is bound in the script, whatever its scope: of names that are bound once it is
	// known what they are.
	bound map[string]int
	// kinds are the classes of names that hold what a function of nids gives.
	kinds map[string]string
	calls []methodCall
	flags []string // that x:set_flag("name") names
}

// methodCall is name:method() or, with dot, name.method().
type methodCall struct {
	name, method string
	dot          bool
	line         int
}

func (l *lint) bind(names ...string) {
	if l.bound == nil {
		l.bound, l.kinds = map[string]int{}, map[string]string{}
	}
	for _, n := range names {
		l.bound[n]++
	}
}

// assigned notes `local name = nids.make(...)`.
func (l *lint) assigned(name string, e ast.Expr) {
	l.bind(name)
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return
	}
	f, ok := call.Func.(*ast.AttrGetExpr)
	if !ok || !isName(f.Object, "nids") {
		return
	}
	if k, ok := f.Key.(*ast.StringExpr); ok {
		if class := resultClass(k.Value); class != "" {
			l.kinds[name] = class
		}
	}
}

// resultClass gives the class of what a function of nids gives, "" for a plain value.
func resultClass(fn string) string {
	for _, s := range apiSections() {
		for _, d := range s.funcs {
			if d.name != fn {
				continue
			}
			_, result, _ := strings.Cut(d.sig, "): ")
			if classNamed(result) != nil {
				return result
			}
		}
	}
	return ""
}

// called notes a call of a member.
func (l *lint) called(e *ast.FuncCallExpr) {
	if e.Method == "set_flag" && len(e.Args) > 0 {
		if name, ok := e.Args[0].(*ast.StringExpr); ok {
			l.flags = append(l.flags, name.Value)
		}
	}
	if id, ok := e.Receiver.(*ast.IdentExpr); ok && e.Method != "" {
		l.calls = append(l.calls, methodCall{id.Value, e.Method, false, e.Line()})
		return
	}
	if f, ok := e.Func.(*ast.AttrGetExpr); ok {
		id, isIdent := f.Object.(*ast.IdentExpr)
		if k, ok := f.Key.(*ast.StringExpr); ok && isIdent {
			l.calls = append(l.calls, methodCall{id.Value, k.Value, true, e.Line()})
		}
	}
}

// checkCalls finds methods that do not exist, and those called without a colon.
func (p *program) checkCalls() []Problem {
	var out []Problem
	for _, c := range p.lint.calls {
		class := classNamed(p.lint.kinds[c.name])
		if class == nil || p.lint.bound[c.name] != 1 {
			continue
		}
		var names []string
		for _, m := range class.methods {
			names = append(names, m.name)
		}
		at := Pos{p.name, c.line}
		switch {
		case !slices.Contains(names, c.method):
			if slices.ContainsFunc(class.fields, func(f memberDecl) bool { return f.name == c.method }) {
				continue
			}
			out = append(out, Problem{Pos: at, Kind: UnknownName, Msg: class.name + " has no member " + c.method, Hint: didYouMean(c.method, names)})
		case c.dot:
			out = append(out, Problem{Pos: at, Kind: UnknownName, Msg: fmt.Sprintf("%s.%s is called without its object", c.name, c.method),
				Hint: fmt.Sprintf("write %s:%s(...), with a colon", c.name, c.method)})
		}
	}
	return out
}

// checkGlobals finds globals that are read but that nobody sets: names that were misspelt.
func (v *vm) checkGlobals(p *program) []Problem {
	set := map[string]bool{}
	var reads []read
	globalsOf(p.proto, set, &reads)
	var names []string
	v.L.G.Global.ForEach(func(k, _ glua.LValue) {
		if s, ok := k.(glua.LString); ok && !strings.HasPrefix(string(s), "(") {
			names = append(names, string(s))
		}
	})
	for n := range set {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []Problem
	seen := map[string]bool{}
	for _, r := range reads {
		if slices.Contains(names, r.name) || seen[r.name] || strings.HasPrefix(r.name, "(") {
			continue
		}
		seen[r.name] = true
		x := Problem{Pos: Pos{p.name, r.line}, Kind: UnknownName, Msg: "there is no global " + r.name, Hint: didYouMean(r.name, names)}
		if instead, ok := removed[r.name]; ok {
			x.Msg, x.Hint = r.name+" is not available in detectors", instead
		}
		out = append(out, x)
	}
	return out
}

// globalsOf collects the globals that a function and those within it set and read.
func globalsOf(f *glua.FunctionProto, set map[string]bool, reads *[]read) {
	for pc, code := range f.Code {
		op, arg := int(code>>26), int(code&0x3ffff)
		if op != glua.OP_GETGLOBAL && op != glua.OP_SETGLOBAL || arg >= len(f.Constants) {
			continue
		}
		name := f.Constants[arg].String()
		if op == glua.OP_SETGLOBAL {
			set[name] = true
			continue
		}
		line := 0
		if pc < len(f.DbgSourcePositions) {
			line = f.DbgSourcePositions[pc]
		}
		*reads = append(*reads, read{name, line})
	}
	for _, g := range f.FunctionPrototypes {
		globalsOf(g, set, reads)
	}
}

// CheckSyntax says what keeps a text from being Lua: for files that are no detectors, as tests.
func CheckSyntax(s Source) []Problem {
	lim := DefaultLimits()
	_, list := compileSource(s, &lim)
	return list
}
