package http2

import (
	"bytes"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// preface is what a client begins with (RFC 9113 section 3.4).
var preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// enoughPreface is how much of the preface suffices to recognise the protocol, bytes.
const enoughPreface = 16

// probe recognises the client's preface, and the SETTINGS frame that a server begins with.
func probe(dir dissect.Dir, data []byte, _ bool) dissect.Verdict {
	if n := min(len(data), enoughPreface); bytes.Equal(data[:n], preface[:n]) {
		switch {
		case n < enoughPreface:
			return dissect.More
		case dir == dissect.ToClient:
			return dissect.Reversed
		}
		return dissect.Yes
	}
	if dir == dissect.ToServer {
		return dissect.No
	}
	return probeSettings(data)
}

// probeSettings looks for a SETTINGS frame of connection start: on stream 0, whole entries, no flag but ACK.
func probeSettings(d []byte) dissect.Verdict {
	if len(d) > 0 && d[0] != 0 || len(d) > 3 && d[3] != tySettings {
		return dissect.No
	}
	if len(d) < headerLen {
		return dissect.More
	}
	h := parseHeader(d)
	if h.length > defaultFrame || h.length%settingLen != 0 || h.flags&^flAck != 0 || binary.BigEndian.Uint32(d[5:]) != 0 {
		return dissect.No
	}
	return dissect.Yes
}

// plausible tells whether d begins like a frame, as is looked for when bytes are missing.
func plausible(d []byte) bool {
	h := parseHeader(d)
	if d[5]&0x80 != 0 || h.length > defaultFrame {
		return false
	}
	switch h.typ {
	case tyData, tyHeaders, tyPushPromise, tyContinuation:
		return h.id != 0 && h.flags&^(flEndStream|flEndHeaders|flPadded|flPriority) == 0
	case tyPriority:
		return h.id != 0 && h.length == priorityLen && h.flags == 0
	case tyRstStream:
		return h.id != 0 && h.length == 4 && h.flags == 0
	case tySettings:
		return h.id == 0 && h.length%settingLen == 0 && h.flags&^flAck == 0
	case tyPing:
		return h.id == 0 && h.length == 8 && h.flags&^flAck == 0
	case tyGoAway:
		return h.id == 0 && h.length >= 8 && h.flags == 0
	case tyWindowUpdate:
		return h.length == 4 && h.flags == 0
	}
	return false
}
