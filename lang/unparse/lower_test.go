package unparse

import (
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
)

// TestLowering shows what the checker makes of conditions, written as .nids again.
func TestLowering(t *testing.T) {
	const lets = "let WEB = {80, 8000..8010, !8005}\nlet RE = /ab+c/i\nlet inside = src.ip in 10.0.0.0/8\nlet nested = inside and tcp\n"
	for given, want := range map[string]string{
		// lets, and sets with exceptions
		`dst.port in WEB`:                    `dst.port in {80, 8000..8004, 8006..8010}`,
		`http.uri ~ RE and nested`:           `http.uri ~ /ab+c/i and (src.ip in {10.0.0.0/8} and tcp)`,
		`src.ip in 10.0.0.1..10.0.0.6`:       `src.ip in {10.0.0.1..10.0.0.6}`,
		`src.ip == 10.0.0.0/8`:               `src.ip in {10.0.0.0/8}`,
		`src.ip in {!10.0.0.0/8}`:            `src.ip in {0.0.0.0..9.255.255.255, 11.0.0.0..255.255.255.255, ::/0}`,
		`dst.port in {..1023, !80}`:          `dst.port in {0..79, 81..1023}`,
		`http.uri contains {"ab", "cd"}`:     `http.uri contains {"ab", "cd"}`,
		`http.uri ~ RE nocase`:               `http.uri ~ /ab+c/i`,
		`http.host in {"A", "b"} nocase`:     `http.host in {"a", "b"} nocase`,
		`443 == dst.port`:                    `dst.port == 443`,
		`1024 < dst.port`:                    `dst.port > 1024`,
		`flow.age > 1m + 30s`:                `flow.age > 90s`,
		`flow.bytes > 2 * 10KiB`:             `flow.bytes > 20480`,
		`entropy(http.uri) > 4`:              `entropy(http.uri) > 4.0`,
		`http.uri exists`:                    `exists(http.uri)`,
		`tcp && !udp || icmp`:                `tcp and not udp or icmp`,
		`tcp and (udp or icmp)`:              `tcp and (udp or icmp)`,
		`not (tcp and udp)`:                  `not (tcp and udp)`,
		`not dst.port == 80`:                 `dst.port != 80`,
		`http.uri !~ RE`:                     `http.uri !~ /ab+c/i`,
		`lower(url_decode(http.uri)) == "x"`: `lower(url_decode(http.uri)) == "x"`,
		// many values
		`dns.query == "a"`:                   `any(dns.query: dns.query == "a")`,
		`dns.query != "a"`:                   `not any(dns.query: dns.query == "a")`,
		`any dns.query != "a"`:               `any(dns.query: dns.query != "a")`,
		`all dns.query != "a"`:               `all(dns.query: dns.query != "a")`,
		`none dns.query == "a"`:              `not any(dns.query: dns.query == "a")`,
		`not dns.query contains "a"`:         `not any(dns.query: dns.query contains "a")`,
		`len(dns.query) > 5`:                 `any(dns.query: len(dns.query) > 5)`,
		`dns.query has ["ab"]`:               `dns.query has ["ab"]`,
		`all dns.query has ["ab"]`:           `all(dns.query: dns.query has ["ab"])`,
		`exists(dns.query)`:                  `exists(dns.query)`,
		`count(dns.query) > 2`:               `count(dns.query) > 2`,
		`http.request_header["X-A"] != "b"`:  `not any(http.request_header: http.request_header["X-A"] == "b")`,
		`http.request.headers["X-A"] == "b"`: `http.request.headers["X-A"] == "b"`,
		`any(dns.answers.rrname: dns.answers.rrname == "a" and dns.answers.ttl < 5)`: `any(dns.answers.rrname: dns.answers.rrname == "a" and dns.answers.ttl < 5)`,
		// chains
		`payload has ["ab" at 3, "c" at +2]`:            `payload has ["ab" at 3, "c" at +2]`,
		`payload has ["ab" offset 3 depth 2]`:           `payload has ["ab" at 3]`,
		`payload has [u16be 2 in 5..9]`:                 `payload has [u16be 2 >= 5, u16be 2 <= 9]`,
		`payload has [let n = u8 0 * 1, "ab" within n]`: `payload has [let n = u8, "ab" within n]`,
	} {
		rs, list := lang.Check(langtest.Schema(), "x.nids", []byte(lets+"rule X {\n  when "+given+"\n}\n"), lang.Options{})
		if list.Errors() > 0 {
			t.Errorf("%s: %v", given, list)
			continue
		}
		w := &writer{}
		if got := syntax.String(w.cond(rs.Rules[0].When)); got != want || w.problem != nil {
			t.Errorf("%s:\n  is     %s\n  wanted %s (%v)", given, got, want, w.problem)
		}
	}
}
