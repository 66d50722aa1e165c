// Package mpm searches a buffer for many literal strings at once: the prefilter of the rules.
//
// It does not build an automaton. There are two ways to look for patterns of three bytes and more:
//
// Windows (window.go), for sets of up to a few thousand patterns, where the processor has AVX-512 with VBMI and GFNI: each pattern has one
// window of five bytes, picked to be rare in traffic. Tables that fit in registers tell for 64 positions at once where a window may begin.
//
// Anchors (anchor.go), for all others: each pattern has two anchors of five bytes, one at an even offset and one at an
// odd, picked to be rare in traffic and in the set. A scan looks at every second position only: the three bytes there are
// hashed into a table of 16-bit words that fits in the first-level cache. A word says in its lower half to which groups of
// patterns the three bytes begin an anchor, and in its upper half whose anchors they end; the lower half of one position and
// the upper half of the next have a bit in common for next to no position of ordinary traffic.
//
// In both a hash table gives the patterns at what is left (table.go), and each entry has eight bytes of its pattern to compare before
// anything else is touched. Patterns of one and two bytes, those that may only begin at the first few bytes (placed.go), and for anchors those of
// three if there are many, are looked for by passes of their own.
//
// A million patterns or a hundred cost about the same on text that holds none of them, and memory is less than a
// hundred bytes a pattern, where an Aho-Corasick table would take kilobytes.
package mpm

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// Pattern is one string to look for, or, with Sets, a sequence of sets of bytes.
type Pattern struct {
	Bytes  []byte // at least 1
	NoCase bool   // ASCII case folding
	// Sets has a set of bytes for each place; Usable must hold for it. Bytes and NoCase are not looked at then.
	Sets []ByteSet
	// MaxEnd, if not 0, is the last place where it may end, counted from the start of the data less Seen.Base.
	MaxEnd int
}

// ByteSet is a set of bytes, one bit each.
type ByteSet = [4]uint64

// Set is an immutable set of patterns; the number of a pattern is its index in the list given
// to New. Any number of goroutines may scan.
type Set struct {
	blob []byte // all patterns, one after the other
	fold []byte // parallel to blob: 0x20 where the case of a letter does not matter
	pats []pat
	sets []ByteSet // of patterns of sets, one after the other

	windows *windows // patterns of 3 bytes and more, where the processor can
	long    filter   // or else these, of 3 bytes and more
	short   *short   // and these, of 3 bytes, if there are many of them
	table   table    // of windows or anchors
	tiny    *tiny    // 1 and 2 bytes, nil for none
	placed  *placed  // those that may only begin at the first bytes, nil for none

	maxLen int
	vector bool // look at many positions at a time
}

// pat is where a pattern is in blob, or (sets) in Set.sets.
type pat struct {
	off, n uint32
	maxEnd uint16
	sets   bool
}

// New makes a set. Empty patterns are never found.
func New(patterns []Pattern) *Set {
	s := build(patterns, canWindows && len(patterns) <= maxWindows)
	s.vector = s.windows != nil || vectorPays()
	return s
}

// build makes a set of which the patterns of three bytes and more are found by windows or by anchors.
func build(patterns []Pattern, windows bool) *Set {
	s := &Set{pats: make([]pat, len(patterns))}
	for i, p := range patterns {
		if p.Sets != nil {
			s.pats[i] = pat{uint32(len(s.sets)), uint32(len(p.Sets)), lastEnd(p), true}
			s.sets = append(s.sets, p.Sets...)
			s.maxLen = max(s.maxLen, len(p.Sets))
			continue
		}
		s.pats[i] = pat{uint32(len(s.blob)), uint32(len(p.Bytes)), lastEnd(p), false}
		s.blob = append(s.blob, p.Bytes...)
		s.fold = appendFold(s.fold, p)
		s.maxLen = max(s.maxLen, len(p.Bytes))
	}
	s.blob, s.fold = slices.Clip(s.blob), slices.Clip(s.fold)
	s.index(patterns, windows)
	return s
}

// indexer enters patterns of three bytes and more, and of sets, in the structures by which they are found.
type indexer interface {
	literal(pat uint32, p []byte)
	class(pat uint32, sets []ByteSet)
	finish()
}

// index enters the patterns in the structures by which they are found.
func (s *Set) index(patterns []Pattern, windows bool) {
	n, short3 := count(patterns)
	var tinies []uint32
	var b indexer
	if windows {
		b = newWindowBuilder(s, n)
	} else {
		b = newAnchors(s, n)
	}
	for i := range patterns {
		switch p, pat := &patterns[i], uint32(i); {
		case p.Sets != nil:
			b.class(pat, p.Sets)
		case p.isPlaced():
			if s.placed == nil {
				s.placed = new(placed)
			}
			s.placed.add(s, pat, p)
		case len(p.Bytes) > 3 || len(p.Bytes) == 3 && (windows || short3 <= maxShort):
			b.literal(pat, p.Bytes)
		case len(p.Bytes) == 3:
			if s.short == nil {
				s.short = new(short)
			}
			s.short.add(s, pat, p.Bytes)
		case len(p.Bytes) >= 1:
			tinies = append(tinies, pat)
		}
	}
	b.finish()
	if tinies != nil {
		s.tiny = newTiny(patterns, tinies)
	}
	if s.short != nil {
		s.short.finish()
	}
	if s.placed != nil {
		s.placed.finish()
	}
}

// maxShort is how many patterns of three bytes are looked for together with the longer ones, which takes up to 128
// entries for each; more get a pass of their own.
const maxShort = 32

// count tells how many patterns are not placed, and how many of these have three bytes.
func count(patterns []Pattern) (n, short3 int) {
	for i := range patterns {
		if p := &patterns[i]; !p.isPlaced() {
			n++
			if p.Sets == nil && len(p.Bytes) == 3 {
				short3++
			}
		}
	}
	return n, short3
}

// lastEnd is MaxEnd as patterns keep it.
func lastEnd(p Pattern) uint16 {
	if p.MaxEnd <= 0 || p.MaxEnd >= anyEnd {
		return anyEnd
	}
	return uint16(p.MaxEnd)
}

const anyEnd = 1<<16 - 1

// appendFold appends the case mask of p.
func appendFold(dst []byte, p Pattern) []byte {
	for _, c := range p.Bytes {
		m := byte(0)
		if p.NoCase && (c|0x20)-'a' < 26 {
			m = 0x20
		}
		dst = append(dst, m)
	}
	return dst
}

// Len is the number of patterns.
func (s *Set) Len() int { return len(s.pats) }

// MaxLen is the length of the longest pattern.
func (s *Set) MaxLen() int { return s.maxLen }

// Memory is roughly how many bytes the set takes.
func (s *Set) Memory() int {
	n := 2*cap(s.blob) + 32*cap(s.sets) + 12*cap(s.pats) + 2*len(s.long.words) + s.table.memory()
	if s.short != nil {
		n += 8*len(s.short.bits) + s.short.table.memory()
	}
	if s.windows != nil {
		n += 8*len(s.windows.bits) + len(s.windows.tables)*int(unsafe.Sizeof(windowTable{}))
	}
	if s.placed != nil {
		n += 24*len(s.placed.list) + 4*len(s.placed.first) + len(s.placed.places)
	}
	if s.tiny != nil && s.tiny.pats != nil {
		n += 16 << 10
	}
	return n
}

// Seen marks patterns that a scan has reported, so that each is reported once; it belongs to
// one goroutine and serves any number of scans of one Set.
type Seen struct {
	// Base is the place of the first byte of the data in what MaxEnd counts in.
	Base int
	// Scratch may be shared by all scans of the goroutine; without one a scan makes its own.
	Scratch *Scratch
	gen     uint32
	stamp   []uint32
	// vain remembers bytes that the filter let through and that no entry agreed with.
	vain   []vain
	passed int // entries that agreed with the bytes
}

// vain are eight bytes at which no pattern of some groups has an anchor.
type vain struct {
	bytes  uint64
	groups uint16
}

// vainSlots is how many are remembered, a power of two: text repeats itself, and runs of a byte more so.
const vainSlots = 64

// Reset forgets everything, for a set of n patterns.
func (s *Seen) Reset(n int) {
	if len(s.stamp) < n {
		s.stamp = make([]uint32, n)
		s.vain = make([]vain, vainSlots)
		s.gen = 0
	}
	if s.Scratch == nil {
		s.Scratch = new(Scratch)
	}
	s.gen++
	if s.gen == 0 {
		clear(s.stamp)
		s.gen = 1
	}
}

// Scan appends to hits the numbers of the patterns that occur in data and end after offset
// from (0: anywhere), each once, in no order. seen must have been Reset.
func (s *Set) Scan(data []byte, from int, seen *Seen, hits []uint32) []uint32 {
	if len(data) <= from {
		return hits
	}
	start := max(0, from-s.maxLen+1)
	switch {
	case s.windows != nil:
		hits = s.scanWindows(data, start, from, seen, hits)
	case len(s.long.words) == 0:
	case s.vector && len(data)-start >= vectorMin:
		hits = s.scanVector(data, start, from, seen, hits)
	default:
		hits = s.scanScalar(data, start, from, seen, hits)
	}
	if s.short != nil {
		hits = s.scanShort(data, max(0, from-2), from, seen, hits)
	}
	if s.placed != nil {
		hits = s.scanPlaced(data, from, seen, hits)
	}
	if s.tiny != nil {
		hits = s.tiny.scan(data, max(0, from-1), from, seen, hits)
	}
	return hits
}

// equal compares d with p, ignoring the bits in fold. All three have the same length.
func equal(d, p, fold []byte) bool {
	n := len(d)
	if len(p) != n || len(fold) != n {
		return false
	}
	le := binary.LittleEndian
	if n >= 8 {
		for i := 0; i+8 <= n; i += 8 {
			if (le.Uint64(d[i:])^le.Uint64(p[i:]))&^le.Uint64(fold[i:]) != 0 {
				return false
			}
		}
		i := n - 8
		return (le.Uint64(d[i:])^le.Uint64(p[i:]))&^le.Uint64(fold[i:]) == 0
	}
	for i := range n {
		if (d[i]^p[i])&^fold[i] != 0 {
			return false
		}
	}
	return true
}
