package http2

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
)

// state is where the parser of one direction is.
type state uint8

const (
	stPreface state = iota // of the client
	stFrame                // at the start of a frame
	stData                 // within the payload of a DATA frame
	stSkip                 // within a payload that is passed over
	stLost                 // bytes are missing: where a frame begins is not known
)

// side is the state of one direction.
type side struct {
	dir   dissect.Dir
	state state
	head  frameHeader // of the frame under way
	left  int         // bytes of its payload that have not come
	pad   int         // of these, padding at the end; -1: the length of the padding has not come
	table table
	piece dissect.Piece // the frame under way as it was sent, where frames are wanted

	// A header block that waits for its rest (CONTINUATION).
	block     []byte
	waits     bool
	of        frameHeader // the frame that it began with
	promised  uint32      // stream that a PUSH_PROMISE announces
	overlong  bool        // it has exceeded the limit
	highest   uint32      // stream that this side has opened
	truncated bool        // of a header block, only a part is at hand
}

// parser parses one connection.
type parser struct {
	specs   *specs
	sides   [2]side
	streams []*stream // that are not over, by identifier
	ends    dissect.Ends
	raised  uint32 // anomalies that belong to no stream
	files   uint32
	cfg     config
	cfgFor  *dissect.Limits
	upgrade *http.Upgraded
	// What the header block at hand is of, during its decoding.
	ctx    *dissect.Ctx
	st     *stream
	stDir  dissect.Dir
	silent bool
	// decoded counts the bytes of its fields, of which allowed may be; expanded is by how much those before were past what they may be.
	decoded, allowed, expanded int
	held                       int       // what the streams take, bytes
	resets                     []*stream // that one side has reset, in the order of that
}

// Bounds on what a connection may make of few bytes.
const (
	// maxHeld is what the streams under way may take, bytes. Past it the oldest end.
	maxHeld = 8 << 20
	// streamCost is what a stream takes besides its header fields, bytes.
	streamCost = 5 << 10
	// expansion is how often as long as its header block the fields of a message may be; maxExpanded is what all messages together may be
	// past that, bytes. Browsers that repeat a cookie in each request come to 200 times; what tables allow is 4000 times.
	expansion   = 256
	maxExpanded = 16 << 20
	// longField is the length of fields that are left out past it, bytes.
	longField = 128
)

func newParser(s *specs) *parser {
	p := &parser{specs: s}
	p.Reset()
	return p
}

// keepBlock is the largest buffer that Reset keeps, bytes.
const keepBlock = 4 << 10

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	for _, st := range p.streams {
		st.release()
	}
	clear(p.streams)
	clear(p.resets)
	p.streams, p.resets = p.streams[:0], p.resets[:0]
	p.decoded, p.allowed, p.expanded, p.held = 0, 0, 0, 0
	p.ends, p.raised, p.files, p.upgrade, p.ctx, p.st = dissect.Ends{}, 0, 0, nil, nil, nil
	for d := range p.sides {
		s := &p.sides[d]
		if cap(s.block) > keepBlock {
			s.block = nil
		}
		s.table.reset()
		s.piece.Reset()
		*s = side{dir: dissect.Dir(d), table: s.table, block: s.block[:0], piece: s.piece, state: stFrame}
	}
	p.sides[dissect.ToServer].state = stPreface
}

// Expected implements dissect.Expecter: the connection was HTTP/1.1, and its last request is answered here.
func (p *parser) Expected(data any) { p.upgrade, _ = data.(*http.Upgraded) }

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	p.begin(c)
	s := &p.sides[dir]
	n := 0
	for n < len(data) {
		k, ok := p.step(c, s, data[n:])
		n += k
		if !ok {
			break
		}
	}
	return n
}

// begin prepares a call.
func (p *parser) begin(c *dissect.Ctx) {
	if p.cfgFor != c.Limits {
		p.cfg, p.cfgFor = loadConfig(c.Limits), c.Limits
	}
	if p.upgrade != nil {
		u := p.upgrade
		p.upgrade = nil
		p.assume(c, u)
	}
}

// step does one step on input d: how much it consumed, and whether there may be another.
func (p *parser) step(c *dissect.Ctx, s *side, d []byte) (n int, ok bool) {
	switch s.state {
	case stPreface:
		return p.preface(c, s, d)
	case stFrame:
		return p.frame(c, s, d)
	case stData:
		return p.data(c, s, d), true
	case stSkip:
		k := min(len(d), s.left)
		p.gather(c, s, d[:k])
		if s.left -= k; s.left == 0 {
			p.frameEnd(c, s)
		}
		return k, true
	}
	if len(d) < headerLen {
		return 0, false
	}
	if !plausible(d) {
		return len(d), true
	}
	s.state = stFrame
	return 0, true
}

// preface takes the client's preface.
func (p *parser) preface(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	n := min(len(d), len(preface))
	if !bytes.Equal(d[:n], preface[:n]) {
		s.state = stFrame
		p.raise(c, nil, anClientMagic)
		return 0, true
	}
	if n < len(preface) {
		return 0, false
	}
	s.state = stFrame
	return n, true
}

// frame takes the header of a frame, and its payload if that is looked at as a whole.
func (p *parser) frame(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	if len(d) < headerLen {
		return 0, false
	}
	h := parseHeader(d)
	if h.typ == tyData {
		p.dataBegins(c, s, h, d[:headerLen])
		return headerLen, true
	}
	want := min(h.length, maxFrame)
	if len(d) < headerLen+want {
		c.Need(headerLen + want)
		return 0, false
	}
	if h.length > maxFrame {
		p.raise(c, p.find(h.id), anLongFrame)
	}
	payload := d[headerLen : headerLen+want]
	s.head, s.left = h, h.length-len(payload)
	p.gather(c, s, d[:headerLen+len(payload)])
	p.take(c, s, h, payload)
	if s.left > 0 {
		s.state = stSkip
	} else {
		p.frameEnd(c, s)
	}
	return headerLen + len(payload), true
}

// frameEnd ends the frame under way.
func (p *parser) frameEnd(c *dissect.Ctx, s *side) {
	s.state = stFrame
	if !c.WantsFrames() || s.piece.N < headerLen {
		return
	}
	p.use(c, p.find(s.head.id))
	b := s.piece.Data
	c.Frame(frHeader, b[:headerLen], headerLen, nil)
	c.Frame(frData, b[headerLen:], s.piece.N-headerLen, nil)
	c.Frame(frWhole, b, s.piece.N, nil)
	s.piece.Reset()
}

// Frames, in the order of http.FrameKinds.
const (
	frHeader = iota
	frData
	frWhole
)

// gather keeps bytes of the frame under way, where frames are wanted.
func (p *parser) gather(c *dissect.Ctx, s *side, b []byte) {
	if c.WantsFrames() {
		s.piece.Add(b)
	}
}

// use makes what follows the business of the protocol that a stream is of.
func (p *parser) use(c *dissect.Ctx, st *stream) {
	if st != nil && st.doh && st.Tx() != nil && st.Tx().HTTP2.Carried != nil {
		c.As(p.specs.doh2)
	} else {
		c.As(p.specs.http2)
	}
}

// raise reports an anomaly, once a stream; once a connection for what belongs to none.
func (p *parser) raise(c *dissect.Ctx, st *stream, n int) {
	raised, tx := &p.raised, any(nil)
	if st != nil && st.Tx() != nil {
		raised, tx = &st.raised, st.Tx()
	}
	if *raised&(1<<n) == 0 {
		*raised |= 1 << n
		c.As(p.specs.http2)
		c.Anomaly(n, tx)
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.begin(c)
	s := &p.sides[dir]
	s.piece.Reset()
	if n > 0 && s.left > 0 && n <= s.left && (s.state == stSkip || s.state == stData && n <= s.left-max(s.pad, 0)) {
		if st := p.find(s.head.id); s.state == stData && st != nil {
			st.BodyGap(c, dir, int64(n))
			st.lost(dir)
		}
		s.pad = max(s.pad, 0)
		if s.left -= n; s.left == 0 {
			p.dataEnds(c, s)
		}
		return
	}
	if st := p.find(s.head.id); s.state == stData && st != nil {
		st.BodyGap(c, dir, -1)
		st.lost(dir)
	}
	s.state, s.left, s.waits = stLost, 0, false
	s.table.lose()
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.begin(c)
	if s := &p.sides[dir]; s.state == stFrame && len(rest) > headerLen && why != dissect.EndDepth {
		if h := parseHeader(rest); h.typ == tyHeaders && h.length > len(rest)-headerLen {
			p.take(c, s, h, rest[headerLen:]) // what there is of it
		}
	}
	if !p.ends.Both(dir) {
		return
	}
	reason := "flow end"
	if why == dissect.EndDepth {
		reason = "limit"
	}
	for len(p.streams) > 0 {
		p.cut(c, p.streams[0], reason)
	}
}
