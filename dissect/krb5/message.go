package krb5

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// Caps on lists of a message; what is beyond is left out.
const (
	maxNames  = 32 // components of a principal's name
	maxETypes = 64 // kinds of encryption that a client takes
)

// Message is what is known of a message of either side.
type Message struct {
	dissect.MatchState
	id           uint64
	kind         uint32
	request      uint32 // kind of the request that an error answers, 0 where none was seen
	realm        []byte
	hasRealm     bool
	cname, sname name
	etypes       []int64 // that the client takes, in its order
	padata       []int64 // kinds of pre-authentication
	etype        int64   // of what only the client can read
	ticket       int64   // of the ticket
	hasEType     bool
	hasTicket    bool
	code         int64
	hasCode      bool
	text         []byte // what an error says to people
}

// name is a principal's name: components, with a slash between them in all.
type name struct {
	there bool
	all   []byte
	ends  []int // of the components in all
}

func (n *name) reset() { *n = name{all: n.all[:0], ends: n.ends[:0]} }

// part is the i-th component.
func (n *name) part(i int) ([]byte, bool) {
	if i >= len(n.ends) {
		return nil, false
	}
	from := 0
	if i > 0 {
		from = n.ends[i-1] + 1
	}
	return n.all[from:n.ends[i]:n.ends[i]], true
}

func (n *name) clone() name { return name{n.there, bytes.Clone(n.all), slices.Clone(n.ends)} }

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.id }

func (m *Message) reset() {
	m.MatchState.Reset()
	m.cname.reset()
	m.sname.reset()
	*m = Message{MatchState: m.MatchState, cname: m.cname, sname: m.sname, realm: m.realm[:0], etypes: m.etypes[:0], padata: m.padata[:0], text: m.text[:0]}
}

func (m *Message) clone() *Message {
	c := *m
	c.MatchState = dissect.MatchState{}
	c.cname, c.sname = m.cname.clone(), m.sname.clone()
	c.realm, c.text = bytes.Clone(m.realm), bytes.Clone(m.text)
	c.etypes, c.padata = slices.Clone(m.etypes), slices.Clone(m.padata)
	return &c
}

// field takes the next element, if it is the one with this number; they are all tagged (RFC 4120 section 5.1).
func field(r *ber.Reader, n byte) (in ber.Reader, ok bool) {
	body, ok := r.If(ber.Context | ber.Constructed | n)
	return ber.New(body), ok
}

// skipTo passes over elements in front of the one with this number.
func skipTo(r *ber.Reader, n byte) {
	for r.More() && r.Peek()&0x1f < n {
		r.Next()
	}
}

// principal reads a PrincipalName (RFC 4120 section 5.2.2).
func principal(in ber.Reader, n *name) bool {
	seq := in.In(ber.Sequence)
	skipTo(&seq, 1)
	list, ok := field(&seq, 1)
	if !ok {
		return false
	}
	names := list.In(ber.Sequence)
	for names.More() {
		part := names.Want(ber.String)
		if names.Failed {
			return false
		}
		if len(n.ends) < maxNames {
			if len(n.ends) > 0 {
				n.all = append(n.all, '/')
			}
			n.all = append(n.all, part...)
			n.ends = append(n.ends, len(n.all))
		}
	}
	n.there = true
	return !list.Failed
}

func (m *Message) setRealm(in ber.Reader) bool {
	m.realm, m.hasRealm = append(m.realm[:0], in.Want(ber.String)...), !in.Failed
	return m.hasRealm
}

// encrypted reads the kind of an EncryptedData (RFC 4120 section 5.2.9).
func encrypted(in ber.Reader) (etype int64, ok bool) {
	seq := in.In(ber.Sequence)
	first, ok := field(&seq, 0)
	etype = first.Int(ber.Integer)
	return etype, ok && !first.Failed
}

// parse reads a message without its length; false: it is not as it should be.
func (m *Message) parse(b []byte) bool {
	h, st := ber.ReadHead(b)
	if st != ber.OK || h.ID&0xc0 != ber.Application || h.Len > len(b)-h.Size {
		return false
	}
	m.kind = h.Number
	in := ber.New(b[h.Size : h.Size+h.Len])
	seq := in.In(ber.Sequence)
	switch m.kind {
	case asReq, tgsReq:
		return m.parseRequest(&seq)
	case asRep, tgsRep:
		return m.parseReply(&seq)
	case krbError:
		return m.parseError(&seq)
	}
	return !seq.Failed
}

// parseRequest reads a KDC-REQ (RFC 4120 section 5.4.1).
func (m *Message) parseRequest(seq *ber.Reader) bool {
	skipTo(seq, 3)
	m.preauth(seq, 3)
	skipTo(seq, 4)
	in, ok := field(seq, 4)
	if !ok {
		return false
	}
	body := in.In(ber.Sequence)
	skipTo(&body, 1)
	if in, ok := field(&body, 1); ok && !principal(in, &m.cname) {
		return false
	}
	if in, ok = field(&body, 2); !ok || !m.setRealm(in) {
		return false
	}
	if in, ok := field(&body, 3); ok && !principal(in, &m.sname) {
		return false
	}
	skipTo(&body, 8)
	if in, ok := field(&body, 8); ok {
		list := in.In(ber.Sequence)
		for list.More() && len(m.etypes) < maxETypes {
			if v := list.Int(ber.Integer); !list.Failed {
				m.etypes = append(m.etypes, v)
			}
		}
		return !list.Failed
	}
	return !body.Failed
}

// preauth notes the kinds of pre-authentication data.
func (m *Message) preauth(seq *ber.Reader, n byte) {
	in, ok := field(seq, n)
	if !ok {
		return
	}
	list := in.In(ber.Sequence)
	for list.More() && len(m.padata) < maxETypes {
		pa := list.In(ber.Sequence)
		kind, _ := field(&pa, 1)
		if v := kind.Int(ber.Integer); !kind.Failed {
			m.padata = append(m.padata, v)
		}
	}
}

// parseReply reads a KDC-REP with its ticket (RFC 4120 sections 5.4.2 and 5.3).
func (m *Message) parseReply(seq *ber.Reader) bool {
	skipTo(seq, 2)
	m.preauth(seq, 2)
	skipTo(seq, 3)
	realm, ok1 := field(seq, 3)
	client, ok2 := field(seq, 4)
	in, ok3 := field(seq, 5)
	secret, ok4 := field(seq, 6)
	if !ok1 || !ok2 || !ok3 || !ok4 || !m.setRealm(realm) || !principal(client, &m.cname) {
		return false
	}
	wrapped := in.In(ber.Application | ber.Constructed | 1)
	ticket := wrapped.In(ber.Sequence)
	skipTo(&ticket, 2)
	service, ok1 := field(&ticket, 2)
	sealed, ok2 := field(&ticket, 3)
	if !ok1 || !ok2 || !principal(service, &m.sname) {
		return false
	}
	m.ticket, m.hasTicket = encrypted(sealed)
	m.etype, m.hasEType = encrypted(secret)
	return m.hasTicket && m.hasEType
}

// parseError reads a KRB-ERROR (RFC 4120 section 5.9.1).
func (m *Message) parseError(seq *ber.Reader) bool {
	skipTo(seq, 6)
	code, ok := field(seq, 6)
	m.code = code.Int(ber.Integer)
	if m.hasCode = ok && !code.Failed; !m.hasCode {
		return false
	}
	if in, ok := field(seq, 7); ok && !m.setRealm(in) {
		return false
	}
	if in, ok := field(seq, 8); ok && !principal(in, &m.cname) {
		return false
	}
	skipTo(seq, 10)
	if in, ok := field(seq, 10); !ok || !principal(in, &m.sname) {
		return false
	}
	if in, ok := field(seq, 11); ok {
		m.text = append(m.text, in.Want(ber.String)...)
	}
	return !seq.Failed
}

// weak tells kinds of encryption that are not to be used any more: all but AES and Camellia (RFC 8429, RFC 6649).
func weak(etype int64) bool { return etype < 17 || etype > 20 && etype != 25 && etype != 26 }

// appendNumbered appends a name, or where there is none KIND(number), as Suricata does.
func appendNumbered(dst []byte, text, kind string, n int64) []byte {
	if text != "" {
		return append(dst, text...)
	}
	return append(strconv.AppendInt(append(append(dst, kind...), '('), n, 10), ')')
}

func kindName(kind uint32) string {
	switch kind {
	case asReq:
		return "KRB_AS_REQ"
	case asRep:
		return "KRB_AS_REP"
	case tgsReq:
		return "KRB_TGS_REQ"
	case tgsRep:
		return "KRB_TGS_REP"
	case apReq:
		return "KRB_AP_REQ"
	case krbError:
		return "KRB_ERROR"
	}
	return ""
}
