package lua

import (
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lua/syntax"
)

// what is what a value is known to be while a script is checked. The zero what is anything.
type what struct {
	kind  whatKind
	name  string         // of a library or function of nids
	nodes []*node        // of an event, for each event that its handler hooks; of an object of it, that object
	class *class         // of an object
	decl  []string       // the parameters that a detector declares; nil where they are not known
	decls bool           // decl is known
	table *glua.LTable   // of a library
	fn    *syntax.Func   // of a function
	field *dissect.Field // of a field's value
}

type whatKind uint8

const (
	isAny whatKind = iota
	isNids
	isAPI // a function of nids
	isLib // string, table, math, os
	isEvent
	isGroup  // ev.http
	isObject // of a class
	isParams // detect.params
	isString
	isFunc
)

// of tells what an expression is.
func (c *checker) of(e syntax.Node) what {
	switch e := e.(type) {
	case *syntax.Name:
		return c.ofName(e)
	case *syntax.String:
		return what{kind: isString}
	case *syntax.Func:
		return what{kind: isFunc, fn: e}
	case *syntax.Unary:
		if e.Op == "(" {
			return c.of(e.X)
		}
	case *syntax.Binary:
		if e.Op == ".." {
			return what{kind: isString}
		}
	case *syntax.Index:
		return c.member(c.of(e.Of), e.Name)
	case *syntax.Call:
		return c.result(e)
	}
	return what{}
}

func (c *checker) ofName(n *syntax.Name) what {
	if n.Var == nil {
		g := c.globals[n.Name]
		switch {
		case g != nil && g.writes == 1 && g.init != nil && !c.busy[g.init]:
			c.busy[g.init] = true
			defer delete(c.busy, g.init)
			return c.of(g.init)
		case g != nil && g.writes > 0:
			return what{}
		case n.Name == "nids":
			return what{kind: isNids}
		}
		if t, ok := c.lib.RawGetString(n.Name).(*glua.LTable); ok && n.Name != "_G" {
			return what{kind: isLib, name: n.Name, table: t}
		}
		return what{}
	}
	v := n.Var
	if w, ok := c.vars[v]; ok && v.Assigned == 0 {
		return w
	}
	if v.Assigned > 0 || v.Init == nil || c.busy[v.Init] {
		return what{}
	}
	c.busy[v.Init] = true
	defer delete(c.busy, v.Init)
	return c.of(v.Init)
}

// member tells what a member is.
func (c *checker) member(of what, name string) what {
	switch of.kind {
	case isNids:
		if slices.Contains(apiNames, name) {
			return what{kind: isAPI, name: name}
		}
	case isEvent, isGroup:
		for _, n := range of.nodes {
			if k := n.kids[name]; k != nil {
				return whatNode(k)
			}
		}
	case isObject:
		if of.class.name == "Detector" && name == "params" {
			return what{kind: isParams, decl: of.decl, decls: of.decls}
		}
		for _, f := range of.class.fields {
			if f.name == name {
				return whatType(f.typ)
			}
		}
	}
	return what{}
}

func whatNode(k *node) what {
	if k.group() {
		return what{kind: isGroup, nodes: []*node{k}, name: k.name}
	}
	if f := k.field; f != nil && !f.Multi && (f.Type == dissect.TString || f.Type == dissect.TBytes || f.Type == dissect.TIP) {
		return what{kind: isString, field: f}
	}
	return what{field: k.field}
}

// whatType reads a type as declarations have it.
func whatType(t string) what {
	if t == "string" || t == "string|nil" {
		return what{kind: isString}
	}
	if cl := classNamed(t); cl != nil {
		return what{kind: isObject, class: cl}
	}
	return what{}
}

// texts are the functions of the library string that give a string.
var texts = []string{"format", "lower", "upper", "rep", "sub", "gsub", "reverse", "char"}

// result tells what a call gives.
func (c *checker) result(e *syntax.Call) what {
	if e.Fn == nil {
		of := c.of(e.Of)
		switch {
		case of.kind == isString && slices.Contains(texts, e.Method):
			return what{kind: isString}
		case of.kind == isObject || of.kind == isEvent:
			if d := methodOf(of.class, e.Method); d != nil && of.kind == isObject {
				return whatType(d.result())
			}
		}
		return what{}
	}
	if n, ok := e.Fn.(*syntax.Name); ok && n.Var == nil && n.Name == "tostring" {
		return what{kind: isString}
	}
	i, ok := e.Fn.(*syntax.Index)
	if !ok {
		return what{}
	}
	switch of := c.of(i.Of); of.kind {
	case isLib:
		if of.name == "string" && slices.Contains(texts, i.Name) {
			return what{kind: isString}
		}
	case isNids:
		d := apiFunc(i.Name)
		if d == nil {
			return what{}
		}
		w := whatType(d.result())
		if w.kind == isObject && w.class.name == "Detector" && len(e.Args) > 0 {
			w.decl, w.decls = declaredParams(e.Args[0])
		}
		return w
	}
	return what{}
}

// declaredParams reads the names of a detector's parameters; ok is false where they are made at run time.
func declaredParams(e syntax.Node) (names []string, ok bool) {
	t, isTable := e.(*syntax.Table)
	if !isTable {
		return nil, false
	}
	for _, f := range t.Fields {
		if f.Name != "params" {
			continue
		}
		p, isTable := f.Value.(*syntax.Table)
		if !isTable {
			return nil, false
		}
		for _, x := range p.Fields {
			if x.Name == "" {
				return nil, false
			}
			names = append(names, x.Name)
		}
	}
	return names, true
}

// apiFunc gives the declaration of a function of nids, nil for none.
func apiFunc(name string) *decl {
	for _, s := range sections {
		for i := range s.funcs {
			if s.funcs[i].name == name {
				return &s.funcs[i]
			}
		}
	}
	return nil
}

func methodOf(cl *class, name string) *decl {
	if cl == nil {
		return nil
	}
	for i := range cl.methods {
		if cl.methods[i].name == name {
			return &cl.methods[i]
		}
	}
	return nil
}

// result is the type of the first value that a function gives, "" for none.
func (d *decl) result() string {
	_, r, _ := strings.Cut(d.sig, "): ")
	r, _, _ = strings.Cut(r, ", ")
	return r
}

// param is a parameter of a declared function.
type param struct {
	name     string
	types    []string
	optional bool
	rest     bool // ...
}

// params reads a declared function's parameters, less self.
func (d *decl) params() (out []param) {
	s := strings.TrimPrefix(d.sig, "fun(")
	depth, from := 0, 0
	add := func(text string) {
		name, typ, _ := strings.Cut(strings.TrimSpace(text), ": ")
		if name == "" || name == "self" {
			return
		}
		p := param{name: strings.TrimSuffix(name, "?"), types: strings.Split(typ, "|"), rest: name == "..."}
		p.optional = p.rest || strings.HasSuffix(name, "?") || slices.Contains(p.types, "nil")
		out = append(out, p)
	}
	for i := range len(s) {
		switch s[i] {
		case '(', '{', '<':
			depth++
		case ')', '}', '>':
			if depth--; depth < 0 {
				add(s[from:i])
				return out
			}
		case ',':
			if depth == 0 {
				add(s[from:i])
				from = i + 1
			}
		}
	}
	return out
}
