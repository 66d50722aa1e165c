// Package imap parses the Internet Message Access Protocol (RFC 3501, RFC 9051): commands and the lines of responses. Literals, which hold
// the mails, are passed over. What follows STARTTLS is TLS, and parsed as such.
package imap

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Spec declares IMAP. Suricata, which recognises it only, has no records of it either.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "imap",
		Doc:  "Internet Message Access Protocol",
		Ref:  "RFC 3501, RFC 9051",
		TCP:  &dissect.Detect{Ports: []uint16{143}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evCommand:  {Name: command, Doc: "a command of the client", Dir: dissect.ToServer, Phase: 1, Final: true},
			evResponse: {Name: response, Doc: "a line of the server", Dir: dissect.ToClient, Phase: 1, Final: true},
		},
		Fields: fields(),
		EVE:    func(*jsonw.Writer, *dissect.Env) {},
		Clone:  func(tx any) any { return tx.(*Line).clone() },
	}
}

// Names of events, as the fields refer to them.
const command, response = "imap.command", "imap.response"

// Events, in the order of the Spec.
const (
	evCommand dissect.Local = iota
	evResponse
)

// Line is a command, or a line of a response, without its end and without literals.
type Line struct {
	dissect.MatchState
	id              uint64
	server          bool // it is the server's
	tag, name, rest []byte
}

// TxID implements dissect.Numbered.
func (l *Line) TxID() uint64 { return l.id }

func (l *Line) clone() *Line {
	return &Line{id: l.id, server: l.server, tag: bytes.Clone(l.tag), name: bytes.Clone(l.name), rest: bytes.Clone(l.rest)}
}

// parse cuts a line into tag, command or status, and what follows.
func (l *Line) parse(line []byte) {
	l.tag, l.rest, _ = bytes.Cut(line, space)
	l.name, l.rest, _ = bytes.Cut(l.rest, space)
}

var space = []byte{' '}

func fields() []dissect.Field {
	str := func(server bool, name, event, doc string, get func(l *Line) []byte) dissect.Field {
		return dissect.Str(name, event, doc, func(l *Line) []byte {
			if b := get(l); l.server == server && len(b) > 0 {
				return b
			}
			return nil
		})
	}
	tag, name, rest := func(l *Line) []byte { return l.tag }, func(l *Line) []byte { return l.name }, func(l *Line) []byte { return l.rest }
	return []dissect.Field{
		str(false, "imap.tag", command, "tag of a command, which its answer repeats", tag),
		str(false, "imap.command", command, "command as sent: LOGIN, SELECT, UID, STARTTLS", name),
		str(false, "imap.arguments", command, "what follows the command, without literals", rest),
		str(true, "imap.response.tag", response, "tag of the command that a line answers; * for others, + where more is wanted", tag),
		str(true, "imap.response.status", response, "OK, NO, BAD, BYE, PREAUTH, or what else follows the tag: LIST, a number", name),
		str(true, "imap.response.text", response, "what follows the status", rest),
	}
}

// statuses are what lines of a server that was not asked begin with, in upper case (RFC 9051 section 7).
var statuses = []string{"* OK ", "* PREAUTH ", "* BYE ", "* NO ", "* BAD ", "* LIST ", "* ESEARCH ", "* STATUS ", "* FLAGS ", "* CAPABILITY "}

// longestTag is how long the tag of a command may be that recognition believes in, bytes.
const longestTag = 16

// probe takes the server's greeting and other lines of its own, and the client's CAPABILITY; on the usual port other commands as well.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if dir == dissect.ToClient {
		for _, s := range statuses {
			n := min(len(s), len(data))
			if bytes.EqualFold(data[:n], []byte(s[:n])) {
				if n < len(s) {
					return dissect.More
				}
				return dissect.Yes
			}
		}
		return dissect.No
	}
	tag, _, found := bytes.Cut(data[:min(len(data), longestTag+1)], space)
	if !isTag(tag) || !found && len(data) > longestTag {
		return dissect.No
	}
	if !found {
		return dissect.More
	}
	rest := data[len(tag)+1:]
	for _, name := range commands {
		if !hint && name != "CAPABILITY" {
			continue
		}
		n := min(len(name), len(rest))
		if bytes.EqualFold(rest[:n], []byte(name[:n])) {
			switch {
			case n < len(name) || len(rest) == n:
				return dissect.More
			case rest[n] == '\r' || rest[n] == '\n' || rest[n] == ' ':
				return dissect.Yes
			}
		}
	}
	return dissect.No
}

// commands are those that clients begin with.
var commands = []string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "NOOP", "ID", "LOGOUT", "SELECT"}

// isTag tells whether bytes can be the tag of a command.
func isTag(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\+]`), c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

type parser struct {
	lines   dissect.LineReader
	line    Line
	literal [2]uint64 // bytes to come that are no line, by direction
	more    [2]bool   // the line at hand goes on one that ended in a literal
	tls     []byte    // tag of a STARTTLS that waits for its answer
	left    bool      // what follows is another protocol's
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	n := 0
	for n < len(data) && !p.left {
		if k := p.literal[dir]; k > 0 {
			k = min(k, uint64(len(data)-n))
			p.literal[dir] -= k
			n += int(k)
			continue
		}
		line, k, _, ok := p.lines.Next(dir, data[n:])
		if ok {
			p.take(c, dir, line)
		}
		if k == 0 {
			break
		}
		n += k
	}
	return n
}

// take takes a line.
func (p *parser) take(c *dissect.Ctx, dir dissect.Dir, line []byte) {
	more := p.more[dir]
	line, p.literal[dir], p.more[dir] = cutLiteral(line)
	if more || len(line) == 0 {
		return
	}
	l := &p.line
	l.MatchState.Reset()
	l.server = dir == dissect.ToClient
	l.parse(line)
	if dir == dissect.ToServer {
		if !isTag(l.tag) || len(l.name) == 0 { // a login's answer to a challenge, the end of IDLE
			return
		}
		l.id = c.NextTxID()
		if bytes.EqualFold(l.name, []byte("STARTTLS")) {
			p.tls = append(p.tls[:0], l.tag...)
		}
		c.Emit(evCommand, l)
		return
	}
	if l.id = 0; c.Flow != nil && c.Flow.TxCount > 0 {
		l.id = c.Flow.TxCount - 1
	}
	c.Emit(evResponse, l)
	if len(p.tls) > 0 && bytes.Equal(p.tls, l.tag) {
		if p.tls = p.tls[:0]; bytes.EqualFold(l.name, []byte("OK")) {
			p.left = true
			c.Upgrade("tls")
		}
	}
}

// cutLiteral takes the length of a literal off the end of a line (RFC 9051 section 4.3: {12}, {12+}); found is false without one.
func cutLiteral(line []byte) (rest []byte, n uint64, found bool) {
	i := bytes.LastIndexByte(line, '{')
	if i < 0 || line[len(line)-1] != '}' {
		return line, 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSuffix(line[i+1:len(line)-1], []byte{'+'})), 10, 63)
	if err != nil {
		return line, 0, false
	}
	return line[:i], n, true
}

// Gap implements dissect.Parser.
func (p *parser) Gap(_ *dissect.Ctx, dir dissect.Dir, n int) {
	if n >= 0 && uint64(n) <= p.literal[dir] {
		p.literal[dir] -= uint64(n)
		return
	}
	p.literal[dir], p.more[dir] = 0, false
	p.lines.Skip(dir, true)
}

// End implements dissect.Parser.
func (p *parser) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.line.MatchState.Reset()
	*p = parser{line: Line{MatchState: p.line.MatchState}, tls: p.tls[:0]}
}
