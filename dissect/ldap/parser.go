package ldap

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
	"github.com/luanids/luanids/dissect/packet"
)

// Caps of one flow.
const (
	maxMessage = 256 << 10 // longest message that is looked at, bytes
	maxKept    = 1 << 20   // bytes of messages that are kept of the transactions that are open; responses past it are only counted
	maxHeld    = 2 << 20   // the same with requests: past it the oldest transaction ends
	maxResult  = 4 << 10   // bytes of a last response that is kept in any case
	defaultTx  = 256       // open transactions, Suricata's default of max-tx
	maxSpare   = 4         // transactions that a parser keeps for another flow
)

type parser struct {
	open  []*Tx // in the order of their requests
	spare dissect.Spares[Tx]
	frame frameTx
	kept  int
	maxTx int
	skip  [2]dissect.Skip // a message that is too long
	lost  [2]bool         // what came is no LDAP, or is encrypted: a segment that begins with a message is looked for
	sasl  bool            // a bind may have brought protection of messages (RFC 4513 section 5.2.1)
	left  bool            // the flow is somebody else's now
	ends  dissect.Ends
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	for _, t := range p.open {
		p.recycle(t)
	}
	clear(p.open)
	clear(p.spare[min(len(p.spare), maxSpare):])
	*p = parser{open: p.open[:0], spare: p.spare[:min(len(p.spare), maxSpare)]}
}

func (p *parser) configure(c *dissect.Ctx) {
	p.maxTx = defaultTx
	if c.Limits != nil {
		p.maxTx = max(dissect.Size(c.Limits.Settings["ldap.max-tx"], defaultTx), 1)
	}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	if p.lost[dir] {
		if probe(dir, data, true) != dissect.Yes {
			return len(data)
		}
		p.lost[dir] = false
	}
	n := 0
	for n < len(data) && !p.lost[dir] && !p.left {
		k := p.message(c, dir, data[n:])
		if k == 0 {
			break
		}
		n += k
	}
	p.show(c)
	if c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP {
		if n < len(data) && !p.lost[dir] {
			p.invalid(c, dir, anIncomplete) // a datagram that is cut off
		}
		p.lost[dir] = false
		return len(data)
	}
	if p.lost[dir] {
		return len(data)
	}
	return n
}

// message takes a message off the beginning of data, and gives its length; 0 where it is not complete.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if k := p.skip[dir].Pass(len(data)); k > 0 {
		return k
	}
	h, st := ber.ReadHead(data)
	if data[0] != ber.Sequence || st == ber.Bad {
		p.invalid(c, dir, anInvalid)
		return 0
	}
	if st == ber.Short {
		return 0
	}
	total := h.Size + h.Len
	if total > maxMessage {
		c.Failed()
		p.skip[dir] = dissect.Skip(total)
		return p.message(c, dir, data)
	}
	if len(data) < total {
		c.Need(total)
		return 0
	}
	r := ber.New(data[h.Size:total])
	id := r.Int(ber.Integer)
	kind, body, ok := r.Next()
	controls, _ := r.If(ber.Context | ber.Constructed)
	op, known := operation(kind)
	if !ok || !known || isRequest(op) != (dir == dissect.ToServer) {
		p.invalid(c, dir, anInvalid)
		return 0
	}
	if isRequest(op) {
		p.request(c, op, id, body, controls, data[:total])
	} else {
		p.response(c, op, id, body, controls, data[:total])
	}
	return total
}

// invalid gives up a direction, for the anomaly why: where the next message begins cannot be known.
func (p *parser) invalid(c *dissect.Ctx, dir dissect.Dir, why int) {
	p.lost[dir] = true
	if p.sasl {
		return // protected messages have a length before them (RFC 4422 section 3.7)
	}
	c.Failed()
	var tx any
	if n := len(p.open); n > 0 {
		tx = p.open[n-1]
	}
	c.Anomaly(why, tx)
}

func (p *parser) begin(c *dissect.Ctx) *Tx {
	if len(p.open) >= p.maxTx {
		t := p.open[0]
		c.Capped(capTx)
		c.Anomaly(anTooMany, t)
		p.finish(c, 0)
	}
	t := p.spare.Get()
	t.id = c.NextTxID()
	p.open = append(p.open, t)
	return t
}

// finish ends the i-th open transaction.
func (p *parser) finish(c *dissect.Ctx, i int) {
	t := p.open[i]
	p.open = slices.Delete(p.open, i, i+1)
	t.complete = true
	c.EmitDir(evTx, t, dirOf(t))
	p.kept -= t.cost()
	p.recycle(t)
}

// dirOf is the direction of a transaction's last message.
func dirOf(t *Tx) dissect.Dir {
	if t.count > 0 {
		return dissect.ToClient
	}
	return dissect.ToServer
}

func (p *parser) recycle(t *Tx) {
	t.reset()
	p.spare = append(p.spare, t)
}

func (p *parser) request(c *dissect.Ctx, op byte, id int64, body, controls, whole []byte) {
	t := p.begin(c)
	ok := t.addRequest(op, id, body)
	t.addControls(&t.request, controls, &t.controls[dissect.ToServer])
	p.kept += t.cost()
	for p.kept > maxHeld && len(p.open) > 1 {
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.open[0])
		p.finish(c, 0)
	}
	p.show1(c, t, whole)
	if !ok {
		c.Anomaly(anInvalid, t)
	}
	c.Emit(evRequest, t)
	if op == opUnbind || op == opAbandon {
		p.finish(c, len(p.open)-1)
	}
}

// show1 shows the frame of a message.
func (p *parser) show1(c *dissect.Ctx, t *Tx, whole []byte) {
	if !c.WantsFrames() {
		return
	}
	p.frame.Tx = t
	c.Frame(frPDU, whole, int64(len(whole)), &p.frame)
	p.frame.Tx = nil
}

// find gives the place of the open transaction whose request has this number, -1 for none.
func (p *parser) find(id int64) int {
	for i, t := range p.open {
		if t.hasRequest && t.request.id == id {
			return i
		}
	}
	return -1
}

func (p *parser) response(c *dissect.Ctx, op byte, id int64, body, controls, whole []byte) {
	i := p.find(id)
	alone := i < 0
	if alone {
		p.begin(c)
		i = len(p.open) - 1
	}
	t := p.open[i]
	t.count++
	ok := true
	if n := len(body) + len(controls); p.kept+n+messageCost <= maxKept || final(op) && n <= maxResult {
		before := t.cost()
		ok = t.addResponse(op, id, body)
		t.addControls(&t.responses[len(t.responses)-1], controls, &t.controls[dissect.ToClient])
		p.kept += t.cost() - before
		t.fresh = true
	} else {
		c.Capped(capKept)
	}
	p.show1(c, t, whole)
	if !ok {
		c.Anomaly(anInvalid, t)
	}
	if alone && op != opExtResponse { // servers may send notices of their own (RFC 4511 section 4.4)
		c.Anomaly(anNoRequest, t)
	}
	if !alone && !final(op) {
		return
	}
	p.answered(c, t)
	tls := p.upgraded(t)
	p.finish(c, i)
	if tls {
		p.end(c)
		p.left = true
		c.Upgrade("tls")
	}
}

// show tells of responses to requests that are still open.
func (p *parser) show(c *dissect.Ctx) {
	for _, t := range p.open {
		if t.fresh {
			p.answered(c, t)
		}
	}
}

func (p *parser) answered(c *dissect.Ctx, t *Tx) {
	t.fresh = false
	c.EmitDir(evResponse, t, dissect.ToClient)
}

// startTLS is the name of the request that begins TLS (RFC 4511 section 4.14).
const startTLS = "1.3.6.1.4.1.1466.20037"

// upgraded looks at what a request that was answered changes: whether TLS begins, and whether messages may be encrypted from now on.
func (p *parser) upgraded(t *Tx) bool {
	if !t.hasRequest || len(t.responses) == 0 || t.responses[len(t.responses)-1].code != resultSuccess {
		return false
	}
	switch t.request.op {
	case opBind:
		p.sasl = p.sasl || t.mechanism() != nil
	case opExtended:
		r := ber.New(t.at(t.request.body))
		return string(r.Want(ber.Context)) == startTLS
	}
	return false
}

// end ends all transactions.
func (p *parser) end(c *dissect.Ctx) {
	for len(p.open) > 0 {
		p.finish(c, 0)
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.lost[dir] = !p.skip[dir].Gap(n) || p.lost[dir]
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if p.ends.Both(dir) {
		p.end(c)
	}
}
