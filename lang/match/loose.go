package match

import (
	"github.com/luanids/luanids/dissect"
)

// looseEntry holds which of a part's rules without literal have a header that holds for a
// direction of a flow.
type looseEntry struct {
	flow  uint64 // Flow.ID
	start int64
	app   *dissect.Spec
	part  uint32 // part.seq+1, 0: nothing
	// failed and unacked go with app, see dissect.Flow.
	failed, unacked bool
	established     bool // all that headers ask of the state
	dir             dissect.Dir
	looseRules
}

// pairEntry does so for packets without a flow between two end points.
type pairEntry struct {
	part uint32
	dir  dissect.Dir
	ends hostView
	looseRules
}

type looseRules struct {
	rules []uint32
	// live has a bit for each of the part's switches that has a rule whose header may hold.
	live uint64
	// judged: some of rules are judged at packets without payload as well.
	judged bool
}

// looseCache and pairCache are the numbers of entries, powers of two.
const (
	looseCache = 4096
	pairCache  = 1024
)

func (m *Matcher) looseAt(pt *part, e *dissect.Env) *looseEntry {
	return &m.loose[looseSlot(e.Flow.ID, pt, e.Dir)&(looseCache-1)]
}

func (c *looseEntry) holds(pt *part, e *dissect.Env) bool {
	f := e.Flow
	return c.flow == f.ID && c.part == pt.seq+1 && c.dir == e.Dir && c.start == f.Start && c.app == f.App && c.failed == f.AppFailed &&
		c.unacked == f.AppUnacked && c.established == (f.State != dissect.FlowNew)
}

// looseOf gives what is known of the rules without literal of a part for a direction of a flow.
func (m *Matcher) looseOf(pt *part) *looseRules {
	c := m.looseAt(pt, m.e)
	if !c.holds(pt, m.e) {
		f := m.e.Flow
		*c = looseEntry{part: pt.seq + 1, flow: f.ID, start: f.Start, app: f.App, failed: f.AppFailed, unacked: f.AppUnacked,
			established: f.State != dissect.FlowNew, dir: m.e.Dir, looseRules: looseRules{rules: c.rules}}
		m.fill(&c.looseRules, pt)
	}
	return &c.looseRules
}

func (m *Matcher) pairAt(pt *part, e *dissect.Env) *pairEntry {
	return &m.pairs[looseSlot(e.Pkt.Hash, pt, e.Dir)&(pairCache-1)]
}

func (c *pairEntry) holds(pt *part, e *dissect.Env) bool {
	return c.part == pt.seq+1 && c.dir == e.Dir && c.ends == viewOf(e.Pkt)
}

// pairOf does so for packets without a flow.
func (m *Matcher) pairOf(pt *part) *looseRules {
	c := m.pairAt(pt, m.e)
	if !c.holds(pt, m.e) {
		*c = pairEntry{part: pt.seq + 1, dir: m.e.Dir, ends: *m.view(), looseRules: looseRules{rules: c.rules}}
		m.fill(&c.looseRules, pt)
	}
	return &c.looseRules
}

// learn gives what is remembered of the rules without literal for the event at hand, and finds it out where nothing is.
func (m *Matcher) learn(pt *part) *looseRules {
	if m.e.Flow == nil {
		return m.pairOf(pt)
	}
	return m.looseOf(pt)
}

// addSwitches takes the rules of switches, given those that are live.
func (m *Matcher) addSwitches(pt *part, live uint64) {
	for i, t := range pt.switches {
		if i < 64 && live>>i&1 == 0 {
			continue
		}
		if v, ok := t.number(m); ok {
			m.add(t.find(v))
		}
	}
}

// number is the number that rules hang on.
func (t *switchTable) number(m *Matcher) (int64, bool) {
	if t.ofPacket != nil && m.e.Pkt != nil {
		return t.ofPacket(m.e.Pkt)
	}
	return t.x.int(m)
}

// fill tests the headers, and notes the rules (or gates, see gate.go) that it takes.
func (m *Matcher) fill(c *looseRules, pt *part) {
	n := len(m.cands)
	left := m.addFixed(pt)
	c.rules = append(c.rules[:0], m.cands[n:]...)
	m.cands = m.cands[:n]
	c.judged = judgedWithout(c.rules)
	c.live = left.liveSwitches(m)
}

// addFixed takes the rules without literal whose header is stable and holds, and gives what is left by the event's addresses.
func (m *Matcher) addFixed(pt *part) *sieved {
	for _, t := range pt.fixed {
		if v, ok := t.x.int(m); ok {
			m.add(t.find(v))
		}
	}
	left := pt.sieve.of(m)
	m.cands = append(m.cands, left.sure...)
	m.add(left.rules)
	return left
}

func looseSlot(id uint64, pt *part, dir dissect.Dir) uint64 {
	return id*0x9E3779B97F4A7C15>>40 ^ uint64(dir)<<4 ^ uint64(pt.seq)<<5
}
