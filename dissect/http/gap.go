package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Gap implements dissect.Parser.
func (p *Parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.begin(c)
	defer func() { p.ctx = nil }()
	s := &p.sides[dir]
	if p.upgraded || s.state == stIgnore {
		return
	}
	left := int64(n)
	for s.tx != nil && left != 0 {
		switch s.state {
		case stBodyLen, stChunkData:
			if left < 0 {
				p.gapBody(c, s, -1)
				p.lost(c, s)
				return
			}
			k := min(left, s.left)
			p.gapBody(c, s, k)
			left -= k
			if s.left -= k; s.left > 0 {
				return
			}
			if s.state == stChunkData {
				s.state = stChunkEnd
				continue
			}
			p.messageDone(c, s)
		case stBodyClose:
			p.gapBody(c, s, left)
			return
		default:
			p.lost(c, s)
			return
		}
	}
	if left != 0 {
		s.state = stResync
	}
}

// lost gives up the message that a gap fell into: where it ends cannot be known.
func (p *Parser) lost(c *dissect.Ctx, s *side) {
	t := s.tx
	t.Message(s.dir).Gap = true
	p.endBody(c, s, dissect.FileTruncated, "gap")
	if s.dir == dissect.ToServer && !t.Request.HeadersDone {
		t.Request.HeadersDone = true
		c.EmitDir(evRequest, t, dissect.ToServer)
	}
	p.messageDone(c, s)
	s.state = stResync
}

// maxResync caps the bytes that are looked at as one line while searching.
const maxResync = 4 << 10

// resync skips lines until one begins a message.
func (p *Parser) resync(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	nl := bytes.IndexByte(d, '\n')
	if nl < 0 && len(d) < maxResync && !s.lines.final {
		return 0, false
	}
	end := nl + 1
	if nl < 0 {
		end = len(d)
	}
	line := d[:end]
	if s.dir == dissect.ToServer {
		if looksLikeRequest(line) && containsFold(line, " http/") {
			s.state = stLine
			return 0, true
		}
		return end, true
	}
	if len(line) > 7 && equalFold(line[:7], "http/1.") {
		s.state = stLine
		return 0, true
	}
	return end, true
}

// End implements dissect.Parser.
func (p *Parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.begin(c)
	defer func() { p.ctx = nil }()
	s := &p.sides[dir]
	s.ended = true
	if !p.upgraded {
		if dir == dissect.ToServer && s.state == stWait {
			p.messageDone(c, s) // no tunnel came of it
		}
		s.lines.final = true
		p.run(c, s, rest)
		if s.tx != nil {
			p.cutOff(c, s, why)
		}
	}
	if p.sides[dir.Rev()].ended {
		p.flush(c)
	}
}

// cutOff ends a message with its direction.
func (p *Parser) cutOff(c *dissect.Ctx, s *side, why dissect.EndReason) {
	switch s.state {
	case st09:
		p.end09(c, s)
		return
	case stExtra:
		p.messageDone(c, s)
		return
	case stBodyClose:
		if why == dissect.EndFIN || why == dissect.EndRST {
			p.messageDone(c, s)
			return
		}
	case stHeaders:
		if s.trailer {
			p.messageDone(c, s)
			return
		}
		p.headersEnd(c, s, nil)
		if s.tx == nil {
			return
		}
		if s.state == stBodyClose {
			p.messageDone(c, s)
			return
		}
	}
	reason := "flow end"
	if why == dissect.EndDepth {
		reason = "limit"
	}
	if s.tx != nil {
		p.endBody(c, s, dissect.FileTruncated, reason)
		p.endFrame(c, s)
		t := s.tx
		s.tx = nil
		p.emitDone(c, t, s.dir)
	}
}

// flush ends all transactions with the flow.
func (p *Parser) flush(c *dissect.Ctx) {
	for len(p.txs) > 0 {
		p.remove(c, p.txs[0])
	}
	p.answered = 0
}
