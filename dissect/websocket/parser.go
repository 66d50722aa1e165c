package websocket

import (
	"bytes"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
)

const (
	// defaultMaxPayload is how much of a message is looked at, bytes (app-layer.protocols.websocket.max-payload-size).
	defaultMaxPayload = 0xffff
	// maxPending is past the longest frame of which the parser wants all: max-payload-size keeps that far shorter.
	maxPending = 1 << 30
	// maxInflated is how much of a compressed message is unpacked, bytes.
	maxInflated = 1 << 20
	// maxBombs is how many messages of a direction may exceed it; then nothing is unpacked any more.
	maxBombs = 8
	// keepBuffer is the largest buffer that a parser keeps for another flow, bytes.
	keepBuffer = 4 << 10
)

// Bits of a frame's first byte.
const (
	fin        = 0x80
	compressed = 0x40
	reserved   = 0x30
)

// opClose is the first of the control frames (RFC 6455 section 5.5), which come between the fragments of a message.
const opClose = 8

// Message is a frame.
type Message struct {
	dissect.MatchState
	id      uint64
	flags   byte // the upper four bits of its first byte
	opcode  byte
	masked  bool
	mask    uint32
	payload []byte
}

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) clone() *Message {
	n := *m
	n.MatchState = dissect.MatchState{}
	n.payload = bytes.Clone(m.payload)
	return &n
}

func (m *Message) closeCode() (int64, bool) {
	if m.opcode != opClose || len(m.payload) < 2 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint16(m.payload)), true
}

type parser struct {
	m          Message
	dirs       [2]direction
	maxPayload int
	begun      bool
}

// direction is the state of one direction of the stream.
type direction struct {
	skip     dissect.Skip
	left     uint64 // of the frame at hand, when it is not complete
	lost     bool   // where frames begin is not known
	plain    []byte // payload without its mask
	message  []byte // fragments so far
	within   bool   // of a fragmented message
	packed   bool   // the message is compressed
	cut      bool   // not all of it is here
	unpacked []byte
	inflater *http.Inflater
	bombs    int  // messages that unpacked to too much
	raw      bool // nothing is unpacked any more
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if !p.begun {
		p.begin(c)
	}
	d := &p.dirs[dir]
	for n := 0; ; {
		k := d.skip.Pass(len(data) - n)
		if n += k; n == len(data) {
			return n
		}
		if d.lost {
			if !chain(data[n:]) {
				return len(data)
			}
			d.lost = false
		}
		if k = p.frame(c, dir, d, data[n:]); k == 0 {
			return n
		}
		n += k
	}
}

func (p *parser) begin(c *dissect.Ctx) {
	p.begun = true
	p.maxPayload = defaultMaxPayload
	if c.Limits != nil {
		p.maxPayload = max(dissect.Size(c.Limits.Settings["websocket.max-payload-size"], defaultMaxPayload), 1)
	}
	if c.Flow != nil {
		c.Flow.TxCount = 0 // those of HTTP are another protocol's
	}
}

// header reads a frame's header (RFC 6455 section 5.2); 0 if it is not complete.
func header(b []byte) (size int, payload uint64) {
	if len(b) < 2 {
		return 0, 0
	}
	size, payload = 2, uint64(b[1]&0x7f)
	switch payload {
	case 126:
		if size = 4; len(b) >= size {
			payload = uint64(binary.BigEndian.Uint16(b[2:]))
		}
	case 127:
		if size = 10; len(b) >= size {
			payload = min(binary.BigEndian.Uint64(b[2:]), 1<<62)
		}
	}
	if b[1]&0x80 != 0 {
		size += 4
	}
	if len(b) < size {
		return 0, 0
	}
	return size, payload
}

// chain tells whether b is whole frames and nothing else: how the next frame is found behind a gap.
func chain(b []byte) bool {
	for len(b) > 0 {
		size, n := header(b)
		if size == 0 || b[0]&reserved != 0 || n > uint64(len(b)-size) {
			return false
		}
		b = b[size+int(n):]
	}
	return true
}

// frame takes a frame, or 0 if it is not complete.
func (p *parser) frame(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte) int {
	size, length := header(b)
	if size == 0 {
		d.left = 0
		return 0
	}
	n := int(min(length, uint64(p.maxPayload)))
	if len(b) < size+n {
		c.Need(size + n)
		d.left = uint64(size) + length
		return 0
	}
	d.left, d.skip = 0, dissect.Skip(length-uint64(n))
	m := &p.m
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, id: c.NextTxID(), flags: b[0] & 0xf0, opcode: b[0] & 0x0f, masked: b[1]&0x80 != 0}
	if m.masked {
		m.mask = binary.BigEndian.Uint32(b[size-4:])
	}
	m.payload = d.unmask(m, b[size:size+n])
	if c.WantsFrames() {
		total := int64(uint64(size) + length)
		c.Frame(frHeader, b[:size], int64(size), m)
		c.Frame(frPDU, b[:size+n], total, m)
		c.Frame(frData, b[size:size+n], total-int64(size), m)
	}
	if d.skip > 0 {
		c.Capped(capPayload)
		c.Anomaly(anSkip, m)
	}
	if m.opcode < opClose {
		p.assemble(c, d, m)
	}
	c.Emit(evMessage, m)
	if m.flags&fin != 0 && m.opcode < opClose {
		d.message = keep(d.message)
	}
	m.payload, d.plain, d.unpacked = nil, keep(d.plain), keep(d.unpacked)
	return size + n
}

// keep empties a buffer, and gives large memory back.
func keep(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

// unmask undoes the mask (RFC 6455 section 5.3).
func (d *direction) unmask(m *Message, b []byte) []byte {
	if !m.masked || m.mask == 0 {
		return b
	}
	d.plain = append(d.plain[:0], b...)
	var key [4]byte
	binary.BigEndian.PutUint32(key[:], m.mask)
	word := uint64(binary.LittleEndian.Uint32(key[:]))
	word |= word << 32
	out := d.plain
	for ; len(out) >= 8; out = out[8:] {
		binary.LittleEndian.PutUint64(out, binary.LittleEndian.Uint64(out)^word)
	}
	for i := range out {
		out[i] ^= key[i&3]
	}
	return d.plain
}

// assemble puts a fragmented message together (RFC 6455 section 5.4), and unpacks one that is complete.
func (p *parser) assemble(c *dissect.Ctx, d *direction, m *Message) {
	if !d.within {
		d.packed, d.cut = m.flags&compressed != 0, false
	}
	d.cut = d.cut || d.skip > 0
	last := m.flags&fin != 0
	if d.within || !last {
		room := p.maxPayload - len(d.message)
		if len(m.payload) > room {
			d.cut = true
			if room > 0 {
				c.Capped(capMessage)
				c.Anomaly(anLimit, m)
			}
		}
		d.message = append(d.message, m.payload[:max(min(room, len(m.payload)), 0)]...)
		if last {
			m.payload = d.message
		}
	}
	if d.within = !last; last && d.packed {
		m.payload = d.unpack(c, m)
	}
}

// unpack undoes the compression of a message; what cannot be unpacked stays as it is.
func (d *direction) unpack(c *dissect.Ctx, m *Message) []byte {
	b := m.payload
	if d.raw || len(b) == 0 {
		return b
	}
	if d.inflater == nil {
		d.inflater = new(http.Inflater)
	}
	d.unpacked = d.unpacked[:0]
	err := d.inflater.Message(b, func(out []byte) bool {
		d.unpacked = append(d.unpacked, out...)
		return len(d.unpacked) <= maxInflated
	})
	over := len(d.unpacked) > maxInflated
	if over {
		c.Capped(capUnpacked)
		c.Anomaly(anLimit, m)
		d.bombs++
		d.raw = d.bombs > maxBombs
	}
	if over || err != nil || d.cut {
		d.inflater.Reset() // messages that refer to this one will not be unpacked, others will
	}
	if len(d.unpacked) == 0 {
		return b
	}
	return d.unpacked
}

// Gap implements dissect.Parser. Where the frame in which bytes are missing ends is known from its header.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if !p.begun {
		p.begin(c)
	}
	d := &p.dirs[dir]
	if d.left > 0 {
		d.skip, d.left = dissect.Skip(d.left), 0
	}
	d.message, d.within = keep(d.message), false
	if d.inflater != nil {
		d.inflater.Reset()
	}
	d.lost = !d.skip.Gap(n) || d.lost
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.MatchState.Reset()
	*p = parser{m: Message{MatchState: p.m.MatchState}, dirs: [2]direction{
		{plain: keep(p.dirs[0].plain), message: keep(p.dirs[0].message), unpacked: keep(p.dirs[0].unpacked)},
		{plain: keep(p.dirs[1].plain), message: keep(p.dirs[1].message), unpacked: keep(p.dirs[1].unpacked)}}}
}
