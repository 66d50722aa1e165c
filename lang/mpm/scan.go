package mpm

import (
	"encoding/binary"
	"math/bits"
)

// grams is a bit map over hashes of grams, and behind it a hash table of entries.
type grams struct {
	bits     []uint64
	bitShift uint8    // hash >> bitShift is the bit
	shift    uint8    // hash >> shift is the bucket
	first    []uint32 // of each bucket in entries; one more at the end
	entries  []gramEntry
}

// The bit map has at least mapRatio bits an entry, so that few bytes stop a scan in vain, but
// no less than 2^minBits (4 kB) and no more than 2^maxBits (256 kB, for the second-level cache).
const (
	mapRatio = 20
	minBits  = 15
	maxBits  = 21
)

// hash spreads a gram over 32 bits (Fibonacci hashing).
func hash(gram uint32) uint32 { return gram * 0x9E3779B1 }

func (g *grams) build(es []gramEntry) {
	if len(es) == 0 {
		return
	}
	nb := max(2, bits.Len(uint(len(es)))+1)
	g.shift = uint8(32 - nb)
	g.first = make([]uint32, 1<<nb+1)
	for _, e := range es {
		g.first[hash(e.gram)>>g.shift+1]++
	}
	for i := 1; i < len(g.first); i++ {
		g.first[i] += g.first[i-1]
	}
	g.entries = make([]gramEntry, len(es))
	next := append([]uint32(nil), g.first...)
	for _, e := range es {
		h := hash(e.gram) >> g.shift
		g.entries[next[h]] = e
		next[h]++
	}
	nb = min(maxBits, max(minBits, bits.Len(uint(len(es)*mapRatio))))
	g.bitShift = uint8(32 - nb)
	g.bits = make([]uint64, 1<<nb/64)
	for _, e := range es {
		h := hash(e.gram) >> g.bitShift
		g.bits[h>>6] |= 1 << (h & 63)
	}
}

func (g *grams) bucket(gram uint32) []gramEntry {
	h := hash(gram) >> g.shift
	return g.entries[g.first[h]:g.first[h+1]]
}

func (g *grams) memory() int {
	return 4*len(g.first) + 12*len(g.entries) + 8*len(g.bits)
}

// scanLong looks at every second position from start on; as each long pattern has two
// adjacent grams, one of them is at such a position.
func (s *Set) scanLong(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	i, n := start, len(data)
	g := &s.long
	m, sh := g.bits, g.bitShift&31
	for ; i+12 <= n; i += 8 {
		v := binary.LittleEndian.Uint64(data[i : i+8 : n])
		w := binary.LittleEndian.Uint32(data[i+8 : i+12 : n])
		a, b := uint32(v)|caseBits, uint32(v>>16)|caseBits
		c, d := uint32(v>>32)|caseBits, (uint32(v>>48)|w<<16)|caseBits
		ha, hb, hc, hd := hash(a)>>sh, hash(b)>>sh, hash(c)>>sh, hash(d)>>sh
		if (m[ha>>6]>>(ha&63)|m[hb>>6]>>(hb&63)|m[hc>>6]>>(hc&63)|m[hd>>6]>>(hd&63))&1 != 0 {
			hits = s.four([4]uint32{a, b, c, d}, data, i, from, seen, hits)
		}
	}
	for ; i+4 <= n; i += 2 {
		a := binary.LittleEndian.Uint32(data[i:]) | caseBits
		if h := hash(a) >> sh; m[h>>6]>>(h&63)&1 != 0 {
			hits = s.check(g.bucket(a), a, data, i, from, seen, hits)
		}
	}
	return hits
}

// four looks closer at the positions at, at+2, at+4 and at+6, for one of which the bit map said yes.
func (s *Set) four(v [4]uint32, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	g := &s.long
	for k, a := range v {
		if h := hash(a) >> (g.bitShift & 31); g.bits[h>>6]>>(h&63)&1 != 0 {
			hits = s.check(g.bucket(a), a, data, at+2*k, from, seen, hits)
		}
	}
	return hits
}

// scanShort looks at every position.
func (s *Set) scanShort(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	i, n := start, len(data)
	g := &s.short
	m, sh := g.bits, g.bitShift&31
	for ; i+4 <= n; i++ {
		a := (binary.LittleEndian.Uint32(data[i:i+4:n]) | caseBits) & shortMask
		if h := hash(a) >> sh; m[h>>6]>>(h&63)&1 != 0 {
			hits = s.check(g.bucket(a), a, data, i, from, seen, hits)
		}
	}
	for ; i+3 <= n; i++ {
		a := (uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | caseBits) & shortMask
		hits = s.check(g.bucket(a), a, data, i, from, seen, hits)
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
	two        bool
	next, fold byte
}

func (t *tiny) add(n uint32, p Pattern) {
	f := appendFold(nil, p)
	e := tinyPat{pat: n, two: len(p.Bytes) == 2}
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
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
