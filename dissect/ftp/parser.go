package ftp

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

type parser struct {
	// waiting are the transactions that the server has not answered for good, oldest first; spare are used up ones.
	waiting []*Tx
	spare   dissect.Spares[Tx]
	// port is where the next data connection goes, by the last PORT or PASV; 0 when it was used.
	port uint16
	mode mode
	user []byte // name of the last USER
	// multi is the code of the reply of several lines that goes on, empty for none.
	multi   []byte
	lines   dissect.LineReader
	stopped bool // handed over to TLS
	greeted bool // the server has spoken
	flooded bool // it was told that too many commands wait
	ends    dissect.Ends
	maxTx   int
	plain   []byte // a line without controls of Telnet
	lost
}

func newParser() *parser { return new(parser) }

// defaultMaxTx is how many commands may wait for answers, as in Suricata.
const defaultMaxTx = 1024

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.maxTx = defaultMaxTx
		if s := c.Limits.Settings["ftp.max-tx"]; s != "" {
			if n, err := strconv.Atoi(s); err == nil && n > 0 {
				p.maxTx = n
			}
		}
	}
	n := 0
	for n < len(data) {
		if p.torn[dir] && !p.rejoin(dir, data[n:]) {
			break
		}
		if dir == dissect.ToServer && p.startsTLS(data[n]) {
			p.finishTo(c, 0)
			p.toTLS(c)
		}
		if p.stopped {
			return n
		}
		k := p.line(c, dir, data[n:])
		if k == 0 {
			break
		}
		n += k
	}
	return n
}

// line takes a line, and gives its length, 0 when it is not complete.
func (p *parser) line(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	line, n, cut, ok := p.lines.Next(dir, data)
	if !ok {
		return n
	}
	if dir == dissect.ToServer {
		p.command(c, line, cut)
		return n
	}
	if !p.greeted && (bytes.HasPrefix(line, []byte("+OK")) || bytes.HasPrefix(line, []byte("-ERR"))) {
		p.stopped = true
		c.Upgrade("pop3") // the client's USER looked alike
		return 0
	}
	p.reply(c, line, cut)
	return n
}

// begin begins a transaction.
func (p *parser) begin(c *dissect.Ctx) *Tx {
	t := p.spare.Get()
	t.reset(c.NextTxID())
	p.waiting = append(p.waiting, t)
	return t
}

// command takes a line of the client (RFC 959 section 5.3).
func (p *parser) command(c *dissect.Ctx, line []byte, cut bool) {
	p.settle(c)
	if p.plain = p.plain[:0]; bytes.IndexByte(line, iac) >= 0 {
		p.plain = appendPlain(p.plain, line)
		line = p.plain
	}
	verb, rest, _ := bytes.Cut(line, []byte{' '})
	if len(verb) == 0 {
		return
	}
	p.makeRoom(c)
	t := p.begin(c)
	if p.flooded {
		t.Mute()
	}
	for _, b := range verb[:min(len(verb), maxVerb)] {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		t.verb = append(t.verb, b)
	}
	t.data = append(t.data, rest...)
	if t.long = cut; cut {
		c.Anomaly(anLongCommand, t)
	}
	p.act(c, t)
	c.Emit(evCommand, t)
}

// maxVerb is more than the longest name of a command.
const maxVerb = 16

// makeRoom ends the oldest transaction where too many wait; the reply to it is still to come. Suricata's parser stops there: what follows is
// in no record, but rules see it, and the files that it transfers are files.
func (p *parser) makeRoom(c *dissect.Ctx) {
	if len(p.waiting) < p.maxTx {
		return
	}
	c.Capped(capTx)
	if !p.flooded {
		p.flooded = true
		c.Anomaly(anTooMany, p.waiting[0])
	}
	p.owed++
	p.finishTo(c, len(p.waiting)-1)
}

// act does what a command means for the data connection.
func (p *parser) act(c *dissect.Ctx, t *Tx) {
	switch string(t.verb) {
	case "USER":
		p.user = append(p.user[:0], t.data[:min(len(t.data), maxVerb*16)]...)
	case "PORT":
		addr, port := hostPort(t.data)
		p.announce(c, t, addr, port)
	case "EPRT":
		addr, port := extendedPort(t.data)
		p.announce(c, t, addr, port)
	case "PASV", "EPSV":
		t.mode = passive
	case "RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD":
		p.transfer(c, t)
	}
}

// announce takes what PORT or EPRT say: the server is to connect there.
func (p *parser) announce(c *dissect.Ctx, t *Tx, addr packet.Addr, port uint16) {
	if t.mode = active; port == 0 {
		return
	}
	t.port = port
	p.port, p.mode = port, active
	if c.Flow != nil {
		t.bounce = addr != c.Flow.Key.Src
	}
}

// transfer announces the data connection of a file or a list. The addresses are those of this connection: the ones that are
// named are often wrong behind an address translation.
func (p *parser) transfer(c *dissect.Ctx, t *Tx) {
	file := isFile(t.verb)
	if p.port == 0 || file && len(t.data) == 0 && !t.is("STOU") || t.long {
		if p.port == 0 && file {
			c.Anomaly(anNoPort, t)
		}
		return
	}
	what := &transfer{command: string(t.verb)}
	if file {
		what.name = string(t.data)
	}
	if c.Flow != nil {
		k := c.Flow.Key
		key := dissect.FlowKey{Proto: packet.ProtoTCP, Src: k.Src, Dst: k.Dst, DstPort: p.port}
		if p.mode == active {
			key.Src, key.Dst = k.Dst, k.Src
		}
		c.Expect(dissect.Expectation{Key: key, App: dataName, Data: what})
	}
	p.port = 0
}

// reply takes a line of the server (RFC 959 section 4.2).
func (p *parser) reply(c *dissect.Ctx, line []byte, cut bool) {
	code, text, more := splitReply(line)
	if len(p.multi) > 0 {
		if bytes.Equal(code, p.multi) && !more {
			p.multi = p.multi[:0]
		} else {
			code, more = nil, true
			text = line
		}
	} else if more {
		p.multi = append(p.multi[:0], code...)
	}
	done := !more && (len(code) == 0 || code[0] != '1')
	if p.owed > 0 {
		if done {
			p.owed--
		}
		return
	}
	p.pipelined = p.pipelined || len(p.waiting) > 1
	if len(p.waiting) == 0 || !p.greeted && string(code) == "220" && len(p.waiting[0].verb) > 0 && !p.waiting[0].is("REIN") {
		p.first(c) // the greeting, or something that nobody asked for
	}
	t := p.waiting[0]
	if t.status = t.status[:0]; done {
		t.status = append(t.status, code...)
	}
	if before := t.replyLong; !t.reply(line) && !before {
		c.Capped(capReplies)
	}
	if cut {
		t.replyLong = true
		c.Anomaly(anLongReply, t)
	}
	if !done {
		return // more is to come
	}
	p.greeted = true
	t.answered = true
	p.answered(c, t, text)
	p.waiting = append(p.waiting[:0], p.waiting[1:]...)
	p.finish(c, t)
}

// first makes a transaction without command, before those that wait.
func (p *parser) first(c *dissect.Ctx) {
	t := p.begin(c)
	copy(p.waiting[1:], p.waiting)
	p.waiting[0] = t
}

// splitReply cuts a line into code and text; more says that lines of the same reply follow.
func splitReply(line []byte) (code, text []byte, more bool) {
	if len(line) < 3 {
		return nil, line, false
	}
	for _, b := range line[:3] {
		if b < '0' || b > '9' {
			return nil, line, false
		}
	}
	if len(line) == 3 {
		return line, nil, false
	}
	switch line[3] {
	case ' ', '-':
		return line[:3], line[4:], line[3] == '-'
	}
	return nil, line, false
}

// answered does what the last reply to a command means.
func (p *parser) answered(c *dissect.Ctx, t *Tx, text []byte) {
	code := string(t.status)
	switch {
	case t.is("PASV") && code == "227":
		_, t.port = hostPort(inBrackets(text))
	case t.is("EPSV") && code == "229":
		_, t.port = extendedPort(inBrackets(text))
	case t.is("AUTH") && code == "234":
		p.toTLS(c)
	}
	if t.mode == passive && t.port != 0 {
		p.port, p.mode = t.port, passive
	}
}

// finish ends a transaction.
func (p *parser) finish(c *dissect.Ctx, t *Tx) {
	c.EmitDir(evTx, t, dissect.ToClient)
	if t.is("PASS") && t.answered {
		switch code := t.status; {
		case bytes.HasPrefix(code, []byte("230")):
			c.EmitDir(evAuthSuccess, t, dissect.ToClient)
		case bytes.HasPrefix(code, []byte("5")):
			c.EmitDir(evAuthFailure, t, dissect.ToClient)
		}
	}
	p.spare.Put(t, 4)
}

// toTLS hands the connection over.
func (p *parser) toTLS(c *dissect.Ctx) {
	p.stopped = true
	c.Upgrade("tls")
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if len(rest) > 0 && !p.lines.Skipping(dir) && !p.stopped { // a last line without its end
		rest = bytes.TrimSuffix(rest, []byte{'\r'})
		if dir == dissect.ToServer {
			p.command(c, rest, false)
		} else {
			p.reply(c, rest, false)
		}
	}
	if p.ends.Both(dir) {
		p.finishTo(c, 0)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	clear(p.waiting[:cap(p.waiting)]) // also those that ended
	*p = parser{waiting: p.waiting[:0], spare: p.spare, user: p.user[:0], multi: p.multi[:0], plain: p.plain[:0]}
}
