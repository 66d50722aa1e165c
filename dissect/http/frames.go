package http

import "github.com/luanids/luanids/dissect"

// frameStep does a step, and gathers the bytes of the message where frames are wanted.
func (p *Parser) frameStep(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	if !c.WantsFrames() {
		return p.step(c, s, d)
	}
	s.in, s.own = d, 0
	n, ok := p.step(c, s, d)
	if s.tx != nil { // else the message is over, and endFrame has taken its last bytes
		s.piece.Add(d[:n])
	}
	s.in, s.own = nil, 0
	return n, ok
}

// endFrame shows the frame of the message that ends.
func (p *Parser) endFrame(c *dissect.Ctx, s *side) {
	if !c.WantsFrames() {
		return
	}
	s.piece.AddInput(c, s.in[:min(s.own, len(s.in))])
	kind := frRequest
	if s.dir == dissect.ToClient {
		kind = frResponse
	}
	old := c.Dir
	c.Dir = s.dir
	c.PieceFrame(kind, &s.piece, s.tx)
	c.Dir = old
	s.piece.Reset()
}
