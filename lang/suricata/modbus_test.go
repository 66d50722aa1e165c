package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestModbus checks the keyword modbus in all its forms.
func TestModbus(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{`modbus:function 5;`, `modbus.function==5`},
		{`modbus: function 8, subfunction 4;`, `modbus.function==8 and modbus.subfunction==4`},
		{`modbus:function assigned;`, `modbus.category=="assigned"`},
		{`modbus:function public;`, `(modbus.category=="assigned" or modbus.category=="unassigned")`},
		{`modbus:function !reserved;`, `(modbus.category=="assigned" or modbus.category=="unassigned" or modbus.category=="user")`},
		{`modbus:function !public;`, `(modbus.category=="user" or modbus.category=="reserved")`},
		{`modbus:access read;`, `any(modbus.access: it=="read")`},
		{`modbus:"access write coils";`, `any(modbus.access: it=="write") and modbus.table=="coils"`},
		{`modbus:access read discretes, address <100;`, `modbus.table=="discretes" and modbus.address.first<100`},
		{`modbus:access read input, address >100;`, `modbus.table=="input" and modbus.address.last>100`},
		{`modbus:access read holding, address 100<>200;`, `modbus.table=="holding" and modbus.address.first<200 and modbus.address.last>100`},
		{`modbus:access write holding, address 500, value >200;`,
			`modbus.address.first<=500 and modbus.address.last>=500 and any(modbus.written.address: it==500 and it>200)`},
		{`modbus:access write coils, address 7, value 1;`, `any(modbus.written.address: it==7 and it==1)`},
		{`modbus:access write holding, address 7, value 10<>20;`, `it==7 and it in [{11 19}])`},
		{`modbus:unit 10;`, `modbus.unit_id==10`},
		{`modbus:unit >10;`, `modbus.unit_id>10`},
		{`modbus:unit 10<>20, function user;`, `modbus.unit_id in [{11 19}] and modbus.category=="user"`},
		{`modbus:unit 10, access write holding, address 1;`, `modbus.unit_id==10 and any(modbus.access: it=="write") and modbus.table=="holding" and modbus.address.first<=1 and modbus.address.last>=1`},
		{`app-layer-event:modbus.invalid_unit_identifier;`, `anomaly.event=="modbus.invalid_unit_identifier"`},
	} {
		rules, skips := load(t, `alert modbus any any -> any any (`+c.options+` sid:1;)`, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.options, len(rules), skips)
			continue
		}
		requests := strings.HasPrefix(c.options, "modbus:") // of which responses without one are none
		if text := dumpRule(rules[0]); !strings.HasSuffix(text, c.want) || strings.Contains(text, "to_server and ") != requests {
			t.Errorf("%s\n got %s\nwant %s", c.options, text, c.want)
		}
	}
	for options, want := range map[string]string{
		`modbus:;`:                                  "wants [unit N,] function",
		`modbus:function;`:                          "neither a number nor one of the categories",
		`modbus:function publik;`:                   `did you mean public?`,
		`modbus:function 0;`:                        "0 is no function: they are 1 to 127",
		`modbus:function 129;`:                      "they are 1 to 127",
		`modbus:function !all;`:                     "never matches",
		`modbus:function public, access read;`:      `"access read" behind function`,
		`modbus:subfunction 3;`:                     `"subfunction 3" at the beginning`,
		`modbus:function user, subfunction 3;`:      "of a function with a number",
		`modbus:function 8, subfunction x;`:         `"x" is no subfunction`,
		`modbus:access;`:                            "read or write",
		`modbus:access write input;`:                "input can only be read",
		`modbus:access read registers;`:             "none of the tables",
		`modbus:access read, address;`:              "is no address",
		`modbus:access read, address 70000;`:        "70000 is too large for address",
		`modbus:access read, address 9<>5;`:         "is no range",
		`modbus:access read, address 5-9;`:          "is no address",
		`modbus:access write, address <9, value 1;`: "a value needs one address",
		`modbus:access read, address 9, value 1;`:   "access write",
		`modbus:unit <0;`:                           "never matches",
		`modbus:function 3; flow:to_client;`:        "it is of the request",
		`modbus:slave 3;`:                           `"slave 3" is not understood`,
		`app-layer-event:modbus.broken;`:            "modbus has no event broken",
	} {
		rules, skips := load(t, `alert modbus any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}
