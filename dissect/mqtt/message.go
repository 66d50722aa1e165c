package mqtt

import (
	"bytes"
	"slices"

	"github.com/luanids/luanids/dissect"
)

const (
	// maxTopics is how many topics of a SUBSCRIBE or UNSUBSCRIBE are kept.
	maxTopics = 1024
	// maxMessages is how many control packets of one transaction are kept; of repeated ones the last replaces the one before.
	maxMessages = 8
	// keepOwn is the largest buffer that a message keeps for the next, bytes.
	keepOwn = 1 << 10
)

// span is a value in Message.body.
type span struct {
	off, n uint32
	there  bool
}

type topic struct {
	name span
	qos  byte
}

// Message is a control packet.
type Message struct {
	header
	cut       bool // there are more topics
	truncated bool // longer than max-msg-length: nothing of it was parsed
	body      []byte
	own       []byte // memory for body when it outlives the packet

	proto, clientID, willTopic, will, user, pass span
	version, connect                             byte // of a CONNECT: version and flags
	keepalive                                    uint16
	present                                      bool // session present

	topic, payload   span
	id               uint16
	hasID            bool
	code             byte
	hasCode          bool
	codes            span
	topics           []topic
	props, willProps span

	pairAt, pairOff int // number and place of the user property that was asked for last
}

// Flags of a CONNECT (MQTT 5.0 section 3.1.2.3).
const (
	cleanSession = 0x02
	willFlag     = 0x04
	willRetain   = 0x20
	hasPassword  = 0x40
	hasUser      = 0x80
)

func (m *Message) reset(h header) {
	if cap(m.own) > keepOwn {
		m.own = nil
	}
	*m = Message{header: h, own: m.own[:0], topics: m.topics[:0]}
}

// at gives a value; nil where it is absent. What was cut off (see keep) is missing at its end.
func (m *Message) at(s span) []byte {
	if !s.there {
		return nil
	}
	from := min(int(s.off), len(m.body))
	to := min(int(s.off+s.n), len(m.body))
	return m.body[from:to:to]
}

// keep copies the body, of the payload only the first n bytes, since what it aliases is about to go.
func (m *Message) keep(n int) {
	b := m.body
	if m.payload.there {
		b = b[:min(len(b), int(m.payload.off)+n)]
	}
	m.own = append(m.own[:0], b...)
	m.body = m.own
}

func (m *Message) clone() Message {
	n := *m
	n.body, n.own, n.topics = bytes.Clone(m.body), nil, slices.Clone(m.topics)
	return n
}

// parse reads the body b of a control packet in a connection of the given version; false if it is malformed.
func (m *Message) parse(b []byte, version byte) bool {
	m.body = b
	r := reader{b: b, ok: true}
	v5 := version == 5
	switch m.typ {
	case tConnect:
		m.parseConnect(&r)
	case tConnack:
		m.present = r.u8()&1 != 0
		m.code, m.hasCode = r.u8(), true
		m.props = properties(&r, v5)
	case tPublish:
		m.topic = r.data()
		if m.hasID = m.qos() > 0; m.hasID {
			m.id = r.u16()
		}
		m.props = properties(&r, v5)
		m.payload = r.take(r.left())
	case tPuback, tPubrec, tPubrel, tPubcomp:
		m.id, m.hasID = r.u16(), true
		m.reason(&r, version)
	case tSubscribe, tUnsubscribe:
		m.id, m.hasID = r.u16(), true
		m.props = properties(&r, v5)
		m.parseTopics(&r)
	case tSuback, tUnsuback:
		m.id, m.hasID = r.u16(), true
		m.props = properties(&r, v5)
		m.codes = r.take(r.left())
	case tDisconnect:
		m.reason(&r, version)
	case tAuth:
		m.reason(&r, 5)
	}
	return r.ok
}

// reason reads a reason code, and properties; without either it is success (MQTT 5.0 section 3.4.2.1).
func (m *Message) reason(r *reader, version byte) {
	if version < 5 {
		return
	}
	m.hasCode = true
	if r.left() > 0 {
		m.code = r.u8()
	}
	m.props = properties(r, r.left() > 0)
}

// parseConnect reads a CONNECT (MQTT 5.0 section 3.1).
func (m *Message) parseConnect(r *reader) {
	m.proto = r.data()
	m.version, m.connect = r.u8(), r.u8()
	m.keepalive = r.u16()
	v5, will := m.version == 5, m.connect&willFlag != 0
	m.props = properties(r, v5)
	m.clientID = r.data()
	if will {
		m.willProps = properties(r, v5)
		m.willTopic, m.will = r.data(), r.data()
	}
	if m.connect&hasUser != 0 {
		m.user = r.data()
	}
	if m.connect&hasPassword != 0 {
		m.pass = r.data()
	}
}

// parseTopics reads the topics of a SUBSCRIBE, which wants one at least, or UNSUBSCRIBE. What follows the last whole one is ignored.
func (m *Message) parseTopics(r *reader) {
	for r.left() > 0 {
		t := topic{name: r.data()}
		if m.typ == tSubscribe {
			t.qos = r.u8()
		}
		if !r.ok {
			break
		}
		if m.cut = len(m.topics) == maxTopics; !m.cut {
			m.topics = append(m.topics, t)
		}
	}
	r.ok = m.typ == tUnsubscribe || len(m.topics) > 0
}

// Tx is a transaction.
type Tx struct {
	dissect.MatchState
	id      uint64
	dir     dissect.Dir // of its first message
	wait    uint32      // packet identifier that an answer will have; 0: none is awaited
	version byte        // of the connection, when the last message came
	msgs    []Message
	kept    int    // bytes of payload that were kept beyond what records show
	held    int    // bytes of messages that were kept
	topics  [2]int // how many topics of a SUBSCRIBE, and of an UNSUBSCRIBE, rules look at
	open    bool
}

// waitConnack is the packet identifier of a CONNECT, which has none.
const waitConnack = 1 << 16

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset(id uint64, dir dissect.Dir) {
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, id: id, dir: dir, msgs: t.msgs[:0]}
}

// add makes room for another message, and gives it.
func (t *Tx) add() *Message {
	n := len(t.msgs)
	switch {
	case n == maxMessages:
	case n < cap(t.msgs):
		t.msgs = t.msgs[:n+1]
	default:
		t.msgs = append(t.msgs, Message{})
	}
	return &t.msgs[len(t.msgs)-1]
}

// first is the message that the transaction began with, nil if that was malformed.
func (t *Tx) first() *Message {
	if len(t.msgs) == 0 {
		return nil
	}
	return &t.msgs[0]
}

// of gives the message of a type, nil if there is none.
func (t *Tx) of(typ byte) *Message {
	for i := range t.msgs {
		if m := &t.msgs[i]; m.typ == typ && !m.truncated {
			return m
		}
	}
	return nil
}

func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState = dissect.MatchState{}
	n.msgs = make([]Message, len(t.msgs))
	for i := range t.msgs {
		n.msgs[i] = t.msgs[i].clone()
	}
	return &n
}
