package mpm

import (
	"bytes"
	"slices"
)

// Needle is one string prepared for repeated search.
type Needle struct {
	p, fold []byte
	exact   bool // no letter may change its case
	// The two rarest bytes, by which it is looked for: where they are, and what indexPair wants of them.
	rare [2]uint8
	want uint32
}

// noFold is the fold of strings that are looked for as they are.
var noFold [rareIn]byte

// rareIn is among how many bytes, from the first on, the rarest are chosen.
const rareIn = 256

// NewNeedle prepares a string.
func NewNeedle(p Pattern) *Needle {
	n := &Needle{p: p.Bytes, exact: true}
	if !p.NoCase && len(p.Bytes) <= len(noFold) {
		n.fold = noFold[:len(p.Bytes)]
	} else {
		n.fold = appendFold(nil, p)
		n.exact = !slices.ContainsFunc(n.fold, func(f byte) bool { return f != 0 })
	}
	best := [2]uint8{255, 255}
	for i, c := range p.Bytes[:min(len(p.Bytes), rareIn)] {
		cost := byteCost(c)
		if n.fold[i] != 0 {
			cost += 4 // in two cases
		}
		switch {
		case cost < best[0]:
			best, n.rare = [2]uint8{cost, best[0]}, [2]uint8{uint8(i), n.rare[0]}
		case cost < best[1]:
			best[1], n.rare[1] = cost, uint8(i)
		}
	}
	if len(p.Bytes) == 1 {
		n.rare[1] = n.rare[0]
	}
	for k, at := range n.rare[:min(2, 2*len(p.Bytes))] {
		f := n.fold[at]
		n.want |= (uint32(n.p[at]|f) | uint32(f)<<8) << (16 * k)
	}
	return n
}

// Bytes is the string.
func (n *Needle) Bytes() []byte { return n.p }

// Len is its length.
func (n *Needle) Len() int { return len(n.p) }

// NoCase tells whether some letter may change its case.
func (n *Needle) NoCase() bool { return !n.exact }

// At tells whether the string is at the start of d.
func (n *Needle) At(d []byte) bool {
	return len(d) >= len(n.p) && equal(d[:len(n.p)], n.p, n.fold)
}

// Equal tells whether d is the string.
func (n *Needle) Equal(d []byte) bool { return equal(d, n.p, n.fold) }

// Index is the offset of the first occurrence in d, -1 for none.
func (n *Needle) Index(d []byte) int {
	m := len(n.p)
	if m == 0 || len(d) < m {
		return bytes.Index(d, n.p)
	}
	if len(d)-m+1 < pairMin || !canPair {
		return n.indexByte(d)
	}
	places := len(d) - m + 1
	for at, vain := 0, 0; places-at >= pairMin; vain++ {
		k := indexPair(&d[at], places-at, int(n.rare[0]), int(n.rare[1]), n.want)
		if k < 0 {
			return -1
		}
		at += k
		if equal(d[at:at+m], n.p, n.fold) {
			return at
		}
		at++
		if n.exact && vain > maxVain+at/64 {
			return after(at, bytes.Index(d[at:], n.p)) // whose time is bounded
		}
		if places-at < pairMin {
			return after(at, n.indexByte(d[at:]))
		}
	}
	return -1
}

const (
	pairMin = 32 // positions that indexPair needs
	maxVain = 16 // how often the pair may be there, and the string not
)

// after adds what was passed over to the offset of an occurrence.
func after(passed, at int) int {
	if at < 0 {
		return -1
	}
	return passed + at
}

// indexByte does so by the rarest byte.
func (n *Needle) indexByte(d []byte) int {
	if n.exact {
		return bytes.Index(d, n.p)
	}
	m, rare := len(n.p), int(n.rare[0])
	if len(d) < m {
		return -1
	}
	last := len(d) - m // the last place where it can begin
	c := n.p[rare]
	alt := c ^ n.fold[rare]
	// a and b are the next places of the rare byte in its two cases, relative to rare.
	a, b := -2, -2
	for at := 0; at <= last; {
		if a < at && a != -1 {
			a = next(d[rare:rare+last+1], at, c)
		}
		if b < at && b != -1 {
			if alt == c {
				b = -1
			} else {
				b = next(d[rare:rare+last+1], at, alt)
			}
		}
		k := a
		if k < 0 || b >= 0 && b < k {
			k = b
		}
		if k < 0 {
			return -1
		}
		if equal(d[k:k+m], n.p, n.fold) {
			return k
		}
		at = k + 1
	}
	return -1
}

// next is the first place of c in d from at on, -1 for none.
func next(d []byte, at int, c byte) int {
	return after(at, bytes.IndexByte(d[at:], c))
}
