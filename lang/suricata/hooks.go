package suricata

import (
	"slices"
	"sort"
	"strings"
)

// hook is a stage of a protocol at which a rule is to be judged, as its header names it (http1:request_headers): the event of ours
// that stands for it, and the direction.
type hook struct {
	event string
	dir   dirs
}

// hooks are the stages by protocol and Suricata's name. Stages that end at the same event here have the same: one that
// "is in progress" begins with the first event of its direction.
var hooks = map[string]map[string]hook{
	"http": {
		"request_started": {"http.request_line", toServer}, "request_line": {"http.request_line", toServer},
		"request_headers": {"http.request", toServer}, "request_body": {"http.request_body", toServer},
		"request_trailer": {"http.request_done", toServer}, "request_complete": {"http.request_done", toServer},
		"response_started": {"http.response_line", toClient}, "response_line": {"http.response_line", toClient},
		"response_headers": {"http.response", toClient}, "response_body": {"http.response_body", toClient},
		"response_trailer": {"http.response_done", toClient}, "response_complete": {"http.response_done", toClient},
	},
	"http2": {
		"request_started": {"http.request_line", toServer}, "request_complete": {"http.request_done", toServer},
		"response_started": {"http.response_line", toClient}, "response_complete": {"http.response_done", toClient},
	},
	"dns": {
		"request_started": {"dns.request", toServer}, "request_complete": {"dns.request", toServer},
		"response_started": {"dns.response", toClient}, "response_complete": {"dns.response", toClient},
	},
	"tls": {
		"client_in_progress": {"tls.client_hello", toServer}, "client_started": {"tls.client_hello", toServer},
		"client_hello": {"tls.client_hello", toServer}, "client_hello_done": {"tls.client_hello", toServer},
		"client_cert_done": {"tls.certificate", toServer}, "client_handshake_done": {"tls.established", 0}, "client_finished": {"tls.established", 0},
		"server_in_progress": {"tls.server_hello", toClient}, "server_started": {"tls.server_hello", toClient},
		"server_hello":     {"tls.server_hello", toClient},
		"server_cert":      {"tls.certificate", toClient},
		"server_cert_done": {"tls.certificate", toClient}, "server_hello_done": {"tls.handshake", toClient},
		"server_handshake_done": {"tls.handshake", toClient}, "server_finished": {"tls.handshake", toClient},
	},
	"ssh": {
		"request_in_progress": {"ssh.client_banner", toServer}, "request_banner_wait_eol": {"ssh.client_banner", toServer},
		"request_banner_done": {"ssh.client_banner", toServer}, "request_finished": {"ssh.client_kex", toServer},
		"response_in_progress": {"ssh.server_banner", toClient}, "response_banner_wait_eol": {"ssh.server_banner", toClient},
		"response_banner_done": {"ssh.server_banner", toClient}, "response_finished": {"ssh.server_kex", toClient},
	},
	"smtp": {
		"request_started": {"smtp.command", toServer}, "request_complete": {"smtp.tx", 0},
		"response_started": {"smtp.reply", toClient}, "response_complete": {"smtp.tx", 0},
	},
	"ftp": {
		"request_started": {"ftp.request", toServer}, "request_complete": {"ftp.request", toServer},
		"response_started": {"ftp.tx", toClient}, "response_complete": {"ftp.tx", toClient},
	},
	"mqtt": {
		"request_started": {"mqtt.message", toServer}, "request_complete": {"mqtt.tx", toServer},
		"response_started": {"mqtt.message", toClient}, "response_complete": {"mqtt.tx", toClient},
	},
	"ike": {
		"request_started": {"ike.message", toServer}, "request_complete": {"ike.message", toServer},
		"response_started": {"ike.message", toClient}, "response_complete": {"ike.message", toClient},
	},
	"bittorrent-dht": {
		"request_started": {"bittorrent_dht.message", toServer}, "request_complete": {"bittorrent_dht.message", toServer},
		"response_started": {"bittorrent_dht.message", toClient}, "response_complete": {"bittorrent_dht.message", toClient},
	},
	"krb5": {
		"request_started": {"krb5.message", toServer}, "request_complete": {"krb5.message", toServer},
		"response_started": {"krb5.message", toClient}, "response_complete": {"krb5.message", toClient},
	},
	"ldap": {
		"request_started": {"ldap.request", toServer}, "request_complete": {"ldap.request", toServer},
		"response_started": {"ldap.response", toClient}, "response_complete": {"ldap.response", toClient},
	},
	"pgsql": {
		"request_started": {"pgsql.request", toServer}, "request_complete": {"pgsql.request", toServer},
		"response_started": {"pgsql.response", toClient}, "response_complete": {"pgsql.response", toClient},
	},
	"nfs": {
		"request_started": {"nfs.request", toServer}, "request_complete": {"nfs.request", toServer},
		"response_started": {"nfs.tx", toClient}, "response_complete": {"nfs.tx", toClient},
	},
	"dnp3": {
		"request_started": {"dnp3.message", toServer}, "request_complete": {"dnp3.fragment", toServer},
		"response_started": {"dnp3.message", toClient}, "response_complete": {"dnp3.fragment", toClient},
	},
	"modbus": {
		"request_started": {"modbus.request", toServer}, "request_complete": {"modbus.request", toServer},
		"response_started": {"modbus.response", toClient}, "response_complete": {"modbus.response", toClient},
	},
	"enip": {
		"request_started": {"enip.message", toServer}, "request_complete": {"enip.message", toServer},
		"response_started": {"enip.message", toClient}, "response_complete": {"enip.message", toClient},
	},
	"pop3": {
		"request_started": {"pop3.request", toServer}, "request_complete": {"pop3.request", toServer},
		"response_started": {"pop3.tx", toClient}, "response_complete": {"pop3.tx", toClient},
	},
	"rdp": {
		"request_started": {"rdp.message", toServer}, "request_complete": {"rdp.message", toServer},
		"response_started": {"rdp.message", toClient}, "response_complete": {"rdp.message", toClient},
	},
	"quic": {
		"request_started": {"quic.packet", toServer}, "request_complete": {"quic.packet", toServer},
		"response_started": {"quic.packet", toClient}, "response_complete": {"quic.packet", toClient},
	},
	"websocket": {
		"request_started": {"websocket.message", toServer}, "request_complete": {"websocket.message", toServer},
		"response_started": {"websocket.message", toClient}, "response_complete": {"websocket.message", toClient},
	},
	"ntp": {
		"request_started": {"ntp.message", toServer}, "request_complete": {"ntp.message", toServer},
		"response_started": {"ntp.message", toClient}, "response_complete": {"ntp.message", toClient},
	},
	"tftp": {"request_started": {"tftp.request", toServer}, "request_complete": {"tftp.request", toServer}},
	"rfb": {
		"request_started": {"rfb.security", toServer}, "request_complete": {"rfb.tx", 0},
		"response_started": {"rfb.security", 0}, "response_complete": {"rfb.tx", toClient},
	},
	"snmp": {
		"request_started": {"snmp.message", toServer}, "request_complete": {"snmp.message", toServer},
		"response_started": {"snmp.message", toClient}, "response_complete": {"snmp.message", toClient},
	},
	"sip": {
		"request_started": {"sip.message", toServer}, "request_complete": {"sip.message", toServer},
		"response_started": {"sip.message", toClient}, "response_complete": {"sip.message", toClient},
	},
}

// setHook reads the stage in a rule's header.
func (b *builder) setHook(proto, name string) *problem {
	if _, transport := b.l.common.transport(proto); transport {
		switch name {
		case "all": // what rules on packets do anyway
		case "flow_start", "pre_flow":
			b.hook = &hook{event: "flow.start"}
		default:
			return fail("the hook %s of %s is not supported: packets are judged once they are part of their flow (all, flow_start, pre_flow)", name, proto)
		}
		b.notIPOnly = true
		return nil
	}
	of := hooks[specName(proto)]
	h, ok := of[name]
	if !ok {
		if len(of) == 0 {
			return fail("the hook %s: protocol %s has no hooks here", name, proto)
		}
		var names []string
		for n := range of {
			names = append(names, n)
		}
		sort.Strings(names)
		return fail("protocol %s has no hook %s, it has: %s", proto, name, strings.Join(slices.Compact(names), ", "))
	}
	b.hook = &h
	b.notIPOnly = true
	return nil
}
