package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestQUIC checks rules on QUIC: fingerprints have the names of those of TLS, and mean the hello of QUIC.
func TestQUIC(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`alert quic any any -> any any (ja3.hash; content:"4a65"; sid:1;)`, `quic.ja3.hash["4a65"]`},
		{`alert quic any any -> any any (ja3_string; content:"771,"; sid:1;)`, `quic.ja3.string["771,"]`},
		{`alert quic any any -> any any (ja3s.hash; content:"eb1d"; ja4.hash; content:"q13"; sid:1;)`, `quic.ja3s.hash["eb1d"] and quic.ja4.hash["q13"]`},
		{`alert udp any any -> any any (ja4.hash; content:"q13"; sid:1;)`, `udp and quic.ja4.hash["q13"]`},
		{`alert tls any any -> any any (ja4.hash; content:"t13"; sid:1;)`, `ja4.hash["t13"]`},
		{`alert quic any any -> any any (quic.version; content:"|6b 33 43 cf|"; sid:1;)`, `quic.version["k3C\xcf"]`},
		{`alert quic any any -> any any (quic.sni; content:"a"; quic.ua; content:"b"; quic.cyu.hash; content:"c"; quic.cyu.string; content:"d"; sid:1;)`,
			`quic.sni["a"] and quic.ua["b"] and quic.cyu.hash["c"] and quic.cyu.string["d"]`},
	} {
		rules, skips := load(t, c.rule, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.rule, len(rules), skips)
			continue
		}
		text := dumpRule(rules[0])
		if _, rest, ok := strings.Cut(text, ": "); ok {
			text = rest
		}
		if text != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.rule, text, c.want)
		}
	}
	if rules, skips := load(t, `alert quic any any -> any any (tls.sni; content:"a"; sid:1;)`, Options{}); len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), "the rule is about quic") {
		t.Errorf("tls.sni in a rule on quic: %d rules, %v", len(rules), skips)
	}
}
