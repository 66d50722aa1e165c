package krb5

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// keepText is the largest text that a parser keeps for another flow, bytes.
const keepText = 4 << 10

type parser struct {
	m       Message
	request uint32          // kind of the last request
	skip    [2]dissect.Skip // a message that is too long
	lost    [2]bool
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.reset()
	for _, b := range []*[]byte{&p.m.realm, &p.m.text, &p.m.cname.all, &p.m.sname.all} {
		if cap(*b) > keepText {
			*b = nil
		}
	}
	*p = parser{m: p.m}
}

// length is that of the message behind it; the highest bit is reserved.
func length(b []byte) int { return int(binary.BigEndian.Uint32(b) &^ (1 << 31)) }

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP {
		p.message(c, data)
		return len(data)
	}
	for n := 0; ; {
		if p.lost[dir] && n < len(data) {
			switch probeTCP(dir, data[n:], true) {
			case dissect.More: // many send the length by itself
				return n
			case dissect.Yes:
				p.lost[dir] = false
			default:
				return len(data)
			}
		}
		if n == len(data) {
			return n
		}
		k := p.stream(c, dir, data[n:])
		if k == 0 {
			return n
		}
		n += k
	}
}

// stream takes a message off a stream, and gives its length; 0 where it is not complete.
func (p *parser) stream(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if k := p.skip[dir].Pass(len(data)); k > 0 {
		return k
	}
	if len(data) < lengthSize {
		return 0
	}
	n := length(data)
	switch {
	case n >= maxMessage:
		c.Failed()
		c.Anomaly(anMalformed, nil)
		p.skip[dir] = dissect.Skip(lengthSize + n)
		return p.stream(c, dir, data)
	case len(data) < lengthSize+n:
		c.Need(lengthSize + n)
		return 0
	}
	if n > 0 && !p.message(c, data[lengthSize:lengthSize+n]) {
		p.lost[dir] = true
	}
	return lengthSize + n
}

// message reads a message and tells of it; false: it is none.
func (p *parser) message(c *dissect.Ctx, b []byte) bool {
	m := &p.m
	m.reset()
	if !m.parse(b) {
		c.Failed()
		c.Anomaly(anMalformed, nil)
		return known(m.kind)
	}
	switch m.kind {
	case asReq, tgsReq:
		p.request = m.kind
	case asRep, tgsRep:
		p.request = 0
	case krbError:
		m.request, p.request = p.request, 0
	case apReq:
		p.request = m.kind
		return true
	default:
		p.request = 0
		return true // encrypted, and of no interest
	}
	m.id = c.NextTxID()
	if m.hasEType && weak(m.etype) {
		c.Anomaly(anWeak, m)
	}
	c.Emit(evMessage, m)
	return true
}

// Gap implements dissect.Parser: a segment that begins with a message is looked for.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.lost[dir] = !p.skip[dir].Gap(n) || p.lost[dir]
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}
