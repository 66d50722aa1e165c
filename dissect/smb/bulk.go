package smb

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dcerpc"
)

// probeBytes is how much content of a handle is looked at to tell whether it is a call.
const probeBytes = dcerpc.HeaderLen

// maxContentAt is how far behind the beginning of a command its content is waited for, bytes.
const maxContentAt = 4 << 10

// bulk2 tells whether a command carries content of a file, which is handed on as it comes. ready is false where more bytes are needed
// to tell.
func (p *parser) bulk2(c *dissect.Ctx, h *header, data []byte, total int) (bulk, ready bool) {
	fixed := 0
	switch {
	case h.cmd == cmd2Write && !h.response:
		fixed = 48
	case h.cmd == cmd2Read && h.response && (h.status == statusSuccess || h.status == statusBufferOverflow):
		fixed = 16
	default:
		return false, true
	}
	if n := min(total, header2+fixed+probeBytes); len(data) < n {
		c.Need(n)
		return false, false
	}
	if total < header2+fixed {
		return false, true
	}
	at, _ := content2(h, data)
	if n := min(total, min(at, maxContentAt)+probeBytes); len(data) < n {
		c.Need(n)
		return false, false
	}
	return true, p.pipeWhole(c, h, data, total)
}

// content2 says where the content of a read or write begins and how long it is.
func content2(h *header, b []byte) (at int, n uint32) {
	if h.response {
		return max(int(b[header2+2]), header2+16), le32(b[header2+4:])
	}
	return max(int(le16(b[header2+2:])), header2+48), le32(b[header2+4:])
}

// target2 finds the handle of a read or write, and where in the file it is.
func (p *parser) target2(h *header, b []byte) (id fuid, off uint64, ok bool) {
	if !h.response {
		return fuid(b[header2+16 : header2+32]), le64(b[header2+8:]), true
	}
	if r := p.peekRead(h, cmd2Read); r != nil {
		if x := p.treeOf(h.session, r.tree); x != nil && !x.pipe { // what comes late of a pipe is taken for a file, as in Suricata
			h.tree = r.tree
		}
		return r.id, r.off, true
	}
	return id, 0, false
}

// pipeWhole waits for all of a read or write on a pipe.
func (p *parser) pipeWhole(c *dissect.Ctx, h *header, data []byte, total int) bool {
	id, _, ok := p.target2(h, data)
	at, _ := content2(h, data)
	if !ok || !p.onPipe(h, id, data[min(at, len(data), total):min(len(data), total)]) {
		return true
	}
	return whole(c, data, total)
}

// onPipe tells whether a handle is that of a pipe. Where its tree is not known, what it carries tells.
func (p *parser) onPipe(h *header, id fuid, content []byte) bool {
	if x := p.treeOf(h.session, h.tree); x != nil {
		return x.pipe
	}
	if p.pipeOf(id) != nil {
		return true
	}
	if name, ok := p.names.get(id); ok {
		return knownService(name)
	}
	if dcerpc.LooksLike(content) {
		p.addTree(h.session, h.tree, nil, true)
		return true
	}
	return false
}

// transfer2 takes a write, or the answer to a read.
func (p *parser) transfer2(c *dissect.Ctx, dir dissect.Dir, d *direction, h *header, data []byte, total int) int {
	id, off, known := p.target2(h, data)
	if h.response {
		p.takeRead(h, cmd2Read)
	}
	at, n := content2(h, data)
	p.frames2(c, d, data, total)
	most, kind := p.conn.maxWrite, anWriteRequest
	limit := p.maxWrit
	if h.response {
		most, limit, kind = p.conn.maxRead, p.maxRead, anReadResponse
	}
	tooLong := most != 0 && n > most || limit != 0 && n > limit
	if tooLong {
		p.anomaly(c, kind, nil)
	}
	if !known || tooLong || at >= total || at > maxContentAt {
		return d.skip(total, len(data))
	}
	return p.deliver(c, dir, d, h, id, off, data, at, min(uint64(n), uint64(total-at)), total)
}

// deliver hands on the content of a read or write: n bytes from at on, of a command of total bytes of which data are at hand.
func (p *parser) deliver(c *dissect.Ctx, dir dissect.Dir, d *direction, h *header, id fuid, off uint64, data []byte, at int, n uint64, total int) int {
	have := data[min(at, len(data)):min(len(data), total, at+int(n))]
	if p.onPipe(h, id, have) {
		have = have[:min(len(have), maxCommand-at)]
		if p.isRPC(id, have) {
			if h.response {
				p.fromPipe(c, h, id, have)
			} else {
				p.toPipe(c, h, id, have)
			}
		}
		return d.skip(total, len(data))
	}
	t := p.fileTx(id, dir)
	if t == nil {
		unknown := ""
		if h.response || h.version == 1 {
			unknown = string(unknownName)
		}
		t = p.beginFile(c, h, id, dir, unknown)
		t.hasStatus, t.status = h.response, h.status
	} else if why, over := p.overQueue(t, n); over {
		p.anomaly(c, why, nil)
		return d.skip(total, len(data))
	}
	k := min(total, len(data))
	d.msg -= k
	d.left, d.pad, d.sink = total-k, 0, nil
	if rest := int(n) - len(have); rest > 0 { // data ends within the content
		d.left, d.pad, d.sink, d.from, d.off = rest, total-at-int(n), t, off, off+uint64(len(have))
	}
	p.content(c, t, off, off, have)
	return k
}
