package smb

import "github.com/luanids/luanids/dissect"

// Limits on pieces of a file that came before those that precede them.
const (
	maxQueued = 1 << 20 // bytes, of all files of a connection
	maxPieces = 64      // of a file
)

// fileState is the content that travels through one handle in one direction.
type fileState struct {
	f       *dissect.File
	dir     dissect.Dir
	opened  bool
	next    uint64 // offset up to which the content was handed on
	overlap bool   // reported
	queue   dissect.Pieces
}

func (s *fileState) reset() {
	if s.f != nil {
		s.f.Tx = nil
	}
	*s = fileState{f: s.f, queue: s.queue[:0]}
}

// fileTx finds the transaction of a handle's reads or writes, nil for none.
func (p *parser) fileTx(id fuid, dir dissect.Dir) *Tx {
	for _, t := range p.open {
		if t.kind == kFile && t.fuid == id && t.file.dir == dir {
			return t
		}
	}
	return nil
}

// beginFile begins the transaction of a handle's reads or writes.
func (p *parser) beginFile(c *dissect.Ctx, h *header, id fuid, dir dissect.Dir, unknown string) *Tx {
	t := p.begin(c, kFile, h)
	t.msg, t.fuid, t.fuidLen, t.file.dir = 0, id, fuidLen(h), dir
	if name, ok := p.names.get(id); ok {
		t.name = append(t.name, name...)
	} else {
		t.name = append(t.name, unknown...)
	}
	if t.file.f == nil {
		t.file.f = new(dissect.File)
	}
	t.file.opened = true
	p.inDir(c, dir, func() { c.OpenFile(t.file.f, t.name, t) })
	return t
}

// inDir calls f with the direction in which a file travels, as whoever closes it may be the other side.
func (p *parser) inDir(c *dissect.Ctx, dir dissect.Dir, f func()) {
	old := c.Dir
	c.Dir = dir
	f()
	c.Dir = old
}

// content takes bytes of a file from off on, of a command whose content begins at from.
func (p *parser) content(c *dissect.Ctx, t *Tx, from, off uint64, data []byte) {
	s := &t.file
	if off < s.next {
		if !s.overlap && (from > 0 || len(t.share) > 0) { // what is not known to be a file may be a pipe, where all writes are at 0
			s.overlap = true
			c.Anomaly(anOverlap, t)
		}
		skip := s.next - off
		if skip >= uint64(len(data)) {
			return
		}
		off, data = s.next, data[skip:]
	}
	if off > s.next {
		p.enqueue(c, t, off, data)
		return
	}
	c.WriteFile(s.f, data)
	s.next += uint64(len(data))
	if len(s.queue) > 0 {
		p.dequeue(c, t, false)
	}
}

// queueLimit bounds what of a file may wait for what precedes it before more is passed over; 0: as far as we keep it anyhow.
type queueLimit struct{ bytes, pieces int }

// overQueue tells whether a read or write of n bytes is more than may wait of the file, as Suricata reckons: whether it has to or not.
func (p *parser) overQueue(t *Tx, n uint64) (why int, over bool) {
	s := &t.file
	size, count := anWriteQueueSize, anWriteQueueCount
	if s.dir == dissect.ToClient {
		size, count = anReadQueueSize, anReadQueueCount
	}
	switch l := &p.most[s.dir]; {
	case l.bytes > 0 && uint64(s.queue.Bytes())+n > uint64(l.bytes):
		return size, true
	case l.pieces > 0 && len(s.queue) >= l.pieces:
		return count, true
	}
	return 0, false
}

// enqueue keeps content that came before its turn. Where there is too much, what is missing is given up.
func (p *parser) enqueue(c *dissect.Ctx, t *Tx, off uint64, data []byte) {
	s := &t.file
	s.queue.Add(off, data, maxQueued)
	p.queued += len(data)
	if p.queued <= maxQueued && len(s.queue) <= maxPieces {
		return
	}
	why := anReadQueueSize
	switch {
	case p.queued <= maxQueued && s.dir == dissect.ToClient:
		why = anReadQueueCount
	case p.queued <= maxQueued:
		why = anWriteQueueCount
	case s.dir == dissect.ToServer:
		why = anWriteQueueSize
	}
	c.Capped(capQueued)
	c.Anomaly(why, t)
	p.dequeue(c, t, true)
}

// dequeue hands on what has its turn now; with all, everything that is kept, with gaps between.
func (p *parser) dequeue(c *dissect.Ctx, t *Tx, all bool) {
	s := &t.file
	p.queued -= s.queue.HandOn(c, s.f, &s.next, all)
}

// missing says that n bytes of a file from off on were lost.
func (p *parser) missing(c *dissect.Ctx, t *Tx, off uint64, n int) {
	s := &t.file
	c.GapFile(s.f)
	if off <= s.next && off+uint64(n) > s.next {
		s.next = off + uint64(n)
		p.dequeue(c, t, false)
	}
}

// endFile ends the content of a handle; the transaction goes on.
func (p *parser) endFile(c *dissect.Ctx, t *Tx, state dissect.FileState, why string) {
	if t.kind != kFile || !t.file.opened {
		return
	}
	t.file.opened = false
	p.inDir(c, t.file.dir, func() {
		p.dequeue(c, t, true)
		c.CloseFile(t.file.f, state, why)
	})
}

// closeHandle ends the transactions of a handle that is closed.
func (p *parser) closeHandle(c *dissect.Ctx, id fuid, dir dissect.Dir) {
	if t := p.fileTx(id, dir); t != nil {
		t.hasStatus, t.status, t.dosError, t.answered = true, statusSuccess, false, true
		if p.ends[dir] { // no more was looked at
			p.endFile(c, t, dissect.FileTruncated, "limit")
		}
		p.endFile(c, t, dissect.FileClosed, "")
		p.finish(c, t)
	}
}

// fuidLen is how long the ID of a handle is in records.
func fuidLen(h *header) int {
	if h.version == 1 {
		return 2
	}
	return 16
}
