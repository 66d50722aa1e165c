package mpm

import "math/bits"

// windows find the patterns of a set of up to a few thousand by their windows: five bytes in a row of each, looked for at every
// position. A window is four overlapping pairs of bytes. A pair is hashed to one of 128 slots, and a table for each of the four places
// in the window says of which groups of patterns one has such a pair there. A position where the four places have a group in common is
// looked at closer. A table of 128 bytes is two registers of AVX-512, in which the processor looks up 64 bytes at once: four to five
// times as fast as fetching words from a table for each position (filter512), with sets of 500 patterns.
type windows struct {
	tables []windowTable // each position is looked up in all of them
	bits   []uint64      // two for each three bytes that a window may begin with, and 16 to 32 times as many in all
	shift  uint8         // what the hash of these is shifted by
	narrow bool          // the second planes are empty
}

// A windowTable has 16 groups of patterns, in two planes of eight. If there are few patterns, only the first is used.
type windowTable [2][windowPairs][pairSlots]uint8

const (
	windowPairs = 4
	windowLen   = windowPairs + 1
	pairSlots   = 128
	planeGroups = 8
	tableGroups = 2 * planeGroups
)

// pairFirst and pairSecond are matrices that make seven bits of the first and of the second byte of a pair, as VGF2P8AFFINEQB has
// them: bit i of the result is the parity of the byte and byte 7-i of the matrix. They leave bit 5 out, the case of letters. The
// pair's slot is the exclusive or of both. Each matrix and their sum have full rank, so that neither of the bytes, nor runs of one
// byte, are lost; otherwise they are any.
const (
	pairFirst  = 0xde500d82d5c95800
	pairSecond = 0x17cd064f8cd94b00
)

// pairParts are what the matrices make of all bytes.
var pairParts = func() (p [2][256]uint8) {
	for k, m := range [2]uint64{pairFirst, pairSecond} {
		for c := range 256 {
			for i := range 8 {
				p[k][c] |= uint8(bits.OnesCount8(uint8(m>>(8*(7-i)))&uint8(c))&1) << i
			}
		}
	}
	return p
}()

func pairSlot(a, b byte) uint8 { return pairParts[0][a] ^ pairParts[1][b] }

// slotSet is a set of slots.
type slotSet [2]uint64

func (s *slotSet) add(i uint8)      { s[i>>6&1] |= 1 << (i & 63) }
func (s *slotSet) has(i uint8) bool { return s[i>>6&1]>>(i&63)&1 != 0 }

func (s *slotSet) each(f func(uint8)) {
	for k, w := range s {
		for ; w != 0; w &= w - 1 {
			f(uint8(64*k + bits.TrailingZeros64(w)))
		}
	}
}

// moved gives the set of the exclusive or of each member and i.
func (s slotSet) moved(i uint8) slotSet {
	if i>>6&1 != 0 {
		s[0], s[1] = s[1], s[0]
	}
	for k, odd := range [...]uint64{
		0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000,
	} {
		if i>>k&1 != 0 {
			s[0] = s[0]&odd>>(1<<k) | s[0]<<(1<<k)&odd
			s[1] = s[1]&odd>>(1<<k) | s[1]<<(1<<k)&odd
		}
	}
	return s
}

// pairsOf are the slots of pairs of members of two sets.
func pairsOf(a, b ByteSet) (out slotSet) {
	var first, second slotSet
	members(folded(a), func(c uint32) { first.add(pairParts[0][c&0xff]) })
	members(folded(b), func(c uint32) { second.add(pairParts[1][c&0xff]) })
	if bits.OnesCount64(first[0])+bits.OnesCount64(first[1]) < bits.OnesCount64(second[0])+bits.OnesCount64(second[1]) {
		first, second = second, first
	}
	second.each(func(i uint8) {
		m := first.moved(i)
		out[0] |= m[0]
		out[1] |= m[1]
	})
	return out
}
