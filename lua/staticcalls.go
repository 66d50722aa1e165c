package lua

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lua/syntax"
)

// handlers learns what the parameters of handlers are.
func (c *checker) handlers(e syntax.Node) {
	call, ok := e.(*syntax.Call)
	if !ok || call.Fn == nil || len(call.Args) == 0 {
		return
	}
	i, ok := call.Fn.(*syntax.Index)
	if !ok || c.of(i.Of).kind != isNids {
		return
	}
	last := call.Args[len(call.Args)-1]
	switch i.Name {
	case "on":
		name, ok := call.Args[0].(*syntax.String)
		if !ok || len(call.Args) < 2 {
			c.hook(last, nil)
			return
		}
		c.hook(last, c.ofEvent(name.Value))
	case "register_tcp":
		c.hook(last, &what{kind: isObject, class: classNamed("TcpStream")})
	case "every", "register_udp", "register_ip", "register_ip_frag", "predicate":
		c.hook(last, nil)
	}
}

// ofEvent tells what a handler of an event gets, nil where that is not known.
func (c *checker) ofEvent(event string) *what {
	id, ok := c.rt.schema.EventByName(event)
	switch {
	case !ok || id == dissect.EvTick:
		return &what{kind: isEvent, class: classNamed("Event"), nodes: []*node{c.rt.tree.top}}
	case id == dissect.EvAlert:
		return &what{kind: isParams, name: "the alert", decl: alertMembers, decls: true}
	}
	return &what{kind: isEvent, class: classNamed("Event"), nodes: []*node{c.rt.tree.events[id]}}
}

// hook notes that a function is called with something as its first argument.
func (c *checker) hook(fn syntax.Node, arg *what) {
	w := c.of(fn)
	if w.kind != isFunc {
		return
	}
	seen := c.inside[w.fn]
	c.inside[w.fn] = true
	if len(w.fn.Params) == 0 {
		return
	}
	v := w.fn.Params[0]
	old, known := c.vars[v]
	switch {
	case arg == nil || seen && !known:
		c.vars[v] = what{} // of several kinds
	case !known:
		c.vars[v] = *arg
	case old.kind == isEvent && arg.kind == isEvent:
		old.nodes = append(slices.Clone(old.nodes), arg.nodes...)
		c.vars[v] = old
	default:
		c.vars[v] = what{}
	}
}

// call checks a call: its function, its arguments, what they say.
func (c *checker) call(e *syntax.Call) {
	if e.Fn == nil {
		c.hard(e.Of)
		c.method(e)
		c.exprs(e.Args)
		return
	}
	i, ok := e.Fn.(*syntax.Index)
	if !ok {
		c.hard(e.Fn)
		c.loop(e)
		c.exprs(e.Args)
		return
	}
	c.expr(i)
	c.exprs(e.Args)
	switch of := c.of(i.Of); of.kind {
	case isNids:
		c.apiCall(e, i)
	case isObject:
		if d := methodOf(of.class, i.Name); d != nil {
			c.dotCall(e, i)
		}
	case isEvent:
		if eventMethods[i.Name] != nil {
			c.dotCall(e, i)
		}
	}
}

// loop checks what pairs and ipairs are given: tables, and fields with several values.
func (c *checker) loop(e *syntax.Call) {
	n, ok := e.Fn.(*syntax.Name)
	if !ok || n.Var != nil || n.Name != "pairs" && n.Name != "ipairs" || len(e.Args) == 0 {
		return
	}
	from, to := e.Args[0].Span()
	at, text := syntax.At{From: from, To: to}, c.textOf(e.Args[0])
	switch w := c.of(e.Args[0]); {
	case w.kind == isGroup:
		lists := w.nodes[0].lists()
		hint := "fields with several values are lists"
		if len(lists) > 0 {
			hint = "lists are " + text + "." + strings.Join(lists[:min(len(lists), maxListed)], ", "+text+".")
		}
		c.say(at, Misuse, hint, "%s is no list, but has fields", text)
	case w.kind == isEvent:
		c.say(at, Misuse, "ev:copy() gives a table of all its fields", "an event is no table")
	case w.field != nil && !w.field.Multi:
		c.say(at, Misuse, "string.split(text, separator) and text:gmatch(pattern) take a text apart", "%s has one value (%s) and is no list", text, w.field.Type)
	case w.kind == isObject:
		hint := ""
		for _, m := range []string{"each", "values", "list"} {
			if methodOf(w.class, m) != nil {
				hint = "see " + text + headOfMember(w.class, m)
			}
		}
		c.say(at, Misuse, hint, "a %s is no table", w.class.name)
	}
}

func headOfMember(cl *class, name string) string { return methodHead(methodOf(cl, name)) }

// lists are the names of fields with several values below a node.
func (n *node) lists() (out []string) {
	for _, name := range n.members() {
		if k := n.kids[name]; k.field != nil && k.field.Multi && !k.group() {
			out = append(out, name)
		}
	}
	return out
}

func (c *checker) dotCall(e *syntax.Call, i *syntax.Index) {
	object := c.textOf(i.Of)
	c.say(syntax.At{From: e.From, To: i.To}, Misuse, fmt.Sprintf("write %s:%s(...), with a colon", object, i.Name),
		"%s.%s is called without its object", object, i.Name)
}

// textOf is an expression as it is written.
func (c *checker) textOf(e syntax.Node) string {
	from, to := e.Span()
	return c.prog.source[from:min(to, len(c.prog.source))]
}

// method checks x:name().
func (c *checker) method(e *syntax.Call) {
	of := c.of(e.Of)
	switch of.kind {
	case isNids, isLib:
		name := "nids"
		if of.kind == isLib {
			name = of.name
		}
		if msg, hint := c.lacks(of, e.Method); msg != "" {
			c.say(e.Sel, UnknownName, hint, "%s", msg)
			return
		}
		c.say(e.Sel, Misuse, fmt.Sprintf("write %s.%s(...), with a dot", name, e.Method), "%s:%s gets %s itself as its first argument", name, e.Method, name)
	case isEvent, isGroup:
		if eventMethods[e.Method] != nil && (of.kind == isEvent || of.name == "flow" || of.name == "stream") {
			c.arguments(methodOf(classNamed("Event"), e.Method), e)
			return
		}
		for _, n := range of.nodes {
			if n.find(e.Method) != nil || of.kind == isEvent && eventMembers[e.Method] != nil {
				c.say(e.Sel, Misuse, fmt.Sprintf("write %s.%s", c.textOf(e.Of), e.Method), "%s is a field, not a method", e.Method)
				return
			}
		}
		if msg, hint := of.lacksMethod(e.Method); msg != "" {
			c.say(e.Sel, UnknownName, hint, "%s", msg)
		}
	case isObject:
		if msg, hint := c.lacks(of, e.Method); msg != "" {
			c.say(e.Sel, UnknownName, hint, "%s", msg)
		} else if d := methodOf(of.class, e.Method); d != nil {
			c.arguments(d, e)
		}
	case isString:
		if lib := c.ofName(&syntax.Name{Name: "string"}); lib.kind == isLib {
			if msg, hint := lacksLib(lib, e.Method); msg != "" {
				if apiFunc(e.Method) != nil {
					hint = fmt.Sprintf("write nids.%s(%s, ...)", e.Method, c.textOf(e.Of))
				}
				c.say(e.Sel, UnknownName, hint, "%s", msg)
			}
		}
	}
}

func (w *what) lacksMethod(name string) (msg, hint string) {
	of := "the event"
	if w.kind == isGroup {
		of = w.name
	}
	return fmt.Sprintf("%s has no method %s", of, name), didYouMean(name, sortedKeys(eventMethods))
}

// topOnly are the functions that a script calls while it is loaded only.
var topOnly = []string{"on", "every", "parallel", "predicate", "expr", "metric", "chksum_ctl", "init", "detector", "store",
	"register_tcp", "register_udp", "register_ip", "register_ip_frag"}

// apiCall checks a call of a function of nids.
func (c *checker) apiCall(e *syntax.Call, i *syntax.Index) {
	d := apiFunc(i.Name)
	if d == nil {
		return
	}
	if c.within > 0 && slices.Contains(topOnly, i.Name) {
		c.say(i.At, Misuse, "what a script registers is fixed once it is loaded; a value for each key is made by the `value` of a store", "nids.%s belongs at the top level of the script, not into a handler", i.Name)
	}
	c.arguments(d, e)
	if len(e.Args) == 0 {
		return
	}
	switch i.Name {
	case "on":
		c.onCall(e)
	case "expr":
		if s, ok := e.Args[0].(*syntax.String); ok {
			if _, err := newCondition(c.rt.schema, &c.rt.opt, s.Value); err != nil {
				c.say(s.At, BadFilter, "", "%s", err.Error())
			}
		}
	default:
		c.optionTable(e.Args[0], "nids."+i.Name)
	}
}

// onCall checks the event and the filter of a handler.
func (c *checker) onCall(e *syntax.Call) {
	name, ok := e.Args[0].(*syntax.String)
	if !ok || len(e.Args) < 2 {
		return
	}
	if name.Value == "exit" {
		return
	}
	id, known := c.rt.schema.EventByName(name.Value)
	if !known || id == dissect.EvTick {
		c.say(name.At, UnknownName, eventHint(c.rt.schema, name.Value), "unknown event %q", name.Value)
		return
	}
	filter, ok := e.Args[1].(*syntax.String)
	if !ok || len(e.Args) < 3 || id == dissect.EvAlert {
		return
	}
	list, before := filterDiagnostics(c.rt.schema, &c.rt.opt, FilterID+"0", name.Value, filter.Value)
	for i := range list {
		d := &list[i]
		if d.Severity != diag.Error {
			continue
		}
		at := syntax.At{From: filter.Offset(d.Range.Start.Offset - before), To: filter.Offset(d.Range.End.Offset - before)}
		if !d.Range.Start.Valid() {
			at = filter.At
		}
		hint := d.Hint
		if strings.Contains(filter.Value, "\n") && strings.Contains(c.textOf(filter), `\n`) {
			hint = `\n in a Lua string is a new line: write \\n, or the filter in [[ ... ]]`
		}
		c.say(at, BadFilter, hint, "filter of %s: %s", name.Value, wordSummary(d))
	}
}

// optionTable checks the names in a table of options.
func (c *checker) optionTable(e syntax.Node, fn string) {
	names, known := optionNames[fn]
	t, ok := e.(*syntax.Table)
	if !known || !ok {
		return
	}
	for _, f := range t.Fields {
		if f.Name != "" && !slices.Contains(names, f.Name) {
			c.say(f.Sel, UnknownName, orList(didYouMean(f.Name, names), names), "%s has no option %s", fn, f.Name)
		}
		switch v := f.Value.(type) {
		case *syntax.Table:
			if fn == "nids.detector" && f.Name == "params" {
				c.paramTables(v)
			}
		case *syntax.String:
			if f.Name == "key" {
				c.key(v)
			}
		}
	}
}

// key checks the fields of a key: "client.ip, http.host".
func (c *checker) key(s *syntax.String) {
	at := 0
	for part := range strings.SplitSeq(s.Value, ",") {
		name := strings.TrimSpace(part)
		if c.rt.keyField(name) == nil {
			from := at + len(part) - len(strings.TrimLeft(part, " "))
			c.say(syntax.At{From: s.Offset(from), To: s.Offset(from + len(name))}, UnknownName, didYouMean(name, c.rt.schema.FieldNames()), "key: unknown field %q", name)
		}
		at += len(part) + 1
	}
}

// paramTables checks the declarations of parameters: { default = 1, min = 1 }.
func (c *checker) paramTables(params *syntax.Table) {
	for _, p := range params.Fields {
		t, ok := p.Value.(*syntax.Table)
		if !ok || p.Name == "" {
			continue
		}
		named := 0
		for _, f := range t.Fields {
			if f.Name == "" {
				continue
			}
			if named++; !slices.Contains(paramOptions, f.Name) {
				c.say(f.Sel, UnknownName, orList(didYouMean(f.Name, paramOptions), paramOptions), "the declaration of parameter %s has no option %s", p.Name, f.Name)
			}
		}
		if named > 0 && !slices.ContainsFunc(t.Fields, func(f syntax.Field) bool { return f.Name == "default" }) {
			c.say(p.Sel, Misuse, "write "+p.Name+" = { default = ..., doc = \"...\" }", "parameter %s has no default", p.Name)
		}
	}
}

// arguments compares a call's arguments with what is declared: how many, and what literals are.
func (c *checker) arguments(d *decl, e *syntax.Call) {
	params := d.params()
	needed := 0
	for _, p := range params {
		if !p.optional {
			needed++
		}
	}
	if len(e.Args) < needed && !many(e.Args) {
		at := syntax.At{From: e.From, To: e.To}
		c.say(at, Misuse, "it is "+headOf(d), "%s is called with %d of %d arguments", d.name, len(e.Args), needed)
		return
	}
	if d.name == "on" || d.name == "alert" && len(e.Args) == 0 {
		return // the filter may be left out
	}
	for i, a := range e.Args {
		if i >= len(params) || params[i].rest {
			return
		}
		if got := wrongLiteral(a, params[i].types); got != "" {
			from, to := a.Span()
			c.say(syntax.At{From: from, To: to}, Misuse, "it is "+headOf(d), "%s: %s must be a %s, not a %s", d.name, params[i].name,
				strings.Join(params[i].types, " or "), got)
		}
	}
}

func headOf(d *decl) string {
	if strings.Contains(d.sig, "self: ") {
		return strings.TrimPrefix(methodHead(d), ":")
	}
	return "nids." + d.name + strings.TrimPrefix(d.sig, "fun")
}

// many tells whether the last of a list of values may be several.
func many(list []syntax.Node) bool {
	if len(list) == 0 {
		return false
	}
	switch x := list[len(list)-1].(type) {
	case *syntax.Call:
		return true
	case *syntax.Const:
		return x.Text == "..."
	}
	return false
}

// wrongLiteral names the type of a literal that none of the types takes, "" where it may be right.
func wrongLiteral(e syntax.Node, types []string) string {
	takes := func(names ...string) bool {
		return slices.ContainsFunc(types, func(t string) bool {
			return t == "any" || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(t, n) })
		})
	}
	switch e := e.(type) {
	case *syntax.String:
		_, err := strconv.ParseFloat(e.Value, 64)
		if !takes("string") && !(takes("number") && err == nil) {
			return "string"
		}
	case *syntax.Table:
		if !takes("table", "{", "DetectorDeclaration", "StoreDeclaration", "SpikesDeclaration") && !slices.ContainsFunc(types, func(t string) bool { return strings.HasSuffix(t, "[]") }) {
			return "table"
		}
	case *syntax.Func:
		if !takes("fun") {
			return "function"
		}
	case *syntax.Const:
		if e.Text == "true" || e.Text == "false" {
			if !takes("boolean") {
				return "boolean"
			}
		} else if e.Text != "nil" && e.Text != "..." && !takes("number", "string") {
			return "number"
		}
	}
	return ""
}
