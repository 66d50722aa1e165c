package ldap

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// Tx is a request with its responses. Messages are kept as they were sent, and read again where somebody asks for more than what
// is noted here.
type Tx struct {
	dissect.MatchState
	id         uint64
	hasRequest bool
	request    message
	responses  []message
	count      int // of responses, also those that are not kept
	complete   bool
	fresh      bool      // responses came that were not shown
	data       []byte    // of the messages
	text       []byte    // what is not in data as it is shown
	requested  []span    // attributes of the request, in data
	returned   []span    // attributes of the responses
	controls   [2][]span // names of the controls, of the request and of the responses
	filter     span      // in text
}

// message is what is kept of a message.
type message struct {
	op   byte
	id   int64
	body span // content of the operation
	dn   span
	// controls are what comes behind the operation (RFC 4511 section 4.1.11), without their tag and length
	controls span
	// result of the operation, for those that have one
	hasResult bool
	code      int64
	text      span // the diagnostic message
}

// span is a stretch of Tx.data or Tx.text.
type span struct{ off, n uint32 }

func (t *Tx) at(s span) []byte { return t.data[s.off : s.off+s.n : s.off+s.n] }

// in gives the span of b, which lies in t.data.
func (t *Tx) in(b []byte) span {
	if len(b) == 0 {
		return span{}
	}
	return span{uint32(cap(t.data) - cap(b)), uint32(len(b))}
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

// frameTx is the transaction of a frame: Suricata counts those of LDAP's frames from 1.
type frameTx struct{ *Tx }

// TxID implements dissect.Numbered.
func (t *frameTx) TxID() uint64 { return t.id + 1 }

func txOf(x any) *Tx {
	switch t := x.(type) {
	case *Tx:
		return t
	case *frameTx:
		return t.Tx
	}
	return new(Tx)
}

// keepData is the largest memory that stays with a transaction that is used again, bytes.
const keepData = 4 << 10

func (t *Tx) reset() {
	t.MatchState.Reset()
	if cap(t.data) > keepData || cap(t.responses) > keepData/messageCost {
		t.data, t.responses, t.returned, t.controls = nil, nil, nil, [2][]span{}
	}
	if cap(t.text) > keepData {
		t.text = nil
	}
	*t = Tx{MatchState: t.MatchState, responses: t.responses[:0], data: t.data[:0], text: t.text[:0], requested: t.requested[:0], returned: t.returned[:0],
		controls: [2][]span{t.controls[0][:0], t.controls[1][:0]}}
}

func (t *Tx) clone() *Tx {
	c := *t
	c.MatchState = dissect.MatchState{}
	c.data, c.text = bytes.Clone(t.data), bytes.Clone(t.text)
	c.responses, c.requested, c.returned = slices.Clone(t.responses), slices.Clone(t.requested), slices.Clone(t.returned)
	c.controls = [2][]span{slices.Clone(t.controls[0]), slices.Clone(t.controls[1])}
	return &c
}

// messageCost is what a response costs besides its bytes.
const messageCost = 96

// cost is what is kept of a transaction, bytes.
func (t *Tx) cost() int { return len(t.data) + len(t.text) + messageCost*len(t.responses) }

// Caps on what is noted of a message.
const (
	maxAttributes = 4096    // names of attributes, of a request, and of its responses together; so many of controls
	maxFilter     = 8 << 10 // bytes of a search filter in text
)

// keep copies the content of an operation, and gives it in its place. Its capacity tells where it is, see in.
func (t *Tx) keep(body []byte) []byte {
	off := len(t.data)
	t.data = append(t.data, body...)
	return t.data[off:]
}

// addRequest notes what a request says; false: it is not as it should be.
func (t *Tx) addRequest(op byte, id int64, body []byte) bool {
	t.hasRequest = true
	m := &t.request
	b := t.keep(body)
	*m = message{op: op, id: id, body: t.in(b)}
	r := ber.New(b)
	switch op {
	case opBind:
		r.Int(ber.Integer)
		m.dn = t.in(r.Want(ber.OctetString))
	case opSearch:
		return t.search(&r)
	case opDel:
		m.dn = m.body
	case opModDN:
		m.dn = t.in(r.Want(ber.OctetString))
	case opCompare:
		m.dn = t.in(r.Want(ber.OctetString))
		ava := r.In(ber.Sequence)
		t.requested = append(t.requested, t.in(ava.Want(ber.OctetString)))
		return !r.Failed && !ava.Failed
	case opAdd:
		m.dn = t.in(r.Want(ber.OctetString))
		list := r.In(ber.Sequence)
		return t.attributes(&list, &t.requested) && !r.Failed
	case opModify:
		m.dn = t.in(r.Want(ber.OctetString))
		for list := r.In(ber.Sequence); list.More(); {
			change := list.In(ber.Sequence)
			change.Int(ber.Enumerated)
			attribute := change.In(ber.Sequence)
			if name := attribute.Want(ber.OctetString); !attribute.Failed && len(t.requested) < maxAttributes {
				t.requested = append(t.requested, t.in(name))
			}
			if list.Failed || attribute.Failed {
				return false
			}
		}
	case opExtended:
		r.Want(ber.Context)
	}
	return !r.Failed
}

// addControls notes the controls of a message, and their names in to.
func (t *Tx) addControls(m *message, controls []byte, to *[]span) {
	if len(controls) == 0 {
		return
	}
	b := t.keep(controls)
	m.controls = t.in(b)
	r := ber.New(b)
	for c, ok := nextControl(&r); ok && len(*to) < maxAttributes; c, ok = nextControl(&r) {
		*to = append(*to, t.in(c.oid))
	}
}

// control is what a message says beside its operation.
type control struct {
	oid      []byte // as text
	critical bool
	value    []byte
	hasValue bool
}

// nextControl takes a control off a list; ok is false at its end, and where it is not as it should be.
func nextControl(list *ber.Reader) (c control, ok bool) {
	if !list.More() {
		return c, false
	}
	r := list.In(ber.Sequence)
	c.oid = r.Want(ber.OctetString)
	ok = !r.Failed && !list.Failed
	if v, there := r.If(ber.Boolean); there {
		c.critical = truth(v)
	}
	c.value, c.hasValue = r.If(ber.OctetString)
	return c, ok
}

// search reads a SearchRequest (RFC 4511 section 4.5.1).
func (t *Tx) search(r *ber.Reader) bool {
	t.request.dn = t.in(r.Want(ber.OctetString))
	r.Int(ber.Enumerated)
	r.Int(ber.Enumerated)
	r.Int(ber.Integer)
	r.Int(ber.Integer)
	r.Want(ber.Boolean)
	id, filter, ok := r.Next()
	if !ok {
		return false
	}
	start := len(t.text)
	if t.text, ok = appendFilter(t.text, id, filter, 0); !ok {
		return false
	}
	t.filter = span{uint32(start), uint32(len(t.text) - start)}
	list := r.In(ber.Sequence)
	for list.More() {
		if name := list.Want(ber.OctetString); !list.Failed && len(t.requested) < maxAttributes {
			t.requested = append(t.requested, t.in(name))
		}
	}
	return !r.Failed && !list.Failed
}

// attributes notes the names in a list of attributes with their values.
func (t *Tx) attributes(list *ber.Reader, to *[]span) bool {
	for list.More() {
		attribute := list.In(ber.Sequence)
		if name := attribute.Want(ber.OctetString); !attribute.Failed && len(*to) < maxAttributes {
			*to = append(*to, t.in(name))
		}
		if attribute.Failed {
			return false
		}
	}
	return !list.Failed
}

// addResponse notes what a response says; false: it is not as it should be.
func (t *Tx) addResponse(op byte, id int64, body []byte) bool {
	b := t.keep(body)
	m := message{op: op, id: id, body: t.in(b)}
	r := ber.New(b)
	switch op {
	case opEntry:
		m.dn = t.in(r.Want(ber.OctetString))
		list := r.In(ber.Sequence)
		if !t.attributes(&list, &t.returned) {
			r.Failed = true
		}
	case opReference, opIntermediate:
	default:
		m.code = r.Int(ber.Enumerated)
		m.dn = t.in(r.Want(ber.OctetString))
		m.text = t.in(r.Want(ber.OctetString))
		m.hasResult = !r.Failed
	}
	t.responses = append(t.responses, m)
	return !r.Failed
}
