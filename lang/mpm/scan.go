package mpm

import "encoding/binary"

// filter tells at which positions an anchor may begin. Its words are indexed by a hash of three bytes: the lower half says of
// which groups these begin an anchor, the upper half of which groups they are the last three of one.
type filter struct {
	words []uint16 // a power of two
	shift uint8    // hash >> shift is the word
}

// The filter has about 8 words for each three bytes that begin an anchor, so that few positions stop a scan in vain, but no
// less than 2^minBits (4 kB) and no more than 2^maxBits (256 kB, for the second-level cache).
const (
	minBits = 11
	maxBits = 16
)

// caseBits folds case cheaply: it also maps some other bytes onto each other, which the full
// comparison sorts out.
const caseBits = 0x2020202020202020

// hashMul spreads three bytes over 32 bits (Fibonacci hashing): the upper ones are good. Its lower byte is zero, so
// that a fourth byte makes no difference.
const hashMul = 0x9E3779B1 << 8 & (1<<32 - 1)

func hash3(gram uint32) uint32 { return gram * hashMul }

// The groups. Anchors of five known bytes are spread over the first ones, by their first three; the others are
// of anchors of which some bytes may be one of several, and are looked up by their first or by their last three.
const (
	exactGroups = 2
	runGroup    = 1 << 2 // these begin with a run of one byte
	toRunGroup  = 1 << 3 // these end with one
	exactMask   = 1<<4 - 1
	firstGroup  = 1 << 4 // these are a few runs of bytes
	firstOpen   = 1 << 5 // these are many
	lastGroup   = 1 << 6
	lastOpen    = 1 << 7
	firstMask   = firstGroup | firstOpen
	lastMask    = lastGroup | lastOpen
)

// scanScalar looks at every second position from start on; as each pattern has an anchor at an even and one at an
// odd offset, one of them is at such a position.
func (s *Set) scanScalar(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	i, n := start, len(data)
	t, sh := s.long.words, s.long.shift&31
	var last uint16 // the word of the position before i
	// In a run of bytes the filter says yes all the time: what was looked at in vain, the 14 bytes from i-2 on, is not
	// looked at again.
	var before, vain, vainAround uint64
	for ; i+12 <= n; i += 8 {
		v := binary.LittleEndian.Uint64(data[i:i+8:n]) | caseBits
		w := uint32(v>>48) | uint32(data[i+8]|0x20)<<16
		a, b := t[hash3(uint32(v))>>sh], t[hash3(uint32(v>>16))>>sh]
		c, d := t[hash3(uint32(v>>32))>>sh], t[hash3(w)>>sh]
		if (last&(a>>8)|a&(b>>8)|b&(c>>8)|c&(d>>8))&0xff != 0 {
			around := uint64(binary.LittleEndian.Uint32(data[i+8:i+12:n])) | before<<32
			if v != vain || around != vainAround {
				passed := seen.passed
				hits = s.closer([5]uint16{last, a, b, c, d}, data, i, from, seen, hits)
				if seen.passed == passed {
					vain, vainAround = v, around
				}
			}
		}
		last, before = d, v>>48
	}
	return s.scanTail(data, i, last, from, seen, hits)
}

// tailMax is how many bytes scanTail looks at.
const tailMax = 16

// scanTail looks at the last positions, from i on, at most tailMax bytes from the end, as if zeros followed the data. An anchor may reach one or
// two bytes beyond the data where its pattern leaves them open.
func (s *Set) scanTail(data []byte, i int, last uint16, from int, seen *Seen, hits []uint32) []uint32 {
	var rest [tailMax + 4]byte
	n := copy(rest[:tailMax], data[i:])
	t, sh := s.long.words, s.long.shift&31
	for k := 0; k < n; k += 2 {
		g := binary.LittleEndian.Uint32(rest[k:]) | caseBits>>32
		w := t[hash3(g)>>sh]
		if m := last & (w >> 8); m&0xff != 0 {
			hits = s.check(m, data, i+k-2, from, seen, hits)
		}
		last = w
	}
	return hits
}

// closer looks at the positions at-2 to at+4, for one of which the filter said yes.
func (s *Set) closer(w [5]uint16, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	for k := range 4 {
		if m := w[k] & (w[k+1] >> 8) & 0xff; m != 0 {
			hits = s.check(m, data, at+2*k-2, from, seen, hits)
		}
	}
	return hits
}

// check looks for the patterns of the groups m that have an anchor at data[at:].
func (s *Set) check(m uint16, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	var v uint64
	if at+8 <= len(data) {
		v = binary.LittleEndian.Uint64(data[at:])
	} else {
		var b [8]byte
		copy(b[:], data[at:])
		v = binary.LittleEndian.Uint64(b[:])
	}
	v |= caseBits
	known := &seen.vain[hashKey(v)>>(64-6)&(vainSlots-1)]
	if known.bytes == v && m&^known.groups == 0 {
		return hits
	}
	before := seen.passed
	if m&exactMask != 0 {
		hits = s.entries(s.table.bucket(v&gram5), v, data, at, from, seen, hits)
	}
	if m&firstMask != 0 {
		hits = s.entries(s.table.bucket(v&gram3|keyFirst), v, data, at, from, seen, hits)
	}
	if m&lastMask != 0 {
		hits = s.entries(s.table.bucket(v>>16&gram3|keyLast), v, data, at, from, seen, hits)
	}
	if seen.passed == before {
		*known = vain{v, m}
	}
	return hits
}

// entries reports the patterns of es that are there; at is where their anchor is, and v are the eight bytes there.
func (s *Set) entries(es []entry, v uint64, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	for i := range es {
		e := &es[i]
		if (v^e.want)&e.mask != 0 {
			continue
		}
		seen.passed++
		begin := at - int(e.off)
		if begin < 0 || begin+int(e.n) > len(data) || seen.stamp[e.pat] == seen.gen {
			continue
		}
		p := s.pats[e.pat]
		end := begin + int(p.n)
		if end > len(data) || end <= from || p.maxEnd != anyEnd && end+seen.Base > int(p.maxEnd) {
			continue
		}
		if p.sets && inSets(data[begin:end], s.sets[p.off:p.off+p.n]) ||
			!p.sets && equal(data[begin:end], s.blob[p.off:p.off+p.n], s.fold[p.off:p.off+p.n]) {
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
