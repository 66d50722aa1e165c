package match

import (
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// looseEntry holds which of a part's rules without literal have a header that holds for a
// direction of a flow. It fills a cache line.
type looseEntry struct {
	flow  uint64 // Flow.ID
	start int64
	app   *dissect.Spec
	part  uint32 // part.seq+1, 0: nothing
	// failed and unacked go with app, see dissect.Flow.
	failed, unacked bool
	state           dissect.FlowState
	dir             dissect.Dir
	rules           []uint32
	// live has a bit for each of the part's switches that has a rule whose header may hold.
	live uint64
}

// pairEntry does so for packets without a flow between two end points.
type pairEntry struct {
	part  uint32
	dir   dissect.Dir
	ends  hostView
	rules []uint32
}

// looseCache and pairCache are the numbers of entries, powers of two.
const (
	looseCache = 4096
	pairCache  = 256
)

// looseOf gives what is known of the rules without literal of a part for a direction of a flow.
func (m *Matcher) looseOf(pt *part, f *dissect.Flow) *looseEntry {
	c := &m.loose[looseSlot(f.ID, pt, m.e.Dir)&(looseCache-1)]
	if c.flow != f.ID || c.part != pt.seq+1 || c.dir != m.e.Dir || c.start != f.Start || c.app != f.App || c.failed != f.AppFailed || c.unacked != f.AppUnacked || c.state != f.State {
		*c = looseEntry{part: pt.seq + 1, flow: f.ID, start: f.Start, app: f.App, failed: f.AppFailed, unacked: f.AppUnacked,
			state: f.State, dir: m.e.Dir, rules: m.fill(c.rules[:0], pt), live: m.liveSwitches(pt)}
	}
	return c
}

// liveSwitches finds the switches that have a rule whose header may hold in a direction of a flow. Those beyond 64 are taken to have one.
func (m *Matcher) liveSwitches(pt *part) uint64 {
	live := uint64(0)
	for i, t := range pt.switches[:min(len(pt.switches), 64)] {
		if t.unstable || slices.ContainsFunc(t.headers, m.header) {
			live |= 1 << i
		}
	}
	return live
}

// addSwitches takes the rules of switches, given those that are live.
func (m *Matcher) addSwitches(pt *part, live uint64) {
	for i, t := range pt.switches {
		if i < 64 && live>>i&1 == 0 {
			continue
		}
		if v, ok := t.x.int(m); ok {
			m.add(t.find(v))
		}
	}
}

// addPair does so for packets without a flow.
func (m *Matcher) addPair(pt *part) {
	h := m.view()
	le := binary.LittleEndian
	sum := le.Uint64(h.src[8:])*31 + le.Uint64(h.dst[8:]) + le.Uint64(h.src[:])*7 + le.Uint64(h.dst[:])
	sum += uint64(h.srcPort)<<16 | uint64(h.dstPort) | uint64(h.proto)<<32
	c := &m.pairs[looseSlot(sum, pt, m.e.Dir)&(pairCache-1)]
	if c.part != pt.seq+1 || c.dir != m.e.Dir || c.ends != *h {
		*c = pairEntry{part: pt.seq + 1, dir: m.e.Dir, ends: *h, rules: m.fill(c.rules[:0], pt)}
		return
	}
	m.cands = append(m.cands, c.rules...)
}

// fill tests the headers, and notes the rules (or gates, see gate.go) that it takes.
func (m *Matcher) fill(rules []uint32, pt *part) []uint32 {
	n := len(m.cands)
	m.addFixed(pt)
	return append(rules, m.cands[n:]...)
}

// addFixed takes the rules without literal whose header is stable and holds.
func (m *Matcher) addFixed(pt *part) {
	for _, t := range pt.fixed {
		if v, ok := t.x.int(m); ok {
			m.add(t.find(v))
		}
	}
	if pt.unstable > 0 {
		m.add(pt.sieve.rules(m))
	}
}

func looseSlot(id uint64, pt *part, dir dissect.Dir) uint64 {
	return id*0x9E3779B97F4A7C15>>40 ^ uint64(dir)<<4 ^ uint64(pt.seq)<<5
}
