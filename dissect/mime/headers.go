package mime

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// headerLine takes a line of a header section; fresh is false for the rest of a long line.
func (p *Parser) headerLine(c *dissect.Ctx, line []byte, eol int, fresh bool) {
	inPart := p.HeadersDone
	have := len(p.headers) > 0 && (!inPart || len(p.headers) > p.main)
	switch {
	case !fresh:
		if have && !p.broken {
			p.extend(line)
		}
	case len(line) == 0:
		p.endHeaders(c)
	case line[0] == ' ' || line[0] == '\t':
		if have {
			p.extend(line[1:])
		}
	default:
		i := bytes.IndexByte(line, ':')
		named := i > 0 && (have || bytes.IndexByte(trimRight(line[:i]), ' ') < 0)
		if named {
			p.addHeader(trimRight(line[:i]), line[i+1:])
		} else if !p.HeadersDone && !have {
			// A message without a header: mail servers put the blank line in that is missing.
			p.endHeaders(c)
			p.body(c, line, eol)
		}
	}
}

func (p *Parser) addHeader(name, value []byte) {
	for len(value) > 0 && isBlank(value[0]) {
		value = value[1:]
	}
	if len(name) > maxHeaderName {
		p.Bits |= LongHeaderName
		name = name[:maxHeaderName]
	}
	if len(p.headers) >= maxHeaders || len(p.arena)+len(name) > maxHeaderBytes {
		p.Bits |= TooDeep
		p.Cut |= CutHeaders
		p.cut = true
		return
	}
	h := header{name: span{uint32(len(p.arena)), uint32(len(name))}}
	p.arena = append(p.arena, name...)
	h.value = span{uint32(len(p.arena)), 0}
	p.headers = append(p.headers, h)
	p.cut, p.vlen = false, 0
	p.extend(value)
}

// extend appends to the value of the header field being read.
func (p *Parser) extend(more []byte) {
	p.vlen += len(more)
	if p.vlen > maxHeaderValue {
		p.Bits |= LongHeaderValue
	}
	if p.cut {
		return
	}
	h := &p.headers[len(p.headers)-1]
	depth := p.o.HeaderValueDepth
	if hasPrefixFold(h.name.of(p.arena), "content-") {
		depth = max(depth, keepStructure)
	}
	if room := min(depth-int(h.value.n), maxHeaderBytes-len(p.arena)); len(more) > room {
		more, p.cut = more[:max(room, 0)], true
	}
	p.arena = append(p.arena, more...)
	h.value.n += uint32(len(more))
}

// endHeaders decides what the entity is whose header section is complete.
func (p *Parser) endHeaders(c *dissect.Ctx) {
	first := 0
	if p.HeadersDone {
		first = p.main
	}
	ctype, cte, disp := p.structure(first)
	p.headersComplete(c)
	kind := token(ctype)
	p.state = inBody
	enc := encodingOf(cte)
	if hasPrefixFold(kind, "multipart/") && p.push(ctype) {
		p.truncateHeaders()
		return
	}
	named := p.filename(disp, ctype)
	if named {
		p.addAttachment(p.name)
	}
	attached := hasPrefixFold(trim(disp), "attachment")
	if equalFold(kind, "message/rfc822") && enc == plain {
		if len(p.frames) < p.o.MaxDepth {
			p.message(c, named || attached)
			return
		}
		p.Bits |= TooDeep
		p.Cut |= CutDepth
	}
	p.Parts++
	p.part = part{enc: p.undone(enc)}
	if named || attached || !isText(kind) {
		p.part.file = p.newFile()
		c.OpenFileShown(p.part.file, p.name, p.shown, p.tx)
		p.part.file.LookFrom(c.Limits.SMTP.InspectMinSize, c.Limits.SMTP.InspectWindow)
	}
	p.part.text = p.o.URLs && p.part.enc != encSkip && (named || isText(kind))
	p.truncateHeaders()
}

// headersComplete ends the header of the message, the first time.
func (p *Parser) headersComplete(c *dissect.Ctx) {
	if p.HeadersDone {
		return
	}
	p.main, p.HeadersDone = len(p.headers), true
	p.decodeWords()
	if p.OnHeaders != nil {
		p.OnHeaders(c)
	}
}

// structure finds the header fields that tell the structure among those from first on.
func (p *Parser) structure(first int) (ctype, cte, disp []byte) {
	for i := first; i < len(p.headers); i++ {
		name := p.Name(i)
		if !hasPrefixFold(name, "content-") {
			continue
		}
		switch {
		case ctype == nil && equalFold(name, "content-type"):
			ctype = p.Value(i)
		case equalFold(name, "content-transfer-encoding"):
			// Of several the last one counts that names an encoding, as in Suricata.
			if v := p.Value(i); cte == nil || encodingOf(v) != plain {
				cte = v
			}
		case disp == nil && equalFold(name, "content-disposition"):
			disp = p.Value(i)
		}
	}
	return ctype, cte, disp
}

// token gives what a structured header field begins with, without parameters and comments (RFC 2045 section 5.1, RFC 5322 section 3.2.2).
func token(v []byte) []byte {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '(':
			depth++
		case depth > 0 && c == ')':
			depth--
		case depth > 0 && c == '\\':
			i++
		case depth > 0 || isBlank(c):
		default:
			v = v[i:]
			if end := bytes.IndexAny(v, ";( \t\r\n"); end >= 0 {
				v = v[:end]
			}
			return v
		}
	}
	return nil
}

func encodingOf(cte []byte) encoding {
	cte = token(cte)
	switch {
	case equalFold(cte, "base64"):
		return encBase64
	case equalFold(cte, "quoted-printable"):
		return encQP
	}
	return plain
}

// undone is what is done about an encoding.
func (p *Parser) undone(e encoding) encoding {
	if e == encBase64 && !p.o.Base64 || e == encQP && !p.o.QP {
		return encSkip
	}
	return e
}

// isText tells whether content of a type is looked at as text: no type is text/plain (RFC 2045
// section 5.2).
func isText(kind []byte) bool {
	return len(kind) == 0 || hasPrefixFold(kind, "text/") || hasPrefixFold(kind, "message/") ||
		hasPrefixFold(kind, "multipart/") || bytes.IndexByte(kind, '/') < 0
}

// filename finds the name of an attachment and tells whether there is one.
func (p *Parser) filename(disp, ctype []byte) bool {
	var ok bool
	if p.name, ok = Param(p.name[:0], disp, "filename"); !ok || len(p.name) == 0 {
		p.name, ok = Param(p.name[:0], ctype, "name")
	}
	if len(p.name) > maxFilename {
		p.Bits |= LongFilename
		p.name = p.name[:maxFilename]
	}
	if p.shown = p.shown[:0]; bytes.Contains(p.name, wordStart) {
		p.shown = Decode(p.shown, p.name)
	}
	return ok && len(p.name) > 0
}

// push begins a multipart, unless it has no boundary or is nested too deep.
func (p *Parser) push(ctype []byte) bool {
	if len(p.frames) >= p.o.MaxDepth {
		p.Bits |= TooDeep
		p.Cut |= CutDepth
		return false
	}
	start := len(p.bounds)
	var ok bool
	p.bounds, ok = Param(p.bounds, ctype, "boundary")
	b := p.bounds[start:]
	if !ok || len(b) == 0 {
		p.Bits |= Malformed
		p.bounds = p.bounds[:start]
		return false
	}
	if len(b) > maxBoundary {
		p.Bits |= LongBoundary
	}
	p.frames = append(p.frames, frame{boundary: start})
	p.state = inNothing
	return true
}

// message begins an embedded message: its header section comes next.
func (p *Parser) message(c *dissect.Ctx, asFile bool) {
	f := frame{boundary: len(p.bounds)}
	if asFile && p.embeddedFiles() < maxEmbedded {
		f.file = p.newFile()
		c.OpenFileShown(f.file, p.name, p.shown, p.tx)
		f.file.LookFrom(c.Limits.SMTP.InspectMinSize, c.Limits.SMTP.InspectWindow)
	}
	p.frames = append(p.frames, f)
	p.truncateHeaders()
	p.state = inHeaders
}

// maxEmbedded caps the embedded messages, one within the other, that are files as a whole: each
// line is written to all of them.
const maxEmbedded = 3

func (p *Parser) embeddedFiles() int {
	n := 0
	for i := range p.frames {
		if p.frames[i].file != nil {
			n++
		}
	}
	return n
}

var wordStart = []byte("=?")

// decodeWords keeps the text of the header fields that have encoded words.
func (p *Parser) decodeWords() {
	p.subject = p.decodeField("subject")
	p.from = p.decodeField("from")
}

func (p *Parser) decodeField(name string) span {
	v := p.Header(name)
	if !bytes.Contains(v, wordStart) {
		return span{}
	}
	start := len(p.strings)
	p.strings = Decode(p.strings, v)
	return span{uint32(start), uint32(len(p.strings) - start)}
}
