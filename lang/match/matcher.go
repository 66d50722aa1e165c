package match

import (
	"slices"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
	"github.com/luanids/luanids/lang/regex"
)

// Matcher judges events for one worker.
type Matcher struct {
	// Twice lets rules on streams and packets match on both views of a segment: as in Suricata, which looks at the stream at a later packet.
	Twice bool
	// Ask answers for the predicates of scripts, nil for no scripts.
	Ask func(n int, args []ir.Value) bool

	p   *Program
	e   *dissect.Env
	ev  dissect.EventID
	gen uint32

	hv      hostView
	viewGen uint32
	hmemo   []hdrSlot
	imemo   []hdrSlot
	bmemo   []bytesSlot
	cmemo   []condSlot
	index   [maxDepth]int // of quantifiers

	vars    [maxVars]int64
	varSet  uint64
	steps   int
	deepest int // item of a chain that was judged last of all, for Trace
	failed  failure
	dceConv conv

	re    regex.Machine
	args  []ir.Value
	arena []byte
	used  int
	over  int // bytes that went to memory beyond the arena

	seen  []mpm.Seen
	hits  []uint32
	cands []uint32
	// carried is what waited in the stream: pairs as in Env.Carry.
	carried []uint32
	out     []Hit

	seg   segment
	loose []looseEntry
	pairs []pairEntry
	// packetVars are for TakePacketVars.
	packetVars []dissect.Captured
	counts     []RuleCount
	scanned    []scanCount // by scanSlot.id
	profile    bool
}

// failure is why a rule could not be judged.
type failure uint8

const (
	failNone   failure = iota
	failLimit          // a step limit was reached
	failVar            // a variable that nothing had extracted
	failDecode         // something could not be decoded, for want of memory
)

func (m *Matcher) fail(f failure) { m.failed = f }

// Hit is a rule that matched the event.
type Hit struct {
	Rule *Rule
}

// RuleCount is what a rule has cost so far.
type RuleCount struct {
	Evals   uint64 // how often its terms were judged: prefilter and header had let it through
	Matches uint64
	Limits  uint64 // judgements given up for an error; these do not match
	Nanos   uint64 // of evaluation; 0 unless profiling
}

type scanCount struct{ Scans, Bytes, Hits, Nanos uint64 }

// NewMatcher makes a matcher for one goroutine.
func (p *Program) NewMatcher() *Matcher {
	m := &Matcher{p: p, hmemo: make([]hdrSlot, len(p.headers)), imemo: make([]hdrSlot, p.nIPMemo),
		bmemo: make([]bytesSlot, p.nBytes), cmemo: make([]condSlot, p.nConds),
		seen: make([]mpm.Seen, len(p.slots)), counts: make([]RuleCount, len(p.Rules)), scanned: make([]scanCount, len(p.slots)),
		arena: make([]byte, 64<<10), hits: make([]uint32, 0, 64), cands: make([]uint32, 0, 256), out: make([]Hit, 0, 64)}
	scratch := new(mpm.Scratch)
	for i := range m.seen {
		m.seen[i].Scratch = scratch
	}
	if p.cached {
		m.loose, m.pairs = make([]looseEntry, looseCache), make([]pairEntry, pairCache)
	}
	if p.profiling {
		m.profile = true
		p.mu.Lock()
		p.matchers = append(p.matchers, m)
		p.mu.Unlock()
	}
	return m
}

// Program gives the program that m judges with.
func (m *Matcher) Program() *Program { return m.p }

// SetProfiling turns measuring of time by rule on or off.
func (m *Matcher) SetProfiling(on bool) { m.profile = on }

// Counts gives what each rule has cost, by Rule.Index. It is m's own memory.
func (m *Matcher) Counts() []RuleCount { return m.counts }

// Bytes implements ir.Scratch: memory until the next event.
func (m *Matcher) Bytes(n int) []byte {
	if n < 0 || m.used+m.over+n > maxArena {
		return nil
	}
	if m.used+n <= len(m.arena) {
		b := m.arena[m.used : m.used+n : m.used+n]
		m.used += n
		return b
	}
	m.over += n
	return make([]byte, n)
}

// Predicate implements ir.Asker: a script is asked, false without one.
func (m *Matcher) Predicate(n int, args []ir.Value) bool { return m.Ask != nil && m.Ask(n, args) }

// begin makes m ready for an event.
func (m *Matcher) begin(e *dissect.Env) {
	m.e = e
	m.failed = failNone
	m.carried = m.carried[:0]
	m.gen++
	if m.gen == 0 { // after 2^32 events
		clear(m.hmemo)
		clear(m.imemo)
		clear(m.bmemo)
		clear(m.cmemo)
		m.viewGen = 0
		m.gen = 1
	}
	if m.over > 0 {
		m.arena = make([]byte, min(maxArena, 2*(len(m.arena)+m.over)))
		m.over = 0
	}
	m.used = 0
}

// Match judges an event, and gives the rules that match, in the order in which they were
// judged. Effects on the flow have happened then. The result is valid until the next call.
func (m *Matcher) Match(ev dissect.EventID, e *dissect.Env) []Hit {
	if int(ev) >= len(m.p.events) {
		return nil
	}
	ep := m.p.events[ev]
	if ep == nil {
		return nil
	}
	pt := ep.parts[0]
	if len(ep.parts) > 1 {
		pt = ep.parts[partOf(e)]
	}
	if pt == nil || e.Flow != nil && e.Flow.Vars != nil && e.Flow.Vars.Bit(m.p.passBit) {
		return nil
	}
	if ev == dissect.EvPacket && m.calm(pt, e) {
		return nil
	}
	m.begin(e)
	m.ev = ev
	m.cands = m.cands[:0]
	m.out = m.out[:0]
	var tx *dissect.MatchState
	due := true
	if m.p.repeats[ev] {
		tx = m.p.stateOf(e)
		due = m.due(pt, tx)
	} else if pt.remembers {
		tx = m.p.stateOf(e)
	}
	if grown := m.p.finals[ev]; grown != nil && tx != nil {
		m.takeRest(grown, tx)
	}
	if m.p.instead != nil && tx != nil {
		tx.Came |= m.p.noted[ev]
		m.takeMissed(ev, tx)
	}
	covered := ev == dissect.EvPacket && m.covers(e)
	if ev == dissect.EvStreamData && e.Pkt != nil {
		m.noteSegment(e)
	}
	for _, s := range pt.scans {
		if (!covered || !s.again) && (!s.payload || len(e.Data) != 0) {
			m.scanAny(s, tx)
		}
	}
	if pt.starts != nil && len(e.Data) != 0 {
		m.addStarts(pt.starts)
	}
	if covered {
		m.cands = append(m.cands, m.seg.found...)
	}
	later := ev == dissect.EvStreamData && e.New > 0
	if !later && due {
		m.addLoose(pt, e.DataOff)
	}
	if ev == dissect.EvStreamData && e.Carry != nil {
		m.takeCarry(e)
	}
	done := false
	if len(m.cands) != 0 {
		done = m.judge(ev, tx)
	}
	if later && !done && len(pt.loose)+len(pt.switches)+len(pt.fixed) > 0 {
		m.judgeNew(pt, e)
	}
	return m.out
}

// due tells whether rules that wait for a growing message, and those without literal, are to be judged now: not each
// time, but when it has grown by half since the last time, and at its end. So the work stays in proportion to the message.
func (m *Matcher) due(pt *part, tx *dissect.MatchState) bool {
	if tx == nil {
		return true
	}
	size := 0
	for _, s := range pt.scans {
		if s.grows {
			b, _ := s.v.bytes(m)
			size = max(size, len(b))
		}
	}
	if tx.Judged > 0 && size < tx.Judged+tx.Judged/2 {
		return false
	}
	tx.Judged = size
	m.takeWaiting(tx)
	return true
}

// takeRest makes candidates of the rules that waited for a message to grow: it is complete.
func (m *Matcher) takeRest(grown *eventProg, tx *dissect.MatchState) {
	if tx.Judged > 0 {
		m.addLoose(grown.parts[0], m.e.DataOff)
	}
	m.takeWaiting(tx)
}

// addLoose takes the candidates that hang on no literal; low is as for sift.
func (m *Matcher) addLoose(pt *part, low uint64) {
	n := len(m.cands)
	if !pt.cached || m.ev == dissect.EvFlowStart || m.e.Flow == nil && m.e.Pkt == nil {
		m.addSwitches(pt, ^uint64(0))
		m.addFixed(pt)
	} else {
		m.addKnown(pt, m.learn(pt))
	}
	m.add(pt.loose[pt.unstable:])
	if len(m.cands) > n {
		m.sift(n, low)
	}
}

func (m *Matcher) addKnown(pt *part, c *looseRules) {
	m.addSwitches(pt, c.live)
	m.cands = append(m.cands, c.rules...)
}

// partOf tells which part of a partitioned event e belongs to.
func partOf(e *dissect.Env) int {
	if e.Flow != nil {
		return protoPart(e.Flow.Key.Proto) + int(e.Dir&1)
	}
	if e.Pkt != nil {
		return partNoFlow + protoPart(e.Pkt.IPProto)/2
	}
	return partNoFlow + partOther/2
}

// stateOf is where the message of e keeps what rules remember of it, nil for none.
func (p *Program) stateOf(e *dissect.Env) *dissect.MatchState {
	var s *dissect.MatchState
	if e.File != nil {
		s = &e.File.Rules
	} else if t, ok := e.Tx.(dissect.Matchable); ok {
		s = t.RuleState()
	}
	if s != nil && s.Program != p.serial {
		p.renew(s)
	}
	return s
}

// add takes rules whose header holds as candidates.
func (m *Matcher) add(refs []ref) {
	for i := 0; i < len(refs); {
		h := refs[i].hdr
		ok := m.header(h)
		for ; i < len(refs) && refs[i].hdr == h; i++ {
			if !ok {
				continue
			}
			if n := refs[i].rule; n&forPacket == 0 {
				m.cands = append(m.cands, n)
			} else if len(m.seg.found) < maxFound {
				m.seg.found = append(m.seg.found, n&^forPacket)
			}
		}
	}
}

// scan looks for the literals of a slot.
func (m *Matcher) scan(s *scanSlot, tx *dissect.MatchState) {
	if s.multi != nil {
		m.scanValues(s)
		return
	}
	b, ok := s.v.bytes(m)
	if !ok || len(b) == 0 {
		return
	}
	seen := &m.seen[s.id]
	seen.Base = 0
	from := 0
	switch {
	case s.stream:
		from = m.e.New
		if s.head > 0 {
			if m.e.DataOff >= uint64(s.head) {
				return
			}
			b = b[:min(len(b), s.head-int(m.e.DataOff))]
			seen.Base = int(m.e.DataOff)
		}
	case s.head > 0:
		b = b[:min(len(b), s.head)]
	case s.grows && tx != nil:
		from = tx.Seen(uint32(s.id), len(b))
	case tx != nil && m.p.repeats[m.ev]:
		// What does not grow is looked at once in a message; rules wait for the rest in its Carry.
		from = tx.Seen(uint32(s.id), len(b))
	}
	if from >= len(b) {
		return
	}
	if m.profile {
		defer func(t time.Time) { m.scanned[s.id].Nanos += uint64(time.Since(t)) }(time.Now())
	}
	seen.Reset(s.set.Len())
	m.hits = s.set.Scan(b, from, seen, m.hits[:0])
	m.found(s, len(b)-from)
}

// scanValues does so for all values of a field.
func (m *Matcher) scanValues(s *scanSlot) {
	if !hasValue(s.multi, m.e, 0) {
		return
	}
	if m.profile {
		defer func(t time.Time) { m.scanned[s.id].Nanos += uint64(time.Since(t)) }(time.Now())
	}
	seen := &m.seen[s.id]
	seen.Base = 0
	seen.Reset(s.set.Len())
	m.hits = m.hits[:0]
	size := 0
	for i := 0; i < maxValues && hasValue(s.multi, m.e, i); i++ {
		m.index[0] = i
		if b, ok := s.v.bytes(m); ok {
			m.hits = s.set.Scan(b, 0, seen, m.hits)
			size += len(b)
		}
	}
	m.found(s, size)
}

// found takes the rules below the patterns that a scan of size bytes has found.
func (m *Matcher) found(s *scanSlot, size int) {
	c := &m.scanned[s.id]
	c.Scans++
	c.Bytes += uint64(size)
	c.Hits += uint64(len(m.hits))
	for _, h := range m.hits {
		m.add(s.refs[s.first[h]:s.first[h+1]])
	}
}

// judge judges the candidates in order, and tells whether one of them ends it all (a pass rule).
func (m *Matcher) judge(ev dissect.EventID, tx *dissect.MatchState) bool {
	slices.Sort(m.cands)
	last := ^uint32(0)
	for _, n := range m.cands {
		if n == last || int(n) >= len(m.p.Rules) {
			continue
		}
		last = n
		r := m.p.Rules[n]
		if tx == nil && r.onceTx && len(r.Events) > 1 && ev != r.main && r.main != dissect.EvNone {
			continue // a message without memory
		}
		if ev == r.last && r.last != dissect.EvNone && !m.has(r.cutOff) {
			continue
		}
		if r.onceTx && tx != nil && slices.Contains(tx.Matched, r.num) || r.onceFlow && m.inFlow(r) {
			continue
		}
		if r.litEnd > 0 && ev == dissect.EvStreamData && !m.wasCarried(n) && m.e.DataOff+uint64(m.e.New) >= uint64(r.litEnd) {
			continue // its literal is in bytes that were judged before
		}
		if ev == dissect.EvPacket && r.either && m.seg.pkt != nil && slices.Contains(m.seg.matched, n) {
			continue // it has matched on the stream's view of this packet
		}
		if !m.rule(r) {
			m.carry(ev, r, tx)
			continue
		}
		if r.either && ev == dissect.EvStreamData && !(m.Twice && !r.sized && m.e.Carry != nil) {
			m.seg.matched = append(m.seg.matched, n)
		}
		if r.onceTx && tx != nil && len(tx.Matched) < maxTxMatched {
			tx.Matched = append(tx.Matched, r.num)
		}
		if r.onceFlow {
			m.setFlowBit(r.onceBit)
		}
		m.matched(r)
		if r.Action == ir.Pass {
			if r.passFlow {
				m.setFlowBit(m.p.passBit)
			}
			return true
		}
	}
	return false
}

func (m *Matcher) inFlow(r *Rule) bool {
	return m.e.Flow != nil && m.e.Flow.Vars.Bit(r.onceBit)
}

// rule judges one rule, whose header holds.
func (m *Matcher) rule(r *Rule) bool {
	n := &m.counts[r.Index]
	n.Evals++
	if m.profile {
		defer func(t time.Time) { n.Nanos += uint64(time.Since(t)) }(time.Now())
	}
	m.failed = failNone
	m.varSet = 0
	ok := true
	for _, t := range r.terms {
		if !t.test(m) || m.failed != failNone {
			ok = false
			break
		}
	}
	if m.failed != failNone {
		m.failed = failNone
		n.Limits++
		return false
	}
	if ok {
		n.Matches++
	}
	return ok
}
