package match

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
	"github.com/luanids/luanids/lang/regex"
)

// lit is a literal that must occur in a value if a rule is to match.
type lit struct {
	v      *value
	multi  *dissect.Field // the value belongs to a quantifier over this field
	name   string         // of the field, for explanations
	bytes  []byte
	nocase bool
	sets   []mpm.ByteSet // instead of bytes: a run of sets
	// maxEnd: it ends within the first maxEnd bytes of the buffer; 0: anywhere.
	maxEnd int
	rare   int  // see rarity
	body   bool // the value is payload, or grows: it is long
}

// option is a set of literals of which one must occur; score is how rare that is.
type option struct {
	lits  []lit
	score int
	head  bool // all have maxEnd
}

const (
	maxAlternatives = 64 // literals of one option
	litCut          = 32 // longest literal in a set; of longer ones the rarest part is taken
	fastBonus       = 1000
	emptyScore      = 8  // of a literal that is in every other packet
	bareScore       = 5  // the least of a literal of a rule that would have to look through all payload without it
	poorScore       = 12 // of a literal below which other ways are looked for
)

// source is where a rule may get literals from, with the value that they are looked for in.
type source struct {
	in    lit          // without literal, or with one that must occur
	items []ir.Item    // of a chain: each by itself
	re    *regex.Regex // what all its matches have
	some  [][]source   // one of these must hold, and has the literals
}

// sources appends where the literals come from that a term of a rule (a conjunct) requires.
func (c *compiler) sources(out []source, x ir.Expr, multi *dissect.Field) []source {
	switch x := x.(type) {
	case *ir.And:
		for _, y := range x.X {
			out = c.sources(out, y, multi)
		}
	case *ir.Or:
		some := make([][]source, 0, min(len(x.X), maxAlternatives))
		for _, y := range x.X {
			one := c.sources(nil, y, multi)
			if len(one) == 0 || len(some) == maxAlternatives {
				return out
			}
			some = append(some, one)
		}
		return append(out, source{some: some})
	case *ir.Quant:
		if c.depth > 0 {
			return out
		}
		c.depth++
		defer func() { c.depth-- }()
		return c.sources(out, x.Body, x.F)
	case *ir.Content:
		return c.chainSource(out, x, multi)
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && x.Op == ir.Eq && classOf(k.T) == classBytes {
			return c.single(out, x.X, k.V.B, x.NoCase, multi, len(k.V.B))
		}
	case *ir.StrTest:
		k, ok := x.Y.(*ir.Const)
		if !ok {
			return out
		}
		end := 0
		if x.Op == ir.HasPrefix {
			end = len(k.V.B)
		}
		return c.single(out, x.X, k.V.B, x.NoCase, multi, end)
	case *ir.Match:
		if l, ok := c.litIn(x.X, multi); ok {
			return append(out, source{in: l, re: x.Re})
		}
	}
	return out
}

func (c *compiler) single(out []source, x ir.Expr, b []byte, nocase bool, multi *dissect.Field, end int) []source {
	l, ok := c.litIn(x, multi)
	if !ok || len(b) == 0 {
		return out
	}
	return append(out, source{in: l.of(b, nocase, end)})
}

func (c *compiler) chainSource(out []source, x *ir.Content, multi *dissect.Field) []source {
	buf := x.Buf
	if f, ok := buf.(*ir.Field); ok && f.F.Multi {
		if c.depth > 0 {
			return out
		}
		c.depth++
		defer func() { c.depth-- }()
		multi, buf = f.F, &ir.Elem{F: f.F}
	}
	if in, ok := c.litIn(buf, multi); ok {
		out = append(out, source{in: in, items: x.Items})
	}
	return out
}

// literals weighs the literals of sources. It does not need the compiler, which may be at the next rule.
type literals struct {
	lits []lit // of the options of the rule at hand
}

// options appends the literals of sources, each option by itself enough to prefilter the rule. They are good until the next rule.
func (g *literals) options(out []option, from []source) []option {
	for i := range from {
		switch s := &from[i]; {
		case s.some != nil:
			out = g.anyOf(out, s.some)
		case s.re != nil:
			out = g.ofRegex(out, s.in, s.re)
		case s.items != nil:
			out = g.ofItems(out, s.in, s.items)
		case len(s.in.bytes) > 0:
			out = append(out, g.optionOf(s.in))
		}
	}
	return out
}

// ofRegex appends the literals of which one is in each match, and if they are poor, a run of sets that is.
func (g *literals) ofRegex(out []option, in lit, re *regex.Regex) []option {
	from := len(g.lits)
	for _, r := range re.Literals() {
		if len(r.Bytes) > 0 {
			g.lits = append(g.lits, in.of(r.Bytes, r.Fold, 0))
		}
	}
	if n := len(g.lits) - from; n > 0 && n == len(re.Literals()) {
		o := g.option(from)
		out = append(out, o)
		if o.score >= poorScore {
			return out
		}
	}
	run := re.Run(func(s []mpm.ByteSet) int {
		if !mpm.Usable(s) {
			return 0
		}
		return mpm.ClassRarity(s)
	})
	if len(run) > 0 {
		in.sets = run
		out = append(out, g.optionOf(in))
	}
	return out
}

func (g *literals) ofItems(out []option, in lit, items []ir.Item) []option {
	for _, it := range items {
		switch it := it.(type) {
		case *ir.Lit:
			if it.Neg {
				continue
			}
			b := it.Bytes
			if it.FastLen > 0 && it.FastOff >= 0 && it.FastOff+it.FastLen <= len(b) {
				b = b[it.FastOff : it.FastOff+it.FastLen]
			}
			if len(b) > 0 {
				o := g.optionOf(in.of(b, it.NoCase, maxEnd(it)))
				if it.Fast {
					o.score += fastBonus
				}
				out = append(out, o)
			}
		case *ir.Re:
			if !it.Neg {
				out = g.ofRegex(out, in, it.Re)
			}
		}
	}
	return out
}

// of is a literal where l is.
func (l lit) of(b []byte, nocase bool, end int) lit {
	l.bytes, l.nocase, l.maxEnd = b, nocase, end
	return l
}

// litIn tells where literals in a value are looked for, if it can be scanned.
func (c *compiler) litIn(x ir.Expr, multi *dissect.Field) (lit, bool) {
	v := c.value(x)
	if v.b == nil || v.volatile || v.elem && multi == nil || onlyHeaderFields(x) && v.key != "$"+ir.FieldPayload {
		return lit{}, false
	}
	if !v.elem {
		multi = nil
	}
	l := lit{v: v, multi: multi, name: nameOf(x)}
	f := c.p.schema.Field(l.name)
	l.body = l.name == ir.FieldPayload || f != nil && f.Grows
	return l, true
}

// nameOf is the field at the bottom of a value.
func nameOf(x ir.Expr) string {
	switch x := x.(type) {
	case *ir.Field:
		return x.F.Name
	case *ir.Elem:
		return x.F.Name
	case *ir.Transform:
		return nameOf(x.X)
	case *ir.Call:
		if len(x.Args) > 0 {
			return x.Fn.Name() + "(" + nameOf(x.Args[0]) + ")"
		}
	}
	return "?"
}

// optionOf makes an option of literals.
func (g *literals) optionOf(lits ...lit) option {
	from := len(g.lits)
	g.lits = append(g.lits, lits...)
	return g.option(from)
}

// option makes an option of the last literals of g.lits.
func (g *literals) option(from int) option {
	lits := g.lits[from:len(g.lits):len(g.lits)]
	o := option{lits: lits, score: 1 << 20, head: true}
	for i := range lits {
		l := &lits[i]
		l.cut()
		l.rare = l.rarity()
		s := l.rare
		switch {
		case fewValues[l.name]:
			s /= 5
		case l.name == ir.FieldPayload:
			s = s * 3 / 4
		}
		o.score = min(o.score, s)
		o.head = o.head && l.maxEnd > 0 && l.maxEnd <= headLimit
	}
	o.score -= 2 * (len(lits) - 1)
	return o
}

// fewValues are fields that take so few values that a literal says little.
var fewValues = map[string]bool{"http.method": true, "http.stat_code": true, "http.protocol": true, "http.stat_msg": true,
	"http.version": true, "http.status": true, "app": true, "http.connection": true}

func (l *lit) rarity() int {
	if l.sets != nil {
		return mpm.ClassRarity(l.sets)
	}
	return mpm.Rarity(l.bytes)
}

// cut shortens long literals to their rarest part.
func (l *lit) cut() {
	if len(l.bytes) <= litCut {
		return
	}
	best, at := -1, 0
	for i := 0; i+litCut <= len(l.bytes); i += 4 {
		if r := mpm.Rarity(l.bytes[i : i+litCut]); r > best {
			best, at = r, i
		}
	}
	l.bytes = l.bytes[at : at+litCut]
}

// anyOf combines the best option of each alternative.
func (g *literals) anyOf(out []option, some [][]source) []option {
	var all []lit
	own := len(out)
	for _, one := range some {
		out = g.options(out[:own], one)
		if len(out) == own {
			return out
		}
		all = append(all, bestOption(out[own:], false).lits...)
		if len(all) > maxAlternatives {
			return out[:own]
		}
	}
	return append(out[:own], g.optionOf(all...))
}

func bestOption(opts []option, preferHead bool) *option {
	best := &opts[0]
	for i := 1; i < len(opts); i++ {
		if opts[i].worth(preferHead) > best.worth(preferHead) {
			best = &opts[i]
		}
	}
	return best
}

// worth is the score, where literals at the head may be preferred.
func (o *option) worth(preferHead bool) int {
	if preferHead && o.head {
		return o.score + 40
	}
	return o.score
}

// maxEnd is the last byte, from the start of the buffer, where a literal can end; 0 if unlimited.
func maxEnd(l *ir.Lit) int {
	if l.StartsWith {
		return len(l.Bytes)
	}
	if l.Depth == nil || l.Depth.Var != "" || l.Distance != nil || l.Within != nil {
		return 0
	}
	n := l.Depth.N
	if l.Offset != nil {
		if l.Offset.Var != "" {
			return 0
		}
		n += l.Offset.N
	}
	if n <= 0 || n > headLimit {
		return 0
	}
	return int(n)
}
