package imap

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
)

// maxArguments is how much of the arguments of a command with literals is kept, bytes.
const maxArguments = 8 << 10

// keepBuf is the largest buffer for them that is kept for the next flow, bytes.
const keepBuf = 1 << 10

type parser struct {
	line   Line
	side   [2]side
	buf    []byte // the command at hand that has literals: its line, what they hold, and what follows
	held   bool   // there is one
	cut    bool   // not all of it is here
	heard  bool   // the server has spoken
	tls    []byte // tag of a STARTTLS that waits for its answer
	packed []byte // and of a COMPRESS (RFC 4978)
	left   bool   // what follows is another protocol's
	deaf   bool   // or compressed
}

// side is how far a direction has come.
type side struct {
	literal dissect.Skip // bytes to come that are no line
	// asks says that the literal comes only if the server gives leave to it.
	asks bool
	more bool // the line at hand goes on one that ended in a literal
	// mid says that what comes next is the rest of a line, of which tail are the last bytes.
	mid  bool
	tail []byte
	torn bool // what comes next follows missing bytes
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	d := &p.side[dir]
	n := 0
	for n < len(data) && !p.left {
		switch {
		case p.deaf:
			return len(data)
		case d.literal > 0:
			if d.asks && p.heard {
				return n // not before the server gave leave
			}
			k := d.literal.Pass(len(data) - n)
			p.keep(c, dir, data[n:n+k])
			n += k
			continue
		case dir == dissect.ToServer && p.startsTLS(data[n]):
			p.toTLS(c)
			return n
		case d.torn && !p.rejoin(dir, data[n:]):
			return n
		}
		line, eol, k := dissect.LinePiece(data[n:])
		if k == 0 {
			break
		}
		n += k
		p.piece(c, dir, line, eol)
	}
	return n
}

// piece takes a line, or a piece of a long one.
func (p *parser) piece(c *dissect.Ctx, dir dissect.Dir, line []byte, eol int) {
	d := &p.side[dir]
	fresh := !d.mid && !d.more
	if d.mid = eol == 0; d.mid {
		p.take(c, dir, line, fresh, true)
		d.tail = append(d.tail[:0], line[len(line)-longestLiteral:]...)
		return
	}
	p.take(c, dir, line, fresh, false)
}

// take takes a line; fresh says that it does not go on another, cut that it is only the beginning.
func (p *parser) take(c *dissect.Ctx, dir dissect.Dir, line []byte, fresh, cut bool) {
	d := &p.side[dir]
	if !cut {
		whole := line
		if len(d.tail) > 0 { // of a long line: what announces a literal may straddle
			d.tail = append(d.tail, line[max(len(line)-longestLiteral, 0):]...)
			whole = d.tail
		}
		rest, n, asks, found := cutLiteral(whole)
		if found && dir == dissect.ToClient && fresh && isStatus(line) {
			found, n = false, 0
		}
		if found && len(d.tail) == 0 {
			line = rest
		}
		d.literal, d.asks, d.more, d.tail = dissect.Skip(n), found && asks && dir == dissect.ToServer, found, d.tail[:0]
	}
	switch {
	case dir == dissect.ToServer:
		p.command(c, line, fresh, cut)
	case fresh && len(line) > 0:
		p.response(c, line)
	}
}

// command takes a line of the client, or what goes on one.
func (p *parser) command(c *dissect.Ctx, line []byte, fresh, cut bool) {
	if !fresh {
		if !p.cut && !cut {
			p.keep(c, dissect.ToServer, line)
		}
		if p.cut = p.cut || cut; !cut && !p.side[dissect.ToServer].more {
			p.flush(c)
		}
		return
	}
	p.flush(c)
	if cut {
		c.Capped(capArguments)
	}
	if cut || p.side[dissect.ToServer].more {
		p.buf, p.held, p.cut = append(p.buf[:0], line...), true, cut
		return
	}
	p.emit(c, line)
}

// keep keeps what a literal of the client holds, or what follows it.
func (p *parser) keep(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	if dir == dissect.ToClient || !p.held || p.cut {
		return
	}
	if room := maxArguments - len(p.buf); len(b) > room {
		b, p.cut = b[:room], true
		c.Capped(capArguments)
	}
	p.buf = append(p.buf, b...)
}

// flush emits a command that has literals.
func (p *parser) flush(c *dissect.Ctx) {
	if p.held {
		p.held, p.cut = false, false
		p.emit(c, p.buf)
	}
}

// emit emits a command.
func (p *parser) emit(c *dissect.Ctx, line []byte) {
	l := &p.line
	l.MatchState.Reset()
	l.server = false
	l.parse(line)
	if !isTag(l.tag) || len(l.name) == 0 { // a login's answer to a challenge, the end of IDLE
		return
	}
	l.id = c.NextTxID()
	switch {
	case bytes.EqualFold(l.name, []byte("STARTTLS")) && len(p.tls) == 0:
		p.tls = append(p.tls[:0], l.tag...)
	case bytes.EqualFold(l.name, []byte("COMPRESS")):
		p.packed = append(p.packed[:0], l.tag...)
	}
	c.EmitDir(evCommand, l, dissect.ToServer)
}

// response takes a line of the server.
func (p *parser) response(c *dissect.Ctx, line []byte) {
	p.heard = true
	l := &p.line
	l.MatchState.Reset()
	l.server = true
	l.parse(line)
	if l.id = 0; c.Flow != nil && c.Flow.TxCount > 0 {
		l.id = c.Flow.TxCount - 1
	}
	c.EmitDir(evResponse, l, dissect.ToClient)
	d := &p.side[dissect.ToServer]
	if len(l.tag) == 1 && l.tag[0] == '+' {
		d.asks = false
		return
	}
	ok := bytes.EqualFold(l.name, []byte("OK"))
	if tag, _, _ := bytes.Cut(p.buf, space); d.asks && p.held && !ok && bytes.Equal(tag, l.tag) {
		d.literal, d.asks, d.more = 0, false, false // it is refused: what follows is a line again
		p.flush(c)
		return
	}
	if len(p.tls) > 0 && bytes.Equal(p.tls, l.tag) {
		if p.tls = p.tls[:0]; ok {
			p.toTLS(c)
		}
	}
	if len(p.packed) > 0 && bytes.Equal(p.packed, l.tag) {
		p.packed, p.deaf = p.packed[:0], ok
	}
}

// isStatus tells whether a line says how a command went, or why the server speaks: what follows is text for a person, without literals.
func isStatus(line []byte) bool {
	_, rest, _ := bytes.Cut(line, space)
	name, _, _ := bytes.Cut(rest, space)
	for _, s := range [...]string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if len(name) == len(s) && bytes.EqualFold(name, dissect.Text(s)) {
			return true
		}
	}
	return false
}

// startsTLS tells whether the client begins TLS, of which this is the first byte, though no answer to STARTTLS was seen. No command begins so.
func (p *parser) startsTLS(first byte) bool {
	d := &p.side[dissect.ToServer]
	return first == dissect.TLSHandshake && len(p.tls) > 0 && !d.mid && !d.more
}

func (p *parser) toTLS(c *dissect.Ctx) {
	p.left = true
	c.Upgrade("tls")
}

// longestLiteral is the longest text that announces a literal, bytes.
const longestLiteral = 24

// cutLiteral takes the length of a literal off the end of a line (RFC 9051 section 4.3: {12}, or {12+}, which needs no leave); found is false
// without one.
func cutLiteral(line []byte) (rest []byte, n uint64, leave, found bool) {
	i := bytes.LastIndexByte(line, '{')
	if i < 0 || line[len(line)-1] != '}' {
		return line, 0, false, false
	}
	digits := line[i+1 : len(line)-1]
	free := bytes.TrimSuffix(digits, []byte{'+'})
	n, err := strconv.ParseUint(string(free[:min(len(free), longestLiteral)]), 10, 63)
	if err != nil {
		return line, 0, false, false
	}
	return line[:i], n, len(free) == len(digits), true
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	d := &p.side[dir]
	if dir == dissect.ToClient {
		p.heard = false // leave may have been given
		p.side[dissect.ToServer].asks = false
	} else if d.literal > 0 {
		p.cut = true
	}
	if d.literal > 0 && d.literal.Gap(n) {
		return
	}
	d.literal, d.more, d.asks, d.tail = 0, false, false, d.tail[:0]
	d.mid, d.torn = true, true
	if dir == dissect.ToServer {
		p.flush(c)
	}
}

// rejoin decides whether what follows missing bytes is the rest of a line or a whole one: packets end where lines do. It is false where more
// has to come before that is known.
func (p *parser) rejoin(dir dissect.Dir, data []byte) bool {
	whole := false
	if dir == dissect.ToServer {
		v := probeCommand(data, true)
		if v == dissect.More {
			return false
		}
		whole = v == dissect.Yes
	} else {
		if len(data) < 2 {
			return false
		}
		whole = (data[0] == '*' || data[0] == '+') && data[1] == ' '
	}
	d := &p.side[dir]
	d.torn, d.mid = false, !whole
	return true
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, _ dissect.EndReason, rest []byte) {
	if dir != dissect.ToServer || p.left || p.deaf {
		return
	}
	if len(rest) > 0 { // what waited for leave
		p.side[dir].asks = false
		p.Data(c, dir, rest)
	}
	p.flush(c)
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.line.MatchState.Reset()
	if cap(p.buf) > keepBuf {
		p.buf = nil
	}
	*p = parser{line: Line{MatchState: p.line.MatchState}, tls: p.tls[:0], packed: p.packed[:0], buf: p.buf[:0],
		side: [2]side{{tail: p.side[0].tail[:0]}, {tail: p.side[1].tail[:0]}}}
}
