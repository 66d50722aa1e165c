package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestQUIC checks rules on QUIC: fingerprints have the names of those of TLS, and mean the hello of QUIC.
func TestQUIC(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`alert quic any any -> any any (ja3.hash; content:"4a654a654a654a654a654a654a654a65"; sid:1;)`, `quic.ja3.hash["4a654a654a654a654a654a654a654a65"]`},
		{`alert quic any any -> any any (ja3_string; content:"771,"; sid:1;)`, `quic.ja3.string["771,"]`},
		{`alert quic any any -> any any (ja3s.hash; content:"EB1DEB1DEB1DEB1DEB1DEB1DEB1DEB1D"; ja4.hash; content:"q13"; sid:1;)`, `quic.ja3s.hash["eb1deb1deb1deb1deb1deb1deb1deb1d"] and quic.ja4.hash["q13"]`},
		{`alert udp any any -> any any (ja4.hash; content:"q13"; sid:1;)`, `udp and quic.ja4.hash["q13"]`},
		{`alert tls any any -> any any (ja4.hash; content:"t13"; sid:1;)`, `ja4.hash["t13"]`},
		{`alert quic any any -> any any (quic.version; content:"|6b 33 43 cf|"; sid:1;)`, `quic.version["k3C\xcf"]`},
		{`alert quic any any -> any any (quic.sni; content:"a"; quic.ua; content:"b"; quic.cyu.hash; content:"cccccccccccccccccccccccccccccccc"; quic.cyu.string; content:"d"; sid:1;)`,
			`quic.sni["a"] and quic.ua["b"] and quic.cyu.hash["cccccccccccccccccccccccccccccccc"] and quic.cyu.string["d"]`},
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

// TestFingerprintsOnIP: rules on ip mean the fingerprints of TLS and of QUIC, unless they name more of one of them.
func TestFingerprintsOnIP(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`alert ip any any -> any any (ja4.hash; content:"q13"; sid:1;)`, `1: ja4.hash["q13"], 1.quic: quic.ja4.hash["q13"]`},
		{`alert ip any any -> any any (ja3.string; content:"771,"; tls.sni; content:"a"; sid:1;)`, `1: ja3.string["771,"] and tls.sni["a"]`},
		{`alert ip any any -> any any (ja3.string; content:"771,"; quic.version; content:"a"; sid:1;)`, `1: quic.ja3.string["771,"] and quic.version["a"]`},
		{`alert tcp any any -> any any (ja4.hash; content:"q13"; sid:1;)`, `1: ja4.hash["q13"]`},
	} {
		rules, skips := load(t, c.rule, Options{})
		var got []string
		for _, r := range rules {
			got = append(got, r.ID+": "+dumpRule(r))
		}
		if text := strings.Join(got, ", "); text != c.want || len(skips) > 0 {
			t.Errorf("%s\n gives %s\n want %s\n skipped %v", c.rule, text, c.want, skips)
		}
	}
}

// TestSwitchedOff: rules on fingerprints that are not made say which setting it is.
func TestSwitchedOff(t *testing.T) {
	off := Options{Without: map[string]bool{"ja3": true, "ja4": true, "hassh": true}}
	for rule, setting := range map[string]string{
		`alert tls any any -> any any (ja3.string; content:"1"; sid:1;)`:       "tls.ja3-fingerprints",
		`alert quic any any -> any any (ja3s_string; content:"1"; sid:1;)`:     "tls.ja3-fingerprints",
		`alert ip any any -> any any (ja4.hash; content:"1"; sid:1;)`:          "tls.ja4-fingerprints",
		`alert ssh any any -> any any (ssh-hassh-string; content:"1"; sid:1;)`: "ssh.hassh",
	} {
		rules, skipped := load(t, rule, off)
		if len(rules) > 0 || len(skipped) != 1 || !strings.Contains(skipped[0].Why, setting) {
			t.Errorf("%s: %v, want a reason that names %s", rule, skipped, setting)
		}
	}
}
