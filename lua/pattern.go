package lua

// Lua patterns (Lua 5.1 reference manual, section 5.4.1), matched by backtracking as the original does,
// but with a count of steps: a pattern that backtracks without end is an error and not a standstill.

const (
	maxCaptures     = 32
	maxPatternDepth = 200
	capOpen         = -1
	capPosition     = -2
)

// patternError is raised by panic within a match, and caught by matcher.run.
type patternError string

// matcher is one match of a pattern against a subject.
type matcher struct {
	src, pat string
	level    int
	depth    int
	steps    int
	capture  [maxCaptures]struct{ start, size int }
}

// match tries the pattern at s, and gives the end of the match, or -1.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxPatternDepth {
		panic(patternError("pattern too complex"))
	}
	r := m.walk(s, p)
	m.depth--
	return r
}

func (m *matcher) walk(s, p int) int {
	for {
		if m.steps--; m.steps < 0 {
			panic(patternError("pattern takes too long on this text: it backtracks"))
		}
		if p == len(m.pat) {
			return s
		}
		switch m.pat[p] {
		case '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.startCapture(s, p+2, capPosition)
			}
			return m.startCapture(s, p+1, capOpen)
		case ')':
			return m.endCapture(s, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if s == len(m.src) {
					return s
				}
				return -1
			}
		case '%':
			if p+1 < len(m.pat) {
				switch c := m.pat[p+1]; {
				case c == 'b':
					if s = m.balance(s, p+2); s < 0 {
						return -1
					}
					p += 4
					continue
				case c == 'f':
					p += 2
					if p >= len(m.pat) || m.pat[p] != '[' {
						panic(patternError("missing '[' after '%f' in pattern"))
					}
					end := m.classEnd(p)
					if m.inSet(m.before(s), p, end-1) || !m.inSet(m.at(s), p, end-1) {
						return -1
					}
					p = end
					continue
				case c >= '0' && c <= '9':
					if s = m.backReference(s, c); s < 0 {
						return -1
					}
					p += 2
					continue
				}
			}
		}
		end := m.classEnd(p)
		fits := s < len(m.src) && m.single(m.src[s], p, end)
		if end < len(m.pat) {
			switch m.pat[end] {
			case '?':
				if fits {
					if r := m.match(s+1, end+1); r >= 0 {
						return r
					}
				}
				p = end + 1
				continue
			case '*':
				return m.maxExpand(s, p, end)
			case '+':
				if !fits {
					return -1
				}
				return m.maxExpand(s+1, p, end)
			case '-':
				return m.minExpand(s, p, end)
			}
		}
		if !fits {
			return -1
		}
		s, p = s+1, end
	}
}

func (m *matcher) at(s int) byte {
	if s < len(m.src) {
		return m.src[s]
	}
	return 0
}

func (m *matcher) before(s int) byte {
	if s > 0 {
		return m.src[s-1]
	}
	return 0
}

func (m *matcher) maxExpand(s, p, end int) int {
	n := 0
	for s+n < len(m.src) && m.single(m.src[s+n], p, end) {
		n++
		if m.steps--; m.steps < 0 {
			panic(patternError("pattern takes too long on this text: it backtracks"))
		}
	}
	for ; n >= 0; n-- {
		if r := m.match(s+n, end+1); r >= 0 {
			return r
		}
	}
	return -1
}

func (m *matcher) minExpand(s, p, end int) int {
	for {
		if r := m.match(s, end+1); r >= 0 {
			return r
		}
		if s >= len(m.src) || !m.single(m.src[s], p, end) {
			return -1
		}
		s++
	}
}

func (m *matcher) startCapture(s, p, what int) int {
	if m.level >= maxCaptures {
		panic(patternError("too many captures"))
	}
	m.capture[m.level].start, m.capture[m.level].size = s, what
	m.level++
	r := m.match(s, p)
	if r < 0 {
		m.level--
	}
	return r
}

func (m *matcher) endCapture(s, p int) int {
	l := -1
	for i := m.level - 1; i >= 0; i-- {
		if m.capture[i].size == capOpen {
			l = i
			break
		}
	}
	if l < 0 {
		panic(patternError("invalid pattern capture"))
	}
	m.capture[l].size = s - m.capture[l].start
	r := m.match(s, p)
	if r < 0 {
		m.capture[l].size = capOpen
	}
	return r
}

func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		panic(patternError("missing arguments to '%b' in pattern"))
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	open, shut, n := m.pat[p], m.pat[p+1], 1
	for i := s + 1; i < len(m.src); i++ {
		m.steps--
		switch m.src[i] {
		case shut:
			if n--; n == 0 {
				return i + 1
			}
		case open:
			n++
		}
	}
	return -1
}

func (m *matcher) backReference(s int, c byte) int {
	l := int(c) - '1'
	if l < 0 || l >= m.level || m.capture[l].size == capOpen {
		panic(patternError("invalid capture index in pattern"))
	}
	t := m.src[m.capture[l].start : m.capture[l].start+max(m.capture[l].size, 0)]
	m.steps -= len(t) / 8
	if len(m.src)-s >= len(t) && m.src[s:s+len(t)] == t {
		return s + len(t)
	}
	return -1
}

// classEnd gives where the single-character class at p ends.
func (m *matcher) classEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			panic(patternError("malformed pattern (ends with '%')"))
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				panic(patternError("malformed pattern (missing ']')"))
			}
			if m.pat[p] == '%' {
				p++
			}
			p++
		}
		return p + 1
	}
	return p
}

// single tells whether c is of the class from p to end.
func (m *matcher) single(c byte, p, end int) bool {
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pat[p] == c
}

// inSet tells whether c is in the set that begins with '[' at p and ends with ']' at end.
func (m *matcher) inSet(c byte, p, end int) bool {
	p++
	want := true
	if m.pat[p] == '^' {
		want = false
		p++
	}
	for p < end {
		switch {
		case m.pat[p] == '%' && p+1 < end:
			if inClass(c, m.pat[p+1]) {
				return want
			}
			p += 2
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return want
			}
			p += 3
		default:
			if m.pat[p] == c {
				return want
			}
			p++
		}
	}
	return !want
}

func inClass(c, class byte) bool {
	in := false
	switch class | 0x20 {
	case 'a':
		in = alpha(c)
	case 'd':
		in = digit(c)
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 's':
		in = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = alpha(c) || digit(c)
	case 'x':
		in = digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
	case 'p':
		in = c > ' ' && c < 0x7f && !alpha(c) && !digit(c)
	case 'c':
		in = c < ' ' || c == 0x7f
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !alpha(class) {
		return class == c
	}
	return in != (class >= 'A' && class <= 'Z')
}

func alpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool { return c >= '0' && c <= '9' }

// find looks for the pattern from init on. It gives start and end, -1 where there is no match, and an
// error text for a bad pattern or one that takes too long.
func (m *matcher) find(src, pat string, init, steps int) (start, end int, err string) {
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(patternError)
			if !ok {
				panic(x)
			}
			start, end, err = -1, -1, string(e)
		}
	}()
	m.src, m.pat, m.steps, m.depth = src, pat, steps, 0
	p := 0
	anchored := len(pat) > 0 && pat[0] == '^'
	if anchored {
		p = 1
	}
	for s := init; s <= len(src); s++ {
		m.level = 0
		if e := m.match(s, p); e >= 0 {
			return s, e, ""
		}
		if anchored {
			break
		}
	}
	return -1, -1, ""
}

// special tells whether pat has characters with a meaning.
func special(pat string) bool {
	for i := range len(pat) {
		switch pat[i] {
		case '^', '$', '*', '+', '?', '.', '(', ')', '[', ']', '%', '-':
			return true
		}
	}
	return false
}
