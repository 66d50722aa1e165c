package sip

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Limits on what is read of a message.
const (
	maxHeaders   = 256     // header fields
	maxFirstLine = 2 << 10 // bytes
	maxBody      = 64 << 10
)

// Message is a request or a response.
type Message struct {
	dissect.MatchState
	id      uint64
	line    []byte // the first one, without its end
	method  []byte // of requests
	uri     []byte
	version []byte
	code    []byte // of responses
	reason  []byte
	headers []header
	body    []byte
	sdp     []sdpLine // of the body, if it is a session description
	cut     bool      // not all header fields are here
}

type header struct{ name, value []byte }

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) clone() *Message {
	n := &Message{id: m.id, line: bytes.Clone(m.line), method: bytes.Clone(m.method), uri: bytes.Clone(m.uri), version: bytes.Clone(m.version),
		code: bytes.Clone(m.code), reason: bytes.Clone(m.reason), body: bytes.Clone(m.body), headers: slices.Clone(m.headers)}
	for i := range n.headers {
		n.headers[i] = header{bytes.Clone(n.headers[i].name), bytes.Clone(n.headers[i].value)}
	}
	n.readSDP()
	return n
}

// short are the compact forms of header names (RFC 3261 section 7.3.3, RFC 3265, RFC 3515, RFC 3892).
var short = map[byte]string{'a': "accept-contact", 'b': "referred-by", 'c': "content-type", 'e': "content-encoding", 'f': "from", 'i': "call-id",
	'k': "supported", 'l': "content-length", 'm': "contact", 'o': "event", 'r': "refer-to", 's': "subject", 't': "to", 'u': "allow-events", 'v': "via"}

// is tells whether a header goes by a name in lower case, perhaps by its compact form.
func (h *header) is(name string) bool {
	if len(h.name) == 1 {
		return short[h.name[0]|0x20] == name
	}
	return len(h.name) == len(name) && bytes.EqualFold(h.name, []byte(name))
}

// header gives value i of the headers of a name.
func (m *Message) header(name string, i int) ([]byte, bool) {
	for k := range m.headers {
		if m.headers[k].is(name) {
			if i == 0 {
				return m.headers[k].value, true
			}
			i--
		}
	}
	return nil, false
}

// startLine reads a request line or a status line (RFC 3261 section 7.1 and 7.2), false if it is neither.
func (m *Message) startLine(line []byte) bool {
	m.line = line
	if bytes.HasPrefix(line, []byte("SIP/")) {
		var rest []byte
		m.version, rest, _ = bytes.Cut(line, space)
		m.code, m.reason, _ = bytes.Cut(rest, space)
		return len(m.code) == 3
	}
	var rest []byte
	m.method, rest, _ = bytes.Cut(line, space)
	i := bytes.LastIndexByte(rest, ' ')
	if i < 0 {
		return false
	}
	m.uri, m.version = rest[:i], rest[i+1:]
	return len(m.method) > 0 && bytes.HasPrefix(m.version, []byte("SIP/"))
}

var space = []byte{' '}

// headerLines reads the header fields. Lines that are folded stay so, with the line ends in them.
func (m *Message) headerLines(b []byte) bool {
	ok := true
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		for end >= 0 && end+1 < len(b) && (b[end+1] == ' ' || b[end+1] == '\t') {
			next := bytes.IndexByte(b[end+1:], '\n')
			if next < 0 {
				end = -1
				break
			}
			end += 1 + next
		}
		line := b
		if b = nil; end >= 0 {
			line, b = line[:end], line[end+1:]
		}
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found || len(m.headers) >= maxHeaders {
			m.cut = m.cut || found
			ok = false
			continue
		}
		m.headers = append(m.headers, header{bytes.TrimRight(name, " \t"), bytes.TrimSpace(value)})
	}
	return ok
}

// cutLine gives the first line without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte{'\r'}), b[i+1:]
}

func fields() []dissect.Field {
	str, strs := dissect.Str[Message], dissect.Strs[Message]
	head := func(name, header, doc string) dissect.Field {
		return strs(name, message, doc, func(m *Message, i int) ([]byte, bool) { return m.header(header, i) })
	}
	return []dissect.Field{
		str("sip.method", message, "method of a request: INVITE, REGISTER", func(m *Message) []byte { return some(m.method) }),
		str("sip.uri", message, "URI of a request", func(m *Message) []byte { return some(m.uri) }),
		str("sip.protocol", message, "version of the protocol: SIP/2.0", func(m *Message) []byte { return some(m.version) }),
		str("sip.request_line", message, "first line of a request", func(m *Message) []byte {
			if len(m.method) == 0 {
				return nil
			}
			return m.line
		}),
		str("sip.response_line", message, "first line of a response", func(m *Message) []byte {
			if len(m.code) == 0 {
				return nil
			}
			return m.line
		}),
		str("sip.stat_code", message, "status code of a response, as sent", func(m *Message) []byte { return some(m.code) }),
		str("sip.stat_msg", message, "reason phrase of a response", func(m *Message) []byte { return some(m.reason) }),
		head("sip.from", "from", "From: who calls"),
		head("sip.to", "to", "To: who is called"),
		head("sip.via", "via", "Via: the path of the request"),
		head("sip.contact", "contact", "Contact"),
		head("sip.call_id", "call-id", "Call-ID"),
		head("sip.user_agent", "user-agent", "User-Agent: the client's program"),
		head("sip.server", "server", "Server: the server's program"),
		head("sip.authorization", "authorization", "Authorization"),
		head("sip.content_type", "content-type", "Content-Type"),
		head("sip.content_length", "content-length", "Content-Length"),
		dissect.Bin("sip.body", message, "the body, up to 64 KiB", func(m *Message) []byte { return some(m.body) }),
	}
}

// some gives b, or nil for an absent value.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// writeEVE is the Spec's EVE function, with the members of Suricata's sip records.
func writeEVE(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("sip")
	member := func(key string, b []byte) {
		if len(b) > 0 {
			w.Key(key)
			w.Bytes(b)
		}
	}
	member("method", m.method)
	member("uri", m.uri)
	member("version", m.version)
	if len(m.code) > 0 {
		member("code", m.code)
		member("reason", m.reason)
		member("response_line", m.line)
	} else {
		member("request_line", m.line)
	}
	m.writeSDP(w)
	w.End()
}
