package regex

// op is an instruction's operation.
type op uint8

const (
	opByte   op = iota // b
	opSet              // sets[x]
	opSplit            // x first, then y
	opJump             // x
	opSave             // slot x
	opAssert           // kind b
	opLook             // sub-program at x, then y; b: bit 0 negative, bit 1 behind (of length n)
	opAtomic           // sub-program at x, then y
	opRef              // group x; b: fold
	opKeep
	opFail
	opMatch      // of the whole, or of a sub-program
	opEmptyCheck // loop body matched nothing since slot x: do not go round again
	opStar       // sets[x] any number of times; b: greedy
	opMark       // remembers the position in counter x, for opEmptyCheck
)

type inst struct {
	op   op
	b    byte
	n    uint16
	x, y uint32
	// join is 1 + the number of this instruction among those that several ways lead to.
	join uint32
}

// prog is a compiled expression.
type prog struct {
	code  []inst
	sets  []set
	start uint32
	joins int
	slots int // 2 * (groups + 1), or 2
	marks int
	// memo: a state that failed once fails always, so it need not be tried twice. False with
	// back references, whose outcome depends on how one came there.
	memo bool
	// limited: time is not linear, steps are counted.
	limited  bool
	anchored bool // only at the start of the input
	first    set  // bytes that a match can begin with
	anyFirst bool // the match may be empty: first says nothing
}

// maxProg is the largest program.
const maxProg = 40000

var errTooLarge = &Error{Msg: "the expression is too large"}

// codeSize is how many instructions progBuilder makes of n with its groups, as far as maxProg+1.
func codeSize(n *node) int {
	s := 0
	switch n.kind {
	case nEmpty:
	case nConcat, nAlt, nGroup, nAtomic:
		for _, x := range n.subs {
			s = min(s+codeSize(x), maxProg+1)
		}
		if n.kind == nAlt {
			s += 2 * (len(n.subs) - 1)
		} else if n.kind != nConcat {
			s += 2
		}
	case nLook:
		alts := n.subs
		if n.behind {
			alts = altsOf(n.subs[0])
		}
		for _, x := range alts {
			s += codeSize(x) + 2
		}
		if n.behind && !n.neg {
			s += 2 * (len(alts) - 1)
		}
	case nRepeat:
		x := n.subs[0]
		one := codeSize(x)
		s = n.min * one
		switch {
		case n.max >= 0:
			s += (n.max - n.min) * (one + 1)
		case x.kind == nSet:
			s++
		case empty(x):
			s += one + 4
		default:
			s += one + 2
		}
	default:
		s = 1
	}
	return min(s, maxProg+1)
}

type progBuilder struct {
	p      *prog
	groups bool // emit opSave
	setIdx map[set]uint32
}

func buildProg(root *node, ps *parser, groups bool) (*prog, error) {
	b := &progBuilder{p: &prog{slots: 2, memo: !ps.backrefs, limited: ps.backrefs || ps.looks}, groups: groups || ps.backrefs,
		setIdx: map[set]uint32{}}
	if b.groups {
		b.p.slots = 2 * (ps.groups + 1)
	}
	b.node(root)
	b.emit(inst{op: opMatch})
	if len(b.p.code) > maxProg {
		return nil, errTooLarge
	}
	p := b.p
	p.anchored = ps.flags&Anchored != 0 || beginsAnchored(root)
	p.markJoins()
	p.anyFirst = firstSet(root, &p.first)
	return p, nil
}

func (b *progBuilder) emit(i inst) uint32 {
	if len(b.p.code) <= maxProg {
		b.p.code = append(b.p.code, i)
	}
	return uint32(len(b.p.code) - 1)
}

func (b *progBuilder) here() uint32 { return uint32(len(b.p.code)) }

// node emits code for n; what follows it in the program is the continuation.
func (b *progBuilder) node(n *node) {
	if len(b.p.code) > maxProg {
		return
	}
	switch n.kind {
	case nSet:
		b.set(n.set)
	case nConcat:
		for _, x := range n.subs {
			b.node(x)
		}
	case nAlt:
		b.alt(n.subs)
	case nRepeat:
		b.repeat(n)
	case nGroup:
		if !b.groups {
			b.node(n.subs[0])
			return
		}
		b.emit(inst{op: opSave, x: uint32(2 * n.n)})
		b.node(n.subs[0])
		b.emit(inst{op: opSave, x: uint32(2*n.n + 1)})
	case nAtomic:
		b.sub(inst{op: opAtomic}, n.subs[0])
	case nLook:
		b.look(n)
	case nBackref:
		i := inst{op: opRef, x: uint32(n.n)}
		if n.fold {
			i.b = 1
		}
		b.emit(i)
	case nAssert:
		b.emit(inst{op: opAssert, b: byte(n.assert)})
	case nKeep:
		b.emit(inst{op: opKeep})
	case nFail:
		b.emit(inst{op: opFail})
	}
}

func (b *progBuilder) set(s *set) {
	if c, ok := single(s); ok {
		b.emit(inst{op: opByte, b: c})
		return
	}
	b.emit(inst{op: opSet, x: b.setIndex(s)})
}

func (b *progBuilder) setIndex(s *set) uint32 {
	k, ok := b.setIdx[*s]
	if !ok {
		k = uint32(len(b.p.sets))
		b.p.sets = append(b.p.sets, *s)
		b.setIdx[*s] = k
	}
	return k
}

// single tells whether s has one byte.
func single(s *set) (c byte, ok bool) { return s.lowest(), s.count() == 1 }

func (b *progBuilder) alt(subs []*node) {
	var ends []uint32
	for i, x := range subs {
		if i == len(subs)-1 {
			b.node(x)
			break
		}
		split := b.emit(inst{op: opSplit})
		b.p.code[split].x = b.here()
		b.node(x)
		ends = append(ends, b.emit(inst{op: opJump}))
		b.p.code[split].y = b.here()
	}
	for _, e := range ends {
		b.p.code[e].x = b.here()
	}
}

// repeat expands a repetition: min copies, then optional ones or a loop.
func (b *progBuilder) repeat(n *node) {
	x := n.subs[0]
	for range n.min {
		b.node(x)
	}
	if n.max < 0 {
		b.loop(x, n.greedy)
		return
	}
	var splits []uint32
	for range n.max - n.min {
		if len(b.p.code) > maxProg {
			return
		}
		splits = append(splits, b.emit(inst{op: opSplit}))
		b.branch(splits[len(splits)-1], b.here(), n.greedy)
		b.node(x)
	}
	for _, s := range splits {
		b.branch2(s, b.here(), n.greedy)
	}
}

func (b *progBuilder) loop(x *node, greedy bool) {
	if x.kind == nSet {
		i := inst{op: opStar, x: b.setIndex(x.set)}
		if greedy {
			i.b = 1
		}
		b.emit(i)
		return
	}
	split := b.emit(inst{op: opSplit})
	b.branch(split, b.here(), greedy)
	if empty(x) {
		mark := uint32(b.p.marks)
		b.p.marks++
		b.emit(inst{op: opMark, x: mark})
		b.node(x)
		b.emit(inst{op: opEmptyCheck, x: mark})
	} else {
		b.node(x)
	}
	b.emit(inst{op: opJump, x: split})
	b.branch2(split, b.here(), greedy)
}

// branch and branch2 set where a split goes to stay in the loop, and to leave it.
func (b *progBuilder) branch(split, to uint32, greedy bool) {
	if greedy {
		b.p.code[split].x = to
	} else {
		b.p.code[split].y = to
	}
}

func (b *progBuilder) branch2(split, to uint32, greedy bool) { b.branch(split, to, !greedy) }

// sub emits a sub-program in line, with a jump around it.
func (b *progBuilder) sub(i inst, body *node) {
	at := b.emit(i)
	b.p.code[at].x = b.here()
	b.node(body)
	b.emit(inst{op: opMatch})
	b.p.code[at].y = b.here()
}

func (b *progBuilder) look(n *node) {
	i := inst{op: opLook}
	if n.neg {
		i.b = 1
	}
	if !n.behind {
		b.sub(i, n.subs[0])
		return
	}
	i.b |= 2
	alts := altsOf(n.subs[0])
	if n.neg { // none of them
		for _, a := range alts {
			w, _ := width(a)
			i.n = uint16(min(w, 65535))
			b.sub(i, a)
		}
		return
	}
	var ends []uint32
	for k, a := range alts {
		split := uint32(0)
		if k < len(alts)-1 {
			split = b.emit(inst{op: opSplit})
			b.p.code[split].x = b.here()
		}
		w, _ := width(a)
		i.n = uint16(min(w, 65535))
		b.sub(i, a)
		if k < len(alts)-1 {
			ends = append(ends, b.emit(inst{op: opJump}))
			b.p.code[split].y = b.here()
		}
	}
	for _, e := range ends {
		b.p.code[e].x = b.here()
	}
}

// empty tells whether n can match the empty string.
func empty(n *node) bool {
	switch n.kind {
	case nSet, nFail:
		return false
	case nConcat:
		for _, x := range n.subs {
			if !empty(x) {
				return false
			}
		}
		return true
	case nAlt:
		for _, x := range n.subs {
			if empty(x) {
				return true
			}
		}
		return false
	case nRepeat:
		return n.min == 0 || empty(n.subs[0])
	case nGroup, nAtomic:
		return empty(n.subs[0])
	}
	return true
}

// markJoins numbers the instructions that more than one way leads to: only there a state can
// be reached twice.
func (p *prog) markJoins() {
	in := make([]uint8, len(p.code))
	hit := func(k uint32) {
		if int(k) < len(in) && in[k] < 2 {
			in[k]++
		}
	}
	for i := range p.code {
		c := &p.code[i]
		switch c.op {
		case opJump:
			hit(c.x)
		case opSplit:
			hit(c.x)
			hit(c.y)
		case opLook, opAtomic:
			hit(c.x)
			hit(c.y)
		case opMatch, opFail:
		case opStar: // it is a loop itself, and what follows is reached from many places
			in[i] = 2
			if i+1 < len(in) {
				in[i+1] = 2
			}
		default:
			hit(uint32(i + 1))
		}
	}
	in[0] = 2 // each start of a search
	for i := range p.code {
		if in[i] > 1 {
			p.joins++
			p.code[i].join = uint32(p.joins)
		}
	}
}

// beginsAnchored tells whether n can match only at the start of the input.
func beginsAnchored(n *node) bool {
	switch n.kind {
	case nAssert:
		return n.assert == aBegin
	case nConcat:
		for _, x := range n.subs {
			if beginsAnchored(x) {
				return true
			}
			if x.kind != nAssert && x.kind != nLook && x.kind != nEmpty {
				return false
			}
		}
	case nAlt:
		for _, x := range n.subs {
			if !beginsAnchored(x) {
				return false
			}
		}
		return true
	case nGroup, nAtomic:
		return beginsAnchored(n.subs[0])
	case nRepeat:
		return n.min > 0 && beginsAnchored(n.subs[0])
	}
	return false
}

// firstSet adds to s the bytes that n can begin with, and tells whether n can match without a byte.
func firstSet(n *node, s *set) (mayBeEmpty bool) {
	switch n.kind {
	case nSet:
		s.join(n.set)
		return false
	case nConcat:
		for _, x := range n.subs {
			if !firstSet(x, s) {
				return false
			}
		}
		return true
	case nAlt:
		for _, x := range n.subs {
			if firstSet(x, s) {
				mayBeEmpty = true
			}
		}
		return mayBeEmpty
	case nRepeat:
		if n.max == 0 {
			return true
		}
		return firstSet(n.subs[0], s) || n.min == 0
	case nGroup, nAtomic:
		return firstSet(n.subs[0], s)
	case nBackref:
		s.negate()
		*s = set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		return true
	case nFail:
		return false
	}
	return true
}
