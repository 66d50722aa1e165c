package smtp

import "github.com/luanids/luanids/dissect"

// replyLine takes a line of the server (RFC 5321 section 4.2).
func (p *parser) replyLine(c *dissect.Ctx, line []byte) {
	p.heard = true
	if len(line) == 0 {
		return
	}
	code, ok := replyCode(line)
	if !ok {
		p.badReply(c)
		return
	}
	if !knownReply(code) {
		p.badReply(c)
	}
	if !p.multi {
		p.conn.reply = p.conn.reply[:0]
	}
	p.conn.code = int64(code)
	text := line[min(4, len(line)):]
	if room := maxReplyText - len(p.conn.reply); room > 0 {
		if len(p.conn.reply) > 0 {
			p.conn.reply = append(p.conn.reply, '\n')
		}
		p.conn.reply = append(p.conn.reply, text[:min(len(text), room)]...)
	}
	p.capability(code, text)
	if p.multi = len(line) > 3 && line[3] == '-'; !p.multi {
		p.reply(c, code)
	}
}

// badReply reports a line that is no reply; it fails a conversation once.
func (p *parser) badReply(c *dissect.Ctx) {
	p.anomaly(c, anInvalidReply)
	if !p.failed {
		p.failed = true
		c.Failed()
	}
}

// replyCode reads the three digits that a reply begins with.
func replyCode(line []byte) (int, bool) {
	if len(line) < 3 {
		return 0, false
	}
	n := 0
	for _, d := range line[:3] {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, len(line) == 3 || line[3] == ' ' || line[3] == '-'
}

// knownReply tells whether a code is among those in use (RFC 5321 section 4.2.3, RFC 4954,
// RFC 7504 and what servers are seen to send).
func knownReply(code int) bool {
	switch code {
	case 211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 401, 402, 421, 432, 435, 450, 451, 452, 453, 454, 455, 458, 459,
		500, 501, 502, 503, 504, 521, 523, 524, 525, 530, 533, 534, 535, 538, 541, 543, 550, 551, 552, 553, 554, 555, 556, 557, 571:
		return true
	}
	return false
}

// capability notes the extensions that the answer to EHLO announces (RFC 5321 section 4.1.1.1).
func (p *parser) capability(code int, text []byte) {
	if code != 250 || p.queue.empty() || p.queue.cmds[p.queue.head] != cmdHelo {
		return
	}
	p.conn.listed = true
	switch {
	case hasPrefixFold(text, "chunking"):
		p.conn.chunking = true
	case hasPrefixFold(text, "pipelining"):
		p.conn.pipelining = true
	case hasPrefixFold(text, "starttls"):
		p.conn.starttls = true
	}
}

// reply takes a complete reply.
func (p *parser) reply(c *dissect.Ctx, code int) {
	if !p.greeted {
		p.greeted = true
		if p.greeting(c, code) {
			return
		}
	}
	if p.loose.waits && p.queue.empty() {
		p.dot(c)
	}
	// The server answers the end of a mail whose end was lost.
	if p.mode != commands && p.gapped && p.queue.empty() {
		p.endMail(c, dissect.FileTruncated, "gap")
		p.emitReply(c, cmdDot)
		return
	}
	cmd, ok := p.queue.pop()
	if !ok {
		if code != 421 && !p.stale { // which may come at any time (RFC 5321 section 3.8)
			p.anomaly(c, anUnmatchedReply)
		}
		if code == 354 && p.mode == commands && !p.body {
			p.presumeData(c)
			return
		}
		p.emitReply(c, cmdOther)
		return
	}
	p.emitReply(c, cmd)
	if p.queue.empty() {
		p.stale = false
	}
	switch cmd {
	case cmdBDAT:
		p.bdatReply(c, code)
	case cmdStartTLS:
		p.tlsReply(c, code)
	case cmdData:
		p.dataReply(c, code)
	case cmdRset:
		if code == 250 && p.rset {
			p.rset = false
			p.endTx(c)
		}
	case cmdAuth, cmdAuthData:
		p.authReply(c, code)
	}
}

// greeting takes the first reply, and tells whether it was the greeting. It may come behind the
// client's first command where the two sides are not seen in order.
func (p *parser) greeting(c *dissect.Ctx, code int) bool {
	first := cmdOther
	if !p.queue.empty() {
		first = p.queue.cmds[p.queue.head]
	}
	if code != 220 && (code < 400 || !p.queue.empty()) || first == cmdStartTLS {
		p.anomaly(c, anNoWelcome)
		return false
	}
	p.conn.banner = append(p.conn.banner[:0], p.conn.reply...)
	p.emitReply(c, cmdOther)
	return true
}

// names of commands that stand for others, for smtp.reply.command.
var names = [...]string{
	cmdMail: "MAIL", cmdRcpt: "RCPT", cmdData: "DATA", cmdBDAT: "BDAT", cmdStartTLS: "STARTTLS",
	cmdRset: "RSET", cmdQuit: "QUIT", cmdAuth: "AUTH", cmdAuthData: "AUTH", cmdDot: ".", cmdHelo: "HELO", cmdKnown: "",
}

func (p *parser) emitReply(c *dissect.Ctx, cmd command) {
	p.conn.replyTo = append(p.conn.replyTo[:0], names[cmd]...)
	c.Emit(evReply, &p.tx)
}

func (p *parser) tlsReply(c *dissect.Ctx, code int) {
	if code != 220 {
		p.anomaly(c, anTLSRejected)
		return
	}
	p.toTLS(c)
}

// toTLS hands the connection over.
func (p *parser) toTLS(c *dissect.Ctx) {
	p.endTx(c)
	p.stopped = true
	c.Upgrade("tls")
}

// bdatReply takes the answer to BDAT. A server that does not know the command reads what was meant to be the chunk as commands.
func (p *parser) bdatReply(c *dissect.Ctx, code int) {
	if p.mode != inChunk || code != 500 && code != 502 && (code < 503 || !p.conn.listed || p.conn.chunking) {
		return
	}
	p.left = 0
	if p.mime.Size > 0 || p.raw.Size > 0 {
		p.closeMail(c, dissect.FileTruncated, "rejected")
	} else {
		p.dropMail(c)
	}
}

// dataReply takes the answer to DATA.
func (p *parser) dataReply(c *dissect.Ctx, code int) {
	if code == 354 {
		if p.body {
			p.mode = inData
		}
		return
	}
	p.anomaly(c, anDataRejected)
	if p.tx.done || p.mode == inChunk {
		return
	}
	if p.lines == 0 {
		p.dropMail(c)
		return
	}
	p.closeMail(c, dissect.FileTruncated, "rejected")
}

// dropMail forgets a mail that never began.
func (p *parser) dropMail(c *dissect.Ctx) {
	p.mode = commands
	if p.raw.IsOpen() {
		c.CloseFile(&p.raw, dissect.FileTruncated, "rejected")
	}
	p.tx.mail, p.body = nil, false
	p.piece.Reset()
}

// auth takes AUTH with its mechanism and the client's first response (RFC 4954 section 4).
func (p *parser) auth(line []byte) {
	name, rest := nextWord(line[4:])
	first, _ := nextWord(rest)
	p.conn.mechanism, p.conn.user, p.authStep = p.conn.mechanism[:0], p.conn.user[:0], 0
	for _, b := range name[:min(len(name), 32)] {
		p.conn.mechanism = append(p.conn.mechanism, upper(b))
	}
	if len(first) > 0 {
		p.authData(first)
	}
}

// authReply takes the answer to AUTH or to what the client said to a challenge.
func (p *parser) authReply(c *dissect.Ctx, code int) {
	switch {
	case code == 334:
		p.authNext = true
	case code == 235:
		c.Emit(evAuthSuccess, &p.tx)
	case code >= 400 && (code < 500 || code > 504):
		p.conn.failures++
		c.Emit(evAuthFailure, &p.tx)
	}
}
