package regex

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// set is a set of bytes.
type set [4]uint64

func (s *set) add(c byte)      { s[c>>6] |= 1 << (c & 63) }
func (s *set) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *set) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *set) count() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// lowest is the lowest byte of the set, 255 if it is empty.
func (s *set) lowest() byte {
	for i, w := range s {
		if w != 0 {
			return byte(64*i + bits.TrailingZeros64(w))
		}
	}
	return 255
}

func (s *set) join(t *set) {
	for i := range s {
		s[i] |= t[i]
	}
}

func (s *set) negate() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// fold adds the other case of each letter.
func (s *set) fold() {
	for c := byte('a'); c <= 'z'; c++ {
		if s.has(c) {
			s.add(c - 32)
		} else if s.has(c - 32) {
			s.add(c)
		}
	}
}

type nodeKind uint8

const (
	nEmpty nodeKind = iota
	nSet
	nConcat
	nAlt
	nRepeat
	nGroup  // capturing
	nAtomic // what it matched is not given back
	nLook
	nBackref
	nAssert
	nKeep // \K: the match begins here
	nFail
)

type assertKind uint8

const (
	aBegin     assertKind = iota // \A, ^
	aLineBegin                   // ^ with m
	aEnd                         // \z, $ with E
	aEndOrNL                     // \Z, $
	aLineEnd                     // $ with m
	aWord                        // \b
	aNotWord                     // \B
	aStart                       // \G: where the search began
)

// node is a piece of an expression.
type node struct {
	kind   nodeKind
	set    *set
	subs   []*node
	min    int
	max    int // -1: no limit
	greedy bool
	n      int // group or back reference
	fold   bool
	assert assertKind
	behind bool
	neg    bool
	quoted bool // nConcat made of \Q...\E
}

// Limits of a pattern, so that no rule file can exhaust memory.
const (
	maxRepeat = 65535 // in {n,m}, as PCRE
	maxNest   = 100
	maxGroups = 99
)

type parser struct {
	arena
	src    string
	at     int
	flags  Flags
	groups int
	names  map[string]int
	depth  int
	// what the expression needs
	backrefs, looks bool
	maxRef          int
}

func (p *parser) fail(at int, format string, args ...any) {
	panic(&Error{Msg: fmt.Sprintf(format, args...), Offset: at})
}

// parse reads a whole pattern. The parser is to be released when the nodes are no longer needed.
func parse(src string, flags Flags) (n *node, p *parser, err error) {
	p = newParser(src, flags)
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
		default: // a fault of the parser, which must not pass for an empty expression
			panic(e)
		}
	}()
	n = p.alternatives()
	if p.at < len(p.src) {
		p.fail(p.at, "unmatched )")
	}
	if p.maxRef > p.groups {
		p.fail(0, "reference to group %d, but there are only %d", p.maxRef, p.groups)
	}
	return n, p, nil
}

func (p *parser) more() bool { return p.at < len(p.src) }

func (p *parser) peek(s string) bool { return strings.HasPrefix(p.src[p.at:], s) }

func (p *parser) eat(s string) bool {
	if p.peek(s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) alternatives() *node {
	p.depth++
	if p.depth > maxNest {
		p.fail(p.at, "nested too deep")
	}
	flags := p.flags // inline flags last until the end of the group
	first := p.concat()
	base := len(p.stack)
	for p.peek("|") {
		p.at++
		p.stack = append(p.stack, p.concat())
	}
	p.flags = flags
	p.depth--
	if len(p.stack) == base {
		return first
	}
	p.stack = slices.Insert(p.stack, base, first)
	return p.node(node{kind: nAlt, subs: p.pop(base)})
}

// pop takes the elements from base on from the stack.
func (p *parser) pop(base int) []*node {
	out := p.list(p.stack[base:]...)
	p.stack = p.stack[:base]
	return out
}

func (p *parser) concat() *node {
	base := len(p.stack)
	for p.more() && !p.peek("|") && !p.peek(")") {
		if p.flags&Extended != 0 && p.skipExtended() {
			continue
		}
		start := p.at
		n := p.atom()
		if n == nil {
			continue
		}
		if n.quoted { // a quantifier is for the last byte
			p.stack = append(p.stack, n.subs[:len(n.subs)-1]...)
			n = n.subs[len(n.subs)-1]
		}
		p.stack = append(p.stack, p.quantifiers(n, start))
	}
	switch len(p.stack) - base {
	case 0:
		return p.node(node{kind: nEmpty})
	case 1:
		one := p.stack[base]
		p.stack = p.stack[:base]
		return one
	}
	return p.node(node{kind: nConcat, subs: p.pop(base)})
}

func (p *parser) skipExtended() bool {
	switch c := p.src[p.at]; {
	case isSpace(c):
		p.at++
		return true
	case c == '#':
		for p.more() && p.src[p.at] != '\n' {
			p.at++
		}
		return true
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

// quantifiers reads what follows an atom.
func (p *parser) quantifiers(n *node, start int) *node {
	for p.more() {
		if p.flags&Extended != 0 && p.skipExtended() {
			continue
		}
		lo, hi, ok := p.quantifier()
		if !ok {
			return n
		}
		if n.kind == nAssert || n.kind == nKeep {
			hi = min(hi, 1) // repeating it means nothing
			if hi < 0 {
				hi = 1
			}
			lo = min(lo, 1)
		}
		r := p.node(node{kind: nRepeat, subs: p.list(n), min: lo, max: hi, greedy: p.flags&Ungreedy == 0})
		if p.eat("?") {
			r.greedy = !r.greedy
		} else if p.eat("+") {
			r.greedy = true
			p.looks = true
			r = p.node(node{kind: nAtomic, subs: p.list(r)})
		}
		if p.size(r) > maxProg {
			p.fail(start, "the expression is too large")
		}
		n = r
	}
	return n
}

// size guesses how many instructions n takes.
func (p *parser) size(n *node) int {
	s := 1
	for _, x := range n.subs {
		s += p.size(x)
		if s > maxProg {
			return s
		}
	}
	if n.kind == nRepeat {
		return min(1<<30, s*max(1, n.min, n.max)+2)
	}
	return s
}

func (p *parser) quantifier() (lo, hi int, ok bool) {
	switch p.src[p.at] {
	case '*':
		p.at++
		return 0, -1, true
	case '+':
		p.at++
		return 1, -1, true
	case '?':
		p.at++
		return 0, 1, true
	case '{':
		return p.braces()
	}
	return 0, 0, false
}

// braces reads {n}, {n,} or {n,m}; anything else is literal, as in PCRE.
func (p *parser) braces() (lo, hi int, ok bool) {
	end := strings.IndexByte(p.src[p.at:], '}')
	if end < 0 {
		return 0, 0, false
	}
	body := p.src[p.at+1 : p.at+end]
	a, b, comma := strings.Cut(body, ",")
	lo, ok = digits(a)
	if !ok {
		return 0, 0, false
	}
	switch {
	case !comma:
		hi = lo
	case b == "":
		hi = -1
	default:
		if hi, ok = digits(b); !ok {
			return 0, 0, false
		}
	}
	if lo > maxRepeat || hi > maxRepeat {
		p.fail(p.at, "number too big in {} quantifier")
	}
	if hi >= 0 && hi < lo {
		p.fail(p.at, "numbers out of order in {} quantifier")
	}
	p.at += end + 1
	return lo, hi, true
}

func digits(s string) (int, bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false
		}
	}
	n, _ := strconv.Atoi(s)
	return n, true
}

// byte gives the node of a byte; it is shared.
func (p *parser) byte(c byte) *node {
	if p.flags&CaseInsensitive != 0 {
		return &foldNodes[c]
	}
	return &byteNodes[c]
}

// atom reads one element; nil for what matches nothing and is gone (a comment, flags).
func (p *parser) atom() *node {
	c := p.src[p.at]
	switch c {
	case '(':
		return p.group()
	case '[':
		return p.class()
	case '.':
		p.at++
		if p.flags&DotAll == 0 {
			return p.arena.setNode(&notNL)
		}
		return p.arena.setNode(&anyByte)
	case '^':
		p.at++
		if p.flags&MultiLine != 0 {
			return p.node(node{kind: nAssert, assert: aLineBegin})
		}
		return p.node(node{kind: nAssert, assert: aBegin})
	case '$':
		p.at++
		switch {
		case p.flags&MultiLine != 0:
			return p.node(node{kind: nAssert, assert: aLineEnd})
		case p.flags&DollarEndOnly != 0:
			return p.node(node{kind: nAssert, assert: aEnd})
		}
		return p.node(node{kind: nAssert, assert: aEndOrNL})
	case '*', '+', '?':
		p.fail(p.at, "nothing to repeat")
	case '\\':
		return p.escape()
	}
	p.at++
	return p.byte(c)
}
