package ipfrag

import (
	"math/bits"
	"slices"
)

// memory hands out buffers of a few sizes and takes them back. What is in use and what lies
// ready stay together below limit.
type memory struct {
	limit int
	used  int // by datagrams, with their bookkeeping
	spare int // lying ready
	ready [classes][][]byte
}

const (
	minClass = 8 // 256 bytes
	maxClass = 16
	classes  = maxClass - minClass + 1
	// smallest is the least size, bytes. What lies in the tracker itself counts as much.
	smallest = 1 << minClass
)

// class gives the number of the least size that holds n bytes.
func class(n int) int { return max(bits.Len(uint(n-1)), minClass) - minClass }

// fits tells whether n more bytes may be used.
func (m *memory) fits(n int) bool { return m.used+1<<(class(n)+minClass) <= m.limit }

// get gives a buffer of n bytes, 0 < n <= 65536.
func (m *memory) get(n int) []byte {
	c := class(n)
	size := 1 << (c + minClass)
	m.used += size
	if r := m.ready[c]; len(r) > 0 {
		b := r[len(r)-1]
		m.ready[c] = r[:len(r)-1]
		m.spare -= size
		return b[:n]
	}
	for o := classes - 1; o >= 0 && m.used+m.spare > m.limit; o-- {
		m.drop(o)
	}
	return make([]byte, n, size)
}

// drop leaves the buffers of one class that lie ready to the garbage collector.
func (m *memory) drop(c int) {
	m.spare -= len(m.ready[c]) << (c + minClass)
	clear(m.ready[c])
	m.ready[c] = m.ready[c][:0]
}

// put takes a buffer back.
func (m *memory) put(b []byte) {
	if cap(b) < smallest { // the tracker's own
		m.used -= smallest
		return
	}
	c := class(cap(b))
	m.used -= cap(b)
	m.spare += cap(b)
	r := m.ready[c]
	if len(r) == cap(r) { // doubled, where append would grow by a quarter
		r = slices.Grow(r, max(len(r), 16))
	}
	m.ready[c] = append(r, b[:cap(b)])
}
