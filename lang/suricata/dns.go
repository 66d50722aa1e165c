package suricata

import (
	"strings"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/lang/ir"
)

// dnsTypes and dnsRCodes are the numbers of types of records and of response codes, by name.
var (
	dnsTypes = sync.OnceValue(func() map[string]int64 {
		return named(1<<16, func(n int) string { return string(dns.AppendType(nil, uint16(n))) }, "TYPE")
	})
	dnsRCodes = sync.OnceValue(func() map[string]int64 {
		return named(1<<5, func(n int) string { return string(dns.AppendRCode(nil, n)) }, "")
	})
)

// dnsRCode asks for the response code of the header, which knows nothing of what EDNS adds to it.
func dnsRCode(b *builder, v string) *problem { return enum("dns.flags.rcode", dnsRCodes())(b, v) }

// dnsType asks for a type of a record: in requests of one that is asked for, in responses of one that is answered.
func dnsType(b *builder, v string) *problem {
	asked, answered := b.l.schema.Field("dns.rrtype"), b.l.schema.Field("dns.answers.rrtype")
	if asked == nil || answered == nil {
		return b.unknown("dns.rrtype")
	}
	c, err := parseEnum(v, dnsTypes())
	if err == nil {
		err = c.fits("dns.rrtype")
	}
	if err != nil {
		return err
	}
	b.notIPOnly = true
	b.conds = append(b.conds, cond{byDir: func(d dirs) (ir.Expr, *dissect.Field) {
		f := asked
		if d == toClient {
			f = answered
		}
		return &ir.Quant{F: f, Body: c.on(&ir.Elem{F: f}), Pos: b.pos()}, f
	}})
	return nil
}

// named gives the numbers below limit that have a name; the name of others is the number, behind a prefix.
func named(limit int, name func(n int) string, prefix string) map[string]int64 {
	m := map[string]int64{}
	for n := range limit {
		s := name(n)
		if rest, ok := strings.CutPrefix(s, prefix); !ok || rest == "" || rest[0] < '0' || rest[0] > '9' {
			m[s] = int64(n)
		}
	}
	return m
}
