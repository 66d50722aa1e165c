package lua

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/lua/syntax"
)

// checker looks at a script's text.
type checker struct {
	rt      *Runtime
	prog    *program
	chunk   *syntax.Chunk
	lib     *glua.LTable // the globals that a script finds
	known   []string     // their names
	globals map[string]*global
	uses    []use                 // of globals, in the order of the text
	vars    map[*syntax.Var]what  // parameters of handlers
	busy    map[syntax.Node]bool  // being inferred
	inside  map[*syntax.Func]bool // functions that are called with events or times, not while the script is loaded
	within  int                   // how many of them are around what is looked at
	out     []Problem
}

// global is a variable that is no local.
type global struct {
	reads, writes int
	init          syntax.Node  // what it was set to, where that happened once
	first         *syntax.Name // where it was set
}

// use is a read of a global. hard says that nil is an error there: it is called, indexed or computed with.
type use struct {
	name *syntax.Name
	hard bool
}

func (c *checker) run() {
	c.globals, c.vars = map[string]*global{}, map[*syntax.Var]what{}
	c.busy, c.inside = map[syntax.Node]bool{}, map[*syntax.Func]bool{}
	walk := visitor{stmt: c.notice, expr: func(syntax.Node) {}}
	walk.stmts(c.chunk.Body)
	walk = visitor{expr: c.handlers, stmt: func(syntax.Stmt) {}}
	walk.stmts(c.chunk.Body)
	c.stmts(c.chunk.Body)
	c.checkGlobals()
	c.checkLocals()
}

// say notes a problem.
func (c *checker) say(at syntax.At, kind Kind, hint, format string, args ...any) *Problem {
	c.out = append(c.out, problemAt(c.prog.name, c.prog.source, at.From, at.To, kind, fmt.Sprintf(format, args...), hint))
	return &c.out[len(c.out)-1]
}

func (c *checker) warn(at syntax.At, hint, format string, args ...any) {
	c.say(at, Doubtful, hint, format, args...).Warning = true
}

// notice counts what is assigned to globals.
func (c *checker) notice(s syntax.Stmt) {
	set := func(n *syntax.Name, init syntax.Node) {
		g := c.global(n.Name)
		if g.writes++; g.first == nil {
			g.first, g.init = n, init
		}
	}
	switch s := s.(type) {
	case *syntax.Assign:
		for i, l := range s.L {
			n, ok := l.(*syntax.Name)
			if !ok || n.Var != nil {
				continue
			}
			var init syntax.Node
			if i < len(s.R) {
				init = s.R[i]
			}
			set(n, init)
		}
	case *syntax.Function:
		if n, ok := s.Target.(*syntax.Name); ok && n.Var == nil {
			set(n, s.Fn)
		}
	}
}

func (c *checker) global(name string) *global {
	g := c.globals[name]
	if g == nil {
		g = &global{}
		c.globals[name] = g
	}
	return g
}

// stmts checks a block.
func (c *checker) stmts(list []syntax.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.Local:
			c.exprs(s.Exprs)
		case *syntax.Assign:
			for _, l := range s.L {
				c.target(l)
			}
			c.exprs(s.R)
		case *syntax.Do:
			c.expr(s.X)
		case *syntax.Function:
			if i, ok := s.Target.(*syntax.Index); ok {
				c.expr(i.Of)
			}
			c.expr(s.Fn)
		case *syntax.Block:
			c.exprs(s.Exprs)
			for _, b := range s.Bodies {
				c.stmts(b)
			}
		case *syntax.Return:
			c.exprs(s.Exprs)
		}
	}
}

func (c *checker) exprs(list []syntax.Node) {
	for _, e := range list {
		c.expr(e)
	}
}

// expr checks an expression and what is within.
func (c *checker) expr(e syntax.Node) {
	switch e := e.(type) {
	case *syntax.Name:
		c.read(e, false)
	case *syntax.Func:
		if c.inside[e] {
			c.within++
			defer func() { c.within-- }()
		}
		c.stmts(e.Body)
	case *syntax.Table:
		for _, f := range e.Fields {
			if f.Key != nil {
				c.expr(f.Key)
			}
			c.expr(f.Value)
		}
	case *syntax.Index:
		c.hard(e.Of)
		if e.Key != nil {
			c.expr(e.Key)
		}
		if e.Name != "" {
			c.checkMember(c.of(e.Of), e, false)
		}
	case *syntax.Call:
		c.call(e)
	case *syntax.Binary:
		if e.Op == "and" || e.Op == "or" || e.Op == "==" || e.Op == "~=" {
			c.expr(e.L)
			c.expr(e.R)
			return
		}
		c.hard(e.L)
		c.hard(e.R)
	case *syntax.Unary:
		switch e.Op {
		case "-", "#":
			c.hard(e.X)
		default:
			c.expr(e.X)
		}
	}
}

// hard checks an expression that must not be nil.
func (c *checker) hard(e syntax.Node) {
	if n, ok := e.(*syntax.Name); ok {
		c.read(n, true)
		return
	}
	c.expr(e)
}

func (c *checker) read(n *syntax.Name, hard bool) {
	if n.Var == nil {
		c.global(n.Name).reads++
		c.uses = append(c.uses, use{n, hard})
	}
}

// target checks what is assigned to.
func (c *checker) target(l syntax.Node) {
	i, ok := l.(*syntax.Index)
	if !ok {
		return
	}
	c.hard(i.Of)
	if i.Key != nil {
		c.expr(i.Key)
	}
	if i.Name == "" {
		return
	}
	of := c.of(i.Of)
	switch of.kind {
	case isNids, isEvent, isGroup, isParams:
		c.say(i.Sel, Misuse, "", "%s cannot be set: events, parameters and the API are read-only", i.Name)
	case isObject:
		if c.checkMember(of, i, true) && !slices.Contains(settable, i.Name) {
			c.say(i.Sel, Misuse, "", "%s cannot be set: of a %s", i.Name, of.class.name)
		}
	}
}

// settable are the members of objects that scripts set, those of a HalfStream.
var settable = []string{"collect", "collect_urg"}

// checkMember tells whether a member exists, and says so where it does not.
func (c *checker) checkMember(of what, e *syntax.Index, set bool) bool {
	msg, hint := c.lacks(of, e.Name)
	if msg == "" && of.kind == isObject && !set {
		return true // a method as a value: see call
	}
	if msg != "" {
		c.say(e.Sel, UnknownName, hint, "%s", msg)
	}
	return msg == ""
}

// lacks says what is wrong with a member's name, "" for nothing.
func (c *checker) lacks(of what, name string) (msg, hint string) {
	switch of.kind {
	case isNids:
		if !slices.Contains(apiNames, name) {
			return "nids has no member " + name, didYouMean(name, apiNames)
		}
	case isLib:
		return lacksLib(of, name)
	case isEvent, isGroup:
		return of.lacksField(name)
	case isParams:
		if of.decls && !slices.Contains(of.decl, name) {
			return lacksName(of.name, name, of.decl)
		}
	case isObject:
		names := make([]string, 0, 16)
		for _, m := range of.class.methods {
			names = append(names, m.name)
		}
		for _, f := range of.class.fields {
			names = append(names, f.name)
		}
		if !slices.Contains(names, name) {
			return of.class.name + " has no member " + name, orList(didYouMean(name, names), names)
		}
	}
	return "", ""
}

// lacksName is a name that is none of those declared.
func lacksName(of, name string, declared []string) (msg, hint string) {
	if of == "" {
		of = "the detector declares no parameter " + name
		hint = "declare it: params = { " + name + " = ... }"
		if near := didYouMean(name, declared); near != "" {
			hint = near
		}
		return of, hint
	}
	return of + " has no member " + name, orList(didYouMean(name, declared), declared)
}

// orList gives a hint, and in its absence the names that there are.
func orList(hint string, names []string) string {
	if hint == "" && len(names) <= maxListed {
		sorted := slices.Clone(names)
		slices.Sort(sorted)
		return "there are " + strings.Join(sorted, ", ")
	}
	return hint
}

// maxListed is how many names a hint lists.
const maxListed = 12

func lacksLib(of what, name string) (msg, hint string) {
	if of.table.RawGetString(name) != glua.LNil {
		return "", ""
	}
	full := of.name + "." + name
	if why, ok := removedMembers[full]; ok {
		return full + " is not available in detectors", why
	}
	var names []string
	of.table.ForEach(func(k, _ glua.LValue) {
		if s := k.String(); !strings.HasPrefix(s, "_") {
			names = append(names, s)
		}
	})
	slices.Sort(names)
	return fmt.Sprintf("the library %s has no function %s", of.name, name), didYouMean(name, names)
}

// lacksField looks for a name among the members of an event, or of an object of one. Of a handler that several events
// share it must be known at one of them.
func (w *what) lacksField(name string) (msg, hint string) {
	var names []string
	of := "the event"
	for _, n := range w.nodes {
		if n.kids[name] != nil || n.find(name) != nil {
			return "", ""
		}
		names = append(names, n.members()...)
	}
	if w.kind == isEvent {
		if eventMembers[name] != nil || eventMethods[name] != nil {
			return "", ""
		}
		names = append(names, memberNames()...)
	} else {
		of = w.name
		if eventMethods[name] != nil && (of == "flow" || of == "stream") {
			return "", ""
		}
	}
	return fmt.Sprintf("%s has no member %s", of, name), didYouMean(name, names)
}

// ---- walking

// visitor goes through all statements and expressions, and into functions.
type visitor struct {
	stmt func(syntax.Stmt)
	expr func(syntax.Node)
}

func (w *visitor) stmts(list []syntax.Stmt) {
	for _, s := range list {
		w.stmt(s)
		switch s := s.(type) {
		case *syntax.Local:
			w.exprs(s.Exprs)
		case *syntax.Assign:
			w.exprs(s.L)
			w.exprs(s.R)
		case *syntax.Do:
			w.node(s.X)
		case *syntax.Function:
			w.node(s.Fn)
		case *syntax.Block:
			w.exprs(s.Exprs)
			for _, b := range s.Bodies {
				w.stmts(b)
			}
		case *syntax.Return:
			w.exprs(s.Exprs)
		}
	}
}

func (w *visitor) exprs(list []syntax.Node) {
	for _, e := range list {
		w.node(e)
	}
}

func (w *visitor) node(e syntax.Node) {
	w.expr(e)
	switch e := e.(type) {
	case *syntax.Func:
		w.stmts(e.Body)
	case *syntax.Table:
		for _, f := range e.Fields {
			if f.Key != nil {
				w.node(f.Key)
			}
			w.node(f.Value)
		}
	case *syntax.Index:
		w.node(e.Of)
		if e.Key != nil {
			w.node(e.Key)
		}
	case *syntax.Call:
		if e.Fn != nil {
			w.node(e.Fn)
		} else {
			w.node(e.Of)
		}
		w.exprs(e.Args)
	case *syntax.Binary:
		w.node(e.L)
		w.node(e.R)
	case *syntax.Unary:
		w.node(e.X)
	}
}
