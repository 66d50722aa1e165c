package tls

import "encoding/binary"

// Protocol versions as the wire has them.
const (
	VersionSSL2  = 0x0002
	VersionSSL3  = 0x0300
	VersionTLS10 = 0x0301
	VersionTLS11 = 0x0302
	VersionTLS12 = 0x0303
	VersionTLS13 = 0x0304
)

// Extensions that are looked into (IANA tls-extensiontype-values).
const (
	extServerName        = 0
	extSupportedGroups   = 10
	extPointFormats      = 11
	extSigAlgs           = 13
	extHeartbeat         = 15
	extALPN              = 16
	extSessionTicket     = 35
	extPreSharedKey      = 41
	extEarlyData         = 42
	extSupportedVersions = 43
	extECH               = 0xfe0d
)

// Caps on the lists of a hello; what is beyond is left out.
const (
	maxList  = 512
	maxNames = 64
)

// slice is a stretch of Hello.body.
type slice struct{ off, n uint16 }

// Hello is a ClientHello or ServerHello (RFC 8446 section 4.1). It is reused. GREASE values
// (RFC 8701) are left out of all lists.
type Hello struct {
	Seen    bool
	Legacy  uint16 // version field of the message
	Version uint16 // what was offered at best, or chosen: of the extension where there is one
	Random  [32]byte
	// Ciphers are what the client offers, or the one that the server chose.
	Ciphers      []uint16
	Extensions   []uint16
	Versions     []uint16
	Groups       []uint16
	SigAlgs      []uint16
	PointFormats []uint8
	HasSNI       bool
	HasECH       bool
	Heartbeat    bool
	EarlyData    bool
	PSK          bool // a pre-shared key is offered or was chosen: resumption in TLS 1.3
	Ticket       bool // the session ticket extension was there...
	TicketData   bool // ...and carried a ticket

	body      []byte // copy of the message
	sni       slice
	sessionID slice
	alpn      []slice
}

// SNI is the server name asked for, nil where there is none.
func (h *Hello) SNI() []byte {
	if !h.HasSNI {
		return nil
	}
	return h.at(h.sni)
}

// SessionID is the session id, nil where it is empty.
func (h *Hello) SessionID() []byte {
	if h.sessionID.n == 0 {
		return nil
	}
	return h.at(h.sessionID)
}

// ALPN gives the i-th protocol name offered or chosen (RFC 7301).
func (h *Hello) ALPN(i int) ([]byte, bool) {
	if i >= len(h.alpn) {
		return nil, false
	}
	return h.at(h.alpn[i]), true
}

func (h *Hello) at(s slice) []byte { return h.body[s.off : s.off+s.n : s.off+s.n] }

func (h *Hello) reset() {
	*h = Hello{
		Ciphers: h.Ciphers[:0], Extensions: h.Extensions[:0], Versions: h.Versions[:0],
		Groups: h.Groups[:0], SigAlgs: h.SigAlgs[:0], PointFormats: h.PointFormats[:0],
		body: h.body[:0], alpn: h.alpn[:0],
	}
}

// Clone makes a copy that shares nothing with h.
func (h *Hello) Clone() Hello {
	c := *h
	c.Ciphers = append([]uint16(nil), h.Ciphers...)
	c.Extensions = append([]uint16(nil), h.Extensions...)
	c.Versions = append([]uint16(nil), h.Versions...)
	c.Groups = append([]uint16(nil), h.Groups...)
	c.SigAlgs = append([]uint16(nil), h.SigAlgs...)
	c.PointFormats = append([]uint8(nil), h.PointFormats...)
	c.body = append([]byte(nil), h.body...)
	c.alpn = append([]slice(nil), h.alpn...)
	return c
}

// Fault is what is wrong with a hello.
type Fault uint8

// The faults. The hello is usable up to where the fault is.
const (
	FaultNone      Fault = iota
	FaultLength          // a length field leads beyond the message
	FaultSNITwice        // several server name extensions
	FaultSNIType         // a server name that is not a host name
	FaultSNILength       // a server name of a wrong length
)

// cursor reads a message from front to back.
type cursor struct {
	b   []byte
	pos int
	bad bool
}

func (c *cursor) left() int { return len(c.b) - c.pos }

func (c *cursor) skip(n int) int {
	at := c.pos
	if n > c.left() {
		c.bad, c.pos = true, len(c.b)
		return at
	}
	c.pos += n
	return at
}

func (c *cursor) u8() int {
	if c.left() < 1 {
		c.bad = true
		return 0
	}
	c.pos++
	return int(c.b[c.pos-1])
}

func (c *cursor) u16() int {
	if c.left() < 2 {
		c.bad, c.pos = true, len(c.b)
		return 0
	}
	c.pos += 2
	return int(binary.BigEndian.Uint16(c.b[c.pos-2:]))
}

// part gives a cursor over the next n bytes, with positions in the whole.
func (c *cursor) part(n int) cursor {
	if n > c.left() {
		c.bad = true
		n = c.left()
	}
	p := cursor{b: c.b[:c.pos+n], pos: c.pos}
	c.pos += n
	return p
}

// Parse decodes the body of a ClientHello or ServerHello handshake message, without its
// four-byte header. It copies the body. QUIC's TLS messages have the same form.
func (h *Hello) Parse(body []byte, server bool) Fault {
	h.reset()
	if len(body) > 1<<16-1 {
		return FaultLength
	}
	h.body = append(h.body, body...)
	c := cursor{b: h.body}
	h.Legacy = uint16(c.u16())
	h.Version = h.Legacy
	if at := c.skip(32); !c.bad {
		copy(h.Random[:], h.body[at:])
		h.Seen = true
	}
	// Drafts of TLS 1.3 up to 21 had neither session id nor compression in the ServerHello.
	short := server && (h.Legacy == VersionTLS13 || h.Legacy>>8 == 0x7f)
	if !short {
		n := c.u8()
		if at := c.skip(n); !c.bad {
			h.sessionID = slice{uint16(at), uint16(n)}
		}
	}
	if c.bad {
		return FaultLength
	}
	if server {
		h.Ciphers = append(h.Ciphers, uint16(c.u16()))
		if !short {
			c.u8()
		}
	} else {
		n := c.u16()
		if n%2 != 0 {
			return FaultLength
		}
		h.Ciphers = list16(h.Ciphers, c.part(n))
		c.skip(c.u8())
	}
	if c.bad {
		return FaultLength
	}
	if c.left() == 0 {
		return FaultNone
	}
	return h.extensions(&c, server)
}

func (h *Hello) extensions(c *cursor, server bool) Fault {
	fault := FaultNone
	exts := c.part(c.u16())
	for exts.left() > 0 && !exts.bad {
		kind := uint16(exts.u16())
		e := exts.part(exts.u16())
		if exts.bad {
			break
		}
		if grease(kind) {
			continue
		}
		if len(h.Extensions) < maxList {
			h.Extensions = append(h.Extensions, kind)
		}
		if f := h.extension(kind, &e, server); f != FaultNone && fault == FaultNone {
			fault = f
		}
	}
	if (c.bad || exts.bad) && fault == FaultNone {
		fault = FaultLength
	}
	return fault
}

func (h *Hello) extension(kind uint16, e *cursor, server bool) Fault {
	switch kind {
	case extServerName:
		if !server && e.left() > 0 {
			return h.serverName(e)
		}
	case extSupportedGroups:
		h.Groups = e.numbers(h.Groups[:0], e.u16())
	case extSigAlgs:
		h.SigAlgs = e.numbers(h.SigAlgs[:0], e.u16())
	case extPointFormats:
		p := e.part(e.u8())
		h.PointFormats = h.PointFormats[:0]
		for p.left() > 0 {
			h.PointFormats = append(h.PointFormats, uint8(p.u8()))
		}
	case extALPN:
		h.protocols(e)
	case extSupportedVersions:
		h.versions(e, server)
	case extSessionTicket:
		h.Ticket, h.TicketData = true, e.left() > 0
	case extPreSharedKey:
		h.PSK = true
	case extEarlyData:
		h.EarlyData = true
	case extHeartbeat:
		h.Heartbeat = true
	case extECH:
		h.HasECH = true
	}
	if e.bad {
		return FaultLength
	}
	return FaultNone
}

// maxHostName is the longest name of a host (RFC 1035 section 2.3.4).
const maxHostName = 255

// numbers appends a list of n bytes with numbers of two, of which there have to be whole ones.
func (c *cursor) numbers(dst []uint16, n int) []uint16 {
	dst = list16(dst, c.part(n))
	c.bad = c.bad || n%2 != 0
	return dst
}

// serverName reads the first name of a server name extension (RFC 6066 section 3).
func (h *Hello) serverName(e *cursor) Fault {
	if h.HasSNI {
		return FaultSNITwice
	}
	e.u16() // the list's length: what counts is what is there
	kind := e.u8()
	if !e.bad && kind != 0 {
		return FaultSNIType
	}
	n := e.u16()
	switch {
	case e.bad:
		return FaultLength
	case n == 0 || n > maxHostName || n > e.left():
		return FaultSNILength
	}
	h.sni, h.HasSNI = slice{uint16(e.pos), uint16(n)}, true
	return FaultNone
}

func (h *Hello) protocols(e *cursor) {
	list := e.part(e.u16())
	h.alpn = h.alpn[:0]
	for list.left() > 0 && len(h.alpn) < maxNames {
		n := list.u8()
		if n > list.left() {
			e.bad = true
			return
		}
		at := list.skip(n)
		if v := h.at(slice{uint16(at), uint16(n)}); n == 2 && grease(binary.BigEndian.Uint16(v)) {
			continue
		}
		h.alpn = append(h.alpn, slice{uint16(at), uint16(n)})
	}
}

// versions reads supported_versions (RFC 8446 section 4.2.1): a list from the client, of
// which the highest is offered; the choice from the server.
func (h *Hello) versions(e *cursor, server bool) {
	if server {
		if v := uint16(e.u16()); !e.bad {
			h.Version = v
		}
		return
	}
	n := e.u8()
	h.Versions = list16(h.Versions[:0], e.part(n))
	e.bad = e.bad || n < 2
	best := uint16(0)
	for _, v := range h.Versions {
		if rank(v) > rank(best) {
			best = v
		}
	}
	if best != 0 {
		h.Version = best
	}
}

// preferred is the version that the client names first.
func (h *Hello) preferred() uint16 {
	for _, v := range h.Versions {
		if rank(v) > 0 {
			return v
		}
	}
	return h.Legacy
}

// rank orders versions; drafts of TLS 1.3 are above TLS 1.2 and below TLS 1.3.
func rank(v uint16) int {
	switch {
	case v>>8 == 0x7f || v>>8 == 0xfb:
		return VersionTLS12<<8 + int(v&0xff) + 1
	case v>>8 == 3 || v == VersionSSL2:
		return int(v) << 8
	}
	return 0
}

func list16(dst []uint16, c cursor) []uint16 {
	for c.left() >= 2 && len(dst) < maxList {
		if v := uint16(c.u16()); !grease(v) {
			dst = append(dst, v)
		}
	}
	return dst
}

// grease tells the values that clients make up to keep servers tolerant (RFC 8701).
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// helloRetryRandom is the Random of a HelloRetryRequest (RFC 8446 section 4.1.3).
var helloRetryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}
