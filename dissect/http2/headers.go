package http2

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
)

// headers takes a HEADERS or PUSH_PROMISE frame (RFC 9113 sections 6.2, 6.6).
func (p *parser) headers(c *dissect.Ctx, s *side, h frameHeader, payload []byte) {
	if s.waits { // for the rest of another block, which will not be read
		s.table.lose()
	}
	b, ok := h.unpad(payload)
	if !ok || h.id == 0 {
		s.table.lose()
		p.raise(c, p.find(h.id), anFrameData)
		return
	}
	var promised uint32
	weight := -1
	switch {
	case h.typ == tyPushPromise:
		if ok = len(b) >= 4; ok {
			promised, b = binary.BigEndian.Uint32(b)&0x7fffffff, b[4:]
		}
	case h.flags&flPriority != 0:
		if ok = len(b) >= priorityLen; ok {
			weight, b = int(b[4]), b[priorityLen:]
		}
	}
	if !ok {
		p.raise(c, p.find(h.id), anFrameLength)
		return
	}
	id := h.id
	if promised != 0 { // the promised stream is what its fields are about
		id = promised
	}
	st := p.find(id)
	if st == nil {
		st = p.begun(c, s, h, id)
	}
	p.note(c, st, s.dir, h, nil)
	if n := &st.Tx().HTTP2.Frames[s.dir]; weight >= 0 {
		n.Priorities = http.Note(n.Priorities, uint8(weight))
	}
	s.of, s.promised, s.overlong, s.waits = h, promised, false, false
	s.truncated = len(payload) < h.length
	if h.flags&flEndHeaders != 0 || s.truncated {
		p.blockEnds(c, s, b)
		return
	}
	s.block, s.waits = append(s.block[:0], b...), true
	p.use(c, st)
	st.EmitFrame(c, s.dir)
}

// begun opens the stream that a header block begins.
func (p *parser) begun(c *dissect.Ctx, s *side, h frameHeader, id uint32) *stream {
	by := dissect.ToServer
	if id%2 == 0 {
		by = dissect.ToClient
	}
	reused := s.dir == by && id <= s.highest
	st := p.open(c, id)
	if reused {
		p.raise(c, st, anStreamReuse)
	}
	if s.dir == by {
		p.opened(by, id)
	}
	return st
}

// continuation takes more of a header block (RFC 9113 section 6.10).
func (p *parser) continuation(c *dissect.Ctx, s *side, h frameHeader, payload []byte) {
	if !s.waits || h.id != s.of.id {
		p.raise(c, p.find(h.id), anFrameData)
		return
	}
	st := p.find(s.blockOf())
	if st != nil { // it was not given up meanwhile
		p.note(c, st, s.dir, h, nil)
	}
	if len(s.block)+len(payload) > p.cfg.maxReassembly {
		if !s.overlong {
			s.overlong = true
			c.Capped(capBlock)
			p.raise(c, st, anReassemblyLimit)
		}
		payload = payload[:max(0, p.cfg.maxReassembly-len(s.block))]
	}
	s.block = append(s.block, payload...)
	if h.flags&flEndHeaders == 0 {
		if st != nil {
			p.use(c, st)
			st.EmitFrame(c, s.dir)
		}
		return
	}
	s.waits, s.truncated = false, s.overlong
	p.blockEnds(c, s, s.block)
}

// blockOf is the stream that the header block under way is about.
func (s *side) blockOf() uint32 {
	if s.promised != 0 {
		return s.promised
	}
	return s.of.id
}

// blockEnds reads a header block that is complete, and goes on with its stream.
func (p *parser) blockEnds(c *dissect.Ctx, s *side, b []byte) {
	st := p.find(s.blockOf())
	dir := s.dir
	if s.promised != 0 { // a request, though the server sends it
		dir = dissect.ToServer
	}
	p.decode(c, s, st, dir, b)
	if st == nil {
		return
	}
	p.grown(c, st)
	m := st.Tx().Message(dir)
	first := !m.HeadersDone && !st.Ended(dir)
	if first {
		if dir == dissect.ToServer {
			p.checkRequest(c, st)
		}
		p.looksForDNS(c, st, dir)
	}
	p.use(c, st)
	st.FieldsEnd(c, dir)
	if first {
		p.carriedQuery(c, st, dir)
		p.use(c, st)
	}
	st.EmitFrame(c, s.dir)
	if s.promised != 0 || s.of.flags&flEndStream != 0 {
		p.end(c, st, dir)
	}
}

// decode reads a header block. What it says goes to a stream; where that is gone only the table has to stay in step.
func (p *parser) decode(c *dissect.Ctx, s *side, st *stream, dir dissect.Dir, b []byte) {
	p.ctx, p.st, p.stDir, p.silent = c, st, dir, s.table.broken || st == nil || st.Ended(dir)
	p.decoded, p.allowed = 0, expansion*len(b)+max(maxExpanded-p.expanded, 0)
	err := s.table.decode(b, p, p.cfg.maxTable)
	p.expanded += max(p.decoded-expansion*len(b), 0)
	p.ctx, p.st = nil, nil
	if err != nil {
		p.badBlock(c, s, st, err)
	}
}

// badBlock says what is wrong with a header block.
func (p *parser) badBlock(c *dissect.Ctx, s *side, st *stream, err error) {
	n := anFrameData
	switch {
	case errors.Is(err, errOverflow):
		n = anIntegerOverflow
	case s.truncated:
		return // the rest was not kept, which has been said
	case errors.Is(err, errTruncated):
		n = anExtraHeaderData
	}
	// What the block would have put into the table is not known.
	s.table.lose()
	p.raise(c, st, n)
}

// field implements sink.
func (p *parser) field(name, value []byte) {
	if p.st == nil || p.st.Ended(p.stDir) {
		return
	}
	if n := len(name) + len(value); n < longField || p.decoded+n <= p.allowed {
		if p.st.Field(p.stDir, name, value) {
			p.decoded += n
		} else {
			p.ctx.Capped(capFields)
		}
		return
	}
	p.ctx.Capped(capExpanded)
	p.raise(p.ctx, p.st, anDecompression)
}

// tableUpdate implements sink.
func (p *parser) tableUpdate(size uint64) {
	if p.st != nil && !p.st.Ended(p.stDir) {
		p.st.TableUpdate(p.stDir, uint32(min(size, 1<<32-1)))
	}
}

// badIndex implements sink.
func (p *parser) badIndex() {
	if !p.silent {
		p.raise(p.ctx, p.st, anHeader)
	}
}

// checkRequest looks whether the request says consistently who it is for (RFC 9113 section 8.3.1).
func (p *parser) checkRequest(c *dissect.Ctx, st *stream) {
	m := &st.Tx().Request
	authority := m.Header(":authority")
	if authority == nil {
		return
	}
	if bytes.IndexByte(authority, '@') >= 0 {
		p.raise(c, st, anUserinfo)
	}
	if host := m.Header("host"); host != nil && !bytes.EqualFold(host, authority) {
		p.raise(c, st, anAuthorityMismatch)
	}
}

// lose forgets what the table holds: bytes are missing, so that indices mean something else.
func (t *table) lose() {
	t.ents, t.data, t.first, t.size, t.broken = t.ents[:0], t.data[:0], 0, 0, true
}
