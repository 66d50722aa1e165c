package match

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// looseEntry holds which of a part's rules without literal have a header that holds for a
// direction of a flow, or for packets without one between two end points.
type looseEntry struct {
	part  *part
	flow  uint64 // Flow.ID
	start int64
	app   *dissect.Spec
	// failed and unacked go with app, see dissect.Flow.
	failed, unacked bool
	state           dissect.FlowState
	dir             dissect.Dir
	ends            hostView // without a flow
	rules           []uint32
}

// looseCache is the number of entries, a power of two.
const looseCache = 4096

// addStable takes the rules without literal whose header is stable: for a flow, or a pair of end
// points, that was seen before, without testing a header.
func (m *Matcher) addStable(pt *part) {
	if m.e.Flow == nil {
		m.addPair(pt)
		return
	}
	f := m.e.Flow
	c := &m.loose[looseSlot(f.ID, pt, m.e.Dir)]
	if c.part != pt || c.flow != f.ID || c.start != f.Start || c.app != f.App || c.failed != f.AppFailed || c.unacked != f.AppUnacked || c.state != f.State || c.dir != m.e.Dir {
		*c = looseEntry{part: pt, flow: f.ID, start: f.Start, app: f.App, failed: f.AppFailed, unacked: f.AppUnacked,
			state: f.State, dir: m.e.Dir, rules: c.rules[:0]}
		m.fill(c, pt)
		return
	}
	m.cands = append(m.cands, c.rules...)
}

// addPair does so for packets without a flow.
func (m *Matcher) addPair(pt *part) {
	h := m.view()
	le := binary.LittleEndian
	sum := le.Uint64(h.src[8:])*31 + le.Uint64(h.dst[8:]) + le.Uint64(h.src[:])*7 + le.Uint64(h.dst[:])
	sum += uint64(h.srcPort)<<16 | uint64(h.dstPort) | uint64(h.proto)<<32
	c := &m.loose[looseSlot(sum, pt, m.e.Dir)]
	if c.part != pt || c.flow != 0 || c.dir != m.e.Dir || c.ends != *h {
		*c = looseEntry{part: pt, dir: m.e.Dir, ends: *h, rules: c.rules[:0]}
		m.fill(c, pt)
		return
	}
	m.cands = append(m.cands, c.rules...)
}

func (m *Matcher) fill(c *looseEntry, pt *part) {
	n := len(m.cands)
	m.addFixed(pt)
	c.rules = append(c.rules, m.cands[n:]...)
}

// addFixed takes the rules without literal whose header is stable and holds.
func (m *Matcher) addFixed(pt *part) {
	for _, t := range pt.fixed {
		if v, ok := t.x.int(m); ok {
			m.add(t.find(v))
		}
	}
	m.add(pt.loose[:pt.unstable])
}

func looseSlot(id uint64, pt *part, dir dissect.Dir) uint64 {
	return (id*0x9E3779B97F4A7C15>>40 ^ uint64(dir)<<4 ^ uint64(pt.seq)<<5) & (looseCache - 1)
}
