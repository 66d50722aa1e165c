package suricata

import (
	"strings"

	"github.com/luanids/luanids/dissect"
)

// payloadBuffer is where contents go that no buffer is named for.
var payloadBuffer = &buffer{name: "payload", ts: "payload", tc: "payload"}

// fileBuffer is content of files, of any protocol; in HTTP responses it is the body (see finish).
var fileBuffer = &buffer{name: "file.data", ts: "file.data", tc: "file.data", files: true}

var (
	uriBuffer    = &buffer{name: "http.uri", ts: "http.uri"}
	rawURIBuffer = &buffer{name: "http.uri.raw", ts: "http.uri.raw"}
	// magicBuffer is libmagic's description of a file: see knownMagic.
	magicBuffer    = &buffer{name: "file.magic", ts: "file.magic", tc: "file.magic", files: true}
	fileNameBuffer = &buffer{name: "file.name", ts: "file.name", tc: "file.name", files: true}
)

// stickyBuffers are the sticky buffers whose fields go by other names than the keywords, or whose
// directions do not follow from the field's event. All others are found by bufferOf.
var stickyBuffers = func() map[string]*buffer {
	m := map[string]*buffer{}
	for _, b := range []*buffer{
		uriBuffer, rawURIBuffer,
		{name: "http.method", ts: "http.method"},
		{name: "http.request_line", ts: "http.request_line"},
		{name: "http.request_body", ts: "http.request_body"},
		{name: "http.user_agent", ts: "http.user_agent"},
		{name: "http.host", ts: "http.host", lower: true},
		{name: "http.host.raw", ts: "http.host.raw"},
		{name: "http.header", ts: "http.request.headers", tc: "http.response.headers"},
		{name: "http.header.raw", ts: "http.request.headers.raw", tc: "http.response.headers.raw"},
		{name: "http.header_names", ts: "http.request.header_names", tc: "http.response.header_names"},
		{name: "http.cookie", ts: "http.request.cookie", tc: "http.response.cookie"},
		{name: "http.content_type", ts: "http.request.content_type", tc: "http.response.content_type"},
		{name: "http.content_len", ts: "http.request.content_len", tc: "http.response.content_len"},
		{name: "http.connection", ts: "http.request.connection", tc: "http.response.connection"},
		{name: "http.protocol", ts: "http.version", tc: "http.response.protocol"},
		{name: "http.start", ts: "http.request.start", tc: "http.response.start"},
		{name: "http.stat_code", tc: "http.stat_code.text"},
		{name: "http.stat_msg", tc: "http.stat_msg"},
		{name: "http.response_line", tc: "http.response_line"},
		{name: "http.response_body", tc: "http.response_body"},
		{name: "smtp.helo", ts: "smtp.tx.helo"}, // once a transaction, however often it was said
		{name: "dns.query", ts: "dns.query", filled: true},
		{name: "dns.queries.rrname", ts: "dns.rrname", tc: "dns.rrname", filled: true},
		{name: "dns.query.name", ts: "dns.rrname", tc: "dns.rrname", filled: true}, // as they were called before 8.0.0
		{name: "dns.answer.name", ts: "dns.answers.rrname", tc: "dns.answers.rrname", filled: true},
		{name: "tls.subjectaltname", tc: "tls.san"},
		{name: "ike.init_spi", ts: "ike.init_spi"},
		{name: "ike.resp_spi", tc: "ike.resp_spi"},
		{name: "ike.vendor", ts: "ike.vendor"},
		fileBuffer, fileNameBuffer, magicBuffer,
		{name: "tcp.hdr", ts: "tcp.hdr", tc: "tcp.hdr", packet: true},
		{name: "udp.hdr", ts: "udp.hdr", tc: "udp.hdr", packet: true},
		{name: "ipv4.hdr", ts: "ipv4.hdr", tc: "ipv4.hdr", packet: true},
		{name: "ipv6.hdr", ts: "ipv6.hdr", tc: "ipv6.hdr", packet: true},
		{name: "icmpv4.hdr", ts: "icmpv4.hdr", tc: "icmpv4.hdr", packet: true},
		{name: "icmpv6.hdr", ts: "icmpv6.hdr", tc: "icmpv6.hdr", packet: true},
		{name: "ip.src", ts: "src.ip", tc: "src.ip", always: true},
		{name: "ip.dst", ts: "dst.ip", tc: "dst.ip", always: true},
	} {
		m[b.name] = b
	}
	return m
}()

// filledBuffers are those made by bufferOf whose empty values are none: a name that is the root's has no buffer, nor has a text that was left out.
var filledBuffers = map[string]bool{
	"dns.answers.rrname": true, "dns.authorities.rrname": true, "dns.additionals.rrname": true, "dns.response.rrname": true,
	"mdns.rrname": true, "mdns.answers.rrname": true, "mdns.authorities.rrname": true, "mdns.additionals.rrname": true, "mdns.response.rrname": true,
	"mqtt.connect.clientid": true, "mqtt.connect.username": true, "mqtt.connect.password": true, "mqtt.connect.protocol_string": true,
	"mqtt.connect.willtopic": true, "mqtt.connect.willmessage": true, "mqtt.publish.topic": true, "mqtt.publish.message": true,
}

// oldBuffers are older names of sticky buffers.
var oldBuffers = map[string]string{
	"file_data": "file.data", "dns_query": "dns.query", "tls_sni": "tls.sni", "tls_cert_subject": "tls.cert_subject",
	"tls_cert_issuer": "tls.cert_issuer", "tls_cert_serial": "tls.cert_serial", "tls_cert_fingerprint": "tls.cert_fingerprint",
	"ja3_hash": "ja3.hash", "ja3_string": "ja3.string", "ssh_proto": "ssh.proto", "ssh_software": "ssh.software",
	"ssh-hassh": "ssh.hassh", "ssh-hassh-string": "ssh.hassh.string", "ssh-hassh-server": "ssh.hassh.server",
	"ssh-hassh-server-string": "ssh.hassh.server.string",
	"http_accept":             "http.accept", "http_accept_enc": "http.accept_enc", "http_accept_lang": "http.accept_lang",
	"http_connection": "http.connection", "http_content_len": "http.content_len", "http_content_type": "http.content_type",
	"http_header_names": "http.header_names", "http_protocol": "http.protocol", "http_referer": "http.referer",
	"http_request_line": "http.request_line", "http_response_line": "http.response_line", "http_start": "http.start",
	"dce_stub_data": "dcerpc.stub_data", "sip_method": "sip.method",
	"nfs_version": "nfs.version", "nfs_procedure": "nfs.procedure",
}

// oldModifiers are the keywords that give the content before them a buffer.
var oldModifiers = map[string]string{
	"http_uri": "http.uri", "http_raw_uri": "http.uri.raw", "http_method": "http.method", "http_header": "http.header",
	"http_raw_header": "http.header.raw", "http_cookie": "http.cookie", "http_client_body": "http.request_body",
	"http_server_body": "http.response_body", "http_stat_code": "http.stat_code", "http_stat_msg": "http.stat_msg",
	"http_user_agent": "http.user_agent", "http_host": "http.host", "http_raw_host": "http.host.raw",
}

// pcreBuffers are the letters that name a buffer in the flags of pcre.
var pcreBuffers = map[string]*buffer{
	"U": uriBuffer, "I": rawURIBuffer, "P": stickyBuffers["http.request_body"], "Q": stickyBuffers["http.response_body"],
	"H": stickyBuffers["http.header"], "D": stickyBuffers["http.header.raw"], "M": stickyBuffers["http.method"],
	"C": stickyBuffers["http.cookie"], "S": stickyBuffers["http.stat_code"], "Y": stickyBuffers["http.stat_msg"],
	"V": stickyBuffers["http.user_agent"], "W": stickyBuffers["http.host"], "Z": stickyBuffers["http.host.raw"],
}

// protocolOf says for the first part of a keyword which protocol's it is.
var protocolOf = map[string]string{
	"http": "http", "http2": "http2", "dns": "dns", "mdns": "mdns", "tls": "tls", "ssl": "tls", "ja3": "tls", "ja3s": "tls", "ja4": "tls",
	"ssh": "ssh", "smtp": "smtp", "email": "smtp", "ftp": "ftp", "ftpdata": "ftp-data", "smb": "smb", "dce": "dcerpc", "dcerpc": "dcerpc",
	"mqtt": "mqtt", "sip": "sip", "sdp": "sip", "krb5": "krb5", "nfs": "nfs", "snmp": "snmp", "rfb": "rfb", "ike": "ike", "dhcp": "dhcp",
	"ldap": "ldap", "modbus": "modbus", "dnp3": "dnp3", "enip": "enip", "cip": "enip", "quic": "quic", "websocket": "websocket",
	"pgsql": "pgsql", "rdp": "rdp", "tftp": "tftp", "template": "template", "bittorrent": "bittorrent-dht", "pop3": "pop3", "imap": "imap",
	"ntp": "ntp", "telnet": "telnet",
}

// buffer finds a sticky buffer by its keyword, of which fields are known.
func (l *loader) buffer(name string) (*buffer, *problem) {
	b := stickyBuffers[name]
	if b == nil {
		return nil, nil
	}
	for _, field := range []string{b.ts, b.tc} {
		if field != "" && l.schema.Field(field) == nil {
			return nil, fail("the engine has no field %s", field)
		}
	}
	return b, nil
}

// bufferOf makes the buffer of a keyword that is a field's name: it exists in the direction of
// the field's event.
func (l *loader) bufferOf(f *dissect.Field) *buffer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.bufs[f]; b != nil {
		return b
	}
	b := &buffer{name: f.Name, filled: filledBuffers[f.Name]}
	l.bufs[f] = b
	d := eventDirs(l.schema, f)
	if d&toServer != 0 || d == 0 {
		b.ts = f.Name
	}
	if d&toClient != 0 || d == 0 {
		b.tc = f.Name
	}
	b.files = strings.HasPrefix(f.Event, "file")
	b.packet, b.always = f.Event == "packet", f.Event == ""
	return b
}

// eventDirs are the directions in which a field can be known; 0: both.
func eventDirs(s *dissect.Schema, f *dissect.Field) dirs {
	id, ok := s.EventByName(f.Event)
	if !ok || s.Events[id].Any {
		return 0
	}
	return 1 << s.Events[id].Dir
}

// specOf is the protocol that a field belongs to; nil for fields of packets, flows and files.
func specOf(s *dissect.Schema, f *dissect.Field) *dissect.Spec {
	if id, ok := s.EventByName(f.Event); ok {
		return s.Events[id].Spec
	}
	return nil
}
