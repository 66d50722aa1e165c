package ftp

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// lost is what is known where bytes are missing, or transactions ended before their time.
type lost struct {
	// owed is how many replies are still to come to transactions that ended because too many waited.
	owed int
	// pipelined says that the client sends commands before the last one was answered: it does not wait, so that its next command says
	// nothing of the replies before.
	pipelined bool
	// stale says that replies may be among the missing bytes.
	stale bool
	torn  [2]bool // what comes next follows missing bytes
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.lines.Skip(dir, true)
	p.torn[dir] = true
	if dir == dissect.ToServer {
		return
	}
	p.greeted, p.stale, p.owed = true, true, 0
	if !p.pipelined && len(p.waiting) > 1 {
		p.multi = p.multi[:0]
		p.finishTo(c, 1) // whoever waits for replies sent the last command when those before were answered
	}
}

// settle takes note of another command where replies may be missing: those that wait were answered.
func (p *parser) settle(c *dissect.Ctx) {
	if p.stale && !p.pipelined {
		p.multi = p.multi[:0]
		p.finishTo(c, 0)
	}
	p.stale = false
}

// finishTo ends the oldest transactions until so many wait.
func (p *parser) finishTo(c *dissect.Ctx, n int) {
	for len(p.waiting) > n {
		t := p.waiting[0]
		p.waiting = append(p.waiting[:0], p.waiting[1:]...)
		p.finish(c, t)
	}
}

// rejoin decides whether what follows missing bytes is the rest of a line or a whole one: packets end where replies and groups of commands
// do. It is false where more has to come before that is known.
func (p *parser) rejoin(dir dissect.Dir, data []byte) bool {
	whole := false
	if dir == dissect.ToClient {
		if len(data) < 4 && len(bytes.Trim(data, "0123456789")) == 0 {
			return false
		}
		code, _, _ := splitReply(data[:min(len(data), 4)])
		whole = len(code) > 0 && len(data) > 3
	} else {
		i := bytes.IndexAny(data[:min(len(data), maxVerb)], " \r\n")
		if i < 0 && len(data) < maxVerb {
			return false
		}
		whole = i >= 0 && slices.Contains(verbs, string(bytes.ToUpper(data[:i])))
	}
	p.torn[dir] = false
	p.lines.Skip(dir, !whole)
	return true
}

// verbs are commands by which the beginning of a line is told from the rest of one (RFC 959, RFC 2228, RFC 2389, RFC 2428, RFC 3659).
var verbs = []string{"ABOR", "APPE", "AUTH", "CDUP", "CWD", "DELE", "EPRT", "EPSV", "FEAT", "HELP", "LIST", "MDTM", "MKD", "MLSD", "MLST", "NLST", "NOOP",
	"OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT", "PWD", "QUIT", "REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "STAT", "STOR", "STOU",
	"SYST", "TYPE", "USER", "XCWD", "XMKD", "XPWD", "XRMD"}

// startsTLS tells whether the client begins TLS, of which this is the first byte, though no reply to AUTH was seen. No command begins so.
func (p *parser) startsTLS(first byte) bool {
	return first == dissect.TLSHandshake && len(p.waiting) == 1 && p.waiting[0].is("AUTH") && !p.lines.Skipping(dissect.ToServer)
}
