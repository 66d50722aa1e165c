package match

import (
	"cmp"
	"slices"
)

// sieve deals rules by which sets of addresses source and destination are in: nearly all rules ask that of their home network, and
// in most flows that leaves few, and decides all that most of these ask for.
type sieve struct {
	tests []*inHosts // those that most headers ask for, bit 0 first
	lists []sieved   // by the bits of their results
}

// sieved is what addresses leave.
type sieved struct {
	sure  []uint32 // rules whose header holds
	rules []ref    // whose header is to be tested
	// live has a bit for each of the part's switches that has a rule whose header holds; tests are the headers of the others, those beyond
	// 64 being live.
	live  uint64
	tests []liveTest
}

// liveTest is a header and the switches that are live if it holds.
type liveTest struct {
	hdr  uint32
	live uint64
}

// sieveTests is how many sets are asked for at most.
const sieveTests = 4

// newSieve deals the rules without literal, and the switches, of a part for packets of kind k.
func newSieve(pt *part, headers []header, k int) sieve {
	refs := pt.loose[:pt.unstable]
	var used []uint32
	for _, r := range refs { // sorted by header
		if n := len(used); n == 0 || used[n-1] != r.hdr {
			used = append(used, r.hdr)
		}
	}
	for _, t := range pt.switches {
		used = append(used, t.headers...)
	}
	s := sieve{tests: hostTests(used, headers)}
	s.lists = make([]sieved, 1<<len(s.tests))
	for i := range s.lists {
		l := &s.lists[i]
		for _, r := range refs {
			switch can, sure := s.judge(&headers[r.hdr], i, k); {
			case sure:
				l.sure = append(l.sure, r.rule)
			case can:
				l.rules = append(l.rules, r)
			}
		}
		s.deal(l, pt.switches, headers, i, k)
	}
	return s
}

// deal finds out which switches are live where the tests have the results i.
func (s *sieve) deal(l *sieved, switches []*switchTable, headers []header, i, k int) {
	for n, t := range switches[:min(len(switches), 64)] {
		if t.unstable {
			l.live |= 1 << n
		}
		for _, hdr := range t.headers {
			if _, sure := s.judge(&headers[hdr], i, k); sure {
				l.live |= 1 << n
			}
		}
	}
	for n, t := range switches[:min(len(switches), 64)] {
		if l.live>>n&1 != 0 {
			continue
		}
		for _, hdr := range t.headers {
			if can, _ := s.judge(&headers[hdr], i, k); !can {
				continue
			}
			at := slices.IndexFunc(l.tests, func(t liveTest) bool { return t.hdr == hdr })
			if at < 0 {
				at = len(l.tests)
				l.tests = append(l.tests, liveTest{hdr: hdr})
			}
			l.tests[at].live |= 1 << n
		}
	}
}

// hostTests picks the tests of addresses that most headers ask for.
func hostTests(used []uint32, headers []header) []*inHosts {
	count := map[int]int{}
	var all []*inHosts
	for _, n := range used {
		for _, c := range headers[n].conds {
			if h, _ := hostsOf(c); h != nil {
				if count[h.slot]++; count[h.slot] == 1 {
					all = append(all, h)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *inHosts) int { return cmp.Compare(count[b.slot], count[a.slot]) })
	return all[:min(len(all), sieveTests)]
}

// hostsOf gives the test of addresses that a condition is, or negates.
func hostsOf(c cond) (h *inHosts, negated bool) {
	if n, ok := c.(notCond); ok {
		c, negated = n.x, true
	}
	h, _ = c.(*inHosts)
	return h, negated
}

// judge tells whether a header can hold for packets of kind k where the tests have the results i, and whether it does.
func (s *sieve) judge(hdr *header, i, k int) (can, sure bool) {
	sure = hdr.holdsFor(k)
	for _, c := range hdr.conds {
		h, negated := hostsOf(c)
		at := -1
		if h != nil {
			at = slices.IndexFunc(s.tests, func(t *inHosts) bool { return t.slot == h.slot })
		}
		if at < 0 {
			sure = false
		} else if (i>>at&1 != 0) == negated {
			return false, false
		}
	}
	return true, sure
}

// anyKind stands for packets of all kinds.
const anyKind = -1

// holdsFor tells whether direction and protocol of a header that hangs below packets of kind k hold for all of them.
func (h *header) holdsFor(k int) bool {
	if k == anyKind {
		return h.dirs == bothDirs && h.protos == nil
	}
	if k >= partNoFlow {
		if h.dirs != bothDirs {
			return false
		}
		k = 2 * (k - partNoFlow)
	}
	switch k &^ 1 {
	case partTCP, partUDP:
		return true
	case partICMP:
		return h.hasProto(1) && h.hasProto(58)
	}
	return h.protos == nil
}

// of gives what the event's addresses leave.
func (s *sieve) of(m *Matcher) *sieved {
	k := 0
	for i, t := range s.tests {
		if t.test(m) {
			k |= 1 << i
		}
	}
	return &s.lists[k]
}

// liveSwitches finds the switches that have a rule whose header may hold.
func (l *sieved) liveSwitches(m *Matcher) uint64 {
	live := l.live
	for _, t := range l.tests {
		if t.live&^live != 0 && m.header(t.hdr) {
			live |= t.live
		}
	}
	return live
}

// sieves deals the rules without literal; they are as they stay then.
func (b *builder) sieves() {
	for _, ep := range b.p.events {
		if ep == nil {
			continue
		}
		for k, pt := range ep.parts {
			if len(ep.parts) == 1 {
				k = anyKind
			}
			if pt != nil {
				pt.sieve = newSieve(pt, b.p.headers, k)
			}
		}
	}
}
