package mpm

import "encoding/binary"

// windowChunk is how many bytes are looked at before what got through is checked: most packets whole.
const windowChunk = 2048

// scanWindows looks for the patterns of three and more bytes by their windows, from start on. What gets through the tables, one to six
// positions in a hundred, is sifted by a bit for its first three bytes; of the rest, about one in five hundred, the bucket of
// these bytes is looked at.
func (s *Set) scanWindows(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	w, sc := s.windows, seen.Scratch
	le := binary.LittleEndian
	for i := start; i < len(data); {
		d := data[i:]
		looked := min(len(d), windowChunk)
		for t := range w.tables {
			var n int
			switch {
			case !s.vector:
				n = w.tables[t].pass(d[:looked], d, sc.windows[:0])
			case w.narrow:
				n = windows8(&w.tables[t], &d[0], looked, len(d), &sc.windows[0])
			default:
				n = windows16(&w.tables[t], &d[0], looked, len(d), &sc.windows[0])
			}
			for n > 0 && int(sc.windows[n-1])+8 > len(d) { // the last ones, which eight bytes do not follow
				n--
				p := int(sc.windows[n])
				if v := eight(d, p); w.begins(uint32(v)) {
					hits = s.window(v, data, i+p, from, seen, hits)
				}
			}
			if s.vector {
				n = siftWindows(&d[0], &sc.windows[0], n, &w.bits[0], uint64(w.shift))
			} else {
				n = w.sift(d, sc.windows[:n])
			}
			for _, p := range sc.windows[:n] {
				hits = s.window(le.Uint64(d[p:]), data, i+int(p), from, seen, hits)
			}
		}
		i += looked
	}
	return hits
}

// begins tells, by two bits, whether a window may begin with the lower three bytes.
func (w *windows) begins(gram uint32) bool {
	word, mask := w.bitsOf(gram)
	return w.bits[word]&mask == mask
}

// bitsOf is where windows.bits tells of a window that begins with the lower three bytes: two bits of a word.
func (w *windows) bitsOf(gram uint32) (word uint32, mask uint64) {
	h := hash3(gram | caseBits>>32)
	one, other := h>>(w.shift&31), h>>((w.shift-6)&31)
	return one >> 6, 1<<(one&63) | 1<<(other&63)
}

// sift keeps the places of which begins holds, and returns their number. siftWindows does the same.
func (w *windows) sift(d []byte, places []uint16) int {
	n := 0
	for _, p := range places {
		if w.begins(binary.LittleEndian.Uint32(d[p:])) {
			places[n] = p
			n++
		}
	}
	return n
}

// eight are the bytes of data from at on, as if zeros followed.
func eight(data []byte, at int) uint64 {
	var b [8]byte
	copy(b[:], data[at:])
	return binary.LittleEndian.Uint64(b[:])
}

// window looks for the patterns with a window at data[at:], where the bytes v are.
func (s *Set) window(v uint64, data []byte, at, from int, seen *Seen, hits []uint32) []uint32 {
	v |= caseBits
	return s.entries(s.table.bucket(v&gram3), v, data, at, from, seen, hits)
}

// pass does what windows8 and windows16 do: it appends to out the places in data, with which all begins, where a window may begin, and
// returns their number.
func (t *windowTable) pass(data, all []byte, out []uint16) int {
	var w [windowLen]byte
	for i := range data {
		clear(w[copy(w[:], all[i:]):])
		low, high := ^uint8(0), ^uint8(0)
		for k := range windowPairs {
			slot := pairSlot(w[k], w[k+1])
			low &= t[0][k][slot]
			high &= t[1][k][slot]
		}
		if low|high != 0 {
			out = append(out, uint16(i))
		}
	}
	return len(out)
}
