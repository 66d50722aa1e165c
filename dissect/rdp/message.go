package rdp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// kind is what a message is.
type kind uint8

const (
	kNone kind = iota
	kRequest
	kResponse
	kConnectRequest
	kConnectResponse
)

// kindNames are the names of kinds in records, as in Suricata.
var kindNames = [...]string{kRequest: "initial_request", kResponse: "initial_response", kConnectRequest: "connect_request", kConnectResponse: "connect_response"}

// protocolRDP is RDP's own security, among those of section 2.2.1.1.1.
const protocolRDP = 0

// maxChannels is how many virtual channels a client may ask for (section 2.2.1.3.4).
const maxChannels = 31

// span is a text in Message.buf. The zero value is absent.
type span struct {
	off, n uint16
	there  bool
}

// Message is one of the messages that set a connection up.
type Message struct {
	dissect.MatchState
	id         uint64
	kind       kind
	buf        []byte
	cookie     span
	negotiates bool // request and response say which protocols
	flags      byte
	protocol   uint32 // a set in a request, one in a response
	refused    bool   // by the server; failure says why
	failure    uint32
	core       core
	channels   []span
}

// core is the client core data (section 2.2.1.3.2). Optional values are -1 where they are absent.
type core struct {
	there                         bool
	version, layout, build        uint32
	width, height                 uint16
	keyboard, subtype, functions  uint32
	name, ime, digProduct         span
	depth                         int // bits a pixel, -1: not known
	product, serial               int64
	capabilities                  int64
	hint                          int
	physicalWidth, physicalHeight int64
	orientation                   int64
	scale, deviceScale            int64
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset() {
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, buf: m.buf[:0], channels: m.channels[:0]}
}

func (m *Message) clone() *Message {
	n := *m
	n.MatchState = dissect.MatchState{}
	n.buf, n.channels = bytes.Clone(m.buf), slices.Clone(m.channels)
	return &n
}

// at gives a text; nil where it is absent.
func (m *Message) at(s span) []byte {
	if !s.there {
		return nil
	}
	return m.buf[s.off : s.off+s.n]
}

func (m *Message) keep(b []byte) span {
	off := len(m.buf)
	m.buf = append(m.buf, b...)
	return span{uint16(off), uint16(len(b)), true}
}

// wide keeps a text of UTF-16, up to its first NUL.
func (m *Message) wide(b []byte) span {
	off := len(m.buf)
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if r == 0 {
			break
		}
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[i+2:])))
			i += 2
		}
		m.buf = utf8.AppendRune(m.buf, r)
	}
	return span{uint16(off), uint16(len(m.buf) - off), len(m.buf) > off}
}

// fixed is how many bytes a connection request, or confirm, has before what varies (X.224 section 13.3).
const fixed = 6

// request reads a connection request, from its type on (section 2.2.1.1).
func (m *Message) request(b []byte) {
	m.kind = kRequest
	if len(b) < fixed {
		return
	}
	b = b[fixed:]
	const cookie, token = "Cookie: mstshash=", "Cookie: "
	if bytes.HasPrefix(b, []byte(token)) {
		line, rest, _ := bytes.Cut(b, []byte("\r\n"))
		if name, ok := bytes.CutPrefix(line, []byte(cookie)); ok {
			m.cookie = m.keep(name)
		}
		b = rest
	}
	if len(b) >= 8 && b[0] == 1 {
		m.negotiates, m.flags, m.protocol = true, b[1], binary.LittleEndian.Uint32(b[4:])
	}
}

// confirm reads a connection confirm, from its type on (section 2.2.1.2).
func (m *Message) confirm(b []byte) {
	m.kind = kResponse
	if len(b) < fixed+8 {
		return
	}
	b = b[fixed:]
	v := binary.LittleEndian.Uint32(b[4:])
	switch b[0] {
	case 2:
		m.negotiates, m.flags, m.protocol = true, b[1], v
	case 3:
		m.refused, m.failure = true, v
	}
}

// Identifiers of what MCS sends first (T.125 section 7): the application classes 101 and 102, after the byte that says that they are long.
const (
	mcsLong     = 0x7f
	mcsInitial  = 0x65
	mcsResponse = 0x66
)

// data reads what X.224 carries.
func (m *Message) data(b []byte, dir dissect.Dir) {
	if len(b) < 2 || b[0] != mcsLong {
		return
	}
	switch {
	case b[1] == mcsInitial && dir == dissect.ToServer:
		m.kind = kConnectRequest
		m.initial(b[1:])
	case b[1] == mcsResponse && dir == dissect.ToClient:
		m.kind = kConnectResponse
	}
}

// initial reads an MCS Connect Initial (section 2.2.1.3), of which b begins with the second byte of the identifier.
func (m *Message) initial(b []byte) {
	b = slices.Clone(b) // the reader knows short identifiers only
	b[0] = 0x30
	outer := ber.New(b)
	r := outer.In(0x30)
	for range 3 { // two selectors, a flag
		if _, _, ok := r.Next(); !ok {
			return
		}
	}
	for range 3 { // sets of parameters
		if r.Want(0x30) == nil {
			return
		}
	}
	m.conference(r.Want(4))
}

// conference reads a GCC Conference Create Request (T.124, in the packed encoding of X.691): all of it but its lengths is always the same.
func (m *Message) conference(b []byte) {
	const duca = "Duca" // the key of what clients send
	i := bytes.Index(b, []byte(duca))
	if i < 0 {
		return
	}
	b = b[i+len(duca):]
	n, used := perLength(b)
	if b = b[used:]; n < len(b) {
		b = b[:n]
	}
	for len(b) >= 4 {
		typ, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return
		}
		switch block := b[4:n]; typ {
		case 0xc001:
			m.coreData(block)
		case 0xc003:
			m.networkData(block)
		}
		b = b[n:]
	}
}

// perLength reads a length (X.691 section 10.9).
func perLength(b []byte) (n, used int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] < 0x80:
		return int(b[0]), 1
	case len(b) < 2:
		return 0, 1
	}
	return int(b[0]&0x3f)<<8 | int(b[1]), 2
}

// networkData reads the virtual channels that the client wants (section 2.2.1.3.4).
func (m *Message) networkData(b []byte) {
	if len(b) < 4 {
		return
	}
	for b = b[4:]; len(b) >= 12 && len(m.channels) < maxChannels; b = b[12:] {
		name, _, _ := bytes.Cut(b[:8], []byte{0})
		m.channels = append(m.channels, m.keep(name))
	}
}
