package check

import (
	"slices"
	"strings"
)

// foreign says how what others call so is written here: keywords of Suricata that are no fields, fields of Zeek's logs, of Wireshark's
// display filters, of ECS and Sigma. Names that are like ours are found without it. Keys are in small letters.
var foreign = map[string]string{
	// Suricata and Snort
	"dsize": "payload.len", "content": `payload contains "text"`, "uricontent": `http.uri contains "text"`, "pkt_data": "payload", "isdataat": "payload has [isdataat 10]",
	"byte_test": "payload has [u16be 4 > 512]", "pcre": "payload ~ /pattern/i", "urilen": "len(http.uri)", "bsize": "len(field)", "ttl": "ip.ttl", "tos": "ip.tos",
	"fragbits": "ip.df, ip.mf or ip.flags", "fragoffset": "ip.frag_offset", "ipopts": `ip.opts == "rr"`, "flags": "tcp.syn, tcp.ack_flag... or tcp.flags & 0x12 == 0x02",
	"itype": "icmp.type", "icode": "icmp.code", "icmp_id": "icmp.id", "icmp_seq": "icmp.seq", "sameip": "src.ip == dst.ip", "seq": "tcp.seq", "window": "tcp.window",
	"flow.established": "established", "flow.to_server": "to_server", "flow.to_client": "to_client", "from_server": "to_client", "from_client": "to_server",
	"flowbits": `flow.flag("name")`, "flowint": `flow.counter("name")`, "xbits": `host.flag("name", src.ip)`, "hostbits": `host.flag("name", src.ip)`,
	"stream_size": "flow.payload_to_server or flow.payload_to_client", "iprep": `reputation(src.ip, "category")`, "app-layer-protocol": `flow.app == "http"`,
	"app_proto": `flow.app == "http"`, "app-layer-event": `anomaly.event == "http.missing_host_header"`, "decode-event": `anomaly.event == "decoder.ipv4.pkt_too_small"`,
	"stream-event": `anomaly.event == "stream.pkt_invalid_ack"`, "alert.signature": "rule(ID) as a step of a sequence", "ja3_hash": "ja3.hash",
	"alert.signature_id": "rule(ID) as a step of a sequence", "proto_name": "proto", "ip_proto": "ip.proto, or proto by name", "geoip": `geo.src.country == "DE"`,
	// Zeek
	"id.orig_h": "client.ip", "id.orig_p": "client.port", "id.resp_h": "server.ip", "id.resp_p": "server.port", "orig_h": "client.ip", "orig_p": "client.port",
	"resp_h": "server.ip", "resp_p": "server.port", "uid": "flow.id", "conn.uid": "flow.id", "service": `flow.app == "http"`, "conn.service": `flow.app == "http"`,
	"conn_state": "flow.state", "conn.conn_state": "flow.state", "conn.state": "flow.state", "duration": "flow.age > 60s", "conn.duration": "flow.age > 60s", "conn.proto": "proto",
	"orig_bytes": "flow.payload_to_server", "conn.orig_bytes": "flow.payload_to_server", "resp_bytes": "flow.payload_to_client", "conn.resp_bytes": "flow.payload_to_client",
	"orig_pkts": "flow.packets_to_server", "conn.orig_pkts": "flow.packets_to_server", "resp_pkts": "flow.packets_to_client", "conn.resp_pkts": "flow.packets_to_client",
	"conn.orig_ip_bytes": "flow.bytes_to_server", "conn.resp_ip_bytes": "flow.bytes_to_client", "local_orig": "private(client.ip)", "conn.local_orig": "private(client.ip)",
	"local_resp": "private(server.ip)", "conn.local_resp": "private(server.ip)", "dns.qtype_name": "dns.qtype", "dns.rcode_name": "dns.rcode.name",
	"server_name": "tls.sni", "ssl.server_name": "tls.sni", "ssl.version": "tls.version", "ssl.cipher": "tls.cipher", "ssl.subject": "tls.subject", "ssl.issuer": "tls.issuer",
	"ssl.ja3": "ja3.hash", "ssl.ja3s": "ja3s.hash", "x509.certificate.subject": "tls.subject", "x509.certificate.issuer": "tls.issuer", "mime_type": "file.mime",
	"files.mime_type": "file.mime", "files.md5": "file.md5", "files.sha1": "file.sha1", "files.sha256": "file.sha256", "files.filename": "file.name", "files.total_bytes": "file.size",
	"smtp.subject": "email.subject", "smtp.from": "email.from", "smtp.to": "email.to", "http.resp_mime_types": "http.content_type", "http.response_body_len": "http.response_len",
	"http.request_body_len": "http.request_len", "ssh.auth_success": "the event ssh.auth.success", "ssh.client": "ssh.client.software",
	// Wireshark
	"tcp.dstport": "dst.port", "udp.dstport": "dst.port", "tcp.srcport": "src.port", "udp.srcport": "src.port", "tcp.port": "src.port == 80 or dst.port == 80",
	"udp.port": "src.port == 53 or dst.port == 53", "ip.addr": "src.ip in 10.0.0.0/8 or dst.ip in 10.0.0.0/8", "ipv6.src": "src.ip", "ipv6.dst": "dst.ip",
	"http.request.method": "http.method", "http.headers": `http.request.headers["Name"]`, "http.request.header": `http.request.headers["Name"]`, "http.response.header": `http.response.headers["Name"]`, "http.request.uri": "http.uri", "http.request.full_uri": "http.host and http.uri", "http.request.version": "http.protocol",
	"http.response.code": "http.stat_code", "http.file_data": "http.response_body", "dns.qry.name": "dns.query", "dns.qry.type": `dns.qtype == "A", or dns.rrtype == 1`,
	"dns.resp.name": "dns.answers.rrname", "dns.a": "dns.answers.ip", "dns.aaaa": "dns.answers.ip", "dns.flags.response": "dns.response as the event: on dns.response",
	"tls.handshake.extensions_server_name": "tls.sni", "ssl.handshake.extensions_server_name": "tls.sni", "tls.handshake.ja3": "ja3.hash", "tls.handshake.ciphersuite": "tls.ciphers",
	"frame.len": "packet.len", "frame.number": "packet.num", "frame.time": "packet.time", "tcp.flags.syn": "tcp.syn", "tcp.flags.ack": "tcp.ack_flag", "tcp.flags.fin": "tcp.fin",
	"tcp.flags.reset": "tcp.rst", "tcp.flags.push": "tcp.psh", "tcp.flags.urg": "tcp.urg", "tcp.len": "payload.len", "tcp.payload": "payload", "udp.payload": "payload",
	"data.data": "payload", "data": "payload", "udp.length": "udp.len", "tcp.window_size": "tcp.window", "tcp.window_size_value": "tcp.window", "tcp.stream": "flow.id",
	"ip.dsfield": "ip.tos", "eth.addr": "eth.src or eth.dst", "smb2.filename": "smb.filename",
	// ECS, Sigma, and what is often guessed
	"source.ip": "src.ip", "destination.ip": "dst.ip", "source.port": "src.port", "destination.port": "dst.port", "dest.ip": "dst.ip", "dest.port": "dst.port",
	"src": "src.ip", "dst": "dst.ip", "srcip": "src.ip", "dstip": "dst.ip", "src_ip": "src.ip", "dst_ip": "dst.ip", "dest_ip": "dst.ip", "source_ip": "src.ip", "destination_ip": "dst.ip",
	"sport": "src.port", "dport": "dst.port", "src_port": "src.port", "dst_port": "dst.port", "dest_port": "dst.port", "destinationport": "dst.port", "sourceport": "src.port",
	"destinationip": "dst.ip", "sourceip": "src.ip", "c-uri": "http.uri", "c-useragent": "http.user_agent", "cs-user-agent": "http.user_agent", "cs-method": "http.method",
	"cs-host": "http.host", "cs-uri-stem": "http.path", "cs-uri-query": "http.query", "cs-referer": "http.referer", "sc-status": "http.stat_code", "url.path": "http.path",
	"url.query": "http.query", "user_agent.original": "http.user_agent", "http.request.body.content": "http.request_body", "http.response.status_code": "http.stat_code",
	"dns.question.name": "dns.query", "dns.question.type": "dns.qtype", "tls.client.server_name": "tls.sni", "network.protocol": "flow.app", "network.transport": "proto",
	"queryname": "dns.query", "record_type": "dns.qtype", "protocol": "proto, or flow.app for what it carries",
}

// foreignFuncs does so for functions.
var foreignFuncs = map[string]string{
	"length": "len(x)", "strlen": "len(x)", "size": "len(x)", "tolower": "lower(x)", "lowercase": "lower(x)", "to_lowercase": "lower(x)", "toupper": "upper(x)", "uppercase": "upper(x)",
	"to_uppercase": "upper(x)", "contains": `x contains "text"`, "startswith": `x startswith "text"`, "endswith": `x endswith "text"`, "regex": "x ~ /pattern/", "match": "x ~ /pattern/",
	"matches": "x ~ /pattern/", "re.match": "x ~ /pattern/", "pcrexform": "capture(x, /(pattern)/)", "base64_decode": "base64(x)", "b64decode": "base64(x)", "urldecode": "url_decode(x)",
	"to_url_decode": "url_decode(x)", "cidr": "src.ip in 10.0.0.0/8", "cidrmatch": "src.ip in 10.0.0.0/8", "in_cidr": "src.ip in 10.0.0.0/8", "in_subnet": "src.ip in 10.0.0.0/8",
	"is_private": "private(ip)", "is_local": "private(ip)", "strip": "trim(x)", "split": "before(x, mark) or after(x, mark)", "int": "to_int(x)", "atoi": "to_int(x)", "str": "texts of numbers are not needed: compare numbers",
	"flowbits": `flow.flag("name")`, "isset": `flow.flag("name")`, "flowbit": `flow.flag("name")`, "flow.flags": `flow.flag("name")`, "host.flags": `host.flag("name", src.ip)`, "isnull": "not exists(x)",
	"is_null": "not exists(x)", "defined": "exists(x)", "present": "exists(x)", "absent": "not exists(x)", "has": `x has ["text"]`, "substring": "substr(x, from, n)", "concatenate": "concat(a, b)",
	"any": "any(field: condition)", "hash": "sha256(x)",
}

// written says how what others call so is written here, "" for names that are not known.
func written(of map[string]string, name string) string {
	return of[strings.ToLower(name)]
}

// usualLet gives an example of the value of a variable that rules of Suricata have, "" for other names: here they are lets that a file
// has to declare.
func usualLet(name string) string {
	switch {
	case strings.ToUpper(name) != name:
		return ""
	case name == "EXTERNAL_NET":
		return "{!10.0.0.0/8, !172.16.0.0/12, !192.168.0.0/16}"
	case name == "HOME", strings.HasSuffix(name, "_NET"), strings.HasSuffix(name, "_SERVERS"), strings.HasSuffix(name, "_CLIENT"), strings.HasSuffix(name, "_SERVER"):
		return "{10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16}"
	case strings.HasSuffix(name, "_PORTS"):
		return "{80, 8080, 8000..8010}"
	}
	return ""
}

// letLike tells whether a let is among what may have been meant.
func (c *checker) letLike(near []string) bool {
	return slices.ContainsFunc(near, func(name string) bool { return c.scope.lets[name] != nil })
}
