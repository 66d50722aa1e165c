package mqtt

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// names are the protocol names in a CONNECT, with their length (MQTT 5.0 section 3.1.2.1; MQTT 3.1 section 3.1).
var names = [...]string{"\x00\x04MQTT", "\x00\x06MQIsdp"}

// probe takes a CONNECT on any port, and on the usual one whatever begins like a control packet.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if typ := data[0] >> 4; !hint && typ != tConnect {
		return dissect.No
	}
	h, state := parseHeader(data)
	switch {
	case state == more:
		return dissect.More
	case state == bad || !plausible(h):
		return dissect.No
	case h.typ == tConnect:
		v := named(data[h.head:])
		if v == dissect.Yes && dir == dissect.ToClient {
			return dissect.Reversed
		}
		return v
	case byServer[h.typ] != byClient[h.typ]:
		if byServer[h.typ] == (dir == dissect.ToServer) {
			return dissect.Reversed
		}
		return dissect.Yes
	}
	return dissect.ByPort
}

// byClient and byServer are the types that only one of them sends.
var (
	byClient = [16]bool{tConnect: true, tSubscribe: true, tUnsubscribe: true, tPingreq: true}
	byServer = [16]bool{tConnack: true, tSuback: true, tUnsuback: true, tPingresp: true}
)

// named tells whether a CONNECT names the protocol.
func named(b []byte) dissect.Verdict {
	verdict := dissect.No
	for _, n := range names {
		switch k := min(len(n), len(b)); {
		case string(b[:k]) != n[:k]:
		case k == len(n):
			return dissect.Yes
		default:
			verdict = dissect.More
		}
	}
	return verdict
}

// header is the fixed header of a control packet (MQTT 5.0 section 2.1).
type header struct {
	typ, flags byte
	head, n    int // bytes of the header and of what follows
}

func (h *header) qos() uint8   { return h.flags >> 1 & 3 }
func (h *header) dup() bool    { return h.flags&8 != 0 }
func (h *header) retain() bool { return h.flags&1 != 0 }

type state uint8

const (
	good state = iota
	more       // not all of it is here
	bad
)

func parseHeader(b []byte) (h header, s state) {
	if len(b) == 0 {
		return h, more
	}
	h.typ, h.flags = b[0]>>4, b[0]&15
	n, used, s := varint(b[1:])
	h.head, h.n = 1+used, n
	return h, s
}

// maxVarint is the most bytes that a variable byte integer takes (MQTT 5.0 section 1.5.5).
const maxVarint = 4

// varint reads a variable byte integer.
func varint(b []byte) (v, used int, s state) {
	for i := range min(len(b), maxVarint) {
		v |= int(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1, good
		}
	}
	if len(b) < maxVarint {
		return 0, 0, more
	}
	return 0, 0, bad
}

// plausible tells whether a header has the flags and the length that its type wants (MQTT 5.0 section 2.1.3). It tells control
// packets from other protocols on the same port, and finds the next one behind a gap.
func plausible(h header) bool {
	switch h.typ {
	case tPublish:
		return h.qos() <= 2 && h.n >= 2
	case tPubrel, tSubscribe, tUnsubscribe:
		return h.flags&^8 == 2 && h.n >= 2 // MQTT 3.1 has dup here
	case tPingreq, tPingresp:
		return h.flags == 0 && h.n == 0
	case tConnack, tPuback, tPubrec, tPubcomp, tSuback, tUnsuback:
		return h.flags == 0 && h.n >= 2
	case tConnect:
		return h.flags == 0 && h.n >= 12
	case tDisconnect, tAuth:
		return h.flags == 0
	}
	return false
}

// reader reads what follows the fixed header. Where something is missing ok becomes false, and zero values are read.
type reader struct {
	b   []byte
	off int
	ok  bool
}

func (r *reader) left() int { return len(r.b) - r.off }

func (r *reader) take(n int) span {
	if !r.ok || n > r.left() {
		r.ok = false
		return span{}
	}
	s := span{uint32(r.off), uint32(n), true}
	r.off += n
	return s
}

func (r *reader) u8() byte {
	if s := r.take(1); s.there {
		return r.b[s.off]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if s := r.take(2); s.there {
		return binary.BigEndian.Uint16(r.b[s.off:])
	}
	return 0
}

func (r *reader) u32() uint32 {
	if s := r.take(4); s.there {
		return binary.BigEndian.Uint32(r.b[s.off:])
	}
	return 0
}

// data reads bytes, or a text, behind their length (section 1.5.4).
func (r *reader) data() span { return r.take(int(r.u16())) }

func (r *reader) varint() int {
	if !r.ok {
		return 0
	}
	v, used, s := varint(r.b[r.off:])
	if s != good {
		r.ok = false
		return 0
	}
	r.off += used
	return v
}
