// Package imap parses the Internet Message Access Protocol (RFC 3501, RFC 9051): commands and the lines of responses. Literals of commands
// are part of their arguments, those of responses, which hold the mails, are passed over. What follows STARTTLS is TLS, and parsed as such.
package imap

import (
	"bytes"

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
		Caps:   caps,
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

// Caps, in the order of the Spec.
const capArguments = 0

var caps = []dissect.Cap{
	capArguments: {Name: "arguments", Doc: "IMAP: commands of whose arguments only the first 8 KiB, or 4 KiB of a line, were kept"},
}

// Line is a command, or a line of a response without its end and without literals.
type Line struct {
	dissect.MatchState
	id              uint64
	server          bool // it is the server's
	tag, name, rest []byte
	upper           [longestName]byte // memory of name
}

// longestName is more than the longest name of a command or a status, bytes; what is longer is left as it was sent.
const longestName = 24

// TxID implements dissect.Numbered.
func (l *Line) TxID() uint64 { return l.id }

func (l *Line) clone() *Line {
	return &Line{id: l.id, server: l.server, tag: bytes.Clone(l.tag), name: bytes.Clone(l.name), rest: bytes.Clone(l.rest)}
}

// parse cuts a line into tag, command or status, and what follows.
func (l *Line) parse(line []byte) {
	l.tag, l.rest, _ = bytes.Cut(line, space)
	l.name, l.rest, _ = bytes.Cut(l.rest, space)
	if len(l.name) <= longestName {
		for i, c := range l.name {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			l.upper[i] = c
		}
		l.name = l.upper[:len(l.name)]
	}
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
		str(false, "imap.command", command, "command in upper case: LOGIN, SELECT, UID, STARTTLS", name),
		str(false, "imap.arguments", command, "what follows the command, with literals (RFC 9051 section 4.3) in their place, up to 8 KiB", rest),
		str(true, "imap.response.tag", response, "tag of the command that a line answers; * for others, + where more is wanted", tag),
		str(true, "imap.response.status", response, "OK, NO, BAD, BYE, PREAUTH, or what else follows the tag: LIST, a number; in upper case", name),
		str(true, "imap.response.text", response, "what follows the status", rest),
	}
}

// statuses are what lines of a server that was not asked begin with, in upper case (RFC 9051 section 7).
var statuses = []string{"* OK ", "* PREAUTH ", "* BYE ", "* NO ", "* BAD ", "* LIST ", "* ESEARCH ", "* STATUS ", "* FLAGS ", "* CAPABILITY "}

// longestTag is how long the tag of a command may be that recognition believes in, bytes.
const longestTag = 16

// probe takes the server's greeting and other lines of its own, and the client's CAPABILITY; on the usual port other commands as well. A
// connection may be seen from its middle, with the server's packet first.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	v, from := probeLine(data), dissect.ToClient
	if v == dissect.No && (hint || dir == dissect.ToServer) {
		v, from = probeCommand(data, hint), dissect.ToServer
	}
	if v == dissect.Yes && dir != from {
		return dissect.Reversed
	}
	return v
}

// probeLine takes a line of the server.
func probeLine(data []byte) dissect.Verdict {
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

// probeCommand takes a command.
func probeCommand(data []byte, hint bool) dissect.Verdict {
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

// commands are those of RFC 9051, of its predecessor and of common extensions.
var commands = []string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "NOOP", "ID", "LOGOUT", "SELECT", "APPEND", "CHECK", "CLOSE", "COMPRESS", "COPY",
	"CREATE", "DELETE", "ENABLE", "EXAMINE", "EXPUNGE", "FETCH", "GETQUOTAROOT", "IDLE", "LIST", "LSUB", "MOVE", "NAMESPACE", "RENAME", "SEARCH", "SORT",
	"STATUS", "STORE", "SUBSCRIBE", "THREAD", "UID", "UNSELECT", "UNSUBSCRIBE", "XLIST"}

// isTag tells whether bytes can be the tag of a command.
func isTag(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\+]`), c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}
