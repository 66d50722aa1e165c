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

// options gives the literals that a term of a rule (a conjunct) requires, each by itself
// enough to prefilter the rule.
func (c *compiler) options(x ir.Expr, multi *dissect.Field) []option {
	switch x := x.(type) {
	case *ir.And:
		var out []option
		for _, y := range x.X {
			out = append(out, c.options(y, multi)...)
		}
		return out
	case *ir.Or:
		return c.anyOf(x.X, multi)
	case *ir.Quant:
		if c.depth > 0 {
			return nil
		}
		c.depth++
		defer func() { c.depth-- }()
		return c.options(x.Body, x.F)
	case *ir.Content:
		return c.contentOptions(x, multi)
	case *ir.Cmp:
		k, ok := x.Y.(*ir.Const)
		if !ok || x.Op != ir.Eq || classOf(k.T) != classBytes {
			return nil
		}
		return c.single(x.X, k.V.B, x.NoCase, multi, len(k.V.B))
	case *ir.StrTest:
		k, ok := x.Y.(*ir.Const)
		if !ok {
			return nil
		}
		end := 0
		if x.Op == ir.HasPrefix {
			end = len(k.V.B)
		}
		return c.single(x.X, k.V.B, x.NoCase, multi, end)
	case *ir.Match:
		return c.regexOptions(x.X, x.Re, multi)
	}
	return nil
}

// regexOptions gives the literals of which one is in each match, and if they are poor, a run of
// sets that is.
func (c *compiler) regexOptions(x ir.Expr, re *regex.Regex, multi *dissect.Field) []option {
	var out []option
	var lits []lit
	for _, r := range re.Literals() {
		if l, ok := c.lit(x, r.Bytes, r.Fold, multi, 0); ok {
			lits = append(lits, l)
		}
	}
	if len(lits) > 0 && len(lits) == len(re.Literals()) {
		out = append(out, makeOption(lits...))
	}
	if len(out) > 0 && out[0].score >= poorScore {
		return out
	}
	run := re.Run(func(s []mpm.ByteSet) int {
		if !mpm.Usable(s) {
			return 0
		}
		return mpm.ClassRarity(s)
	})
	if len(run) > 0 {
		if l, ok := c.lit(x, []byte{0}, false, multi, 0); ok {
			l.bytes, l.sets = nil, run
			out = append(out, makeOption(l))
		}
	}
	return out
}

func (c *compiler) single(x ir.Expr, b []byte, nocase bool, multi *dissect.Field, end int) []option {
	l, ok := c.lit(x, b, nocase, multi, end)
	if !ok {
		return nil
	}
	return []option{makeOption(l)}
}

// lit makes a literal if the value can be scanned.
func (c *compiler) lit(x ir.Expr, b []byte, nocase bool, multi *dissect.Field, end int) (lit, bool) {
	if len(b) == 0 {
		return lit{}, false
	}
	v := c.value(x)
	if v.b == nil || v.volatile || v.elem && multi == nil || onlyHeaderFields(x) && v.key != "$"+ir.FieldPayload {
		return lit{}, false
	}
	if !v.elem {
		multi = nil
	}
	return lit{v: v, multi: multi, name: nameOf(x), bytes: b, nocase: nocase, maxEnd: end}, true
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

func makeOption(lits ...lit) option {
	o := option{lits: lits, score: 1 << 20, head: true}
	for i := range lits {
		l := &lits[i]
		l.cut()
		s := l.rarity()
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
func (c *compiler) anyOf(xs []ir.Expr, multi *dissect.Field) []option {
	var all []lit
	for _, x := range xs {
		opts := c.options(x, multi)
		if len(opts) == 0 {
			return nil
		}
		all = append(all, bestOption(opts, false).lits...)
		if len(all) > maxAlternatives {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return []option{makeOption(all...)}
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

func (c *compiler) contentOptions(x *ir.Content, multi *dissect.Field) []option {
	buf := x.Buf
	if f, ok := buf.(*ir.Field); ok && f.F.Multi {
		if c.depth > 0 {
			return nil
		}
		c.depth++
		defer func() { c.depth-- }()
		multi, buf = f.F, &ir.Elem{F: f.F}
	}
	var out []option
	for _, it := range x.Items {
		switch it := it.(type) {
		case *ir.Lit:
			if it.Neg {
				continue
			}
			b := it.Bytes
			if it.FastLen > 0 && it.FastOff >= 0 && it.FastOff+it.FastLen <= len(b) {
				b = b[it.FastOff : it.FastOff+it.FastLen]
			}
			if l, ok := c.lit(buf, b, it.NoCase, multi, maxEnd(it)); ok {
				o := makeOption(l)
				if it.Fast {
					o.score += fastBonus
				}
				out = append(out, o)
			}
		case *ir.Re:
			if it.Neg {
				continue
			}
			out = append(out, c.regexOptions(buf, it.Re, multi)...)
		}
	}
	return out
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
