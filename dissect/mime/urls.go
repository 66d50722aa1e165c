package mime

import "bytes"

// maxTextLine is how much of one line of text is searched for URLs at a time, bytes.
const maxTextLine = 8 << 10

// maxURL caps the length of a URL that is kept, bytes.
const maxURL = 2048

// moreSchemes are always looked for; Message.Link gives them.
var moreSchemes = []string{"http://", "https://", "ftp://"}

// text searches decoded content for URLs, a line at a time. The end of data that is not a
// whole line waits for the rest of it.
func (p *Parser) text(data []byte) {
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			p.longText(data)
			return
		}
		if len(p.tail) == 0 && i < maxTextLine {
			p.findURLs(data[:i])
		} else {
			p.longText(data[:i])
			p.endText()
		}
		data = data[i+1:]
	}
}

func (p *Parser) longText(data []byte) {
	for len(data) > 0 {
		n := min(len(data), maxTextLine-len(p.tail))
		p.tail = append(p.tail, data[:n]...)
		data = data[n:]
		if len(p.tail) == maxTextLine {
			p.endText()
		}
	}
}

func (p *Parser) endText() {
	if len(p.tail) > 0 {
		p.findURLs(p.tail)
		p.tail = p.tail[:0]
	}
}

var schemeEnd = []byte("://")

// findURLs finds the URLs of one line: those asked for, scheme by scheme as Suricata does, for
// the order shows; then those of other schemes.
func (p *Parser) findURLs(line []byte) {
	if !bytes.Contains(line, schemeEnd) {
		return
	}
	for _, s := range p.o.Schemes {
		p.findScheme(line, s, true)
	}
	for _, s := range moreSchemes {
		if !p.o.lists(s) {
			p.findScheme(line, s, false)
		}
	}
}

func (p *Parser) findScheme(line []byte, scheme string, listed bool) {
	name := len(scheme) - len(schemeEnd)
	from := 0
	for {
		i := bytes.Index(line[from:], schemeEnd)
		if i < 0 {
			return
		}
		i += from
		from = i + len(schemeEnd)
		start := i - name
		if start < 0 || !hasPrefixFold(line[start:], scheme) || start > 0 && isLetter(line[start-1]) {
			continue
		}
		if len(p.urls) >= p.o.MaxURLs {
			p.Cut |= CutURLs
			return
		}
		n := urlLen(line[start:])
		from = max(from, start+n)
		if s, ok := p.addString(line[start : start+min(n, maxURL)]); ok {
			p.urls = append(p.urls, url{s, uint8(len(scheme)), listed})
			if listed {
				p.listed++
			}
		} else {
			p.Cut |= CutURLs
		}
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// urlLen finds where a URL in a text ends: at what cannot stand in one (RFC 3986 appendix C)
// and at the quotes around it.
func urlLen(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '"', '\'', '<', '>', ']', '\t', '\r', '\n', 0:
			return i
		}
	}
	return len(b)
}
