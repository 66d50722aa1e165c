package dcerpc

import "encoding/binary"

// HeaderLen is the length of the header that all connection-oriented PDUs begin with (C706 section 12.6.3.1).
const HeaderLen = 16

// Type is the kind of a PDU (C706 section 12.6.4.1, [MS-RPCE] section 2.2.2.3).
type Type uint8

// The types that parsers look at.
const (
	Request          Type = 0
	Response         Type = 2
	Fault            Type = 3
	Bind             Type = 11
	BindAck          Type = 12
	BindNak          Type = 13
	AlterContext     Type = 14
	AlterContextResp Type = 15
	Auth3            Type = 16
	lastType         Type = 20
)

var typeNames = [...]string{
	"REQUEST", "PING", "RESPONSE", "FAULT", "WORKING", "NOCALL", "REJECT", "ACK", "CL_CANCEL", "FACK", "CANCEL_ACK",
	"BIND", "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP", "AUTH3", "SHUTDOWN", "CO_CANCEL", "ORPHANED", "RTS",
}

// String gives the name that EVE records have, UNKNOWN for types that there are not.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "UNKNOWN"
}

// Response tells whether only servers send PDUs of this type.
func (t Type) Response() bool {
	switch t {
	case Response, Fault, BindAck, BindNak, AlterContextResp, 4, 5, 6, 10, 17:
		return true
	}
	return false
}

// Flags of a PDU's header.
const (
	FirstFrag = 0x01
	LastFrag  = 0x02
)

// Header is the common header of connection-oriented PDUs.
type Header struct {
	Minor   uint8 // of version 5
	Type    Type
	Flags   uint8
	Little  bool // byte order of all numbers
	FragLen int  // of the PDU with its header, bytes
	CallID  uint32
}

// ParseHeader reads a header; ok is false where b is none, or too short.
func ParseHeader(b []byte) (h Header, ok bool) {
	if len(b) < HeaderLen || b[0] != 5 || b[1] > 2 {
		return h, false
	}
	h = Header{Minor: b[1], Type: Type(b[2]), Flags: b[3], Little: b[4]&0x10 != 0}
	h.FragLen, h.CallID = int(h.u16(b[8:])), h.u32(b[12:])
	return h, true
}

// LooksLike tells whether b begins like a PDU: used where nothing else says what b is.
func LooksLike(b []byte) bool {
	h, ok := ParseHeader(b)
	return ok && h.FragLen >= HeaderLen && h.Type <= lastType && b[4]&0xee == 0 && b[5] <= 3
}

func (h *Header) u16(b []byte) uint16 {
	if h.Little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

func (h *Header) u32(b []byte) uint32 {
	if h.Little {
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

// request reads the body of a request or of one of its fragments (C706 section 12.6.4.9).
func (h *Header) request(body []byte) (context, opnum uint16, stub []byte, ok bool) {
	if len(body) < 8 {
		return 0, 0, nil, false
	}
	return h.u16(body[4:]), h.u16(body[6:]), body[8:], true
}

// responseHead is what comes before the stub data of a response: a hint of its size, the context and a count (C706 section 12.6.4.10).
const responseHead = 8

// uuidText is a UUID as people write it.
type uuidText [36]byte

const hexDigits = "0123456789abcdef"

// textOf writes a UUID; little says that its first three parts have the least byte first.
func textOf(u []byte, little bool) (t uuidText) {
	order := [16]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	if little {
		order = [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	}
	at := 0
	for i, j := range order {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			t[at] = '-'
			at++
		}
		t[at], t[at+1] = hexDigits[u[j]>>4], hexDigits[u[j]&15]
		at += 2
	}
	return t
}
