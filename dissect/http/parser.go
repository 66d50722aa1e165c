package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// state is where the parser of one direction is.
type state uint8

const (
	stLine      state = iota // at the start of a message
	st09                     // a request line without protocol: HTTP/0.9, unless headers follow
	stHeaders                // also the trailer of a chunked body
	stWait                   // a CONNECT request waits for its response
	stBodyLen                // left bytes of body
	stBodyClose              // body to the end of the connection
	stChunkLen
	stChunkData
	stChunkEnd
	stExtra  // bytes after the end of a response, in the same segment, that begin no other
	stIgnore // not HTTP any more
	stResync // after a gap: skip to something that looks like the start of a message
)

// side is the state of one direction.
type side struct {
	dir     dissect.Dir
	state   state
	tx      *Tx // the message being parsed belongs to it; nil between messages
	left    int64
	trailer bool
	lines   lineScanner
	grew    bool // the body grew in this call
	keep    int  // bytes of the body that are kept
	file    dissect.File
	dec     decompressor
	encs    []encoding
	noFile  bool  // no (more) file for this body
	limited bool  // the body exceeded its limit
	limit   int64 // of the body, 0: none
	mp      multipart
	isMP    bool
	ended   bool
	// piece is the message as it was sent, where frames are wanted; in is what the step at hand looks at, of which
	// the message has at least the first own bytes.
	piece dissect.Piece
	in    []byte
	own   int
}

// Parser parses one flow.
type Parser struct {
	sides [2]side
	// txs are the transactions that are not complete, oldest first; the response that comes
	// next belongs to txs[answered].
	txs      []*Tx
	answered int
	files    uint32
	partKey  []byte
	upgraded bool
	anyReq   bool
	raised   uint64 // anomalies that belong to no transaction
	cfg      config // common, or those of the server
	common   config
	servers  []serverConfig
	cfgFor   *dissect.Limits
	scan     scan
	odd      func(c *dissect.Ctx, t *Tx, n int) // takes the place of raising an anomaly, for HTTP/2
	ctx      *dissect.Ctx                       // during a call, for the decompressors' sinks
}

func newParser() *Parser {
	p := &Parser{}
	for d := range p.sides {
		s := &p.sides[d]
		s.dir = dissect.Dir(d)
		s.dec.sink = func(b []byte) bool { return p.decoded(s, b) }
		s.lines.response = s.dir == dissect.ToClient
	}
	return p
}

// Reset implements dissect.Parser.
func (p *Parser) Reset() {
	for _, t := range p.txs {
		t.release()
	}
	p.txs = p.txs[:0]
	p.answered, p.files, p.upgraded, p.anyReq, p.raised, p.ctx = 0, 0, false, false, 0, nil
	for d := range p.sides {
		s := &p.sides[d]
		s.dec.release()
		file, mp, buf := s.file, s.mp, s.lines.buf
		s.piece.Reset()
		mp.reset(nil)
		*s = side{dir: s.dir, file: file, dec: s.dec, encs: s.encs[:0], mp: mp, piece: s.piece,
			lines: lineScanner{response: s.dir == dissect.ToClient, buf: trim(buf)}}
	}
}

// Data implements dissect.Parser.
func (p *Parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	p.begin(c)
	s := &p.sides[dir]
	if dir == dissect.ToClient {
		p.responseStarts(c)
	}
	n := p.run(c, s, data)
	p.grown(c, s)
	p.ctx = nil
	return n
}

func (p *Parser) begin(c *dissect.Ctx) {
	p.ctx = c
	if p.cfgFor != c.Limits || len(p.servers) > 0 && !p.anyReq {
		p.configure(c)
	}
}

// run takes steps until one cannot go on.
func (p *Parser) run(c *dissect.Ctx, s *side, data []byte) int {
	n := 0
	for n < len(data) && !p.upgraded {
		k, ok := p.frameStep(c, s, data[n:])
		n += k
		if !ok {
			break
		}
	}
	return n
}

// step does one step on input d: how much it consumed, and whether there may be another.
func (p *Parser) step(c *dissect.Ctx, s *side, d []byte) (n int, ok bool) {
	switch s.state {
	case stLine:
		if s.dir == dissect.ToServer {
			return p.requestLine(c, s, d)
		}
		return p.responseLine(c, s, d)
	case st09:
		return p.after09(c, s, d)
	case stHeaders:
		return p.headers(c, s, d)
	case stWait:
		return lineEnds(d), false
	case stBodyLen:
		k := int(min(int64(len(d)), s.left))
		s.own = k
		p.body(c, s, d[:k])
		if s.left -= int64(k); s.left == 0 {
			p.bodyEnds(c, s, d[k:])
		}
		return k, true
	case stExtra:
		return p.extra(c, s, d)
	case stBodyClose:
		p.body(c, s, d)
		return len(d), true
	case stChunkLen:
		return p.chunkLen(c, s, d)
	case stChunkData:
		k := int(min(int64(len(d)), s.left))
		p.body(c, s, d[:k])
		if s.left -= int64(k); s.left == 0 {
			s.state = stChunkEnd
		}
		return k, true
	case stChunkEnd:
		k := bytes.IndexByte(d, '\n') + 1
		if k > 0 {
			s.state = stChunkLen
		} else {
			k = len(d)
		}
		s.msg().Len += uint64(k)
		return k, true
	case stResync:
		return p.resync(c, s, d)
	}
	return len(d), true // stIgnore
}

func (s *side) msg() *Message { return s.tx.Message(s.dir) }

// raise reports an anomaly, once a transaction; once a flow for what belongs to none.
func (p *Parser) raise(c *dissect.Ctx, t *Tx, n int) {
	if p.odd != nil {
		p.odd(c, t, n)
		return
	}
	raised, tx := &p.raised, any(nil)
	if t != nil {
		raised, tx = &t.raised, t
	}
	if *raised&(1<<n) == 0 {
		*raised |= 1 << n
		c.Anomaly(n, tx)
	}
}

// either picks the request's or the response's variant of an anomaly.
func (s *side) either(req, resp int) int {
	if s.dir == dissect.ToServer {
		return req
	}
	return resp
}

// maxHeaderBytes caps the headers of one message altogether.
const maxHeaderBytes = 1 << 20

// headers takes one header, or the end of them.
func (p *Parser) headers(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	m := s.msg()
	r := s.lines.next(d, &p.scan)
	if r == scanMore {
		if len(d) > p.cfg.fieldLimit {
			p.raise(c, s.tx, s.either(anReqFieldTooLong, anRespFieldTooLong))
			return p.skipLongLine(s, m, d)
		}
		return 0, false
	}
	if r == scanEnd {
		m.Raw = append(m.Raw, d[:p.scan.n]...)
		n := p.scan.n
		s.own = n
		p.headersEnd(c, s, d[n:])
		if p.upgraded {
			n += lineEnds(d[n:])
		}
		return n, true
	}
	p.takeHeader(c, s, m, d)
	if p.scan.n == 0 { // only at the end of the input
		return len(d), true
	}
	return p.scan.n, true
}

// lineEnds counts the line ends that d begins with: where a tunnel begins they are leftovers of
// HTTP, and would keep what comes from being recognised.
func lineEnds(d []byte) int {
	return len(d) - len(bytes.TrimLeft(d, "\r\n"))
}

// skipLongLine gives up a line that is longer than the limit: the part seen is dropped.
func (p *Parser) skipLongLine(s *side, m *Message, d []byte) (int, bool) {
	m.Gap = true
	if i := bytes.LastIndexByte(d, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(d), true
}

// takeHeader stores the header of p.scan, found at the beginning of d.
func (p *Parser) takeHeader(c *dissect.Ctx, s *side, m *Message, d []byte) {
	sc := &p.scan
	if f := sc.flags; f != 0 {
		p.headerFlags(c, s, f)
	}
	if len(m.Headers) >= p.cfg.maxHeaders || len(m.Raw)+len(m.arena) > maxHeaderBytes {
		c.Capped(capFields)
		p.raise(c, s.tx, s.either(anReqTooManyHeaders, anRespTooManyHeaders))
		return
	}
	base := len(m.Raw)
	m.Raw = append(m.Raw, d[:sc.n]...)
	own := m.Raw[base:len(m.Raw):len(m.Raw)]
	var name, value []byte
	if sc.name != nil {
		i := cap(d) - cap(sc.name)
		name = own[i : i+len(sc.name)]
	}
	if sc.joined {
		value = m.store(sc.value)
	} else {
		i := cap(d) - cap(sc.value)
		value = own[i : i+len(sc.value)]
	}
	repeated, clDiffers := m.addHeader(name, value)
	if repeated {
		p.raise(c, s.tx, s.either(anReqRepetition, anRespRepetition))
	}
	if clDiffers {
		p.raise(c, s.tx, s.either(anReqDuplicateCL, anRespDuplicateCL))
	}
}

func (p *Parser) headerFlags(c *dissect.Ctx, s *side, f int) {
	if f&hfLeadingSpace != 0 {
		p.raise(c, s.tx, s.either(anReqFolding, anRespFolding))
	}
	if f&hfNonToken != 0 || f&hfTrailSpace != 0 || f&hfEmptyName != 0 {
		p.raise(c, s.tx, s.either(anReqHeaderInvalid, anRespHeaderInvalid))
	}
	if f&hfNoColon != 0 {
		p.raise(c, s.tx, s.either(anReqMissingColon, anRespMissingColon))
	}
}

// headersEnd goes on after the empty line.
func (p *Parser) headersEnd(c *dissect.Ctx, s *side, rest []byte) {
	m := s.msg()
	if s.trailer {
		m.trailer = true
		p.bodyEnds(c, s, rest)
		return
	}
	m.HeadersDone = true
	if s.dir == dissect.ToServer {
		p.requestHeaders(c, s)
	} else {
		p.responseHeaders(c, s)
	}
}

// maxChunk is the largest chunk size that is believed (libhtp).
const maxChunk = 1<<31 - 1

// chunkLen takes a line with a chunk's size (RFC 9112 section 7.1).
func (p *Parser) chunkLen(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	m := s.msg()
	i := 0
	for i < len(d) && isChunkSpace(d[i]) {
		i++
	}
	if i > 0 { // empty lines, and space before the size
		m.Len += uint64(i)
		return i, true
	}
	digits := i
	var v int64
	for i < len(d) && isHex(d[i]) {
		if v <= maxChunk {
			v = v<<4 | int64(hexValue(d[i]))
		}
		i++
	}
	if i == digits || v > maxChunk {
		return p.badChunk(c, s)
	}
	nl := bytes.IndexByte(d[i:], '\n')
	if nl < 0 && !s.lines.final {
		if len(d) > p.cfg.fieldLimit {
			return p.badChunk(c, s)
		}
		return 0, false
	}
	end := len(d)
	if nl >= 0 {
		end = i + nl + 1
	}
	if bytes.IndexByte(d[i:end], ';') >= 0 {
		p.raise(c, s.tx, s.either(anReqChunkExt, anRespChunkExt))
	}
	m.Len += uint64(end)
	s.left = v
	if v > 0 {
		s.state = stChunkData
		return end, true
	}
	s.state, s.trailer, s.lines.lfcr = stHeaders, true, false
	return end, true
}

// badChunk is what browsers do with a body that is not chunked although it was announced: the
// rest of the connection is the body. Servers refuse such a request.
func (p *Parser) badChunk(c *dissect.Ctx, s *side) (int, bool) {
	p.raise(c, s.tx, s.either(anReqChunkLen, anRespChunkLen))
	if s.dir == dissect.ToServer {
		p.messageDone(c, s)
		s.state = stResync
		return 0, true
	}
	s.msg().Coding = CodingIdentity
	s.state = stBodyClose
	return 0, true
}

func isChunkSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	default:
		return c | 0x20 - 'a' + 10
	}
}

// bodyEnds ends a message whose body is complete; rest is what follows in the same segment.
func (p *Parser) bodyEnds(c *dissect.Ctx, s *side, rest []byte) {
	if s.dir == dissect.ToClient && len(rest) > 0 {
		s.state = stExtra
		return
	}
	p.messageDone(c, s)
}

// extra takes what a server sent after the end of a response. Browsers that go by the end of
// the connection take it for more of the body: a wrong Content-Length must not hide it. Like
// libhtp, it counts as body up to the next status line, blank lines too.
func (p *Parser) extra(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	n := bytes.IndexByte(d, '\n') + 1
	ended := n > 0
	if !ended {
		n = len(d)
	}
	if line := d[:n]; mayBeStatusLine(line) {
		switch text := trimSpace(line); {
		case len(text) >= 4:
			p.messageDone(c, s)
			return 0, true
		case !ended && !s.lines.final:
			return 0, false
		}
	}
	p.raise(c, s.tx, anUnexpectedRespBody)
	p.body(c, s, d[:n])
	return n, true
}

// messageDone ends the message of a side, and its transaction when the other side ended too.
func (p *Parser) messageDone(c *dissect.Ctx, s *side) {
	t, m := s.tx, s.msg()
	p.endBody(c, s, dissect.FileClosed, "")
	p.endFrame(c, s)
	m.Done = true
	s.tx, s.state, s.trailer = nil, stLine, false
	if s.dir == dissect.ToClient {
		p.answered++
	}
	p.emitDone(c, t, s.dir)
	p.finish(c, t)
}

// emitDone tells that nothing more of a message will be looked at.
func (p *Parser) emitDone(c *dissect.Ctx, t *Tx, dir dissect.Dir) {
	if dir == dissect.ToServer {
		c.EmitDir(evRequestDone, t, dir)
	} else {
		c.EmitDir(evResponseDone, t, dir)
	}
}

// finish emits the transaction once both messages are complete.
func (p *Parser) finish(c *dissect.Ctx, t *Tx) {
	if !t.Request.Done || !t.Response.Done {
		return
	}
	p.remove(c, t)
}

// remove emits the last event of a transaction and gives it up.
func (p *Parser) remove(c *dissect.Ctx, t *Tx) {
	c.EmitDir(evTx, t, dissect.ToServer)
	for i, x := range p.txs {
		if x == t {
			if i < p.answered {
				p.answered--
			}
			copy(p.txs[i:], p.txs[i+1:])
			p.txs[len(p.txs)-1] = nil
			p.txs = p.txs[:len(p.txs)-1]
			break
		}
	}
	for d := range p.sides {
		if p.sides[d].tx == t {
			p.sides[d].tx = nil
			p.sides[d].state = stResync
		}
	}
	t.release()
}

// open begins a transaction.
func (p *Parser) open(c *dissect.Ctx) *Tx {
	if n := p.cfg.maxTx; n > 0 && len(p.txs) >= n {
		p.remove(c, p.txs[0]) // the oldest gets no answer any more
	}
	t := newTx(c.NextTxID())
	p.txs = append(p.txs, t)
	return t
}
