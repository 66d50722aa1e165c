package nfs

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Limits on content that came before its turn.
const (
	maxQueued = 1 << 20 // bytes, of all files of a flow
	maxPieces = 64      // of a file
)

// fileTx finds the transaction of a handle's reads or writes, nil for none.
func (p *parser) fileTx(handle []byte, dir dissect.Dir) *Tx {
	for _, t := range p.files {
		if t.dir == dir && t.open && bytes.Equal(t.handle, handle) {
			return t
		}
	}
	return nil
}

// beginFile begins the transaction of a handle's reads or writes. Files that are complete, and stayed for nothing but the end of the
// connection, make room.
func (p *parser) beginFile(c *dissect.Ctx, h *header, handle []byte, dir dissect.Dir) *Tx {
	for i := 0; i < len(p.files); {
		if t := p.files[i]; !t.open && p.dirs[0].sink != t && p.dirs[1].sink != t {
			p.finishFile(c, t)
			continue
		}
		i++
	}
	if len(p.files) >= maxFiles {
		c.Capped(capFiles)
		t := p.files[0]
		p.closeFile(c, t, dissect.FileTruncated, "limit")
		p.finishFile(c, t)
	}
	t := p.begin(c)
	t.by(h)
	if dir == dissect.ToServer { // those of Suricata's records have no credentials
		t.flavor = 0
	}
	t.isFile, t.first, t.dir, t.open = true, true, dir, true
	t.handle = append(t.handle[:0], handle...)
	t.name = append(t.name[:0], p.names[string(handle)]...)
	p.files = append(p.files, t)
	if t.f == nil {
		t.f = new(dissect.File)
	}
	inDir(c, dir, func() { c.OpenFile(t.f, t.name, t) })
	t.f.TxID = t.id
	return t
}

// inDir calls f with the direction in which a file travels, as whoever closes it may be the other side.
func inDir(c *dissect.Ctx, dir dissect.Dir, f func()) {
	old := c.Dir
	c.Dir = dir
	f()
	c.Dir = old
}

// chunk takes a piece of a file, of which missing bytes follow behind the message.
func (p *parser) chunk(c *dissect.Ctx, t *Tx, xid uint32, off uint64, data []byte, missing int, last bool) {
	t.chunks++
	if t.answered = true; last {
		t.last, t.lastXID = true, xid
	}
	inDir(c, t.dir, func() { p.content(c, t, off, data) })
	d := &p.dirs[t.dir]
	if missing > 0 && !p.udp {
		d.sink, d.off, d.left = t, off+uint64(len(data)), missing
		return
	}
	if missing > 0 { // the datagram was cut
		c.GapFile(t.f)
	}
	if last {
		p.closeFile(c, t, dissect.FileClosed, "")
		if t.dir == dissect.ToClient {
			p.finishFile(c, t)
		}
	}
}

// content takes bytes of a file from off on.
func (p *parser) content(c *dissect.Ctx, t *Tx, off uint64, data []byte) {
	if !t.open || len(data) == 0 {
		return
	}
	if off > t.next {
		p.enqueue(c, t, off, data)
		return
	}
	if skip := t.next - off; skip < uint64(len(data)) {
		c.WriteFile(t.f, data[skip:])
		t.next = off + uint64(len(data))
	}
	if len(t.queue) > 0 {
		p.dequeue(c, t, false)
	}
}

// enqueue keeps content that came before its turn. Where there is too much, what is missing is given up.
func (p *parser) enqueue(c *dissect.Ctx, t *Tx, off uint64, data []byte) {
	t.queue.Add(off, data, maxQueued)
	p.queued += len(data)
	if p.queued > maxQueued || len(t.queue) > maxPieces {
		c.Capped(capQueued)
		p.dequeue(c, t, true)
	}
}

// dequeue hands on what has its turn now; with all, everything that is kept, with gaps between.
func (p *parser) dequeue(c *dissect.Ctx, t *Tx, all bool) {
	p.queued -= t.queue.HandOn(c, t.f, &t.next, all)
}

// closeFile ends the content of a file; its transaction goes on.
func (p *parser) closeFile(c *dissect.Ctx, t *Tx, state dissect.FileState, why string) {
	if !t.open {
		return
	}
	t.open = false
	inDir(c, t.dir, func() {
		p.dequeue(c, t, true)
		c.CloseFile(t.f, state, why)
	})
}

// finishFile ends the transaction of a file.
func (p *parser) finishFile(c *dissect.Ctx, t *Tx) {
	if i := slices.Index(p.files, t); i >= 0 {
		p.files = slices.Delete(p.files, i, i+1)
	}
	for i := range p.dirs {
		if p.dirs[i].sink == t {
			p.dirs[i].sink = nil
		}
	}
	t.f.Tx = nil
	p.finish(c, t, t.dir)
}

// commit takes a COMMIT or CLOSE of a handle: what was written is complete.
func (p *parser) commit(c *dissect.Ctx, xid uint32, handle []byte) {
	if t := p.fileTx(handle, dissect.ToServer); t != nil {
		t.chunks++
		t.committed, t.last, t.lastXID = true, true, xid
		p.closeFile(c, t, dissect.FileClosed, "")
	}
}

// write takes a write.
func (p *parser) write(c *dissect.Ctx, h *header, proc uint32, handle []byte, off uint64, data []byte, missing int, stable uint32) {
	const fileSync = 2 // RFC 1813 section 3.3.7
	t := p.fileTx(handle, dissect.ToServer)
	fresh := t == nil
	if fresh {
		t = p.beginFile(c, h, handle, dissect.ToServer)
		t.proc = proc
	}
	p.chunk(c, t, h.xid, off, data, missing, stable == fileSync)
	if fresh {
		t.chunks = 0 // as in Suricata, which counts what carries a file on
		c.Emit(evRequest, t)
	}
}

// readBegins takes a call that asks for content.
func (p *parser) readBegins(c *dissect.Ctx, h *header, w *call, proc uint32) {
	if p.fileTx(w.handle, dissect.ToClient) != nil {
		return
	}
	t := p.beginFile(c, h, w.handle, dissect.ToClient)
	t.proc = proc
	c.Emit(evRequest, t)
}

// read takes content that was asked for.
func (p *parser) read(c *dissect.Ctx, w *call, status uint32, data []byte, missing int, last bool) {
	t := p.fileTx(w.handle, dissect.ToClient)
	if t == nil {
		return
	}
	t.status = status
	p.chunk(c, t, w.xid, w.off, data, missing, last)
}
