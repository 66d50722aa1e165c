// Package websocket parses the WebSocket protocol (RFC 6455) after an upgrade from HTTP, with compressed messages (RFC 7692). Every frame is
// a transaction; the last one of a fragmented message has all of it.
package websocket

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say what the EVE records of WebSocket hold of payload, and what alerts do.
type Options struct {
	Printable, Base64           bool
	AlertPrintable, AlertBase64 bool
}

// ParseOptions reads the settings below outputs.eve-log.types.websocket, and those of alerts (outputs.eve-log.types.alert).
func ParseOptions(own, alert map[string]string) Options {
	return Options{Printable: dissect.Truth(own["payload-printable"]), Base64: dissect.Truth(own["payload-base64"]),
		AlertPrintable: dissect.Truth(alert["websocket-payload-printable"]), AlertBase64: dissect.Truth(alert["websocket-payload"])}
}

// Spec declares WebSocket with the default options.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares WebSocket with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "websocket",
		Doc:  "WebSocket, after an upgrade from HTTP",
		Ref:  "RFC 6455, RFC 7692",
		// Nothing tells a WebSocket by itself: HTTP hands it over.
		TCP: &dissect.Detect{Probe: func(dissect.Dir, []byte, bool) dissect.Verdict { return dissect.No }},
		New: func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evMessage: {Name: message, Doc: "a frame of either side; the last one of a fragmented message has its payload", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true},
			evFrame:   dissect.FrameEvent(frameEvent),
		},
		Fields:     append(fields(), dissect.FrameFields(frameEvent, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		EVE:        o.write,
		Context:    Options{Printable: o.AlertPrintable, Base64: o.AlertBase64}.write,
		Clone:      func(tx any) any { return tx.(*Message).clone() },
	}
}

// Names of events, as the fields refer to them.
const message, frameEvent = "websocket.message", "websocket.frame"

// Events, in the order of the Spec.
const (
	evMessage dissect.Local = iota
	evFrame
)

// Frames, in the order of the Spec, by Suricata's names.
const (
	frHeader = iota
	frPDU
	frData
)

var frames = []string{"header", "pdu", "data"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anSkip = iota
	anLimit
)

var anomalies = []string{anSkip: "skip_end_of_payload", anLimit: "reassembly_limit_reached"}

// opcodes are the kinds of frames (RFC 6455 section 5.2).
var opcodes = [16]string{"continuation", "text", "binary", "unknown-3", "unknown-4", "unknown-5", "unknown-6", "unknown-7",
	"close", "ping", "pong", "unknown-11", "unknown-12", "unknown-13", "unknown-14", "unknown-15"}

func fields() []dissect.Field {
	return []dissect.Field{
		dissect.Str("websocket.opcode", message, "kind of the frame: text, binary, continuation, close, ping, pong", func(m *Message) []byte { return dissect.Text(opcodes[m.opcode]) }).OneOf(opcodes[:]...),
		dissect.Int("websocket.flags", message, "flags of the frame: 128 it ends a message, 64 compressed, 32 and 16 reserved", func(m *Message) (int64, bool) { return int64(m.flags), true }).Bits(8),
		dissect.Int("websocket.mask", message, "key that the payload was masked with, as clients do", func(m *Message) (int64, bool) { return int64(m.mask), m.masked }).Bits(32),
		dissect.Bin("websocket.payload", message, "payload, unmasked; at the end of a message all of it, unpacked", func(m *Message) []byte {
			if m.payload == nil {
				return []byte{}
			}
			return m.payload
		}),
		dissect.Int("websocket.close_code", message, "why the connection is closed: 1000 normal, 1001 going away, ... (RFC 6455 section 7.4)", (*Message).closeCode).Bits(16),
	}
}

// write is the Spec's EVE function, with the members of Suricata's websocket records.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("websocket")
	w.Key("fin")
	w.Bool(m.flags&fin != 0)
	if m.masked {
		w.Key("mask")
		w.Uint(uint64(m.mask))
	}
	w.Key("opcode")
	w.Str(opcodes[m.opcode])
	if o.Printable {
		w.Key("payload_printable")
		w.Bytes(dissect.ValidText(m.payload))
	}
	if o.Base64 {
		w.Key("payload_base64")
		w.Base64(m.payload)
	}
	w.End()
}

// Caps, in the order of the Spec.
const (
	capPayload = iota
	capMessage
	capUnpacked
)

var caps = []dissect.Cap{
	capPayload:  {Name: "payload", Doc: "WebSocket: frames of which only the beginning was looked at because they are longer than app-layer.protocols.websocket.max-payload-size"},
	capMessage:  {Name: "message", Doc: "WebSocket: messages in fragments of which only the beginning was looked at, for the same reason"},
	capUnpacked: {Name: "unpacked", Doc: "WebSocket: compressed messages of which only the first 1 MiB was looked at"},
}
