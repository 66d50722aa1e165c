package bittorrent

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's bittorrent_dht records.
func write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("bittorrent_dht")
	w.Key("transaction_id")
	w.Hex(m.transaction)
	hexed(w, "client_version", m.version)
	if m.method != nil {
		w.Key("request_type")
		w.Bytes(m.method)
	}
	switch m.kind {
	case failure:
		w.Open("error")
		w.Key("num")
		w.Uint(uint64(m.code))
		w.Key("msg")
		w.Bytes(m.text)
		w.End()
	case query:
		w.Open("request")
		m.asked.write(w)
		w.End()
	case response:
		m.writeResponse(w)
	}
	w.End()
}

// hexed writes bytes that may not be there.
func hexed(w *jsonw.Writer, key string, b []byte) {
	if b != nil {
		w.Key(key)
		w.Hex(b)
	}
}

func (a *arguments) write(w *jsonw.Writer) {
	hexed(w, "id", a.id)
	hexed(w, "target", a.target)
	hexed(w, "info_hash", a.infoHash)
	hexed(w, "token", a.token)
	if a.hasImplied {
		w.Key("implied_port")
		w.Uint(uint64(a.implied))
	}
	if a.hasPort {
		w.Key("port")
		w.Uint(uint64(a.port))
	}
}

func (m *Message) writeResponse(w *jsonw.Writer) {
	w.Open("response")
	hexed(w, "id", m.said.id)
	four := len(m.nodes) / node4
	m.writeNodes(w, "nodes", 0, four)
	m.writeNodes(w, "nodes6", four, four+len(m.nodes6)/node6)
	if len(m.peers) > 0 {
		w.OpenArray("values")
		for i := range m.peers {
			w.Object()
			addr, port, _ := m.peer(i)
			writeEndpoint(w, addr, port)
			w.End()
		}
		w.EndArray()
	}
	hexed(w, "token", m.said.token)
	w.End()
}

// writeNodes writes the nodes with those numbers.
func (m *Message) writeNodes(w *jsonw.Writer, key string, from, to int) {
	if from == to {
		return
	}
	w.OpenArray(key)
	for i := from; i < to; i++ {
		id, addr, port, _ := m.node(i)
		w.Object()
		hexed(w, "id", id)
		writeEndpoint(w, addr, port)
		w.End()
	}
	w.EndArray()
}

// writeEndpoint writes an address, of IPv6 with all its digits as Suricata does, and a port.
func writeEndpoint(w *jsonw.Writer, addr netip.Addr, port uint16) {
	w.Key("ip")
	if addr.Is4() {
		w.Addr(addr)
	} else {
		const hex = "0123456789abcdef"
		var text [39]byte
		out := text[:0]
		for i, c := range addr.As16() {
			if i > 0 && i%2 == 0 {
				out = append(out, ':')
			}
			out = append(out, hex[c>>4], hex[c&15])
		}
		w.Bytes(out)
	}
	w.Key("port")
	w.Uint(uint64(port))
}
