package pgsql

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
)

const (
	// maxText is how much of the texts of one transaction is kept, bytes.
	maxText = 64 << 10
	// maxHeld is how much of the texts of the transactions of a connection that wait is kept, bytes. The oldest end.
	maxHeld = 1 << 20
	// maxList is how many parameters, or queries, of one transaction are kept.
	maxList = 64
	// keepBuf is the largest buffer that a transaction keeps for the next, bytes.
	keepBuf = 4 << 10
)

// span is a text in Tx.buf. The zero value is absent.
type span struct {
	off, n uint32
	there  bool
}

type param struct{ name, value span }

// kind is what a transaction began with.
type kind uint8

const (
	kNone      kind = iota // the server spoke first
	kSSL                   // SSLRequest
	kGSS                   // GSSENCRequest
	kStartup               // StartupMessage
	kPassword              // PasswordMessage
	kSASL                  // SASLInitialResponse
	kSASLNext              // SASLResponse
	kGSSNext               // GSSResponse
	kQuery                 // Query
	kExtended              // Parse, Bind, Describe, Execute, Close, FunctionCall, up to Sync
	kCopy                  // CopyData of the client
	kCancel                // CancelRequest
	kTerminate             // Terminate
	kMalformed
)

// kindNames are names of kinds, in Suricata's words where it has some.
var kindNames = [...]string{kNone: "", kSSL: "ssl_request", kGSS: "gssenc_request", kStartup: "startup_message", kPassword: "password_message",
	kSASL: "sasl_initial_response", kSASLNext: "sasl_response", kGSSNext: "gss_response", kQuery: "simple_query", kExtended: "extended_query",
	kCopy: "copy_data_in", kCancel: "cancel_request", kTerminate: "termination_message", kMalformed: "unknown_message_type"}

// Tx is a transaction.
type Tx struct {
	dissect.MatchState
	id   uint64
	kind kind
	buf  []byte
	held *int // what the texts of all transactions of the connection take, bytes
	cut  bool // not all texts are kept

	major, minor uint16 // of a start
	params       []param
	queries      []span
	secret       span // password, or what SASL sends
	mechanism    span
	pid, key     uint32 // of a CancelRequest
	synced       bool   // the extended query is complete
	copied       copied // by the client
	copyEnd      string

	ssl      int8 // 1 accepted, -1 refused
	answered bool
	message  string // which kind of authentication
	salt     span
	final    span
	status   []param
	bPid     uint32 // BackendKeyData
	bKey     span
	hasKey   bool
	fields   int // columns of the last RowDescription, -1: none came
	rows     uint64
	rowBytes uint64
	out      copied // by the server
	copyIn   int    // columns, -1: none
	copyOut  int
	command  span
	// a notification that came between the answers, with who sent it
	notified         bool
	notifier         uint32
	channel, payload span
	failed           bool // errs is of an error, not of a notice
	errs             [len(errNames)]span
}

// copied counts CopyData messages.
type copied struct{ messages, bytes uint64 }

// errKeys are the types of the fields of errors and notices (section 53.8), errNames their names in records.
const errKeys = "SVCMDHPpqWstcdnFLR"

var errNames = [...]string{"severity_localizable", "severity_non_localizable", "code", "message", "detail", "hint", "position", "internal_position",
	"internal_query", "where", "schema_name", "table_name", "column_name", "data_type", "constraint_name", "file", "line", "routine"}

// Positions in errNames.
const (
	errSeverity = 1
	errCode     = 2
	errMessage  = 3
)

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset(id uint64, k kind, held *int) {
	t.MatchState.Reset()
	if cap(t.buf) > keepBuf {
		t.buf = nil
	}
	*t = Tx{MatchState: t.MatchState, id: id, kind: k, held: held, buf: t.buf[:0], params: t.params[:0], queries: t.queries[:0], status: t.status[:0],
		fields: -1, copyIn: -1, copyOut: -1}
}

// at gives a text; nil where it is absent.
func (t *Tx) at(s span) []byte {
	if !s.there {
		return nil
	}
	return t.buf[s.off : s.off+s.n : s.off+s.n]
}

// keep copies a text, as far as there is room.
func (t *Tx) keep(b []byte) span {
	if room := maxText - len(t.buf); len(b) > room {
		b, t.cut = b[:room], true
	}
	off := len(t.buf)
	t.buf = append(t.buf, b...)
	*t.held += len(b)
	return span{uint32(off), uint32(len(b)), true}
}

// clone makes a copy that stays.
func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState, n.held = dissect.MatchState{}, nil
	n.buf, n.params, n.queries, n.status = bytes.Clone(t.buf), slices.Clone(t.params), slices.Clone(t.queries), slices.Clone(t.status)
	return &n
}

// cstring cuts the text before the first NUL off b.
func cstring(b []byte) (text, rest []byte, ok bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}

// addParams reads names and values.
func (t *Tx) addParams(list []param, b []byte) []param {
	for len(b) > 0 && b[0] != 0 {
		if len(list) == maxList {
			t.cut = true
			break
		}
		name, rest, ok := cstring(b)
		if !ok {
			break
		}
		value, rest, _ := cstring(rest)
		list = append(list, param{t.keep(name), t.keep(value)})
		b = rest
	}
	return list
}

// param gives a parameter of the start; nil where it is absent.
func (t *Tx) param(name string) []byte {
	for _, p := range t.params {
		if string(t.at(p.name)) == name {
			return t.at(p.value)
		}
	}
	return nil
}

// addFields reads the fields of an error or a notice; those of an error replace those of a notice.
func (t *Tx) addFields(b []byte, failed bool) {
	if t.failed && !failed {
		return
	}
	t.errs = [len(errNames)]span{}
	t.failed = failed
	for len(b) > 1 && b[0] != 0 {
		i := bytes.IndexByte([]byte(errKeys), b[0])
		value, rest, _ := cstring(b[1:])
		if i >= 0 {
			t.errs[i] = t.keep(value)
		}
		b = rest
	}
}
