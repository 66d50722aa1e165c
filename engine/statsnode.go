package engine

import (
	"strings"

	"github.com/luanids/luanids/dissect/jsonw"
)

// node is a part of a dotted counter name; leaves have a value.
type node struct {
	name  string
	value uint64
	kids  []*node
	raw   func(w *jsonw.Writer) // writes more members
	// grown is what the value grew by since the last record, where records are to tell it.
	grown  uint64
	grows  bool
	hidden bool
}

// set gives the counter with a dotted name its value.
func (n *node) set(name string, v uint64) {
	for part := range strings.SplitSeq(name, ".") {
		n = n.child(part)
	}
	n.value = v
}

func (n *node) child(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	k := &node{name: name}
	n.kids = append(n.kids, k)
	return k
}

func (n *node) write(w *jsonw.Writer) {
	for _, k := range n.kids {
		if k.hidden {
			continue
		}
		if len(k.kids) == 0 {
			w.Key(k.name)
			w.Uint(k.value)
			if k.grows {
				w.Key(k.name + deltaSuffix)
				w.Uint(k.grown)
			}
			continue
		}
		w.Open(k.name)
		if k.raw != nil {
			k.raw(w)
		}
		k.write(w)
		w.End()
	}
}

// deltas notes for every counter below n how much it grew since the last record; before has their values by name.
func (n *node) deltas(path string, before map[string]uint64) {
	for _, k := range n.kids {
		name := path + k.name
		if len(k.kids) > 0 {
			k.deltas(name+".", before)
			continue
		}
		if strings.HasSuffix(name, deltaSuffix) {
			k.hidden = true // told beside its counter
			continue
		}
		k.grown, k.grows = k.value-min(before[name], k.value), true
		before[name] = k.value
	}
}

// hideZeros leaves out counters below n that are 0, and tells whether any is left.
func (n *node) hideZeros() (any bool) {
	for _, k := range n.kids {
		if len(k.kids) > 0 {
			k.hidden = !k.hideZeros() && k.raw == nil
		} else if k.raw == nil {
			k.hidden = k.hidden || k.value == 0
		}
		any = any || !k.hidden
	}
	return any
}
