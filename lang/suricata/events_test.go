package suricata

import (
	"strings"
	"testing"
)

// TestRenamedEvents takes rules with old names of events: they mean those that are raised now.
func TestRenamedEvents(t *testing.T) {
	for old, now := range renamedEvents {
		proto, _, _ := strings.Cut(old, ".")
		for _, name := range []string{old, proto + "." + now} {
			rules, skips := load(t, `alert `+proto+` any any -> any any (app-layer-event:`+name+`; sid:1;)`, Options{})
			if len(skips) > 0 || len(rules) != 1 {
				t.Errorf("%s: %d rules, %v", name, len(rules), skips)
				continue
			}
			if text := dumpRule(rules[0]); !strings.HasSuffix(text, `anomaly.event=="`+proto+"."+now+`"`) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}
