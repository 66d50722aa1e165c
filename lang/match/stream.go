package match

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// segment is what the stream events of one TCP packet have found for the packet event that follows.
type segment struct {
	pkt     *packet.Packet
	stamp   uint64
	whole   bool     // the packet's payload was the new bytes of one of them
	found   []uint32 // rules to be judged at the packet whose literal occurs
	matched []uint32 // rules for stream and packet that matched on the stream
}

// noteSegment begins a new segment with the first stream event of a packet.
func (m *Matcher) noteSegment(e *dissect.Env) {
	s := &m.seg
	if s.pkt != e.Pkt || s.stamp != e.Pkt.Stamp {
		s.pkt, s.stamp, s.whole = e.Pkt, e.Pkt.Stamp, false
		s.found, s.matched = s.found[:0], s.matched[:0]
	}
	fresh := e.Data[e.New:]
	if len(fresh) == len(e.Pkt.Payload) && (len(fresh) == 0 || fresh[0] == e.Pkt.Payload[0] && fresh[len(fresh)-1] == e.Pkt.Payload[len(fresh)-1]) {
		s.whole = true
	}
}

// covers tells whether the payload of e's packet was scanned as stream; if not, what is known of another packet is
// forgotten.
func (m *Matcher) covers(e *dissect.Env) bool {
	s := &m.seg
	if e.Pkt == nil || s.pkt != e.Pkt || s.stamp != e.Pkt.Stamp {
		s.pkt, s.found, s.matched = nil, s.found[:0], s.matched[:0]
		return false
	}
	return s.whole
}

// judgeNew judges the rules without literal: on the new bytes of a stream, and those that do not match there, but that look at
// payload, on those and the straddle bytes before as well. What matches on the old ones by themselves has matched before.
func (m *Matcher) judgeNew(pt *part, e *dissect.Env) {
	data, off, n := e.Data, e.DataOff, e.New
	e.Data, e.DataOff, e.New = data[n:], off+uint64(n), 0
	m.begin(e)
	m.cands = m.cands[:0]
	past := min(n, straddle)
	m.addLoose(pt, off+uint64(n-past))
	done := len(m.cands) == 0 || m.judge(dissect.EvStreamData, nil)
	if !done && past > 0 {
		e.Data, e.DataOff, e.New = data[n-past:], off+uint64(n-past), past
		if m.straddling(e) {
			m.begin(e)
			m.judge(dissect.EvStreamData, nil)
		}
	}
	e.Data, e.DataOff, e.New = data, off, n
}

// straddling leaves those candidates that match on the window, but neither on its old bytes nor (as candidates that have
// matched are known by) on the new ones.
func (m *Matcher) straddling(e *dissect.Env) bool {
	data, n := e.Data, e.New
	hit := func(r *Rule) bool { return slices.ContainsFunc(m.out, func(h Hit) bool { return h.Rule == r }) }
	keep := func(want bool) {
		m.begin(e)
		m.cands = slices.DeleteFunc(m.cands, func(i uint32) bool { return m.rule(m.p.Rules[i]) != want })
	}
	m.cands = slices.DeleteFunc(slices.Compact(m.cands), func(i uint32) bool {
		r := m.p.Rules[i]
		return !r.carries || r.onceFlow && m.inFlow(r) || hit(r)
	})
	if len(m.cands) == 0 {
		return false
	}
	keep(true)
	if len(m.cands) == 0 {
		return false
	}
	e.Data, e.New = data[:n], 0
	keep(false)
	e.Data, e.New = data, n
	return len(m.cands) > 0
}

// carry remembers a rule that failed but may be completed by bytes to come.
func (m *Matcher) carry(ev dissect.EventID, r *Rule, tx *dissect.MatchState) {
	if r.Literal == "" {
		return
	}
	if tx != nil {
		if m.p.repeats[ev] && len(tx.Carry) < maxCarry && !slices.Contains(tx.Carry, r.num) {
			tx.Carry = append(tx.Carry, r.num)
		}
		return
	}
	c := m.e.Carry
	if c == nil || ev != dissect.EvStreamData || !r.carries || len(*c) >= 2*maxCarry {
		return
	}
	until := uint32(m.e.DataOff + uint64(len(m.e.Data)))
	for i := 0; i < len(m.carried); i += 2 {
		if m.carried[i] == uint32(r.Index) {
			until = m.carried[i+1]
		}
	}
	*c = append(*c, r.num, until)
}

func (m *Matcher) wasCarried(n uint32) bool {
	for i := 0; i < len(m.carried); i += 2 {
		if m.carried[i] == n {
			return true
		}
	}
	return false
}

// takeCarry makes candidates of the rules that waited for more bytes of the stream, as far as the window still
// has the bytes that they were waiting with. Entries are pairs of a rule and the lower half of the
// stream offset up to which its literal had come; the rule is told by its number, which reloads keep.
func (m *Matcher) takeCarry(e *dissect.Env) {
	m.carried = m.carried[:0]
	c := *e.Carry
	for i := 0; i+1 < len(c); i += 2 {
		n, ok := m.p.place(c[i])
		gone := !ok || int32(c[i+1]-uint32(e.DataOff)) <= 0
		if gone || slices.Contains(m.cands, n) {
			continue
		}
		m.carried = append(m.carried, n, c[i+1])
	}
	for i := 0; i < len(m.carried); i += 2 {
		if n := m.carried[i]; m.header(m.p.Rules[n].hdr) {
			m.cands = append(m.cands, n)
		}
	}
	*e.Carry = c[:0]
}
