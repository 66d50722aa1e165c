package modbus

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Caps of one flow.
const (
	defaultFlood = 500 // requests that wait for a response, Suricata's default of request-flood
	maxSpare     = 8   // transactions that a parser keeps for later
)

// givenUp is how long after a request another of the same number has to come for the first to have got no response, nanoseconds. Many clients
// use one number for all their requests: they wait for the response, and ask again when none has come.
const givenUp = 100e6

// Units (section 4.4.2.3 of the guide): 1 to 247 are behind a gateway, 0 and 255 the device itself, those between reserved.
const (
	maxUnit = 247
	ownUnit = 255
)

type parser struct {
	open    []*Tx // that wait for a response, oldest first
	spare   dissect.Spares[Tx]
	next    message      // the response at hand
	flood   int          // how many may wait; 0: not asked yet
	flooded bool         // too many do, and that was told
	lost    [2]bool      // where messages begin is not known: a segment that begins with one is looked for
	rest    dissect.Skip // of a request that was taken by its function
	ends    dissect.Ends
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	for _, t := range p.open {
		p.spare.Put(t, maxSpare)
	}
	clear(p.open)
	*p = parser{open: p.open[:0], spare: p.spare}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.lost[dir] {
		switch {
		case len(data) >= headLen && !plausible(data), !begins(data):
			return len(data)
		case len(data) < headLen:
			c.Need(headLen)
			return 0
		}
		p.lost[dir] = false
	}
	for n := 0; ; {
		if dir == dissect.ToServer && p.rest > 0 && n < len(data) {
			k, ok := p.behind(c, data[n:])
			if n += k; !ok {
				return n
			}
		}
		if n == len(data) {
			return n
		}
		k := p.message(c, dir, data[n:])
		if k == 0 {
			return n
		}
		n += k
	}
}

// message takes a message; 0 where more is needed.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, b []byte) int {
	n, byFunction := p.measure(c, dir, b)
	switch {
	case n == 0:
	case dir == dissect.ToServer:
		t := p.begin(c)
		t.request.take(b[:n], dir, byFunction)
		p.request(c, t)
	default:
		p.next.take(b[:n], dir, false)
		p.response(c)
	}
	return n
}

// take takes a message; byFunction says that it has not the length of its header.
func (m *message) take(b []byte, dir dissect.Dir, byFunction bool) {
	m.start(b)
	if byFunction || m.faults&badLength == 0 {
		m.read(b, dir)
	}
	if byFunction {
		m.faults |= badLength
	}
}

// begin makes a transaction that waits for a response. Where too many wait the oldest ends.
func (p *parser) begin(c *dissect.Ctx) *Tx {
	if p.flood == 0 {
		p.flood = defaultFlood
		if c.Limits != nil {
			p.flood = max(dissect.Size(c.Limits.Settings["modbus.request-flood"], defaultFlood), 1)
		}
	}
	t := p.spare.Get()
	t.reset(c.NextTxID(), c.Time)
	p.open = append(p.open, t)
	return t
}

func (p *parser) request(c *dissect.Ctx, t *Tx) {
	m := &t.request
	if len(p.open) > p.flood {
		c.Capped(capTx)
		if !p.flooded {
			p.flooded = true
			c.Anomaly(anFlooded, t)
		}
		p.finish(c, 0)
	}
	p.faults(c, t, m.faults)
	if m.unit > maxUnit && m.unit != ownUnit {
		c.Anomaly(anUnit, t)
	}
	c.Emit(evRequest, t)
}

// match finds the request that the response at hand belongs to: the oldest that it may belong to, or one that came when the client had given
// that up, which ends then. same tells whether they agree. -1: there is none.
func (p *parser) match(c *dissect.Ctx) (i int, same bool) {
	i = -1
	last := int64(0) // when the last one came that it may belong to
	for j, t := range p.open {
		if i >= 0 && p.open[len(p.open)-1].at-last < givenUp {
			break
		}
		agrees, ok := p.next.answers(&t.request)
		switch {
		case !ok:
			continue
		case i < 0, t.at-last >= givenUp:
			i, same = j, agrees
		}
		last = t.at
	}
	for j := 0; j < i; {
		if _, ok := p.next.answers(&p.open[j].request); ok {
			p.finish(c, j)
			i--
		} else {
			j++
		}
	}
	return i, same
}

// response takes the response at hand.
func (p *parser) response(c *dissect.Ctx) {
	m := &p.next
	i, same := p.match(c)
	alone := i < 0
	if alone {
		i = len(p.open)
		p.begin(c)
	} else if !same {
		m.faults |= badValue
	}
	t := p.open[i]
	t.response = *m
	if wrong := m.faults & (badLength | badValue); wrong != 0 && m.access&(accRead|accWrite) != 0 {
		c.Anomaly(anMismatch, t)
	} else {
		p.faults(c, t, m.faults)
	}
	if alone {
		c.Anomaly(anUnsolicited, t)
		c.Emit(evRequest, t)
	}
	c.Emit(evResponse, t)
	p.finish(c, i)
	if len(p.open) < p.flood {
		p.flooded = false
	}
}

// faults raises an anomaly for each thing that is wrong with a message.
func (p *parser) faults(c *dissect.Ctx, t *Tx, f fault) {
	if f == 0 {
		return
	}
	for _, x := range [...]struct {
		fault   fault
		anomaly int
	}{{badFunction, anFunction}, {badValue, anValue}, {badLength, anLength}, {badException, anException}, {badProtocol, anProtocol}} {
		if f&x.fault != 0 {
			c.Anomaly(x.anomaly, t)
		}
	}
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
	p.spare.Put(t, maxSpare)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.lost[dir] = true
	if dir == dissect.ToServer {
		p.rest = 0
	}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if !p.ends.Both(dir) {
		return
	}
	for len(p.open) > 0 {
		p.finish(c, 0)
	}
}
