package mpm

import (
	"encoding/binary"
	"math/bits"
)

// grams is a set of grams: a Bloom filter whose two bits for a gram are in one word, and behind it a hash table of entries.
type grams struct {
	bits    []uint64 // words of the filter
	shift   uint8    // hash >> shift is the word
	bucketS uint8    // hash >> bucketS is the bucket
	first   []uint32 // of each bucket in entries; one more at the end
	entries []gramEntry
}

// The filter has about mapRatio bits a gram, so that few bytes stop a scan in vain, but no less than 2^minBits (4 kB) and no
// more than 2^maxBits (256 kB, for the second-level cache).
const (
	mapRatio = 24
	minBits  = 15
	maxBits  = 21
)

// hash spreads a gram over 64 bits (Fibonacci hashing): the upper ones are good.
func hash(gram uint32) uint64 { return uint64(gram) * 0x9E3779B97F4A7C15 }

// pair gives, in bit 0, whether both bits of hash h are set in word w.
func pair(w, h uint64, shift uint8) uint64 {
	return w >> (h >> (shift&63 - 6) & 63) & (w >> (h >> (shift&63 - 12) & 63))
}

func (g *grams) build(es []gramEntry) {
	if len(es) == 0 {
		return
	}
	nb := max(2, bits.Len(uint(len(es))))
	g.bucketS = uint8(64 - nb)
	g.first = make([]uint32, 1<<nb+1)
	for _, e := range es {
		g.first[hash(e.gram)>>g.bucketS+1]++
	}
	for i := 1; i < len(g.first); i++ {
		g.first[i] += g.first[i-1]
	}
	g.entries = make([]gramEntry, len(es))
	next := append([]uint32(nil), g.first...)
	for _, e := range es {
		h := hash(e.gram) >> g.bucketS
		g.entries[next[h]] = e
		next[h]++
	}
	nb = min(maxBits, max(minBits, bits.Len(uint(distinct(es)*mapRatio))))
	g.shift = uint8(64 - nb + 6)
	g.bits = make([]uint64, 1<<nb/64)
	for _, e := range es {
		h := hash(e.gram)
		g.bits[h>>g.shift] |= 1<<(h>>(g.shift-6)&63) | 1<<(h>>(g.shift-12)&63)
	}
}

// has asks the filter.
func (g *grams) has(gram uint32) bool {
	h := hash(gram)
	return pair(g.bits[h>>(g.shift&63)], h, g.shift)&1 != 0
}

// distinct counts the grams.
func distinct(es []gramEntry) int {
	if len(es) < 4096 {
		return len(es)
	}
	seen := make(map[uint32]struct{}, len(es))
	for i := range es {
		seen[es[i].gram] = struct{}{}
	}
	return len(seen)
}

func (g *grams) bucket(gram uint32) []gramEntry {
	h := hash(gram) >> g.bucketS
	return g.entries[g.first[h]:g.first[h+1]]
}

func (g *grams) memory() int {
	return 4*len(g.first) + 12*len(g.entries) + 8*len(g.bits)
}

// scanLong looks at every second position from start on; as each pattern has a gram at an even and one at an
// odd offset, one of them is at such a position. At the end a gram may lack its last byte: those that leave it open have
// an entry for each value, so that any will do.
func (s *Set) scanLong(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	i, n := start, len(data)
	g := &s.long
	m, sh := g.bits, g.shift&63
	s1, s2 := (sh-6)&63, (sh-12)&63
	for ; i+12 <= n; i += 8 {
		v := binary.LittleEndian.Uint64(data[i : i+8 : n])
		w := binary.LittleEndian.Uint32(data[i+8 : i+12 : n])
		a, b := uint32(v)|caseBits, uint32(v>>16)|caseBits
		c, d := uint32(v>>32)|caseBits, (uint32(v>>48)|w<<16)|caseBits
		ha, hb, hc, hd := hash(a), hash(b), hash(c), hash(d)
		wa, wb, wc, wd := m[ha>>sh], m[hb>>sh], m[hc>>sh], m[hd>>sh]
		if (wa>>(ha>>s1&63)&(wa>>(ha>>s2&63))|wb>>(hb>>s1&63)&(wb>>(hb>>s2&63))|
			wc>>(hc>>s1&63)&(wc>>(hc>>s2&63))|wd>>(hd>>s1&63)&(wd>>(hd>>s2&63)))&1 != 0 {
			hits = s.four([4]uint32{a, b, c, d}, data, i, from, seen, hits)
		}
	}
	for ; i+3 <= n; i += 2 {
		a := uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | caseBits
		if i+4 <= n {
			a |= uint32(data[i+3]) << 24
		}
		if g.has(a) {
			hits = s.check(g.bucket(a), a, data, i, from, seen, hits)
		}
	}
	return hits
}

// four looks closer at the positions at, at+2, at+4 and at+6, for one of which the filter said yes.
func (s *Set) four(v [4]uint32, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	g := &s.long
	for k, a := range v {
		if g.has(a) {
			hits = s.check(g.bucket(a), a, data, at+2*k, from, seen, hits)
		}
	}
	return hits
}

// scanShort looks at every position.
func (s *Set) scanShort(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	g := &s.short
	for i := start; i+3 <= len(data); i++ {
		a := (uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | caseBits) & shortMask
		if g.has(a) {
			hits = s.check(g.bucket(a), a, data, i, from, seen, hits)
		}
	}
	return hits
}

// tiny looks for patterns of one and two bytes, which it indexes by first byte.
type tiny struct {
	any  [256]bool // begins a pattern
	pats [256][]tinyPat
}

type tinyPat struct {
	pat        uint32
	maxEnd     uint16
	two        bool
	next, fold byte
}

func (t *tiny) add(n uint32, p Pattern, maxEnd uint16) {
	f := appendFold(nil, p)
	e := tinyPat{pat: n, two: len(p.Bytes) == 2, maxEnd: maxEnd}
	if e.two {
		e.next, e.fold = p.Bytes[1], f[1]
	}
	for _, c := range [2]byte{p.Bytes[0], p.Bytes[0] ^ f[0]} {
		t.any[c] = true
		t.pats[c] = append(t.pats[c], e)
		if f[0] == 0 {
			break
		}
	}
}

func b2u(b bool) uint {
	if b {
		return 1
	}
	return 0
}

func (t *tiny) scan(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	for i := start; i < len(data); i++ {
		if !t.any[data[i]] {
			continue
		}
		for _, e := range t.pats[data[i]] {
			if seen.stamp[e.pat] == seen.gen {
				continue
			}
			if e.two {
				if i+1 >= len(data) || i+2 <= from || (data[i+1]^e.next)&^e.fold != 0 {
					continue
				}
			} else if i+1 <= from {
				continue
			}
			if e.maxEnd != anyEnd && i+1+int(b2u(e.two))+seen.Base > int(e.maxEnd) {
				continue
			}
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
