package mpm

import "math/bits"

// maxClassGrams is how many grams one pair of places of a pattern of sets may stand for.
const maxClassGrams = 16384

// folded gives the members of a set with caseBits or'ed in, as anchors have them. Bit 5 of a
// byte tells the lower half of a word of the set from the upper.
func folded(s ByteSet) (out ByteSet) {
	for i, w := range s {
		out[i] = (w | w<<32) &^ (1<<32 - 1)
	}
	return out
}

func size(s ByteSet) int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// classPlace is the best place for the pair of grams of a pattern of sets, and how many grams they stand for.
func classPlace(sets []ByteSet) (at, grams int) {
	at, grams = -1, 1<<30
	n := make([]int, len(sets))
	for i, s := range sets {
		n[i] = size(folded(s))
	}
	for i := 0; i+anchorLen <= len(sets) && i < lastOffset; i++ {
		mid := n[i+1] * n[i+2] * n[i+3]
		if k := mid*n[i] + mid*n[i+4]; k < grams && k > 0 {
			at, grams = i, k
		}
	}
	return at, grams
}

// Usable tells whether a pattern of sets can be looked for: it has five places at least, and somewhere
// there its sets are small enough.
func Usable(sets []ByteSet) bool {
	at, n := classPlace(sets)
	return at >= 0 && n <= maxClassGrams
}

// class enters the anchors of a pattern of sets.
func (l *anchors) class(pat uint32, sets []ByteSet) {
	if !Usable(sets) {
		return
	}
	n := make([]int, len(sets))
	for i, s := range sets {
		n[i] = size(folded(s))
	}
	at := func(i int) int {
		if i < 0 || i >= len(n) {
			return 128
		}
		return n[i]
	}
	for parity := range 2 {
		best, bestCost := 0, 1<<60
		for i := -parity; i+anchorLen <= len(sets)+1 && i < lastOffset; i += 2 {
			if c := at(i)*at(i+1)*at(i+2) + at(i+2)*at(i+3)*at(i+4); c < bestCost {
				best, bestCost = i, c
			}
		}
		var run [anchorLen]ByteSet
		for k := range run {
			run[k] = openSet
			if j := best + k; j >= 0 && j < len(sets) {
				run[k] = sets[j]
			}
		}
		l.open(pat, best, &run)
	}
}

func inSets(d []byte, sets []ByteSet) bool {
	for i, c := range d {
		if sets[i][c>>6]>>(c&63)&1 == 0 {
			return false
		}
	}
	return true
}

// ClassRarity is Rarity for a pattern of sets.
func ClassRarity(sets []ByteSet) int {
	sum := 0
	for _, s := range sets {
		n := size(s)
		switch {
		case n == 0:
		case n == 1:
			for c := range 256 {
				if s[c>>6]>>(c&63)&1 != 0 {
					sum += 12 - int(byteCost(byte(c)))
				}
			}
		case n == 2:
			sum += 4
		case n <= 16:
			sum += 2
		case n <= 80:
			sum++
		}
	}
	return min(sum, rarityCap)
}
