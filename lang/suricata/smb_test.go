package suricata

import (
	"fmt"
	"strings"
	"testing"
)

// TestCalls checks rules on DCERPC: what they become for calls by themselves, and for those over pipes of SMB.
func TestCalls(t *testing.T) {
	const uuid = "367abb81-9844-35f1-ad32-98f038001003"
	for _, c := range []struct{ rule, want string }{
		{`flow:to_server; dcerpc.iface:` + uuid + `; dcerpc.opnum:12,24-30;`,
			`tcp and dcerpc.iface=="` + uuid + `" and dcerpc.opnum in [{12 12} {24 30}]
smb.dcerpc.iface=="` + uuid + `" and smb.dcerpc.opnum in [{12 12} {24 30}]`},
		{`alert smb any any -> any any (dce_opnum:>3; flow:to_client; sid:1;)`, `smb.dcerpc.opnum>3 and exists(smb.dcerpc.response.type)`},
		{`alert udp any any -> any any (dce_opnum:3; flow:to_server; sid:1;)`, `udp and dcerpc.opnum in [{3 3}]`},
		{`alert dcerpc any any -> any any (dcerpc.opnum:3; sid:1;)`, `dcerpc.opnum in [{3 3}]
dcerpc.opnum in [{3 3}] and exists(dcerpc.response.type)
smb.dcerpc.opnum in [{3 3}]
smb.dcerpc.opnum in [{3 3}] and exists(smb.dcerpc.response.type)`},
		{`alert dcerpc any any -> any any (flow:to_server; dce_iface:` + uuid + `,>1,any_frag; sid:1;)`,
			`dcerpc.iface=="` + uuid + `" and dcerpc.iface.version>1
smb.dcerpc.iface=="` + uuid + `" and smb.dcerpc.iface.version>1`},
		{`flow:to_server; dce_stub_data; content:"a"; byte_test:2,>,5,0,relative,dce; content:"b"; distance:1;`,
			`tcp and dcerpc.stub_data["a", test 2@0r > 5, "b" distance 1]
smb.dcerpc.stub_data["a", test 2@0r > 5, "b" distance 1]`},
		{`flow:to_client; dcerpc.stub_data; content:"a";`, `tcp and dcerpc.response.stub_data["a"]
smb.dcerpc.response.stub_data["a"]`},
		{`alert smb any any -> any any (smb.named_pipe; content:"IPC"; sid:1;)`, `smb.named_pipe["IPC"]`},
		{`alert smb any any -> any any (smb_share; content:"C$"; sid:1;)`, `smb.share["C$"]`},
		{`alert smb any any -> any any (smb.ntlmssp_user; content:"bob"; nocase; smb.ntlmssp_domain; content:"x"; sid:1;)`, `smb.ntlmssp_user["bob"i] and smb.ntlmssp_domain["x"]`},
		{`alert smb any any -> any any (flow:to_server; smb.version:1; sid:1;)`, `smb.version==1`},
	} {
		rules, skips := load(t, c.rule, Options{})
		if len(skips) > 0 {
			t.Errorf("%s: %v", c.rule, skips)
			continue
		}
		var got []string
		for _, r := range rules {
			text := dumpRule(r)
			if _, rest, ok := strings.Cut(text, ": "); ok {
				text = rest
			}
			got = append(got, text)
		}
		if g := strings.Join(got, "\n"); g != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.rule, g, c.want)
		}
	}
}

// TestCallMistakes checks what is said of rules on SMB and DCERPC that are wrong.
func TestCallMistakes(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`dcerpc.iface:367abb81;`, "wants a UUID"},
		{`dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,x;`, "after the UUID comes a version to compare with, or any_frag"},
		{`dcerpc.opnum:twelve;`, "wants numbers of procedures: 12 or 0-11,24"},
		{`dcerpc.opnum:9-3;`, "wants numbers of procedures"},
		{`alert smb any any -> any any (smb.version:3; sid:1;)`, "wants 1 or 2"},
		{`alert http any any -> any any (dcerpc.opnum:3; sid:1;)`, "the rule is about http"},
	} {
		rules, skips := load(t, c.rule, Options{})
		if len(rules) > 0 || len(skips) != 1 || !strings.Contains(fmt.Sprint(skips[0]), c.want) {
			t.Errorf("%s: %d rules, %v; want %q", c.rule, len(rules), skips, c.want)
		}
	}
}
