package suricata

import (
	"strings"
	"sync"

	"github.com/luanids/luanids/dissect/dns"
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

func dnsRCode(b *builder, v string) *problem { return enum("dns.rcode", dnsRCodes())(b, v) }
func dnsType(b *builder, v string) *problem  { return enum("dns.rrtype", dnsTypes())(b, v) }

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
