package http2

import "encoding/binary"

// Types of frames (RFC 9113 section 6).
const (
	tyData = iota
	tyHeaders
	tyPriority
	tyRstStream
	tySettings
	tyPushPromise
	tyPing
	tyGoAway
	tyWindowUpdate
	tyContinuation
)

// Flags of frames.
const (
	flAck        = 0x01 // SETTINGS, PING
	flEndStream  = 0x01
	flEndHeaders = 0x04
	flPadded     = 0x08
	flPriority   = 0x20
)

const (
	headerLen    = 9
	settingLen   = 6
	priorityLen  = 5
	defaultFrame = 16 << 10 // largest payload unless SETTINGS say more
	// maxFrame is the longest payload that is looked at as a whole, bytes (Suricata); of longer ones the beginning is. The
	// payload of DATA is taken as it comes.
	maxFrame = 64 << 10
)

// frameHeader is the header of a frame (RFC 9113 section 4.1).
type frameHeader struct {
	length int
	typ    uint8
	flags  uint8
	id     uint32
}

// parseHeader reads a frame header; d has at least headerLen bytes.
func parseHeader(d []byte) frameHeader {
	return frameHeader{
		length: int(d[0])<<16 | int(d[1])<<8 | int(d[2]), typ: d[3], flags: d[4],
		id: binary.BigEndian.Uint32(d[5:]) & 0x7fffffff,
	}
}

// unpad takes the padding off a payload (RFC 9113 section 6.1); false: there is more padding than payload.
func (h *frameHeader) unpad(p []byte) ([]byte, bool) {
	if h.flags&flPadded == 0 {
		return p, true
	}
	if len(p) == 0 || int(p[0]) > h.length-1 {
		return p, false
	}
	if len(p) < h.length { // of which the end, with the padding, is missing
		return p[1:], true
	}
	return p[1 : len(p)-int(p[0])], true
}
