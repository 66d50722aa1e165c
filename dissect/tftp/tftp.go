// Package tftp parses requests of the Trivial File Transfer Protocol (RFC 1350, options of RFC 2347). The files go over flows of their own,
// between ports that both sides choose.
package tftp

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Spec declares TFTP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:   "tftp",
		Doc:    "Trivial File Transfer Protocol",
		Ref:    "RFC 1350, RFC 2347",
		UDP:    &dissect.Detect{Ports: []uint16{69}, Probe: probe},
		New:    func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{evRequest: {Name: request, Doc: "a client asks to read or write a file", Dir: dissect.ToServer, Phase: 1, Log: true, Final: true}},
		Fields: fields(),
		EVE:    write,
		Clone:  func(tx any) any { return tx.(*Request).clone() },
	}
}

const (
	request                 = "tftp.request"
	evRequest dissect.Local = 0
)

// kinds are the names of the operations (RFC 1350 section 5; 6 is RFC 2347's).
var kinds = [...]string{"", "read", "write", "data", "ack", "error"}

// modes are those of transfers (RFC 1350 section 1). "mail" is long obsolete.
var modes = [...]string{"netascii", "octet", "mail"}

const (
	minLen = 4
	// maxOptions is how many options of a request are looked at.
	maxOptions = 16
)

// Request is a request for a file.
type Request struct {
	dissect.MatchState
	id      uint64
	kind    byte
	file    []byte
	mode    string // in lower case
	options []byte // names and values, each ended by a zero
}

// TxID implements dissect.Numbered.
func (r *Request) TxID() uint64 { return r.id }

func (r *Request) clone() *Request {
	n := *r
	n.MatchState = dissect.MatchState{}
	n.file, n.options = bytes.Clone(r.file), bytes.Clone(r.options)
	return &n
}

// split cuts a datagram of the client into the parts of a request; false if it is none.
func split(b []byte) (file []byte, mode string, options []byte, ok bool) {
	if len(b) < minLen || b[0] != 0 || b[1] == 0 || int(b[1]) >= len(kinds) {
		return nil, "", nil, false
	}
	file, rest, ok := bytes.Cut(b[2:], []byte{0})
	text, options, _ := bytes.Cut(rest, []byte{0})
	for _, m := range modes {
		if ok && bytes.EqualFold(text, dissect.Text(m)) {
			return file, m, options, true
		}
	}
	return nil, "", nil, false
}

// parse reads a datagram of the client; false if it is no request. r points into b.
func (r *Request) parse(b []byte) (ok bool) {
	file, mode, options, ok := split(b)
	if !ok {
		return false
	}
	r.kind, r.file, r.options = b[1], file, options
	r.mode = mode
	return true
}

// option gives the i-th option (RFC 2347): its name, or, with value, what is asked for.
func (r *Request) option(i int, value bool) ([]byte, bool) {
	b := r.options
	for n := 0; n <= i && i < maxOptions; n++ {
		name, rest, ok1 := bytes.Cut(b, []byte{0})
		v, rest, ok2 := bytes.Cut(rest, []byte{0})
		switch {
		case !ok1 || !ok2:
			return nil, false
		case n == i && value:
			return v, true
		case n == i:
			return name, true
		}
		b = rest
	}
	return nil, false
}

func fields() []dissect.Field {
	return []dissect.Field{
		dissect.Str("tftp.packet", request, "what is asked for: read, write", func(r *Request) []byte { return dissect.Text(kinds[r.kind]) }).OneOf(kinds[1:]...),
		dissect.Str("tftp.file", request, "name of the file", func(r *Request) []byte { return r.file }),
		dissect.Str("tftp.mode", request, "how the file is to be sent: octet, netascii, mail", func(r *Request) []byte { return dissect.Text(r.mode) }).OneOf(modes[:]...),
		dissect.Strs("tftp.option.name", request, "names of the options: blksize, tsize, timeout", func(r *Request, i int) ([]byte, bool) { return r.option(i, false) }),
		dissect.Strs("tftp.option.value", request, "values of the options, in the same order", func(r *Request, i int) ([]byte, bool) { return r.option(i, true) }),
	}
}

// write is the Spec's EVE function, with the members of Suricata's tftp records.
func write(w *jsonw.Writer, e *dissect.Env) {
	r, ok := e.Tx.(*Request)
	if !ok {
		return
	}
	w.Open("tftp")
	w.Key("packet")
	w.Str(kinds[r.kind])
	w.Key("file")
	w.Bytes(r.file)
	w.Key("mode")
	w.Str(r.mode)
	w.End()
}

// probe takes what begins like a datagram of TFTP on the usual port.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if !hint || len(data) < minLen || data[0] != 0 || dir != dissect.ToServer || data[1] == 0 || int(data[1]) >= len(kinds) {
		return dissect.No
	}
	return dissect.Yes
}

type parser struct{ r Request }

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if dir != dissect.ToServer {
		return len(data)
	}
	r := &p.r
	r.MatchState.Reset()
	*r = Request{MatchState: r.MatchState}
	if !r.parse(data) {
		return len(data) // an acknowledgement, where a server answers from the port that it was asked on
	}
	r.id = c.NextTxID()
	c.Emit(evRequest, r)
	return len(data)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.r.MatchState.Reset()
	p.r = Request{MatchState: p.r.MatchState}
}
