package mpm

import (
	"encoding/binary"
)

// placed looks for patterns that may only begin at one of the first few bytes, as nearly all do that are looked for in the first
// bytes of a payload. It has them by their first byte, and looks at no other position than those.
type placed struct {
	places [256]uint8  // of each byte: a bit for each place where a pattern may begin with it
	first  [257]uint32 // of each byte in list
	list   []placedPat
	last   int // the last place of all
}

// maxPlace is the last place where a pattern of placed may begin.
const maxPlace = 7

// placedPat is a pattern, with its first eight bytes.
type placedPat struct {
	want, mask uint64
	pat        uint32
	n          uint16
	last       uint8 // the last place where it may begin
	c          uint8 // its first byte, in one of its cases
}

// isPlaced tells whether p may only begin at one of the first few bytes.
func (p *Pattern) isPlaced() bool {
	return p.Sets == nil && len(p.Bytes) > 0 && p.MaxEnd > 0 && p.MaxEnd <= len(p.Bytes)+maxPlace && p.MaxEnd < anyEnd
}

func (t *placed) add(s *Set, n uint32, p *Pattern) {
	if p.MaxEnd < len(p.Bytes) {
		return // never
	}
	at := s.pats[n].off
	e := placedPat{pat: n, n: uint16(len(p.Bytes)), last: uint8(p.MaxEnd - len(p.Bytes)), c: p.Bytes[0]}
	for i := range min(8, len(p.Bytes)) {
		fold := s.fold[int(at)+i]
		e.want |= uint64(p.Bytes[i]&^fold) << (8 * i)
		e.mask |= uint64(^fold) << (8 * i)
	}
	t.last = max(t.last, int(e.last))
	t.list = append(t.list, e)
	if fold := s.fold[at]; fold != 0 {
		e.c ^= fold
		t.list = append(t.list, e)
	}
}

// finish sorts the list by first byte.
func (t *placed) finish() {
	for i := range t.list {
		e := &t.list[i]
		t.places[e.c] |= 1<<(e.last+1) - 1
		t.first[int(e.c)+1]++
	}
	for i := range 256 {
		t.first[i+1] += t.first[i]
	}
	sorted := make([]placedPat, len(t.list))
	next := t.first
	for _, e := range t.list {
		sorted[next[e.c]] = e
		next[e.c]++
	}
	t.list = sorted
}

// scanPlaced looks for the patterns of s.placed.
func (s *Set) scanPlaced(data []byte, from int, seen *Seen, hits []uint32) []uint32 {
	t := s.placed
	for i := range data[:min(len(data), t.last+1-min(t.last+1, seen.Base))] {
		place := i + seen.Base
		c := data[i]
		if t.places[c]>>place&1 == 0 {
			continue
		}
		var v uint64
		if i+8 <= len(data) {
			v = binary.LittleEndian.Uint64(data[i:])
		} else {
			v = eight(data, i)
		}
		list := t.list[t.first[c]:t.first[int(c)+1]]
		for k := range list {
			e := &list[k]
			if (v^e.want)&e.mask != 0 || place > int(e.last) || seen.stamp[e.pat] == seen.gen {
				continue
			}
			end := i + int(e.n)
			if end > len(data) || end <= from {
				continue
			}
			if p := &s.pats[e.pat]; e.n > 8 && !equal(data[i:end], s.blob[p.off:p.off+p.n], s.fold[p.off:p.off+p.n]) {
				continue
			}
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
