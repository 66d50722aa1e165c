package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect/dnp3"
	"github.com/luanids/luanids/lang/ir"
)

// dnp3Functions are the functions of DNP3's application layer by name.
var dnp3Functions = func() map[string]int64 {
	m := map[string]int64{}
	for n, name := range dnp3.Functions {
		m[name] = int64(n)
	}
	return m
}()

// dnp3Ind asks for internal indications of a response, by name or as a number of 16 bits: one of them has to be set.
func dnp3Ind(b *builder, v string) *problem {
	var bits int64
	if n, err := strconv.ParseUint(strings.TrimSpace(v), 0, 16); err == nil {
		bits = int64(n)
	} else {
		names := map[string]int64{}
		for _, x := range dnp3.Indicators {
			names[x.Name] = int64(x.Bit)
		}
		c, err := parseBits(strings.ToLower(v), names)
		switch {
		case err != nil:
			return err
		case c.lo != c.mask:
			return fail("indications are asked for only where they are set: !%s is not understood", strings.TrimLeft(v, "! "))
		}
		bits = c.mask
	}
	if bits == 0 {
		return fail("no bit of %q is set: it never matches", v)
	}
	f := b.l.schema.Field("dnp3.ind")
	if f == nil {
		return b.unknown("dnp3.ind")
	}
	c := cmp{op: ir.TestGt, mask: bits}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return c.on(x), nil })
}

// dnp3Obj asks for an object by group and variation: 12,1.
func dnp3Obj(b *builder, v string) *problem {
	parts := list(v)
	if len(parts) != 2 {
		return fail("wants a group and a variation: 12,1")
	}
	name := ""
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 0, 8)
		if err != nil {
			return fail("%q is no number of a group or variation, 0 to 255: 12,1", p)
		}
		name += "gv"[i:i+1] + strconv.FormatUint(n, 10)
	}
	f := b.l.schema.Field("dnp3.obj")
	if f == nil {
		return b.unknown("dnp3.obj")
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(name), Pos: b.pos()}, nil
	})
}
