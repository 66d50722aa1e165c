package smtp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// span is a piece of Tx.text.
type span struct{ off, n uint32 }

// Tx is a transaction: an envelope with its mail, and the command and the reply that are
// being looked at. It is reused for the next one.
type Tx struct {
	dissect.MatchState
	id   uint64
	text []byte // what the spans are pieces of
	from span
	rcpt []span
	// begun and done bound its life; hasFrom says that there was a MAIL FROM.
	begun, done, hasFrom bool
	complete             bool          // the end of the mail was seen, and nothing of it is missing
	mail                 *mime.Message // nil without one
	seen                 uint32        // anomalies already reported
	conn                 *conn
}

// conn is what is known of the connection, whatever the transaction.
type conn struct {
	helo, banner    []byte
	hasHelo         bool
	verb, line      []byte // the last command: its name in upper case, and the whole of it
	code            int64  // of the last reply
	reply           []byte // its text, lines joined with LF, without the codes
	replyTo         []byte // the command that it answers
	mechanism, user []byte // of AUTH
	listed          bool   // the server told its extensions, of which these are
	pipelining      bool
	chunking        bool
	starttls        bool
	failures        int64 // logins refused
}

// Limits on what a transaction keeps.
const (
	maxRecipients = 1024
	maxText       = 256 << 10 // bytes of all addresses
	maxReplyText  = 2 << 10   // bytes of a reply
	maxUser       = 256       // bytes of a login name
	keepText      = 8 << 10   // bytes kept for the next transaction
)

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

// Mail gives the mail, nil when the transaction has none.
func (t *Tx) Mail() *mime.Message { return t.mail }

func (t *Tx) at(s span) []byte { return t.text[s.off : s.off+s.n] }

func (t *Tx) add(b []byte) span {
	s := span{uint32(len(t.text)), uint32(len(b))}
	t.text = append(t.text, b...)
	return s
}

func (t *Tx) reset(id uint64) {
	if cap(t.text) > keepText {
		t.text, t.rcpt = nil, nil
	}
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, id: id, text: t.text[:0], rcpt: t.rcpt[:0], conn: t.conn}
}

func (c *conn) reset() {
	*c = conn{helo: c.helo[:0], banner: c.banner[:0], verb: c.verb[:0], line: c.line[:0], reply: c.reply[:0],
		replyTo: c.replyTo[:0], mechanism: c.mechanism[:0], user: c.user[:0]}
}

// Clone makes a copy that stays valid.
func (t *Tx) Clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.text = append([]byte(nil), t.text...)
	n.rcpt = append([]span(nil), t.rcpt...)
	c := *t.conn
	for _, b := range []*[]byte{&c.helo, &c.banner, &c.verb, &c.line, &c.reply, &c.replyTo, &c.mechanism, &c.user} {
		*b = append([]byte(nil), *b...)
	}
	n.conn = &c
	if t.mail != nil {
		n.mail = t.mail.Clone()
	}
	return &n
}

// helo gives the client's name, nil before it told one.
func (t *Tx) helo() []byte {
	if !t.conn.hasHelo {
		return nil
	}
	return t.conn.helo
}

func (t *Tx) mailFrom() []byte {
	if !t.hasFrom {
		return nil
	}
	return t.at(t.from)
}

func (t *Tx) rcptTo(i int) ([]byte, bool) {
	if i >= len(t.rcpt) {
		return nil, false
	}
	return t.at(t.rcpt[i]), true
}

// some gives b, or nil for an absent value.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
