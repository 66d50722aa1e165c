package suricata

import (
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
)

// certDates are the forms of dates, from the longest.
var certDates = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15", "2006-01-02 15", "2006-01-02", "2006-01", "2006"}

// certDate reads a date as seconds since 1970; more digits than those of a year are such seconds already.
func certDate(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	for _, form := range certDates {
		if t, err := time.ParseInLocation(form, s, time.UTC); err == nil {
			return t.Unix(), true
		}
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}

// certTime makes the handler of tls_cert_notbefore and tls_cert_notafter: <date, >date, date<>date, or a date. As in Suricata the dates
// belong to what they bound.
func certTime(field string) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		v = strings.TrimSpace(strings.Trim(v, `"`))
		c := cmp{op: ir.TestEq}
		lo, hi, isRange := strings.Cut(v, "<>")
		switch {
		case isRange:
			c.op = ir.TestRange
		case strings.HasPrefix(v, "<"):
			c.op, lo = ir.TestLe, v[1:]
		case strings.HasPrefix(v, ">"):
			c.op, lo = ir.TestGe, v[1:]
		}
		var ok bool
		if c.lo, ok = certDate(lo); !ok {
			return fail("%q is no date: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS or seconds since 1970 are wanted", short(lo))
		}
		if isRange {
			if c.hi, ok = certDate(hi); !ok || c.hi <= c.lo {
				return fail("%q is no range of dates", short(v))
			}
			c.lo, c.hi = c.lo-1, c.hi+1
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			return c.on(&ir.Call{Fn: funcs.Lookup("epoch").Func(), Args: []ir.Expr{x}, Pos: b.pos()}), nil
		})
	}
}
