package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestENIP checks keywords of EtherNet/IP and CIP.
func TestENIP(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{`enip_command:99;`, `enip.command==99`},
		{`enip_command:list_identity;`, `enip.command==99`},
		{`enip_command:!LIST_IDENTITY;`, `exists(enip.command) and enip.command!=99`},
		{`enip.status:invalid_cmd;`, `enip.status==1`},
		{`enip.status:>106;`, `enip.status>106`},
		{`cip_service:75;`, `any(enip.cip_service: it==75)`},
		{`cip_service: 16 , 246;`, `any(enip.cip_call: it=="16,246")`},
		{`cip_service:16,0246,6;`, `any(enip.cip_call: it=="16,246,6")`},
		{`cip_service:16,246,!6;`, `any(enip.cip_call: it=="16,246")`},
		{`enip.cip_class:1; enip.cip_instance:>1; enip.cip_attribute:5;`,
			`any(enip.cip_class: it>=0 and it==1) and any(enip.cip_instance: it>=0 and it>1) and any(enip.cip_attribute: it>=0 and it==5)`},
		{`enip.cip_class:1,all;`, `any(enip.cip_class: it>=0) and all(enip.cip_class: not it>=0 or it==1)`},
		{`enip.cip_status:0; enip.cip_extendedstatus:0x204;`, `any(enip.cip_status: it==0) and any(enip.cip_extendedstatus: it==516)`},
		{`enip.product_name; content:"1756"; enip.service_name; content:"Comm";`, `enip.product_name["1756"] and enip.service_name["Comm"]`},
		{`enip.capabilities:0x120; enip.protocol_version:1; enip.revision:0x403; enip.identity_status:0x30; enip.state:3;`,
			`enip.capabilities==288 and enip.protocol_version==1 and enip.revision==1027 and enip.identity_status==48 and enip.state==3`},
		{`enip.serial:0x524D8E; enip.product_code:58; enip.device_type:12; enip.vendor_id:1;`,
			`enip.serial==5393806 and enip.product_code==58 and enip.device_type==12 and enip.vendor_id==1`},
		{`app-layer-event:enip.invalid_pdu;`, `anomaly.event=="enip.invalid_pdu"`},
		{`app-layer-event:enip.too_many_transactions;`, `anomaly.event=="enip.too_many_transactions"`},
		{`frame:cip; content:"|0e|"; startswith;`, `enip.frame.cip["\x0e" start]`},
		{`frame:enip.enip.item; content:"|b1 00|";`, `enip.frame.enip.item["\xb1\x00"]`},
	} {
		rules, skips := load(t, `alert enip any any -> any any (`+c.options+` sid:1;)`, Options{})
		if len(skips) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, %v", c.options, len(rules), skips)
			continue
		}
		text := dumpRule(rules[0])
		if !strings.HasSuffix(text, c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.options, text, c.want)
		}
	}
	for options, want := range map[string]string{
		`enip_command:list_identify;`:         "did you mean list_identity?",
		`cip_service:202;`:                    `"202" is no service from 0 to 127`,
		`cip_service:12,toto;`:                `"toto" is no class`,
		`cip_service:1,2,3,4;`:                "more than a service, a class and an attribute",
		`cip_service:1,2,!x;`:                 `"x" is no attribute`,
		`enip.cip_class:one;`:                 "is no number",
		`enip.cip_class:1,first;`:             "any, all, or a number is wanted",
		`frame:item; content:"x";`:            "protocol enip has no frame item, it has: hdr, data, pdu, cip, enip.item",
		`app-layer-event:enip.invalid_pdus;`:  "did you mean invalid_pdu?",
		`enip.vendor_id:Rockwell Automation;`: "is no number",
	} {
		rules, skips := load(t, `alert enip any any -> any any (`+options+` sid:1;)`, Options{})
		if len(rules) > 0 || !strings.Contains(fmt.Sprint(skips), want) {
			t.Errorf("%s: %d rules, %v; want %q", options, len(rules), skips, want)
		}
	}
}
