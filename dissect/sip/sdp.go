package sip

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// maxSDP caps the lines of a session description that are read.
const maxSDP = 1024

// sdpLine is a line of a session description (RFC 8866 section 5): k=value. The lines behind the first m= are about media, those
// up to it about the session.
type sdpLine struct {
	kind  byte
	media bool
	value []byte
}

// readSDP reads the body as a session description, if the header says that it is one; false if that has more lines than are read.
func (m *Message) readSDP() bool {
	m.sdp = m.sdp[:0]
	kind, ok := m.header("content-type", 0)
	if !ok || !isSDP(kind) {
		return true
	}
	media := false
	for rest := m.body; len(rest) > 0; {
		if len(m.sdp) == maxSDP {
			return false
		}
		var line []byte
		line, rest = cutLine(rest)
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		media = media || line[0] == 'm'
		m.sdp = append(m.sdp, sdpLine{line[0], media, line[2:]})
	}
	return true
}

func isSDP(contentType []byte) bool {
	const want = "application/sdp"
	kind, _, _ := bytes.Cut(contentType, []byte{';'})
	return bytes.EqualFold(bytes.TrimSpace(kind), []byte(want))
}

// sdpValue gives value i of the lines of a kind, of the session or of its media.
func (m *Message) sdpValue(kind byte, media bool, i int) ([]byte, bool) {
	for k := range m.sdp {
		if l := &m.sdp[k]; l.kind == kind && l.media == media {
			if i == 0 {
				return l.value, true
			}
			i--
		}
	}
	return nil, false
}

func sdpFields() []dissect.Field {
	one := func(name string, kind byte, doc string) dissect.Field {
		return dissect.Str(name, message, doc+"; RFC 8866", func(m *Message) []byte {
			v, ok := m.sdpValue(kind, false, 0)
			if ok && v == nil {
				v = []byte{}
			}
			return v
		})
	}
	many := func(name string, kind byte, media bool, doc string) dissect.Field {
		return dissect.Strs(name, message, doc+"; RFC 8866", func(m *Message, i int) ([]byte, bool) { return m.sdpValue(kind, media, i) })
	}
	return []dissect.Field{
		one("sdp.origin", 'o', "o=: who describes the session, and which"),
		one("sdp.session_name", 's', "s=: name of the session"),
		one("sdp.session_info", 'i', "i=: about the session"),
		one("sdp.uri", 'u', "u=: where more about the session is"),
		one("sdp.email", 'e', "e=: address of who is responsible"),
		one("sdp.phone_number", 'p', "p=: telephone of who is responsible"),
		one("sdp.connection_data", 'c', "c=: address at which the session's media are received"),
		many("sdp.bandwidth", 'b', false, "b=: bandwidth of the session"),
		many("sdp.time", 't', false, "t=: when the session begins and ends"),
		many("sdp.repeat_time", 'r', false, "r=: when the session is repeated"),
		one("sdp.timezone", 'z', "z=: changes of the time zone"),
		one("sdp.encryption_key", 'k', "k=: key of the session"),
		many("sdp.attribute", 'a', false, "a=: attributes of the session"),
		many("sdp.media.media", 'm', true, "m=: kind, port, transport and formats of each medium"),
		many("sdp.media.media_info", 'i', true, "i=: about a medium"),
		many("sdp.media.connection_data", 'c', true, "c=: address at which a medium is received"),
		many("sdp.media.bandwidth", 'b', true, "b=: bandwidth of a medium"),
		many("sdp.media.encryption_key", 'k', true, "k=: key of a medium"),
		many("sdp.media.attribute", 'a', true, "a=: attributes of a medium"),
	}
}

// sdpMembers are the members of records that stand for one line each.
var sdpMembers = []struct {
	kind byte
	key  string
}{{'o', "origin"}, {'s', "session_name"}, {'i', "session_info"}, {'u', "uri"}, {'e', "email"}, {'p', "phone_number"}, {'c', "connection_data"}}

// writeSDP writes the object of the session description.
func (m *Message) writeSDP(w *jsonw.Writer) {
	if len(m.sdp) == 0 {
		return
	}
	session := m.sdp
	for i := range m.sdp {
		if m.sdp[i].media {
			session = m.sdp[:i]
			break
		}
	}
	w.Open("sdp")
	if v, ok := m.sdpValue('v', false, 0); ok {
		if n, err := strconv.ParseUint(string(bytes.TrimSpace(v)), 10, 32); err == nil {
			w.Key("version")
			w.Uint(n)
		}
	}
	for _, x := range sdpMembers {
		sdpOne(w, session, x.kind, x.key)
	}
	sdpList(w, session, 'b', "bandwidths")
	sdpTimes(w, session)
	sdpOne(w, session, 'z', "timezone")
	sdpOne(w, session, 'k', "encryption_key")
	sdpList(w, session, 'a', "attributes")
	if media := m.sdp[len(session):]; len(media) > 0 {
		w.OpenArray("media_descriptions")
		for len(media) > 0 {
			n := 1
			for n < len(media) && media[n].kind != 'm' {
				n++
			}
			sdpMedium(w, media[:n])
			media = media[n:]
		}
		w.EndArray()
	}
	w.End()
}

func sdpMedium(w *jsonw.Writer, lines []sdpLine) {
	w.Object()
	sdpOne(w, lines, 'm', "media")
	sdpOne(w, lines, 'i', "media_info")
	sdpList(w, lines, 'b', "bandwidths")
	sdpOne(w, lines, 'c', "connection_data")
	sdpOne(w, lines, 'k', "encryption_key")
	sdpList(w, lines, 'a', "attributes")
	w.End()
}

func sdpOne(w *jsonw.Writer, lines []sdpLine, kind byte, key string) {
	for i := range lines {
		if lines[i].kind == kind {
			w.Key(key)
			w.Bytes(lines[i].value)
			return
		}
	}
}

func sdpList(w *jsonw.Writer, lines []sdpLine, kind byte, key string) {
	open := false
	for i := range lines {
		if lines[i].kind != kind {
			continue
		}
		if !open {
			w.OpenArray(key)
			open = true
		}
		w.Bytes(lines[i].value)
	}
	if open {
		w.EndArray()
	}
}

// sdpTimes writes each t= with the r= that follows it.
func sdpTimes(w *jsonw.Writer, lines []sdpLine) {
	open := false
	for i := range lines {
		if lines[i].kind != 't' {
			continue
		}
		if !open {
			w.OpenArray("time_descriptions")
			open = true
		}
		w.Object()
		w.Key("time")
		w.Bytes(lines[i].value)
		if i+1 < len(lines) && lines[i+1].kind == 'r' {
			w.Key("repeat_time")
			w.Bytes(lines[i+1].value)
		}
		w.End()
	}
	if open {
		w.EndArray()
	}
}
