package suricata

import (
	"fmt"
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

// maxPlace bounds the place of a value that a rule names.
const maxPlace = 1 << 16

// atPlace adds a condition on a value, or on those of a list; there tells whether there is something at a place of the list.
func (b *builder) atPlace(f *dissect.Field, which string, test, there func(x ir.Expr) ir.Expr) *problem {
	b.notIPOnly = true
	dirs := eventDirs(b.l.schema, f)
	var t ir.Expr
	switch which = strings.TrimSpace(which); {
	case !f.Multi:
		x := &ir.Field{F: f, Pos: b.pos()}
		t = test(x)
	case which == "" || which == "any":
		x := &ir.Elem{F: f}
		t = &ir.Quant{F: f, Body: &ir.And{X: []ir.Expr{there(x), test(x)}}, Pos: b.pos()}
	case which == "all":
		f = b.l.whenDone(f)
		x := &ir.Elem{F: f}
		t = &ir.And{X: []ir.Expr{
			&ir.Quant{F: f, Body: there(x), Pos: b.pos()},
			&ir.Quant{All: true, F: f, Body: &ir.Or{X: []ir.Expr{&ir.Not{X: there(x)}, test(x)}}, Pos: b.pos()}}}
	default:
		n, err := strconv.Atoi(which)
		if err != nil || n < -maxPlace || n > maxPlace {
			return fail("the place %q is none: any, all, or a number is wanted, -1 for the last", which)
		}
		if n < 0 {
			f = b.l.whenDone(f)
		}
		f = place(f, n)
		x := &ir.Field{F: f, Pos: b.pos()}
		t = &ir.And{X: []ir.Expr{&ir.Exists{X: x}, there(x), test(x)}}
	}
	b.conds = append(b.conds, cond{x: t, field: f, dirs: dirs})
	return nil
}

// whenDone is a list that may still grow, as it is at the last event of its message.
func (l *loader) whenDone(list *dissect.Field) *dissect.Field {
	spec := specOf(l.schema, list)
	if spec == nil {
		return list
	}
	for _, e := range spec.Events {
		if e.Final {
			f := *list
			f.Event = e.Name
			return &f
		}
	}
	return list
}

// place is the field of one of the values of a list.
func place(list *dissect.Field, n int) *dissect.Field {
	f := *list
	f.Name, f.Multi, f.IntN, f.BytesN, f.Alias = fmt.Sprintf("%s[%d]", list.Name, n), false, nil, nil, nil
	if list.IntN != nil {
		f.Int = func(e *dissect.Env) (int64, bool) {
			return list.IntN(e, where(n, func(i int) bool { _, ok := list.IntN(e, i); return ok }))
		}
		return &f
	}
	f.Bytes = func(e *dissect.Env) []byte {
		v, _ := list.BytesN(e, where(n, func(i int) bool { _, ok := list.BytesN(e, i); return ok }))
		return v
	}
	return &f
}

// where is a place counted from 0; places below 0 count from the end. What is before the first is beyond the last.
func where(n int, there func(i int) bool) int {
	if n >= 0 {
		return n
	}
	count := 0
	for count < maxPlace && there(count) {
		count++
	}
	if count+n < 0 {
		return maxPlace
	}
	return count + n
}
