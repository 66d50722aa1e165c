package suricata

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// overHTTP tells whether the rule is about HTTP: then the content of files in responses is the body.
func (b *builder) overHTTP() bool {
	if b.spec != nil {
		return b.spec.Owner().Name == "http"
	}
	for _, c := range b.chains {
		if c.buf != payloadBuffer && c.buf != fileBuffer {
			if f := c.buf.field(b.l.schema, 0); f != nil {
				if s := specOf(b.l.schema, f); s != nil && s.Name == "http" {
					return true
				}
			}
		}
	}
	return false
}

// usesFiles tells whether the rule asks for more of files than their content.
func (b *builder) usesFiles() bool {
	for _, c := range b.chains {
		if c.buf.files && c.buf != fileBuffer {
			return true
		}
	}
	return slices.ContainsFunc(b.conds, func(c cond) bool { return c.field != nil && specOf(b.l.schema, c.field) == nil })
}

// fieldOf is the field of a chain's buffer in a direction.
func (b *builder) fieldOf(c *chain, d dirs) *dissect.Field {
	if c.side != 0 {
		d = c.side
	}
	if c.buf == fileBuffer && d == toClient && b.overHTTP() && !b.usesFiles() {
		if f := b.l.schema.Field("http.response_body"); f != nil {
			return f
		}
	}
	return c.buf.field(b.l.schema, d)
}

// use is a field of a protocol or file that a variant names.
type use struct {
	f    *dissect.Field
	spec *dissect.Spec
	ev   dissect.EventInfo
}

// uses lists the fields that decide at which event a variant is judged.
func (b *builder) uses(d dirs) (list []use, err *problem) {
	note := func(f *dissect.Field, name string) *problem {
		id, ok := b.l.schema.EventByName(f.Event)
		if !ok || id == dissect.EvPacket {
			return nil
		}
		u := use{f: f, ev: b.l.schema.Events[id], spec: b.l.schema.Events[id].Spec}
		if u.spec != nil && b.spec != nil && !b.covers(u.spec) {
			return &problem{keyword: name, why: "it is of protocol " + u.spec.Name + ", and the rule is about " + b.spec.Name}
		}
		list = append(list, u)
		return nil
	}
	list = b.mem.uses[:0]
	for _, c := range b.chains {
		if c.buf == payloadBuffer {
			continue
		}
		f := b.fieldOf(c, d)
		if f == nil {
			return nil, &problem{keyword: c.buf.name, why: "the engine has no such field", off: c.off}
		}
		if err := note(f, c.buf.name); err != nil {
			return nil, err
		}
	}
	for _, c := range b.conds {
		f := c.field
		if c.byDir != nil {
			_, f = c.byDir(d)
		}
		if f != nil {
			if err := note(f, f.Name); err != nil {
				return nil, err
			}
		}
	}
	b.mem.uses = list[:0]
	return list, nil
}

// chainCond makes the condition of a chain.
func (b *builder) chainCond(c *chain, d dirs, effects *[]ir.Effect, contexts *[]ir.Context) (ir.Expr, *problem) {
	f := b.fieldOf(c, d)
	if f == nil {
		return nil, &problem{keyword: c.buf.name, why: "the engine has no such field", off: c.off}
	}
	if c.buf.lower {
		if err := checkLower(c); err != nil {
			return nil, err
		}
	}
	if err := asDigests(c, f.Name); err != nil {
		return nil, err
	}
	field := &ir.Field{F: f}
	if c.absent == mustBeAbsent {
		if len(c.items)+len(c.tests) > 0 {
			return nil, &problem{keyword: "absent", why: "more is asked of a buffer that must be absent"}
		}
		return &ir.Not{X: &ir.Exists{X: field}}, nil
	}
	var x ir.Expr = field
	fill := c.buf.filled && len(c.items) > 0 && !c.wantsBytes()
	quant := f.Multi && (len(c.steps) > 0 || len(c.tests) > 0 || fill)
	if quant {
		x = &ir.Elem{F: f}
	}
	if len(c.steps) > 0 {
		x = &ir.Transform{X: x, Steps: c.steps}
	}
	terms := make([]ir.Expr, 0, len(c.tests)+1)
	if fill {
		var value ir.Expr = field
		if quant {
			value = &ir.Elem{F: f}
		}
		terms = append(terms, &ir.Cmp{Op: ir.Gt, X: &ir.Len{X: value}, Y: ir.Int(0)})
	}
	switch {
	case len(c.items) > 0:
		if c.buf == magicBuffer {
			if err := knownMagic(c.items); err != nil {
				return nil, err
			}
		}
		if f.Type == dissect.TIP {
			return nil, &problem{keyword: c.buf.name, why: "an address has no content", off: c.off}
		}
		terms = append(terms, &ir.Content{Buf: x, Items: slices.Clone(c.items)})
	}
	for _, t := range c.tests {
		terms = append(terms, t(x))
	}
	value := x
	if quant {
		value = field
	}
	for _, k := range c.keeps {
		if !quant && !f.Multi {
			*effects = append(*effects, &ir.KeepGroup{Buf: x, Re: k.re, Group: k.group, Name: k.name, Packet: k.packet})
		}
	}
	for _, ctx := range c.contexts {
		shown := ir.Context{Key: ctx.Key, X: x, Values: ctx.Values}
		if quant {
			shown.Multi = f
		}
		*contexts = append(*contexts, shown)
	}
	for _, set := range c.adds {
		*effects = append(*effects, &ir.AddDataset{Set: set, X: value})
	}
	for _, set := range c.removes {
		*effects = append(*effects, &ir.RemoveDataset{Set: set, X: value})
	}
	t := andOf(terms)
	if quant {
		t = &ir.Quant{F: f, Body: t}
	}
	if c.absent == absentOrElse {
		t = &ir.Or{X: []ir.Expr{&ir.Not{X: &ir.Exists{X: field}}, t}}
	}
	return t, nil
}

// wantsBytes tells whether there is a content that no empty value has.
func (c *chain) wantsBytes() bool {
	return slices.ContainsFunc(c.items, func(it ir.Item) bool {
		lit, ok := it.(*ir.Lit)
		return ok && !lit.Neg
	})
}

// checkLower refuses capitals in a buffer that has none.
func checkLower(c *chain) *problem {
	if len(c.steps) > 0 {
		return nil
	}
	for _, it := range c.items {
		lit, ok := it.(*ir.Lit)
		switch {
		case !ok:
		case lit.NoCase:
			return &problem{keyword: c.buf.name, why: "its value is in lower case: leave nocase out, and write the text in lower case", off: c.off}
		case hasCapital(lit.Bytes):
			return &problem{keyword: c.buf.name, why: "its value is in lower case: the text has to be, too", off: c.off}
		}
	}
	return nil
}

func hasCapital(text []byte) bool {
	return slices.ContainsFunc(text, func(x byte) bool { return x >= 'A' && x <= 'Z' })
}
