package dnp3

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// keepObjects and keepData (bytes) are how much memory a message keeps for the next.
const (
	keepObjects = 64
	keepData    = 2 << 10
)

// Bits of a fragment's control octet (section 4.2.2.1).
const (
	appFIR = 0x80
	appFIN = 0x40
	appCON = 0x20
	appUNS = 0x10
	appSeq = 0x0f
)

// Message is a fragment of the application layer.
type Message struct {
	dissect.MatchState
	id       uint64
	dir      dissect.Dir
	link     byte // control octet of the first frame's link header
	src, dst uint16
	seq      byte // of the last segment
	control  byte // of the fragment
	function byte
	iin      uint16 // internal indications, in responses
	told     bool   // rules have seen the header
	done     bool   // nothing more comes
	complete bool   // all objects were understood
	data     []byte // from the control octet on
	objects  []object
	views    views
}

// object is an object header with what follows it (section 4.2.2.7).
type object struct {
	group, variation, qualifier byte
	bare                        bool // it only names points: there are no values
	start, stop, count          uint32
	off                         int    // of what follows, in Message.data
	points                      uint32 // that are there
}

func (o *object) prefix() byte { return o.qualifier >> 4 & 7 }
func (o *object) rng() byte    { return o.qualifier & 0x0f }

// prefixLen is how many bytes stand before each point (table 4-4).
func (o *object) prefixLen() int {
	switch o.prefix() {
	case 1, 4:
		return 1
	case 2, 5:
		return 2
	case 3, 6:
		return 4
	}
	return 0
}

// sized tells whether points are preceded by their sizes, not by their indexes.
func (o *object) sized() bool { return o.prefix() >= 4 && o.prefix() <= 6 }

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

// reset begins a message with its first segment, which has the whole header.
func (m *Message) reset(id uint64, dir dissect.Dir, link byte, src, dst uint16, data []byte) {
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, id: id, dir: dir, link: link, src: src, dst: dst, control: data[0], function: data[1],
		data: m.data[:0], objects: m.objects[:0], views: m.views}
	if dir == dissect.ToClient {
		m.iin = binary.BigEndian.Uint16(data[2:])
	}
}

// between tells whether a message goes between the same as a frame. Frames that claim to come from the other side (DIR), or to be answers of the link
// layer (PRI), are none that a receiver takes for parts of it.
func (m *Message) between(dir dissect.Dir, control byte, src, dst uint16) bool {
	return m.dir == dir && m.src == src && m.dst == dst && (m.link^control)&(linkDir|linkPri) == 0
}

// release gives larger memory back when nobody looks at the message any more.
func (m *Message) release() {
	if cap(m.data) > keepData {
		dissect.FreeKept(m.data)
		m.data = nil
	}
	if cap(m.objects) > keepObjects {
		m.objects = nil
	}
	m.views = m.views.reset()
}

func (m *Message) clone() *Message {
	m.view()
	n := *m
	n.MatchState = dissect.MatchState{}
	n.data, n.objects, n.views = bytes.Clone(m.data), slices.Clone(m.objects), m.views.clone()
	return &n
}

// kind is what records call the message.
func (m *Message) kind() string {
	switch {
	case m.dir == dissect.ToServer:
		return "request"
	case m.function == fcUnsolicited:
		return "unsolicited_response"
	}
	return "response"
}

// bare tells whether an object of this request only names points (section 4.3): those of a READ are what the outstation is to send.
func (m *Message) bare(o *object) bool {
	if m.dir == dissect.ToClient || o.group == groupAuthentication || o.rng() == rangeFree {
		return false
	}
	switch f := m.function; {
	case f == fcRead, f >= fcEnable && f <= fcAssign:
		return true
	case f >= fcFreeze && f <= fcFreezeAtNR:
		return o.group != groupTime
	}
	return false
}

// Groups that requests have values of where others only name points.
const (
	groupTime           = 50
	groupAuthentication = 120
)

// rangeFree is the range specifier of objects with a size each (table 4-5).
const rangeFree = 0x0b

// parse reads the objects, up to limits of their number and of that of all points; 0: none. It gives the anomaly that ended it, or -1.
func (m *Message) parse(maxObjects, maxPoints int) int {
	at := min(requestLen, len(m.data))
	if m.dir == dissect.ToClient {
		at = min(responseLen, len(m.data))
	}
	points := uint64(0)
	for at < len(m.data) {
		if maxObjects > 0 && len(m.objects) >= maxObjects {
			return anTooManyObjects
		}
		var o object
		n, ok := o.header(m.data[at:])
		if n == 0 {
			return -1
		}
		o.bare = m.bare(&o)
		m.objects = append(m.objects, o)
		if !ok {
			return -1
		}
		at += n
		p := &m.objects[len(m.objects)-1]
		p.off = at
		if o.count == 0 || o.bare && o.prefixLen() == 0 || o.variation == 0 && !o.bare {
			continue
		}
		if points += uint64(o.count); maxPoints > 0 && points > uint64(maxPoints) {
			return anTooManyPoints
		}
		r := m.pointsOf(p)
		if !r.known() {
			return anUnknownObject
		}
		for pt := (point{}); p.points < o.count && r.next(&pt); {
			p.points++
		}
		if p.points < o.count {
			return anUnknownObject
		}
		at = r.end()
	}
	m.complete = true
	return -1
}

// header reads an object header. n is 0 where there is none; ok tells whether its range is there and has a meaning.
func (o *object) header(b []byte) (n int, ok bool) {
	if len(b) < 3 {
		return 0, false
	}
	o.group, o.variation, o.qualifier = b[0], b[1], b[2]
	b = b[3:]
	width, twice := 0, false
	switch o.rng() {
	case 0, 3:
		width, twice = 1, true
	case 1, 4:
		width, twice = 2, true
	case 2, 5:
		width, twice = 4, true
	case 6:
	case 7, rangeFree:
		width = 1
	case 8:
		width = 2
	case 9:
		width = 4
	default:
		return 3, false
	}
	n = width
	if twice {
		n *= 2
	}
	if len(b) < n {
		return 3, false
	}
	switch {
	case twice:
		o.start, o.stop = little(b[:width]), little(b[width:n])
		o.count = o.stop - o.start + 1
	case width > 0:
		o.count = little(b[:width])
	}
	return 3 + n, true
}

// little reads a number of up to four bytes, the low one first.
func little(b []byte) (n uint32) {
	for i, c := range b {
		n |= uint32(c) << (8 * i)
	}
	return n
}
