package dhcp

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// params names the options that a client asks for, where Suricata does.
var params = map[byte]string{
	optMask: "subnet_mask", optRouters: "router", optDNS: "dns_server", optDomain: "domain", 35: "arp_timeout", 42: "ntp_server",
	66: "tftp_server_name", 150: "tftp_server_ip",
}

// write is the Spec's EVE function, with the members of Suricata's dhcp records.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok || !o.Extended && m.kind() != "ack" {
		return
	}
	w.Open("dhcp")
	w.Key("type")
	w.Str(m.opName())
	w.Key("id")
	w.Uint(uint64(m.xid))
	w.Key("client_mac")
	w.Bytes(m.mac[:m.macLen])
	addr(w, "assigned_ip", m.assigned)
	if o.Extended {
		addr(w, "client_ip", m.client)
		if m.op == bootReply {
			addr(w, "relay_ip", m.server)
			addr(w, "next_server_ip", m.next)
		}
	}
	for _, code := range m.order {
		o.option(w, m, code)
	}
	w.End()
}

func addr(w *jsonw.Writer, key string, a [4]byte) {
	w.Key(key)
	w.Addr(netip.AddrFrom4(a))
}

// option writes an option that records show.
func (o Options) option(w *jsonw.Writer, m *Message, code byte) {
	v := m.option(code)
	switch code {
	case optType:
		if len(v) > 0 {
			w.Key("dhcp_type")
			w.Str(m.kind())
		}
	case optClientID:
		if len(v) > 1 { // the first byte is its kind
			w.Key("client_id")
			w.Bytes(appendHex(nil, v[1:]))
		}
	case optHostname:
		if len(v) > 0 {
			w.Key("hostname")
			w.Bytes(v)
		}
	case optRenewal:
		seconds(w, "renewal_time", m, code)
	}
	if o.Extended {
		m.extended(w, code, v)
	}
}

func seconds(w *jsonw.Writer, key string, m *Message, code byte) {
	if n, ok := m.seconds(code); ok {
		w.Key(key)
		w.Int(n)
	}
}

// extended writes what only extended records show.
func (m *Message) extended(w *jsonw.Writer, code byte, v []byte) {
	switch code {
	case optLease:
		seconds(w, "lease_time", m, code)
	case optRebinding:
		seconds(w, "rebinding_time", m, code)
	case optMask:
		m.address1(w, "subnet_mask", code)
	case optRequested:
		m.address1(w, "requested_ip", code)
	case optVendorClass:
		w.Key("vendor_class_identifier")
		w.Bytes(v)
	case optParams:
		w.OpenArray("params")
		for _, p := range v {
			if name := params[p]; name != "" {
				w.Str(name)
			}
		}
		w.EndArray()
	case optDNS:
		m.addresses(w, "dns_servers", code)
	case optRouters:
		m.addresses(w, "routers", code)
	}
}

func (m *Message) address1(w *jsonw.Writer, key string, code byte) {
	if a, ok := m.address(code, 0); ok {
		w.Key(key)
		w.Addr(a)
	}
}

func (m *Message) addresses(w *jsonw.Writer, key string, code byte) {
	w.OpenArray(key)
	for i := 0; ; i++ {
		a, ok := m.address(code, i)
		if !ok {
			break
		}
		w.Addr(a)
	}
	w.EndArray()
}
