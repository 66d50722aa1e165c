package ftp

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Limits on what a transaction keeps.
const (
	maxReplies = 64      // lines of replies
	maxText    = 8 << 10 // bytes of all replies
)

// span is a piece of Tx.text.
type span struct{ off, n uint32 }

// Tx is a command with its replies.
type Tx struct {
	dissect.MatchState
	id        uint64
	verb      []byte // the command's name in upper case, empty for replies without command
	data      []byte // what follows it
	long      bool   // the command line was cut
	replyLong bool   // a line of a reply was cut
	text      []byte // of replies
	replies   []span // lines of them, see reply
	codes     []span // in order
	status    []byte // code of the last reply, nil without one
	answered  bool   // the last reply came
	mode      mode
	port      uint16 // of the data connection, 0 when none was named
	bounce    bool   // PORT or EPRT name another host than the client
}

// mode says who opens the data connection.
type mode uint8

const (
	noMode  mode = iota
	active       // the server: PORT, EPRT
	passive      // the client: PASV, EPSV
)

func (m mode) String() string { return [...]string{"", "active", "passive"}[m%3] }

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) at(s span) []byte { return t.text[s.off : s.off+s.n] }

func (t *Tx) add(b []byte) span {
	b = b[:min(len(b), maxText-len(t.text))]
	s := span{uint32(len(t.text)), uint32(len(b))}
	t.text = append(t.text, b...)
	return s
}

// reply adds a line of a reply; false where there are too many to keep it. As in Suricata the code is that of lines with a blank behind it,
// and other lines of a reply that goes on (220-hello) stay as they are.
func (t *Tx) reply(line []byte) bool {
	text := bytes.TrimRight(line, " \t\r\n")
	if len(text) == 0 {
		return true
	}
	code, rest, more := splitReply(text)
	if len(code) > 0 && len(text) > len(code) && !more {
		text = rest
	} else {
		code = nil
	}
	if len(t.replies) >= maxReplies || len(t.text) >= maxText {
		t.replyLong = true
		return false
	}
	if len(code) > 0 {
		t.codes = append(t.codes, t.add(code))
	}
	if len(text) > 0 {
		t.replies = append(t.replies, t.add(text))
	}
	return true
}

func (t *Tx) reset(id uint64) {
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, id: id, verb: t.verb[:0], data: t.data[:0], text: t.text[:0], replies: t.replies[:0], codes: t.codes[:0], status: t.status[:0]}
}

func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.verb, n.data, n.text, n.status = bytes.Clone(t.verb), bytes.Clone(t.data), bytes.Clone(t.text), bytes.Clone(t.status)
	n.replies, n.codes = append([]span(nil), t.replies...), append([]span(nil), t.codes...)
	return &n
}

func (t *Tx) is(verb string) bool { return string(t.verb) == verb }
