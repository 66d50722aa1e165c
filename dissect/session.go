package dissect

import "math"

// Session feeds one flow's parser: it keeps what the parser did not consume, within the
// protocol's cap and the Budget, and gives it again in front of what comes next. The engine
// and the protocols' tests use it alike. The zero value is ready.
type Session struct {
	pend  [2][]byte
	need  [2]int
	ended [2]bool
	// Budget is shared with other flows; nil is without limit.
	Budget *Budget
}

// Budget bounds the bytes that the sessions of many flows keep together. Used by one goroutine.
type Budget struct {
	Max, Used int
	Overflows uint64 // messages given up because one direction of a flow kept too much
	Refused   uint64 // bytes given up because all flows together kept too much
}

func (b *Budget) take(n int) bool {
	if b == nil {
		return true
	}
	if b.Used+n > b.Max {
		b.Refused += uint64(n)
		return false
	}
	b.Used += n
	return true
}

func (b *Budget) give(n int) {
	if b != nil {
		b.Used -= n
	}
}

// keepPending is the largest buffer that Reset keeps.
const keepPending = 2 << 10

// Reset makes s ready for another flow.
func (s *Session) Reset() {
	for d := range s.pend {
		s.clear(Dir(d))
		if cap(s.pend[d]) > keepPending {
			FreeKept(s.pend[d])
			s.pend[d] = nil
		}
		s.ended[d] = false
	}
}

// clear forgets what is kept of a direction.
func (s *Session) clear(dir Dir) {
	s.Budget.give(len(s.pend[dir]))
	s.pend[dir], s.need[dir] = s.pend[dir][:0], 0
}

// keep appends bytes that the parser did not consume; false where the budget is spent.
func (s *Session) keep(dir Dir, b []byte) bool {
	if !s.Budget.take(len(b)) {
		return false
	}
	s.pend[dir] = AppendKept(s.pend[dir], b, math.MaxInt)
	return true
}

// Pending gives the bytes of a direction that the parser has not consumed.
func (s *Session) Pending(dir Dir) []byte { return s.pend[dir] }

// Hold keeps bytes of a direction before a parser exists, up to limit in all, and tells how
// many did not fit.
func (s *Session) Hold(dir Dir, data []byte, limit int) (dropped int) {
	n := max(min(len(data), limit-len(s.pend[dir])), 0)
	if !s.keep(dir, data[:n]) {
		n = 0
	}
	return len(data) - n
}

// Take moves what was held or not consumed to *to, and gives it.
func (s *Session) Take(dir Dir, to *[]byte) []byte {
	*to = append((*to)[:0], s.pend[dir]...)
	s.clear(dir)
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
	kept := len(s.pend[dir])
	if kept == 0 {
		n := s.call(c, spec, p, dir, data)
		if n < len(data) && !s.ended[dir] {
			if !s.keep(dir, data[n:]) {
				s.giveUp(c, spec, p, dir, len(data)-n)
			}
			s.checkCap(c, spec, p, dir)
		}
		return
	}
	if !s.keep(dir, data) {
		s.giveUp(c, spec, p, dir, len(data))
		return
	}
	if len(s.pend[dir]) < s.need[dir] && len(s.pend[dir]) <= spec.maxPending() {
		return
	}
	n := s.call(c, spec, p, dir, s.pend[dir])
	rest := copy(s.pend[dir], s.pend[dir][n:])
	s.Budget.give(n)
	s.pend[dir] = s.pend[dir][:rest]
	s.checkCap(c, spec, p, dir)
}

// call runs the parser once and tells how much it consumed.
func (s *Session) call(c *Ctx, spec *Spec, p Parser, dir Dir, data []byte) int {
	c.Dir = dir
	c.Begin(spec)
	c.input, c.calls = data, c.calls+1
	n := p.Data(c, dir, data)
	c.input = nil
	s.need[dir] = c.Needed()
	return min(max(n, 0), len(data))
}

func (s *Session) checkCap(c *Ctx, spec *Spec, p Parser, dir Dir) {
	if len(s.pend[dir]) <= spec.maxPending() {
		return
	}
	if s.Budget != nil {
		s.Budget.Overflows++
	}
	s.giveUp(c, spec, p, dir, 0)
}

// giveUp drops what is kept, and more bytes that cannot be, and tells the parser of the gap.
func (s *Session) giveUp(c *Ctx, spec *Spec, p Parser, dir Dir, more int) {
	n := len(s.pend[dir]) + more
	s.clear(dir)
	c.Dir = dir
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
	s.clear(dir)
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
	c.input, c.calls = s.pend[dir], c.calls+1
	p.End(c, dir, why, s.pend[dir])
	c.input = nil
	s.clear(dir)
}

func (s *Spec) maxPending() int {
	if s.MaxPending > 0 {
		return s.MaxPending
	}
	return DefaultMaxPending
}
