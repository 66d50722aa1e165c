package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestKerberos checks keywords on Kerberos, in their old and new forms.
func TestKerberos(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{`krb5_msg_type:10;`, `krb5.msg_type==10`},
		{`krb5_err_code:6;`, `krb5.err_code==6`},
		{`krb5_cname; content:"alice"; krb5_sname; content:"krbtgt";`, `krb5.cname["alice"] and krb5.sname["krbtgt"]`},
		{`krb5.cname; content:"alice"; krb5.sname; content:"krbtgt";`, `krb5.cname["alice"] and krb5.sname["krbtgt"]`},
		{`krb5.ticket_encryption:weak;`, `krb5.ticket_weak_encryption`},
		{`krb5.ticket_encryption:!weak;`, `exists(krb5.ticket_encryption) and not krb5.ticket_weak_encryption`},
		{`krb5.ticket_encryption:rc4-hmac, -128 3;`, `krb5.ticket_encryption in [{-128 -128} {3 3} {23 23}]`},
	} {
		rules, skips := load(t, `alert krb5 any any -> any any (`+c.options+` sid:1;)`, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.options, len(rules), skips)
			continue
		}
		text := dumpRule(rules[0])
		if _, rest, ok := strings.Cut(text, ": "); ok {
			text = rest
		}
		if text != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.options, text, c.want)
		}
	}
	for options, want := range map[string]string{
		`krb5.ticket_encryption:rc5;`: "is no kind of encryption",
		`krb5_msg_type:AS;`:           "is no number",
	} {
		rules, skips := load(t, `alert krb5 any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}
