package lua

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
)

// node is one step of a dotted name: ev.http.uri is the node http, then the node uri.
type node struct {
	name  string // dotted
	field *dissect.Field
	kids  map[string]*node // nil: a leaf
	// own says that kids were copied for this event, and may be added to.
	spec *dissect.Spec // of the field, nil for core fields
	slot int           // of the field in its Spec, for generic snapshots
}

// tree is the names of a schema. One serves all VMs: it is not changed after newTree.
type tree struct {
	schema *dissect.Schema
	top    *node
	events []*node // by EventID: what handlers of the event see
}

func newTree(s *dissect.Schema) *tree {
	t := &tree{schema: s, top: &node{}, events: make([]*node, len(s.Events))}
	slots := map[*dissect.Field]int{}
	specs := map[*dissect.Field]*dissect.Spec{}
	for _, sp := range s.Specs {
		for i := range sp.Fields {
			slots[&sp.Fields[i]], specs[&sp.Fields[i]] = i, sp
		}
	}
	for _, f := range s.Fields() {
		for _, name := range append([]string{f.Name}, f.Alias...) {
			t.top.add(name, f, specs[f], slots[f])
		}
	}
	t.top.flatten()
	for id := 1; id < len(s.Events); id++ {
		t.events[id] = t.root(s.Events[id].Name)
	}
	return t
}

func (n *node) add(name string, f *dissect.Field, spec *dissect.Spec, slot int) {
	at := n
	path := ""
	for part := range strings.SplitSeq(name, ".") {
		if path != "" {
			path += "."
		}
		path += part
		next := at.kids[part]
		if next == nil {
			if at.kids == nil {
				at.kids = map[string]*node{}
			}
			next = &node{name: path}
			at.kids[part] = next
		}
		at = next
	}
	at.field, at.spec, at.slot = f, spec, slot
}

// flatten gives names below a field that has a value of its own a second name with underscores:
// dns.rcode is a number, so dns.rcode.name is read as ev.dns.rcode_name.
func (n *node) flatten() {
	for _, part := range sortedKeys(n.kids) {
		k := n.kids[part]
		k.flatten()
		if k.field == nil || k.group() {
			continue
		}
		for sub, x := range k.kids {
			if alias := part + "_" + sub; n.kids[alias] == nil {
				n.kids[alias] = x
			}
		}
	}
}

// group tells whether reading the node gives an object with members, and not a value. A truth value
// with members is such an object when it is true: ev.tcp, ev.tcp.flags.
func (n *node) group() bool {
	return n.kids != nil && (n.field == nil || n.field.Type == dissect.TBool && !n.field.Multi)
}

// root is what handlers of an event see: all names, and those of the event's own kind without
// their prefix (flow.start as ev.start at flow.end).
func (t *tree) root(event string) *node {
	prefix, _, _ := strings.Cut(event, ".")
	own := t.top.kids[prefix]
	if own == nil || own.kids == nil {
		return t.top
	}
	r := &node{kids: make(map[string]*node, len(t.top.kids)+len(own.kids))}
	for k, v := range own.kids {
		r.kids[k] = v
	}
	for k, v := range t.top.kids {
		r.kids[k] = v
	}
	return r
}

// find resolves a dotted name, nil where there is none.
func (n *node) find(name string) *node {
	for part := range strings.SplitSeq(name, ".") {
		if n = n.kids[part]; n == nil {
			return nil
		}
	}
	return n
}

// members lists the names below a node, for suggestions.
func (n *node) members() []string { return sortedKeys(n.kids) }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// didYouMean words a suggestion, "" where nothing is near.
func didYouMean(name string, among []string) string {
	return diag.DidYouMean(diag.Nearest(name, among))
}
