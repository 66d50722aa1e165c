package smtp

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
)

type command uint8

const (
	cmdOther command = iota
	cmdHelo
	cmdMail
	cmdRcpt
	cmdData
	cmdBDAT
	cmdStartTLS
	cmdRset
	cmdQuit
	cmdAuth
	cmdAuthData // the answer to a challenge
	cmdDot      // the end of a mail, which gets a reply as well
	cmdKnown    // another command of the standard
)

// verbs are the commands by name; names have four letters but for STARTTLS.
var verbs = map[[4]byte]command{
	{'E', 'H', 'L', 'O'}: cmdHelo, {'H', 'E', 'L', 'O'}: cmdHelo, {'L', 'H', 'L', 'O'}: cmdHelo,
	{'M', 'A', 'I', 'L'}: cmdMail, {'R', 'C', 'P', 'T'}: cmdRcpt, {'D', 'A', 'T', 'A'}: cmdData,
	{'B', 'D', 'A', 'T'}: cmdBDAT, {'R', 'S', 'E', 'T'}: cmdRset, {'Q', 'U', 'I', 'T'}: cmdQuit,
	{'A', 'U', 'T', 'H'}: cmdAuth, {'N', 'O', 'O', 'P'}: cmdKnown, {'V', 'R', 'F', 'Y'}: cmdKnown,
	{'E', 'X', 'P', 'N'}: cmdKnown, {'H', 'E', 'L', 'P'}: cmdKnown, {'E', 'T', 'R', 'N'}: cmdKnown,
	{'T', 'U', 'R', 'N'}: cmdKnown,
}

// commandOf tells which command a line is.
func commandOf(line []byte) command {
	if len(line) < 4 {
		return cmdOther
	}
	if hasPrefixFold(line, "starttls") {
		return cmdStartTLS
	}
	var v [4]byte
	for i := range v {
		v[i] = upper(line[i])
	}
	c := verbs[v]
	switch {
	case c == cmdMail && !hasPrefixFold(line, "mail from"), c == cmdRcpt && !hasPrefixFold(line, "rcpt to"):
		return cmdOther
	case len(line) > 4 && line[4] != ' ' && line[4] != '\t' && c != cmdMail && c != cmdRcpt:
		return cmdOther
	}
	return c
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 0x20
	}
	return c
}

// maxQueue caps the commands that wait for their replies.
const maxQueue = 1024

// queue is the commands that wait for their replies (RFC 2920).
type queue struct {
	cmds []command
	head int
	lost int // older ones that were dropped, whose replies are still to come
}

func (q *queue) reset() { q.cmds, q.head, q.lost = q.cmds[:0], 0, 0 }

func (q *queue) empty() bool { return q.head == len(q.cmds) }

func (q *queue) pop() (command, bool) {
	if q.lost > 0 {
		q.lost--
		return cmdOther, true
	}
	if q.empty() {
		return cmdOther, false
	}
	c := q.cmds[q.head]
	if q.head++; q.empty() {
		q.reset()
	}
	return c, true
}

// push lets a command wait; full says that the oldest one had to go.
func (q *queue) push(c command) (full bool) {
	if len(q.cmds) >= maxQueue {
		if full = q.head == 0; full {
			q.lost++
		}
		q.cmds = q.cmds[:copy(q.cmds, q.cmds[max(q.head, 1):])]
		q.head = 0
	}
	q.cmds = append(q.cmds, c)
	return full
}

func (q *queue) last() command {
	if q.empty() {
		return cmdOther
	}
	return q.cmds[len(q.cmds)-1]
}

// push lets a command wait for its reply. DATA and STARTTLS must be the last ones of a group
// (RFC 2920 section 3.1); whether they were is known only where all that the server says is seen.
func (p *parser) push(c *dissect.Ctx, cmd command) {
	if last := p.queue.last(); p.heard && (last == cmdData || last == cmdStartTLS) {
		p.anomaly(c, anPipelined)
	}
	if p.queue.push(cmd) {
		c.Capped(capCommands)
	}
}

// commandLine takes a line of the client outside of a mail.
func (p *parser) commandLine(c *dissect.Ctx, line []byte) {
	if p.authNext {
		p.authNext = false
		p.authData(line)
		p.push(c, cmdAuthData)
		return
	}
	cmd := commandOf(line)
	if p.stale && p.settle(c, cmd, line) {
		return
	}
	// Content that comes before the server agreed to it is still content.
	if cmd == cmdOther && p.queue.last() == cmdData && p.body {
		p.mode = inData
		p.dataAhead(c, line)
		return
	}
	if p.rset { // sent along with what comes now
		p.rset = false
		p.endTx(c)
	}
	if !p.tx.begun || p.tx.done && !p.trails(cmd) {
		p.beginTx(c)
		if p.conn.hasHelo {
			c.Emit(evBegin, &p.tx)
		}
	}
	p.keepLine(cmd, line)
	c.Emit(evCommand, &p.tx)
	p.do(c, cmd, line)
}

// trails tells whether a command still belongs to a transaction that ended: one sent before
// the mail was replied to.
func (p *parser) trails(cmd command) bool {
	return (cmd == cmdRset || cmd == cmdQuit) && !p.queue.empty()
}

func (p *parser) dataAhead(c *dissect.Ctx, line []byte) {
	if len(line) == 1 && line[0] == '.' {
		p.push(c, cmdDot)
		p.endMail(c, dissect.FileClosed, "")
		return
	}
	p.mailLine(c, line, 2)
}

// keepLine keeps the command for smtp.command; of AUTH not what the client proves itself with.
func (p *parser) keepLine(cmd command, line []byte) {
	if cmd == cmdAuth {
		_, rest := nextWord(line[4:])
		line = line[:len(line)-len(rest)]
	}
	p.conn.line = append(p.conn.line[:0], line...)
	verb := line
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		verb = line[:i]
	}
	p.conn.verb = p.conn.verb[:0]
	for _, b := range verb[:min(len(verb), 32)] {
		p.conn.verb = append(p.conn.verb, upper(b))
	}
}

// do carries out what a command means.
func (p *parser) do(c *dissect.Ctx, cmd command, line []byte) {
	switch cmd {
	case cmdHelo:
		p.hello(c, line)
	case cmdMail:
		p.mailFrom(c, line)
	case cmdRcpt:
		p.rcptTo(c, line)
	case cmdAuth:
		p.auth(line)
	case cmdData:
		p.data(c)
	case cmdBDAT:
		p.bdat(c, line)
		return
	case cmdRset:
		p.rset = true
	}
	p.push(c, cmd)
	// Only with pipelining may content follow at once; without a view of the server's side its
	// consent cannot be waited for.
	if cmd == cmdData && (p.conn.pipelining || !p.heard) {
		p.mode = inData
	}
}

// argument gives the first word behind a command of n bytes and the byte behind it.
func argument(line []byte, n int) []byte {
	line = line[min(n+1, len(line)):]
	for len(line) > 0 && line[0] == ' ' {
		line = line[1:]
	}
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		line = line[:i]
	}
	return line
}

// nextWord gives the first word of b, and what is behind it.
func nextWord(b []byte) (word, rest []byte) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

func (p *parser) hello(c *dissect.Ctx, line []byte) {
	if p.conn.hasHelo {
		p.anomaly(c, anDuplicate)
		return
	}
	p.conn.hasHelo = true
	p.conn.helo = append(p.conn.helo[:0], argument(line, 4)...)
	c.Emit(evHelo, &p.tx)
	c.Emit(evBegin, &p.tx)
}

func (p *parser) mailFrom(c *dissect.Ctx, line []byte) {
	if p.tx.hasFrom {
		p.anomaly(c, anDuplicate)
		return
	}
	p.tx.hasFrom = true
	p.tx.from = p.tx.add(argument(line, len("MAIL FROM")))
	c.Emit(evMailFrom, &p.tx)
}

func (p *parser) rcptTo(c *dissect.Ctx, line []byte) {
	to := argument(line, len("RCPT TO"))
	if len(p.tx.rcpt) < maxRecipients && len(p.tx.text)+len(to) <= maxText {
		p.tx.rcpt = append(p.tx.rcpt, p.tx.add(to))
	} else {
		c.Capped(capRecipients)
	}
	c.Emit(evRcptTo, &p.tx)
}

// data takes a DATA: the mail begins, but its content only when the server agrees.
func (p *parser) data(c *dissect.Ctx) {
	p.newMail(c)
	p.beginMail(c)
}

// newMail gives a mail whose end was not seen up, so that another one can begin.
func (p *parser) newMail(c *dissect.Ctx) {
	if !p.body {
		return
	}
	p.anomaly(c, anUnparsable)
	p.endMail(c, dissect.FileTruncated, "no end")
	p.beginTx(c)
}

// bdat takes a BDAT with the size of its chunk (RFC 3030 section 2).
func (p *parser) bdat(c *dissect.Ctx, line []byte) {
	p.push(c, cmdBDAT)
	size, err := strconv.ParseUint(string(argument(line, 4)), 10, 63)
	if err != nil {
		p.anomaly(c, anBDAT)
		return
	}
	_, rest := nextWord(line[4:])
	rest, _ = nextWord(rest)
	p.last = hasPrefixFold(rest, "last")
	if !p.body {
		p.beginMail(c)
	}
	p.mode, p.left = inChunk, size
	if size == 0 {
		p.mode = commands
		if p.last {
			p.endMail(c, dissect.FileClosed, "")
		}
	}
}
