package mpm

import "encoding/binary"

// windowChunk is how many bytes are looked at before what got through is checked; windowTail is how many may be left at the end to be looked at
// with them: windows that begin in the last bytes of a block reach beyond it.
const (
	windowChunk = 1024
	windowTail  = 64 + windowLen - 2
)

// scanWindows looks for the patterns of three and more bytes by their windows.
func (s *Set) scanWindows(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	w, sc := s.windows, seen.Scratch
	le := binary.LittleEndian
	for i := start; i < len(data); {
		d := data[i:]
		blocks := min(max(0, len(d)-(windowLen-1))/64, windowChunk/64)
		looked, tail := 64*blocks, 0
		if rest := len(d) - looked; rest <= windowTail {
			looked, tail = len(d), rest
		}
		for t := range w.tables {
			var n int
			switch {
			case !s.vector:
				n = w.tables[t].pass(d[:looked], d, sc.windows[:0])
			case w.narrow:
				n = windows8(&w.tables[t], &d[0], blocks, tail, &sc.windows[0])
			default:
				n = windows16(&w.tables[t], &d[0], blocks, tail, &sc.windows[0])
			}
			for n > 0 && int(sc.windows[n-1])+8 > len(d) {
				n--
				hits = s.window(eight(data, i+int(sc.windows[n])), data, i+int(sc.windows[n]), from, seen, hits)
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

// sift keeps those of the places in d at which three bytes are that a window begins with, by a bit each, and returns their number.
func (w *windows) sift(d []byte, places []uint16) int {
	n, sh, bits := 0, w.shift&31, w.bits
	for _, p := range places {
		h := hash3(binary.LittleEndian.Uint32(d[p:])|caseBits>>32) >> sh
		places[n] = p
		n += int(bits[h>>6] >> (h & 63) & 1)
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

// pass does what windows8 and windows16 do: it appends the places in data, the first of all, at which a window may begin, and tells how many.
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
