package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Stream is one stream of HTTP/2 (RFC 9113 section 5): a single exchange whose messages come as header fields and data
// instead of text. Everything past that is the work of a Parser, of which it is one.
type Stream struct {
	p      *Parser
	tx     *Tx
	report func(c *dissect.Ctx, tx *Tx, o Oddity)
	ended  [2]bool
}

// Oddity is something wrong with a message of a Stream, whose anomalies are those of HTTP/2.
type Oddity uint8

// The oddities.
const (
	BadEncoding Oddity = iota // a content encoding could not be undone
	BadRange                  // Content-Range makes no sense
)

// NewStream makes a stream that can be used again and again; report hears of oddities.
func NewStream(report func(c *dissect.Ctx, tx *Tx, o Oddity)) *Stream {
	s := &Stream{p: newParser(), report: report}
	s.p.odd = s.odd
	return s
}

func (s *Stream) odd(c *dissect.Ctx, t *Tx, n int) {
	switch n {
	case anGzipFailed, anBomb:
		s.report(c, t, BadEncoding)
	case anRangeInvalid:
		s.report(c, t, BadRange)
	}
}

// call prepares a call. Bodies have no limit but the depth to which the connection is followed, as in Suricata.
func (s *Stream) call(c *dissect.Ctx) {
	s.p.begin(c)
	s.p.cfg.limits = [2]int64{}
}

// Open begins the stream's transaction.
func (s *Stream) Open(c *dissect.Ctx, id uint32) *Tx {
	s.call(c)
	t := s.p.open(c)
	t.useHTTP2(id)
	s.tx, s.ended = t, [2]bool{}
	return t
}

// Tx is the transaction, nil when it is over.
func (s *Stream) Tx() *Tx { return s.tx }

// Ended tells whether a side's message is complete.
func (s *Stream) Ended(dir dissect.Dir) bool { return s.ended[dir] }

// Reset gives up the transaction, and keeps memory for the next.
func (s *Stream) Reset() {
	s.p.Reset()
	s.tx = nil
}

// Field adds a header field of a side's message, or of its trailer. false: there are too many.
func (s *Stream) Field(dir dissect.Dir, name, value []byte) bool {
	m := s.tx.Message(dir)
	if len(m.Sent) >= s.p.cfg.maxHeaders || len(m.arena)+len(name)+len(value) > maxHeaderBytes {
		return false
	}
	name, value = m.store(name), m.store(value)
	m.Sent = append(m.Sent, SentField{Name: name, Value: value, Update: -1})
	m.addHeader(name, trimSpace(value))
	return true
}

// Held is what the header fields of both messages take, bytes.
func (s *Stream) Held() int {
	if s.tx == nil {
		return 0
	}
	return len(s.tx.Request.arena) + len(s.tx.Response.arena)
}

// TableUpdate notes a change of the size of HPACK's dynamic table among a message's fields (RFC 7541 section 6.3).
func (s *Stream) TableUpdate(dir dissect.Dir, size uint32) {
	m := s.tx.Message(dir)
	if len(m.Sent) < s.p.cfg.maxHeaders {
		m.Sent = append(m.Sent, SentField{Update: int64(size)})
	}
}

var http2Name = []byte("HTTP/2")

// FieldsEnd says that the header fields of a side's message are complete, or those of its trailer.
func (s *Stream) FieldsEnd(c *dissect.Ctx, dir dissect.Dir) {
	m := s.tx.Message(dir)
	if m.HeadersDone {
		m.trailer = true
		return
	}
	s.call(c)
	m.Started, m.Protocol, m.Version = true, http2Name, Version20
	if dir == dissect.ToServer {
		s.request(c)
	} else {
		s.response(c)
	}
	s.p.ctx = nil
}

// request reads what the pseudo-header fields of a request say (RFC 9113 section 8.3.1).
func (s *Stream) request(c *dissect.Ctx) {
	t := s.tx
	t.Request.HeadersDone = true
	s.requestFields(c)
	c.EmitDir(evRequestLine, t, dissect.ToServer)
	c.EmitDir(evRequest, t, dissect.ToServer)
	s.begin(c, dissect.ToServer)
}

// requestFields fills in what the header fields of a request say.
func (s *Stream) requestFields(c *dissect.Ctx) {
	t := s.tx
	m := &t.Request
	m.Protocol, m.Version = http2Name, Version20
	t.Method, t.URI = m.Header(":method"), m.Header(":path")
	t.method = methods[string(t.Method)]
	n := len(m.arena)
	m.arena = append(append(append(append(m.arena, t.Method...), ' '), t.URI...), " HTTP/2\r\n"...)
	m.Line = m.arena[n:len(m.arena):len(m.arena)]
	t.parseURI(&s.p.cfg.uri)
	s.host()
	s.p.requestAuth(c, t)
	s.contentLength(m)
}

// host finds who the request is for: the authority goes before the Host field.
func (s *Stream) host() {
	t := s.tx
	v := t.Request.Header(":authority")
	if v == nil {
		v = t.Request.Header("host")
	}
	if i := bytes.LastIndexByte(v, '@'); i >= 0 {
		v = v[i+1:]
	}
	if host, port, _ := splitHostPort(v); len(host) > 0 {
		n := len(t.hostBuf)
		for _, b := range host {
			t.hostBuf = append(t.hostBuf, lower(b))
		}
		t.Host, t.Port = t.hostBuf[n:len(t.hostBuf):len(t.hostBuf)], parsePort(port)
	}
}

// response reads what the pseudo-header field of a response says (RFC 9113 section 8.3.2).
func (s *Stream) response(c *dissect.Ctx) {
	t := s.tx
	m := &t.Response
	m.HeadersDone = true
	t.StatusText, t.Status = m.Header(":status"), -1
	if v, ok := atoi(t.StatusText); ok && v >= 100 && v <= 999 {
		t.Status = int(v)
	}
	n := len(m.arena)
	m.arena = append(append(m.arena, "HTTP/2 "...), t.StatusText...)
	m.arena = append(m.arena, "\r\n"...)
	m.Line = m.arena[n:len(m.arena):len(m.arena)]
	if t.Status >= 100 && t.Status < 200 { // the response proper comes next
		m.Headers, m.Sent, m.arena, m.HeadersDone = m.Headers[:0], m.Sent[:0], m.arena[:0], false
		m.Line, t.StatusText, m.reps = nil, nil, 0 // they were in the arena
		m.uncache()
		return
	}
	s.contentLength(m)
	c.EmitDir(evResponseLine, t, dissect.ToClient)
	c.EmitDir(evResponse, t, dissect.ToClient)
	s.begin(c, dissect.ToClient)
}

func (s *Stream) contentLength(m *Message) {
	if v := m.Header("content-length"); v != nil {
		if n, ok := parseContentLength(v); ok {
			m.ContentLength = n
		}
	}
}

// begin prepares for the body of a side's message.
func (s *Stream) begin(c *dissect.Ctx, dir dissect.Dir) {
	side := &s.p.sides[dir]
	side.tx = s.tx
	s.tx.Message(dir).Coding = CodingIdentity
	old := c.Dir
	c.Dir = dir
	s.p.beginBody(c, side)
	c.Dir = old
}

// Body takes bytes of a side's body.
func (s *Stream) Body(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	side := &s.p.sides[dir]
	if side.tx == nil || s.ended[dir] {
		return // data before header fields: there is no message
	}
	s.call(c)
	s.p.body(c, side, b)
	s.p.ctx = nil
}

// BodyGrown emits the event of a body to which bytes were added.
func (s *Stream) BodyGrown(c *dissect.Ctx, dir dissect.Dir) { s.p.grown(c, &s.p.sides[dir]) }

// BodyGap notes that n bytes of a side's body are missing.
func (s *Stream) BodyGap(c *dissect.Ctx, dir dissect.Dir, n int64) {
	if side := &s.p.sides[dir]; side.tx != nil && !s.ended[dir] {
		s.call(c)
		s.p.gapBody(c, side, n)
		s.p.ctx = nil
	}
}

// End says that a side's message is complete. The transaction is over with the second of them.
func (s *Stream) End(c *dissect.Ctx, dir dissect.Dir) {
	if s.tx == nil || s.ended[dir] {
		return
	}
	s.ended[dir] = true
	s.call(c)
	side := &s.p.sides[dir]
	side.tx = s.tx
	over := s.ended[dir.Rev()]
	s.p.messageDone(c, side)
	s.p.ctx = nil
	if over {
		s.tx = nil
	}
}

// Abort ends a side's message before it is complete; the other side's may go on.
func (s *Stream) Abort(c *dissect.Ctx, dir dissect.Dir, why string) {
	if s.tx == nil || s.ended[dir] {
		return
	}
	s.call(c)
	old := c.Dir
	c.Dir = dir
	s.p.endBody(c, &s.p.sides[dir], dissect.FileTruncated, why)
	c.Dir = old
	s.End(c, dir)
}

// Cut ends the transaction before its messages are complete; why says for files what cut them short.
func (s *Stream) Cut(c *dissect.Ctx, why string) {
	if s.tx == nil {
		return
	}
	s.call(c)
	for d := range s.p.sides {
		if side := &s.p.sides[d]; side.tx != nil {
			old := c.Dir
			c.Dir = side.dir
			s.p.endBody(c, side, dissect.FileTruncated, why)
			c.Dir = old
			side.tx = nil
		}
	}
	s.p.remove(c, s.tx)
	s.p.ctx, s.tx = nil, nil
}

// EmitFrame emits the event of a frame that the transaction has noted.
func (s *Stream) EmitFrame(c *dissect.Ctx, dir dissect.Dir) { c.EmitDir(evStream, s.tx, dir) }

// EmitControl emits the events of a transaction that consists of one frame on the connection itself, and gives it up.
func EmitControl(c *dissect.Ctx, t *Tx, dir dissect.Dir) {
	c.EmitDir(evStream, t, dir)
	c.EmitDir(evControl, t, dir)
}

// FrameEvent is the number of the event of HTTP/2's frames as they were sent.
const FrameEvent = evWireFrame

// FrameKinds are the kinds of these frames, by Suricata's names.
var FrameKinds = []string{"hdr", "data", "pdu"}

// Assume makes the request of the transaction one that was seen before, as HTTP/1.1: without events.
func (s *Stream) Assume(c *dissect.Ctx, u *Upgraded) {
	t := s.tx
	if len(u.URI) == 0 {
		t.NoRequest = true
	} else {
		s.Field(dissect.ToServer, []byte(":method"), u.Method)
		s.Field(dissect.ToServer, []byte(":path"), u.URI)
		if len(u.Host) > 0 {
			s.Field(dissect.ToServer, []byte(":authority"), u.Host)
		}
		t.Request.HeadersDone = true
		s.requestFields(c)
	}
	t.Request.Started, t.Request.Done = true, true
	s.ended[dissect.ToServer] = true
}
