package enip

import (
	"encoding/binary"
	"slices"
)

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// headerLen is the length of the encapsulation header (CIP volume 2 section 2-3.1), bytes.
const headerLen = 24

// header is the encapsulation header.
type header struct {
	command, length          uint16
	session, status, options uint32
	context                  [8]byte
}

func readHeader(b []byte) header {
	return header{command: le16(b), length: le16(b[2:]), session: le32(b[4:]), status: le32(b[8:]), context: [8]byte(b[12:20]), options: le32(b[20:])}
}

// payload is what is in an encapsulated message.
type payload uint8

const (
	payloadNone     payload = iota // nothing, or nothing that could be read
	payloadCIP                     // items with CIP messages
	payloadRegister                // protocol version and options
	payloadList                    // items of the answer to a List command
)

// Types of items (CIP volume 2 section 2-6).
const (
	itemIdentity    = 0x0c
	itemConnected   = 0xb1
	itemUnconnected = 0xb2
	itemServices    = 0x100
	itemSequenced   = 0x8002
)

// pdu is an encapsulated message, or the place of one. Of several items that say the same the first counts.
type pdu struct {
	header
	there   bool // it came
	invalid bool // its content could not be read
	cut     bool // not all of it is kept
	payload payload

	version, registerOptions uint16 // of RegisterSession
	items                    int
	connected                bool   // the second item has data of a connection
	sequence                 uint16 // of that item

	first    uint16 // type of the first item
	identity identity
	services serviceItem

	messages   []message
	segments   []segment
	attributes []uint16
	symbols    []span // in texts
	texts      []byte

	left   int // how many more messages of Multiple Service Packets are looked at
	wants  bool
	routed bool // the message being read is in an Unconnected Send
	shown  int  // bytes of messages in Multiple Service Packets that may still be shown as frames
	pieces []piece
	calls  calls
	asked  cursor
}

// identity is what a device says of itself (CIP volume 2 section 2-4.2.3).
type identity struct {
	version, vendor, device, product, revision, status uint16
	serial                                             uint32
	state                                              uint8
	name                                               span
}

// serviceItem is a service that a device offers (CIP volume 2 section 2-4.6.3).
type serviceItem struct {
	version, capabilities uint16
	name                  span
}

// piece is a part of the message as it was sent.
type piece struct {
	kind   int
	off, n int
}

func (p *pdu) piece(kind, off, n int) {
	if p.wants && len(p.pieces) < 2*maxMessages {
		p.pieces = append(p.pieces, piece{kind, off, n})
	}
}

func (p *pdu) reset() {
	*p = pdu{messages: p.messages[:0], segments: p.segments[:0], attributes: p.attributes[:0], symbols: p.symbols[:0], texts: p.texts[:0], pieces: p.pieces[:0],
		calls: calls{text: p.calls.text[:0], list: p.calls.list[:0]}}
}

func (p *pdu) clone() pdu {
	c := *p
	c.messages, c.segments, c.attributes = slices.Clone(p.messages), slices.Clone(p.segments), slices.Clone(p.attributes)
	c.symbols, c.texts, c.pieces = slices.Clone(p.symbols), slices.Clone(p.texts), nil
	c.calls = calls{}
	return c
}

// size is how much memory a message takes beyond a fixed amount, bytes.
func (p *pdu) size() int {
	return 48*len(p.messages) + 8*len(p.segments) + 2*len(p.attributes) + 16*len(p.symbols) + len(p.texts)
}

func (p *pdu) at(s span) []byte { return p.texts[s.off : s.off+s.n : s.off+s.n] }

// read reads a whole message, header and all; frames says that its parts are to be noted.
func (p *pdu) read(b []byte, frames bool) {
	p.reset()
	p.there, p.wants, p.left, p.shown = true, frames, maxMessages, len(b)
	p.header = readHeader(b)
	body := reader{b: b[headerLen:]}
	p.piece(frHeader, 0, headerLen)
	p.piece(frData, headerLen, len(body.b))
	p.piece(frPDU, 0, len(b))
	known := len(p.pieces)
	ok := true
	switch p.command {
	case cmdRegisterSession:
		p.payload = payloadRegister
		p.version, p.registerOptions = body.u16(), body.u16()
		ok = !body.bad
	case cmdListServices, cmdListInterfaces, cmdListIdentity:
		if p.length > 0 { // requests are empty
			p.payload = payloadList
			ok = p.itemList(&body, headerLen)
		}
	case cmdSendRRData, cmdSendUnitData:
		if p.refuses() {
			break
		}
		p.payload = payloadCIP
		body.take(6) // interface handle, timeout
		ok = p.itemList(&body, headerLen+6)
	}
	if !ok {
		p.unread(known)
	}
}

// refuses tells whether the message has a status and nothing else, which it can have whatever the request was.
func (p *pdu) refuses() bool { return p.status != 0 && p.length == 0 }

// unread forgets content that turned out to be broken.
func (p *pdu) unread(pieces int) {
	h, kept := p.header, p.pieces[:min(pieces, len(p.pieces))]
	p.reset()
	p.header, p.there, p.invalid, p.pieces = h, true, true, kept
}

// itemList reads the items of a message, which begin with their number at offset at.
func (p *pdu) itemList(r *reader, at int) bool {
	n := int(r.u16())
	at += 2
	from := len(p.pieces)
	for i := range n {
		kind, size := r.u16(), int(r.u16())
		data := r.take(size)
		if r.bad {
			return false
		}
		if i == 0 {
			p.first = kind
		}
		if !p.item(i, kind, data, at) {
			return false
		}
		at += 4 + size
	}
	p.items = n
	p.itemsFirst(from)
	return !r.bad
}

// itemsFirst puts the frames of items before those of the CIP messages in them, as Suricata shows them.
func (p *pdu) itemsFirst(from int) {
	slices.SortStableFunc(p.pieces[from:], func(a, b piece) int { return b2i(a.kind == frCIP) - b2i(b.kind == frCIP) })
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// item reads the i-th item, whose type is at offset at.
func (p *pdu) item(i int, kind uint16, data []byte, at int) bool {
	p.piece(frItem, at, 4+len(data))
	r := reader{b: data}
	switch kind {
	case itemIdentity:
		return p.identityItem(&r, i == 0)
	case itemServices:
		s := serviceItem{version: r.u16(), capabilities: r.u16()}
		name := r.take(16)
		if i == 0 && !r.bad {
			s.name = p.text(name)
			p.services = s
		}
		return !r.bad
	case itemConnected, itemUnconnected:
		at += 4
		if kind == itemConnected {
			if sequence := r.u16(); i == 1 {
				p.connected, p.sequence = true, sequence
			}
			at += 2
		}
		if r.bad {
			return false
		}
		p.piece(frCIP, at, len(r.b))
		_, ok := p.cip(r.b, at, false, len(p.messages) == 0)
		return ok
	}
	return true
}

func (p *pdu) identityItem(r *reader, keep bool) bool {
	id := identity{version: r.u16()}
	r.take(16) // address of its socket
	id.vendor, id.device, id.product = r.u16(), r.u16(), r.u16()
	major := uint16(r.u8())
	id.revision = major<<8 | uint16(r.u8())
	id.status, id.serial = r.u16(), r.u32()
	name := r.take(int(r.u8()))
	id.state = r.u8()
	if keep && !r.bad {
		id.name = p.text(name)
		p.identity = id
	}
	return !r.bad
}

// identified tells whether the message is a device's answer to ListIdentity, offers whether it is one to ListServices.
func (p *pdu) identified() bool {
	return p.payload == payloadList && p.command == cmdListIdentity && p.items > 0 && p.first == itemIdentity
}

func (p *pdu) offers() bool {
	return p.payload == payloadList && p.command == cmdListServices && p.items > 0 && p.first == itemServices
}
