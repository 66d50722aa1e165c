package enip

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Caps of one flow.
const (
	defaultTx = 1024    // transactions that wait for a response, Suricata's default of max-tx
	maxKept   = 1 << 20 // bytes that are kept of them
	maxSpare  = 4       // transactions that a parser keeps for later
)

// givenUp is how long after a request another to which the same response may belong has to come for the first to have got none, nanoseconds.
const givenUp = 100e6

type parser struct {
	open  []*Tx // that wait for a response, oldest first
	spare dissect.Spares[Tx]
	next  pdu // the message at hand
	kept  int
	maxTx int
	lost  [2]bool // where messages begin is not known: a segment that begins with one is looked for
	ended int
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	for _, t := range p.open {
		p.recycle(t)
	}
	clear(p.open)
	p.next.release()
	*p = parser{open: p.open[:0], spare: p.spare, next: p.next}
}

func (p *parser) recycle(t *Tx) {
	t.reset()
	p.spare.Put(t, maxSpare)
}

func (p *parser) configure(c *dissect.Ctx) {
	p.maxTx = defaultTx
	if c.Limits != nil {
		p.maxTx = max(dissect.Size(c.Limits.Settings["enip.max-tx"], defaultTx), 1)
	}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	if c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP {
		p.datagram(c, dir, data)
		return len(data)
	}
	if p.lost[dir] {
		switch {
		case len(data) >= headerLen && !plausible(data), len(data) >= 2 && !known(le16(data)):
			return len(data)
		case len(data) < headerLen:
			c.Need(headerLen)
			return 0
		}
		p.lost[dir] = false
	}
	n := 0
	for n < len(data) {
		total := length(data[n:])
		if len(data)-n < total {
			c.Need(total)
			break
		}
		p.message(c, dir, data[n:n+total])
		n += total
	}
	return n
}

// length is that of the message that b begins with, or how many bytes it takes to tell.
func length(b []byte) int {
	if len(b) < headerLen {
		return headerLen
	}
	return headerLen + int(le16(b[2:]))
}

// datagram takes a message; what comes behind it in its datagram is not looked at.
func (p *parser) datagram(c *dissect.Ctx, dir dissect.Dir, data []byte) {
	if n := length(data); n <= len(data) {
		p.message(c, dir, data[:n])
	} else {
		c.Failed()
	}
}

// message takes a whole message.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, data []byte) {
	p.next.read(data, c.WantsFrames())
	if p.next.cut {
		c.Capped(capContent)
	}
	if dir == dissect.ToClient {
		if t := p.find(c); t != nil {
			p.kept -= t.size()
			t.response, p.next = p.next, t.response
			p.kept += t.size()
			p.show(c, t, &t.response, data)
			p.finish(c, 0)
			return
		}
	}
	if len(p.open) >= p.maxTx || p.kept >= maxKept { // Suricata passes over the message then, which hides it behind many
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.open[0])
		p.finishAll(c)
	}
	t := p.spare.Get()
	t.id, t.at = c.NextTxID(), c.Time
	side := &t.request
	if dir == dissect.ToClient {
		side = &t.response
	}
	*side, p.next = p.next, *side
	p.kept += t.size()
	p.open = append(p.open, t)
	p.show(c, t, side, data)
	if dir == dissect.ToClient {
		p.finish(c, len(p.open)-1)
	}
}

// find gives the transaction that the response at hand belongs to, which is the first that waits then: those before it get no response any more.
// nil: there is none.
func (p *parser) find(c *dissect.Ctx) *Tx {
	n := p.match()
	for range n {
		p.finish(c, 0)
	}
	if len(p.open) == 0 {
		return nil
	}
	return p.open[0]
}

// match tells which transaction that is: the oldest with the response's sender context, or else the oldest to whose request it may belong;
// but a later one, if that came when the client had given up the one before. len(p.open): none.
func (p *parser) match() int {
	found, same, last := len(p.open), false, int64(0)
	for i, t := range p.open {
		if same && p.open[len(p.open)-1].at-last < givenUp {
			break
		}
		context := t.request.context == p.next.context
		switch {
		case same && !context || !answers(&t.request, &p.next):
			continue
		case found == len(p.open), context && !same, t.at-last >= givenUp:
			found, same = i, context
		}
		last = t.at
	}
	return found
}

// show tells of a message.
func (p *parser) show(c *dissect.Ctx, t *Tx, m *pdu, data []byte) {
	p.frames(c, t, m, data)
	if m.invalid {
		c.Anomaly(anInvalid, t)
	}
	c.Emit(evMessage, t)
	m.calls.release()
}

// frames shows the parts of a message.
func (p *parser) frames(c *dissect.Ctx, t *Tx, m *pdu, data []byte) {
	if !m.wants {
		return
	}
	for _, x := range m.pieces {
		c.Frame(x.kind, data[x.off:x.off+x.n], int64(x.n), t)
	}
	m.pieces = m.pieces[:0]
}

// finish ends the i-th open transaction.
func (p *parser) finish(c *dissect.Ctx, i int) {
	t := p.open[i]
	p.open = slices.Delete(p.open, i, i+1)
	dir := dissect.ToServer
	if t.response.there {
		dir = dissect.ToClient
	}
	c.EmitDir(evTx, t, dir)
	p.kept -= t.size()
	p.recycle(t)
}

func (p *parser) finishAll(c *dissect.Ctx) {
	for len(p.open) > 0 {
		p.finish(c, 0)
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) { p.lost[dir] = true }

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if p.ended++; p.ended == 2 {
		p.finishAll(c)
	}
}
