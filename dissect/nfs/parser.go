package nfs

import (
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
)

const (
	// wholeRecord is the longest record over TCP that is waited for, bytes; of longer ones, and of reads and writes from firstLook on, the
	// first firstLook are parsed, and the rest is content: so it is seen as it comes, and what is lost of it leaves a gap in the file.
	wholeRecord = 64 << 10
	firstLook   = 4 << 10
	// maxCalls is how many calls may wait for a reply; the oldest goes.
	maxCalls = 512
	// maxFiles is how many files are followed at a time; the oldest goes.
	maxFiles = 64
	// maxNames is how many handles have a name that is remembered; past it all are forgotten.
	maxNames = 4096
	// maxName and maxHandle are the longest of them, bytes (RFC 7530 section 2.1).
	maxName, maxHandle = 1024, 128
	// maxSpare is how many transactions a parser keeps for later.
	maxSpare = 8
)

// call is a call that waits for its reply.
type call struct {
	xid, vers, proc uint32
	service         uint32 // of RPCSEC_GSS
	sealed          bool   // arguments and results are encrypted
	tx              *Tx    // nil: none by itself
	name, handle    []byte
	off             uint64 // of a read
}

type parser struct {
	calls  []call
	spare  dissect.Spares[Tx]
	files  []*Tx
	names  map[string]string
	dirs   [2]direction
	queued int
	udp    bool
	ends   dissect.Ends
}

func newParser() *parser { return &parser{names: map[string]string{}} }

type direction struct {
	skip int // bytes of the record at hand that were not looked at
	sink *Tx // whose content they begin with
	off  uint64
	left int // bytes of that
	lost bool

	within bool   // of a record that comes in fragments
	whole  []byte // what came of that
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if c.Flow != nil && c.Flow.Key.Proto == 17 {
		p.udp = true
		showRPC(c, dir, data, len(data), 0)
		p.message(c, dir, data)
		return len(data)
	}
	d := &p.dirs[dir]
	for n := 0; ; {
		k := min(d.skip, len(data)-n)
		d.feed(c, p, data[n:n+k])
		if n += k; n == len(data) {
			return n
		}
		if k = p.record(c, dir, d, data[n:]); k == 0 {
			return n
		}
		n += k
	}
}

// feed takes bytes of a record that was parsed by its beginning.
func (d *direction) feed(c *dissect.Ctx, p *parser, b []byte) {
	d.skip -= len(b)
	if k := min(d.left, len(b)); k > 0 {
		if d.sink != nil && d.sink.open {
			p.content(c, d.sink, d.off, b[:k])
		}
		d.off += uint64(k)
		d.left -= k
		if d.left == 0 {
			p.delivered(c, d)
		}
	}
}

// delivered ends a file whose last piece came in a long record.
func (p *parser) delivered(c *dissect.Ctx, d *direction) {
	if t := d.sink; t != nil && t.last {
		p.closeFile(c, t, dissect.FileClosed, "")
		if t.dir == dissect.ToClient {
			p.finishFile(c, t)
		}
	}
	d.sink = nil
}

// record takes a record, or the beginning of a long one; 0 where more is needed.
func (p *parser) record(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte) int {
	if d.lost {
		if probeTCP(dir, b, true) != dissect.Yes {
			return len(b)
		}
		d.lost = false
	}
	if len(b) < markLen {
		c.Need(markLen)
		return 0
	}
	mark := binary.BigEndian.Uint32(b)
	size := int(mark &^ lastFragment)
	if size > maxRecord {
		c.Failed()
		d.lost = true
		return len(b)
	}
	size += markLen
	if last := mark&lastFragment != 0; !last || d.within {
		return p.fragment(c, dir, d, b, size, last)
	}
	look := size
	if size > firstLook {
		if len(b) < bulkLook {
			c.Need(bulkLook)
			return 0
		}
		if size > wholeRecord || p.bulk(dir, b[markLen:]) {
			look = firstLook
		}
	}
	if len(b) < look {
		c.Need(look)
		return 0
	}
	look = min(len(b), size)
	d.skip, d.sink, d.left = size-look, nil, 0
	showRPC(c, dir, b[:look], size, markLen)
	p.message(c, dir, b[markLen:look])
	return look
}

// bulkLook is how much of a record tells whether it carries content, bytes: its mark, and a call up to its procedure.
const bulkLook = markLen + 24

// bulk tells whether a record carries content of a file: a call that writes, or the reply to one that reads.
func (p *parser) bulk(dir dissect.Dir, b []byte) bool {
	r := xdr{b: b[:bulkLook-markLen]}
	xid, typ := r.u32(), r.u32()
	if dir == dissect.ToClient {
		i := slices.IndexFunc(p.calls, func(w call) bool { return w.xid == xid })
		return typ == 1 && i >= 0 && len(p.calls[i].handle) > 0 // only reads have it
	}
	r.u32()
	prog, vers, proc := r.u32(), r.u32(), r.u32()
	return typ == 0 && prog == program && (vers == 3 && proc == v3Write || vers == 4 && proc == 1)
}

// message takes a call or a reply.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	r := xdr{b: b}
	xid, typ := r.u32(), r.u32()
	switch {
	case r.bad:
		c.Failed()
	case typ == 0 && dir == dissect.ToServer:
		p.request(c, xid, r)
	case typ == 1 && dir == dissect.ToClient:
		p.reply(c, xid, r)
	}
}

func (p *parser) request(c *dissect.Ctx, xid uint32, r xdr) {
	h := header{xid: xid}
	if !r.call(&h) {
		c.Failed()
		return
	}
	if h.prog != program { // its helpers (mount, locks) may share the connection
		return
	}
	showNFS(c, dissect.ToServer, h.vers, r.b, len(r.b)+p.dirs[dissect.ToServer].skip)
	w := p.addCall(c, &h)
	switch {
	case h.vers < 2 || h.vers > 4:
		t := p.begin(c)
		t.by(&h)
		c.Anomaly(anVersion, t)
		w.tx = t
	case h.vers < 4:
		p.request3(c, &h, w, &r)
	case h.proc == 1:
		p.request4(c, &h, w, &r)
	}
	if r.bad && p.dirs[dissect.ToServer].skip == 0 {
		c.Anomaly(anMalformed, w.tx)
	}
}

// addCall remembers a call.
func (p *parser) addCall(c *dissect.Ctx, h *header) *call {
	if len(p.calls) >= maxCalls {
		c.Capped(capCalls)
		p.giveUp(c, 0)
	}
	n := len(p.calls)
	if n < cap(p.calls) {
		p.calls = p.calls[:n+1]
	} else {
		p.calls = append(p.calls, call{})
	}
	w := &p.calls[n]
	*w = call{xid: h.xid, vers: h.vers, proc: h.proc, service: h.service, sealed: h.sealed(), name: w.name[:0], handle: w.handle[:0]}
	return w
}

// giveUp ends a call that gets no reply.
func (p *parser) giveUp(c *dissect.Ctx, i int) {
	t := p.calls[i].tx
	p.remove(i)
	if t != nil {
		p.finish(c, t, dissect.ToServer)
	}
}

// remove takes a call out, and keeps its memory at the end of the list.
func (p *parser) remove(i int) {
	w := p.calls[i]
	w.tx = nil
	copy(p.calls[i:], p.calls[i+1:])
	n := len(p.calls) - 1
	p.calls[n] = w
	p.calls = p.calls[:n]
}

func (p *parser) reply(c *dissect.Ctx, xid uint32, r xdr) {
	i := slices.IndexFunc(p.calls, func(w call) bool { return w.xid == xid })
	if i < 0 {
		return
	}
	w := p.calls[i] // its texts stay until the next call
	p.remove(i)
	t := w.tx
	denied := r.u32()
	accepted := uint32(0)
	if denied == 0 {
		r.u32()
		r.opaque(400)
		accepted = r.u32()
	}
	if t != nil {
		t.answered, t.rpcStatus = !r.bad, denied
	}
	if !r.bad && denied == 0 && accepted == 0 {
		showNFS(c, dissect.ToClient, w.vers, r.b, len(r.b)+p.dirs[dissect.ToClient].skip)
		switch {
		case w.vers < 4 && w.vers >= 2:
			p.reply3(c, &w, &r)
		case w.vers == 4 && w.proc == 1:
			p.reply4(c, &w, &r)
		}
	}
	if t != nil {
		p.finish(c, t, dissect.ToClient)
	}
}

// begin makes a transaction.
func (p *parser) begin(c *dissect.Ctx) *Tx {
	t := p.spare.Get()
	t.reset(c.NextTxID())
	return t
}

// finish ends a transaction, of which the message in direction dir was the last.
func (p *parser) finish(c *dissect.Ctx, t *Tx, dir dissect.Dir) {
	c.EmitDir(evTx, t, dir)
	p.spare.Put(t, maxSpare)
}

// learn remembers the name of a handle.
func (p *parser) learn(c *dissect.Ctx, handle, name []byte) {
	if len(handle) == 0 || len(handle) > maxHandle || len(name) > maxName || p.names[string(handle)] == string(name) {
		return
	}
	if len(p.names) >= maxNames {
		c.Capped(capNames)
		clear(p.names)
	}
	p.names[string(handle)] = string(name)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	d := &p.dirs[dir]
	if t := d.sink; t != nil && d.left > 0 && t.open {
		c.GapFile(t.f)
	}
	if n >= 0 && n <= d.skip {
		k := min(n, d.left)
		d.skip -= n
		d.off += uint64(k)
		d.left -= k
		if t := d.sink; t != nil && k > 0 {
			t.next = max(t.next, d.off)
			if d.left == 0 {
				p.delivered(c, d)
			}
		}
		return
	}
	*d = direction{lost: true}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if !p.ends.Both(dir) {
		return
	}
	p.dirs[0].sink, p.dirs[1].sink = nil, nil
	for len(p.files) > 0 {
		t := p.files[0]
		p.closeFile(c, t, dissect.FileTruncated, "flow end")
		p.finishFile(c, t)
	}
	for len(p.calls) > 0 {
		p.giveUp(c, 0)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	clear(p.names)
	if len(p.calls) > 0 || cap(p.calls) > 64 {
		p.calls = nil
	}
	*p = parser{calls: p.calls, spare: p.spare, names: p.names, files: p.files[:0]}
}
