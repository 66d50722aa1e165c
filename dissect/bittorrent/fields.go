package bittorrent

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

var kinds = [...]string{"query", "response", "error"}

// kindName tells what a message is.
func (m *Message) kindName() []byte {
	switch m.kind {
	case query:
		return dissect.Text(kinds[0])
	case response:
		return dissect.Text(kinds[1])
	case failure:
		return dissect.Text(kinds[2])
	}
	return nil
}

// of declares a field of the values that queries and responses have.
func of(name, doc string, get func(a *arguments) []byte) dissect.Field {
	return dissect.Bin(name, message, doc, func(m *Message) []byte {
		if a := m.says(); a != nil {
			return get(a)
		}
		return nil
	})
}

func fields() []dissect.Field {
	bin, num := dissect.Bin[Message], dissect.Int[Message]
	return []dissect.Field{
		dissect.Str("bittorrent_dht.type", message, "what the message is: query, response, error; absent where it is malformed", (*Message).kindName).OneOf(kinds[:]...),
		dissect.Str("bittorrent_dht.request_type", message, "what a query asks for: ping, find_node, get_peers, announce_peer", func(m *Message) []byte { return m.method }),
		bin("bittorrent_dht.transaction_id", message, "number that ties a response to its query", func(m *Message) []byte { return m.transaction }),
		bin("bittorrent_dht.client_version", message, "program that sent the message: two letters (BEP 20), then its version: LT\\x02\\x00", func(m *Message) []byte { return m.version }),
		of("bittorrent_dht.id", "identifier of the node that sent the message, 20 bytes", func(a *arguments) []byte { return a.id }),
		of("bittorrent_dht.target", "identifier of the node that is looked for (find_node)", func(a *arguments) []byte { return a.target }),
		of("bittorrent_dht.info_hash", "digest that names the torrent (get_peers, announce_peer), 20 bytes", func(a *arguments) []byte { return a.infoHash }),
		of("bittorrent_dht.token", "what a response to get_peers gave, and announce_peer has to repeat", func(a *arguments) []byte { return a.token }),
		num("bittorrent_dht.implied_port", message, "1: the port is the one that the query came from (announce_peer)", func(m *Message) (int64, bool) {
			return int64(m.asked.implied), m.kind == query && m.asked.hasImplied
		}),
		num("bittorrent_dht.port", message, "port on which the peer offers the torrent (announce_peer)", func(m *Message) (int64, bool) {
			return int64(m.asked.port), m.kind == query && m.asked.hasPort
		}).Of(dissect.TPort),
		dissect.Bins("bittorrent_dht.nodes.id", message, "identifiers of the nodes in a response", func(m *Message, i int) ([]byte, bool) {
			id, _, _, ok := m.node(i)
			return id, ok
		}),
		dissect.Addrs("bittorrent_dht.nodes.ip", message, "addresses of the nodes in a response, in the same order", func(m *Message, i int) (netip.Addr, bool) {
			_, addr, _, ok := m.node(i)
			return addr, ok
		}),
		dissect.Ints("bittorrent_dht.nodes.port", message, "ports of the nodes in a response, in the same order", func(m *Message, i int) (int64, bool) {
			_, _, port, ok := m.node(i)
			return int64(port), ok
		}).Of(dissect.TPort),
		dissect.Addrs("bittorrent_dht.values.ip", message, "addresses of the peers in a response (get_peers)", func(m *Message, i int) (netip.Addr, bool) {
			addr, _, ok := m.peer(i)
			return addr, ok
		}),
		dissect.Ints("bittorrent_dht.values.port", message, "ports of the peers in a response, in the same order", func(m *Message, i int) (int64, bool) {
			_, port, ok := m.peer(i)
			return int64(port), ok
		}).Of(dissect.TPort),
		num("bittorrent_dht.error.num", message, "number of an error: 201 generic, 202 server, 203 protocol, 204 method unknown", func(m *Message) (int64, bool) {
			return int64(m.code), m.kind == failure
		}),
		dissect.Str("bittorrent_dht.error.msg", message, "what an error says of itself", func(m *Message) []byte {
			if m.kind != failure {
				return nil
			}
			return m.text
		}),
	}
}
