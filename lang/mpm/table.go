package mpm

import "math/bits"

// entry is an anchor of a pattern, with the pattern's bytes from there on, up to eight of them.
type entry struct {
	want, mask uint64 // without bit 5 of each byte, where the case of letters is
	pat        uint32
	off        int16  // of the anchor in the pattern; -1: it begins a byte before
	n          uint16 // length of the pattern, at most
}

// describe sets want and mask.
func (e *entry) describe(s *Set) {
	p := s.pats[e.pat]
	for k := range 8 {
		j := int(e.off) + k
		if j < 0 || j >= int(p.n) {
			continue
		}
		want, mask := byte(0), byte(0)
		if p.sets {
			want, mask = common(s.sets[int(p.off)+j])
		} else {
			want, mask = s.blob[int(p.off)+j], 0xff
		}
		mask &^= caseBits & 0xff
		e.want |= uint64(want&mask) << (8 * k)
		e.mask |= uint64(mask) << (8 * k)
	}
}

// common gives the bits that all members of a set have in common.
func common(s ByteSet) (want, mask byte) {
	and, or := byte(0xff), byte(0)
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			c := byte(64*i + bits.TrailingZeros64(w))
			and, or = and&c, or|c
		}
	}
	mask = and | ^or
	return and & mask, mask
}

// table finds the entries with an anchor by a key made of it.
type table struct {
	shift   uint8    // hash >> shift is the bucket
	first   []uint32 // of each bucket in list; one more at the end
	list    []entry
	pending []keyed // while it is built
}

type keyed struct {
	key uint64
	entry
}

// What keys are made of: all of an anchor, or its first or last three bytes.
const (
	gram5    = 1<<40 - 1
	gram3    = 1<<24 - 1
	keyFirst = 1 << 62
	keyLast  = 1 << 63
)

func hashKey(key uint64) uint64 {
	key ^= key >> 29
	return key * 0x9E3779B97F4A7C15
}

func (t *table) build() {
	nb := max(2, bits.Len(uint(len(t.pending))))
	t.shift = uint8(64 - nb)
	t.first = make([]uint32, 1<<nb+1)
	for i := range t.pending {
		t.first[hashKey(t.pending[i].key)>>t.shift+1]++
	}
	for i := 1; i < len(t.first); i++ {
		t.first[i] += t.first[i-1]
	}
	t.list = make([]entry, len(t.pending))
	next := append([]uint32(nil), t.first...)
	for i := range t.pending {
		h := hashKey(t.pending[i].key) >> t.shift
		t.list[next[h]] = t.pending[i].entry
		next[h]++
	}
	t.pending = nil
}

func (t *table) bucket(key uint64) []entry {
	h := hashKey(key) >> (t.shift & 63)
	return t.list[t.first[h]:t.first[h+1]]
}

func (t *table) memory() int { return 4*len(t.first) + 24*len(t.list) }

// short looks for patterns of three bytes at every position.
type short struct {
	bits  [shortWords]uint64
	table table
}

const shortWords = 1 << 10

func (t *short) add(s *Set, pat uint32, p []byte) {
	g := uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | caseBits&gram3
	h := hash3(g) >> 16
	t.bits[h>>6] |= 1 << (h & 63)
	e := entry{pat: pat, n: 3}
	e.describe(s)
	t.table.pending = append(t.table.pending, keyed{uint64(g), e})
}

func (t *short) finish() { t.table.build() }

func (s *Set) scanShort(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	t := s.short
	for i := start; i+3 <= len(data); i++ {
		g := uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | caseBits&gram3
		if h := hash3(g) >> 16; t.bits[h>>6]>>(h&63)&1 != 0 {
			hits = s.entries(t.table.bucket(uint64(g)), uint64(g), data, i, from, seen, hits)
		}
	}
	return hits
}
