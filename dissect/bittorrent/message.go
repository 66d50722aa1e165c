package bittorrent

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
)

const (
	idLen = 20 // of a node's identifier, bytes
	// node4 and node6 are the lengths of a node's entry: identifier, address, port (BEP 5, BEP 32), bytes.
	node4 = idLen + 4 + 2
	node6 = idLen + 16 + 2
	// maxNodes is how many nodes of a response are looked at, of either kind, and maxPeers how many peers. Real responses have eight nodes,
	// and as many peers as fit into a packet.
	maxNodes = 256
	maxPeers = 1024
)

// kinds of messages, by their letter.
const (
	query    = 'q'
	response = 'r'
	failure  = 'e'
)

// Message is a message of either side. Its texts alias the datagram.
type Message struct {
	dissect.MatchState
	id          uint64
	kind        byte // 0: none that could be understood
	method      []byte
	transaction []byte
	version     []byte    // of the client, nil: not there
	asked       arguments // of a query
	said        arguments // of a response
	nodes       []byte    // of IPv4, packed
	nodes6      []byte
	peers       [][]byte // packed, in the order of the message
	code        uint16
	text        []byte // of an error
	capped      bool   // not all nodes or peers are here
}

// arguments are the values of a query, or those that responses have too. What is not there is nil.
type arguments struct {
	id, target, infoHash, token []byte
	implied                     uint8
	port                        uint16
	hasImplied, hasPort         bool
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset(id uint64) {
	m.MatchState.Reset()
	clear(m.peers)
	*m = Message{MatchState: m.MatchState, id: id, peers: m.peers[:0]}
}

func (m *Message) clone() *Message {
	n := *m
	n.MatchState = dissect.MatchState{}
	for _, b := range []*[]byte{&n.method, &n.transaction, &n.version, &n.nodes, &n.nodes6, &n.text,
		&n.asked.id, &n.asked.target, &n.asked.infoHash, &n.asked.token, &n.said.id, &n.said.token} {
		*b = bytes.Clone(*b)
	}
	n.peers = make([][]byte, len(m.peers))
	for i, p := range m.peers {
		n.peers[i] = bytes.Clone(p)
	}
	return &n
}

// parse reads a message; false if it is none, or not all that it should be. What a message is is known also where the number of its
// transaction is missing.
func (m *Message) parse(b []byte) bool {
	var letter, method, transaction, version []byte
	var asked, said, failed bool
	top, _, ok := next(b, maxDepth)
	ok = ok && top.each(func(key []byte, v value) (ok bool) {
		ok = true
		switch string(key) {
		case "y":
			letter, ok = words(v)
		case "q":
			method, ok = words(v)
		case "t":
			transaction, ok = v.data, v.kind == 's'
		case "v":
			version, ok = v.data, v.kind == 's'
		case "a":
			asked, ok = true, m.asked.read(v)
		case "r":
			said, ok = true, m.response(v)
		case "e":
			failed, ok = true, m.failure(v)
		}
		return ok
	})
	if !ok {
		return false
	}
	switch string(letter) {
	case "q":
		m.method, ok = method, asked && method != nil
	case "r":
		ok = said
	case "e":
		ok = failed
	default:
		ok = false
	}
	if !ok {
		return false
	}
	if m.kind = letter[0]; transaction == nil {
		return false
	}
	m.transaction, m.version = transaction, version
	return true
}

// each calls f for the pairs of a dictionary until it gives false; true if v is one and all are well.
func (v value) each(f func(key []byte, v value) bool) bool {
	if v.kind != 'd' {
		return false
	}
	for rest := v.data; len(rest) > 0; {
		key, v, after, ok := pair(rest)
		if !ok || !f(key, v) {
			return false
		}
		rest = after
	}
	return true
}

// words gives a value that is text in UTF-8.
func words(v value) ([]byte, bool) { return v.data, v.kind == 's' && utf8.Valid(v.data) }

// read reads the arguments of a query.
func (a *arguments) read(v value) bool {
	ok := v.each(func(key []byte, v value) (ok bool) {
		ok = true
		is := v.kind == 's'
		switch string(key) {
		case "id":
			a.id, ok = v.data, is
		case "target":
			a.target, ok = v.data, is
		case "info_hash":
			a.infoHash, ok = v.data, is
		case "token":
			a.token, ok = v.data, is
		case "implied_port":
			var n uint64
			n, ok = number(v.data, 0xff)
			a.implied, a.hasImplied, ok = uint8(n), true, ok && v.kind == 'i'
		case "port":
			var n uint64
			n, ok = number(v.data, 0xffff)
			a.port, a.hasPort, ok = uint16(n), true, ok && v.kind == 'i'
		}
		return ok
	})
	return ok && a.id != nil
}

// response reads the values of a response.
func (m *Message) response(v value) bool {
	ok := v.each(func(key []byte, v value) (ok bool) {
		ok = true
		is := v.kind == 's'
		switch string(key) {
		case "id":
			m.said.id, ok = v.data, is
		case "token":
			m.said.token, ok = v.data, is
		case "nodes":
			m.nodes, ok = m.packed(v.data, node4), is
		case "nodes6":
			m.nodes6, ok = m.packed(v.data, node6), is
		case "values":
			ok = v.kind != 'l' || m.values(v.data)
		}
		return ok
	})
	return ok && m.said.id != nil
}

// packed gives the whole entries of n bytes each that are looked at.
func (m *Message) packed(b []byte, n int) []byte {
	m.capped = m.capped || len(b)/n > maxNodes
	return b[:min(len(b)/n, maxNodes)*n]
}

// values reads a list of peers.
func (m *Message) values(b []byte) bool {
	for len(b) > 0 {
		v, rest, ok := next(b, 0)
		if b = rest; !ok || v.kind != 's' || len(v.data) < 4+2 {
			return false
		}
		if len(m.peers) == maxPeers {
			m.capped = true
			continue
		}
		m.peers = append(m.peers, v.data)
	}
	return true
}

// failure reads an error: its number and what it means.
func (m *Message) failure(v value) bool {
	numbered := false
	if v.kind != 'l' {
		return false
	}
	for rest := v.data; len(rest) > 0; {
		v, after, ok := next(rest, maxDepth)
		if !ok {
			return false
		}
		rest = after
		switch v.kind {
		case 'i':
			var n uint64
			n, ok = number(v.data, 0xffff)
			m.code, numbered = uint16(n), true
		case 's':
			m.text, ok = words(v)
		}
		if !ok {
			return false
		}
	}
	return numbered && m.text != nil
}

// says gives what a query or a response says; nil for others.
func (m *Message) says() *arguments {
	switch m.kind {
	case query:
		return &m.asked
	case response:
		return &m.said
	}
	return nil
}

// node gives the i-th node of a response: those of IPv4, then those of IPv6.
func (m *Message) node(i int) (id []byte, addr netip.Addr, port uint16, ok bool) {
	list, n := m.nodes, node4
	if i >= len(list)/n {
		i -= len(list) / n
		list, n = m.nodes6, node6
	}
	if i >= len(list)/n || m.kind != response {
		return nil, addr, 0, false
	}
	e := list[i*n : (i+1)*n]
	addr, port = endpoint(e[idLen:])
	return e[:idLen:idLen], addr, port, true
}

// peer gives the i-th peer of a response.
func (m *Message) peer(i int) (addr netip.Addr, port uint16, ok bool) {
	if i >= len(m.peers) || m.kind != response {
		return addr, 0, false
	}
	addr, port = endpoint(m.peers[i])
	return addr, port, true
}

// endpoint reads an address and a port; b has six bytes or more.
func endpoint(b []byte) (netip.Addr, uint16) {
	if len(b) < 16+2 {
		return netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[4:])
	}
	return netip.AddrFrom16([16]byte(b)), binary.BigEndian.Uint16(b[16:])
}
