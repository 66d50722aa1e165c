package suricata

import (
	"strings"
	"testing"
)

// TestRPC: the numbers of a call become contents where the transport has them.
func TestRPC(t *testing.T) {
	for _, c := range []struct {
		rule string
		want []string // in the rule's text, or in the reason why it is left out
	}{
		{`alert udp any any -> any 111 (rpc:100000,2,3; sid:1;)`, []string{"offset 4", "depth 20"}},
		{`alert tcp any any -> any 111 (rpc:100000,*,3; sid:2;)`, []string{"offset 8", "depth 12", "offset 24", "depth 4"}},
		{`alert udp any any -> any 111 (rpc:100000,*,*; sid:3;)`, []string{"offset 4", "depth 12"}},
		{`alert ip any any -> any any (rpc:100000,2,3; sid:4;)`, []string{"udp or tcp"}},
		{`alert udp any any -> any 111 (rpc:mount; sid:5;)`, []string{"no number"}},
		{`alert udp any any -> any 111 (rpc:1,2,3,4; sid:6;)`, []string{"only"}},
	} {
		rules, skipped := Load(testSchema(t), "test.rules", []byte(c.rule), Options{})
		var text string
		for _, r := range rules {
			text += dumpRule(r)
		}
		for _, s := range skipped {
			text += s.Why
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", c.rule, want, text)
			}
		}
	}
}
