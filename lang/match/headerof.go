package match

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// headTerm is what a term says about headers: directions and protocols for which it can hold, or a condition.
type headTerm struct {
	dirs   uint8
	protos [4]uint64
	narrow bool  // protos counts
	n      *node // condition, nil for none
	rest   bool  // it is also to be tested with the rest of the rule
	fields []*dissect.Field
	uses   int
}

// headPart is a condition of a header.
type headPart struct {
	n *node
	x ir.Expr
}

// maxHeads is how many terms are remembered: front ends that share the terms of headers among rules have some hundreds.
const maxHeads = 8192

// headTerm tells what a term says about headers, nil if it is none of theirs. Terms that rules share are compiled once.
func (c *compiler) headTerm(x ir.Expr) *headTerm {
	t := c.heads[x]
	switch {
	case t == nil:
		t = c.newHeadTerm(x)
		if t != nil && len(c.heads) < maxHeads {
			t.fields = ir.Fields(x, nil)
			c.heads[x] = t
		}
		return t
	case t.uses == 1:
		c.cond(x) // it is shared: its result is worth keeping
	default:
		for _, f := range t.fields {
			c.use(f)
		}
	}
	t.uses++
	return t
}

func (c *compiler) newHeadTerm(x ir.Expr) *headTerm {
	if d, ok := dirSet(x); ok {
		c.cond(x) // notes its fields
		return &headTerm{dirs: d, uses: 1}
	}
	t := headTerm{dirs: bothDirs, uses: 1}
	var exact bool
	if t.protos, exact, t.narrow = protoSet(x); t.narrow {
		c.cond(x)
	}
	if !exact && onlyHeaderFields(x) {
		if n := c.cond(x); n.constant < 0 && isHeader(x, n) {
			t.n = n
		}
	}
	if t.n == nil && !t.narrow {
		return nil
	}
	t.rest = t.n == nil && !exact
	return &t
}

// headerOf takes the header out of the terms of a rule: what is left comes back in rest. ok false: no packet can have such
// a header.
func (c *compiler) headerOf(terms []ir.Expr, headers map[string]uint32, rest []ir.Expr) (hdr uint32, left []ir.Expr, ok bool) {
	h := header{dirs: bothDirs}
	protos, some := [4]uint64{}, false
	parts := c.parts[:0]
	for _, x := range terms {
		t := c.headTerm(x)
		if t == nil || t.rest {
			rest = append(rest, x)
		}
		if t == nil {
			continue
		}
		h.dirs &= t.dirs
		if t.n != nil {
			parts = append(parts, headPart{t.n, x})
		}
		switch {
		case !t.narrow:
		case some:
			for i := range protos {
				protos[i] &= t.protos[i]
			}
		default:
			protos, some = t.protos, true
		}
	}
	c.parts = parts
	if h.dirs == 0 || some && protos == [4]uint64{} {
		return 0, rest, false
	}
	slices.SortStableFunc(parts, func(a, b headPart) int { return cmp.Or(a.n.cost-b.n.cost, strings.Compare(a.n.key, b.n.key)) })
	key := append(c.key[:0], h.dirs)
	if some {
		for _, w := range protos {
			key = append(strconv.AppendUint(key, w, 36), ',')
		}
	}
	for _, p := range parts {
		key = append(append(key, p.n.key...), ';')
	}
	c.key = key
	n, found := headers[string(key)]
	if !found {
		if some {
			kept := protos
			h.protos = &kept
		}
		for _, p := range parts {
			h.conds, h.terms = append(h.conds, p.n.cond), append(h.terms, p.x)
		}
		h.stable = allStable(h.terms)
		n = uint32(len(c.p.headers))
		headers[string(key)] = n
		c.p.headers = append(c.p.headers, h)
	}
	return n, rest, true
}
