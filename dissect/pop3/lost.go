package pop3

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// lost is what is known where bytes are missing.
type lost struct {
	// pipelined says that the client sends commands before the last one was answered: it does not wait, so that its next command says
	// nothing of the responses before.
	pipelined bool
	// stale says that responses may be among the missing bytes.
	stale bool
	torn  [2]bool // what comes next follows missing bytes
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	p.torn[dir] = true
	p.lines.Skip(dir, true)
	if dir == dissect.ToServer {
		p.login = false
		return
	}
	p.greeted, p.stale = true, true
	if p.body && p.open[0].content() {
		p.mid = true
		p.lines.Skip(dir, false)
		if p.read {
			p.mail.Gap(c)
		}
	}
	if !p.pipelined {
		p.finishTo(c, 1) // whoever waits for responses sent the last command when those before were answered
	}
}

// settle takes note of another command where responses may be missing: those that wait were answered.
func (p *parser) settle(c *dissect.Ctx) {
	if p.stale && !p.pipelined {
		p.finishTo(c, 0)
	}
	p.stale = false
}

// finishTo ends the oldest transactions until so many wait.
func (p *parser) finishTo(c *dissect.Ctx, n int) {
	for len(p.open) > n {
		p.finish(c, 0)
	}
}

// why tells what cut a mail short.
func (p *parser) why() string {
	if p.stale {
		return "gap"
	}
	return "flow end"
}

// rejoin decides whether what follows missing bytes is the rest of a line or a whole one: packets end where responses and groups of
// commands do. It is false where more has to come before that is known.
func (p *parser) rejoin(c *dissect.Ctx, dir dissect.Dir, data []byte) bool {
	whole := false
	if dir == dissect.ToServer {
		i := bytes.IndexByte(data[:min(len(data), dissect.MaxLine)], '\n')
		if i < 0 && len(data) < dissect.MaxLine {
			return false
		}
		if i >= 0 {
			name, _, _ := bytes.Cut(bytes.TrimSuffix(data[:i], []byte{'\r'}), []byte(" "))
			whole = lookup(name) != nil
		}
	} else {
		for _, s := range [...]string{"+OK", "-ERR"} {
			if n := min(len(s), len(data)); string(data[:n]) == s[:n] {
				if n < len(s) {
					return false
				}
				whole = true
			}
		}
	}
	p.torn[dir] = false
	switch {
	case whole && dir == dissect.ToClient && p.body && len(p.open) > 1:
		p.finish(c, 0) // a response to the next command
		fallthrough
	case whole && !p.body || whole && dir == dissect.ToServer:
		p.lines.Skip(dir, false)
	}
	return true
}

// startsTLS tells whether the client begins TLS, of which this is the first byte, though no response to STLS was seen. No command begins
// so.
func (p *parser) startsTLS(first byte) bool {
	return first == dissect.TLSHandshake && len(p.open) == 1 && p.open[0].is("STLS") && !p.lines.Skipping(dissect.ToServer)
}
