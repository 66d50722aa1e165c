package suricata

import (
	"maps"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// enum makes the handler of a keyword for a number some of whose values have names: mqtt.type:CONNECT, mqtt.type:!1. The field holds the
// number, or the name as it is written in names.
func enum(field string, names map[string]int64) handler {
	return func(b *builder, v string) *problem {
		f := b.fieldNamed(field)
		if f == nil {
			return b.unknown(field)
		}
		c, err := parseEnum(v, names)
		if err == nil {
			err = c.fits(field)
		}
		if err != nil {
			return err
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			if f.Type != dissect.TString {
				return c.on(x), nil
			}
			var these []string
			for name, n := range names {
				if c.holds(n) {
					these = append(these, name)
				}
			}
			if len(these) == 0 {
				return nil, fail("no value is like that: it never matches")
			}
			slices.Sort(these)
			return &ir.In{X: x, Set: ir.NewStrSet(false, these...)}, nil
		})
	}
}

// parseEnum reads a comparison with a number or, equal or not, with one of the names.
func parseEnum(v string, names map[string]int64) (c cmp, err *problem) {
	v = strings.TrimSpace(v)
	text := strings.TrimLeft(v, "!= ")
	for name, n := range names {
		if !strings.EqualFold(text, name) {
			continue
		}
		c = cmp{op: ir.TestEq, lo: n}
		if strings.HasPrefix(v, "!") {
			c.op = ir.TestNe
		}
		return c, nil
	}
	if c, err = parseCmp(v); err != nil {
		known := slices.Sorted(maps.Keys(names))
		return c, fail("%q is neither a number nor a name: there are %s%s", text, strings.Join(known, ", "), didYouMean(text, known))
	}
	return c, nil
}

// bitFlags makes the handler of a keyword for a number whose bits have names: mqtt.flags:dup,!retain, or a comparison.
func bitFlags(field string, names map[string]int64) handler {
	return func(b *builder, v string) *problem {
		f := b.fieldNamed(field)
		if f == nil {
			return b.unknown(field)
		}
		c, err := parseCmp(v)
		if err != nil {
			c, err = parseBits(v, names)
		}
		if err == nil {
			err = c.fits(field)
		}
		if err != nil {
			return err
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return c.on(x), nil })
	}
}

// parseBits reads names of bits, with an exclamation mark before those that may not be set.
func parseBits(v string, names map[string]int64) (c cmp, err *problem) {
	c.op = ir.TestEq
	for _, name := range list(v) {
		name, neg := strings.CutPrefix(name, "!")
		bit, ok := names[strings.TrimSpace(name)]
		switch {
		case !ok:
			known := slices.Sorted(maps.Keys(names))
			return c, fail("%q is neither a number nor a flag: there are %s", name, strings.Join(known, ", "))
		case c.mask&bit != 0:
			return c, fail("%s is named twice", name)
		}
		c.mask |= bit
		if !neg {
			c.lo |= bit
		}
	}
	if c.mask == 0 {
		return c, fail("no flag is named")
	}
	return c, nil
}
