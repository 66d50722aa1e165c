package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// byNameOrNumber makes the handler of a keyword for something that has a field with its name and one with its number:
// ldap.request.operation:bind_request, ldap.request.operation:!3. Where a message has several, it takes after a comma any (which is meant
// without it), all, or the place of one, from 0, or from -1 for the last. Messages may have none at some places: the name is empty there,
// and the number -1.
func byNameOrNumber(name, number string) handler {
	return func(b *builder, v string) *problem {
		f, n := b.l.schema.Field(name), b.l.schema.Field(number)
		if f == nil || n == nil {
			return b.unknown(name)
		}
		v, which, hasPlace := strings.Cut(v, ",")
		if hasPlace && !f.Multi {
			return fail("there is only one: a place means nothing")
		}
		c, err := parseCmp(v)
		if err == nil {
			if err = c.fits(number); err != nil {
				return err
			}
			return b.atPlace(n, which, c.on, func(x ir.Expr) ir.Expr { return &ir.Cmp{Op: ir.Ge, X: x, Y: ir.Int(0)} })
		}
		text, neg := strings.CutPrefix(strings.ToLower(strings.TrimSpace(v)), "!")
		if !slices.Contains(f.Values, text) {
			return fail("%q is neither a number nor one of the names %s%s", text, strings.Join(f.Values, ", "), didYouMean(text, f.Values))
		}
		there := func(x ir.Expr) ir.Expr { return &ir.Cmp{Op: ir.Ne, X: x, Y: ir.Str("")} }
		if !f.Multi {
			there = func(x ir.Expr) ir.Expr { return &ir.Exists{X: x} }
		}
		return b.atPlace(f, which, func(x ir.Expr) ir.Expr {
			eq := &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(text)}
			if !neg {
				return eq
			}
			return &ir.And{X: []ir.Expr{there(x), &ir.Not{X: eq}}}
		}, there)
	}
}

// atPlace adds a condition on a value, or on those of a list; there tells whether there is something at a place of the list.
func (b *builder) atPlace(f *dissect.Field, which string, test, there func(x ir.Expr) ir.Expr) *problem {
	b.notIPOnly = true
	dirs := eventDirs(b.l.schema, f)
	known := f // when it is known what the condition asks
	var t ir.Expr
	switch which = strings.TrimSpace(which); {
	case !f.Multi:
		x := &ir.Field{F: f, Pos: b.pos()}
		t = test(x)
	case which == "" || which == "any":
		x := &ir.Elem{F: f}
		t = &ir.Quant{F: f, Body: &ir.And{X: []ir.Expr{there(x), test(x)}}, Pos: b.pos()}
	case which == "all":
		known = b.whenDone(f)
		x := &ir.Elem{F: f}
		t = &ir.And{X: []ir.Expr{
			&ir.Quant{F: f, Body: there(x), Pos: b.pos()},
			&ir.Quant{All: true, F: f, Body: &ir.Or{X: []ir.Expr{&ir.Not{X: there(x)}, test(x)}}, Pos: b.pos()}}}
	default:
		n, err := strconv.Atoi(which)
		if err != nil || n < -ir.MaxPlace || n > ir.MaxPlace {
			return fail("the place %q is none: any, all, or a number is wanted, -1 for the last", which)
		}
		if n < 0 {
			known = b.whenDone(f)
		}
		x := &ir.Field{F: ir.Place(f, n), Pos: b.pos()}
		t = &ir.And{X: []ir.Expr{&ir.Exists{X: x}, there(x), test(x)}}
	}
	b.conds = append(b.conds, cond{x: t, field: known, dirs: dirs})
	return nil
}

// whenDone is a list that may still grow, as it is at the last event of its message; the rule is judged there.
func (b *builder) whenDone(list *dissect.Field) *dissect.Field {
	spec := specOf(b.l.schema, list)
	if id, _ := b.l.schema.EventByName(list.Event); spec == nil || !b.l.schema.Events[id].Repeats {
		return list
	}
	for _, e := range spec.Events {
		if e.Final {
			f := *list
			f.Event, b.done = e.Name, e.Name
			return &f
		}
	}
	return list
}

// ldapCount compares how many responses there were. What holds without any is judged when it is clear that none comes any more.
func ldapCount(b *builder, v string) *problem {
	f := b.l.schema.Field("ldap.responses.count")
	if f == nil {
		return b.unknown("ldap.responses.count")
	}
	c, err := parseCmp(v)
	if err == nil {
		err = c.fits(f.Name)
	}
	if err != nil {
		return err
	}
	b.notIPOnly = true
	known, dirs := f, eventDirs(b.l.schema, f)
	if c.holds(0) {
		known, dirs = b.whenDone(f), 0
	}
	b.conds = append(b.conds, cond{x: c.on(&ir.Field{F: f, Pos: b.pos()}), field: known, dirs: dirs})
	return nil
}
