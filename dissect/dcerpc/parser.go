package dcerpc

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// defaultMaxTx is how many calls may wait for answers, as in Suricata (app-layer.protocols.dcerpc.max-tx).
const defaultMaxTx = 1024

// maxKept bounds the stub data that all calls of a connection keep together, bytes.
const maxKept = 1 << 20

type parser struct {
	waiting []*Tx // calls that are not over, oldest first
	spare   dissect.Spares[Tx]
	ifaces  Interfaces
	lost    [2]bool // behind a gap: the next PDU must be looked for
	begun   [2]bool
	ends    dissect.Ends
	kept    int // bytes of stub data of the calls that wait
	maxTx   int
}

func (p *parser) configure(c *dissect.Ctx) {
	p.maxTx = defaultMaxTx
	if n, err := strconv.Atoi(c.Limits.Settings["dcerpc.max-tx"]); err == nil && n > 0 {
		p.maxTx = n
	}
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	if c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP {
		p.datagram(c, data)
		return len(data)
	}
	if !p.begun[dir] { // picked up in the middle, a stream need not begin with a PDU
		p.begun[dir] = true
		p.lost[dir] = p.lost[dir] || c.Flow != nil && c.Flow.Midstream
	}
	n := 0
	for n < len(data) {
		if p.lost[dir] {
			k, found := search(data[n:])
			n += k
			if !found {
				break
			}
			p.lost[dir] = false
		}
		k := p.pdu(c, dir, data[n:])
		if k == 0 {
			break
		}
		n += k
	}
	return n
}

// search looks for the beginning of a PDU, and tells how many bytes are none.
func search(data []byte) (skip int, found bool) {
	for i := range data {
		if data[i] != 5 {
			continue
		}
		rest := data[i:]
		if len(rest) < HeaderLen {
			return i, false
		}
		if LooksLike(rest) && rest[1] <= 1 {
			return i, true
		}
	}
	return len(data), false
}

// pdu takes a PDU, and gives its length, 0 when it is not complete.
func (p *parser) pdu(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if len(data) < HeaderLen {
		c.Need(HeaderLen)
		return 0
	}
	h, ok := ParseHeader(data)
	if !ok || h.FragLen < HeaderLen {
		p.malformed(c, nil)
		p.lost[dir] = true
		return 1
	}
	if len(data) < h.FragLen {
		c.Need(h.FragLen)
		return 0
	}
	if c.WantsFrames() {
		c.Frame(frPDU, data[:h.FragLen], int64(h.FragLen), nil)
		c.Frame(frHeader, data[:HeaderLen], HeaderLen, nil)
		c.Frame(frData, data[HeaderLen:h.FragLen], int64(h.FragLen-HeaderLen), nil)
	}
	p.take(c, dir, &h, data[HeaderLen:h.FragLen])
	return h.FragLen
}

// take adds a PDU to its call.
func (p *parser) take(c *dissect.Ctx, dir dissect.Dir, h *Header, body []byte) {
	if h.Type == Auth3 || !h.Type.Response() && dir == dissect.ToClient || h.Type.Response() && dir == dissect.ToServer {
		return // nobody answers an auth3; what goes the wrong way is not of a call
	}
	if dir == dissect.ToServer {
		p.lostRequests(c)
	}
	t := p.of(h)
	if t == nil {
		t = p.begin(c)
		t.WithHead = true
	}
	before := len(t.Req.Stub) + len(t.Res.Stub)
	if !t.Take(h, body, &p.ifaces) {
		p.malformed(c, t)
	}
	p.kept += len(t.Req.Stub) + len(t.Res.Stub) - before
	for p.kept > maxKept && p.waiting[0] != t {
		c.Capped(capKept)
		p.finish(c, p.waiting[0])
	}
	p.advance(c, t)
}

// of finds the call of a PDU: that with its number that waits for what it is.
func (p *parser) of(h *Header) *Tx {
	for _, t := range p.waiting {
		switch {
		case t.ID != h.CallID:
		case h.Type.Response():
			if !t.Res.Done && answers(h.Type, t) {
				return t
			}
		case !t.Req.Done && (!t.Req.Seen || t.Req.Type == h.Type):
			return t
		}
	}
	return nil
}

// answers tells whether a PDU of a type is an answer to a call.
func answers(r Type, t *Tx) bool {
	if !t.Req.Seen {
		return t.Res.Type == r
	}
	switch r {
	case Response:
		return t.Req.Type == Request
	case BindAck, BindNak:
		return t.Req.Type == Bind
	case AlterContextResp:
		return t.Req.Type == AlterContext
	}
	return true
}

// begin begins a call. Where too many wait, the oldest is given up.
func (p *parser) begin(c *dissect.Ctx) *Tx {
	if len(p.waiting) >= p.maxTx {
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.waiting[0])
		p.finish(c, p.waiting[0])
	}
	t := p.spare.Get()
	t.reset(c.NextTxID())
	p.waiting = append(p.waiting, t)
	return t
}

// advance emits what is complete of a call.
func (p *parser) advance(c *dissect.Ctx, t *Tx) {
	if t.Req.Done && !t.sent {
		t.sent = true
		c.EmitDir(evRequest, t, dissect.ToServer)
	}
	if t.Res.Done && (t.Req.Done || !t.Req.Seen && p.ends[dissect.ToServer]) {
		p.finish(c, t)
	}
}

// lostRequests ends the calls whose request did not come, as the client has gone on since.
func (p *parser) lostRequests(c *dissect.Ctx) {
	for i := 0; i < len(p.waiting); {
		if t := p.waiting[i]; t.Res.Done && !t.Req.Seen {
			p.finish(c, t)
			continue
		}
		i++
	}
}

// keepSpare is how many used up calls a parser keeps.
const keepSpare = 4

// finish ends a call.
func (p *parser) finish(c *dissect.Ctx, t *Tx) {
	for i, w := range p.waiting {
		if w == t {
			copy(p.waiting[i:], p.waiting[i+1:])
			p.waiting = p.waiting[:len(p.waiting)-1]
			break
		}
	}
	if !t.udp {
		p.kept -= len(t.Req.Stub) + len(t.Res.Stub)
	}
	if max(t.Req.Size, t.Res.Size) > MaxStub {
		c.Capped(capArguments)
	}
	c.EmitDir(evTx, t, dissect.ToClient)
	p.spare.Put(t, keepSpare)
}

// malformed reports what could not be understood, about a call or none.
func (p *parser) malformed(c *dissect.Ctx, t *Tx) {
	c.Failed()
	if t != nil {
		c.Anomaly(anMalformed, t)
		return
	}
	c.Anomaly(anMalformed, nil)
}

// Gap implements dissect.Parser. Calls of which something may be missing are not waited for.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.lost[dir], p.begun[dir] = true, true
	for i := 0; i < len(p.waiting); {
		t := p.waiting[i]
		if dir == dissect.ToServer && t.Req.Seen && !t.Req.Done {
			t.Req.Done = true
			p.advance(c, t)
			if i < len(p.waiting) && p.waiting[i] != t {
				continue
			}
		}
		if dir == dissect.ToClient {
			p.finish(c, t)
			continue
		}
		i++
	}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if p.ends.Both(dir) {
		for len(p.waiting) > 0 {
			p.finish(c, p.waiting[0])
		}
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.ifaces.Reset()
	clear(p.waiting[:cap(p.waiting)]) // also those that ended
	*p = parser{waiting: p.waiting[:0], spare: p.spare, ifaces: p.ifaces}
}
