package http

import (
	"bytes"
	"sync"

	"github.com/luanids/luanids/dissect"
)

// Version is the protocol version of a message, times ten; negative when there is none.
type Version int8

// The versions.
const (
	VersionUnknown Version = -2 // no request line or status line was seen
	VersionInvalid Version = -1 // present, but none of the following
	Version09      Version = 9
	Version10      Version = 10
	Version11      Version = 11
	Version20      Version = 20
)

// Coding says how a message's body is delimited (RFC 9112 section 6.3).
type Coding uint8

// The codings.
const (
	CodingUnknown  Coding = iota
	CodingNone            // no body
	CodingIdentity        // Content-Length bytes, or to the end of the connection
	CodingChunked
	CodingInvalid
)

// Header is one header field; repeated fields of a message are one Header with their values
// joined by ", ". The slices belong to the message.
type Header struct {
	Name, Value []byte
	Repeated    bool
}

// Message is what requests and responses have in common.
type Message struct {
	// Line is the request line or status line without its line end; nil before it was seen. For HTTP/2 it is made of the
	// pseudo-header fields, with a line end, as in Suricata.
	Line     []byte
	Protocol []byte // as sent: "HTTP/1.1"
	Version  Version
	Headers  []Header
	// Sent are the header fields one by one as HTTP/2 sent them; Headers has them with repeated ones joined. Empty for HTTP/1.
	Sent []SentField
	// Raw is the bytes after the first line up to and with the empty line (and the trailer's).
	Raw    []byte
	Coding Coding
	// ContentLength is the header's value, -1 when absent or invalid.
	ContentLength int64
	// Len counts the body's bytes on the wire, chunk framing included; Entity those after
	// the content encodings were undone.
	Len, Entity uint64
	// Body is what is kept of the decoded body for inspection; empty unless Limits.KeepBodies.
	Body []byte
	// HeadersDone and Done say how far the message was seen.
	HeadersDone, Done bool
	// Started says that bytes of the message were seen.
	Started bool
	// Gap says that bytes of the message are missing.
	Gap bool

	arena   []byte // values that are not a slice of Raw: folded and joined ones
	reps    int    // repetitions of headers so far
	trailer bool

	// Buffers made on demand from the headers; valid while their count is that of Headers.
	norm, names, start            []byte
	normFor, namesFor, startFor   int
	rawFor                        int // of Raw, for HTTP/2
	list                          []byte
	listFor                       int
	listEnd                       []int
	contentType, dispositionCache []byte
}

// Tx is a transaction: a request and its response.
type Tx struct {
	dissect.MatchState
	ID       uint64
	Request  Message
	Response Message

	Method []byte
	// URI is the request target as sent; NormURI the decoded path, query and fragment; nil
	// for CONNECT. Path and Query are its parts.
	URI, NormURI, Path, Query, Fragment []byte
	// URIHost is the host of an absolute URI or of CONNECT's authority, normalised.
	URIHost []byte
	// Host is URIHost, or else the Host header's host in lower case; nil when there is none.
	Host []byte
	// Port is the port written beside the host, 0 when there is none.
	Port uint16
	// Status is the status code, 0 before it was seen, -1 when invalid; StatusText as sent.
	Status     int
	StatusText []byte
	Reason     []byte
	// Auth is the kind of the Authorization header, User its user name when readable.
	Auth string
	User []byte
	// Smuggling says that peers may disagree where the request or the response ends: chunked and
	// Content-Length together, several Content-Length, chunked before HTTP/1.1 (RFC 9112 section 11.2).
	Smuggling bool
	// NoRequest says that the response came without a request being seen.
	NoRequest bool

	// HTTP2 is what HTTP/2 knows of it, nil for HTTP/1.
	HTTP2 *HTTP2

	h2 *HTTP2 // memory for the next transaction that needs it
	// is09 says that the request was HTTP/0.9: its response has no headers.
	is09    bool
	method  method
	seen100 bool
	raised  uint64
	uri     []byte // arena of URI values
	hostBuf []byte
}

var txPool = sync.Pool{New: func() any { return new(Tx) }}

// keepArena is the largest buffer that a recycled transaction keeps, bytes.
const keepArena = 32 << 10

func trim(b []byte) []byte {
	if cap(b) > keepArena {
		return nil
	}
	return b[:0]
}

func (m *Message) reset() {
	if cap(m.Headers) > 256 {
		m.Headers = nil
	}
	if cap(m.Sent) > 256 {
		m.Sent = nil
	}
	*m = Message{
		Headers: m.Headers[:0], Sent: m.Sent[:0], Raw: trim(m.Raw), Body: dissect.ReleaseKept(m.Body), arena: trim(m.arena),
		norm: trim(m.norm), names: trim(m.names), start: trim(m.start), list: trim(m.list),
		listEnd: m.listEnd[:0], Version: VersionUnknown, ContentLength: -1,
		normFor: -1, namesFor: -1, startFor: -1, listFor: -1, rawFor: -1,
	}
}

func newTx(id uint64) *Tx {
	t := txPool.Get().(*Tx)
	t.Request.reset()
	t.Response.reset()
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, ID: id, Request: t.Request, Response: t.Response, h2: t.h2, uri: trim(t.uri), hostBuf: trim(t.hostBuf)}
	return t
}

func (t *Tx) release() {
	for _, m := range [...]*Message{&t.Request, &t.Response} {
		m.Body = dissect.ReleaseKept(m.Body) // others need it while t rests
	}
	txPool.Put(t)
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.ID }

// Message gives the side of a direction: the request for ToServer.
func (t *Tx) Message(dir dissect.Dir) *Message {
	if dir == dissect.ToServer {
		return &t.Request
	}
	return &t.Response
}

// store copies b into the message's arena. What was stored before stays valid even when the
// arena moves: the old memory is kept alive by the slices.
func (m *Message) store(b []byte) []byte {
	n := len(m.arena)
	m.arena = append(m.arena, b...)
	return m.arena[n:len(m.arena):len(m.arena)]
}

func (t *Tx) storeURI(b []byte) []byte {
	n := len(t.uri)
	t.uri = append(t.uri, b...)
	return t.uri[n:len(t.uri):len(t.uri)]
}

// Header gives the value of a header field, nil when absent. The name is compared without
// case, and NUL bytes in the sent name are ignored, as some peers do.
func (m *Message) Header(name string) []byte {
	if h := m.find(name); h != nil {
		return h.Value
	}
	return nil
}

func (m *Message) find(name string) *Header {
	for i := range m.Headers {
		h := &m.Headers[i]
		if len(h.Name) == len(name) && equalFold(h.Name, name) ||
			len(h.Name) > len(name) && bytes.IndexByte(h.Name, 0) >= 0 && equalFoldNoNul(h.Name, name) {
			return h
		}
	}
	return nil
}

// HeaderByName gives the value of a header of the request (ToServer) or response, nil when
// absent; repeated ones joined with ", ".
func HeaderByName(tx *Tx, dir dissect.Dir, name string) []byte {
	return nonNil(tx.Message(dir).Header(name), tx.Message(dir).find(name) != nil)
}

// nonNil makes an empty value that is present distinguishable from an absent one.
func nonNil(b []byte, present bool) []byte {
	if b == nil && present {
		return emptyValue
	}
	return b
}

var emptyValue = []byte{}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// equalFold compares b, in any case, with s, which is in lower case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range len(b) {
		if lower(b[i]) != s[i] {
			return false
		}
	}
	return true
}

func equalFoldNoNul(b []byte, s string) bool {
	j := 0
	for _, c := range b {
		if c == 0 {
			continue
		}
		if j >= len(s) || lower(c) != s[j] {
			return false
		}
		j++
	}
	return j == len(s)
}

// containsFold tells whether b contains s (lower case) in any case, NUL bytes ignored.
func containsFold(b []byte, s string) bool {
	for i := range b {
		if lower(b[i]) != s[0] {
			continue
		}
		j := 0
		for k := i; k < len(b) && j < len(s); k++ {
			if b[k] == 0 {
				continue
			}
			if lower(b[k]) != s[j] {
				break
			}
			j++
		}
		if j == len(s) {
			return true
		}
	}
	return false
}

func (t *Tx) clone() *Tx {
	c := *t
	c.MatchState = dissect.MatchState{}
	// Everything that aliases an arena is copied by value: after that, nothing is shared.
	dup := func(b *[]byte) { *b = bytes.Clone(*b) }
	for _, b := range []*[]byte{&c.Method, &c.URI, &c.NormURI, &c.Path, &c.Query, &c.Fragment, &c.URIHost,
		&c.Host, &c.StatusText, &c.Reason, &c.User} {
		dup(b)
	}
	c.uri, c.hostBuf, c.h2 = nil, nil, nil
	if t.HTTP2 != nil {
		h := HTTP2{StreamID: t.HTTP2.StreamID} // what it carries is used again: the parser of that copies it
		for d := range h.Frames {
			h.Frames[d] = t.HTTP2.Frames[d].clone()
		}
		c.HTTP2 = &h
	}
	for _, m := range []*Message{&c.Request, &c.Response} {
		for _, b := range []*[]byte{&m.Line, &m.Protocol, &m.Raw, &m.Body, &m.norm, &m.names, &m.start,
			&m.list, &m.contentType, &m.dispositionCache} {
			dup(b)
		}
		m.arena = nil
		m.listEnd = append([]int(nil), m.listEnd...)
		hs := make([]Header, len(m.Headers))
		for i, h := range m.Headers {
			hs[i] = Header{Name: bytes.Clone(h.Name), Value: bytes.Clone(h.Value), Repeated: h.Repeated}
		}
		m.Headers = hs
		sent := make([]SentField, len(m.Sent))
		for i, f := range m.Sent {
			sent[i] = SentField{Name: bytes.Clone(f.Name), Value: bytes.Clone(f.Value), Update: f.Update}
		}
		m.Sent = sent
	}
	return &c
}
