package dhcp

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

// str declares a text field, num a number, ip an address.
var (
	str = dissect.Str[Message]
	num = dissect.Int[Message]
)

func ip(name, doc string, get func(m *Message) (netip.Addr, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TIP, Event: message, Doc: doc, IP: func(e *dissect.Env) (netip.Addr, bool) {
		if m, ok := e.Tx.(*Message); ok {
			return get(m)
		}
		return netip.Addr{}, false
	}}
}

// fixed is an address of the header; 0.0.0.0 means none.
func fixed(get func(m *Message) [4]byte) func(m *Message) (netip.Addr, bool) {
	return func(m *Message) (netip.Addr, bool) {
		a := get(m)
		return netip.AddrFrom4(a), a != [4]byte{}
	}
}

func option(code byte) func(m *Message) []byte {
	return func(m *Message) []byte { return m.option(code) }
}

func first(code byte) func(m *Message) (netip.Addr, bool) {
	return func(m *Message) (netip.Addr, bool) { return m.address(code, 0) }
}

func list(code byte) func(m *Message, i int) (netip.Addr, bool) {
	return func(m *Message, i int) (netip.Addr, bool) { return m.address(code, i) }
}

func time(code byte) func(m *Message) (int64, bool) {
	return func(m *Message) (int64, bool) { return m.seconds(code) }
}

func fields() []dissect.Field {
	return []dissect.Field{
		str("dhcp.type", message, "who sent it: request (a client) or reply (a server)", func(m *Message) []byte { return dissect.Text(m.opName()) }).OneOf("request", "reply", "<unknown>"),
		str("dhcp.dhcp_type", message, "type of the message: discover, offer, request, decline, ack, nak, release, inform", func(m *Message) []byte { return dissect.Text(m.kind()) }).
			OneOf(append(kinds[1:len(kinds):len(kinds)], "unknown")...),
		num("dhcp.id", message, "number that the client gave the exchange", func(m *Message) (int64, bool) { return int64(m.xid), true }).Bits(32),
		str("dhcp.client_mac", message, "hardware address of the client: 02:00:0a:0a:01:10", func(m *Message) []byte { return m.mac[:m.macLen] }),
		ip("dhcp.client_ip", "address that the client has already", fixed(func(m *Message) [4]byte { return m.client })),
		ip("dhcp.assigned_ip", "address that the server gives", fixed(func(m *Message) [4]byte { return m.assigned })),
		ip("dhcp.next_server_ip", "server to boot from", fixed(func(m *Message) [4]byte { return m.next })),
		ip("dhcp.relay_ip", "relay between client and server", fixed(func(m *Message) [4]byte { return m.server })),
		ip("dhcp.requested_ip", "address that the client asks for (option 50)", first(optRequested)),
		ip("dhcp.server_ip", "server that is meant or that answers (option 54)", first(optServer)),
		ip("dhcp.subnet_mask", "mask of the network (option 1)", first(optMask)),
		dissect.Addrs("dhcp.routers", message, "routers of the network (option 3)", list(optRouters)),
		dissect.Addrs("dhcp.dns_servers", message, "name servers (option 6)", list(optDNS)),
		str("dhcp.hostname", message, "name of the client (option 12)", option(optHostname)),
		str("dhcp.domain", message, "domain of the network (option 15)", option(optDomain)),
		str("dhcp.vendor_class", message, "kind of client: MSFT 5.0 (option 60)", option(optVendorClass)),
		dissect.Bin("dhcp.client_id", message, "identifier of the client with a byte for its kind (option 61)", option(optClientID)),
		dissect.Bin("dhcp.params", message, "codes of the options that the client asks for, in order: a fingerprint of its system (option 55)", option(optParams)),
		num("dhcp.leasetime", message, "time for which the address is given, seconds (option 51)", time(optLease)),
		num("dhcp.renewal_time", message, "time after which to ask the same server again, seconds (option 58)", time(optRenewal)),
		num("dhcp.rebinding_time", message, "time after which to ask any server, seconds (option 59)", time(optRebinding)),
	}
}
