package suricata

import (
	"strings"
	"time"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
)

// didYouMean is the end of a message about an unknown word, "" when nothing is near.
func didYouMean(word string, known []string) string {
	if near := diag.Nearest(word, known); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return ""
}

// names lists the keywords that there are, for suggestions.
func (l *loader) names() []string {
	var list []string
	for name := range l.keywords {
		list = append(list, name)
	}
	for name := range stickyBuffers {
		list = append(list, name)
	}
	for name := range oldBuffers {
		list = append(list, name)
	}
	return list
}

// protocols lists what may stand in a header for the protocol.
func (l *loader) protocols() []string {
	list := []string{"tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6", "sctp", "ip", "ipv4", "ipv6", "pkthdr"}
	for _, s := range l.schema.Specs {
		list = append(list, s.Name)
	}
	return list
}

// geoip asks in which country an address is: "src,RU", "both,CN,RU", "!US" for either address.
func geoip(b *builder, v string) *problem {
	p := list(strings.Trim(v, `"`))
	where := "any"
	switch strings.ToLower(p[0]) {
	case "src", "dst", "both", "any":
		where, p = strings.ToLower(p[0]), p[1:]
	}
	var countries []string
	neg := false
	for i, c := range p {
		code, not := strings.CutPrefix(c, "!")
		if not && i > 0 {
			return fail("a ! stands before the first country, and is about all of them")
		}
		neg = neg || not
		if len(code) != 2 {
			return fail("%q is no country: two letters are wanted (ISO 3166-1)", code)
		}
		countries = append(countries, strings.ToUpper(code))
	}
	if len(countries) == 0 {
		return fail("wants src, dst, both or any, and countries: geoip:src,DE,FR")
	}
	set := ir.NewStrSet(false, countries...)
	in := func(side string) (ir.Expr, *problem) {
		x, err := b.field("geo." + side + ".country")
		if err != nil {
			return nil, err
		}
		return orNot(&ir.In{X: x, Set: set}, x, neg), nil
	}
	src, err := in("src")
	if err != nil {
		return err
	}
	dst, err := in("dst")
	if err != nil {
		return err
	}
	b.notIPOnly = true
	switch where {
	case "src":
		b.require(src)
	case "dst":
		b.require(dst)
	case "both":
		b.require(&ir.And{X: []ir.Expr{src, dst}})
	default:
		b.require(&ir.Or{X: []ir.Expr{src, dst}})
	}
	return nil
}

// l3Proto asks for the version of IP.
func l3Proto(b *builder, v string) *problem {
	switch strings.ToLower(v) {
	case "ipv4", "ip4", "ip":
		b.require(b.l.common.ip4)
	case "ipv6", "ip6":
		b.require(b.l.common.ip6)
	default:
		return fail("wants ipv4 or ipv6")
	}
	return nil
}

// certDates are the forms of dates, from the longest.
var certDates = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15", "2006-01-02 15", "2006-01-02", "2006-01", "2006"}

func certDate(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	for _, form := range certDates {
		if t, err := time.ParseInLocation(form, s, time.UTC); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}

// certTime makes the handler of tls_cert_notbefore and tls_cert_notafter: <date, >date, date<>date, or a date.
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
		case isRange && lo != "":
			c.op = ir.TestRange
		case strings.HasPrefix(v, "<"):
			c.op, lo = ir.TestLt, v[1:]
		case strings.HasPrefix(v, ">"):
			c.op, lo = ir.TestGt, v[1:]
		}
		var ok bool
		if c.lo, ok = certDate(lo); !ok {
			return fail("%q is no date: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS is wanted", lo)
		}
		if c.op == ir.TestRange {
			if c.hi, ok = certDate(hi); !ok || c.hi <= c.lo {
				return fail("%q is no range of dates", v)
			}
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			return c.on(&ir.Call{Fn: funcs.Lookup("epoch").Func(), Args: []ir.Expr{x}, Pos: b.pos()}), nil
		})
	}
}
