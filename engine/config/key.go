package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/lang/diag"
)

// Key declares a setting: everything that is said about it anywhere comes from here.
type Key struct {
	// Name is dotted; a * stands for one part that the user chooses (vars.*), ** for any rest.
	Name string
	// Doc is one line for people. Note, if any, says more in the documentation.
	Doc string
	// Type is what a value is, Range its bounds or choices, Example a value as in a file.
	Type, Range, Example string
	// List says that there may be several values.
	List bool
	// Restart says that a change takes effect only when luanids is started anew.
	Restart bool

	path  bool                               // values are paths
	names func(s *Settings) [][]string       // what * stands for, of those that are set
	get   func(s *Settings, w []string) text // the value
	set   func(s *Settings, w []string, v value) []problem
}

// text is a value in YAML: in one line, or as the entries of a list of groups.
type text struct {
	flow    string
	entries []string
}

// String compares and shows values.
func (t text) String() string {
	if len(t.entries) > 0 {
		return "[" + strings.Join(t.entries, ", ") + "]"
	}
	return t.flow
}

// value is what a file or a command line gives to a setting.
type value struct {
	node *yaml.Node
	base string // folder that paths are relative to
	file string // for messages
}

// problem is what is wrong with a value.
type problem struct {
	node *yaml.Node
	// why says it all; empty: a value of another kind was expected.
	why  string
	want string
	hint string
	line int // of the place, when it is not node's
}

func (p *problem) text(k *Key) string {
	if p.why != "" {
		if p.hint != "" {
			return p.why + "; " + p.hint
		}
		return p.why
	}
	if want := p.wanted(k); strings.Contains(want, k.Example) {
		return fmt.Sprintf("expected %s, found %s", want, describe(p.node))
	}
	return fmt.Sprintf("expected %s, found %s; such as %s", p.wanted(k), describe(p.node), k.Example)
}

func (p *problem) wanted(k *Key) string {
	if p.want != "" {
		return p.want
	}
	return k.Type
}

// restart marks keys that a reload cannot apply.
func restart(keys ...Key) []Key {
	for i := range keys {
		keys[i].Restart = true
	}
	return keys
}

// named gives a key another example than that of its type.
func (k Key) like(example string) Key { k.Example = example; return k }

// group is a part of the file.
type group struct {
	name, doc string
	keys      []Key
}

// groups are all settings in the order of the file. A key's name is that of its group, a dot and
// what the tables say.
var groups = sync.OnceValue(func() []group {
	var list []group
	for _, part := range [][]group{topGroups(), trafficGroups(), protocolGroups(), detectionGroups(), outputGroups(), operationGroups()} {
		list = append(list, part...)
	}
	for i := range list {
		for j := range list[i].keys {
			k := &list[i].keys[j]
			if list[i].name != "" {
				k.Name = strings.TrimSuffix(list[i].name+"."+k.Name, ".")
			}
			k.Restart = needsRestart(k.Name, k.Restart)
		}
	}
	return list
})

// Keys gives all settings in the order of the file.
func Keys() []*Key {
	var list []*Key
	for _, g := range groups() {
		for i := range g.keys {
			list = append(list, &g.keys[i])
		}
	}
	return list
}

// node is a part of the tree of names.
type node struct {
	key      *Key
	children map[string]*node
}

var tree = sync.OnceValue(func() *node {
	root := &node{}
	for _, k := range Keys() {
		at := root
		for _, part := range strings.Split(k.Name, ".") {
			if at.children == nil {
				at.children = map[string]*node{}
			}
			next := at.children[part]
			if next == nil {
				next = &node{}
				at.children[part] = next
			}
			at = next
		}
		at.key = k
	}
	return root
})

// child follows one part of a name; wild tells that the user chose it.
func (n *node) child(part string) (next *node, wild bool) {
	if c := n.children[part]; c != nil && part != "*" && part != "**" {
		return c, false
	}
	if c := n.children["*"]; c != nil && part != "" {
		return c, true
	}
	if c := n.children["**"]; c != nil && part != "" {
		return c, true
	}
	return nil, false
}

// names gives what may stand below n.
func (n *node) names() []string {
	list := slices.Sorted(maps.Keys(n.children))
	return slices.DeleteFunc(list, func(s string) bool { return s == "*" || s == "**" })
}

// findKey finds a setting by its dotted name, in which - may stand for _. path is its full
// name, wild what the stars stand for.
func findKey(name string) (k *Key, wild []string, path string) {
	at := tree()
	parts := strings.Split(name, ".")
	var walked []string
	for i, p := range parts {
		if rest := at.children["**"]; rest != nil {
			p = strings.Join(parts[i:], ".")
			return rest.key, append(wild, p), strings.Join(append(walked, p), ".")
		}
		next, star := at.child(p)
		if next == nil {
			p = strings.ReplaceAll(p, "-", "_")
			next, star = at.child(p)
		}
		if next == nil {
			return nil, nil, ""
		}
		if star {
			wild = append(wild, p)
		}
		walked = append(walked, p)
		at = next
	}
	return at.key, wild, strings.Join(walked, ".")
}

var keyNames = sync.OnceValue(func() []string {
	var list []string
	for _, k := range Keys() {
		if !strings.Contains(k.Name, "*") {
			list = append(list, k.Name)
		}
	}
	return list
})

// instances gives the full names of a key, with what its stars stand for.
func (k *Key) instances(s *Settings) (list []instance) {
	if k.names == nil {
		return []instance{{name: k.Name}}
	}
	for _, w := range k.names(s) {
		parts := strings.Split(k.Name, ".")
		n := 0
		for i, p := range parts {
			if p == "*" || p == "**" {
				parts[i] = w[n]
				n++
			}
		}
		list = append(list, instance{strings.Join(parts, "."), w})
	}
	return list
}

type instance struct {
	name string
	wild []string
}

// values gives all settings as text, by full name.
func (s *Settings) values() map[string]string {
	m := map[string]string{}
	for _, k := range Keys() {
		for _, in := range k.instances(s) {
			m[in.name] = k.get(s, in.wild).String()
		}
	}
	return m
}

// describe says what a node of YAML is, in a person's words.
func describe(n *yaml.Node) string {
	n = resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		return "a group of settings"
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return "an empty list"
		}
		return "a list"
	}
	v := n.Value
	if r := []rune(v); len(r) > 40 {
		v = string(r[:40]) + "..."
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + v
	case "!!bool":
		return "the truth value " + v
	}
	return fmt.Sprintf("the text %q", v)
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for range 8 {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

// nearest words a suggestion.
func nearest(name string, of []string) string { return diag.DidYouMean(diag.Nearest(name, of)) }
