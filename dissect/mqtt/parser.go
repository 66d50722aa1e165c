package mqtt

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

const (
	// maxPending is the longest control packet that the protocol allows; max-msg-length keeps it far shorter.
	maxPending = 1<<28 + 5
	// defaultMaxLength is the longest control packet that is parsed, bytes without its header (app-layer.protocols.mqtt.max-msg-length).
	defaultMaxLength = 1 << 20
	// defaultMaxTx is how many transactions may wait for answers (app-layer.protocols.mqtt.max-tx).
	defaultMaxTx = 1024
	// maxKept is how much payload of a connection is kept for transactions that wait, bytes, beyond what their records show.
	maxKept = 256 << 10
	// maxHeld is how much of messages that wait is kept of a connection in all, bytes, topics and properties included. The oldest end.
	maxHeld = 2 << 20
	// maxSpare is how many transactions a parser keeps for later.
	maxSpare = 4
)

type parser struct {
	open      []*Tx // that wait, oldest first
	touched   []*Tx // of these, what came a message for in this call
	spare     dissect.Spares[Tx]
	dirs      [2]direction
	version   byte // 0: no CONNECT was seen
	connected bool
	partial   bool // the connection was not seen from its beginning, or not all of it: what is missing means nothing
	dead      bool // malformed: nothing is parsed any more
	kept      int  // bytes, see maxKept
	held      int  // bytes, see maxHeld
	shown     int  // bytes of a text that records show
	maxLength int
	maxTx     int
	topics    [2]int // see Tx.topics
	ends      dissect.Ends
}

// direction is the state of one direction of the stream.
type direction struct {
	skip dissect.Skip // a message that is not parsed
	head header       // of the message that is not complete
	lost bool         // where messages begin is not known
}

func (p *parser) configure(c *dissect.Ctx) {
	var s map[string]string
	if c.Limits != nil {
		s = c.Limits.Settings
	}
	p.maxLength = dissect.Size(s["mqtt.max-msg-length"], defaultMaxLength)
	p.maxTx = max(dissect.Size(s["mqtt.max-tx"], defaultMaxTx), 1)
	for i, name := range [...]string{"mqtt.subscribe-topic-match-limit", "mqtt.unsubscribe-topic-match-limit"} {
		if p.topics[i] = dissect.Size(s[name], 0); p.topics[i] == 0 {
			p.topics[i] = maxTopics // Suricata's default, 100, would hide the others
		}
	}
	if c.Flow != nil && c.Flow.Midstream {
		p.partial = true
		p.dirs[0].lost, p.dirs[1].lost = true, true
	}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	d := &p.dirs[dir]
	for n := 0; ; {
		if p.dead {
			p.keep(c)
			return len(data)
		}
		if n += d.skip.Pass(len(data) - n); n == len(data) {
			return n
		}
		k := p.packet(c, dir, d, data[n:])
		if k == 0 {
			p.keep(c)
			return n
		}
		if n += k; n == len(data) {
			p.keep(c)
			return n
		}
	}
}

// packet takes a control packet, or 0 if it is not complete.
func (p *parser) packet(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte) int {
	h, state := parseHeader(b)
	if d.lost {
		if state != good || !plausible(h) {
			return len(b)
		}
		d.lost = false
	}
	switch {
	case state == more:
		return 0
	case state == bad:
		p.malformed(c, p.begin(c, dir))
		return len(b)
	case h.n > p.maxLength:
		c.Capped(capLength)
		d.skip = dissect.Skip(h.head + h.n)
		p.cut(c, dir, h, b)
		return d.skip.Pass(len(b))
	case len(b) < h.head+h.n:
		d.head = h
		c.Need(h.head + h.n)
		return 0
	}
	d.head = header{}
	p.message(c, dir, h, b[:h.head+h.n])
	return h.head + h.n
}

// cut notes a message that is too long to be parsed.
func (p *parser) cut(c *dissect.Ctx, dir dissect.Dir, h header, b []byte) {
	t := p.begin(c, dir)
	m := t.add()
	m.reset(h)
	m.truncated = true
	c.Frame(frPDU, b[:min(len(b), h.head+h.n)], int64(h.head+h.n), t)
	c.Emit(evMessage, t)
	p.finish(c, t)
}

// malformed gives the connection up; t is a transaction for what was malformed.
func (p *parser) malformed(c *dissect.Ctx, t *Tx) {
	c.Failed()
	p.dead = true
	c.Anomaly(anMalformed, t)
	p.finish(c, t)
}

// begin makes a transaction.
func (p *parser) begin(c *dissect.Ctx, dir dissect.Dir) *Tx {
	if len(p.open) > p.maxTx {
		old := p.open[0]
		c.Capped(capTx)
		c.Anomaly(anTooMany, old)
		p.finish(c, old)
	}
	t := p.spare.Get()
	t.reset(c.NextTxID(), dir)
	t.version, t.topics = p.version, p.topics
	return t
}

// finish ends a transaction.
func (p *parser) finish(c *dissect.Ctx, t *Tx) {
	if t.open {
		i := slices.Index(p.open, t)
		p.open = slices.Delete(p.open, i, i+1)
		t.open = false
	}
	p.kept -= t.kept
	p.held -= t.held
	c.EmitDir(evTx, t, t.dir)
	p.spare.Put(t, maxSpare)
}

// keep copies what transactions that wait have of the bytes at hand.
func (p *parser) keep(c *dissect.Ctx) {
	for _, t := range p.touched {
		for i := range t.msgs {
			m := &t.msgs[i]
			if !t.open || len(m.body) == 0 || len(m.own) > 0 {
				continue
			}
			n := p.shown
			switch extra := int(m.payload.n) - n; {
			case extra > 0 && p.kept+extra <= maxKept:
				n += extra
				t.kept += extra
				p.kept += extra
			case extra > 0:
				c.Capped(capContent)
			}
			m.keep(n)
			t.held += len(m.own)
			p.held += len(m.own)
		}
	}
	p.touched = p.touched[:0]
	for p.held > maxHeld && len(p.open) > 0 {
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.open[0])
		p.finish(c, p.open[0])
	}
}

// message takes a whole control packet.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, h header, b []byte) {
	t := p.asked(dir, h, b)
	if t == nil {
		t = p.begin(c, dir)
	}
	m := t.add()
	m.reset(h)
	if !m.parse(b[h.head:], p.version) {
		t.msgs = t.msgs[:len(t.msgs)-1]
		if t.open {
			t = p.begin(c, dir)
		}
		p.malformed(c, t)
		return
	}
	if m.cut {
		c.Capped(capTopics)
	}
	if h.typ == tConnect {
		p.version = m.version
	}
	t.version = p.version
	if c.WantsFrames() {
		c.Frame(frPDU, b, int64(len(b)), t)
		c.Frame(frHeader, b[:h.head], int64(h.head), t)
		c.Frame(frData, b[h.head:], int64(h.n), t)
	}
	over := p.judge(c, t, m)
	c.EmitDir(evMessage, t, t.dir)
	if over {
		p.finish(c, t)
		return
	}
	if !t.open {
		t.open = true
		p.open = append(p.open, t)
	}
	p.touched = append(p.touched, t)
}

// asked finds the transaction that a control packet answers, nil if it begins one. Client and server give out packet identifiers each
// for themselves; a packet of the wrong direction is taken where there is no better.
func (p *parser) asked(dir dissect.Dir, h header, b []byte) (found *Tx) {
	wait := uint32(waitConnack)
	switch h.typ {
	case tConnack:
	case tPuback, tPubrec, tPubrel, tPubcomp, tSuback, tUnsuback:
		if h.n < 2 {
			return nil
		}
		wait = uint32(b[h.head])<<8 | uint32(b[h.head+1])
	default:
		return nil
	}
	for _, t := range p.open {
		if t.wait != wait || wait == 0 {
			continue
		}
		if begun := t.msgs[0].typ; begun == begins[h.typ] && (t.dir == dir) == (h.typ == tPubrel) {
			return t
		}
		if found == nil {
			found = t
		}
	}
	return found
}

// begins says which type of control packet an answer belongs to.
var begins = [16]byte{tConnack: tConnect, tPuback: tPublish, tPubrec: tPublish, tPubrel: tPublish, tPubcomp: tPublish,
	tSuback: tSubscribe, tUnsuback: tUnsubscribe}

// missing are the anomalies of answers to nothing.
var missing = [16]int{tConnack: anMissingConnect, tPuback: anMissingPublish, tPubrec: anMissingPublish, tPubrel: anMissingPublish,
	tPubcomp: anMissingPublish, tSuback: anMissingSubscribe, tUnsuback: anMissingUnsubscribe}

// judge reports what is odd about a message that came last in t, and tells whether the transaction is over.
func (p *parser) judge(c *dissect.Ctx, t *Tx, m *Message) (over bool) {
	over = true
	switch m.typ {
	case tConnect:
		if p.connected {
			c.Anomaly(anDoubleConnect, t)
		}
		t.wait = waitConnack
		return false
	case tPublish, tSubscribe, tUnsubscribe:
		if m.qos() > 2 {
			c.Anomaly(anInvalidQoS, t)
		}
		if over = m.qos() == 0; !over {
			t.wait = uint32(m.id)
			if m.id == 0 {
				c.Anomaly(anMissingID, t)
			}
		}
	case tConnack, tPuback, tPubrec, tPubrel, tPubcomp, tSuback, tUnsuback:
		if m != t.first() { // it answers
			p.connected = p.connected || m.typ == tConnack
			return m.typ != tPubrec && m.typ != tPubrel
		}
		if !p.partial {
			c.Anomaly(missing[m.typ], t)
		}
		if m.typ == tConnack {
			return true
		}
	case tUnassigned:
		c.Anomaly(anUnassigned, t)
		return true
	}
	if !p.connected && !p.partial {
		c.Anomaly(anUnintroduced, t)
	}
	return over
}

// Gap implements dissect.Parser. Where the message in which bytes are missing ends is known from its header.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if p.maxTx == 0 {
		p.configure(c)
	}
	d := &p.dirs[dir]
	p.partial = true
	h := d.head
	d.head = header{}
	if h.head > 0 && !p.dead {
		d.skip = dissect.Skip(h.head + h.n)
		p.cut(c, dir, h, nil)
	}
	d.lost = !d.skip.Gap(n) || d.lost
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if !p.ends.Both(dir) {
		return
	}
	for len(p.open) > 0 {
		p.finish(c, p.open[0])
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	clear(p.open)
	clear(p.touched[:cap(p.touched)]) // also those that ended
	*p = parser{open: p.open[:0], touched: p.touched[:0], spare: p.spare, shown: p.shown}
}
