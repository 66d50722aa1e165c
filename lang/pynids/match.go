package pynids

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a condition: how deep it may be nested, and how many tests it may have. YAML's aliases can make much of
// little.
const (
	maxDepth = 32
	maxTests = 5000
)

// What a condition can come to when only messages of one protocol are looked at.
const (
	holds = "true"
	fails = "false"
)

// match writes what stands under match: or a part of it: all, any and not, or one test.
func (w *writer) match(n *yaml.Node) (string, *problem) {
	if w.depth++; w.depth > maxDepth {
		return "", fail(n, "match", "nested deeper than %d", maxDepth)
	}
	defer func() { w.depth-- }()
	if w.nodes++; w.nodes > maxTests {
		return "", fail(n, "match", "more than %d tests", maxTests)
	}
	n = deref(n)
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return "", fail(n, "match", "expected all:, any:, not:, or {field: ..., op: ..., value: ...}")
	}
	if value(n, "field") != nil {
		return w.test(n)
	}
	var parts []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], deref(n.Content[i+1])
		if value(n, k.Value) != v {
			return "", fail(k, "match."+k.Value, "is given twice: put the tests into one list")
		}
		var text string
		var p *problem
		switch k.Value {
		case "all", "and":
			text, p = w.list(k, v, false)
		case "any", "or":
			text, p = w.list(k, v, true)
		case "not":
			text, p = w.not(k, v)
		default:
			return "", fail(k, "match."+k.Value, "unknown: expected all, any, not, or field, op and value%s", hint(k.Value, []string{"all", "any", "not", "field"}))
		}
		if p != nil {
			return "", p
		}
		parts = append(parts, text)
	}
	return join(parts, false), nil
}

// join joins conditions by and, or with any by or.
func join(parts []string, any bool) string {
	sep, stays, ends := " and ", holds, fails
	if any {
		sep, stays, ends = " or ", fails, holds
	}
	var list []string
	for _, p := range parts {
		if p == ends {
			return ends
		}
		if p != stays {
			list = append(list, p)
		}
	}
	switch len(list) {
	case 0:
		return stays
	case 1:
		return list[0]
	}
	return "(" + strings.Join(list, sep) + ")"
}

func (w *writer) list(k, n *yaml.Node, any bool) (string, *problem) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return "", fail(k, "match."+k.Value, "expected a list of at least one test")
	}
	var parts []string
	messages := any && w.only != "" && w.only != noMessage && namesMessages(n)
	for _, c := range n.Content {
		if messages && !namesMessages(c) {
			continue // the variant without messages has it
		}
		text, p := w.match(c)
		if p != nil {
			return "", p
		}
		parts = append(parts, text)
	}
	return join(parts, any), nil
}

func (w *writer) not(k, n *yaml.Node) (string, *problem) {
	if n.Kind == yaml.SequenceNode {
		if len(n.Content) != 1 {
			return "", fail(k, "match.not", "of a list: not all of them, or none? Write not: {all: [...]} or not: {any: [...]}")
		}
		n = n.Content[0]
	}
	text, p := w.match(n)
	switch text {
	case holds:
		return fails, p
	case fails:
		return holds, p
	}
	return "not (" + text + ")", p
}

// test writes one {field, op, value}.
func (w *writer) test(n *yaml.Node) (string, *problem) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; value(n, k.Value) != deref(n.Content[i+1]) {
			return "", fail(k, k.Value, "is given twice")
		}
		switch k := n.Content[i]; k.Value {
		case "field", "op", "value", "description", "comment":
		default:
			return "", fail(k, k.Value, "unknown key of a test: field, op and value are known")
		}
	}
	name, op, v := scalar(value(n, "field")), scalar(value(n, "op")), value(n, "value")
	if op == "" && v != nil {
		op = "eq"
	}
	f, p := fieldOf(name)
	if p != nil {
		p.node = n
		return "", p
	}
	if !knownOp(op) {
		return "", fail(n, name, "unknown operator %q%s: %s are known", op, hint(op, ops), strings.Join(ops, ", "))
	}
	if v == nil && op != "exists" {
		return "", fail(n, name, "%s without value:", op)
	}
	if of := protocolOf(name); of != "" {
		w.protocols[of] = true
		if w.only != "" && w.only != of {
			return fails, nil // a field that is not there
		}
	}
	w.fields = append(w.fields, f)
	w.payload = w.payload || f.kind == kindPayload
	var parts []string
	for _, x := range f.exprs(v) {
		t := test{f: f, x: x, op: op, v: v}
		text, err := t.text()
		if err != nil {
			at := v
			if at == nil {
				at = n
			}
			return "", fail(at, name+" "+op, "%v", err)
		}
		if f.guard != "" {
			text = "(" + f.guard + " and " + text + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return "(" + strings.Join(parts, " or ") + ")", nil
}

// ops are PyNIDS's operators, and endswith beside startswith.
var ops = []string{"eq", "ne", "lt", "gt", "lte", "gte", "in", "not_in", "contains", "startswith", "endswith", "regex", "exists"}

func knownOp(op string) bool {
	for _, o := range ops {
		if o == op {
			return true
		}
	}
	return false
}

// test is one test of an expression of ours.
type test struct {
	f  *field
	x  string // .nids expression
	op string
	v  *yaml.Node
}

// text writes the test. A test of what is not there is false.
func (t *test) text() (string, error) {
	if t.op == "exists" {
		return t.exists()
	}
	switch t.f.kind {
	case kindText, kindName, kindPayload:
		return t.onText()
	case kindInt, kindFloat, kindSeconds:
		return t.onNumber()
	case kindAddr:
		return t.onAddr()
	case kindSuspect, kindBool:
		return t.onBool()
	case kindProto:
		return t.onProto()
	case kindTCPFlags:
		return t.onFlags()
	}
	return "", t.wrongOp("exists, or name one of its fields")
}

func (t *test) exists() (string, error) {
	there := t.there()
	if there == "" {
		there = "ip"
	}
	if t.v == nil || t.v.Tag == "!!null" {
		return there, nil
	}
	var want bool
	if err := t.v.Decode(&want); err != nil {
		return "", fmt.Errorf("value: must be true or false, not %q", t.v.Value)
	}
	if !want {
		return "not " + there, nil
	}
	return there, nil
}

// there is the condition that the field is there, "" if it always is.
func (t *test) there() string {
	switch {
	case t.f.there == always:
		return ""
	case t.f.there != "":
		return t.f.there
	}
	return "exists(" + t.x + ")"
}

// and joins the condition that the field is there with another.
func (t *test) and(cond string) string {
	if there := t.there(); there != "" {
		return "(" + there + " and " + cond + ")"
	}
	return cond
}

// differs writes x op v for an op that is true of absent values: of a field with many values, one has to
// be there that differs.
func (t *test) differs(op, v string) string {
	if t.f.multi {
		return "(any " + t.x + " " + op + " " + v + ")"
	}
	return t.and(t.x + " " + op + " " + v)
}

// protocolOf is whose messages a field is about, "" for fields of packets and flows.
func protocolOf(name string) string {
	rest, ok := strings.CutPrefix(name, "layer7.")
	if !ok || rest == "protocol" {
		return ""
	}
	of, _, _ := strings.Cut(rest, ".")
	return of
}

// namesMessages tells whether a condition is about messages of some protocol.
func namesMessages(n *yaml.Node) bool {
	n = deref(n)
	if f := value(n, "field"); f != nil {
		return protocolOf(f.Value) != ""
	}
	for i, c := range n.Content {
		if (n.Kind != yaml.MappingNode || i%2 == 1) && c.Kind != yaml.AliasNode && namesMessages(c) {
			return true
		}
	}
	return false
}
