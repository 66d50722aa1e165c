package mpm

import (
	"sync"
	"time"
)

// Where the processor can (AVX-512), sixteen positions at a time are looked at. Both ways find the same. Some processors
// are slow at fetching many words at once, so which way is faster is tried once.

// vectorBlock is how many bytes are looked at before what the filter let through is checked.
const vectorBlock = 1024

// vectorMin is the least number of bytes for which it pays, and vectorTail the least that are left at the end.
const (
	vectorMin  = 24
	vectorTail = tailMax + 1
)

// Scratch is what a scan works with; scans of one goroutine may share one.
type Scratch struct {
	passed  [vectorBlock/2 + 16]uint32
	tail    [2 + 2*32]byte
	windows [windowChunk + 4]uint16
}

// scanVector does what scanScalar does.
func (s *Set) scanVector(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	i, n := start, len(data)
	words, sh, w := &s.long.words[0], uint64(s.long.shift), seen.Scratch
	var last uint64
	for i+2+32 <= n {
		blocks := min((n-i-2)/32, vectorBlock/32)
		var k int
		k, last = filter512(words, sh, &data[i], blocks, last, &w.passed[0])
		for _, p := range w.passed[:k] {
			hits = s.check(uint16(p&0xff), data, i+int(p>>8)-2, from, seen, hits)
		}
		i += 32 * blocks
	}
	if n-i < vectorTail {
		return s.scanTail(data, i, uint16(last), from, seen, hits)
	}
	clear(w.tail[copy(w.tail[:], data[i:]):]) // as if zeros followed
	k, _ := filter512(words, sh, &w.tail[0], (n-i+31)/32, last, &w.passed[0])
	for _, p := range w.passed[:k] {
		if at := i + int(p>>8); at < n {
			hits = s.check(uint16(p&0xff), data, at-2, from, seen, hits)
		}
	}
	return hits
}

// vectorPays tells whether scanVector is the faster way.
var vectorPays = sync.OnceValue(func() bool {
	if !canVector {
		return false
	}
	data := make([]byte, 4096)
	patterns := make([]Pattern, 64)
	x := uint32(1)
	random := func() byte {
		x = x*1664525 + 1013904223
		return byte(x >> 24)
	}
	for i := range data {
		data[i] = random()
	}
	for i := range patterns {
		patterns[i].Bytes = []byte{random(), random(), random(), random(), random(), random(), random(), random()}
	}
	s := build(patterns, false)
	seen := Seen{Scratch: new(Scratch)}
	took := [2]time.Duration{1 << 62, 1 << 62}
	for range 5 {
		for k, scan := range [...]func([]byte, int, int, *Seen, []uint32) []uint32{s.scanScalar, s.scanVector} {
			seen.Reset(len(patterns))
			start := time.Now()
			scan(data, 0, 0, &seen, nil)
			took[k] = min(took[k], time.Since(start))
		}
	}
	return took[1] < took[0]
})
