package mime

import "crypto/md5"

// Anomalies are what is wrong with a message, a set of bits.
type Anomalies uint16

// The anomalies.
const (
	InvalidBase64   Anomalies = 1 << iota // characters that are not base64
	InvalidQP                             // an '=' not followed by two upper-case hex digits
	LongLine                              // a line above 998 bytes (RFC 5322 section 2.1.1)
	LongEncodedLine                       // an encoded line above 76 bytes (RFC 2045 section 6.7, 6.8)
	LongHeaderName                        // above 75 bytes
	LongHeaderValue                       // above 2000 bytes
	LongBoundary                          // above 254 bytes; RFC 2046 allows 70
	LongFilename                          // above 255 bytes
	Malformed                             // a multipart without a boundary
	TooDeep                               // multiparts nested beyond the limit, or too many headers
)

// Cut is what of a message was left out because there was too much of it, a set of bits.
type Cut uint8

// What is left out.
const (
	CutHeaders     Cut = 1 << iota // header fields
	CutAttachments                 // names of attachments
	CutURLs
	CutDepth // what is within too many multiparts and messages
)

// span is a piece of an arena.
type span struct{ off, n uint32 }

func (s span) of(b []byte) []byte { return b[s.off : s.off+s.n] }

type header struct{ name, value span }

// url is a URL that was found; its first scheme bytes are "http://" or the like.
type url struct {
	text   span
	scheme uint8
	listed bool // its scheme is among those that are asked for
}

// Message is what is known of a message so far. Its slices are valid until the parser of
// which it is part begins another message.
type Message struct {
	arena   []byte // of headers: the main ones, then those of the part being read
	headers []header
	main    int // number of main headers, once complete
	// strings holds attachment names and URLs, which outlive their part.
	strings     []byte
	attachments []span
	urls        []url
	listed      int
	strip       bool // URLs are shown without their scheme
	subject     span // decoded, in strings
	from        span
	md5         [2 * md5.Size]byte
	// Bits are the anomalies found so far, and Cut what was left out.
	Bits Anomalies
	Cut  Cut
	// HeadersDone says that the main headers are complete, Done that the message is.
	HeadersDone, Done, HasMD5 bool
	// Size is the number of bytes of the message, as carried.
	Size uint64
	// Parts counts the entities that are not multiparts.
	Parts int
}

// Headers is the number of header fields of the message itself.
func (m *Message) Headers() int {
	if m.HeadersDone {
		return m.main
	}
	return len(m.headers)
}

// Name and Value give header field i as sent, unfolded.
func (m *Message) Name(i int) []byte { return m.headers[i].name.of(m.arena) }

// Value gives the value of header field i, unfolded, without leading blanks.
func (m *Message) Value(i int) []byte { return m.headers[i].value.of(m.arena) }

// Header gives the value of the first header field of a name (lower case), nil when there is
// none or it is empty.
func (m *Message) Header(name string) []byte {
	v, _ := m.HeaderN(name, 0)
	return v
}

// HeaderN gives the value of the i-th header field of a name (lower case) that is not empty.
func (m *Message) HeaderN(name string, i int) ([]byte, bool) {
	for h := range m.headers[:m.Headers()] {
		if !equalFold(m.Name(h), name) {
			continue
		}
		if v := m.Value(h); len(v) > 0 {
			if i == 0 {
				return v, true
			}
			i--
		}
	}
	return nil, false
}

// Attachment gives the i-th file name.
func (m *Message) Attachment(i int) ([]byte, bool) {
	if i >= len(m.attachments) {
		return nil, false
	}
	return m.attachments[i].of(m.strings), true
}

// Attachments is the number of named attachments.
func (m *Message) Attachments() int { return len(m.attachments) }

// URL gives the i-th URL of the schemes asked for, the last one found first, as Suricata
// lists them: without the scheme, unless Options.KeepScheme.
func (m *Message) URL(i int) ([]byte, bool) {
	if i >= m.listed {
		return nil, false
	}
	for k := len(m.urls) - 1; k >= 0; k-- {
		u := &m.urls[k]
		if !u.listed {
			continue
		}
		if i > 0 {
			i--
			continue
		}
		text := u.text.of(m.strings)
		if m.strip {
			text = text[u.scheme:]
		}
		return text, true
	}
	return nil, false
}

// URLs is the number of URLs of the schemes asked for.
func (m *Message) URLs() int { return m.listed }

// Link gives the i-th URL of any scheme known (http, https, ftp and those asked for), whole, in
// the order of the text.
func (m *Message) Link(i int) ([]byte, bool) {
	if i >= len(m.urls) {
		return nil, false
	}
	return m.urls[i].text.of(m.strings), true
}

// Subject gives the subject as text: encoded words decoded to UTF-8.
func (m *Message) Subject() []byte { return m.decoded(m.subject, "subject") }

// From gives the author as text: encoded words decoded to UTF-8.
func (m *Message) From() []byte { return m.decoded(m.from, "from") }

func (m *Message) decoded(s span, name string) []byte {
	if s.n > 0 {
		return s.of(m.strings)
	}
	return m.Header(name)
}

// BodyMD5 gives the digest of the body as carried, in hexadecimal digits; nil when there is none.
func (m *Message) BodyMD5() []byte {
	if !m.HasMD5 {
		return nil
	}
	return m.md5[:]
}

// Clone makes a copy that does not depend on the parser.
func (m *Message) Clone() *Message {
	c := *m
	c.arena = append([]byte(nil), m.arena...)
	c.headers = append([]header(nil), m.headers...)
	c.strings = append([]byte(nil), m.strings...)
	c.attachments = append([]span(nil), m.attachments...)
	c.urls = append([]url(nil), m.urls...)
	return &c
}

// Sizes past which memory is not kept for the next message, bytes.
const (
	keepArena   = 16 << 10
	keepStrings = 16 << 10
)

func (m *Message) reset() {
	*m = Message{arena: m.arena[:0], headers: m.headers[:0], strings: m.strings[:0],
		attachments: m.attachments[:0], urls: m.urls[:0]}
	if cap(m.arena) > keepArena {
		m.arena, m.headers = nil, nil
	}
	if cap(m.strings) > keepStrings {
		m.strings, m.urls, m.attachments = nil, nil, nil
	}
}

// maxStrings caps the bytes of attachment names and URLs that a message keeps.
const maxStrings = 256 << 10

// maxAttachments caps the attachment names that a message keeps; files past it are still
// carried on.
const maxAttachments = 256

func (m *Message) addString(b []byte) (span, bool) {
	if len(m.strings)+len(b) > maxStrings {
		return span{}, false
	}
	s := span{uint32(len(m.strings)), uint32(len(b))}
	m.strings = append(m.strings, b...)
	return s, true
}

func (m *Message) addAttachment(name []byte) {
	if len(m.attachments) < maxAttachments {
		if s, ok := m.addString(name); ok {
			m.attachments = append(m.attachments, s)
			return
		}
	}
	m.Cut |= CutAttachments
}

// equalFold compares b with a lower-case ASCII string.
func equalFold(b []byte, lower string) bool {
	return len(b) == len(lower) && hasPrefixFold(b, lower)
}

// hasPrefixFold tells whether b begins with a lower-case ASCII string.
func hasPrefixFold(b []byte, lower string) bool {
	if len(b) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	return trimRight(b)
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
