package regex

// Result says how a search ended.
type Result uint8

// The results.
const (
	NoMatch Result = iota
	Found
	LimitHit // gave up after StepLimit steps
)

// StepLimit bounds a search with an expression that needs backtracking: about a millisecond.
const StepLimit = 200_000

// Limits of memory that a Machine keeps.
const (
	maxVisited = 64 << 20 // bits of states, 8 MB; past that steps are counted
	maxStack   = 1 << 18  // alternatives that wait to be tried
)

// Machine is the memory that matching needs; it belongs to one goroutine. The zero value is ready.
type Machine struct {
	stack   []job
	visited []uint64
	saves   []int
	marks   []int
	steps   int
	limit   int
	b       []byte
	begin   int // where the search began
	origin  int // offset of the first state in visited
	width   int // states of one join
	keep    int // \K, -1 if not met
	full    bool
}

// job is an alternative to try, or (pc < 0) a value to restore: save slot ^pc, to pos. For
// alternatives, n says that so many positions before pos follow.
type job struct{ pc, pos, n int32 }

const (
	restoreKeep = -1 << 20 // a job that restores keep
	restoreMark = -1 << 21 // and one that restores mark restoreMark-pc
)

// Find searches b for the leftmost match that begins at from or later.
func (r *Regex) Find(m *Machine, b []byte, from int) (start, end int, res Result) {
	p := r.prog()
	return p.find(m, b, from, r.prefix, r.must)
}

// FindGroup searches like Find from the start of b, and gives the place of group n (1 and up) of the match; start is -1
// if the group took no part.
func (r *Regex) FindGroup(m *Machine, b []byte, n int) (start, end int, res Result) {
	p := r.groupProg()
	if _, _, res = p.find(m, b, 0, r.prefix, r.must); res != Found {
		return 0, 0, res
	}
	if 2*n+1 >= len(m.saves) || m.saves[2*n] < 0 || m.saves[2*n+1] < 0 {
		return -1, -1, Found
	}
	return m.saves[2*n], m.saves[2*n+1], Found
}

func (p *prog) find(m *Machine, b []byte, from int, pre, must finder) (start, end int, res Result) {
	if from < 0 || from > len(b) || len(b) > 1<<30 {
		return 0, 0, NoMatch
	}
	m.b, m.begin, m.steps = b, from, 0
	m.limit = StepLimit
	if !p.limited {
		// Linear in the number of states; the limit is for bugs.
		m.limit = 1 << 40
	}
	if must != nil && must.Index(b[from:]) < 0 {
		return 0, 0, NoMatch
	}
	ready := false
	for at := from; at <= len(b); at++ {
		if p.anchored {
			if at > 0 {
				return 0, 0, NoMatch
			}
		} else if pre != nil {
			k := pre.Index(b[at:])
			if k < 0 {
				return 0, 0, NoMatch
			}
			at += k
		} else if !p.anyFirst {
			for at < len(b) && !p.first.has(b[at]) {
				at++
			}
			if at == len(b) {
				return 0, 0, NoMatch
			}
		}
		if !ready {
			m.prepare(p, len(b)-from)
			ready = true
		}
		m.keep = -1
		for i := range m.saves {
			m.saves[i] = -1
		}
		m.stack = m.stack[:0]
		m.full = false
		end, ok := m.run(p, int(p.start), at, p.memo && m.visited != nil)
		if m.steps > m.limit || m.full {
			return 0, 0, LimitHit
		}
		if ok {
			start = at
			if m.keep >= 0 {
				start = m.keep
			}
			return start, end, Found
		}
	}
	return 0, 0, NoMatch
}

// prepare makes room for a search over n bytes.
func (m *Machine) prepare(p *prog, n int) {
	if cap(m.saves) < p.slots {
		m.saves = make([]int, p.slots)
	}
	m.saves = m.saves[:p.slots]
	if cap(m.marks) < p.marks {
		m.marks = make([]int, p.marks)
	}
	m.marks = m.marks[:p.marks]
	for i := range m.marks {
		m.marks[i] = -1
	}
	m.origin, m.width = m.begin, n+1
	bits := p.joins * (n + 1)
	if bits > maxVisited {
		// Too much to remember: count steps instead.
		m.visited = nil
		m.limit = min(m.limit, 20*StepLimit)
		return
	}
	words := (bits + 63) / 64
	if cap(m.visited) < words {
		m.visited = make([]uint64, words, max(words, 2*cap(m.visited)))
		return
	}
	m.visited = m.visited[:words]
	clear(m.visited)
}

// run follows the program from pc at pos, and gives where it ends. Alternatives are on the
// stack above its level at the call.
func (m *Machine) run(p *prog, pc, pos int, memo bool) (int, bool) {
	base := len(m.stack)
	b := m.b
	for {
		if m.steps++; m.steps > m.limit {
			m.stack = m.stack[:base]
			return 0, false
		}
		i := &p.code[pc]
		if i.join != 0 && memo {
			k := int(i.join-1)*m.width + pos - m.origin
			if m.visited[k>>6]>>(k&63)&1 != 0 {
				goto fail
			}
			m.visited[k>>6] |= 1 << (k & 63)
		}
		switch i.op {
		case opByte:
			if pos < len(b) && b[pos] == i.b {
				pc++
				pos++
				continue
			}
		case opSet:
			if pos < len(b) && p.sets[i.x].has(b[pos]) {
				pc++
				pos++
				continue
			}
		case opJump:
			pc = int(i.x)
			continue
		case opSplit:
			m.push(job{int32(i.y), int32(pos), 0})
			pc = int(i.x)
			continue
		case opSave:
			m.push(job{^int32(i.x), int32(m.saves[i.x]), 0})
			m.saves[i.x] = pos
			pc++
			continue
		case opStar:
			pc, pos = m.star(p, i, pc, pos, memo)
			continue
		case opAssert:
			if m.holds(assertKind(i.b), pos) {
				pc++
				continue
			}
		case opMark:
			m.push(job{restoreMark - int32(i.x), int32(m.marks[i.x]), 0})
			m.marks[i.x] = pos
			pc++
			continue
		case opEmptyCheck:
			pc++
			if m.marks[i.x] == pos {
				pc = int(p.leave(p.code[pc].x)) // the jump back: leave the loop instead
			}
			continue
		case opKeep:
			m.push(job{restoreKeep, int32(m.keep), 0})
			m.keep = pos
			pc++
			continue
		case opLook:
			if m.look(p, i, pos) {
				pc = int(i.y)
				continue
			}
		case opAtomic:
			if end, ok := m.atomic(p, int(i.x), pos); ok {
				pc, pos = int(i.y), end
				continue
			}
		case opRef:
			if n, ok := m.backref(int(i.x), pos, i.b != 0); ok {
				pos += n
				pc++
				continue
			}
		case opMatch:
			m.dropJobs(base)
			return pos, true
		}
	fail:
		for {
			if len(m.stack) == base {
				return 0, false
			}
			j := &m.stack[len(m.stack)-1]
			if j.pc >= 0 {
				pc, pos = int(j.pc), int(j.pos)
				if j.n > 0 {
					j.n--
					j.pos--
				} else {
					m.stack = m.stack[:len(m.stack)-1]
				}
				break
			}
			m.restore(*j)
			m.stack = m.stack[:len(m.stack)-1]
		}
	}
}

// star goes over the bytes of a set. Greedy, it takes as many as there are, and leaves the positions before as one
// alternative; as each of them is a state of the loop that is gone through now, all are marked. Not greedy, it takes
// none, and leaves to take one as an alternative.
func (m *Machine) star(p *prog, i *inst, pc, pos int, memo bool) (int, int) {
	s := &p.sets[i.x]
	if i.b == 0 {
		if pos < len(m.b) && s.has(m.b[pos]) {
			m.push(job{int32(pc), int32(pos + 1), 0})
		}
		return pc + 1, pos
	}
	end := pos
	if memo {
		k := int(i.join-1)*m.width - m.origin
		for end < len(m.b) && s.has(m.b[end]) {
			bit := k + end + 1
			if m.visited[bit>>6]>>(bit&63)&1 != 0 {
				break
			}
			m.visited[bit>>6] |= 1 << (bit & 63)
			end++
		}
	} else {
		for end < len(m.b) && s.has(m.b[end]) {
			end++
		}
		m.steps += (end - pos) / 8
	}
	if n := int32(end - pos); n > 0 {
		m.push(job{int32(pc + 1), int32(end - 1), n - 1})
	}
	return pc + 1, end
}

// leave is where a loop's split goes to end the loop.
func (p *prog) leave(split uint32) uint32 {
	s := &p.code[split]
	if s.x == split+1 {
		return s.y
	}
	return s.x
}

func (m *Machine) push(j job) {
	if len(m.stack) >= maxStack {
		m.full = true
		m.steps = m.limit // stop
		return
	}
	m.stack = append(m.stack, j)
}

func (m *Machine) restore(j job) {
	switch {
	case j.pc == restoreKeep:
		m.keep = int(j.pos)
	case j.pc <= restoreMark:
		m.marks[restoreMark-j.pc] = int(j.pos)
	default:
		m.saves[^j.pc] = int(j.pos)
	}
}

// dropJobs forgets the alternatives above base, but keeps what is to be restored if an earlier
// one is tried.
func (m *Machine) dropJobs(base int) {
	k := base
	for _, j := range m.stack[base:] {
		if j.pc < 0 {
			m.stack[k] = j
			k++
		}
	}
	m.stack = m.stack[:k]
}

// undo restores what jobs above base say, and drops them.
func (m *Machine) undo(base int) {
	for len(m.stack) > base {
		j := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if j.pc < 0 {
			m.restore(j)
		}
	}
}

func (m *Machine) atomic(p *prog, pc, pos int) (int, bool) {
	return m.run(p, pc, pos, false)
}

func (m *Machine) look(p *prog, i *inst, pos int) bool {
	at := pos
	if i.b&2 != 0 {
		if at -= int(i.n); at < 0 {
			return i.b&1 != 0
		}
	}
	base := len(m.stack)
	_, ok := m.run(p, int(i.x), at, false)
	if m.steps > m.limit {
		return false
	}
	if i.b&1 != 0 {
		m.undo(base) // what a negative one captured is void
		return !ok
	}
	return ok
}

func (m *Machine) backref(n, pos int, fold bool) (int, bool) {
	lo, hi := m.saves[2*n], m.saves[2*n+1]
	if lo < 0 || hi < lo || len(m.b)-pos < hi-lo {
		return 0, false
	}
	m.steps += (hi - lo) / 8
	for k := range hi - lo {
		x, y := m.b[lo+k], m.b[pos+k]
		if x != y && (!fold || lower(x) != lower(y)) {
			return 0, false
		}
	}
	return hi - lo, true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

func (m *Machine) holds(k assertKind, pos int) bool {
	b := m.b
	switch k {
	case aBegin:
		return pos == 0
	case aLineBegin:
		return pos == 0 || b[pos-1] == '\n' && pos < len(b)
	case aEnd:
		return pos == len(b)
	case aEndOrNL:
		return pos == len(b) || pos == len(b)-1 && b[pos] == '\n'
	case aLineEnd:
		return pos == len(b) || b[pos] == '\n'
	case aStart:
		return pos == m.begin
	}
	before := pos > 0 && isWord(b[pos-1])
	after := pos < len(b) && isWord(b[pos])
	return (before != after) == (k == aWord)
}
