package suricata

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// scratch is memory that a goroutine uses for one rule after the other. Nothing of a finished rule lies in it.
type scratch struct {
	opts     []option
	b        builder
	list     []*chain
	conds    []cond
	variants []variant
	uses     []use
	terms    []ir.Expr
	chains   []*chain // of which used are in use
	used     int
}

// builder gives a builder for a rule: the one before is over.
func (s *scratch) builder(l *loader, h header, r *raw, pipes bool) *builder {
	s.used = 0
	s.b = builder{l: l, h: h, raw: r, pipes: pipes, mem: s, chains: s.list[:0], conds: s.conds[:0],
		r: &ir.Rule{GID: 1, Text: r.text, Pos: l.pos(r, 0), Confidence: -1}}
	return &s.b
}

// done takes back what the builder's lists have grown to.
func (s *scratch) done(b *builder) { s.list, s.conds = b.chains, b.conds }

// chain gives an empty chain. Its list of items is used again, so that conditions take copies.
func (s *scratch) chain() *chain {
	if s.used == len(s.chains) {
		s.chains = append(s.chains, new(chain))
	}
	c := s.chains[s.used]
	s.used++
	*c = chain{items: c.items[:0]}
	return c
}

// ends are the conditions that the source, or the destination, is in a set: nodes that many rules share.
type ends struct{ src, dst ir.Expr }

// appTests are the conditions on the recognised protocol.
func appTests(s *dissect.Schema, app ir.Expr) map[*dissect.Spec]ir.Expr {
	m := make(map[*dissect.Spec]ir.Expr, len(s.Specs))
	for _, spec := range s.Specs {
		m[spec] = appTest(app, spec.Name)
	}
	return m
}
