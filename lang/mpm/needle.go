package mpm

import "bytes"

// Needle is one string prepared for repeated search.
type Needle struct {
	p, fold []byte
	exact   bool // no letter may change its case
	rare    int  // index of the byte that is searched first
	alt     byte // its other case, or itself
}

// noFold is the fold of strings that are looked for as they are.
var noFold [256]byte

// NewNeedle prepares a string.
func NewNeedle(p Pattern) *Needle {
	n := &Needle{p: p.Bytes, exact: true}
	if !p.NoCase && len(p.Bytes) <= len(noFold) { // most: nothing to be found out
		n.fold = noFold[:len(p.Bytes)]
		return n
	}
	n.fold = appendFold(nil, p)
	best := 255
	for i, c := range p.Bytes {
		if n.fold[i] != 0 {
			n.exact = false
		}
		cost := int(byteCost(c))
		if n.fold[i] != 0 {
			cost += 4 // two cases to look for
		}
		if cost < best {
			best, n.rare = cost, i
		}
	}
	if len(p.Bytes) > 0 {
		n.alt = p.Bytes[n.rare] ^ n.fold[n.rare]
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
	if n.exact {
		return bytes.Index(d, n.p)
	}
	m := len(n.p)
	if len(d) < m {
		return -1
	}
	last := len(d) - m // the last place where it can begin
	c := n.p[n.rare]
	// a and b are the next places of the rare byte in its two cases, relative to rare.
	a, b := -2, -2
	for at := 0; at <= last; {
		if a < at && a != -1 {
			a = next(d[n.rare:n.rare+last+1], at, c)
		}
		if b < at && b != -1 {
			if n.alt == c {
				b = -1
			} else {
				b = next(d[n.rare:n.rare+last+1], at, n.alt)
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
	if i := bytes.IndexByte(d[at:], c); i >= 0 {
		return at + i
	}
	return -1
}
