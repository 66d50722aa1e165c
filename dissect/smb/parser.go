package smb

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
)

const (
	// maxPending is more than the longest piece of a message that the parser leaves.
	maxPending = 256 << 10
	// maxCommand is how much of a command is looked at; of content of files there is no limit.
	maxCommand = 128 << 10
	// defaultMaxTx is how many commands may wait for answers, as in Suricata (app-layer.protocols.smb.max-tx).
	defaultMaxTx = 1024
	// defaultMaxSize is the longest read or write that raises no anomaly, bytes (max-read-size, max-write-size).
	defaultMaxSize = 16 << 20
)

type parser struct {
	conn    conn
	open    []*Tx  // that are not over, oldest first
	begun   uint64 // transactions so far
	spare   dissect.Spares[Tx]
	dirs    [2]direction
	names   handles
	trees   []tree
	reads   []read
	pipes   []*pipe
	tree    *Tx // a tree connect that waits for its answer, until the client goes on
	queued  int // bytes of content that came before its turn
	maxTx   int
	maxRead uint32
	maxWrit uint32
	most    [2]queueLimit // by direction of the content
	ends    dissect.Ends
}

// direction is the state of one direction of the stream.
type direction struct {
	begun   bool
	lost    bool      // the next message must be looked for
	msg     int       // bytes of the message at hand that were not consumed
	left    int       // of these, the rest of a command of which no more is parsed
	pad     int       // what follows of it behind the content of a file
	sink    *Tx       // where that goes: the content of a file, nil: nowhere
	from    uint64    // where in the file the command's content begins
	off     uint64    // and how far it has come
	growing []growing // frames under way
	// last is what the command before was about, for those that are chained to it.
	last struct {
		session uint64
		tree    uint32
		id      fuid
		name    []byte
	}
}

func (p *parser) configure(c *dissect.Ctx) {
	number := func(name string, fallback int) int {
		if n, err := size(c.Limits.Settings["smb."+name]); err == nil && n >= 0 {
			return n
		}
		return fallback
	}
	p.maxTx = max(number("max-tx", defaultMaxTx), 1)
	p.maxRead, p.maxWrit = uint32(number("max-read-size", defaultMaxSize)), uint32(number("max-write-size", defaultMaxSize))
	p.most = [2]queueLimit{
		dissect.ToServer: {number("max-write-queue-size", 0), number("max-write-queue-cnt", 0)},
		dissect.ToClient: {number("max-read-queue-size", 0), number("max-read-queue-cnt", 0)},
	}
}

// size reads a number of bytes with an optional unit.
func size(s string) (int, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	for unit, n := range map[string]int{"kb": 1 << 10, "mb": 1 << 20} {
		if text, ok := strings.CutSuffix(s, unit); ok {
			v, err := strconv.Atoi(strings.TrimSpace(text))
			return v * n, err
		}
	}
	return strconv.Atoi(s)
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.configure(c)
	}
	d := &p.dirs[dir]
	if !d.begun { // picked up in the middle, a stream need not begin with a message
		d.begun = true
		d.lost = d.lost || c.Flow != nil && c.Flow.Midstream
	}
	n := 0
	for n < len(data) {
		k := p.step(c, dir, d, data[n:])
		if k == 0 {
			break
		}
		if len(d.growing) > 0 {
			d.grow(c, data[n:n+k], 0)
		}
		n += k
	}
	return n
}

// step consumes the next piece of a direction; 0: more is needed.
func (p *parser) step(c *dissect.Ctx, dir dissect.Dir, d *direction, data []byte) int {
	switch {
	case d.left > 0:
		return p.rest(c, d, data)
	case d.lost:
		k, found := findMessage(data)
		if d.lost = !found; k > 0 || d.lost {
			return k
		}
		return p.message(c, dir, d, data)
	case d.msg == 0:
		return p.message(c, dir, d, data)
	}
	return p.command(c, dir, d, data)
}

// rest consumes the rest of a command.
func (p *parser) rest(c *dissect.Ctx, d *direction, data []byte) int {
	k := min(d.left, len(data))
	if d.sink != nil {
		p.content(c, d.sink, d.from, d.off, data[:k])
		d.off += uint64(k)
	}
	d.left -= k
	d.msg -= k
	d.over()
	return k
}

// over goes on behind what was consumed of a command.
func (d *direction) over() {
	if d.left == 0 {
		d.left, d.pad, d.sink = d.pad, 0, nil
	}
}

// findMessage looks for the header of a message, and tells how many bytes are none.
func findMessage(data []byte) (skip int, found bool) {
	for i := nbHeader; i < len(data); i++ {
		if data[i] < 0xfc {
			continue
		}
		if len(data)-i < 4 {
			return max(i-nbHeader, 0), false
		}
		if isMagic(data[i:]) && data[i-nbHeader] == nbMessage {
			return i - nbHeader, true
		}
	}
	return max(len(data)-nbHeader, 0), false
}

// message takes the header of NetBIOS.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, d *direction, data []byte) int {
	if len(data) < nbHeader {
		c.Need(nbHeader)
		return 0
	}
	n := int(data[1])<<16 | int(data[2])<<8 | int(data[3])
	switch t := data[0]; {
	case t == nbMessage:
		if p.tree != nil && dir == dissect.ToServer {
			p.pending(c)
		}
		if n >= 4 && len(data) < 2*nbHeader {
			c.Need(2 * nbHeader)
			return 0
		}
		if n >= 4 && !isMagic(data[nbHeader:]) {
			p.malformed(c, nil)
			d.lost = true
			return 1
		}
		p.frames(c, d, data, n)
		d.msg = n
	case t >= nbRequest && t <= nbKeepalive:
		d.msg, d.left = n, n
	default:
		p.malformed(c, nil)
		d.lost = true
		return 1
	}
	d.last.session, d.last.tree = 0, 0
	return nbHeader
}

// command takes the next command of a message.
func (p *parser) command(c *dissect.Ctx, dir dissect.Dir, d *direction, data []byte) int {
	if d.msg < 4 {
		d.left = d.msg
		return p.rest(c, d, data)
	}
	if len(data) < 4 {
		c.Need(4)
		return 0
	}
	switch {
	case !isMagic(data) || data[0] < 0xfe: // encrypted or compressed, or behind the last command
		d.left = d.msg
		return p.rest(c, d, data)
	case data[0] == 0xff:
		return p.command1(c, dir, d, data)
	}
	return p.command2(c, dir, d, data)
}

// whole tells whether all of a command that is looked at is there: of total bytes, at most maxCommand. Otherwise it asks for it.
func whole(c *dissect.Ctx, data []byte, total int) bool {
	if n := min(total, maxCommand); len(data) < n {
		c.Need(n)
		return false
	}
	return true
}

// skip says that a command of total bytes was looked at, of which have are at hand; it gives how many to consume now.
func (d *direction) skip(total, have int) int {
	k := min(total, have)
	d.msg -= k
	d.left, d.pad, d.sink = total-k, 0, nil
	return k
}

// pending shows a tree connect whose answer the client did not wait for: what it leads to is taken for a share until the server says that
// it is for pipes, as in Suricata.
func (p *parser) pending(c *dissect.Ctx) {
	t := p.tree
	p.tree = nil
	c.EmitDir(evTree, t, dissect.ToServer)
}

// begin begins a transaction. Where too many wait, the oldest is given up.
func (p *parser) begin(c *dissect.Ctx, k kind, h *header) *Tx {
	if len(p.open) >= p.maxTx {
		c.Capped(capTx)
		if p.dirs[dissect.ToClient].begun { // else the answers take another way
			c.Anomaly(anTooMany, p.open[0])
		}
		p.giveUp(c, p.open[0])
	}
	t := p.spare.Get()
	t.reset(c.NextTxID(), k, &p.conn)
	t.version, t.cmd, t.session, t.tree, t.msg = h.version, h.cmd, h.session, h.tree, h.msg
	if x := p.treeOf(h.session, h.tree); x != nil {
		t.share, t.pipe = append(t.share, x.name...), x.pipe
	}
	p.open = append(p.open, t)
	p.begun++
	return t
}

// request emits what is known of a command before its answer.
func (p *parser) request(c *dissect.Ctx, t *Tx) {
	t.sent = true
	c.EmitDir(evRequest, t, dissect.ToServer)
}

// find finds the transaction that a command's answer is for.
func (p *parser) find(h *header) *Tx {
	var other *Tx
	for _, t := range p.open {
		if t.version != h.version || t.cmd != h.cmd || t.msg != h.msg || t.kind == kFile {
			continue
		}
		if t.kind == kRPC && h.status == statusSuccess {
			continue // what the pipe answers ends a call, and not that it took the request
		}
		if t.session == h.session {
			return t
		}
		if other == nil { // a login gets its session with the answer, and a logoff may lose it
			other = t
		}
	}
	return other
}

// answer ends the transaction of a command with its status.
func (p *parser) answer(c *dissect.Ctx, t *Tx, h *header) {
	t.setStatus(h)
	if h.version == 2 && h.status == statusPending {
		return
	}
	t.answered = true
	p.finish(c, t)
}

// keepSpare is how many used up transactions a parser keeps.
const keepSpare = 4

// finish ends a transaction.
func (p *parser) finish(c *dissect.Ctx, t *Tx) {
	for i, x := range p.open {
		if x == t {
			copy(p.open[i:], p.open[i+1:])
			p.open = p.open[:len(p.open)-1]
			break
		}
	}
	for i := range p.dirs {
		if p.dirs[i].sink == t {
			p.dirs[i].sink = nil
		}
	}
	if t.kind == kTree {
		if p.tree == t {
			p.tree = nil
		}
		c.EmitDir(evTree, t, dissect.ToServer)
	}
	c.EmitDir(evTx, t, dissect.ToClient)
	if t.kind == kSession && t.answered && (t.auth.ntlm || t.auth.kerberos) {
		switch {
		case t.status == statusSuccess:
			c.EmitDir(evAuthSuccess, t, dissect.ToClient)
		case refusals[t.status]:
			c.EmitDir(evAuthFailure, t, dissect.ToClient)
		}
	}
	p.spare.Put(t, keepSpare)
}

// giveUp ends a transaction that is not over.
func (p *parser) giveUp(c *dissect.Ctx, t *Tx) {
	p.endFile(c, t, dissect.FileTruncated, "limit")
	p.finish(c, t)
}

// malformed reports what could not be understood, about a transaction or, with nil, the last.
func (p *parser) malformed(c *dissect.Ctx, t *Tx) {
	c.Failed()
	p.anomaly(c, anMalformed, t)
}

// malformedRequest counts a request that is none and reports it: of the transaction that it began or, as in Suricata, of one that is made for
// it. before is how many there were when it came.
func (p *parser) malformedRequest(c *dissect.Ctx, h *header, before uint64) {
	var t *Tx // the last one
	if p.begun == before {
		t = p.begin(c, kGeneric, h)
		p.request(c, t)
	}
	p.malformed(c, t)
}

// anomaly reports an anomaly about a transaction or, with nil, the last.
func (p *parser) anomaly(c *dissect.Ctx, n int, t *Tx) {
	if t == nil && len(p.open) > 0 {
		t = p.open[len(p.open)-1]
	}
	if t == nil {
		c.Anomaly(n, nil)
		return
	}
	c.Anomaly(n, t)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	d := &p.dirs[dir]
	d.begun = true
	for n != 0 && d.left > 0 { // within something of known length
		k := d.left
		if n >= 0 {
			k = min(k, n)
			n -= k
		}
		if d.sink != nil {
			p.missing(c, d.sink, d.off, k)
			d.off += uint64(k)
		}
		d.grow(c, nil, k)
		d.left -= k
		d.msg -= k
		d.over()
	}
	if n == 0 {
		return
	}
	d.cut(c)
	d.lost, d.msg, d.left, d.pad, d.sink = true, 0, 0, 0, nil
	// What is missing may be the answers that commands wait for; handles stay.
	for i := 0; dir == dissect.ToClient && i < len(p.open); {
		if t := p.open[i]; t.kind != kFile {
			p.finish(c, t)
			continue
		}
		i++
	}
	for _, x := range p.pipes {
		x.partial[dir] = x.partial[dir][:0]
	}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.dirs[dir].cut(c)
	if !p.ends.Both(dir) {
		return
	}
	reason := "flow end"
	if why == dissect.EndDepth {
		reason = "limit"
	}
	for len(p.open) > 0 {
		t := p.open[0]
		p.endFile(c, t, dissect.FileTruncated, reason)
		p.finish(c, t)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.names.reset()
	clear(p.open[:cap(p.open)]) // also those that ended
	*p = parser{open: p.open[:0], spare: p.spare, names: p.names, trees: p.trees[:0], reads: p.reads[:0], conn: conn{dialect1: p.conn.dialect1[:0]}}
}
