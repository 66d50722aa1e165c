// Package pop3 parses the Post Office Protocol, version 3 (RFC 1939, extensions of RFC 2449, RFC 2595 and RFC 5034). A transaction is a
// command with its response; the greeting is one without command. Mails that the server sends are read as those of SMTP.
package pop3

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/smtp"
)

// Spec declares POP3 with the default options of mails.
func Spec() *dissect.Spec { return NewSpec(smtp.Spec(), smtp.DefaultOptions()) }

// NewSpec declares POP3; the mails that it carries have the events of mails of SMTP, which is told so, and are written as o says.
func NewSpec(mails *dissect.Spec, o smtp.Options) *dissect.Spec {
	s := &dissect.Spec{
		Name: "pop3",
		Doc:  "Post Office Protocol, version 3",
		Ref:  "RFC 1939, RFC 2449",
		TCP:  &dissect.Detect{Ports: []uint16{110}, Probe: probe, Server: true},
		Events: []dissect.Event{
			evRequest: {Name: request, Doc: "a command of the client", Dir: dissect.ToServer, Phase: 1},
			evTx:      {Name: txEvent, Doc: "the server answered a command, or the connection ended", Dir: dissect.ToClient, Phase: 2, Log: true, Final: true},
		},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		EVE:       write,
		Context: func(w *jsonw.Writer, e *dissect.Env) {
			write(w, e)
			if t, ok := e.Tx.(*smtp.Tx); ok {
				o.Email(w, t)
			}
		},
		Clone: func(tx any) any {
			if t, ok := tx.(*smtp.Tx); ok {
				return t.Clone()
			}
			return tx.(*Tx).clone()
		},
	}
	s.New = func() dissect.Parser { return &parser{mails: mails, spec: s} }
	mails.Carriers = append(mails.Carriers, s)
	return s
}

// Names of events, as the fields refer to them.
const request, txEvent = "pop3.request", "pop3.tx"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evTx
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anTooMany = iota
	anLongRequest
	anArguments
	anUnknown
	anLongResponse
)

var anomalies = []string{anTooMany: "too_many_transactions", anLongRequest: "request_too_long", anArguments: "incorrect_argument_count",
	anUnknown: "unknown_command", anLongResponse: "response_too_long"}

// command is a command that is known.
type command struct {
	name     string
	min, max int // arguments
	multi    int // its response has several lines if it has so many arguments at most, -1: never
}

// commands are those of RFC 1939, RFC 2449 (CAPA), RFC 2595 (STLS), RFC 5034 (AUTH) and RFC 6856 (LANG, UTF8).
var commands = [...]command{
	{"APOP", 2, 2, -1}, {"AUTH", 0, 2, 0}, {"CAPA", 0, 0, maxArgs}, {"DELE", 1, 1, -1}, {"LANG", 0, 1, 0}, {"LIST", 0, 1, 0}, {"NOOP", 0, 0, -1},
	{"PASS", 1, maxArgs, -1}, {"QUIT", 0, 0, -1}, {"RETR", 1, 1, maxArgs}, {"RSET", 0, 0, -1}, {"STAT", 0, 0, -1}, {"STLS", 0, 0, -1}, {"TOP", 2, 2, maxArgs},
	{"UIDL", 0, 1, 0}, {"USER", 1, 1, -1}, {"UTF8", 0, 0, -1},
}

// sasl stands for a line of a login in place of a command.
var sasl = command{name: "<SASL DATA>", max: maxArgs, multi: -1}

// lookup finds a command by its name in letters of any case; nil for none.
func lookup(name []byte) *command {
	for i := range commands {
		if len(name) == len(commands[i].name) && bytes.EqualFold(name, dissect.Text(commands[i].name)) {
			return &commands[i]
		}
	}
	return nil
}

// probe takes a server's greeting that names the protocol, and a client's CAPA; on the usual port any response or known command.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	const positive, negative = "+OK", "-ERR"
	if dir == dissect.ToServer {
		if hint && (bytes.HasPrefix(data, []byte(positive)) || bytes.HasPrefix(data, []byte(negative))) {
			return dissect.Reversed // seen from its middle
		}
		if !hint && data[0]|0x20 != 'c' {
			return dissect.No
		}
		line, _, whole := bytes.Cut(data, []byte("\r\n"))
		switch name, _, _ := bytes.Cut(line, []byte(" ")); {
		case !whole && len(data) < 5:
			return dissect.More
		case hint && lookup(name) != nil, !hint && whole && bytes.EqualFold(line, []byte("CAPA")):
			return dissect.Yes
		}
		return dissect.No
	}
	n := min(len(data), len(positive))
	if string(data[:n]) != positive[:n] {
		if n = min(len(data), len(negative)); !hint || string(data[:n]) != negative[:n] {
			return dissect.No
		}
	}
	if len(data) < 4 {
		return dissect.More
	}
	if hint {
		return dissect.Yes
	}
	line, _, whole := bytes.Cut(data[:min(len(data), maxLine)], []byte("\r\n"))
	switch {
	case greets(line):
		return dissect.Yes
	case whole || len(data) >= maxLine:
		return dissect.No
	}
	return dissect.More
}

// greets tells whether a server's first line names the protocol, or a program for it.
func greets(line []byte) bool {
	return bytes.Contains(line, []byte("POP3")) || bytes.Contains(line, []byte("pop3")) || bytes.Contains(line, []byte("Dovecot"))
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capTexts
)

var caps = []dissect.Cap{
	capTx:    {Name: "transactions", Doc: "POP3: transactions that ended before their time because too many waited for an answer (app-layer.protocols.pop3.max-tx)"},
	capTexts: {Name: "texts", Doc: "POP3: transactions of whose arguments or lines not all were kept"},
}
