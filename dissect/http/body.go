package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// maxFileName is the longest file name that is kept, bytes (Suricata).
const maxFileName = 4096

// beginBody prepares a side for a body of the message whose headers are complete.
func (p *Parser) beginBody(c *dissect.Ctx, s *side) {
	s.limit = p.cfg.limits[s.dir]
	s.noFile, s.limited, s.isMP = false, false, false
	m := s.msg()
	if ce := m.Header("content-encoding"); len(ce) > 0 {
		p.decoders(c, s, ce)
	}
	if s.dir == dissect.ToServer {
		switch s.tx.method {
		case mPOST:
			if b := boundary(m.Header("content-type")); b != nil {
				s.isMP = true
				s.mp.reset(b)
			}
		case mPUT:
		default:
			s.noFile = true
		}
	}
}

// decoders sets up what undoes the body's content encodings.
func (p *Parser) decoders(c *dissect.Ctx, s *side, ce []byte) {
	encs, abnormal, tooMany := encodings(ce, p.cfg.layers, s.encs[:0])
	s.encs = encs
	if abnormal {
		p.raise(c, s.tx, anAbnormalCE)
	}
	if tooMany {
		p.raise(c, s.tx, anTooManyEncodings)
	}
	s.dec.limit = p.cfg.bombLimit
	for _, e := range encs {
		s.dec.add(e)
	}
}

// body takes bytes of a body, freed of chunking.
func (p *Parser) body(c *dissect.Ctx, s *side, b []byte) {
	if len(b) == 0 {
		return
	}
	s.msg().Len += uint64(len(b))
	if !s.dec.active() {
		p.decoded(s, b)
		return
	}
	s.dec.write(b)
	if s.dec.bomb {
		p.raise(c, s.tx, anBomb)
	}
	if s.dec.failed {
		p.raise(c, s.tx, anGzipFailed)
	}
}

// decoded takes body bytes freed of content encodings; false when no more are wanted.
func (p *Parser) decoded(s *side, b []byte) bool {
	m := s.msg()
	s.grew = true
	if m.Entity == 0 { // a reload does not change it within a body
		s.keep = p.cfg.keep[s.dir]
	}
	over := false
	if s.limit > 0 {
		room := s.limit - int64(m.Entity)
		if over = int64(len(b)) > room; over {
			m.Entity += uint64(len(b))
			b = b[:max(room, 0)]
		}
	}
	if !over {
		m.Entity += uint64(len(b))
	}
	if len(b) > 0 && !s.noFile && !s.isMP && !s.file.IsOpen() { // before rules find the bytes, so that alerts tell of the file as far as it came
		s.noFile = !p.openBodyFile(s)
	}
	if n := s.keep - len(m.Body); n > 0 {
		m.Body = dissect.AppendKept(m.Body, b[:min(n, len(b))], s.keep)
	}
	if len(b) > 0 {
		p.fileData(s, b) // rules on files read the body too
	}
	if over && !s.limited {
		s.limited = true
		p.ctx.CloseFile(&s.file, dissect.FileTruncated, "limit")
		s.noFile = true
	}
	return !over
}

// fileData gives body bytes to the file that the body is, which is open, or to the files within it.
func (p *Parser) fileData(s *side, b []byte) {
	if s.noFile {
		return
	}
	if s.isMP {
		s.mp.write(p, s, b)
		return
	}
	p.ctx.WriteFile(&s.file, b)
}

// openBodyFile begins the file that a whole body is. It is named by Content-Disposition, else
// by the URI's path; without either there is none.
func (p *Parser) openBodyFile(s *side) bool {
	t := s.tx
	name := t.Path
	if s.dir == dissect.ToClient {
		if !t.Response.HeadersDone {
			return false // junk before a status line
		}
		if fn := param(t.Response.Header("content-disposition"), "filename="); fn != nil {
			name = fn
		}
	}
	if name == nil {
		return false
	}
	p.openFile(s, name)
	if s.dir == dissect.ToClient {
		if cr := t.Response.find("content-range"); cr != nil {
			p.setRange(s, cr.Value)
		}
	}
	return true
}

func (p *Parser) openFile(s *side, name []byte) {
	if len(name) > maxFileName {
		name = name[:maxFileName]
		p.raise(p.ctx, s.tx, anFileNameTooLong)
	}
	p.files++
	p.ctx.OpenFile(&s.file, name, s.tx)
	s.file.ID, s.file.Dir = p.files, s.dir
}

// setRange notes which part of a resource the file is.
func (p *Parser) setRange(s *side, v []byte) {
	r, ok := parseContentRange(v)
	if !ok || r.start < 0 || r.end < r.start || r.size >= 0 && r.end >= r.size {
		p.raise(p.ctx, s.tx, anRangeInvalid)
		return
	}
	s.file.Start, s.file.End, s.file.Range = uint64(r.start), uint64(r.end), true
	if p.ctx.Parts != nil && r.size > r.end-r.start+1 && s.tx.Response.find("content-encoding") == nil {
		p.partKey = appendPartKey(p.partKey[:0], s)
		p.ctx.PartFile(&s.file, p.partKey, uint64(r.start), uint64(r.size))
	}
}

// appendPartKey names the resource of which a response brings a part: host, name, and version as far as the server tells it.
func appendPartKey(b []byte, s *side) []byte {
	b = append(append(append(b, s.tx.Host...), 0), s.file.Name...)
	return append(append(b, 0), s.tx.Response.Header("etag")...)
}

// contentRange is a Content-Range (RFC 9110 section 14.4); -1 for what is not given.
type contentRange struct{ start, end, size int64 }

func parseContentRange(v []byte) (r contentRange, ok bool) {
	r = contentRange{-1, -1, -1}
	if len(v) < 5 || !equalFold(v[:5], "bytes") {
		return r, false
	}
	v = bytes.TrimLeft(v[5:], " ")
	slash := bytes.IndexByte(v, '/')
	if slash < 0 {
		return r, false
	}
	rng, size := v[:slash], bytes.TrimSpace(v[slash+1:])
	if string(size) != "*" {
		if r.size, ok = atoi(size); !ok {
			return contentRange{-1, -1, -1}, false
		}
	}
	if string(rng) == "*" {
		return r, r.size >= 0
	}
	dash := bytes.IndexByte(rng, '-')
	if dash < 0 {
		return contentRange{-1, -1, -1}, false
	}
	var ok1, ok2 bool
	r.start, ok1 = atoi(rng[:dash])
	r.end, ok2 = atoi(rng[dash+1:])
	if !ok1 || !ok2 {
		return contentRange{-1, -1, -1}, false
	}
	return r, true
}

func atoi(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// endBody ends the body of a side's message, if there was one.
func (p *Parser) endBody(c *dissect.Ctx, s *side, st dissect.FileState, why string) {
	if s.dec.active() {
		s.dec.finish()
		s.dec.release()
	}
	p.grown(c, s) // before the file ends: rules on the body may ask for it to be stored
	if s.isMP {
		s.mp.end(p, s, st, why)
		s.isMP = false
	}
	c.CloseFile(&s.file, st, why)
}

// grown emits the event of a body that grew in this call.
func (p *Parser) grown(c *dissect.Ctx, s *side) {
	if !s.grew {
		return
	}
	s.grew = false
	if s.tx == nil {
		return
	}
	if s.dir == dissect.ToServer {
		c.EmitDir(evRequestBody, s.tx, s.dir)
	} else {
		c.EmitDir(evResponseBody, s.tx, s.dir)
	}
}

// gapBody notes that n bytes of a body are missing.
func (p *Parser) gapBody(c *dissect.Ctx, s *side, n int64) {
	m := s.msg()
	m.Gap = true
	if n > 0 {
		m.Len += uint64(n)
	}
	if s.dec.active() {
		// What follows cannot be decoded without the missing bytes.
		s.dec.off = true
		p.closeOrMark(c, s)
		return
	}
	if s.isMP {
		s.mp.gap(p, s)
		return
	}
	if !s.noFile && !s.file.IsOpen() && !p.openBodyFile(s) {
		s.noFile = true
	}
	c.GapFile(&s.file)
	if n > 0 {
		m.Entity += uint64(n)
		if s.file.IsOpen() {
			s.file.Size += uint64(n)
		}
	}
}

func (p *Parser) closeOrMark(c *dissect.Ctx, s *side) {
	c.GapFile(&s.file)
	c.CloseFile(&s.file, dissect.FileTruncated, "gap")
	s.noFile = true
}

// param finds a parameter of a header value like `attachment; filename="a b.txt"`; name has the
// equals sign and is in lower case. nil when absent or empty.
func param(v []byte, name string) []byte {
	v = trimSpace(v)
	for len(v) > 0 {
		end, quoted := 0, false
		for end < len(v) {
			if v[end] == '"' && (end == 0 || v[end-1] != '\\') {
				quoted = !quoted
			}
			if v[end] == ';' && !quoted && (end == 0 || v[end-1] != '\\') {
				break
			}
			end++
		}
		tok := v[:end]
		if len(tok) > len(name) && equalFold(tok[:len(name)], name) {
			val := tok[len(name):]
			if val[0] == '"' {
				val = val[1:]
			}
			if len(val) > 0 && val[len(val)-1] == '"' {
				val = val[:len(val)-1]
			}
			if len(val) == 0 {
				return nil
			}
			return val
		}
		v = trimSpace(v[min(end+1, len(v)):])
	}
	return nil
}
