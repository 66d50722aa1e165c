package suricata

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// keywordGroups are the keywords of Suricata 8, by the chapters of its manual.
var keywordGroups = []struct{ name, keywords string }{
	{"about the rule", "msg sid rev gid classtype reference priority metadata target requires noalert alert"},
	{"IP", "ttl ipopts sameip ip_proto ipv4.hdr ipv6.hdr id geoip fragbits fragoffset tos l3_proto ip.src ip.dst vlan.id vlan.layers"},
	{"TCP, UDP, ICMP", "seq ack window flags tcp.seq tcp.ack tcp.window tcp.flags tcp.mss tcp.wscale tcp.hdr udp.hdr itype icode icmp_id icmp_seq icmpv4.hdr icmpv6.hdr icmpv6.mtu"},
	{"checksums", "ipv4-csum tcpv4-csum tcpv6-csum udpv4-csum udpv6-csum icmpv4-csum icmpv6-csum"},
	{"payload", "content nocase depth offset distance within startswith endswith rawbytes isdataat absent bsize dsize byte_test byte_math byte_jump byte_extract entropy " +
		"rpc replace pcre asn1 pkt_data fast_pattern prefilter base64_decode base64_data"},
	{"transformations", "dotprefix domain tld strip_whitespace compress_whitespace to_lowercase to_uppercase to_md5 to_sha1 to_sha256 pcrexform url_decode xor " +
		"header_lowercase strip_pseudo_headers from_base64 luaxform gunzip zlib_deflate"},
	{"flow", "flow flowbits flowint stream_size flow.age flow.pkts flow.pkts_toclient flow.pkts_toserver flow.bytes flow.bytes_toclient flow.bytes_toserver flow.elephant xbits hostbits bypass"},
	{"HTTP", "http.accept http.accept_enc http.accept_lang http.host http.host.raw http.method http.referer http.request_body http.request_header http.request_line http.uri " +
		"http.uri.raw http.user_agent urilen http.location http.response_body http.response_header http.response_line http.server http.stat_code http.stat_msg http.connection " +
		"http.content_len http.content_type http.cookie http.header http.header.raw http.header_names http.protocol http.start uricontent http_uri http_raw_uri http_method " +
		"http_header http_raw_header http_cookie http_client_body http_server_body http_stat_code http_stat_msg http_user_agent http_host http_raw_host"},
	{"files", "file.data file.name file.magic filename fileext filemagic filestore filemd5 filesha1 filesha256 filesize"},
	{"DNS, mDNS", "dns.opcode dns.rcode dns.rrtype dns.query dns.queries.rrname dns.answers.rrname dns.authorities.rrname dns.additionals.rrname dns.response.rrname " +
		"mdns.queries.rrname mdns.answers.rrname mdns.authorities.rrname mdns.additionals.rrname mdns.response.rrname"},
	{"TLS", "tls.cert_subject tls.cert_issuer tls.cert_serial tls.cert_fingerprint tls.sni tls.subjectaltname tls.alpn tls_cert_notbefore tls_cert_notafter tls_cert_expired " +
		"tls_cert_valid tls.certs tls.version ssl_version tls.subject tls.issuerdn tls.fingerprint tls.store ssl_state tls.random tls.random_time tls.random_bytes tls.cert_chain_len " +
		"ja3.hash ja3.string ja3s.hash ja3s.string ja4.hash"},
	{"HTTP/2", "http2.frametype http2.errorcode http2.priority http2.window http2.size_update http2.settings http2.header_name http2.header"},
	{"SSH", "ssh.proto ssh.software ssh.protoversion ssh.softwareversion ssh.hassh ssh.hassh.string ssh.hassh.server ssh.hassh.server.string"},
	{"SMTP", "smtp.helo smtp.mail_from smtp.rcpt_to email.from email.subject email.to email.cc email.date email.message_id email.x_mailer email.url email.received"},
	{"FTP", "ftp.command ftp.command_data ftp.reply ftp.completion_code ftp.mode ftp.dynamic_port ftp.reply_received ftpdata_command ftpbounce"},
	{"SIP, SDP", "sip.method sip.uri sip.request_line sip.stat_code sip.stat_msg sip.response_line sip.protocol sip.from sip.to sip.via sip.user_agent sip.content_type " +
		"sip.content_length sdp.origin sdp.session_name sdp.session_info sdp.uri sdp.email sdp.phone_number sdp.connection_data sdp.bandwidth sdp.time sdp.repeat_time sdp.timezone " +
		"sdp.encryption_key sdp.attribute sdp.media.media sdp.media.media_info sdp.media.connection_data sdp.media.encryption_key"},
	{"MQTT", "mqtt.protocol_version mqtt.type mqtt.flags mqtt.qos mqtt.reason_code mqtt.connack.return_code mqtt.connack.session_present mqtt.connect.clientid mqtt.connect.flags " +
		"mqtt.connect.password mqtt.connect.protocol_string mqtt.connect.username mqtt.connect.willmessage mqtt.connect.willtopic mqtt.publish.message " +
		"mqtt.publish.topic mqtt.subscribe.topic mqtt.unsubscribe.topic"},
	{"WebSocket", "websocket.payload websocket.flags websocket.mask websocket.opcode"},
	{"RFB, SNMP", "rfb.name rfb.sectype rfb.secresult snmp.version snmp.community snmp.usm snmp.pdu_type snmp.trap_type snmp.trap_oid snmp.trap_address"},
	{"NTP", "ntp.version ntp.mode ntp.stratum ntp.reference_id"},
	{"SMB, DCERPC", "smb.named_pipe smb.share smb.ntlmssp_user smb.ntlmssp_domain smb.version dcerpc.iface dcerpc.opnum dcerpc.stub_data dce_iface dce_opnum dce_stub_data"},
	{"IKE", "ike.init_spi ike.resp_spi ike.chosen_sa_attribute ike.exchtype ike.vendor ike.key_exchange_payload ike.key_exchange_payload_length ike.nonce_payload " +
		"ike.nonce_payload_length"},
	{"Kerberos", "krb5_msg_type krb5.cname krb5_cname krb5.sname krb5_sname krb5_err_code krb5.ticket_encryption"},
	{"LDAP", "ldap.request.operation ldap.request.dn ldap.request.attribute_type ldap.responses.operation ldap.responses.count ldap.responses.dn ldap.responses.result_code " +
		"ldap.responses.message ldap.responses.attribute_type"},
	{"QUIC", "quic.version quic.sni quic.ua quic.cyu.hash quic.cyu.string ja3.hash ja3.string ja3s.hash ja3s.string ja4.hash"},
	{"PostgreSQL, NFS", "pgsql.query nfs_version nfs.version nfs_procedure rpc"},
	{"EtherNet/IP, CIP", "enip_command cip_service enip.status enip.protocol_version enip.cip_attribute enip.cip_instance enip.cip_class enip.cip_status enip.cip_extendedstatus " +
		"enip.revision enip.identity_status enip.state enip.serial enip.product_code enip.device_type enip.vendor_id enip.product_name enip.service_name enip.capabilities"},
	{"DNP3", "dnp3_func dnp3.func dnp3_ind dnp3.ind dnp3_obj dnp3.obj dnp3_data dnp3.data"},
	{"Modbus", "modbus"},
	{"other protocols", "dhcp.leasetime dhcp.rebinding_time dhcp.renewal_time " +
		"rpc"},
	{"lists", "dataset datarep iprep"},
	{"protocols, events, frames", "app-layer-protocol app-layer-event decode-event stream-event engine-event frame"},
	{"alerts, the engine", "threshold detection_filter tag config lua"},
}

// idle are keywords that are read and change nothing.
var idle = map[string]string{"prefilter": "it is decided here",
	"rawbytes": "contents are always raw"}

const keywordDoc = "../../docs/suricata-keywords.md"

// TestKeywordsAreInTheManual holds the list of keywords in docs to what the code understands: UPDATE=1 writes it.
func TestKeywordsAreInTheManual(t *testing.T) {
	schema := testSchema(t)
	var doc strings.Builder
	doc.WriteString("# Suricata's keywords\n\nWhich keywords of Suricata 8 are understood in rules of its syntax. A rule with another one is left out, with a warning that\n" +
		"gives this reason. [from-suricata.md](from-suricata.md) tells what differs. Written by the tests: UPDATE=1 go test ./lang/suricata -run Manual\n\n")
	doc.WriteString("Stages in headers (`http1:request_headers`) are those of http, dns, tls, ssh, smtp, ftp and sip, and `tcp:flow_start`; frames:\n\n| protocol | frames |\n|---|---|\n")
	for _, s := range schema.Specs {
		if len(s.Frames) > 0 {
			fmt.Fprintf(&doc, "| %s | `%s`, `stream` |\n", s.Name, strings.Join(s.Frames, "`, `"))
		}
	}
	doc.WriteString("\n| | understood | left out |\n|---|---|---|\n")
	for _, g := range keywordGroups {
		var yes, no []string
		for _, k := range strings.Fields(g.keywords) {
			why := Support(schema, k)
			switch {
			case why == "" && idle[k] != "":
				yes = append(yes, "`"+k+"` (read only: "+idle[k]+")")
			case why == "":
				yes = append(yes, "`"+k+"`")
			case len(no) > 0 && strings.HasPrefix(no[len(no)-1], why+": "):
				no[len(no)-1] += " `" + k + "`"
			default:
				no = append(no, why+": `"+k+"`")
			}
		}
		fmt.Fprintf(&doc, "| %s | %s | %s |\n", g.name, strings.Join(yes, " "), strings.Join(no, "; "))
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(keywordDoc, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(keywordDoc); err != nil || string(have) != doc.String() {
		t.Errorf("docs/suricata-keywords.md is not up to date: UPDATE=1 go test ./lang/suricata -run Manual (%v)", err)
	}
}
