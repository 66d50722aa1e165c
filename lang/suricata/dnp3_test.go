package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestDNP3 checks keywords on DNP3: names and numbers of functions, indications of which one has to be set, objects.
func TestDNP3(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{`dnp3_func:2;`, `dnp3.func==2`},
		{`dnp3.func:Cold_Restart;`, `dnp3.func==13`},
		{`dnp3_func:unsolicited_response;`, `dnp3.func==130`},
		{`dnp3_ind:all_stations;`, `(dnp3.ind&256)>0`},
		{`dnp3.ind:class_1_events, CLASS_2_EVENTS;`, `(dnp3.ind&1536)>0`},
		{`dnp3_ind:0x8001;`, `(dnp3.ind&32769)>0`},
		{`dnp3_obj:12,1;`, `it=="g12v1")`},
		{`dnp3.obj:60, 0x02;`, `it=="g60v2")`},
		{`dnp3_data; content:"|c3 06|";`, `dnp3.data["\xc3\x06"]`},
		{`dnp3.data; content:"|c3 06|";`, `dnp3.data["\xc3\x06"]`},
	} {
		rules, skips := load(t, `alert dnp3 any any -> any any (`+c.options+` sid:1;)`, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.options, len(rules), skips)
			continue
		}
		if text := dumpRule(rules[0]); !strings.HasSuffix(text, c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.options, text, c.want)
		}
	}
	for options, want := range map[string]string{
		`dnp3_func:restart;`:           "neither a number nor a name",
		`dnp3_ind:device_restarted;`:   "neither a number nor a flag",
		`dnp3_ind:!device_restart;`:    "!device_restart is not understood",
		`dnp3_ind:0;`:                  "never matches",
		`dnp3_obj:12;`:                 "a group and a variation",
		`dnp3_obj:12,256;`:             "0 to 255",
		`app-layer-event:dnp3.broken;`: "dnp3 has no event broken",
	} {
		rules, skips := load(t, `alert dnp3 any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}
