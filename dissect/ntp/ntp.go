// Package ntp parses datagrams of the Network Time Protocol, versions 1 to 4 (RFC 5905), with control messages (RFC 9327) and those of
// mode 7, by which old servers told their clients' addresses.
package ntp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Spec declares NTP. As in Suricata each message is a transaction, and records are written only if they are asked for.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:      "ntp",
		Doc:       "Network Time Protocol",
		Ref:       "RFC 5905, RFC 9327",
		UDP:       &dissect.Detect{Ports: []uint16{123}, Probe: probe},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evMessage: {Name: message, Doc: "a datagram of either side", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: []string{"unsolicited_response", "malformed_data", "not_request", "not_response"},
		EVE:       write,
		Clone:     func(tx any) any { n := *tx.(*Message); n.MatchState = dissect.MatchState{}; return &n },
	}
}

const (
	message                   = "ntp.message"
	evMessage   dissect.Local = 0
	anMalformed               = 1
)

// Modes (RFC 5905 section 7.3): those below modeControl have the header of a clock.
const (
	modeControl = 6
	modePrivate = 7
)

// minLen is the length of the shortest datagram by mode: the header of RFC 5905 section 7.3, of RFC 9327 section 2, and of mode 7.
func minLen(mode byte) int {
	switch mode {
	case modeControl:
		return 12
	case modePrivate:
		return 8
	}
	return 48
}

// Message is a datagram.
type Message struct {
	dissect.MatchState
	id      uint64
	version byte
	mode    byte
	stratum byte    // of modes 1 to 5
	code    byte    // of mode 6 the operation, of mode 7 the request
	ref     [4]byte // what the clock follows
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

// parse reads a datagram; false if it is none of NTP.
func (m *Message) parse(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	*m = Message{MatchState: m.MatchState, version: b[0] >> 3 & 7, mode: b[0] & 7}
	if m.version < 1 || m.version > 4 || len(b) < minLen(m.mode) {
		return false
	}
	switch m.mode {
	case modeControl:
		m.code = b[1] & 0x1f
	case modePrivate:
		m.code = b[3]
	default:
		m.stratum, m.ref = b[1], [4]byte(b[12:16])
	}
	return true
}

// clock tells whether the datagram says something of a clock.
func (m *Message) clock() bool { return m.mode < modeControl }

func fields() []dissect.Field {
	num := dissect.Int[Message]
	clock := (*Message).clock
	return []dissect.Field{
		num("ntp.version", message, "version, 1 to 4", func(m *Message) (int64, bool) { return int64(m.version), true }).Bits(3),
		num("ntp.mode", message, "3 client, 4 server, 5 broadcast, 6 control, 7 private: monlist and the like (RFC 5905 section 7.3)",
			func(m *Message) (int64, bool) { return int64(m.mode), true }).Bits(3),
		num("ntp.stratum", message, "steps from the reference clock, 0 unspecified", func(m *Message) (int64, bool) { return int64(m.stratum), clock(m) }).Bits(8),
		dissect.Bin("ntp.reference_id", message, "what the clock follows: four bytes, of stratum 1 a name such as GPS", func(m *Message) []byte {
			if !clock(m) {
				return nil
			}
			return m.ref[:]
		}),
		num("ntp.opcode", message, "operation of a control message (RFC 9327 section 2)", func(m *Message) (int64, bool) { return int64(m.code), m.mode == modeControl }).Bits(8),
		num("ntp.request_code", message, "request of mode 7: 42 and 20 are monlist", func(m *Message) (int64, bool) { return int64(m.code), m.mode == modePrivate }).Bits(8),
	}
}

// write is the Spec's EVE function, with the members of Suricata's ntp records.
func write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("ntp")
	w.Key("version")
	w.Uint(uint64(m.version))
	w.Key("mode")
	w.Uint(uint64(m.mode))
	if m.clock() {
		w.Key("stratum")
		w.Uint(uint64(m.stratum))
		w.Key("reference_id")
		const hex = "0123456789abcdef"
		var text [len("00:00:00:00")]byte
		out := text[:0]
		for i, c := range m.ref {
			if i > 0 {
				out = append(out, ':')
			}
			out = append(out, hex[c>>4], hex[c&15])
		}
		w.Bytes(out)
	}
	w.End()
}

// probe takes a datagram of NTP on the usual port.
func probe(_ dissect.Dir, data []byte, hint bool) dissect.Verdict {
	var m Message
	if hint && m.parse(data) {
		return dissect.Yes
	}
	return dissect.No
}

type parser struct{ m Message }

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, _ dissect.Dir, data []byte) int {
	if len(data) == 0 {
		return 0
	}
	p.m.MatchState.Reset()
	if !p.m.parse(data) {
		c.Anomaly(anMalformed, nil)
		c.Failed()
		return len(data)
	}
	p.m.id = c.NextTxID()
	c.Emit(evMessage, &p.m)
	return len(data)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(*dissect.Ctx, dissect.Dir, int) {}

// End implements dissect.Parser.
func (p *parser) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.MatchState.Reset()
	p.m = Message{MatchState: p.m.MatchState}
}
