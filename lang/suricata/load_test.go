package suricata

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

// load translates rules given without header and sid: "alert tcp any any -> any any" and sid:1 are put around.
func load(t testing.TB, rule string, opt Options) ([]*ir.Rule, []Skip) {
	t.Helper()
	if f := strings.Fields(rule); len(f) < 5 || f[4] != "->" && f[4] != "<>" && f[4] != "=>" && f[4] != ">>" {
		rule = "alert tcp any any -> any any (" + rule + " sid:1;)"
	}
	return Load(testSchema(t), "test.rules", []byte(rule), opt)
}

func TestTranslation(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		// Headers.
		{`alert tcp $HOME_NET any -> $EXTERNAL_NET [80,443,!8080,1000:1100] (sid:1;)`,
			`each: tcp and src.ip in HOME_NET and not dst.ip in ips3 and dst.port in [{80 80} {443 443} {1000 1100}]`},
		{`pass udp any !53 -> any 5000: (sid:1;)`, `pass once a direction: udp and src.port in [{0 52} {54 65535}] and dst.port in [{5000 65535}]`},
		{`alert tcp any any <> any 80 (sid:1;)`, `once a direction: tcp and (dst.port==80 or src.port==80)`},
		{`drop icmp any any -> any any (itype:8; icode:<3; sid:1;)`, `drop each: icmp and icmp.type==8 and icmp.code<3`},
		{`alert ip $HOME_NET any -> [1.2.3.4,5.6.0.0/16] any (sid:1;)`, `once a direction: ip and src.ip in HOME_NET and dst.ip in ips2`},
		{`alert ip any any -> !$HOME_NET any (sid:1;)`, `each: ip and not dst.ip in HOME_NET`},
		{`alert ip any any -> 10.0.0.1 any (ip_proto:!6; sid:1;)`, `once a direction: ip and dst.ip in ips1 and (exists(ip.proto) and ip.proto!=6)`},
		{`alert http any any -> any any (flow:established; sid:1;)`, `each: flow.app in strs3 and established`},

		// Contents without a buffer, and which bytes they mean.
		{`content:"a|00 fF|b\;\"\:\\"; nocase; content:!"xy"; distance:-2; within:5;`,
			`stream: tcp and payload["a\x00\xffb;\":\\"i, !"xy" distance -2 within 5]`},
		{`flow:established,to_server; content:"GET"; offset:2; depth:3;`, `either: tcp and to_server and established and payload["GET" offset 2 depth 3]`},
		{`content:"GET"; startswith; flow:only_stream;`, `stream: tcp and payload["GET" start]`},
		{`content:"GET"; fast_pattern:1,2; flags:S,12;`, `packet: tcp and (tcp.flags&63)==2 and payload["GET" fast 1,2]`},
		{`alert tcp-pkt any any -> any any (content:"a"; sid:1;)`, `packet: tcp and payload["a"]`},
		{`alert udp any any -> any any (content:"a"; depth:5; sid:1;)`, `stream: udp and payload["a" depth 5]`},
		{`alert udp any any -> any any (content:"a"; dsize:10<>20; sid:1;)`, `packet: udp and payload.len in [{11 19}] and payload["a"]`},
		{`alert nfs any any -> any any (nfs_procedure:2<>4; sid:1;)`, `any(nfs.procedure: it in [{2 4}])`},
		{`alert icmp any any -> any any (content:"a"; sid:1;)`, `packet: icmp and payload["a"]`},
		{`alert ip any any -> any any (content:"a"; sid:1;)`, "stream: (tcp or udp) and payload[\"a\"]\npacket: not (tcp or udp) and payload[\"a\"]"},
		{`alert ip any any -> any any (ip_proto:2; content:"a"; sid:1;)`, `packet: ip and ip.proto==2 and payload["a"]`},
		{`content:"a"; stream_size:client,=,1;`, `either: tcp and (flow.payload_to_server+1)==1 and payload["a"]`},
		{`content:"x"; isdataat:!1,relative; isdataat:10;`, `stream: tcp and payload["x", !dataat 1r, dataat 10]`},

		// Buffers: sticky, as modifiers, by flags of pcre.
		{`http.uri; content:"/x"; http.method; content:"GET"; http.uri; content:"y"; distance:0;`, `http.uri["/x", "y" distance 0] and http.method["GET"]`},
		{`content:"/x"; http_uri; content:"h"; http_header; nocase; pcre:"/a.*b/RUi"; flow:to_server;`,
			`http.uri["/x", /a.*b/R] and http.request.headers["h"i]`},
		{`content:"a"; content:"b"; http_uri; http_host;`, `http.uri["b"] and http.host["a"]`},
		{`uricontent:"/x"; nocase; isdataat:!1,relative;`, `http.uri["/x"i, !dataat 1r]`},
		{`content:"h"; http_host; byte_test:1,>,5,0,relative;`, `http.host["h", test 1@0r > 5]`},
		{`urilen:5<>9; urilen:>2,raw;`, `http.uri[size in 5..9] and http.uri.raw[size > 2]`},
		{`http.header; content:"h"; flow:to_client;`, `http.response.headers["h"]`},
		{`http.header; content:"h";`, "http.request.headers[\"h\"]\nhttp.response.headers[\"h\"]"},
		{`http.connection; content:"close"; flow:to_client;`, `http.response.connection["close"]`},
		{`http.connection; content:"close"; http.stat_code; content:"200"; http.response_body; content:"a";`,
			`http.response.connection["close"] and http.stat_code.text["200"] and http.response_body["a"]`},
		{`file_data; content:"y"; pkt_data; content:"z"; flow:to_client;`, `stream: tcp and to_client and file.data["y"] and payload["z"]`},
		{`alert http any any -> any any (file_data; content:"y"; content:"z"; distance:0; flow:to_client; sid:1;)`, `http.response_body["y", "z" distance 0]`},
		{`alert http any any -> any any (file_data; content:"y"; sid:1;)`, "flow.app in strs3 and to_server and file.data[\"y\"]\nhttp.response_body[\"y\"]"},
		{`alert http any any -> any any (file.data; content:"y"; fileext:"pdf"; flow:to_client; sid:1;)`,
			`flow.app in strs3 and to_client and file.data["y"] and file.name[".pdf"i end]`},
		{`alert http any any => any any (http.uri; content:"a"; http.stat_code; content:"200"; sid:1;)`, `http.uri["a"] and http.stat_code.text["200"]`},
		{`http.cookie; absent; flow:to_server;`, `not exists(http.request.cookie)`},
		{`http.cookie; absent:or_else; content:!"a"; flow:to_server;`, `not exists(http.request.cookie) or http.request.cookie[!"a"]`},
		{`dns.query; content:"a"; dns.query; content:"b"; bsize:>3;`, `tcp and dns.query["a"] and dns.query["b", size > 3]`},
		{`dns.query; dotprefix; content:".b"; endswith;`, fmt.Sprintf(`tcp and any(dns.query: it.t%d[".b" end])`, ir.TDotPrefix)},
		{`dns_query; content:"a"; nocase;`, `tcp and dns.query["a"i]`},
		{`http.uri; content:"a"; from_base64:offset 6; gunzip; content:"b"; flow:to_server;`,
			fmt.Sprintf(`http.uri["a"] and http.uri.t%d.t%d["b"]`, ir.TFromBase64, ir.TGunzip)},
		{`tls.cert_subject; content:"CN=x"; flow:to_client;`, `to_client and tls.subject["CN=x"]`},
		{`tls.subject:!"CN=x";`, `to_client and (exists(tls.subject) and not tls.subject contains "CN=x")`},
		{`tcp.hdr; content:"|02 04|"; offset:20;`, `each: tcp and tcp.hdr["\x02\x04" offset 20]`},

		{`alert http any any => any any (http.connection:to_client; content:"a"; http.uri; content:"b"; sid:1;)`, `http.response.connection["a"] and http.uri["b"]`},
		{`alert http any any => any 80 (http.cookie:to_server; content:"a"; http.cookie:to_client; content:"b"; sid:1;)`,
			`server.port==80 and http.request.cookie["a"] and http.response.cookie["b"]`},
		{`content:"a"; asn1:double_overflow, bitstring_overflow, relative_offset 27, oversize_length 2048;`, `stream: tcp and payload["a", asn1 at 27 relative]`},
		{`content:"USER"; ftpbounce;`, `stream: ftp.bounce and payload["USER"]`},
		{`file.magic; content:"PNG image data"; content:!"PDF";`, `tcp and file.magic["PNG image data", !"PDF"]`},
		{`ssl_version:!tls1.3,tls1.2; flow:to_client;`, `exists(tls.version) and not (tls.version in strs2 or tls.version.number in [{32512 32767}])`},

		{`ssl_version:tls1.2;`, "tls.client.version in strs1\ntls.version in strs1"},

		// Bytes.
		{`byte_extract:1,0,len,relative; content:"x"; within:len; byte_test:2,!&,0x80,0,relative,little; byte_jump:4,0,string,hex,post_offset -4;`,
			`stream: tcp and payload[len=1@0r, "x" within len, test 2@0r little !& 128, jump 4@0 string16 post -4]`},
		{`byte_math:bytes 2, offset 1, oper <<, rvalue 3, result r, relative, endian little, bitmask 0xf0; byte_test:1,=,r,0;`,
			`stream: tcp and payload[r=2@1r little mask 0xf0<3, test 1@0 == r]`},
		{`byte_jump:1,3,from_beginning,multiplier 2,align;`, `stream: tcp and payload[jump 1@3 align begin *2]`},
		{`http.cookie; content:"f="; base64_decode:bytes 2,relative; base64_data; content:"|9e|"; startswith; flow:to_server;`,
			`http.request.cookie["f=", base64 2@0r["\x9e" start]]`},
		{`alert tcp-pkt any any -> any any (entropy:bytes 8, offset 2, value >= 6.5; sid:1;)`, `packet: tcp and payload[entropy 8@2 >= 6.5 0]`},

		// Packets and flows.
		{`flags:!SA; window:!0; ack:0; ttl:<5; id:7;`,
			`each: tcp and (exists(tcp.flags) and (tcp.flags&18)!=18) and (exists(tcp.window) and tcp.window!=0) and tcp.ack==0 and ip.ttl<5 and ip.id==7`},
		{`flags:FPU+; fragbits:!M; fragoffset:>1; ipopts:rr; sameip;`,
			`each: tcp and (tcp.flags&41)==41 and (exists(ip.flags) and (ip.flags&1)!=1) and ip.frag_offset>8 and any(ip.opts: it=="rr") and src.ip==dst.ip`},
		{`flow:not_established,to_client; flow.pkts:toclient,>10; flow.age:<60;`,
			`each: tcp and to_client and not established and flow.packets_to_client>10 and (flow.age/1000000000)<60`},
		{`flow.elephant:both;`, `each: tcp and (flow.elephant_to_server and flow.elephant_to_client)`},
		{`tcpv4-csum:invalid;`, `each: tcp and tcp and ipv4 and not checksum_ok`},

		// State and effects.
		{`flowbits:isset,a|b; flowbits:isnotset,c; flowbits:set,d; flowbits:noalert;`, `each: tcp and bit(a|b) and not bit(c) ! set bit d noalert`},
		{`flowint:n,+,1; flowint:m,>,3; flowint:k,notset;`, `each: tcp and flowint(m)>3 and not exists(flowint(k)) ! flowint n+=1`},
		{`flowint:n,+,1; flowint:n,>,5;`, `each: tcp and flowint(n)>5 ! flowint n+=1`},
		{`xbits:set,a,track ip_pair,expire 10; hostbits:isset,b,dst;`,
			`each: tcp and hostbit(b by dst.ip) ! set hostbit a by lower_ip(src.ip, dst.ip), higher_ip(src.ip, dst.ip) for 10s`},
		{`alert http any any -> any any (http.uri; content:"a"; xbits:set,a,track tx; sid:1;)`, `http.uri["a"] ! set hostbit a by flow.id, flow.tx_id for 3600s`},
		{`alert http1:response_complete any any -> any any (xbits:isset,a,track tx; sid:1;)`,
			`on http.response_done each: flow.app=="http" and to_client and hostbit(a by flow.id, flow.tx_id)`},
		{`threshold:type limit, track by_src, count 2, seconds 60; tag:host,9,packets,dst;`, `once a direction: tcp ! tag dst 9 packets # limit 2 in 1m0s by src.ip`},
		{`detection_filter:track by_rule, count 3, seconds 5; noalert;`, `once a direction: tcp # detection 3 in 5s by  noalert`},
		{`dns.query; dataset:set,seen,type string;`, `tcp and any(dns.query: len(it)>0 and not it in set seen[0]) ! add dns.query to seen`},
		{`http.host; dataset:set,seen,type string;`, `len(http.host)>0 and not http.host in set seen[0] ! add http.host to seen`},

		// Frames, stages of protocols, changes of the configuration.
		{`alert udp any any -> any any (flow:to_server; frame:dns.pdu; content:"a"; offset:2; sid:1;)`, `udp and to_server and dns.frame.pdu["a" offset 2]`},
		{`alert nfs any any -> any any (flow:to_client; frame:nfs.nfs.status; content:"|00 00 00 02|"; frame:rpc.pdu; content:"a"; sid:1;)`,
			`to_client and nfs.frame.nfs.status["\x00\x00\x00\x02"] and nfs.frame.rpc.pdu["a"]`},
		{`alert http any any -> any any (flow:to_client; frame:response; strip_whitespace; content:"a"; frame:http1.stream; content:"b"; sid:1;)`,
			fmt.Sprintf(`stream: to_client and http.frame.response.t%d["a"] and payload["b"]`, ir.TStripWhitespace)},
		{`alert http1:request_headers any any -> any any (http.uri; content:"a"; sid:1;)`, `on http.request flow.app=="http" and http.uri["a"]`},
		{`l3_proto:ipv6;`, `once a direction: tcp and ipv6`},
		{`alert tcp:flow_start any any -> any 80 (sid:1;)`, `on flow.start each: tcp and dst.port==80`},
		{`config dns any any -> any any (dns.query; content:"a"; config:logging disable, type tx, scope tx; sid:1;)`, `dns.query["a"] ! nolog noalert`},

		// Events and protocols.
		{`alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; sid:1;)`, `anomaly.event=="decoder.ipv4.trunc_pkt"`},
		{`stream-event:est_invalid_ack;`, `tcp and anomaly.event=="stream.est_invalid_ack"`},
		{`alert smtp any any -> any any (email.subject; content:"invoice"; sid:1;)`, `flow.app=="smtp" and email.subject["invoice"]`},
		{`alert tcp any any -> any any (email.url; content:"invoice"; sid:1;)`, `flow.app=="smtp" and email.url["invoice"]`},
		{`alert http any any -> any any (app-layer-event:http.missing_host_header; flow:established; sid:1;)`, `established and anomaly.event=="http.missing_host_header"`},
		{`app-layer-protocol:!http; flow:to_server;`, `once a flow: tcp and to_server and (exists(flow.app) and not (flow.app_to_server in strs3 or (not exists(flow.app_to_server) and flow.app in strs3)))`},
		{`app-layer-protocol:tls,original; app-layer-protocol:smtp,final; flow:to_server;`, `once a flow: tcp and to_server and flow.app_orig=="tls" and flow.app=="smtp"`},
		{`alert ssh any any -> any any (ssh.software; content:"x"; ssh.protoversion:2_compat; sid:1;)`, `(ssh.proto contains "2" or ssh.proto=="1.99") and ssh.software["x"]`},
		{`dns.opcode:!0; dns.rcode:3; flow:to_client;`, `tcp and to_client and (exists(dns.opcode) and dns.opcode!=0) and dns.flags.rcode==3`},
		{`ssl_state:client_hello|server_hello; flow:to_server;`, `to_server and tls.step in strs2`},
		{`filesize:<10KB; filestore:both,tx;`, `tcp and (file.size<10240 and file.state=="CLOSED") ! store`},
		{`alert tls any any -> any any (tls.sni; content:"x"; tls.store; sid:1;)`, `tls.sni["x"] ! tlsstore`},
		{`tls.sni; content:"x"; tls_store;`, `tls.sni["x"] ! tlsstore`},
		{`http.uri; content:"x"; filestore;`, `http.uri["x"] and file.to_server ! store`},
		{`filemagic:"PDF document"; filesize:>10KB; filestore;`, `tcp and file.size>10240 and file.magic["PDF document"i] ! store`},
	} {
		rules, skipped := load(t, c.rule, Options{})
		var got []string
		for _, r := range rules {
			got = append(got, dumpRule(r))
		}
		for _, s := range skipped {
			got = append(got, "skipped: "+s.String())
		}
		if text := strings.Join(got, "\n"); text != c.want {
			t.Errorf("%s\n gives %s\n want %s", c.rule, text, c.want)
		}
	}
}

func TestSkips(t *testing.T) {
	for _, c := range []struct{ rule, keyword, why string }{
		{`content:"a;`, "content", "a quote is missing"},
		{`content:a;`, "content", "in quotes"},
		{`content:"a"b";`, "content", "within the text"},
		{`content:"a" sid:7;`, "content", `a semicolon is missing behind "a"`},
		{`alert tcp any any -> any 80,443 (sid:1;)`, "", "[80,443]"},
		{`alert tcp any any -> any [80,443 (sid:1;)`, "", "a ] is missing"},
		{`alert tcp $HOME_NTE any -> any any (sid:1;)`, "", "did you mean HOME_NET?"},
		{`alert tcp any any -> any any (content:"a)"; sid:1;`, "", "the ) at the end of the rule is missing"},
		{`ttl:300;`, "ttl", "at most 255"},
		{`ttl:10-256;`, "ttl", "at most 255"},
		{`content:"a"; fast_pattern; content:"b"; fast_pattern;`, "fast_pattern", "there can be one"},
		{`alert tcp any any -> any any (sid:1;) # why`, "", "a line of its own"},
		{`contnet:"a";`, "contnet", "did you mean content?"},
		{`msg:"a; content:"b";`, "msg", "a quote is missing"},
		{`alert tpc any any -> any any (sid:1;)`, "", "did you mean tcp?"},
		{`alrt tcp any any -> any any (sid:1;)`, "", "did you mean alert?"},
		{`alert tcp any any -> any any (content:"a"; sid:1;`, "", "the ) at the end of the rule is missing"},
		{`flow:to_servr;`, "flow", "did you mean to_server?"},
		{`frame:pdu; content:"a";`, "frame", "protocol.pdu"},
		{`frame:dns.nothing; content:"a";`, "frame", "it has: pdu"},
		{`alert http1:request_middle any any -> any any (sid:1;)`, "", "no hook request_middle"},
		{`config:tracking disable, type flow, scope flow;`, "config", "scope packet"},
		{`geoip:src,Russia;`, "geoip", "no country"},
		{`alert tcp any any -> any any (sid:1; content:"a")`, "", "semicolon"},
		{`content:"ab"; depth:1;`, "depth", "less than the 2 bytes"},
		{`content:"|0|";`, "content", "no bytes in hex"},
		{`content:"a\b";`, "content", "backslash"},
		{`nocase;`, "nocase", "no content before"},
		{`http.uri; content:"a"; http.stat_code; content:"200";`, "http.stat_code", "of the response"},
		{`http.uri; content:"a"; flow:to_client;`, "http.uri", "never matches"},
		{`http.host; content:"A";`, "http.host", "lower case"},
		{`http.uri;`, "http.uri", "nothing is asked"},
		{`http.uri; content:"a"; flags:S;`, "", "of no single packet"},
		{`http.uri; content:"a"; ssh.software; content:"b";`, "", "beside fields of"},
		{`alert dns any any -> any any (http.uri; content:"a"; sid:1;)`, "http.uri", "the rule is about dns"},
		{`alert template any any -> any any (sid:1;)`, "", "protocol template is not supported yet"},
		{`template.buffer; content:"a";`, "template.buffer", "protocol template is not supported yet"},
		{`made_up:1;`, "made_up", "unknown keyword"},
		{`pcre:"/(/";`, "pcre", ""},
		{`alert tcp $NO_NET any -> any any (sid:1;)`, "", "--var NO_NET"},
		{`alert tcp any any -> any 70000 (sid:1;)`, "", "no port"},
		{`alert tcp any any >> any any (sid:1;)`, "", "arrow"},
		{`alert tcp any any -> any any content`, "", "( is missing"},
		{`alert tcp any any -> any any (msg:"x";)`, "sid", "missing"},
		{`lua:x.lua;`, "lua", "not run"},
		{`file.magic; content:"unheard of";`, "file.magic", "no type of file"},
		{`http.cookie:to_client; content:"a";`, "http.cookie", "arrow"},
		{`filemd5:missing.txt;`, "filemd5", "cannot read"},
		{`requires:version >= 9;`, "requires", "version"},
		{`byte_test:9,>,1,0;`, "byte_test", "1 to 8"},
		{`content:"a"; within:len;`, "within", "extracted before"},
		{`threshold:type backoff, track by_flow, count 1;`, "threshold", "multiplier"},
		{`app-layer-event:http.made_up;`, "app-layer-event", "no event"},
		{`app-layer-event:applayer_wrong_direction;`, "app-layer-event", "there is no event applayer_wrong_direction"},
		{`app-layer-event:file.NO_MEMORY;`, "app-layer-event", "Flash"},
		{`decode-event:ipv4.trunc_pk;`, "decode-event", "did you mean ipv4.trunc_pkt?"},
		{`http.uri:"/x";`, "http.uri", `write http.uri; content:"/x";`},
		{`tls.sni:"x";`, "tls.sni", "takes no value"},
		{`content:"a"; nocase:yes;`, "nocase", "takes no value"},
		{`content:"a"; http_uri:1;`, "http_uri", "takes no value"},
		{`content:"ab"; depth:5; depth:6;`, "depth", "one already"},
		{`content:"ab"; depth:5; distance:6;`, "distance", "not from both"},
		{`content:"ab"; within:5; offset:6;`, "offset", "not from both"},
		{`flow:established,not_established;`, "flow", "exclude each other"},
		{`flowbits:set,a,b;`, "flowbits", "no comma"},
		{`flowint:a,+,1,2;`, "flowint", "wants"},
		{`flow.elephant:client;`, "flow.elephant", "toserver, toclient, either, both"},
		{`xbits:toggle,a,track tx;`, "xbits", "set or isset"},
		{`http.uri; content:"a"; xbits:isset,a,track tx;`, "xbits", "wants a stage"},
		{`alert arp any any -> any any (sid:1;)`, "", "arp.opcode"},
		{`ether.hdr; content:"|08 06|";`, "ether.hdr", "eth.type"},
		{`detection_filter:track by_src, count 3, seconds 5, unique_on dst_port;`, "detection_filter", "distinct dst.port"},
		{`stream_size:client,>,1,2;`, "stream_size", "wants"},
		{`alert http any any -> any any (tls.store; sid:1;)`, "tls.store", "the rule is about http"},
		{`alert udp any any -> any any (tls.store; sid:1;)`, "tls.store", "the rule is about udp"},
		{`tls.store:all;`, "tls.store", "takes no value"},
		{`filestore:everything;`, "filestore", "neither a direction"},
		{`http.uri; dataset:isset,a,type string,load a b;`, "dataset", "unknown option"},
		{`dns.rcode:NXDOMAINS;`, "dns.rcode", "did you mean NXDOMAIN?"},
		{`sid:2;`, "sid", "two"},
	} {
		rules, skipped := load(t, c.rule, Options{ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }})
		if len(rules) != 0 || len(skipped) != 1 {
			t.Errorf("%s: %d rules, skipped %v", c.rule, len(rules), skipped)
			continue
		}
		if s := skipped[0]; s.Keyword != c.keyword || !strings.Contains(s.Why, c.why) {
			t.Errorf("%s: skipped as %q (%s), want %q (%s)", c.rule, s.Why, s.Keyword, c.why, c.keyword)
		}
	}
}

func TestTextAndPlaces(t *testing.T) {
	src := "# comment\n#alert tcp any any -> any any (sid:9;)\n#alert tcp any any -> any any ( \\\n  sid:8;)\n" +
		"alert tcp any any -> any any (msg:\"one\\; \\\"x\\\"\"; \\\r\n  content:\"a\"; \\\n  sid:1; rev:3; gid:2;)\n" +
		"  alert tcp any any -> any any (msg:\"two\"; bad_one; sid:2;)\n"
	rules, skipped := Load(testSchema(t), "f.rules", []byte(src), Options{})
	if len(rules) != 1 || len(skipped) != 1 {
		t.Fatalf("%d rules, skipped %v", len(rules), skipped)
	}
	r := rules[0]
	if r.ID != "2:1" || r.Msg != `one; "x"` || r.Rev != 3 || r.Pos.Line != 5 {
		t.Errorf("got %+v", r)
	}
	lit := r.When.(*ir.And).X[1].(*ir.Content).Items[0].(*ir.Lit)
	if lit.Pos.Line != 6 || lit.Pos.Col != 3 {
		t.Errorf("the content is at %+v, want 6:3", lit.Pos)
	}
	if p := skipped[0].Pos; p.Line != 8 || p.Col != 44 || skipped[0].SID != 2 {
		t.Errorf("skipped at %+v, want 8:44", skipped[0])
	}
}

func TestMeta(t *testing.T) {
	rules, _ := load(t, `reference:url,example.org/a; reference:cve,2020-1; classtype:trojan-activity; target:dest_ip;`+
		` metadata:mitre_technique_id T1071, tag x y; metadata:mitre_technique_id T1059_001, mitre_technique_id none; metadata:confidence High;`, Options{Classes: map[string]int{"trojan-activity": 1}})
	if len(rules) != 1 {
		t.Fatal("not loaded")
	}
	r := rules[0]
	if r.Priority != 1 || r.Target != "dest_ip" || len(r.References) != 2 || r.References[0] != (ir.KV{Key: "url", Value: "example.org/a"}) ||
		len(r.Metadata) != 5 || r.Metadata[1] != (ir.KV{Key: "tag", Value: "x y"}) || strings.Join(r.MITRE, " ") != "T1071 T1059.001" {
		t.Errorf("got %+v", r)
	}
}

// TestSameSID keeps the newest of rules with one SID, and both parts of one that was split.
func TestSameSID(t *testing.T) {
	rules, skipped := Load(testSchema(t), "f", []byte(`alert tcp any any -> any any (msg:"old"; sid:1; rev:1;)
alert http any any -> any any (http.header; content:"x"; sid:1; rev:2;)
alert tcp any any -> any any (sid:2;)`), Options{})
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "1 1.to_client 2" || len(skipped) != 1 || skipped[0].Pos.Line != 1 {
		t.Errorf("got %s, skipped %v", got, skipped)
	}
}

func TestLists(t *testing.T) {
	files := map[string]string{
		"lists/sums":  "d41d8cd98f00b204e9800998ecf8427e  empty\n# comment\n",
		"lists/names": "ZXhhbXBsZS5vcmc=\n",
		"lists/rep":   "ZXhhbXBsZS5vcmc=,100\nZXhhbXBsZS5jb20=,5\n",
		"lists/ips":   "192.0.2.1,100\n2001:db8::1,5\n",
	}
	opt := Options{Dir: "lists", Sets: map[string]Set{"declared": {Type: "string", File: "names"}, "grows": {Type: "md5", File: "absent", Save: "absent"}}, ReadFile: func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, os.ErrNotExist
	}}
	for _, c := range []struct{ rule, want string }{
		{`filemd5:sums;`, `tcp and file.md5 in strs1`},
		{`dns.query; dataset:isset,n,type string,load names;`, `tcp and any(dns.query: it in set n[1])`},
		{`dns.query; datarep:r,>,50,load rep,type string;`, `tcp and any(dns.query: it in strs1)`},
		{`http.host; dataset:isset,m,type string,load names;`, `http.host in set m[1]`},
		{`ip.src; datarep:a,>,50,load ips,type ip;`, `each: tcp and src.ip in set a>50[1]`},
		{`http.host; dataset:isset,declared;`, `http.host in set declared[1]`},
		{`http.host; dataset:isset,grows;`, `http.host in set grows[0]`},
		{`http.host; dataset:isnotset,s,type string,state absent.csv;`, `len(http.host)>0 and not http.host in set s[0]`},
	} {
		rules, skipped := load(t, c.rule, opt)
		if len(rules) != 1 || dumpRule(rules[0]) != c.want {
			t.Errorf("%s: %v, skipped %v, want %s", c.rule, rules, skipped, c.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		`alert tcp $HOME_NET any -> [1.2.3.4-1.2.3.9,!10.0.0.0/8] [80,!8080] (msg:"x"; content:"a|00|"; depth:5; pcre:"/a/R"; sid:1;)`,
		"alert http any any <> any any (http.header; content:\"h\"; \\\n byte_extract:1,0,l; isdataat:!l,relative; sid:2;)",
		`alert dns any any => any any (dns.query; to_md5; dataset:set,x,type md5; threshold:type both,track by_src,count 1,seconds 1; sid:3;)`,
		`alert tcp any any -> any any (flowint:a,+,1; flags:S+,12; ssl_state:!client_hello; entropy:value 1-2; base64_decode; base64_data; content:"x"; sid:4;)`,
	} {
		f.Add(s)
	}
	schema := testSchema(f)
	opt := Options{Workers: 1, ReadFile: func(string) ([]byte, error) { return []byte("aaaa,1\n"), nil }}
	f.Fuzz(func(t *testing.T, s string) {
		rules, skipped := Load(schema, "f.rules", []byte(s), opt)
		for _, r := range rules {
			if r.SID == 0 || r.ID == "" || r.When == nil && r.On == "" {
				t.Errorf("rule without identity or condition: %+v", r)
			}
			dumpRule(r)
		}
		for _, s := range skipped {
			if s.Why == "" || s.Pos.Line < 1 || s.Pos.Col < 1 {
				t.Errorf("skipped without reason or place: %+v", s)
			}
		}
	})
}

// BenchmarkLoad translates as many rules as a common rule set has.
func BenchmarkLoad(b *testing.B) {
	var src strings.Builder
	for i := range 17417 {
		fmt.Fprintf(&src, `alert http $EXTERNAL_NET any -> $HOME_NET any (msg:"TEST Something Number %d Inbound"; flow:established,to_server; content:"/script%d.php?"; nocase; http_uri; content:"id="; nocase; http_uri; pcre:"/id=[^&]*(UNION|SELECT)%d/Ui"; reference:url,example.org/advisories/%d; classtype:web-application-attack; sid:%d; rev:4; metadata:affected_product Web_Server, deployment Datacenter, signature_severity Major, created_at 2010_07_30, updated_at 2019_08_22;)`+"\n", i, i, i, i, 1000000+i)
	}
	schema := testSchema(b)
	text := []byte(src.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if rules, skipped := Load(schema, "b.rules", text, Options{Workers: 1}); len(rules) != 17417 || len(skipped) != 0 {
			b.Fatalf("%d rules, %d skipped", len(rules), len(skipped))
		}
	}
}
