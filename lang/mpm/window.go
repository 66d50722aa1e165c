package mpm

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// windows find the patterns of a set of up to a few thousand by their windows, five bytes in a row, at every position. A window is four pairs of
// bytes. Each pair is hashed to one of 128 slots, and a table for each of the four places in the window says of which groups of patterns
// some has such a pair there. A position where the four have a group in common is looked at closer. A table of 128 bytes is two
// registers of AVX-512, and the processor looks 64 bytes up in it at once.
type windows struct {
	tables []windowTable // of which each position is looked up in all
	bits   []uint64      // hashes of the first three bytes of windows
	shift  uint8         // hash >> shift is the bit
	narrow bool          // the second planes are empty
}

// A windowTable has 16 groups of patterns, in two planes of eight; if there are few patterns, only the first is used.
type windowTable [2][windowPairs][pairSlots]uint8

const (
	windowPairs = 4
	windowLen   = windowPairs + 1
	pairSlots   = 128
)

// pairFirst and pairSecond are matrices that make seven bits of the first and of the second byte of a pair, as VGF2P8AFFINEQB has them: bit i of
// the result is the parity of the byte and byte 7-i of the matrix. They leave bit 5 out, the case of letters. The pair's slot is the sum (exclusive or)
// of both. Each matrix and their sum have full rank; otherwise they are any.
const (
	pairFirst  = 0xde500d82d5c95800
	pairSecond = 0x17cd064f8cd94b00
)

// pairParts are pairFirst and pairSecond of all bytes.
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

// moved gives the exclusive or of all members and i.
func (s slotSet) moved(i uint8) slotSet {
	if i>>6&1 != 0 {
		s[0], s[1] = s[1], s[0]
	}
	for k, odd := range [...]uint64{0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000} {
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

// Traffic is text, or anything, or a run of one byte, with these probabilities.
const (
	textShare   = 0.54
	randomShare = 0.30
)

var runBytes = [...]struct {
	b     byte
	share float32
}{{0, 0.1}, {0xff, 0.02}, {' ', 0.01}, {'A', 0.01}, {'0', 0.02}}

// runSlots are the slots of runBytes.
var runSlots = func() (s [len(runBytes)]uint8) {
	for i, r := range runBytes {
		s[i] = pairSlot(r.b, r.b)
	}
	return s
}()

// share is a share of the positions of text, and of those of anything.
type share struct{ text, random float32 }

// binaryShare is how often a byte is in what is not text: much is small numbers in big fields.
func binaryShare(c byte) float32 {
	switch {
	case c == 0:
		return 0.3
	case c < 16:
		return 0.01
	case c == 0xff:
		return 0.02
	}
	return (1 - 0.3 - 15*0.01 - 0.02) / (256 - 17)
}

// slotShares tells how often a slot is that of a pair.
var slotShares = sync.OnceValue(func() *[pairSlots][2]share {
	var s [pairSlots][2]share
	for a := range 256 {
		for b := range 256 {
			s[pairSlot(byte(a), byte(b))][0].random += binaryShare(byte(a)) * binaryShare(byte(b))
		}
	}
	for i := range len(commonText) - 1 {
		s[pairSlot(commonText[i], commonText[i+1])][0].text += 1 / float32(len(commonText)-1)
	}
	return &s
})

// commonShare is what a run of four bytes of text that is in most traffic counts. Such text is far more common than its pairs are, and what
// begins with it has to be compared: a scan takes as long for that as for several positions that get through in vain.
const commonShare = 1e-3

// windowBuilder chooses a window and a group for each pattern.
type windowBuilder struct {
	s      *Set
	w      *windows
	more   *[pairSlots][2]share // what a slot adds to a group that does not have it, and to one that has: nothing
	groups int
	has    [windowPairs][pairSlots]uint64 // groups of which a pattern has the slot
	shares [maxGroups][windowPairs]share  // what shares of pairs have a slot of the group
	passes [maxGroups]float32             // what share of positions the group lets through, but for runs
	keys   []keyed
	common *gramSet
}

const (
	maxGroups   = 64
	planeGroups = 8
	tableGroups = 16
)

// groupsFor is the number of groups for n patterns.
func groupsFor(n int) int {
	switch {
	case n <= 64:
		return planeGroups
	case n <= 600:
		return tableGroups
	case n <= 1200:
		return 2 * tableGroups
	case n <= 1800:
		return 3 * tableGroups
	}
	return maxGroups
}

// maxWindows is for how many patterns windows are used.
const maxWindows = 4000

func newWindowBuilder(s *Set, n int) *windowBuilder {
	return &windowBuilder{s: s, w: new(windows), more: slotShares(), common: commonGrams(), groups: groupsFor(n), keys: make([]keyed, 0, n)}
}

// choice is a possible window of a pattern.
type choice struct {
	at     int
	cost   float32 // the share of positions with such bytes
	slots  [windowPairs]slotSet
	single bool               // each of slots has one member,
	slot   [windowPairs]uint8 // these
}

var allSlots = slotSet{^uint64(0), ^uint64(0)}

// choices are the best few windows of a pattern, of those that all groups are tried for.
type choices struct {
	n    int
	best [4]choice
}

func (c *choices) offer(at int, cost float32) {
	if c.n == len(c.best) && cost >= c.best[c.n-1].cost {
		return
	}
	if c.n < len(c.best) {
		c.n++
	}
	i := c.n - 1
	for ; i > 0 && c.best[i-1].cost > cost; i-- {
		c.best[i] = c.best[i-1]
	}
	c.best[i] = choice{at: at, cost: cost}
}

// literal enters a pattern of three bytes or more.
func (b *windowBuilder) literal(pat uint32, p []byte) {
	var slots [256]uint8
	p = p[:min(len(p), len(slots))] // there is a good window in the first ones
	n := len(p) - 1
	for i := range n {
		slots[i] = pairSlot(p[i], p[i+1])
	}
	var c choices
	for at := 0; at == 0 || at+windowLen <= len(p); at++ {
		text, random := float32(textShare), float32(randomShare)
		for _, s := range slots[at:min(at+windowPairs, n)] {
			text *= b.more[s][0].text
			random *= b.more[s][0].random
		}
		cost := text + random
		if s := slots[at]; s == slots[at+1] && (at+2 >= n || s == slots[at+2]) {
			for i, run := range &runSlots {
				if s == run {
					cost += runBytes[i].share
				}
			}
		}
		for k := at; k <= at+1 && k+4 <= len(p); k++ {
			if b.common.has(binary.LittleEndian.Uint32(p[k:]) | fold4) {
				cost += commonShare
			}
		}
		c.offer(at, cost)
	}
	for i := range c.best[:c.n] {
		w := &c.best[i]
		w.single = w.at+windowPairs <= n
		for k := range windowPairs {
			if at := w.at + k; at < n {
				w.slots[k].add(slots[at])
				w.slot[k] = slots[at]
			} else {
				w.slots[k] = allSlots
			}
		}
	}
	at := b.choose(c.best[:c.n])
	g := uint32(p[at]) | uint32(p[at+1])<<8 | uint32(p[at+2])<<16 | caseBits&gram3
	b.keys = append(b.keys, keyed{uint64(g), b.entry(pat, at)})
}

// class enters a pattern of sets.
func (b *windowBuilder) class(pat uint32, sets []ByteSet) {
	if !Usable(sets) {
		return
	}
	pairs := make([]slotSet, len(sets)-1)
	text, random := make([]float32, len(pairs)), make([]float32, len(pairs))
	for i := range pairs {
		pairs[i] = pairsOf(sets[i], sets[i+1])
		pairs[i].each(func(s uint8) { text[i] += b.more[s][0].text; random[i] += b.more[s][0].random })
	}
	var c choices
	for at := 0; at+windowLen <= len(sets) && at < lastOffset; at++ {
		t, r := float32(textShare), float32(randomShare)
		for k := range windowPairs {
			t *= text[at+k]
			r *= random[at+k]
		}
		// Each run of three bytes that it may begin with takes an entry.
		if n := size(folded(sets[at])) * size(folded(sets[at+1])) * size(folded(sets[at+2])); n > 0 && n <= maxClassGrams {
			c.offer(at, t+r+1e-6*float32(n))
		}
	}
	for i := range c.best[:c.n] {
		copy(c.best[i].slots[:], pairs[c.best[i].at:])
	}
	at := b.choose(c.best[:min(1, c.n)])
	var run [3]ByteSet
	for k := range run {
		run[k] = folded(sets[at+k])
	}
	e := b.entry(pat, at)
	grams(run[:], func(g uint32) { b.keys = append(b.keys, keyed{uint64(g), e}) })
}

// entry is that of a pattern with its window at an offset.
func (b *windowBuilder) entry(pat uint32, at int) entry {
	e := entry{pat: pat, off: int16(at), n: uint16(min(b.s.pats[pat].n, 1<<16-1))}
	e.describe(b.s)
	return e
}

// choose takes the window and the group that let the fewest further positions through, enters its slots in the tables, and returns its place.
func (b *windowBuilder) choose(cs []choice) int {
	var best *choice
	group, least := 0, float32(2)
	for i := range cs {
		c := &cs[i]
		g, d := b.best(c)
		d += c.cost // What gets through with others has to be looked at still.
		if d < least {
			best, group, least = c, g, d
		}
	}
	shares := &b.shares[group]
	for k := range best.slots {
		best.slots[k].each(func(s uint8) {
			if b.has[k][s]>>group&1 == 0 {
				b.has[k][s] |= 1 << group
				shares[k].text += b.more[s][0].text
				shares[k].random += b.more[s][0].random
			}
		})
	}
	text, random := float32(textShare), float32(randomShare)
	for k := range windowPairs {
		text *= shares[k].text
		random *= shares[k].random
	}
	b.passes[group] = text + random
	return best.at
}

// best is the best group for a window, and what share of positions it lets through further.
func (b *windowBuilder) best(c *choice) (group int, least float32) {
	// In which groups would a run of a byte get through that does not now?
	var runs [len(runBytes)]uint64
	var anyRun uint64
	for i, s := range &runSlots {
		now, then := ^uint64(0), ^uint64(0)
		for k := range c.slots {
			now &= b.has[k][s]
			if !c.slots[k].has(s) {
				then &= b.has[k][s]
			}
		}
		runs[i] = then &^ now
		anyRun |= runs[i]
	}
	least = 2
	all := ^uint64(0) >> (maxGroups - b.groups)
	likely := b.likely(c) & all
	for _, try := range [...]uint64{likely, all &^ likely} {
		for ; try != 0; try &= try - 1 {
			g := bits.TrailingZeros64(try)
			d := b.with(c, g) - b.passes[g]
			if anyRun>>g&1 != 0 {
				for i, r := range runs {
					if r>>g&1 != 0 {
						d += runBytes[i].share
					}
				}
			}
			if d < least {
				group, least = g, d
			}
		}
		if least <= goodGroup {
			break
		}
	}
	return group, least
}

// goodGroup is the share of positions for which no better group is looked for.
const goodGroup = 1e-5

// likely are the groups that have three of a window's pairs. Most often the best is one of them.
func (b *windowBuilder) likely(c *choice) uint64 {
	if !c.single {
		return 0
	}
	h0, h1 := b.has[0][c.slot[0]&(pairSlots-1)], b.has[1][c.slot[1]&(pairSlots-1)]
	h2, h3 := b.has[2][c.slot[2]&(pairSlots-1)], b.has[3][c.slot[3]&(pairSlots-1)]
	return h0&h1&(h2|h3) | h2&h3&(h0|h1)
}

// with is what share of positions a group would let through with a window, but for runs.
func (b *windowBuilder) with(c *choice, g int) float32 {
	text, random := float32(textShare), float32(randomShare)
	has := &b.shares[g&(maxGroups-1)]
	if c.single {
		for k := range c.slots {
			i := c.slot[k] & (pairSlots - 1)
			more := b.more[i][b.has[k][i]>>(g&63)&1] // a jump instead would go wrong every other time
			text *= has[k].text + more.text
			random *= has[k].random + more.random
		}
		return text + random
	}
	for k := range c.slots {
		t, r := has[k].text, has[k].random
		if c.slots[k] == allSlots {
			t, r = 1, 1
		} else {
			c.slots[k].each(func(i uint8) {
				more := b.more[i][b.has[k][i]>>(g&63)&1]
				t += more.text
				r += more.random
			})
		}
		text *= t
		random *= r
	}
	return text + random
}

// finish builds the tables.
func (b *windowBuilder) finish() {
	if len(b.keys) == 0 {
		return
	}
	w := b.w
	w.tables = make([]windowTable, (b.groups+tableGroups-1)/tableGroups)
	for k := range windowPairs {
		for slot, has := range b.has[k] {
			for i := range w.tables {
				w.tables[i][0][k][slot] = uint8(has >> (tableGroups * i))
				w.tables[i][1][k][slot] = uint8(has >> (tableGroups*i + planeGroups))
			}
		}
	}
	nb := max(10, bits.Len(uint(len(b.keys)))+4)
	w.shift = uint8(32 - nb)
	w.bits = make([]uint64, 1<<nb/64)
	for i := range b.keys {
		h := hash3(uint32(b.keys[i].key)) >> w.shift
		w.bits[h>>6] |= 1 << (h & 63)
	}
	b.s.windows = w
	w.narrow = b.groups == planeGroups
	b.s.table.pending = b.keys
	b.s.table.build()
}
