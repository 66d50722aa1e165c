package ldap

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/ber"
)

// TestRecords has a record of each operation, with the members that Suricata's logger writes.
func TestRecords(t *testing.T) {
	attribute := v(ber.Sequence, octets("cn"), v(ber.Set, octets("a"), octets("b")))
	bare := func(id, op byte, more string) string {
		return msg(id, v(0x60|op, "\x0a\x01\x00", octets("dc=x"), octets("ok"), more))
	}
	const okay = `"result_code":"success","matched_dn":"dc=x","message":"ok"`
	for _, c := range []struct{ name, request, response, want string }{
		{"bind", msg(1, v(0x60, "\x02\x01\x03", octets("cn=a"), v(0xa3, octets("GSS-SPNEGO"), octets("\x01\xff")))), bare(1, opBindResponse, v(0x87, "\x02\x03")),
			`"operation":"bind_request","bind_request":{"version":3,"name":"cn=a","sasl":{"mechanism":"GSS-SPNEGO","credentials":"01ff"}}},` +
				`"responses":[{"operation":"bind_response","bind_response":{` + okay + `,"server_sasl_creds":"0203"}}]`},
		{"search", msg(2, v(0x63, octets("dc=x"), "\x0a\x01\x02\x0a\x01\x03\x02\x01\x05\x02\x01\x06\x01\x01\xff", present1, v(ber.Sequence))), bare(2, opDone, ""),
			`"search_request":{"base_object":"dc=x","scope":2,"deref_alias":3,"size_limit":5,"time_limit":6,"types_only":true,"filter":{"type":"present","value":"objectClass"}}},` +
				`"responses":[{"operation":"search_result_done","search_result_done":{` + okay + `}}]`},
		{"modify", msg(3, v(0x66, octets("cn=a"), v(ber.Sequence, v(ber.Sequence, "\x0a\x01\x02", attribute)))), bare(3, opModify+1, ""),
			`"modify_request":{"object":"cn=a","changes":[{"operation":"replace","modification":{"attribute_type":"cn","attribute_values":["a","b"]}}]}},` +
				`"responses":[{"operation":"modify_response","modify_response":{` + okay + `}}]`},
		{"add", msg(4, v(0x68, octets("cn=a"), v(ber.Sequence, attribute))), bare(4, opAdd+1, ""),
			`"add_request":{"entry":"cn=a","attributes":[{"name":"cn","values":["a","b"]}]}},"responses":[{"operation":"add_response","add_response":{` + okay + `}}]`},
		{"delete", msg(5, v(0x4a, "cn=a")), bare(5, opDel+1, ""),
			`"del_request":{"dn":"cn=a"}},"responses":[{"operation":"del_response","del_response":{` + okay + `}}]`},
		{"rename", msg(6, v(0x6c, octets("cn=a"), octets("cn=b"), "\x01\x01\xff", v(0x80, "dc=y"))), bare(6, opModDN+1, ""),
			`"mod_dn_request":{"entry":"cn=a","new_rdn":"cn=b","delete_old_rdn":true,"new_superior":"dc=y"}},` +
				`"responses":[{"operation":"mod_dn_response","mod_dn_response":{` + okay + `}}]`},
		{"compare", msg(7, v(0x6e, octets("cn=a"), v(ber.Sequence, octets("sn"), octets("b")))), msg(7, v(0x6f, "\x0a\x01\x06", octets(""), octets(""))),
			`"compare_request":{"entry":"cn=a","attribute_value_assertion":{"description":"sn","value":"b"}}},` +
				`"responses":[{"operation":"compare_response","compare_response":{"result_code":"compare_true","matched_dn":"","message":""}}]`},
		{"extended", msg(8, v(0x77, v(0x80, "1.2.3"), v(0x81, "in"))), msg(8, v(0x79, v(0x80, "1.2.5"), v(0x81, "part"))) + bare(8, opExtResponse, v(0x8a, "1.2.4")+v(0x8b, "out")),
			`"extended_request":{"name":"1.2.3","value":"in"}},"responses":[{"operation":"intermediate_response","intermediate_response":{"name":"1.2.5","value":"part"}},` +
				`{"operation":"extended_response","extended_response":{` + okay + `,"name":"1.2.4","value":"out"}}]`},
		{"notice of disconnection", "", bare(0, opExtResponse, v(0x8a, "1.3.6.1.4.1.1466.20036")),
			`{"ldap":{"responses":[{"message_id":0,"operation":"extended_response","extended_response":{` + okay + `,"name":"1.3.6.1.4.1.1466.20036"}}]}}`},
	} {
		r := recorder()
		if c.request != "" {
			r.Data(ts, c.request)
		}
		r.Data(tc, c.response)
		if got := strings.Join(r.Records, "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: record\n%s\nhas no\n%s", c.name, got, c.want)
		}
	}
}
