package suricata

import (
	"strings"
	"testing"
)

func TestHTTP2(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`alert http any any -> any any (http.uri; content:"a"; sid:1;)`, `http.uri["a"]`},
		{`alert http1 any any -> any any (http.uri; content:"a"; sid:1;)`, `flow.app=="http" and http.uri["a"]`},
		{`alert http2 any any -> any any (http.uri; content:"a"; sid:1;)`, `flow.app in strs2 and http.uri["a"]`},
		{`alert doh2 any any -> any any (http.uri; content:"a"; sid:1;)`, `flow.app=="doh2" and http.uri["a"]`},
		{`alert doh2 any any -> any any (dns.query; content:"a"; http.host; content:"b"; sid:1;)`, `flow.app=="doh2" and dns.query["a"] and http.host["b"]`},
		{`alert dns any any -> any any (dns.query; content:"a"; sid:1;)`, `dns.query["a"]`},
		{`alert dns any any -> any any (flow:established; sid:1;)`, `each: flow.app in strs2 and established`},
		{`alert http any any -> any any (content:"clsid"; flow:to_client; sid:1;)`, `stream: flow.app=="http" and to_client and payload["clsid"]`},
		{`alert http2 any any -> any any (http2.frametype:goaway; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.frametype: it=="GOAWAY")`},
		{`alert http2 any any -> any any (http2.frametype:6; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.frametype: it=="PING")`},
		{`alert http2 any any -> any any (http2.frametype:200; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.frametype: it=="200")`},
		{`alert http2 any any -> any any (http2.errorcode:ENHANCE_YOUR_CALM; flow:to_client; sid:1;)`, `flow.app in strs2 and to_client and any(http2.errorcode: it=="ENHANCE_YOUR_CALM")`},
		{`alert http2 any any -> any any (http2.settings:SETTINGS_HEADER_TABLE_SIZE>1000; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.settings.header_table_size: it>1000)`},
		{`alert http2 any any -> any any (http2.settings:SETTINGS_ENABLE_PUSH; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.settings.enable_push: exists(it))`},
		{`alert http2 any any -> any any (http2.window:34634; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and any(http2.window: it==34634)`},
		{`alert http2 any any -> any any (http2.header_name; content:"a"; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and http2.header_name["a"]`},
		{`alert http any any -> any any (app-layer-event:http2.stream_id_reuse; sid:1;)`, `anomaly.event=="http2.stream_id_reuse"`},
		{`alert http2 any any -> any any (frame:http2.hdr; content:"a"; flow:to_server; sid:1;)`, `flow.app in strs2 and to_server and http2.frame.hdr["a"]`},
	} {
		rules, skipped := load(t, c.rule, Options{})
		if len(skipped) > 0 || len(rules) != 1 {
			t.Errorf("%s: %d rules, skipped %v", c.rule, len(rules), skipped)
			continue
		}
		if got := dumpRule(rules[0]); got != c.want {
			t.Errorf("%s\n gives %s\n want %s", c.rule, got, c.want)
		}
	}
	for _, c := range []struct{ rule, keyword, why string }{
		{`alert http2 any any -> any any (http2.frametype:GOAWAYS; sid:1;)`, "http2.frametype", "did you mean GOAWAY?"},
		{`alert http2 any any -> any any (http2.settings:SETTINGS_PUSH; sid:1;)`, "http2.settings", "SETTINGS_ENABLE_PUSH"},
		{`alert http2 any any -> any any (dns.query; content:"a"; sid:1;)`, "dns.query", "the rule is about http2"},
		{`alert ssh any any -> any any (app-layer-event:http2.invalid_header; sid:1;)`, "app-layer-event", "it is of protocol http2"},
	} {
		_, skipped := load(t, c.rule, Options{})
		if len(skipped) != 1 || skipped[0].Keyword != c.keyword || !strings.Contains(skipped[0].Why, c.why) {
			t.Errorf("%s: skipped %v, want %s: %s", c.rule, skipped, c.keyword, c.why)
		}
	}
}
