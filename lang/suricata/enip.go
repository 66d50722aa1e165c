package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// cipService asks for a service of CIP: 75; of a class: 16,246; for one of its attributes: 16,246,6. An attribute behind an exclamation mark
// is not compared, as in Suricata.
func cipService(b *builder, v string) *problem {
	parts := strings.Split(v, ",")
	if len(parts) > 3 {
		return fail("%q has more than a service, a class and an attribute: 16,246,6", v)
	}
	if len(parts) == 3 {
		if attribute, neg := strings.CutPrefix(strings.TrimSpace(parts[2]), "!"); neg {
			if _, err := strconv.ParseUint(attribute, 10, 32); err != nil {
				return fail("%q is no attribute", attribute)
			}
			parts = parts[:2]
		}
	}
	for i, what := range [...]struct {
		name string
		bits int
	}{{"service from 0 to 127", 7}, {"class", 32}, {"attribute", 32}} {
		if i == len(parts) {
			break
		}
		n, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 10, what.bits)
		if err != nil {
			return fail("%q is no %s: a number is wanted, as in 16,246,6", strings.TrimSpace(parts[i]), what.name)
		}
		parts[i] = strconv.FormatUint(n, 10)
	}
	name := "enip.cip_service"
	if len(parts) > 1 {
		name = "enip.cip_call"
	}
	f := b.l.schema.Field(name)
	if f == nil {
		return b.unknown("cip_service")
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
		if len(parts) == 1 {
			n, _ := strconv.ParseInt(parts[0], 10, 64)
			return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Int(n)}, nil
		}
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(strings.Join(parts, ","))}, nil
	})
}

// anyOf makes the handler of a keyword for a number of which a message has several: any is meant, or behind a comma all, or the place of one.
func anyOf(field string) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		v, which, _ := strings.Cut(v, ",")
		c, err := parseCmp(v)
		if err != nil {
			return err
		}
		return b.atPlace(f, which, c.on, func(x ir.Expr) ir.Expr { return &ir.Cmp{Op: ir.Ge, X: x, Y: ir.Int(0)} })
	}
}
