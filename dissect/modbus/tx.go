package modbus

import "github.com/luanids/luanids/dissect"

// Tx is a transaction: a request with its response, or one of them alone.
type Tx struct {
	dissect.Mutable
	id                uint64
	at                int64 // when it began, nanoseconds since the Unix epoch
	request, response message
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset(id uint64, at int64) {
	t.Mutable, t.id, t.at = dissect.Mutable{}, id, at
	t.request.there, t.response.there = false, false
}

func (t *Tx) clone() *Tx {
	c := *t
	return &c
}

// main is the message that says what the transaction is about: the request where there is one.
func (t *Tx) main() *message {
	if t.request.there {
		return &t.request
	}
	return &t.response
}

// got gives the i-th value of a response to a reading request, and its address counted from 1.
func (t *Tx) got(i int) (address, value int64, ok bool) {
	q, m := &t.request, &t.response
	if !q.there || !m.there || m.kind != kindReadResponse || i >= int(q.readQuantity) {
		return 0, 0, false
	}
	value, ok = m.value(i)
	return int64(q.readAddress) + 1 + int64(i), value, ok
}
