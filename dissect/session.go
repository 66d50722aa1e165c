package dissect

// Session feeds one flow's parser: it keeps what the parser did not consume, within the
// protocol's cap, and gives it again in front of what comes next. The engine and the
// protocols' tests use it alike. The zero value is ready.
type Session struct {
	pend  [2][]byte
	need  [2]int
	ended [2]bool
	// Overflows counts how often a cap on pending bytes was hit.
	Overflows uint64
}

// keepPending is the largest buffer that Reset keeps.
const keepPending = 16 << 10

// Reset makes s ready for another flow.
func (s *Session) Reset() {
	for d := range s.pend {
		if cap(s.pend[d]) > keepPending {
			s.pend[d] = nil
		}
		s.pend[d] = s.pend[d][:0]
		s.need[d] = 0
		s.ended[d] = false
	}
}

// Pending gives the bytes of a direction that the parser has not consumed.
func (s *Session) Pending(dir Dir) []byte { return s.pend[dir] }

// Hold keeps bytes of a direction before a parser exists, up to limit in all, and tells how
// many did not fit.
func (s *Session) Hold(dir Dir, data []byte, limit int) (dropped int) {
	n := max(min(len(data), limit-len(s.pend[dir])), 0)
	s.pend[dir] = append(s.pend[dir], data[:n]...)
	return len(data) - n
}

// Take moves what was held or not consumed to *to, and gives it.
func (s *Session) Take(dir Dir, to *[]byte) []byte {
	*to = append((*to)[:0], s.pend[dir]...)
	s.pend[dir], s.need[dir] = s.pend[dir][:0], 0
	return *to
}

// Swap exchanges the directions, when it turns out who is the server.
func (s *Session) Swap() {
	s.pend[0], s.pend[1] = s.pend[1], s.pend[0]
	s.need[0], s.need[1] = s.need[1], s.need[0]
	s.ended[0], s.ended[1] = s.ended[1], s.ended[0]
}

// Ended tells whether the direction is over.
func (s *Session) Ended(dir Dir) bool { return s.ended[dir] }

// Memory is how many bytes s holds.
func (s *Session) Memory() int { return cap(s.pend[0]) + cap(s.pend[1]) }

// Data feeds in-order bytes of a direction.
func (s *Session) Data(c *Ctx, spec *Spec, p Parser, dir Dir, data []byte) {
	if s.ended[dir] {
		return
	}
	if len(s.pend[dir]) == 0 {
		n := s.call(c, spec, p, dir, data)
		if n < len(data) && !s.ended[dir] {
			s.keep(c, spec, p, dir, data[n:])
		}
		return
	}
	limit := spec.maxPending()
	s.pend[dir] = append(s.pend[dir], data...)
	if len(s.pend[dir]) < s.need[dir] && len(s.pend[dir]) <= limit {
		return
	}
	n := s.call(c, spec, p, dir, s.pend[dir])
	rest := copy(s.pend[dir], s.pend[dir][n:])
	s.pend[dir] = s.pend[dir][:rest]
	s.checkCap(c, spec, p, dir)
}

// call runs the parser until it stops consuming or has consumed all.
func (s *Session) call(c *Ctx, spec *Spec, p Parser, dir Dir, data []byte) int {
	c.Dir = dir
	c.Begin(spec)
	n := p.Data(c, dir, data)
	s.need[dir] = c.Needed()
	return min(max(n, 0), len(data))
}

func (s *Session) keep(c *Ctx, spec *Spec, p Parser, dir Dir, rest []byte) {
	s.pend[dir] = append(s.pend[dir], rest...)
	s.checkCap(c, spec, p, dir)
}

func (s *Session) checkCap(c *Ctx, spec *Spec, p Parser, dir Dir) {
	n := len(s.pend[dir])
	if n <= spec.maxPending() {
		return
	}
	s.Overflows++
	s.pend[dir] = s.pend[dir][:0]
	s.need[dir] = 0
	c.Begin(spec)
	p.Gap(c, dir, n)
}

// Gap says that n bytes are missing; what was kept is given up.
func (s *Session) Gap(c *Ctx, spec *Spec, p Parser, dir Dir, n int) {
	if s.ended[dir] {
		return
	}
	if k := len(s.pend[dir]); k > 0 && n >= 0 {
		n += k
	}
	s.pend[dir] = s.pend[dir][:0]
	s.need[dir] = 0
	c.Dir = dir
	c.Begin(spec)
	p.Gap(c, dir, n)
}

// End ends a direction; a second call does nothing.
func (s *Session) End(c *Ctx, spec *Spec, p Parser, dir Dir, why EndReason) {
	if s.ended[dir] {
		return
	}
	s.ended[dir] = true
	c.Dir = dir
	c.Begin(spec)
	p.End(c, dir, why, s.pend[dir])
	s.pend[dir] = s.pend[dir][:0]
}

func (s *Spec) maxPending() int {
	if s.MaxPending > 0 {
		return s.MaxPending
	}
	return DefaultMaxPending
}
