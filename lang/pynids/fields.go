package pynids

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/lang/syntax"
)

// kind is what a field is, which says what operators mean on it.
type kind uint8

const (
	kindText     kind = iota
	kindName          // a host's name: compared in any case
	kindPayload       // the packet's own bytes
	kindInt           //
	kindFloat         //
	kindSeconds       // a duration
	kindAddr          // an address
	kindBool          //
	kindSuspect       // what PyNIDS's dissectors found suspicious
	kindProto         // the transport protocol
	kindTCPFlags      // Scapy's letters
	kindPart          // a part of the packet, which is there or not
)

// String says what the field is, for messages.
func (k kind) String() string {
	return [...]string{"a text", "a name", "bytes", "a number", "a number", "a number of seconds", "an address", "true or false", "true or false",
		"a protocol", "TCP flags", "a part of the packet"}[k]
}

// always says that a field is there at every packet.
const always = "-"

// field is one of PyNIDS's fields in our terms.
type field struct {
	kind kind
	// expr are .nids expressions for it: a test holds if it holds for one.
	expr []string
	// nums, if not nil, are the expressions for values that are numbers, of a field that may be either.
	nums []string
	// there is the condition that the field is there; "": exists(expr). always: it is.
	there string
	guard string // must hold too
	cond  string // kindSuspect: what makes it true
	// multi: the expression has many values. wasList: it is a list in PyNIDS too, of which contains asks for an element.
	multi, wasList bool
	spell          func(string) string // turns their spelling of a value into ours
	evidence       string              // what alerts show
}

// exprs are the expressions to test for a value.
func (f *field) exprs(v *yaml.Node) []string {
	if f.nums != nil && v != nil {
		first := v
		if v.Kind == yaml.SequenceNode && len(v.Content) > 0 {
			first = deref(v.Content[0])
		}
		if first.Tag == "!!int" {
			f.kind = kindInt
			return f.nums
		}
	}
	return f.expr
}

// fieldOf finds a field. The result is the caller's.
func fieldOf(name string) (*field, *problem) {
	if name == "" {
		return nil, &problem{at: "match", why: "a test without field:"}
	}
	if f, ok := fields[name]; ok {
		return &f, nil
	}
	for _, prefix := range []string{"layer7.http.headers.", "layer7.http.header."} {
		if h, ok := strings.CutPrefix(name, prefix); ok && headerName.MatchString(h) {
			x := "http.request.headers[" + syntax.Quote(h) + "]"
			return &field{kind: kindText, expr: []string{x}, evidence: x}, nil
		}
	}
	var known []string
	for k := range fields {
		known = append(known, k)
	}
	slices.Sort(known)
	return nil, &problem{at: name, why: "unknown field" + hint(name, known)}
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func text(x string) field { return field{kind: kindText, expr: []string{x}, evidence: x} }
func host(x string) field { return field{kind: kindName, expr: []string{x}, evidence: x} }
func number(x string) field {
	return field{kind: kindInt, expr: []string{x}, evidence: x}
}
func icmp(x string) field  { return field{kind: kindInt, expr: []string{x}, guard: "icmpv4"} }
func many(f field) field   { f.multi = true; return f }
func packet(f field) field { f.evidence = ""; return f }

func suspect(cond, there, evidence string) field {
	return field{kind: kindSuspect, expr: []string{there}, cond: cond, there: "exists(" + there + ")", evidence: evidence}
}

var (
	payload = field{kind: kindPayload, expr: []string{"payload"}, there: "payload.len > 0"}
	flags   = field{kind: kindTCPFlags, expr: []string{"tcp.flags"}, there: "tcp"}
	proto   = field{kind: kindProto, expr: []string{"ip.proto"}, there: always}
	length  = field{kind: kindInt, expr: []string{"packet.len"}, there: always}
	seconds = field{kind: kindSeconds, expr: []string{"flow.age"}}
	tlsVers = field{kind: kindText, expr: []string{"tls.version", "tls.client.version"}, nums: []string{"tls.version.number", "tls.client.version.number"},
		spell: tlsVersion, evidence: "tls.client.version"}
	dnsType = field{kind: kindText, expr: []string{"dns.qtype"}, nums: []string{"dns.rrtype"}, multi: true, spell: strings.ToUpper, evidence: "dns.qtype"}
	dnsCode = field{kind: kindText, expr: []string{"dns.rcode.name"}, nums: []string{"dns.rcode"}, spell: strings.ToUpper, evidence: "dns.rcode.name"}
	dnsName = many(host("dns.rrname"))
	answers = field{kind: kindText, expr: []string{"dns.answers.rdata"}, multi: true, wasList: true, evidence: "dns.answers.rdata"}
	entropy = field{kind: kindFloat, expr: []string{"entropy(dns.rrname)"}, there: "exists(dns.rrname)", multi: true, evidence: "dns.rrname"}
	body    = field{kind: kindText, expr: []string{"http.request_body", "http.response_body"}}
	rcpt    = field{kind: kindText, expr: []string{"smtp.rcpt_to"}, multi: true, wasList: true, evidence: "smtp.rcpt_to"}
	alpn    = field{kind: kindText, expr: []string{"tls.client.alpn"}, multi: true, wasList: true, evidence: "tls.client.alpn"}
	ciphers = field{kind: kindInt, expr: []string{"tls.ciphers"}, multi: true, wasList: true}
)

func tlsVersion(s string) string {
	switch v := strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(s), "TLS"), " V_"); v {
	case "1.0", "1":
		return "TLSv1"
	case "1.1", "1.2", "1.3":
		return "TLS " + v
	}
	return s
}

// fields are PyNIDS's, with the other names that its packets' entries go by.
var fields = map[string]field{
	"protocol": proto, "proto": proto,
	"src_ip": {kind: kindAddr, expr: []string{"src.ip"}}, "dst_ip": {kind: kindAddr, expr: []string{"dst.ip"}},
	"src_port": packet(number("src.port")), "dst_port": packet(number("dst.port")),
	"sport": packet(number("src.port")), "dport": packet(number("dst.port")),
	"src_mac": {kind: kindName, expr: []string{"eth.src"}}, "dst_mac": {kind: kindName, expr: []string{"eth.dst"}},
	"payload": payload, "raw_payload": payload, "payload_bytes": payload, "raw": payload,
	"payload_len": packet(number("payload.len")), "payload_length": packet(number("payload.len")), "payload_size": packet(number("payload.len")),
	"length": length, "packet_len": length, "packet_length": length, "packet_size": length, "size": length, "len": length,
	"ttl": packet(number("ip.ttl")), "ip_ttl": packet(number("ip.ttl")), "tos": packet(number("ip.tos")), "ip_id": packet(number("ip.id")),
	"ip_version": packet(number("ip.version")), "window": packet(number("tcp.window")), "tcp_window": packet(number("tcp.window")),
	"flags": flags, "tcp_flags": flags, "icmp_type": icmp("icmp.type"), "icmp_code": icmp("icmp.code"),
	"vlan": packet(many(number("vlan.id"))), "vlan_id": packet(many(number("vlan.id"))),

	"flow.packets": number("flow.packets"), "flow.packet_count": number("flow.packets"), "flow.bytes": number("flow.bytes"),
	"flow.byte_count": number("flow.bytes"), "flow.duration": seconds,
	"flow.bytes_to_server": number("flow.bytes_to_server"), "flow.bytes_to_client": number("flow.bytes_to_client"),

	"layer7.http.uri": text("http.uri"), "layer7.http.path": text("http.path"), "layer7.http.query": text("http.query"),
	"layer7.http.raw_uri": text("http.uri.raw"), "layer7.http.method": text("http.method"), "layer7.http.host": host("http.host"),
	"layer7.http.user_agent": text("http.user_agent"), "layer7.http.referer": text("http.referer"), "layer7.http.cookie": text("http.request.cookie"),
	"layer7.http.version": text("http.version"), "layer7.http.content_type": text("http.content_type"),
	"layer7.http.content_length": number("http.request.content_length"), "layer7.http.authorization": text("http.authorization"),
	"layer7.http.status": number("http.stat_code"), "layer7.http.status_code": number("http.stat_code"), "layer7.http.server": text("http.server"),
	"layer7.http.reason": text("http.stat_msg"), "layer7.http.location": text("http.location"),
	"layer7.http.body": body, "layer7.http.request_body": packet(text("http.request_body")), "layer7.http.response_body": packet(text("http.response_body")),
	"layer7.http.sqli_suspect":           suspect(sqli, "http.uri", "http.uri"),
	"layer7.http.xss_suspect":            suspect(xss, "http.uri", "http.uri"),
	"layer7.http.path_traversal_suspect": suspect(traversal, "http.uri.raw", "http.uri.raw"),
	"layer7.http.scanner_ua":             suspect(scanner, "http.user_agent", "http.user_agent"),

	"layer7.dns.query_name": dnsName, "layer7.dns.qname": dnsName, "layer7.dns.query_type": dnsType, "layer7.dns.qtype": dnsType,
	"layer7.dns.name_entropy": entropy, "layer7.dns.rcode": dnsCode, "layer7.dns.response_code": dnsCode, "layer7.dns.answers": answers,
	"layer7.dns.is_response":  {kind: kindBool, expr: []string{"dns.flags.qr"}, evidence: "dns.rrname"},
	"layer7.dns.answer_count": number("dns.answers.count"), "layer7.dns.num_answers": number("dns.answers.count"),
	"layer7.dns.transaction_id": number("dns.id"), "layer7.dns.id": number("dns.id"),
	"layer7.dns.name_length": {kind: kindInt, expr: []string{"dns.query.len"}, multi: true, evidence: "dns.rrname"},

	"layer7.tls.sni": host("tls.sni"), "layer7.tls.ja3": text("ja3.hash"), "layer7.tls.ja3_hash": text("ja3.hash"), "layer7.tls.ja3_string": text("ja3.string"),
	"layer7.tls.ja3s": text("ja3s.hash"), "layer7.tls.ja4": text("ja4.hash"), "layer7.tls.version": tlsVers, "layer7.tls.alpn": alpn,
	"layer7.tls.cipher_suites": ciphers, "layer7.tls.ciphers": ciphers, "layer7.tls.subject": text("tls.subject"), "layer7.tls.issuer": text("tls.issuer"),
	"layer7.tls.self_signed": {kind: kindBool, expr: []string{"tls.self_signed"}, evidence: "tls.subject"},

	"layer7.ssh.software": text("ssh.software"), "layer7.ssh.banner": text("ssh.banner"), "layer7.ssh.protocol": text("ssh.proto"),
	"layer7.ssh.version": text("ssh.proto"), "layer7.ssh.proto_version": text("ssh.proto"),

	"layer7.smtp.command": text("smtp.command.name"), "layer7.smtp.mail_from": text("smtp.mail_from"), "layer7.smtp.from": text("smtp.mail_from"),
	"layer7.smtp.rcpt_to": rcpt, "layer7.smtp.to": rcpt, "layer7.smtp.helo": text("smtp.helo"), "layer7.smtp.banner": text("smtp.banner"),
	"layer7.smtp.response_code": number("smtp.reply.code"), "layer7.smtp.reply_code": number("smtp.reply.code"),
	"layer7.smtp.subject": text("email.subject.text"),

	"layer7.protocol": {kind: kindProto, expr: []string{"flow.app"}}, "layer7.http": present("http.method"), "layer7.dns": present("dns.id"),
	"layer7.tls": present("tls.client.version"), "layer7.ssh": present("ssh.banner"), "layer7.smtp": present("smtp.command.name"),
}

// present is a part of a packet that a rule can only ask to be there.
func present(x string) field { return field{kind: kindPart, expr: []string{x}} }
