package mpm

import (
	"encoding/binary"
	"math/bits"
)

// windowBuilder chooses a window and a group for each pattern.
type windowBuilder struct {
	s      *Set
	more   *[pairSlots][2]share // what a slot adds to a group that does not have it, and to one that has: nothing
	groups int
	has    [windowPairs][pairSlots]uint64 // groups of which a pattern has the slot
	shares [maxGroups][windowPairs]share  // what shares of pairs have a slot of the group
	passes [maxGroups]float32             // what share of positions the group lets through, but for runs
	keys   []keyed
	common *gramSet
}

// maxGroups is the number of groups at most.
const maxGroups = 64

// groupsFor is the number of groups for n patterns, with which one to six positions in a hundred get through. Each table takes about as
// long as another five positions in a hundred.
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

// maxWindows is for how many patterns windows are used. With more, nearly all positions would get through.
const maxWindows = 4000

func newWindowBuilder(s *Set, n int) *windowBuilder {
	return &windowBuilder{s: s, more: slotShares(), common: commonGrams(), groups: groupsFor(n), keys: make([]keyed, 0, n)}
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

// choices are the best few windows of a pattern by themselves; for these the groups are tried.
type choices struct {
	n    int
	best [4]choice
}

// offer adds a window, if it is one of the best.
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
		text, bin := float32(textShare), float32(binaryShare)
		for _, s := range slots[at:min(at+windowPairs, n)] {
			text *= b.more[s][0].text
			bin *= b.more[s][0].binary
		}
		cost := text + bin
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
	text, bin := make([]float32, len(pairs)), make([]float32, len(pairs))
	for i := range pairs {
		pairs[i] = pairsOf(sets[i], sets[i+1])
		pairs[i].each(func(s uint8) { text[i] += b.more[s][0].text; bin[i] += b.more[s][0].binary })
	}
	var c choices
	for at := 0; at+windowLen <= len(sets) && at < lastOffset; at++ {
		t, r := float32(textShare), float32(binaryShare)
		for k := range windowPairs {
			t *= text[at+k]
			r *= bin[at+k]
		}
		// Each run of three bytes that it may begin with takes an entry.
		if n := size(folded(sets[at])) * size(folded(sets[at+1])) * size(folded(sets[at+2])); n > 0 && n <= maxClassGrams {
			c.offer(at, t+r+1e-6*float32(n))
		}
	}
	if c.n == 0 {
		return // a place has no bytes: it is never found
	}
	copy(c.best[0].slots[:], pairs[c.best[0].at:])
	at := b.choose(c.best[:1])
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

// choose takes the window and the group that let the fewest further positions through, enters the window's slots, and returns its place.
func (b *windowBuilder) choose(cs []choice) int {
	var best *choice
	group, least := 0, float32(2)
	for i := range cs {
		c := &cs[i]
		g, d := b.best(c)
		d += c.cost // even if the group lets it through already, it has to be compared
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
				shares[k].binary += b.more[s][0].binary
			}
		})
	}
	text, bin := float32(textShare), float32(binaryShare)
	for k := range windowPairs {
		text *= shares[k].text
		bin *= shares[k].binary
	}
	b.passes[group] = text + bin
	return best.at
}

// best is the best group for a window, and what share of positions that lets through further.
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
	text, bin := float32(textShare), float32(binaryShare)
	has := &b.shares[g&(maxGroups-1)]
	if c.single {
		for k := range c.slots {
			i := c.slot[k] & (pairSlots - 1)
			more := b.more[i][b.has[k][i]>>(g&63)&1] // a jump would go wrong every other time
			text *= has[k].text + more.text
			bin *= has[k].binary + more.binary
		}
		return text + bin
	}
	for k := range c.slots {
		t, r := has[k].text, has[k].binary
		if c.slots[k] == allSlots {
			t, r = 1, 1
		} else {
			c.slots[k].each(func(i uint8) {
				more := b.more[i][b.has[k][i]>>(g&63)&1]
				t += more.text
				r += more.binary
			})
		}
		text *= t
		bin *= r
	}
	return text + bin
}

// The number of windows.bits is between 2^minWindowBits and 2^maxWindowBits.
const (
	minWindowBits = 10
	maxWindowBits = 20
)

// finish builds the tables.
func (b *windowBuilder) finish() {
	if len(b.keys) == 0 {
		return
	}
	w := new(windows)
	w.tables = make([]windowTable, (b.groups+tableGroups-1)/tableGroups)
	for k := range windowPairs {
		for slot, has := range b.has[k] {
			for i := range w.tables {
				w.tables[i][0][k][slot] = uint8(has >> (tableGroups * i))
				w.tables[i][1][k][slot] = uint8(has >> (tableGroups*i + planeGroups))
			}
		}
	}
	nb := min(maxWindowBits, max(minWindowBits, bits.Len(uint(len(b.keys)))+4))
	w.shift = uint8(32 - nb)
	w.bits = make([]uint64, 1<<nb/64)
	for i := range b.keys {
		word, mask := w.bitsOf(uint32(b.keys[i].key))
		w.bits[word] |= mask
	}
	w.narrow = b.groups == planeGroups
	b.s.windows = w
	b.s.table.pending = b.keys
	b.s.table.build()
}
