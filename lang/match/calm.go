package match

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Most packets have nothing for rules to look at: acknowledgements, fragments. That a packet without payload can match no rule is told
// from what is remembered of its flow, or of the hosts that send it, and a few numbers.

// Calm tells that no rule can match at the packet event. False tells nothing.
func (m *Matcher) Calm(e *dissect.Env) bool {
	ep := m.p.events[dissect.EvPacket]
	if ep == nil {
		return true
	}
	pt := ep.parts[partOf(e)]
	return pt == nil || m.calm(pt, e)
}

func (m *Matcher) calm(pt *part, e *dissect.Env) bool {
	if !pt.calms || len(e.Data) != 0 || e.Pkt == nil {
		return false
	}
	c := m.known(pt, e)
	if m.e = e; c == nil || pt.computes {
		m.begin(e)
		m.ev = dissect.EvPacket
	}
	if c == nil {
		c = m.learn(pt)
	}
	if c.judged {
		return false
	}
	for _, s := range pt.scans {
		if !s.payload && hasValue(s.multi, e, 0) {
			return false
		}
	}
	return !m.anyNumber(pt, c.live)
}

// known gives what is remembered of the rules without literal for a packet, nil if nothing is.
func (m *Matcher) known(pt *part, e *dissect.Env) *looseRules {
	if e.Flow == nil {
		if c := m.pairAt(pt, e); c.holds(pt, e) {
			return &c.looseRules
		}
	} else if c := m.looseAt(pt, e); c.holds(pt, e) {
		return &c.looseRules
	}
	return nil
}

// anyNumber tells whether rules hang on one of the packet's numbers, of the tables that are live.
func (m *Matcher) anyNumber(pt *part, live uint64) bool {
	for i, t := range pt.switches {
		if live>>i&1 == 0 {
			continue
		}
		if v, ok := t.number(m); ok && len(t.find(v)) > 0 {
			return true
		}
	}
	return false
}

// noteCalm finds out whether a part's packets can be told to be calm.
func (pt *part) noteCalm() {
	pt.computes = slices.ContainsFunc(pt.switches, func(t *switchTable) bool { return t.ofPacket == nil })
	pt.calms = pt.cached && pt.unstable == len(pt.loose) && len(pt.switches) <= 64 &&
		!slices.ContainsFunc(pt.scans, func(s *scanSlot) bool { return !s.payload && s.multi == nil })
}

// judgedWithout tells whether one of the candidates is judged where there is no payload: those with a gate ask for bytes.
func judgedWithout(cands []uint32) bool {
	return slices.ContainsFunc(cands, func(c uint32) bool { return c&gated == 0 })
}
