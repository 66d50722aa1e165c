package pgsql

import (
	"encoding/binary"
	"strings"

	"github.com/luanids/luanids/dissect"
)

const (
	// defaultMaxTx is how many transactions may wait for answers (app-layer.protocols.pgsql.max-tx).
	defaultMaxTx = 1024
	// maxSpare is how many transactions a parser keeps for later.
	maxSpare = 2
	// head is the length of a message's type and length.
	head = 5
)

type parser struct {
	open   []*Tx // that wait, oldest first
	spare  dissect.Spares[Tx]
	dirs   [2]direction
	maxTx  int
	held   int  // bytes of texts, see maxHeld
	typed  bool // the start is over: messages of the client have a type
	ask    kind // what the server asked the client for: kPassword, kSASL, kSASLNext, kGSSNext
	copies *Tx  // of the COPY whose data the client sends
	copyOn bool // the server waits for the data of a COPY
	dead   bool // not understood, or encrypted: nothing is looked at any more
	left   bool // for TLS
	ends   dissect.Ends
}

type direction struct {
	skip dissect.Skip // a message that nobody looks at
	lost bool         // where messages begin is not known
}

func (p *parser) configure(c *dissect.Ctx) {
	p.maxTx = defaultMaxTx
	if c.Limits != nil {
		p.maxTx = max(dissect.Size(c.Limits.Settings["pgsql.max-tx"], defaultMaxTx), 1)
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
			return len(data)
		}
		if n += d.skip.Pass(len(data) - n); n == len(data) || p.left {
			return n
		}
		k := p.packet(c, dir, d, data[n:])
		if k == 0 {
			return n
		}
		n += k
	}
}

// packet takes one message, or its beginning where the rest does not matter; 0 where more is needed.
func (p *parser) packet(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte) int {
	if d.lost {
		types := clientTypes
		if dir == dissect.ToClient {
			types = serverTypes
		}
		if plausible(types, b) != dissect.Yes {
			return len(b)
		}
		d.lost, p.typed = false, true
	}
	if dir == dissect.ToClient {
		if t := p.first(); t != nil && (t.kind == kSSL || t.kind == kGSS) && b[0] != 'E' {
			p.negotiated(c, t, b[0])
			return 1
		}
	} else if !p.typed {
		if b[0] == 0 {
			return p.start(c, b)
		}
		p.typed = true
	}
	if len(b) < head {
		c.Need(head)
		return 0
	}
	n := int(binary.BigEndian.Uint32(b[1:]))
	if n < 4 {
		p.bad(c, dir, anLength)
		return len(b)
	}
	n++
	look := p.wants(dir, b[0], n)
	if len(b) < look {
		c.Need(look)
		return 0
	}
	d.skip = dissect.Skip(n - look)
	if dir == dissect.ToServer {
		p.request(c, b[0], b[head:look], n-head)
	} else {
		p.response(c, b[0], b[head:look], n-head)
	}
	return look
}

// wants tells how many bytes of a message of n bytes are looked at.
func (p *parser) wants(dir dissect.Dir, typ byte, n int) int {
	switch {
	case typ == 'd':
		return head
	case typ == 'D' && dir == dissect.ToClient, typ == 'T':
		return min(n, head+2)
	}
	return min(n, head+maxText)
}

// bad gives the connection up: without lengths, or with types that are none, there is no telling where messages begin.
func (p *parser) bad(c *dissect.Ctx, dir dissect.Dir, anomaly int) {
	c.Failed()
	t := p.first()
	if dir == dissect.ToServer || t == nil {
		if t = p.begin(c, kMalformed); dir == dissect.ToClient {
			t.kind = kNone
		}
	}
	c.Anomaly(anomaly, t)
	for len(p.open) > 0 {
		p.finish(c, p.open[0])
	}
	p.dead = true
}

// first is the transaction that the server answers.
func (p *parser) first() *Tx {
	if len(p.open) == 0 {
		return nil
	}
	return p.open[0]
}

// begin makes a transaction.
func (p *parser) begin(c *dissect.Ctx, k kind) *Tx {
	for len(p.open) >= p.maxTx || p.held > maxHeld && len(p.open) > 0 {
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.open[0])
		p.finish(c, p.open[0])
	}
	t := p.spare.Get()
	t.reset(c.NextTxID(), k, &p.held)
	p.open = append(p.open, t)
	return t
}

// finish ends a transaction.
func (p *parser) finish(c *dissect.Ctx, t *Tx) {
	for i, o := range p.open {
		if o == t {
			p.open = append(p.open[:i], p.open[i+1:]...)
			break
		}
	}
	if p.copies == t {
		p.copies, p.copyOn = nil, false
	}
	if t.answered {
		c.EmitDir(evResponse, t, dissect.ToClient)
	}
	c.EmitDir(evTx, t, dissect.ToServer)
	p.held -= len(t.buf)
	if t.cut {
		c.Capped(capTexts)
	}
	p.spare.Put(t, maxSpare)
}

// start takes a first message (section 53.2.1).
func (p *parser) start(c *dissect.Ctx, b []byte) int {
	if len(b) < minStartup {
		c.Need(minStartup)
		return 0
	}
	n, code := int(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	if n < minStartup || n > maxStartup {
		p.bad(c, dissect.ToServer, anLength)
		return len(b)
	}
	if len(b) < n {
		c.Need(n)
		return 0
	}
	switch {
	case code == codeSSL:
		c.EmitDir(evRequest, p.begin(c, kSSL), dissect.ToServer)
	case code == codeGSS:
		c.EmitDir(evRequest, p.begin(c, kGSS), dissect.ToServer)
	case code == codeCancel && n >= 16:
		t := p.begin(c, kCancel)
		t.pid, t.key = binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
		c.Emit(evRequest, t)
		p.finish(c, t)
	case code>>16 >= 1 && code>>16 <= 3:
		t := p.begin(c, kStartup)
		t.major, t.minor = uint16(code>>16), uint16(code)
		t.params = t.addParams(t.params, b[8:n])
		p.typed = true
		c.Emit(evRequest, t)
	default:
		p.bad(c, dissect.ToServer, anRequest)
		return len(b)
	}
	return n
}

// negotiated takes the answer to SSLRequest or GSSENCRequest, one byte.
func (p *parser) negotiated(c *dissect.Ctx, t *Tx, answer byte) {
	t.answered = true
	switch {
	case answer == 'S' && t.kind == kSSL:
		t.ssl = 1
		p.finish(c, t)
		p.left = true
		c.Upgrade("tls")
	case answer == 'G' && t.kind == kGSS:
		p.finish(c, t)
		p.dead = true
	case answer == 'N':
		if t.kind == kSSL {
			t.ssl = -1
		}
		p.finish(c, t)
	default:
		p.bad(c, dissect.ToClient, anResponse)
	}
}

// request takes a message of the client; n is its length, of which b may be the beginning.
func (p *parser) request(c *dissect.Ctx, typ byte, b []byte, n int) {
	switch typ {
	case 'Q':
		t := p.begin(c, kQuery)
		q, _, _ := cstring(b)
		t.queries = append(t.queries, t.keep(q))
		t.cut = t.cut || len(b) < n
		c.Emit(evRequest, t)
	case 'P', 'B', 'D', 'E', 'C', 'F', 'S':
		p.extended(c, typ, b, n)
	case 'H': // Flush
	case 'p':
		p.password(c, b)
	case 'd', 'c', 'f':
		p.copyIn(c, typ, n)
	case 'X':
		t := p.begin(c, kTerminate)
		c.Emit(evRequest, t)
		p.finish(c, t)
	default:
		p.bad(c, dissect.ToServer, anRequest)
	}
}

// extended takes a message of an extended query (section 53.2.3); n is its length, of which b may be the beginning.
func (p *parser) extended(c *dissect.Ctx, typ byte, b []byte, n int) {
	var t *Tx
	if n := len(p.open); n > 0 && p.open[n-1].kind == kExtended && !p.open[n-1].synced {
		t = p.open[n-1]
	}
	if t == nil {
		if typ == 'S' && len(p.open) > 0 { // one that ends a COPY, or is sent to be sure
			return
		}
		t = p.begin(c, kExtended)
	}
	switch typ {
	case 'P':
		t.cut = t.cut || len(b) < n
		_, b, _ = cstring(b) // name of the prepared statement
		if q, _, _ := cstring(b); len(t.queries) == maxList {
			t.cut = true
		} else {
			t.queries = append(t.queries, t.keep(q))
		}
		c.Emit(evRequest, t)
	case 'F':
		c.Emit(evRequest, t)
		t.synced = true
	case 'S':
		t.synced = true
	}
}

// password takes an answer to what the server asked for authentication (section 53.2.1).
func (p *parser) password(c *dissect.Ctx, b []byte) {
	k := p.ask
	if k == kNone {
		k = kPassword
		if strings.HasPrefix(string(b[:min(len(b), 5)]), "SCRAM") {
			k = kSASL
		}
	}
	t := p.begin(c, k)
	switch k {
	case kPassword:
		b, _, _ = cstring(b)
	case kSASL:
		var m []byte
		m, b, _ = cstring(b)
		t.mechanism = t.keep(m)
		b = b[min(len(b), 4):] // behind its length
		p.ask = kSASLNext
	}
	if k != kGSSNext {
		t.secret = t.keep(b)
	}
	c.Emit(evRequest, t)
}

// copyIn takes what the client sends for a COPY (section 53.2.6).
func (p *parser) copyIn(c *dissect.Ctx, typ byte, n int) {
	t := p.copies
	if t == nil {
		if !p.copyOn { // what is still on its way when the server has given up
			return
		}
		t = p.begin(c, kCopy)
		p.copies = t
	}
	switch typ {
	case 'd':
		t.copied.messages++
		t.copied.bytes += uint64(n)
		return
	case 'c':
		t.copyEnd = "copy_done"
	case 'f':
		t.copyEnd = "copy_fail"
	}
	p.copies, p.copyOn = nil, false
	c.Emit(evRequest, t)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	d := &p.dirs[dir]
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
	clear(p.open[:cap(p.open)]) // also those that ended
	for _, t := range p.spare {
		if cap(t.buf) > keepBuf {
			t.buf = nil
		}
	}
	*p = parser{open: p.open[:0], spare: p.spare}
}
