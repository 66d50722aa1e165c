package enip

import "slices"

// Caps of one encapsulated message: what is past them is not looked at, and raises nothing. A connection takes up to 4000 bytes at a time (Large Forward
// Open), in which there are no more.
const (
	maxMessages   = 4096    // CIP messages in a Multiple Service Packet
	maxSegments   = 2048    // segments of all paths
	maxAttributes = 2048    // attributes that lists ask for
	maxTexts      = 8 << 10 // bytes of names, and of what statuses add
)

// Services that are looked into.
const (
	svcGetAttributeList = 0x03
	svcSetAttributeList = 0x04
	svcMultiple         = 0x0a
	svcUnconnectedSend  = 0x52 // of the connection manager; other classes have services of their own by this number
)

// classConnections is the class of connection managers.
const classConnections = 6

// message is a CIP message (CIP volume 1 section 2-4): a request with its path, or a response with its status. Messages of a Multiple
// Service Packet follow the one that they are in, as does the one in an Unconnected Send.
type message struct {
	service    uint8
	response   bool
	status     uint8
	extended   span // in pdu.texts: the first of the numbers that are added to the status
	path       span // in pdu.segments
	attributes span // in pdu.attributes: those that a list in the request names
}

// segment is a logical segment of a path (CIP volume 1 appendix C).
type segment struct {
	kind  uint8 // the byte that it begins with
	value uint32
}

// span is a stretch of one of the lists of a pdu.
type span struct{ off, n int }

// Kinds of logical segments, of a segment's first byte without its lowest bits.
const (
	segClass     = 0x20 >> 2
	segInstance  = 0x24 >> 2
	segAttribute = 0x30 >> 2
	segSpecial   = 0x34 >> 2
)

// reader takes numbers, lowest byte first, off the beginning of a message.
type reader struct {
	b   []byte
	bad bool // something was missing, or not as it should be
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return le16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return le32(b)
	}
	return 0
}

// cip reads a CIP message; nested says that it is in a Multiple Service Packet, which cannot be in another. What is read is noted
// unless keep is false; at is where the message begins in the encapsulated one. It gives the number of bytes that were read.
func (p *pdu) cip(b []byte, at int, nested, keep bool) (n int, ok bool) {
	r := reader{b: b}
	m := message{}
	service := r.u8()
	m.service, m.response = service&0x7f, service&0x80 != 0
	if m.response {
		r.u8() // reserved
		m.status = r.u8()
		ext := r.take(2 * int(r.u8()))
		if keep && len(ext) > 0 {
			m.extended = p.text(ext[:2])
		}
	} else {
		m.path = p.path(r.take(2*int(r.u8())), &r, keep)
		switch m.service {
		case svcGetAttributeList:
			m.attributes = p.attributeList(&r, keep)
		case svcSetAttributeList:
			if r.u16() > 0 { // how long the values are depends on the class
				first := r.take(2)
				if keep && first != nil && p.room(len(p.attributes) < maxAttributes) {
					m.attributes = span{len(p.attributes), 1}
					p.attributes = append(p.attributes, le16(first))
				}
			}
		}
	}
	if r.bad {
		return 0, false
	}
	if keep && p.room(len(p.messages) < maxMessages) {
		p.messages = append(p.messages, m)
	}
	n = len(b) - len(r.b)
	switch {
	case m.service == svcMultiple && !nested:
		if !p.multiple(r.b, at+n, keep) {
			return 0, false
		}
	case m.service == svcUnconnectedSend && keep && !m.response && !p.routed && p.hasClass(&m, classConnections):
		p.unconnectedSend(r.b, at+n, nested)
	}
	return n, true
}

// hasClass tells whether a class is in the path of a request.
func (p *pdu) hasClass(m *message, class uint32) bool {
	return slices.ContainsFunc(p.pathOf(m), func(g segment) bool { return g.kind>>2 == segClass && g.value == class })
}

// unconnectedSend reads the request that a router is to hand on (CIP volume 1 section 3-5.5.4). What is broken in it the router will tell.
func (p *pdu) unconnectedSend(b []byte, at int, nested bool) {
	r := reader{b: b}
	r.take(2) // how long it may take
	request := r.take(int(r.u16()))
	if len(request) == 0 || !p.room(p.left > 0) {
		return
	}
	p.left--
	p.routed = true
	p.cip(request, at+4, nested, true)
	p.routed = false
}

// multiple reads the messages in a Multiple Service Packet: their offsets, counted from the number of them.
func (p *pdu) multiple(b []byte, at int, keep bool) bool {
	r := reader{b: b}
	offsets := r.take(2 * int(r.u16()))
	if r.bad {
		return false
	}
	for ; len(offsets) > 0 && p.room(p.left > 0); offsets = offsets[2:] {
		p.left--
		off := int(le16(offsets))
		if off >= len(b) {
			return false
		}
		n, ok := p.cip(b[off:], at+off, true, keep)
		if !ok {
			return false
		}
		if n <= p.shown { // messages may lie over each other, they are not shown without end
			p.shown -= n
			p.piece(frCIP, at+off, n)
		}
	}
	return true
}

// attributeList reads the list of a request for attributes.
func (p *pdu) attributeList(r *reader, keep bool) span {
	list := r.take(2 * int(r.u16()))
	if !keep {
		return span{}
	}
	s := span{len(p.attributes), 0}
	for ; len(list) > 0 && p.room(len(p.attributes) < maxAttributes); list = list[2:] {
		p.attributes = append(p.attributes, le16(list))
		s.n++
	}
	return s
}

// path reads the segments of a request's path; r.bad tells that there is one that nobody can read.
func (p *pdu) path(b []byte, r *reader, keep bool) span {
	s := span{len(p.segments), 0}
	for in := (reader{b: b}); len(in.b) > 0; {
		kind := in.u8()
		switch {
		case kind>>5 == 1 && kind>>2 != segSpecial:
			g := segment{kind: kind}
			switch kind & 3 {
			case 0:
				g.value = uint32(in.u8())
			case 1:
				in.u8()
				g.value = uint32(in.u16())
			case 2:
				in.u8()
				g.value = in.u32()
			default:
				in.bad = true
			}
			if keep && !in.bad && p.room(len(p.segments) < maxSegments) {
				p.segments = append(p.segments, g)
				s.n++
			}
		case kind == 0x91 || kind>>5 == 3: // a name: extended symbol, or symbol
			p.symbol(&in, kind, keep)
		default:
			in.other(kind)
		}
		r.bad = r.bad || in.bad
	}
	return s
}

// symbol reads a segment that names something, a tag of a controller.
func (p *pdu) symbol(in *reader, kind uint8, keep bool) {
	n := int(kind & 0x1f)
	if kind == 0x91 {
		n = int(in.u8())
	}
	name := in.take(n)
	if kind == 0x91 && n&1 == 1 || kind != 0x91 && n&1 == 0 {
		in.take(1) // pads to a whole word
	}
	if keep && len(name) > 0 && p.room(len(p.symbols) < maxMessages) {
		p.symbols = append(p.symbols, p.text(name))
	}
}

// other passes over segments that are neither logical nor names.
func (r *reader) other(kind uint8) {
	switch {
	case kind>>2 == segSpecial: // electronic key; format 4 has 8 bytes (CIP volume 1 section C-1.4.2.5)
		if format := r.u8(); kind&3 != 0 || format != 4 {
			r.bad = true
		}
		r.take(8)
	case kind>>5 == 0: // port
		n := 1
		if kind&0x10 != 0 {
			n = int(r.u8())
		}
		size := n
		if kind&0x0f == 0x0f {
			r.take(2)
		}
		r.take(size)
		if kind&0x10 != 0 && n&1 == 1 {
			r.take(1)
		}
	case kind>>5 == 2: // network
		if kind&0x10 == 0 {
			r.take(1)
		} else {
			r.take(2 * int(r.u8()))
		}
	case kind == 0x80: // simple data
		r.take(2 * int(r.u8()))
	default:
		r.bad = true
	}
}

// text keeps bytes of the message.
func (p *pdu) text(b []byte) span {
	if len(b) == 0 || !p.room(len(p.texts)+len(b) <= maxTexts) {
		return span{}
	}
	s := span{len(p.texts), len(b)}
	p.texts = append(p.texts, b...)
	return s
}

// room notes that something does not fit.
func (p *pdu) room(fits bool) bool {
	p.cut = p.cut || !fits
	return fits
}

// pathOf gives the path of a request.
func (p *pdu) pathOf(m *message) []segment { return p.segments[m.path.off : m.path.off+m.path.n] }

// listOf gives the attributes that a list in a request names.
func (p *pdu) listOf(m *message) []uint16 {
	return p.attributes[m.attributes.off : m.attributes.off+m.attributes.n]
}
