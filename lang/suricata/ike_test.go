package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestIKE checks keywords on IKE, which is called ikev2 in old rules.
func TestIKE(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`alert ike any any -> any any (ike.init_spi; content:"18fe9b731f9f8034"; sid:1;)`, `to_server and ike.init_spi["18fe9b731f9f8034"]`},
		{`alert ikev2 any any -> any any (ike.resp_spi; content:"a00b"; sid:1;)`, `to_client and ike.resp_spi["a00b"]`},
		{`alert ike any any -> any any (ike.chosen_sa_attribute:alg_hash=2; sid:1;)`, `to_client and ike.sa.alg_hash==2`},
		{`alert ike any any -> any any (ike.exchtype:5; sid:1;)`, `ike.exchtype==5`},
		{`alert ike any any -> any any (ike.vendor; content:"4a13"; sid:1;)`, `to_server and ike.vendor["4a13"]`},
		{`alert ike any any -> any any (ike.key_exchange_payload; content:"|6d 02|"; ike.key_exchange_payload_length:>132; sid:1;)`,
			`ike.key_exchange_payload_length>132 and ike.key_exchange_payload["m\x02"]`},
		{`alert ike any any -> any any (ike.nonce_payload; content:"|6d 02|"; ike.nonce_payload_length:<132; sid:1;)`, `ike.nonce_payload_length<132 and ike.nonce_payload["m\x02"]`},
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
	for options, want := range map[string]string{
		`ike.chosen_sa_attribute:alg_hesh=2;`:   "did you mean alg_hash?",
		`ike.chosen_sa_attribute:alg_hash=sha;`: "wants an attribute and its number",
	} {
		rules, skips := load(t, `alert ike any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}
