package tcp

import (
	"bytes"
	"sort"
)

// item is one stretch of out-of-order payload. Items of a queue are in order and do not
// overlap. o0 and o1 are the extent of the segment that it is (a part) of.
type item struct {
	seg    *segment
	seq, n uint32
	at     uint32 // where in seg.buf it begins
	o0, o1 uint32
	urg    uint32 // sequence number of the urgent byte, with hasUrg
	hasUrg bool
}

func (it *item) end() uint32   { return it.seq + it.n }
func (it *item) bytes() []byte { return it.seg.buf[it.at : it.at+it.n] }

// queue holds the out-of-order segments of a direction: items[head:].
type queue struct {
	items []item
	head  int
}

func (q *queue) empty() bool  { return q.head == len(q.items) }
func (q *queue) first() *item { return &q.items[q.head] }
func (q *queue) len() int     { return len(q.items) - q.head }

// pop takes the first item out.
func (q *queue) pop() item {
	it := q.items[q.head]
	q.items[q.head] = item{}
	q.head++
	return it
}

// remove takes item i out.
func (q *queue) remove(i int) {
	copy(q.items[i:], q.items[i+1:])
	q.items[len(q.items)-1] = item{}
	q.items = q.items[:len(q.items)-1]
}

// insert puts an item at index i; false at the memory cap.
func (m *pool) insert(q *queue, i int, it item) (at int, ok bool) {
	if len(q.items) == cap(q.items) {
		if q.head >= cap(q.items)/4 { // slide down rather than grow
			k := copy(q.items, q.items[q.head:])
			clear(q.items[k:])
			q.items = q.items[:k]
			i, q.head = i-q.head, 0
		} else {
			head := q.head
			if !m.grow(q, 2*cap(q.items)) {
				return i, false
			}
			i -= head
		}
	}
	q.items = append(q.items, item{})
	copy(q.items[i+1:], q.items[i:])
	q.items[i] = it
	return i, true
}

// overlap tells what an insertion met.
type overlap struct {
	any    bool // it overlapped buffered segments
	differ bool // with other data
	lost   bool // a part could not be kept for want of memory
	kept   int  // bytes kept
}

// add keeps the segment data at seq, resolving overlaps by policy.
func (m *pool) add(q *queue, pol Policy, seq uint32, data []byte, urg uint32, hasUrg bool) (r overlap) {
	n0, n1 := seq, seq+uint32(len(data))
	live := q.items[q.head:]
	i := q.head
	// In the usual case the segment goes behind all others.
	if k := len(live); k > 0 && int32(live[k-1].end()-n0) <= 0 {
		i += k
	} else {
		i += sort.Search(k, func(j int) bool { return int32(live[j].end()-n0) > 0 })
	}
	cur := n0
	put := func(from, to uint32) {
		if from == to {
			return
		}
		s := m.segment(int(to - from))
		if s == nil {
			r.lost = true
			return
		}
		copy(s.buf, data[from-n0:to-n0])
		it := item{seg: s, seq: from, n: to - from, o0: n0, o1: n1, urg: urg, hasUrg: hasUrg}
		var ok bool
		if i, ok = m.insert(q, i, it); !ok {
			m.release(s)
			r.lost = true
			return
		}
		r.kept += int(to - from)
		i++
	}
	for i < len(q.items) && int32(q.items[i].seq-n1) < 0 {
		o := &q.items[i]
		from, to := later(o.seq, n0), earlier(o.end(), n1)
		r.any = true
		if !r.differ && !bytes.Equal(data[from-n0:to-n0], o.bytes()[from-o.seq:to-o.seq]) {
			r.differ = true
		}
		if !pol.newWins(o.o0, o.o1, n0, n1) {
			end := to
			put(cur, from)
			cur = end
			i++
			continue
		}
		i = m.cut(q, i, from, to)
	}
	if int32(n1-cur) > 0 {
		put(cur, n1)
	}
	return r
}

// cut takes [from,to) out of item i and gives the index where that would be inserted.
func (m *pool) cut(q *queue, i int, from, to uint32) int {
	o := &q.items[i]
	left, right := from-o.seq, o.end()-to
	if left > 0 && right > 0 {
		if s := m.segment(int(right)); s != nil {
			copy(s.buf, o.bytes()[to-o.seq:])
			rest := item{seg: s, seq: to, n: right, o0: o.o0, o1: o.o1, urg: o.urg, hasUrg: o.hasUrg}
			o.n = left
			at, ok := m.insert(q, i+1, rest)
			if !ok {
				m.release(s)
			}
			return at
		}
		right = 0 // no memory: what is behind is lost, and becomes a gap
	}
	switch {
	case left > 0:
		o.n = left
		return i + 1
	case right > 0:
		o.at += to - o.seq
		o.seq, o.n = to, right
		return i
	}
	m.release(o.seg)
	q.remove(i)
	return i
}

// later and earlier compare sequence numbers (RFC 9293 section 3.4).
func later(a, b uint32) uint32 {
	if int32(a-b) > 0 {
		return a
	}
	return b
}

func earlier(a, b uint32) uint32 {
	if int32(a-b) < 0 {
		return a
	}
	return b
}
