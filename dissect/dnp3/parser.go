package dnp3

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Suricata's defaults (app-layer.protocols.dnp3.max-tx, max-points, max-objects).
const (
	// defaultMaxTx is how many fragments may be under way at a time, of both directions. One request at a time is usual.
	defaultMaxTx = 32
	// defaultMaxPoints and defaultMaxObjects are how many of one fragment are read.
	defaultMaxPoints  = 16384
	defaultMaxObjects = 2048
)

const (
	// maxFragment is the longest fragment that is put together, bytes: as many segments as the transport function can number.
	maxFragment = 63 * 255
	// maxSpare is how many messages a parser keeps for later.
	maxSpare = 2
)

type parser struct {
	open                         []*Message // of which segments are missing, oldest first
	spare                        dissect.Spares[Message]
	dirs                         [2]direction
	maxTx, maxPoints, maxObjects int
}

type direction struct {
	lost  bool // where frames begin is not known
	ended bool
	done  int    // fragments that were complete since the other side sent a packet
	heard uint64 // packets that it had sent then
}

func (p *parser) configure(c *dissect.Ctx) {
	p.maxTx, p.maxPoints, p.maxObjects = defaultMaxTx, defaultMaxPoints, defaultMaxObjects
	if c.Limits != nil {
		p.maxTx = max(dissect.Size(c.Limits.Settings["dnp3.max-tx"], defaultMaxTx), 1)
		p.maxPoints = dissect.Size(c.Limits.Settings["dnp3.max-points"], defaultMaxPoints)
		p.maxObjects = dissect.Size(c.Limits.Settings["dnp3.max-objects"], defaultMaxObjects)
	}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	d := &p.dirs[dir]
	d.answered(c.Flow, dir)
	for n := 0; ; {
		if n == len(data) {
			return n
		}
		k := p.frame(c, dir, d, data[n:])
		if k == 0 {
			return n
		}
		n += k
	}
}

// answered forgets complete fragments when the other side has sent something: until then they count as under way.
func (d *direction) answered(f *dissect.Flow, dir dissect.Dir) {
	if f == nil {
		d.done = 0
	} else if n := f.Packets[dir.Rev()]; n == 0 || n != d.heard {
		d.done, d.heard = 0, n
	}
}

// frame takes one link frame, or what is none; 0 where more is needed.
func (p *parser) frame(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte) int {
	if d.lost {
		n, found := seek(b)
		if !found {
			if n == 0 {
				c.Need(headerLen)
			}
			return n
		}
		d.lost = false
	}
	switch {
	case b[0] != start0, len(b) > 1 && b[1] != start1:
		if dir == dissect.ToServer || !isBanner(b) {
			c.Failed()
		}
		d.lost = true
		return 1
	case len(b) < headerLen:
		c.Need(headerLen)
		return 0
	case !checked(b[:headerLen]):
		return d.bad(c, anLinkCRC)
	case b[2] < counted:
		return d.bad(c, anTooSmall)
	}
	n := frameLen(int(b[2]))
	if len(b) < n {
		c.Need(n)
		return 0
	}
	p.link(c, dir, b[:n])
	return n
}

// seek looks for a link header behind what was not understood, or is missing. Until it is found it gives how many bytes are none, 0 where
// more are needed.
func seek(b []byte) (n int, found bool) {
	switch i := bytes.IndexByte(b, start0); {
	case i < 0:
		return len(b), false
	case i > 0:
		return i, false
	case len(b) > 1 && b[1] != start1:
		return 1, false
	case len(b) < headerLen:
		return 0, false
	case !checked(b[:headerLen]) || b[2] < counted:
		return 1, false
	}
	return 0, true
}

// bad gives up what looked like a frame.
func (d *direction) bad(c *dissect.Ctx, anomaly int) int {
	c.Failed()
	c.Anomaly(anomaly, nil)
	d.lost = true
	return 1
}

// Functions of a link frame that carry user data (table 9-1).
const (
	linkConfirmed   = 3
	linkUnconfirmed = 4
)

// Bits of a segment's transport header (section 8.2).
const (
	transportFIN = 0x80
	transportFIR = 0x40
	transportSeq = 0x3f
)

// Lengths of the header of a fragment (section 4.2.2), bytes.
const (
	requestLen  = 2
	responseLen = 4
)

// link takes a whole frame with a right header.
func (p *parser) link(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	if f := b[3] & 0x0f; f != linkConfirmed && f != linkUnconfirmed {
		return
	}
	least := 1 + requestLen // behind the transport header
	if dir == dissect.ToClient {
		least = 1 + responseLen
	}
	n := int(b[2]) - counted
	switch {
	case n < 1 || n < least && b[headerLen]&transportFIR != 0:
		c.Anomaly(anTooSmall, nil)
		return
	case n == 1:
		c.Anomaly(anMalformed, nil)
		return
	}
	var user [maxFrame]byte
	data := user[:0]
	for rest := b[headerLen:]; len(rest) > 0; {
		k := min(len(rest), blockLen+crcLen)
		if !checked(rest[:k]) {
			c.Anomaly(anTransportCRC, nil)
			return
		}
		data = append(data, rest[:k-crcLen]...)
		rest = rest[k:]
	}
	p.segment(c, dir, b, data)
}

// segment takes a segment of a fragment; head is its link header.
func (p *parser) segment(c *dissect.Ctx, dir dissect.Dir, head, data []byte) {
	th, data := data[0], data[1:]
	src, dst := binary.LittleEndian.Uint16(head[6:]), binary.LittleEndian.Uint16(head[4:])
	var m *Message
	if th&transportFIR == 0 {
		if m = p.continued(dir, head[3], src, dst, th&transportSeq); m == nil {
			return // of a fragment whose beginning was not seen, or sent again
		}
	} else {
		if dir == dissect.ToServer && data[1] == fcConfirm {
			p.confirm(c, head[3], src, dst, data)
			return
		}
		m = p.begin(c, dir, head[3], src, dst, data)
	}
	m.seq = th & transportSeq
	m.data = dissect.AppendKept(m.data, data, maxFragment)
	switch {
	case len(m.data) > maxFragment:
		m.done = true
		c.Capped(capLength)
		c.Anomaly(anTooLong, m)
		p.finish(c, m)
	case th&transportFIN != 0:
		m.done = true
		p.complete(c, m)
	case th&transportFIR != 0:
		m.told = true
		c.Emit(evMessage, m)
	}
}

// continued finds the fragment of which a segment is the next one.
func (p *parser) continued(dir dissect.Dir, control byte, src, dst uint16, seq byte) *Message {
	for i := len(p.open) - 1; i >= 0; i-- {
		if m := p.open[i]; m.between(dir, control, src, dst) && (m.seq+1)&transportSeq == seq {
			return m
		}
	}
	return nil
}

// begin makes a message of the first segment of a fragment.
func (p *parser) begin(c *dissect.Ctx, dir dissect.Dir, control byte, src, dst uint16, data []byte) *Message {
	m := p.spare.Get()
	m.reset(c.NextTxID(), dir, control, src, dst, data)
	p.open = append(p.open, m)
	if len(p.open)+p.dirs[0].done+p.dirs[1].done > p.maxTx {
		c.Capped(capFragments)
		c.Anomaly(anFlooded, m)
		if len(p.open) > p.maxTx {
			p.finish(c, p.open[0])
		}
	}
	return m
}

// confirm takes a confirmation, of which there is no record.
func (p *parser) confirm(c *dissect.Ctx, control byte, src, dst uint16, data []byte) {
	m := p.spare.Get()
	id := uint64(0)
	if c.Flow != nil {
		id = c.Flow.TxCount
	}
	m.reset(id, dissect.ToServer, control, src, dst, data)
	m.done, m.complete = true, true
	c.Emit(evMessage, m)
	m.release()
	p.spare.Put(m, maxSpare)
}

// complete reads the objects of a fragment of which all segments are there.
func (p *parser) complete(c *dissect.Ctx, m *Message) {
	if anomaly := m.parse(p.maxObjects, p.maxPoints); anomaly >= 0 {
		if anomaly == anTooManyObjects || anomaly == anTooManyPoints {
			c.Capped(capObjects)
		}
		c.Anomaly(anomaly, m)
	}
	if !m.told {
		m.told = true
		c.EmitDir(evMessage, m, m.dir)
	}
	p.finishBefore(c, m)
	p.finish(c, m)
}

// finishBefore ends fragments from the same sender to the same receiver that were under way when m began: nothing more of them comes (section
// 8.2). While none is complete they count as under way, so that a flood of them is told.
func (p *parser) finishBefore(c *dissect.Ctx, m *Message) {
	for i := 0; p.open[i] != m; {
		if o := p.open[i]; o.between(m.dir, m.link, m.src, m.dst) {
			p.finish(c, o)
		} else {
			i++
		}
	}
}

// finish ends a message.
func (p *parser) finish(c *dissect.Ctx, m *Message) {
	p.open = slices.DeleteFunc(p.open, func(o *Message) bool { return o == m })
	p.dirs[m.dir].done++
	c.EmitDir(evFragment, m, m.dir)
	m.release()
	p.spare.Put(m, maxSpare)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) { p.dirs[dir].lost = true }

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.dirs[dir].ended = true
	if !p.dirs[dir.Rev()].ended {
		return
	}
	for len(p.open) > 0 {
		p.finish(c, p.open[0])
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	clear(p.open)
	*p = parser{open: p.open[:0], spare: p.spare}
}
