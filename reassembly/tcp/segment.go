package tcp

import "unsafe"

// Out-of-order payload is copied into buffers of a few sizes, which are reused. Buffers in
// use and pooled ones together stay below Config.Memcap.

// classSizes are the sizes of the buffers: small writes, an Ethernet segment, jumbo frames,
// and what segmentation offload makes of them.
var classSizes = [...]int{256, 1536, 4096, 16384, 65536}

// segment is one buffer.
type segment struct {
	buf   []byte
	next  *segment // in the pool
	class uint8
}

const (
	segmentOverhead = 48
	itemSize        = 40
	queueStart      = 16 // items of a new queue
	maxPooledQueues = 256
	// maxPooledItems: longer queues go back to the garbage collector, so that one stream full
	// of holes does not make every later one big.
	maxPooledItems = 256
)

// pool owns the memory of an Assembler's streams.
type pool struct {
	free   [len(classSizes)]*segment
	queues []*queue
	hs     []*handshake
	rings  []*ring
	used   uint64 // bytes, in use and pooled
	limit  uint64
	stats  *Stats
}

// segment gives a buffer of at least n bytes, nil at the memory cap or past the largest size.
func (m *pool) segment(n int) *segment {
	class := 0
	for class < len(classSizes) && classSizes[class] < n {
		class++
	}
	if class == len(classSizes) {
		return nil
	}
	if s := m.free[class]; s != nil {
		m.free[class], s.next = s.next, nil
		m.stats.SegmentFromCache++
		return s
	}
	cost := uint64(classSizes[class] + segmentOverhead)
	if m.used+cost > m.limit && !m.reclaim(cost) {
		return nil
	}
	m.used += cost
	m.stats.SegmentFromPool++
	return &segment{buf: make([]byte, classSizes[class]), class: uint8(class)}
}

// reclaim gives pooled buffers of other sizes up, until cost more bytes are allowed.
func (m *pool) reclaim(cost uint64) bool {
	for class := len(m.free) - 1; class >= 0; class-- {
		for m.free[class] != nil && m.used+cost > m.limit {
			m.free[class] = m.free[class].next
			m.used -= uint64(classSizes[class] + segmentOverhead)
		}
	}
	for len(m.rings) > 0 && m.used+cost > m.limit {
		r := m.rings[len(m.rings)-1]
		m.rings = m.rings[:len(m.rings)-1]
		m.used -= uint64(len(r.buf))
	}
	for len(m.hs) > 0 && m.used+cost > m.limit {
		m.hs = m.hs[:len(m.hs)-1]
		m.used -= handshakeSize
	}
	return m.used+cost <= m.limit
}

func (m *pool) release(s *segment) {
	s.next = m.free[s.class]
	m.free[s.class] = s
}

// queue gives an empty queue, nil at the memory cap.
func (m *pool) queue() *queue {
	if n := len(m.queues); n > 0 {
		q := m.queues[n-1]
		m.queues = m.queues[:n-1]
		return q
	}
	q := &queue{}
	if !m.grow(q, queueStart) {
		return nil
	}
	return q
}

// grow makes room for n items altogether.
func (m *pool) grow(q *queue, n int) bool {
	cost := uint64(n-cap(q.items)) * itemSize
	if m.used+cost > m.limit && !m.reclaim(cost) {
		return false
	}
	items := make([]item, len(q.items)-q.head, n)
	copy(items, q.items[q.head:])
	q.items, q.head = items, 0
	m.used += cost
	return true
}

// releaseQueue takes a queue back with all its segments.
func (m *pool) releaseQueue(q *queue) {
	for i := q.head; i < len(q.items); i++ {
		m.release(q.items[i].seg)
	}
	clear(q.items)
	if cap(q.items) > maxPooledItems || len(m.queues) >= maxPooledQueues {
		m.used -= uint64(cap(q.items)) * itemSize
		return
	}
	q.items, q.head = q.items[:0], 0
	m.queues = append(m.queues, q)
}

const handshakeSize = uint64(unsafe.Sizeof(handshake{}))

// handshake gives an empty handshake, nil at the memory cap.
func (m *pool) handshake() *handshake {
	if n := len(m.hs); n > 0 {
		hs := m.hs[n-1]
		m.hs = m.hs[:n-1]
		*hs = handshake{}
		return hs
	}
	if m.used+handshakeSize > m.limit && !m.reclaim(handshakeSize) {
		return nil
	}
	m.used += handshakeSize
	return new(handshake)
}

func (m *pool) releaseHandshake(hs *handshake) { m.hs = append(m.hs, hs) }

// ring keeps the last delivered bytes of a direction, to compare retransmissions with.
type ring struct {
	buf []byte
	end uint32 // sequence number after the last byte kept
	n   int    // bytes kept
}

func (m *pool) ring(size int) *ring {
	if n := len(m.rings); n > 0 {
		r := m.rings[n-1]
		m.rings = m.rings[:n-1]
		r.n = 0
		return r
	}
	if m.used+uint64(size) > m.limit && !m.reclaim(uint64(size)) {
		return nil
	}
	m.used += uint64(size)
	return &ring{buf: make([]byte, size)}
}

// add keeps data, which begins at seq. Byte s is at index s mod len(buf): size is a power of 2.
func (r *ring) add(seq uint32, data []byte) {
	if r.n == 0 || r.end != seq {
		r.n = 0 // after a gap: what is older cannot be told apart from it
	}
	if skip := len(data) - len(r.buf); skip > 0 {
		data, seq = data[skip:], seq+uint32(skip)
	}
	at := int(seq & uint32(len(r.buf)-1))
	k := copy(r.buf[at:], data)
	copy(r.buf, data[k:])
	r.end = seq + uint32(len(data))
	r.n = min(r.n+len(data), len(r.buf))
}

// differs tells whether data at seq contradicts bytes that are kept.
func (r *ring) differs(seq uint32, data []byte) bool {
	if d := int32(r.end - uint32(r.n) - seq); d > 0 {
		if int(d) >= len(data) {
			return false
		}
		data, seq = data[d:], seq+uint32(d)
	}
	n := int32(r.end - seq)
	if n <= 0 {
		return false
	}
	data = data[:min(int(n), len(data))]
	at := int(seq & uint32(len(r.buf)-1))
	k := min(len(data), len(r.buf)-at)
	return string(r.buf[at:at+k]) != string(data[:k]) || string(r.buf[:len(data)-k]) != string(data[k:])
}
