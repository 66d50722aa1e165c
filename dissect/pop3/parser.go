package pop3

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/smtp"
)

const (
	// defaultMaxTx is how many commands may wait for a response (app-layer.protocols.pop3.max-tx).
	defaultMaxTx = 256
	// maxArgs is how many arguments of a command are kept.
	maxArgs = 16
	// maxLines is how many lines of a response are kept, and maxText how many bytes of the texts of one transaction.
	maxLines = 512
	maxText  = 32 << 10
	// maxRequest and maxLine are the longest command and first line of a response with their ends, bytes (RFC 2449 section 4).
	maxRequest = 255
	maxLine    = 512
	// keepBuf is the largest buffer that a transaction keeps for the next, bytes; maxSpare how many of them a parser keeps.
	keepBuf  = 4 << 10
	maxSpare = 2
)

// span is a text in Tx.buf. The zero value is absent.
type span struct {
	off, n uint32
	there  bool
}

// Tx is a transaction.
type Tx struct {
	dissect.MatchState
	id       uint64
	buf      []byte
	asked    bool
	cmd      *command // nil: not known
	name     span     // of one that is not known
	args     []span
	answered bool
	ok       bool
	header   span
	lines    []span
	size     uint64 // of the lines, bytes
	cut      bool   // not all texts are kept
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset(id uint64) {
	t.MatchState.Reset()
	if cap(t.buf) > keepBuf {
		t.buf = nil
	}
	*t = Tx{MatchState: t.MatchState, id: id, buf: t.buf[:0], args: t.args[:0], lines: t.lines[:0]}
}

func (t *Tx) at(s span) []byte {
	if !s.there {
		return nil
	}
	return t.buf[s.off : s.off+s.n : s.off+s.n]
}

func (t *Tx) keep(b []byte) span {
	if room := maxText - len(t.buf); len(b) > room {
		b, t.cut = b[:room], true
	}
	off := len(t.buf)
	t.buf = append(t.buf, b...)
	return span{uint32(off), uint32(len(b)), true}
}

// command is the name of the command, as records have it.
func (t *Tx) command() []byte {
	if t.cmd != nil {
		return dissect.Text(t.cmd.name)
	}
	return t.at(t.name)
}

// is tells whether it is this command.
func (t *Tx) is(name string) bool { return t.cmd != nil && t.cmd.name == name }

// wholeTop is how many lines of a mail a client asks for with TOP that means all of it: some fetch mails so, for RETR would mark them as read.
const wholeTop = 10_000

// top gives how many lines of a mail's body TOP asks for; 0 for other commands.
func (t *Tx) top() uint64 {
	if !t.is("TOP") || len(t.args) < 2 {
		return 0
	}
	n, err := strconv.ParseUint(string(t.at(t.args[1])), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// content tells whether the response is a mail, or the beginning of one.
func (t *Tx) content() bool { return t.is("RETR") || t.is("TOP") }

func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.buf, n.args, n.lines = bytes.Clone(t.buf), append([]span(nil), t.args...), append([]span(nil), t.lines...)
	return &n
}

type parser struct {
	mails *dissect.Spec // of SMTP
	spec  *dissect.Spec
	mail  *smtp.Carried // nil until the first mail
	open  []*Tx         // that wait, oldest first
	spare dissect.Spares[Tx]
	lines dissect.LineReader
	maxTx int
	body  bool   // lines of open[0]'s response follow
	read  bool   // and are a mail that is read
	count uint64 // lines of the mail so far
	mid   bool   // within a long line of a mail, or one of which bytes are missing
	login bool   // the client's next line belongs to AUTH
	// greeted says that the server has spoken: its first line answers nothing, be it that the client did not wait for it.
	greeted bool
	ends    dissect.Ends
	left    bool // for TLS
	lost
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.maxTx == 0 {
		p.maxTx = defaultMaxTx
		if c.Limits != nil {
			p.maxTx = max(dissect.Size(c.Limits.Settings["pop3.max-tx"], defaultMaxTx), 1)
		}
	}
	n := 0
	for n < len(data) {
		if p.torn[dir] && !p.rejoin(c, dir, data[n:]) {
			break
		}
		if dir == dissect.ToServer && p.startsTLS(data[n]) {
			p.toTLS(c)
			return n
		}
		if dir == dissect.ToClient && p.body && p.open[0].content() && !p.lines.Skipping(dir) {
			k := p.contentLine(c, data[n:])
			if k == 0 {
				break
			}
			n += k
			continue
		}
		line, k, cut, ok := p.lines.Next(dir, data[n:])
		if k == 0 {
			break
		}
		if n += k; !ok {
			continue
		}
		switch {
		case dir == dissect.ToServer:
			p.request(c, line, k, cut)
		case p.body:
			p.bodyLine(c, line)
		default:
			p.response(c, line, k, cut)
		}
		if p.left {
			return n
		}
	}
	if p.read && dir == dissect.ToClient {
		p.mail.Flush(c)
	}
	return n
}

// begin makes a transaction.
func (p *parser) begin(c *dissect.Ctx) *Tx {
	if len(p.open) >= p.maxTx {
		i := 0
		if p.body && len(p.open) > 1 {
			i = 1 // what is being answered goes on
		}
		c.Capped(capTx)
		c.Anomaly(anTooMany, p.open[i])
		p.finish(c, i)
	}
	t := p.spare.Get()
	t.reset(c.NextTxID())
	p.open = append(p.open, t)
	return t
}

// finish ends a waiting transaction; 0 is the oldest, which is the one that is being answered.
func (p *parser) finish(c *dissect.Ctx, i int) {
	t := p.open[i]
	if i == 0 {
		p.endMail(c, dissect.FileTruncated, p.why())
		p.body = false
	}
	p.open = append(p.open[:i], p.open[i+1:]...)
	c.EmitDir(evTx, t, dissect.ToClient)
	if t.cut {
		c.Capped(capTexts)
	}
	p.spare.Put(t, maxSpare)
}

// request takes a line of the client of n bytes with its end.
func (p *parser) request(c *dissect.Ctx, line []byte, n int, cut bool) {
	p.settle(c)
	t := p.begin(c)
	t.asked = true
	if p.login {
		p.login = false
		t.cmd = &sasl
		c.Emit(evRequest, t)
		return
	}
	name, rest, _ := bytes.Cut(line, []byte(" "))
	if t.cmd = lookup(name); t.cmd == nil {
		t.name = t.keep(name)
	}
	count := 0
	for len(rest) > 0 {
		var arg []byte
		if arg, rest, _ = bytes.Cut(rest, []byte(" ")); len(arg) == 0 {
			continue
		}
		if count++; len(t.args) < maxArgs {
			t.args = append(t.args, t.keep(arg))
		} else {
			t.cut = true
		}
	}
	if n > maxRequest || cut {
		c.Anomaly(anLongRequest, t)
	}
	switch {
	case t.cmd == nil:
		c.Anomaly(anUnknown, t)
	case count < t.cmd.min || count > t.cmd.max:
		c.Anomaly(anArguments, t)
	}
	c.Emit(evRequest, t)
}

// response takes the first line of a response of n bytes with its end.
func (p *parser) response(c *dissect.Ctx, line []byte, n int, cut bool) {
	status, text, _ := bytes.Cut(line, []byte(" "))
	challenge := string(status) == "+"
	ok := string(status) == "+OK"
	if !ok && !challenge && string(status) != "-ERR" {
		c.Failed() // neither: of a protocol that we do not know, or behind a gap
		return
	}
	if !p.greeted {
		p.greeted = true
		if early(len(p.open), text) && (c.Flow == nil || !c.Flow.Midstream) {
			p.greeting(c, text, ok, n, cut)
			return
		}
	}
	var t *Tx
	if len(p.open) > 0 {
		t = p.open[0]
	} else {
		t = p.begin(c)
	}
	p.pipelined = p.pipelined || len(p.open) > 1
	t.answered, t.ok = true, ok || challenge
	t.header = t.keep(text)
	if n > maxLine || cut {
		c.Anomaly(anLongResponse, t)
	}
	p.login = p.login || challenge && (t.is("AUTH") || t.cmd == &sasl)
	if ok && t.cmd != nil && len(t.args) <= t.cmd.multi {
		p.body, p.mid, p.count = true, false, 0
		p.beginMail(c, t)
		return
	}
	if ok && t.is("STLS") {
		p.toTLS(c)
		return
	}
	p.finish(c, 0)
}

// toTLS hands the connection over.
func (p *parser) toTLS(c *dissect.Ctx) {
	p.finish(c, 0)
	p.left = true
	c.Upgrade("tls")
}

// early tells whether the server's first line is its greeting though so many commands wait already: clients send several at once only
// when they know that they may, and one that waits is known by what greetings say.
func early(waiting int, text []byte) bool {
	return waiting > 1 || waiting == 1 && (greets(text) || bytes.Contains(text, []byte("ready")) || bytes.HasSuffix(text, []byte{'>'}))
}

// greeting takes the server's greeting where commands wait already.
func (p *parser) greeting(c *dissect.Ctx, text []byte, ok bool, n int, cut bool) {
	t := p.spare.Get()
	t.reset(c.NextTxID())
	t.answered, t.ok = true, ok
	t.header = t.keep(text)
	if n > maxLine || cut {
		c.Anomaly(anLongResponse, t)
	}
	c.EmitDir(evTx, t, dissect.ToClient)
	p.spare.Put(t, maxSpare)
}

// bodyLine takes another line of a response (RFC 1939 section 3).
func (p *parser) bodyLine(c *dissect.Ctx, line []byte) {
	t := p.open[0]
	if len(line) > 0 && line[0] == '.' {
		if len(line) == 1 {
			p.finish(c, 0)
			return
		}
		line = line[1:]
	}
	t.size += uint64(len(line)) + 2
	if len(t.lines) < maxLines && len(t.buf) < maxText {
		t.lines = append(t.lines, t.keep(line))
	} else {
		t.cut = true
	}
}

// beginMail begins to read the mail that follows a response, if that is a whole one.
func (p *parser) beginMail(c *dissect.Ctx, t *Tx) {
	if !t.is("RETR") && t.top() < wholeTop {
		return
	}
	if p.mail == nil {
		p.mail = smtp.NewCarried(p.mails, p.spec)
	}
	p.read = p.mail.Begin(c, t)
}

func (p *parser) endMail(c *dissect.Ctx, state dissect.FileState, why string) {
	if p.read {
		p.read = false
		p.mail.End(c, state, why)
	}
}

// contentLine takes a line of a mail, or a piece of a long one, and gives its length with its end, 0 where more is needed.
func (p *parser) contentLine(c *dissect.Ctx, data []byte) int {
	line, eol, n := dissect.LinePiece(data)
	if n == 0 {
		return 0
	}
	if !p.mid && len(line) > 0 && line[0] == '.' {
		if len(line) == 1 {
			if t := p.open[0]; t.is("TOP") && p.count > t.top() {
				p.endMail(c, dissect.FileTruncated, "limit")
			}
			p.endMail(c, dissect.FileClosed, "")
			p.finish(c, 0)
			return n
		}
		line = line[1:]
	}
	if p.mid = eol == 0; !p.mid {
		p.count++
	}
	p.open[0].size += uint64(len(line) + eol)
	if p.read {
		p.mail.Line(c, line, eol)
	}
	return n
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if p.read && dir == dissect.ToClient {
		if !p.mid && len(rest) > 0 && rest[0] == '.' {
			rest = rest[1:]
		}
		if len(rest) > 0 {
			p.mail.Line(c, rest, 0)
		}
		reason := "flow end"
		if why == dissect.EndDepth {
			reason = "limit"
		}
		p.endMail(c, dissect.FileTruncated, reason)
	}
	if !p.ends.Both(dir) {
		return
	}
	for len(p.open) > 0 {
		p.finish(c, 0)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	clear(p.open[:cap(p.open)]) // also those that ended
	if p.mail != nil {
		p.mail.Reset()
	}
	*p = parser{mails: p.mails, spec: p.spec, mail: p.mail, open: p.open[:0], spare: p.spare}
}
