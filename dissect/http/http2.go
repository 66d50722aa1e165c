package http

import (
	"bytes"
	"math/bits"
	"strconv"

	"github.com/luanids/luanids/dissect"
)

// SentField is a header field as HTTP/2 sent it, before repeated ones are joined.
type SentField struct {
	Name, Value []byte
	// Update is the size to which the sender changed its table at this place, bytes; -1 for fields.
	Update int64
}

// HTTP2 is what is known of a transaction because it came over HTTP/2.
type HTTP2 struct {
	StreamID uint32
	// Frames are what the frames of either direction said.
	Frames [2]FrameNotes
	// Carried is the message that the transaction carries (DNS over HTTPS), nil for most: the answer if there is one. It is
	// set by who parses the stream.
	Carried any
}

// FrameNotes are what frames of one direction of a stream said. Each list has at most MaxFrameNotes entries.
type FrameNotes struct {
	Types      [4]uint64 // set of the frames' types
	Errors     []uint32  // of RST_STREAM and GOAWAY
	Priorities []uint8   // weights, of PRIORITY and HEADERS
	Windows    []uint32  // increments, of WINDOW_UPDATE
	Settings   []Setting
	Count      int // of the frames
}

// Setting is an entry of a SETTINGS frame (RFC 9113 section 6.5.2).
type Setting struct {
	ID    uint16
	Value uint32
}

// Upgraded is the request that a connection of HTTP/1.1 ended with, which HTTP/2 answers on stream 1 (RFC 7540 section 3.2).
type Upgraded struct {
	Method, URI, Host []byte
	Settings          []byte // the HTTP2-Settings header, as sent
	HasSettings       bool
}

func upgraded(t *Tx) *Upgraded {
	h := t.Request.find("http2-settings")
	u := &Upgraded{Method: bytes.Clone(t.Method), URI: bytes.Clone(t.seen(t.URI)), Host: bytes.Clone(t.Request.Header("host")), HasSettings: h != nil}
	if h != nil {
		u.Settings = bytes.Clone(h.Value)
	}
	return u
}

// MaxFrameNotes caps what is remembered of one kind, of the frames of one direction of a stream.
const MaxFrameNotes = 256

func (n *FrameNotes) reset() {
	*n = FrameNotes{Errors: n.Errors[:0], Priorities: n.Priorities[:0], Windows: n.Windows[:0], Settings: n.Settings[:0]}
}

func (n *FrameNotes) clone() FrameNotes {
	c := *n
	c.Errors = append([]uint32(nil), n.Errors...)
	c.Priorities = append([]uint8(nil), n.Priorities...)
	c.Windows = append([]uint32(nil), n.Windows...)
	c.Settings = append([]Setting(nil), n.Settings...)
	return c
}

// Note appends to a list of FrameNotes, unless it is full.
func Note[T any](list []T, v T) []T {
	if len(list) >= MaxFrameNotes {
		return list
	}
	return append(list, v)
}

// AddType notes a frame of a type.
func (n *FrameNotes) AddType(t uint8) {
	n.Count++
	n.Types[t>>6] |= 1 << (t & 63)
}

// typeAt gives the i-th of the types that came.
func (n *FrameNotes) typeAt(i int) (uint8, bool) {
	for w, set := range n.Types {
		if c := bits.OnesCount64(set); i >= c {
			i -= c
			continue
		}
		for ; i > 0; i-- {
			set &= set - 1
		}
		return uint8(w<<6 + bits.TrailingZeros64(set)), true
	}
	return 0, false
}

// useHTTP2 makes t a transaction of HTTP/2.
func (t *Tx) useHTTP2(stream uint32) {
	if t.h2 == nil {
		t.h2 = new(HTTP2)
	}
	t.HTTP2 = t.h2
	t.HTTP2.StreamID, t.HTTP2.Carried = stream, nil
	for d := range t.HTTP2.Frames {
		t.HTTP2.Frames[d].reset()
	}
}

// NewControl makes a transaction for a frame on the connection itself (stream 0). Give it back with Release.
func NewControl(id uint64) *Tx {
	t := newTx(id)
	t.useHTTP2(0)
	return t
}

// Release gives a transaction back that NewControl made.
func (t *Tx) Release() { t.release() }

// frameTypes and errorCodes are the names of frame types and error codes (RFC 9113 sections 6 and 7), frame types as Suricata writes them.
var (
	frameTypes = names("DATA", "HEADERS", "PRIORITY", "RSTSTREAM", "SETTINGS", "PUSHPROMISE", "PING", "GOAWAY", "WINDOWUPDATE", "CONTINUATION")
	errorCodes = names("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
		"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")
)

// names are texts by number; what has no name goes by its number.
func names(known ...string) [256][]byte {
	var list [256][]byte
	for i := range list {
		if i < len(known) {
			list[i] = []byte(known[i])
		} else {
			list[i] = []byte(strconv.Itoa(i))
		}
	}
	return list
}

// FrameType names a type of frame, ErrorCode an error code.
func FrameType(t uint8) string { return string(frameTypes[t]) }

// ErrorCode names an error code; "" for one that no name is known of.
func ErrorCode(code uint32) string {
	if code > 13 {
		return ""
	}
	return string(errorCodes[code])
}

// Settings lists the names of settings by their number (RFC 9113 section 6.5.2, RFC 8441, RFC 9218).
var Settings = map[uint16]string{1: "header_table_size", 2: "enable_push", 3: "max_concurrent_streams", 4: "initial_window_size",
	5: "max_frame_size", 6: "max_header_list_size", 8: "enable_connect_protocol",
	9: "no_rfc7540_priorities"}

// onStream is the event at which fields of HTTP/2 are known.
const onStream = "http2.stream"

// notes declares a field with any number of values that frames of the event's direction said.
func notes(name, doc string, get func(n *FrameNotes, i int) (int64, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Multi: true, Event: onStream, Doc: doc, IntN: func(e *dissect.Env, i int) (int64, bool) {
		if t, ok := dissect.MessageOf[Tx](e); ok && t.HTTP2 != nil {
			return get(&t.HTTP2.Frames[e.Dir], i)
		}
		return 0, false
	}}
}

// texts is notes for names.
func texts(name, doc string, get func(t *Tx, d dissect.Dir, i int) ([]byte, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Multi: true, Event: onStream, Doc: doc, BytesN: func(e *dissect.Env, i int) ([]byte, bool) {
		if t, ok := dissect.MessageOf[Tx](e); ok && t.HTTP2 != nil {
			return get(t, e.Dir, i)
		}
		return nil, false
	}}
}

func at[T uint8 | uint32](list []T, i int) (int64, bool) {
	if i >= len(list) {
		return 0, false
	}
	return int64(list[i]), true
}

// fields2 are the fields of HTTP/2.
func fields2() []dissect.Field {
	f := []dissect.Field{
		{Name: "http2.stream_id", Type: dissect.TInt, Event: onStream, Doc: "stream identifier, 0 for the connection itself; RFC 9113 section 5.1.1", Int: func(e *dissect.Env) (int64, bool) {
			if t, ok := dissect.MessageOf[Tx](e); ok && t.HTTP2 != nil {
				return int64(t.HTTP2.StreamID), true
			}
			return 0, false
		}},
		texts("http2.frametype", "types of the stream's frames in the event's direction so far: HEADERS, DATA, RSTSTREAM...; RFC 9113 section 6", func(t *Tx, d dissect.Dir, i int) ([]byte, bool) {
			n, ok := t.HTTP2.Frames[d].typeAt(i)
			return frameTypes[n], ok
		}),
		texts("http2.errorcode", "error codes of RST_STREAM and GOAWAY frames: NO_ERROR, CANCEL...; RFC 9113 section 7", func(t *Tx, d dissect.Dir, i int) ([]byte, bool) {
			code, ok := at(t.HTTP2.Frames[d].Errors, i)
			if !ok || code >= int64(len(errorCodes)) {
				return nil, ok
			}
			return errorCodes[code], true
		}),
		notes("http2.priority", "weights of PRIORITY and HEADERS frames, as sent (one less than meant); RFC 7540 section 6.3", func(n *FrameNotes, i int) (int64, bool) { return at(n.Priorities, i) }).Bits(8),
		notes("http2.window", "window size increments of WINDOW_UPDATE frames, bytes; RFC 9113 section 6.9", func(n *FrameNotes, i int) (int64, bool) { return at(n.Windows, i) }).Bits(32),
		{Name: "http2.size_update", Type: dissect.TInt, Multi: true, Event: onStream, Doc: "sizes to which the sender changed HPACK's table, bytes; RFC 7541 section 6.3", IntN: sizeUpdate},
		texts("http2.header_name", "names of the header fields in order, with pseudo-header fields", func(t *Tx, d dissect.Dir, i int) ([]byte, bool) {
			if m := t.Message(d); i < len(m.Sent) {
				return nonNil(m.Sent[i].Name, true), true
			}
			return nil, false
		}),
		texts("http2.header", "each header field as \"name: value\", with pseudo-header fields", func(t *Tx, d dissect.Dir, i int) ([]byte, bool) { return t.Message(d).headerLine(i) }),
	}
	for id := uint16(1); id <= 9; id++ {
		if name, ok := Settings[id]; ok {
			f = append(f, settingField(id, name))
		}
	}
	return append(f, dissect.FrameFields("http2.frame", FrameKinds)...)
}

func settingField(id uint16, name string) dissect.Field {
	return notes("http2.settings."+name, "values of the setting "+name+"; RFC 9113 section 6.5.2", func(n *FrameNotes, i int) (int64, bool) {
		for k := range n.Settings {
			if n.Settings[k].ID == id {
				if i == 0 {
					return int64(n.Settings[k].Value), true
				}
				i--
			}
		}
		return 0, false
	})
}

func sizeUpdate(e *dissect.Env, i int) (int64, bool) {
	t, ok := dissect.MessageOf[Tx](e)
	if !ok || t.HTTP2 == nil {
		return 0, false
	}
	for k, sent := 0, t.Message(e.Dir).Sent; k < len(sent); k++ {
		if sent[k].Update >= 0 {
			if i == 0 {
				return sent[k].Update, true
			}
			i--
		}
	}
	return 0, false
}
