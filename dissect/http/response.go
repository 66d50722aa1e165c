package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// responseStarts settles what waited for the server to say something.
func (p *Parser) responseStarts(c *dissect.Ctx) {
	req := &p.sides[dissect.ToServer]
	if req.state == st09 && req.tx != nil {
		old := c.Dir
		c.Dir = dissect.ToServer
		p.end09(c, req)
		c.Dir = old
	}
}

// statusLine tells whether a line reads like a status line: browsers only look for "http".
func statusLine(line []byte) bool {
	for len(line) > 0 && (isSpace(line[0]) || line[0] == 0) {
		line = line[1:]
	}
	return len(line) >= 4 && equalFold(line[:4], "http")
}

// eolLen finds the first line end, which for browsers may be CR alone; ok is false when more
// input is needed to tell.
func eolLen(d []byte, final bool) (line []byte, n int, ok bool) {
	i := bytes.IndexByte(d, '\n')
	end := len(d)
	if i >= 0 {
		end = i
	}
	if cr := bytes.IndexByte(d[:end], '\r'); cr >= 0 {
		switch {
		case cr+1 == len(d) && !final:
			return nil, 0, false
		case cr+1 < len(d) && d[cr+1] == '\n':
			return d[:cr], cr + 2, true
		}
		return d[:cr], cr + 1, true
	}
	if i < 0 {
		return d, len(d), final
	}
	return d[:i], i + 1, true
}

// responseLine takes a status line, or what stands in its place.
func (p *Parser) responseLine(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	if t := p.responseTx(); s.tx == nil && t != nil && t.is09 {
		if len(trimSpace(d)) < 4 && mayBeStatusLine(d) && !s.lines.final {
			return 0, false // a status line may come after empty lines
		}
		if !mayBeStatusLine(d) {
			s.tx = t
			p.bodyOnly(c, s)
			return 0, true
		}
	}
	line, n, ok := eolLen(d, s.lines.final)
	if !ok {
		if len(d) <= p.cfg.fieldLimit {
			return 0, false
		}
		line, n = d, len(d)
	}
	if len(line) == 0 || len(line) == 1 && (line[0] == ' ' || line[0] == '\t') {
		return n, true
	}
	if !statusLine(line) {
		return p.junkLine(c, s, d, line, n)
	}
	if s.tx == nil {
		s.tx = p.responseTx()
	}
	if s.tx == nil {
		s.tx = p.orphan(c)
	}
	t := s.tx
	m := &t.Response
	m.Started = true
	m.Body, m.Entity, m.Len = m.Body[:0], 0, 0 // of junk before the line
	m.Line = m.store(line)
	p.parseStatusLine(c, t)
	c.Emit(evResponseLine, t)
	s.trailer, s.lines.lfcr = false, false
	s.state = stHeaders
	return n, true
}

// mayBeStatusLine says that d begins with "http" in any case, or with part of it.
func mayBeStatusLine(d []byte) bool {
	for len(d) > 0 && isSpace(d[0]) {
		d = d[1:]
	}
	n := min(len(d), 4)
	return n == 0 || equalFold(d[:n], "http"[:n])
}

// junkLine handles a line where a status line should be. Browsers show it as the body, unless a
// status line follows.
func (p *Parser) junkLine(c *dissect.Ctx, s *side, d, line []byte, n int) (int, bool) {
	if n == len(d) && !s.lines.final {
		return 0, false // what follows decides
	}
	if s.tx == nil {
		s.tx = p.responseTx()
	}
	if s.tx == nil {
		return n, true // nobody asked
	}
	if n < len(d) && (d[n] == 'H' || len(line) <= 2) {
		return n, true
	}
	s.tx.Response.Started = true
	s.limit = p.cfg.limits[s.dir]
	p.body(c, s, d[:n])
	return n, true
}

// bodyOnly makes all that follows the body of the response.
func (p *Parser) bodyOnly(c *dissect.Ctx, s *side) {
	m := &s.tx.Response
	m.Started, m.HeadersDone, m.Coding, m.Version = true, true, CodingIdentity, Version09
	c.EmitDir(evResponse, s.tx, dissect.ToClient)
	p.beginBody(c, s)
	s.state = stBodyClose
}

// responseTx gives the oldest transaction without a response.
func (p *Parser) responseTx() *Tx {
	if p.answered < len(p.txs) {
		return p.txs[p.answered]
	}
	return nil
}

// notSeen is the path of a transaction whose request was not seen (libhtp).
const notSeen = "/libhtp::request_uri_not_seen"

// orphan opens a transaction for a response without a request.
func (p *Parser) orphan(c *dissect.Ctx) *Tx {
	t := p.open(c)
	t.NoRequest = true
	t.URI = t.storeURI([]byte(notSeen))
	t.Path = t.URI
	t.Request.Done = true
	p.raise(c, t, anUnmatchedResponse)
	return t
}

// parseStatusLine splits the status line (RFC 9112 section 4).
func (p *Parser) parseStatusLine(c *dissect.Ctx, t *Tx) {
	m := &t.Response
	b := m.Line
	m.Protocol, t.StatusText, t.Reason, t.Status = nil, nil, nil, -1
	for len(b) > 0 && (isSpace(b[0]) || b[0] == 0) {
		b = b[1:]
	}
	word := func() []byte {
		i := 0
		for i < len(b) && !isSpace(b[i]) {
			i++
		}
		w := b[:i]
		b = b[i:]
		for len(b) > 0 && isSpace(b[0]) {
			b = b[1:]
		}
		return w
	}
	m.Protocol = word()
	m.Version = parseVersion(m.Protocol)
	rest := b
	if w := word(); len(w) > 0 {
		t.StatusText = w
		if v, ok := atoi(w); ok && v >= 100 && v <= 999 {
			t.Status = int(v)
		}
		if len(w) < len(rest) { // a code alone has no phrase, with a blank behind it an empty one
			t.Reason = chomp(b)
		}
	}
	if m.Version == VersionInvalid {
		p.raise(c, t, anRespProtocol)
	}
	if t.Status < 0 {
		p.raise(c, t, anRespStatus)
	}
}

// responseHeaders goes on after a response's headers: what the response means for the
// connection, and how its body is delimited (RFC 9112 section 6.3).
func (p *Parser) responseHeaders(c *dissect.Ctx, s *side) {
	t := s.tx
	m := &t.Response
	te, cl := m.find("transfer-encoding"), m.find("content-length")
	interim := t.Status >= 100 && t.Status < 200 && t.Status != 101 && te == nil
	if interim && cl != nil {
		n, ok := parseContentLength(cl.Value)
		interim = !ok || n == 0
	}
	if interim {
		if t.Status == 100 {
			if t.seen100 {
				p.raise(c, t, an100Seen)
			}
			t.seen100 = true
		}
		// The response proper comes next.
		m.Headers, m.Raw, m.HeadersDone = m.Headers[:0], m.Raw[:0], false
		s.state = stLine
		return
	}
	if t.method == mCONNECT && !t.Request.Done {
		if p.connectAnswered(c, s) {
			return
		}
	}
	if t.Status == 101 && te == nil && cl == nil {
		p.switchProtocol(c, s)
		return
	}
	p.refusedExpect(c, t)
	p.responseCoding(c, s, te, cl)
	c.Emit(evResponse, t)
	switch m.Coding {
	case CodingNone:
		p.messageDone(c, s)
	case CodingChunked:
		p.beginBody(c, s)
		s.state = stChunkLen
	default:
		p.beginBody(c, s)
		s.state = stBodyClose
		if m.ContentLength >= 0 {
			s.left, s.state = m.ContentLength, stBodyLen
		}
	}
}

// responseCoding decides how the body is delimited.
func (p *Parser) responseCoding(c *dissect.Ctx, s *side, te, cl *Header) {
	t := s.tx
	m := &t.Response
	if te != nil && cl != nil || cl != nil && cl.Repeated {
		t.Smuggling = true
	}
	noBody := t.Status >= 100 && t.Status < 200 || t.Status == 204 || t.Status == 304
	switch {
	case t.method == mHEAD:
		m.Coding = CodingNone
	case noBody && te == nil && cl == nil:
		m.Coding = CodingNone
	case te != nil && containsFold(te.Value, "chunked"):
		m.Coding = CodingChunked
		if !equalFold(te.Value, "chunked") {
			p.raise(c, t, anAbnormalTE)
		}
		if m.Version < Version11 {
			p.raise(c, t, anChunkedOldProto)
		}
	case cl != nil:
		m.Coding = CodingIdentity
		n, ok := parseContentLength(cl.Value)
		switch {
		case !ok:
			p.raise(c, t, anRespInvalidCL) // read to the end of the connection
		case n == 0:
			m.ContentLength, m.Coding = 0, CodingNone
		default:
			m.ContentLength = n
		}
	default:
		m.Coding = CodingIdentity
		if containsFold(m.Header("content-type"), "multipart/byteranges") {
			p.raise(c, t, anByteranges)
		}
	}
}

// connectAnswered handles the answer to CONNECT; true when a tunnel begins.
func (p *Parser) connectAnswered(c *dissect.Ctx, s *side) bool {
	t := s.tx
	if t.Status >= 200 && t.Status < 300 {
		t.Response.Coding = CodingNone
		c.Emit(evResponse, t)
		p.tunnel(c, s, "")
		return true
	}
	// Refused: requests go on.
	if req := &p.sides[dissect.ToServer]; req.state == stWait && req.tx == t {
		p.messageDone(c, req)
	}
	return false
}

// switchProtocol handles 101 Switching Protocols (RFC 9110 section 15.2.2).
func (p *Parser) switchProtocol(c *dissect.Ctx, s *side) {
	m := &s.tx.Response
	m.Coding = CodingNone
	c.Emit(evResponse, s.tx)
	up := m.Header("upgrade")
	to := ""
	switch {
	case containsFold(up, "h2c"):
		to = "http2"
		c.Handed = upgraded(s.tx)
	case containsFold(up, "websocket"):
		to = "websocket"
	}
	p.tunnel(c, s, to)
}

// tunnel ends HTTP on this flow: the transaction is complete, what follows is another protocol.
func (p *Parser) tunnel(c *dissect.Ctx, s *side, to string) {
	t := s.tx
	p.upgraded = true
	if req := &p.sides[dissect.ToServer]; req.tx == t {
		p.messageDone(c, req)
	} else {
		t.Request.Done = true
	}
	p.messageDone(c, s)
	for d := range p.sides {
		p.sides[d].state = stIgnore
	}
	c.Upgrade(to)
}

// refusedExpect ends a request whose body will not be sent: the client asked first, and the
// server refused (RFC 9110 section 10.1.1).
func (p *Parser) refusedExpect(c *dissect.Ctx, t *Tx) {
	req := &p.sides[dissect.ToServer]
	if t.Status < 400 || t.Status > 499 || req.tx != t || req.state != stBodyLen || req.left != t.Request.ContentLength {
		return
	}
	if containsFold(t.Request.Header("expect"), "100-continue") {
		p.messageDone(c, req)
	}
}
