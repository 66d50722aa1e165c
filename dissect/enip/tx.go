package enip

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
)

// Tx is a transaction: a request with its response, or one of them alone.
type Tx struct {
	dissect.Mutable
	id                uint64
	at                int64 // when it began, nanoseconds since the Unix epoch
	request, response pdu
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

// keepEntries is how much memory stays with a transaction that is used again, entries of each list.
const keepEntries = 256

func (t *Tx) reset() {
	t.request.release()
	t.response.release()
	t.Mutable, t.id, t.at = dissect.Mutable{}, 0, 0
}

// release empties a message; large memory is given back.
func (p *pdu) release() {
	if max(cap(p.messages), cap(p.segments), cap(p.attributes), cap(p.symbols), cap(p.texts)/4, cap(p.pieces), cap(p.calls.list), cap(p.calls.text)/16) > keepEntries {
		*p = pdu{}
	}
	p.reset()
}

func (t *Tx) clone() *Tx {
	return &Tx{Mutable: t.Mutable, id: t.id, at: t.at, request: t.request.clone(), response: t.response.clone()}
}

func (t *Tx) size() int { return t.request.size() + t.response.size() }

// side is the message of a direction; nil where none has come.
func (t *Tx) side(d dissect.Dir) *pdu {
	p := &t.request
	if d == dissect.ToClient {
		p = &t.response
	}
	if !p.there {
		return nil
	}
	return p
}

// answers tells whether a response belongs to a request.
func answers(req, resp *pdu) bool {
	switch {
	case req.command != resp.command:
		return false
	case req.session != resp.session && req.command != cmdRegisterSession: // which gives the session its number
		return false
	case resp.refuses():
		return true
	case (req.payload == payloadCIP) != (resp.payload == payloadCIP):
		return false
	case req.payload == payloadCIP && req.connected && resp.connected:
		return req.sequence == resp.sequence
	}
	return true
}

// calls are what the CIP messages of a request ask for, as text: made when a rule first asks.
type calls struct {
	made bool
	text []byte
	list []span // in text
}

// release forgets them when the message was judged: while it waits for a response nobody asks.
func (c *calls) release() {
	if cap(c.list) > keepEntries {
		*c = calls{}
	}
	*c = calls{text: c.text[:0], list: c.list[:0]}
}

// maxCalls caps them, and maxPathAttributes the attributes of one path, of which there is one.
const (
	maxCalls          = 4096
	maxPathAttributes = 16
)

// call gives the i-th call: "14,1" for service 14 of class 1, "14,1,7" for attribute 7 of it.
func (p *pdu) call(i int) ([]byte, bool) {
	c := &p.calls
	if !c.made {
		c.made = true
		for i := range p.messages {
			p.callsOf(&p.messages[i])
		}
	}
	if i >= len(c.list) {
		return nil, false
	}
	s := c.list[i]
	return c.text[s.off : s.off+s.n : s.off+s.n], true
}

func (p *pdu) callsOf(m *message) {
	path := p.pathOf(m)
	var attributes [maxPathAttributes]uint32
	n := 0
	for _, g := range path {
		if g.kind>>2 == segAttribute && n < len(attributes) {
			attributes[n] = g.value
			n++
		}
	}
	for _, class := range path {
		switch {
		case len(p.calls.list) >= maxCalls:
			return
		case class.kind>>2 != segClass:
			continue
		}
		p.addCall(m.service, class.value, -1)
		for _, a := range attributes[:n] {
			p.addCall(m.service, class.value, int64(a))
		}
		for _, a := range p.listOf(m) {
			p.addCall(m.service, class.value, int64(a))
		}
	}
}

func (p *pdu) addCall(service uint8, class uint32, attribute int64) {
	c := &p.calls
	if len(c.list) >= maxCalls {
		return
	}
	from := len(c.text)
	c.text = strconv.AppendUint(c.text, uint64(service), 10)
	c.text = strconv.AppendUint(append(c.text, ','), uint64(class), 10)
	if attribute >= 0 {
		c.text = strconv.AppendInt(append(c.text, ','), attribute, 10)
	}
	c.list = append(c.list, span{from, len(c.text) - from})
}
