package http2

import "github.com/luanids/luanids/dissect"

// dataBegins takes the header of a DATA frame.
func (p *parser) dataBegins(c *dissect.Ctx, s *side, h frameHeader, raw []byte) {
	s.head, s.left, s.pad, s.state = h, h.length, 0, stData
	if h.flags&flPadded != 0 {
		s.pad = -1
	}
	p.gather(c, s, raw)
	st := p.find(h.id)
	if h.length > maxFrame {
		p.raise(c, st, anLongFrame)
	}
	if st == nil {
		s.state = stSkip
		if h.id == 0 {
			p.raise(c, nil, anDataStreamZero)
		}
	} else {
		p.note(c, st, s.dir, h, nil)
		p.use(c, st)
		st.EmitFrame(c, s.dir)
	}
	if s.left == 0 {
		p.dataEnds(c, s)
	}
}

// data takes bytes of a DATA frame's payload.
func (p *parser) data(c *dissect.Ctx, s *side, d []byte) int {
	k := min(len(d), s.left)
	b := d[:k]
	p.gather(c, s, b)
	s.left -= k
	if s.pad < 0 {
		s.pad = int(b[0])
		b = b[1:]
		if s.pad > s.left+len(b) {
			p.raise(c, p.find(s.head.id), anFrameData)
			s.pad = 0
		}
	}
	// Of what came, the padding is what reaches into the last pad bytes of the frame.
	if over := s.pad - s.left; over > 0 {
		b = b[:len(b)-min(over, len(b))]
	}
	if st := p.find(s.head.id); st != nil && len(b) > 0 {
		p.use(c, st)
		st.Body(c, s.dir, b)
		st.BodyGrown(c, s.dir)
		p.carry(c, st, s.dir, b)
	}
	if s.left == 0 {
		p.dataEnds(c, s)
	}
	return k
}

// dataEnds ends a DATA frame, and the message with the last of them.
func (p *parser) dataEnds(c *dissect.Ctx, s *side) {
	ended := s.state == stData && s.head.flags&flEndStream != 0
	id := s.head.id
	p.frameEnd(c, s)
	if !ended {
		return
	}
	if st := p.find(id); st != nil {
		p.end(c, st, s.dir)
	}
}

// lost notes that bytes of what a side carries are missing.
func (st *stream) lost(dir dissect.Dir) { st.carried[dir].off = true }
