package regex

import "strings"

// group reads what begins with a parenthesis.
func (p *parser) group() *node {
	start := p.at
	p.at++
	if p.eat("*") {
		p.fail(start, "verbs (*...) are not supported")
	}
	if !p.eat("?") {
		return p.capture(start, "")
	}
	switch {
	case p.eat("#"):
		end := strings.IndexByte(p.src[p.at:], ')')
		if end < 0 {
			p.fail(start, "missing ) after comment")
		}
		p.at += end + 1
		return nil
	case p.eat(":"):
		return p.close(start, p.alternatives())
	case p.eat("|"):
		p.fail(start, "branch reset groups are not supported")
	case p.eat(">"):
		p.looks = true
		return p.node(node{kind: nAtomic, subs: p.list(p.close(start, p.alternatives()))})
	case p.eat("="):
		return p.look(start, false, false)
	case p.eat("!"):
		return p.look(start, false, true)
	case p.eat("<="):
		return p.look(start, true, false)
	case p.eat("<!"):
		return p.look(start, true, true)
	case p.eat("P<"), p.eat("<"):
		return p.capture(start, p.name('>'))
	case p.eat("'"):
		return p.capture(start, p.name('\''))
	case p.eat("P="):
		return p.namedRef(start, p.name(')'))
	case p.peek("("), p.peek("R"), p.peek("&"), p.peek("P>"):
		p.fail(start, "conditions and recursion are not supported")
	}
	return p.inlineFlags(start)
}

func (p *parser) close(start int, n *node) *node {
	if !p.eat(")") {
		p.fail(start, "missing )")
	}
	return n
}

func (p *parser) capture(start int, name string) *node {
	p.groups++
	k := p.groups
	if k > maxGroups {
		p.fail(start, "too many groups")
	}
	if name != "" {
		if p.names == nil {
			p.names = map[string]int{}
		}
		p.names[name] = k
	}
	return p.node(node{kind: nGroup, n: k, subs: p.list(p.close(start, p.alternatives()))})
}

func (p *parser) look(start int, behind, neg bool) *node {
	p.looks = true
	n := p.node(node{kind: nLook, behind: behind, neg: neg, subs: p.list(p.close(start, p.alternatives()))})
	if behind {
		for _, alt := range altsOf(n.subs[0]) {
			if _, ok := width(alt); !ok {
				p.fail(start, "look-behind of no fixed length")
			}
		}
	}
	return n
}

func altsOf(n *node) []*node {
	if n.kind == nAlt {
		return n.subs
	}
	return []*node{n}
}

// width is the number of bytes that n matches, if it is always the same.
func width(n *node) (int, bool) {
	switch n.kind {
	case nSet:
		return 1, true
	case nConcat:
		sum := 0
		for _, x := range n.subs {
			w, ok := width(x)
			if !ok {
				return 0, false
			}
			sum += w
		}
		return sum, true
	case nAlt:
		first, ok := width(n.subs[0])
		for _, x := range n.subs[1:] {
			w, same := width(x)
			ok = ok && same && w == first
		}
		return first, ok
	case nRepeat:
		w, ok := width(n.subs[0])
		return w * n.min, ok && n.min == n.max
	case nGroup, nAtomic:
		return width(n.subs[0])
	case nBackref:
		return 0, false
	}
	return 0, true
}

func (p *parser) name(end byte) string {
	n := strings.IndexByte(p.src[p.at:], end)
	if n <= 0 {
		p.fail(p.at, "missing end of group name")
	}
	s := p.src[p.at : p.at+n]
	for i := range len(s) {
		if !isWord(s[i]) {
			p.fail(p.at, "bad group name %q", s)
		}
	}
	p.at += n
	if end != ')' {
		p.at++
	}
	return s
}

func isWord(c byte) bool { return c == '_' || c-'0' < 10 || c|0x20-'a' < 26 }

func (p *parser) namedRef(start int, name string) *node {
	if !p.eat(")") {
		p.fail(start, "missing )")
	}
	return p.refByName(start, name)
}

func (p *parser) refByName(start int, name string) *node {
	n, ok := p.names[name]
	if !ok {
		p.fail(start, "reference to unknown group %q", name)
	}
	return p.ref(n)
}

func (p *parser) ref(n int) *node {
	p.backrefs = true
	p.maxRef = max(p.maxRef, n)
	return p.node(node{kind: nBackref, n: n, fold: p.flags&CaseInsensitive != 0})
}

// inlineFlags reads (?i), (?-i), (?i-s:...).
func (p *parser) inlineFlags(start int) *node {
	on := true
	flags := p.flags
	for p.more() {
		c := p.src[p.at]
		p.at++
		var f Flags
		switch c {
		case '-':
			on = false
			continue
		case ')':
			p.flags = flags // until the end of the group around, see alternatives
			return nil
		case ':':
			old := p.flags
			p.flags = flags
			n := p.close(start, p.alternatives())
			p.flags = old
			return n
		case 'i':
			f = CaseInsensitive
		case 's':
			f = DotAll
		case 'm':
			f = MultiLine
		case 'x':
			f = Extended
		case 'U':
			f = Ungreedy
		case 'J':
		default:
			p.fail(p.at-1, "unknown group or flag (?%c", c)
		}
		if on {
			flags |= f
		} else {
			flags &^= f
		}
	}
	p.fail(start, "missing )")
	return nil
}
