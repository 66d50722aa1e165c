package suricata

import (
	"math"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// ftpField makes the handler of a keyword about an FTP command that was answered. Suricata asks for it in either direction: a rule
// that names none alerts twice.
func ftpField(name string, twice bool, test func(x ir.Expr, v string) (ir.Expr, *problem)) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(name)
		if f == nil {
			return fail("protocol ftp is not supported yet")
		}
		x, err := test(&ir.Field{F: f, Pos: b.pos()}, strings.ToLower(strings.TrimSpace(unquote(v))))
		if err != nil {
			return err
		}
		b.notIPOnly = true
		if !twice {
			b.conds = append(b.conds, cond{x: x, field: f})
			return nil
		}
		b.conds = append(b.conds, cond{byDir: func(dirs) (ir.Expr, *dissect.Field) { return x, f }})
		return nil
	}
}

func oneOf(what string, values map[string]string) func(x ir.Expr, v string) (ir.Expr, *problem) {
	return func(x ir.Expr, v string) (ir.Expr, *problem) {
		value, ok := values[v]
		if !ok {
			return nil, fail("wants %s", what)
		}
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(value)}, nil
	}
}

func ftpPort(x ir.Expr, v string) (ir.Expr, *problem) {
	c, err := parseCmp(v)
	if err == nil && max(c.lo, c.hi) > math.MaxUint16 {
		err = fail("%q: a port is at most %d", v, math.MaxUint16)
	}
	if err != nil {
		return nil, err
	}
	return c.on(x), nil
}

func ftpAnswered(x ir.Expr, v string) (ir.Expr, *problem) {
	switch v {
	case "yes", "true", "1", "on":
		return x, nil
	case "no", "false", "0", "off":
		return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Not{X: x}}}, nil
	}
	return nil, fail("wants yes or no")
}

func ftpTrue(x ir.Expr, v string) (ir.Expr, *problem) { return x, nil }
