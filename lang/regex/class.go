package regex

import (
	"strconv"
	"strings"
)

// escape reads what begins with a backslash, outside classes.
func (p *parser) escape() *node {
	start := p.at
	p.at++
	if !p.more() {
		p.fail(start, "\\ at the end")
	}
	c := p.src[p.at]
	if s, ok := shorthand(c); ok {
		p.at++
		return p.arena.setNode(s)
	}
	p.at++
	switch c {
	case 'A':
		return p.node(node{kind: nAssert, assert: aBegin})
	case 'z':
		return p.node(node{kind: nAssert, assert: aEnd})
	case 'Z':
		return p.node(node{kind: nAssert, assert: aEndOrNL})
	case 'b':
		return p.node(node{kind: nAssert, assert: aWord})
	case 'B':
		return p.node(node{kind: nAssert, assert: aNotWord})
	case 'G':
		return p.node(node{kind: nAssert, assert: aStart})
	case 'K':
		return p.node(node{kind: nKeep})
	case 'C':
		return p.arena.setNode(&anyByte)
	case 'R':
		return p.lineBreak()
	case 'Q':
		return p.quoted()
	case 'E':
		return nil
	case 'k':
		return p.kRef(start)
	case 'g':
		return p.gRef(start)
	case 'p', 'P', 'X':
		p.fail(start, "\\%c is of Unicode; expressions here read bytes", c)
	}
	if c >= '1' && c <= '9' {
		return p.numberRef(start)
	}
	p.at--
	return p.byte(p.escapedByte(start))
}

// lineBreak is \R: CR LF, or one of the single characters.
func (p *parser) lineBreak() *node {
	one := p.arena.set()
	one.addRange('\n', '\r')
	one.add(0x85)
	pair := p.node(node{kind: nConcat, subs: p.list(&byteNodes['\r'], &byteNodes['\n'])})
	return p.node(node{kind: nAtomic, subs: p.list(p.node(node{kind: nAlt, subs: p.list(pair, p.arena.setNode(one))}))})
}

func (p *parser) quoted() *node {
	text, _, _ := strings.Cut(p.src[p.at:], `\E`)
	p.at += len(text)
	p.eat(`\E`)
	if text == "" {
		return nil
	}
	n := p.node(node{kind: nConcat, quoted: true})
	for i := range len(text) {
		n.subs = append(n.subs, p.byte(text[i]))
	}
	if len(n.subs) == 1 {
		return n.subs[0]
	}
	return n
}

func (p *parser) kRef(start int) *node {
	switch {
	case p.eat("<"):
		return p.refByName(start, p.name('>'))
	case p.eat("{"):
		return p.refByName(start, p.name('}'))
	case p.eat("'"):
		return p.refByName(start, p.name('\''))
	}
	p.fail(start, "\\k wants a name")
	return nil
}

// gRef reads \g1, \g{1}, \g{-1}, \g{name}.
func (p *parser) gRef(start int) *node {
	var s string
	if p.eat("{") {
		end := strings.IndexByte(p.src[p.at:], '}')
		if end < 0 {
			p.fail(start, "missing }")
		}
		s = p.src[p.at : p.at+end]
		p.at += end + 1
	} else {
		i := p.at
		for p.more() && (p.src[p.at]-'0' < 10 || p.at == i && p.src[p.at] == '-') {
			p.at++
		}
		s = p.src[i:p.at]
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return p.refByName(start, s)
	case n < 0:
		n += p.groups + 1
	}
	if n < 1 || n > maxGroups {
		p.fail(start, "bad group reference")
	}
	return p.ref(n)
}

// numberRef reads \1 and the like; numbers that can only be octal codes are bytes, as in PCRE.
func (p *parser) numberRef(start int) *node {
	i := p.at - 1
	j := i
	for j < len(p.src) && p.src[j]-'0' < 10 && j < i+3 {
		j++
	}
	n, _ := strconv.Atoi(p.src[i:j])
	if n < 10 || n <= p.groups {
		p.at = j
		if n < 10 {
			p.at = i + 1
		}
		return p.ref(n)
	}
	p.at = i
	if p.src[i] >= '8' {
		p.at++
		return p.byte(p.src[i])
	}
	return p.byte(p.octal())
}

// octal reads up to three octal digits.
func (p *parser) octal() byte {
	n := 0
	for i := 0; i < 3 && p.more() && p.src[p.at]-'0' < 8; i++ {
		n = n*8 + int(p.src[p.at]-'0')
		p.at++
	}
	return byte(n)
}

// escapedByte reads an escape that stands for one byte; p.at is behind the backslash.
func (p *parser) escapedByte(start int) byte {
	c := p.src[p.at]
	if c >= '0' && c <= '7' {
		return p.octal()
	}
	p.at++
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'f':
		return '\f'
	case 'a':
		return 7
	case 'e':
		return 27
	case 'c':
		if !p.more() {
			p.fail(start, "\\c at the end")
		}
		c = p.src[p.at]
		p.at++
		if c-'a' < 26 {
			c -= 32
		}
		return c ^ 64
	case 'x':
		return p.hex(start)
	}
	return c
}

// hex reads the digits of \x: up to two, or any in braces up to ff.
func (p *parser) hex(start int) byte {
	if p.peek("{") {
		if end := strings.IndexByte(p.src[p.at:], '}'); end > 0 {
			n, err := strconv.ParseUint(p.src[p.at+1:p.at+end], 16, 32)
			if err != nil || n > 255 {
				p.fail(start, "\\x{...} is no byte; expressions here read bytes")
			}
			p.at += end + 1
			return byte(n)
		}
	}
	n := 0
	for i := 0; i < 2 && p.more(); i++ {
		c := p.src[p.at]
		switch {
		case c-'0' < 10:
			n = n*16 + int(c-'0')
		case c|0x20-'a' < 6:
			n = n*16 + int(c|0x20-'a') + 10
		default:
			return byte(n)
		}
		p.at++
	}
	return byte(n)
}

// class reads [...].
func (p *parser) class() *node {
	start := p.at
	p.at++
	neg := p.eat("^")
	s := p.arena.set()
	for first := true; ; first = false {
		if !p.more() {
			p.fail(start, "missing ]")
		}
		if p.src[p.at] == ']' && !first {
			p.at++
			break
		}
		if p.peek("[:") && p.posix(s) {
			continue
		}
		if p.peek(`\E`) {
			p.at += 2
			continue
		}
		if p.peek(`\Q`) {
			p.at += 2
			for p.more() && !p.peek(`\E`) {
				s.add(p.src[p.at])
				p.at++
			}
			continue
		}
		lo, one := p.classAtom(s)
		if !one || !p.peek("-") || p.peek("-]") {
			if one {
				s.add(lo)
			}
			continue
		}
		dash := p.at
		p.at++
		if !p.more() {
			p.fail(start, "missing ]")
		}
		hi, isByte := p.classAtom(s)
		if !isByte { // [a-\d]: the dash is a dash
			s.add(lo)
			s.add('-')
			continue
		}
		if hi < lo {
			p.fail(dash, "range out of order in character class")
		}
		s.addRange(lo, hi)
	}
	if p.flags&CaseInsensitive != 0 {
		s.fold()
	}
	if neg {
		s.negate()
	}
	return p.arena.setNode(s)
}

// classAtom reads one element: a byte, or a shorthand that it adds to s.
func (p *parser) classAtom(s *set) (byte, bool) {
	c := p.src[p.at]
	if c != '\\' {
		p.at++
		return c, true
	}
	start := p.at
	p.at++
	if !p.more() {
		p.fail(start, "\\ at the end")
	}
	c = p.src[p.at]
	if t, ok := shorthand(c); ok {
		p.at++
		s.join(t)
		return 0, false
	}
	switch c {
	case 'b':
		p.at++
		return 8, true
	case 'p', 'P', 'X':
		p.fail(start, "\\%c is of Unicode; expressions here read bytes", c)
	}
	return p.escapedByte(start), true
}

// posix reads [:alpha:] and its like.
func (p *parser) posix(s *set) bool {
	name, _, closed := strings.Cut(p.src[p.at+2:], ":]")
	if !closed {
		return false
	}
	end := 2 + len(name)
	neg := strings.HasPrefix(name, "^")
	var t set
	switch strings.TrimPrefix(name, "^") {
	case "alpha":
		t.addRange('a', 'z')
		t.addRange('A', 'Z')
	case "digit":
		t.addRange('0', '9')
	case "alnum":
		t.addRange('a', 'z')
		t.addRange('A', 'Z')
		t.addRange('0', '9')
	case "upper":
		t.addRange('A', 'Z')
	case "lower":
		t.addRange('a', 'z')
	case "space":
		t.addRange('\t', '\r')
		t.add(' ')
	case "blank":
		t.add(' ')
		t.add('\t')
	case "punct":
		t.addRange('!', '/')
		t.addRange(':', '@')
		t.addRange('[', '`')
		t.addRange('{', '~')
	case "print":
		t.addRange(' ', '~')
	case "graph":
		t.addRange('!', '~')
	case "cntrl":
		t.addRange(0, 31)
		t.add(127)
	case "xdigit":
		t.addRange('0', '9')
		t.addRange('a', 'f')
		t.addRange('A', 'F')
	case "word":
		w, _ := shorthand('w')
		t = *w
	case "ascii":
		t.addRange(0, 127)
	default:
		return false
	}
	if neg {
		t.negate()
	}
	s.join(&t)
	p.at += end + 2
	return true
}
