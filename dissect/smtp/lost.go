package smtp

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// torn says of each direction that what comes next follows missing bytes, outside of a mail.
type torn [2]bool

// loose is what is known of a dot on a line of its own where a line ends in LF alone. Servers differ in whether that ends a mail: who hides
// something behind it means those that go on. Where the server replies, or a command follows, it did.
type loose struct {
	before bool // the line before ends in LF alone
	waits  bool // there was such a dot, and nothing behind it yet
	eol    int  // how it ended
}

// decide takes the line behind a loose dot, and tells whether the mail ended there.
func (p *parser) decide(c *dissect.Ctx, line []byte) (ended bool) {
	if commandOf(line) != cmdOther {
		p.dot(c)
		return true
	}
	eol := p.loose.eol
	p.loose = loose{before: eol == 1}
	p.mailLine(c, dot, eol)
	return false
}

var dot = []byte{'.'}

// rejoin decides whether what follows missing bytes is the rest of a line or a whole one: packets end where replies and groups of
// commands do. It is false where more has to come before that is known.
func (p *parser) rejoin(dir dissect.Dir, data []byte) bool {
	whole := false
	if dir == dissect.ToClient {
		if len(data) < 4 && len(bytes.Trim(data, "0123456789")) == 0 {
			return false
		}
		_, whole = replyCode(data[:min(len(data), 4)])
	} else {
		i := bytes.IndexByte(data[:min(len(data), maxLine)], '\n')
		if i < 0 && len(data) < maxLine {
			return false
		}
		whole = i >= 0 && commandOf(bytes.TrimSuffix(data[:i], []byte{'\r'})) != cmdOther
	}
	p.torn[dir] = false
	p.lineReader.Skip(dir, !whole)
	return true
}

// lostReplies says that replies are missing. They are taken to be those to all commands but the last: clients that do not pipeline wait, and
// others send DATA last.
func (p *parser) lostReplies() {
	last, waits := p.queue.last(), !p.queue.empty()
	if p.queue.reset(); waits && (last != cmdData || p.mode != inData) { // the mail has begun
		p.queue.push(last)
	}
	p.stale = true
	p.heard, p.greeted, p.multi = false, true, false
}

// settle takes the client's next line after lostReplies: it tells what the reply to the last command was, which did not come since. It is
// true where the line was no command.
func (p *parser) settle(c *dissect.Ctx, cmd command, line []byte) (taken bool) {
	p.stale = false
	last := p.queue.last()
	p.queue.reset()
	switch {
	case cmd != cmdOther:
		if last == cmdData && p.body && p.mode == commands { // it was refused
			p.dropMail(c)
		}
		return false
	case last == cmdData && p.body:
		p.mode = inData
		p.dataAhead(c, line)
	case last == cmdAuth, last == cmdAuthData:
		p.authData(line)
		p.push(c, cmdAuthData)
	default:
		return false
	}
	return true
}

// presumeData begins a mail whose DATA was not seen: a server that asks for it tells that there was one.
func (p *parser) presumeData(c *dissect.Ctx) {
	if !p.tx.begun || p.tx.done {
		p.beginTx(c)
	}
	p.emitReply(c, cmdData)
	p.beginMail(c)
	p.mode, p.presumed = inData, true
}

// startsTLS tells whether the client begins TLS, of which this is the first byte, though no reply to STARTTLS was seen. No command begins
// so.
func (p *parser) startsTLS(first byte) bool {
	return first == dissect.TLSHandshake && p.mode == commands && p.queue.last() == cmdStartTLS && !p.lineReader.Skipping(dissect.ToServer)
}
