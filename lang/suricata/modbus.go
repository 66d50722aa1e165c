package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect/modbus"
	"github.com/luanids/luanids/lang/ir"
)

// modbusParts are the settings of the keyword modbus, each with those that it may follow; "" is the beginning.
var modbusParts = []struct {
	name  string
	after []string
	set   func(b *builder, v string, r *modbusRule) *problem
}{
	{"unit", []string{""}, modbusUnit},
	{"function", []string{"", "unit"}, modbusFunction},
	{"subfunction", []string{"function"}, modbusSubfunction},
	{"access", []string{"", "unit"}, modbusAccess},
	{"address", []string{"access"}, modbusAddress},
	{"value", []string{"address"}, modbusValue},
}

// modbusRule is what settings before the one at hand said.
type modbusRule struct {
	category bool // of functions
	read     bool // access read, of no table
	address  cmp
}

const modbusForms = "wants [unit N,] function N|CATEGORY [, subfunction N], or [unit N,] access read|write [TABLE] [, address N [, value N]]"

// modbusKeyword asks for a unit, a function, or an access to addresses and the values that are written there. Addresses count from 1. It is about
// requests: responses whose request was not seen do not match, as in Suricata.
func modbusKeyword(b *builder, v string) *problem {
	if b.l.schema.Field("modbus.function") == nil {
		return b.unknown("modbus")
	}
	var r modbusRule
	last, others := "", len(b.conds)
	for _, part := range list(unquote(strings.TrimSpace(v))) {
		if err := modbusPart(b, part, &last, &r); err != nil {
			return err
		}
	}
	for i := range b.conds[others:] {
		b.conds[others+i].dirs = toServer
	}
	return nil
}

func modbusPart(b *builder, part string, last *string, r *modbusRule) *problem {
	for _, p := range modbusParts {
		v, ok := strings.CutPrefix(part, p.name)
		if !ok {
			continue
		}
		if slices.Contains(p.after, *last) {
			*last = p.name
			return p.set(b, strings.TrimSpace(v), r)
		}
		if *last == "" {
			return fail("%q at the beginning: %s", part, modbusForms)
		}
		return fail("%q behind %s: %s", part, *last, modbusForms)
	}
	return fail("%q is not understood: %s", part, modbusForms)
}

// modbusRange reads 5, <5, >5 or 5<>9, of numbers up to 65535.
func modbusRange(what, v string) (cmp, *problem) {
	if i := strings.IndexFunc(v, func(r rune) bool { return !strings.ContainsRune("0123456789<>", r) }); i >= 0 || v == "" {
		return cmp{}, fail("%q is no %s: a number is wanted, <N, >N or N<>M, with no blanks in it", v, what)
	}
	c, err := parseAnyCmp(v)
	if err != nil {
		return c, err
	}
	if max(c.lo, c.hi) > 0xffff {
		return c, fail("%s is too large for %s: it is at most 65535", v, what)
	}
	if c.op == ir.TestLt && c.lo == 0 {
		return c, fail("no %s is less than 0: it never matches", what)
	}
	return c, nil
}

// number adds a condition on a field that is a number.
func (b *builder) number(field string, c cmp) *problem {
	return b.onField(b.l.schema.Field(field), func(x ir.Expr) (ir.Expr, *problem) { return c.on(x), nil })
}

// text adds the condition that a field, or one of its values, is one of some texts.
func (b *builder) text(field string, texts ...string) *problem {
	return b.onField(b.l.schema.Field(field), func(x ir.Expr) (ir.Expr, *problem) {
		var any []ir.Expr
		for _, s := range texts {
			any = append(any, &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(s), Pos: b.pos()})
		}
		return orOf(any), nil
	})
}

func modbusUnit(b *builder, v string, r *modbusRule) *problem {
	c, err := modbusRange("unit", v)
	if err != nil {
		return err
	}
	return b.number("modbus.unit_id", c)
}

// modbusFunction takes the number of a function, or a category.
func modbusFunction(b *builder, v string, r *modbusRule) *problem {
	if n, err := strconv.ParseUint(v, 10, 16); err == nil {
		if n == 0 || n > 127 {
			return fail("%d is no function: they are 1 to 127", n)
		}
		return b.number("modbus.function", cmp{op: ir.TestEq, lo: int64(n)})
	}
	r.category = true
	name, neg := strings.CutPrefix(v, "!")
	var asked []string
	switch name = strings.TrimSpace(name); name {
	case "assigned", "unassigned", "user", "reserved":
		asked = []string{name}
	case "public":
		asked = []string{"assigned", "unassigned"}
	case "all":
		asked = modbus.Categories
	default:
		known := []string{"assigned", "unassigned", "public", "user", "reserved", "all"}
		return fail("%q is neither a number nor one of the categories %s%s", name, strings.Join(known, ", "), didYouMean(name, known))
	}
	if !neg {
		return b.text("modbus.category", asked...)
	}
	var others []string
	for _, c := range modbus.Categories {
		if !slices.Contains(asked, c) {
			others = append(others, c)
		}
	}
	if len(others) == 0 {
		return fail("no function is outside all categories: it never matches")
	}
	return b.text("modbus.category", others...)
}

func modbusSubfunction(b *builder, v string, r *modbusRule) *problem {
	n, err := strconv.ParseUint(v, 10, 16)
	switch {
	case err != nil:
		return fail("%q is no subfunction, 0 to 65535", v)
	case r.category:
		return fail("a subfunction is one of a function with a number: function 8, subfunction %d", n)
	}
	return b.number("modbus.subfunction", cmp{op: ir.TestEq, lo: int64(n)})
}

func modbusAccess(b *builder, v string, r *modbusRule) *problem {
	how := ""
	for _, a := range []string{"read", "write"} {
		if rest, ok := strings.CutPrefix(v, a); ok {
			how, v = a, strings.TrimSpace(rest)
		}
	}
	switch v {
	case "", "coils", "holding":
	case "discretes", "input":
		if how == "write" {
			return fail("%s can only be read", v)
		}
	default:
		tables := []string{"discretes", "coils", "input", "holding"}
		return fail("%q is none of the tables %s%s", v, strings.Join(tables, ", "), didYouMean(v, tables))
	}
	if how == "" {
		return fail("access is read or write")
	}
	r.read = how == "read" && v == ""
	if err := b.text("modbus.access", how); err != nil || v == "" {
		return err
	}
	return b.text("modbus.table", v)
}

// modbusAddress asks for a message of which an address is among those asked for.
func modbusAddress(b *builder, v string, r *modbusRule) *problem {
	c, err := modbusRange("address", v)
	if err != nil {
		return err
	}
	r.address = c
	first, last := cmp{op: ir.TestLe, lo: c.lo}, cmp{op: ir.TestGe, lo: c.lo}
	switch c.op {
	case ir.TestLt:
		return b.number("modbus.address.first", c)
	case ir.TestGt:
		return b.number("modbus.address.last", c)
	case ir.TestRange:
		first, last = cmp{op: ir.TestLt, lo: c.hi}, cmp{op: ir.TestGt, lo: c.lo}
	}
	if err := b.number("modbus.address.first", first); err != nil {
		return err
	}
	return b.number("modbus.address.last", last)
}

// modbusValue asks for the value that is written to the address.
func modbusValue(b *builder, v string, r *modbusRule) *problem {
	c, err := modbusRange("value", v)
	switch {
	case err != nil:
		return err
	case r.address.op != ir.TestEq:
		return fail("a value needs one address, not several")
	case r.read:
		return fail("a value is one that is written: access write")
	}
	address, value := b.l.schema.Field("modbus.written.address"), b.l.schema.Field("modbus.written.value")
	return b.onField(address, func(x ir.Expr) (ir.Expr, *problem) {
		return &ir.And{X: []ir.Expr{r.address.on(x), c.on(&ir.Elem{F: value})}}, nil
	})
}
