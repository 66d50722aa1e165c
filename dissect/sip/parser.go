package sip

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

type parser struct {
	m Message
	// client sends the requests; known once a message was seen, and unless both sides' are read, other messages of the server's are none.
	client dissect.Dir
	known  bool
	both   bool
	// left is what is still to come of a body that is larger than what is kept, by direction.
	left [2]uint64
	seen [2]int  // bytes at hand that were searched for the end of a header
	skip [2]bool // after a gap, or bytes that are not SIP: the next first line is looked for
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.datagrams(c) {
		if keepAlive(data) {
			return len(data)
		}
		p.message(c, dir, data, len(data))
		return len(data)
	}
	n := 0
	for n < len(data) {
		k := p.stream(c, dir, data[n:])
		if k == 0 {
			break
		}
		n += k
		p.seen[dir] = 0
	}
	return n
}

// keepAlive tells whether nothing but line ends and NULs were sent (RFC 5626 section 3.5.1).
func keepAlive(b []byte) bool { return len(bytes.Trim(b, "\r\n\x00")) == 0 }

// stream takes a message off a stream (RFC 3261 section 18.3), and gives its length, 0 when it is not complete.
func (p *parser) stream(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if n := p.left[dir]; n > 0 {
		k := int(min(n, uint64(len(data))))
		p.left[dir] -= uint64(k)
		return k
	}
	if n := len(data) - len(bytes.TrimLeft(data, "\r\n")); n > 0 {
		return n // between messages
	}
	if p.skip[dir] || !begins(data) {
		return p.resync(c, dir, data)
	}
	end, seen := headerEnd(data, p.seen[dir])
	if p.seen[dir] = seen; end == 0 {
		if len(data) < maxHeader {
			return 0
		}
		p.skip[dir] = true
		c.Anomaly(anInvalid, nil)
		c.Failed()
		return len(data)
	}
	body := contentLength(data[:end])
	whole := min(body, maxBody)
	if uint64(len(data)-end) < whole {
		c.Need(end + int(whole))
		return 0
	}
	p.message(c, dir, data[:end+int(whole)], end)
	if p.left[dir] = body - whole; body > whole {
		c.Capped(capBody)
	}
	return end + int(whole)
}

// resync passes over lines until one begins a message.
func (p *parser) resync(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if !p.skip[dir] {
		p.skip[dir] = true
		c.Anomaly(anInvalid, nil)
		c.Failed()
	}
	i := bytes.IndexByte(data[:min(len(data), maxFirstLine)], '\n')
	switch {
	case i < 0 && len(data) < maxFirstLine:
		return 0
	case i < 0:
		return maxFirstLine
	case begins(data) && isStart(data):
		p.skip[dir], p.seen[dir] = false, 0
		return p.stream(c, dir, data)
	}
	return i + 1
}

// begins tells whether bytes can be the beginning of a message: those of a name.
func begins(b []byte) bool {
	for i, x := range b[:min(len(b), 16)] {
		switch {
		case x|0x20 >= 'a' && x|0x20 <= 'z', x == '-', x == '_', x >= '0' && x <= '9' && i > 0, x == '.' && i > 0:
		case x == ' ', x == '/':
			return i > 0
		default:
			return false
		}
	}
	return true
}

// isStart tells whether a whole first line is one of SIP.
func isStart(b []byte) bool {
	line, _ := cutLine(b[:min(len(b), maxFirstLine)])
	var m Message
	return m.startLine(line)
}

// headerEnd gives where the body begins, 0 when the header is not complete, and what to begin with when more came: seen.
func headerEnd(b []byte, seen int) (end, next int) {
	for at := seen; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0, len(b)
		}
		at += i + 1
		switch rest := b[at:]; {
		case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
			return 0, at - 1
		case rest[0] == '\n':
			return at + 1, at - 1
		case rest[0] == '\r' && rest[1] == '\n':
			return at + 2, at - 1
		}
	}
}

// contentLength reads the length of the body from a header, 0 without one.
func contentLength(head []byte) uint64 {
	for len(head) > 0 {
		var line []byte
		line, head = cutLine(head)
		name, value, ok := bytes.Cut(line, []byte{':'})
		h := header{name: bytes.TrimRight(name, " \t")}
		if ok && h.is("content-length") {
			if len(head) > 0 && (head[0] == ' ' || head[0] == '\t') && len(bytes.TrimSpace(value)) == 0 {
				value, _ = cutLine(head) // folded
			}
			n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// message reads a message whose header ends at end or before.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, data []byte, end int) {
	m := &p.m
	m.MatchState.Reset()
	*m = Message{MatchState: m.MatchState, headers: m.headers[:0], sdp: m.sdp[:0]}
	n, _ := headerEnd(data[:end], 0)
	if n > 0 {
		m.body = data[n:min(len(data), n+maxBody)]
		end = n
	}
	line, rest := cutLine(data[:end])
	if len(line) > maxFirstLine || !m.startLine(line) {
		c.Anomaly(anInvalid, nil)
		c.Failed()
		return
	}
	if !p.expected(c, dir) {
		c.Frame(frPDU, data, int64(len(data)), nil)
		c.Anomaly(anInvalid, nil)
		c.Failed()
		return
	}
	m.id = c.NextTxID()
	if !m.headerLines(bytes.TrimRight(rest, "\r\n")) {
		c.Anomaly(anInvalid, m)
	}
	if n == 0 && p.datagrams(c) {
		c.Anomaly(anIncomplete, m)
	}
	if m.cut {
		c.Capped(capHeaders)
	}
	if !m.readSDP() {
		c.Capped(capSDP)
	}
	if c.WantsFrames() {
		p.frames(c, data, end)
	}
	c.Emit(evMessage, m)
}

// datagrams tells whether messages come in datagrams, which have to hold them whole.
func (p *parser) datagrams(c *dissect.Ctx) bool {
	return c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP
}

// expected tells whether the message is of the kind that its side sends in this flow: like Suricata we take requests of the client and
// responses of the server. Who is the client is told by the first message, for a flow may be seen from its middle.
func (p *parser) expected(c *dissect.Ctx, dir dissect.Dir) bool {
	asks := dir
	if len(p.m.code) > 0 {
		asks = dir.Rev()
	}
	if !p.known {
		p.known, p.client = true, asks
		p.both = dissect.Truth(c.Limits.Settings[bothSides])
	}
	return p.both || asks == p.client
}

// frames shows the parts of a message whose body begins at end.
func (p *parser) frames(c *dissect.Ctx, data []byte, end int) {
	m, side := &p.m, 0
	if len(m.code) > 0 {
		side = frResponse
	}
	show := func(kind int, b []byte) { c.Frame(kind, b, int64(len(b)), m) }
	show(frPDU, data)
	line := bytes.IndexByte(data[:end], '\n') + 1
	if line == 0 {
		line = end
	}
	show(frLine+side, data[:line])
	headers := data[line:end]
	if blank := bytes.TrimSuffix(bytes.TrimSuffix(headers, []byte{'\n'}), []byte{'\r'}); bytes.HasSuffix(blank, []byte{'\n'}) {
		headers = blank // without the empty line
	}
	show(frHeaders+side, headers)
	show(frBody+side, data[end:])
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if n >= 0 && p.left[dir] >= uint64(n) {
		p.left[dir] -= uint64(n)
		return
	}
	p.left[dir], p.seen[dir], p.skip[dir] = 0, 0, true
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if len(rest) > 0 && !p.skip[dir] && isStart(rest) { // the end is missing
		p.message(c, dir, rest, len(rest))
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.MatchState.Reset()
	*p = parser{m: Message{MatchState: p.m.MatchState, headers: p.m.headers[:0], sdp: p.m.sdp[:0]}}
}

// probe recognises a first line that names SIP.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	data = bytes.TrimLeft(data, "\r\n")
	if len(data) == 0 {
		return dissect.More
	}
	if !begins(data) {
		return dissect.No
	}
	if !bytes.Contains(data[:min(len(data), maxFirstLine)], []byte{'\n'}) {
		if len(data) < maxFirstLine {
			return dissect.More
		}
		return dissect.No
	}
	if isStart(data) {
		return dissect.Yes
	}
	return dissect.No
}
