package match

import (
	"cmp"
	"slices"
)

// sieve deals rules by which sets of addresses source and destination are in: nearly all rules ask that of their home network, and
// in most flows that leaves few. The order of the rules stays.
type sieve struct {
	tests []*inHosts // those that most headers ask for, bit 0 first
	lists [][]ref    // by the bits of their results
}

// sieveTests is how many sets are asked for at most.
const sieveTests = 4

func newSieve(refs []ref, headers []header) sieve {
	count := map[int]int{}
	var all []*inHosts
	last := ^uint32(0)
	for _, r := range refs { // sorted by header
		if r.hdr == last {
			continue
		}
		last = r.hdr
		for _, c := range headers[r.hdr].conds {
			if h, _ := hostsOf(c); h != nil {
				if count[h.slot]++; count[h.slot] == 1 {
					all = append(all, h)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *inHosts) int { return cmp.Compare(count[b.slot], count[a.slot]) })
	s := sieve{tests: all[:min(len(all), sieveTests)]}
	s.lists = make([][]ref, 1<<len(s.tests))
	for k := range s.lists {
		for _, r := range refs {
			if s.allows(headers[r.hdr].conds, k) {
				s.lists[k] = append(s.lists[k], r)
			}
		}
	}
	return s
}

// hostsOf gives the test of addresses that a condition is, or negates.
func hostsOf(c cond) (h *inHosts, negated bool) {
	if n, ok := c.(notCond); ok {
		c, negated = n.x, true
	}
	h, _ = c.(*inHosts)
	return h, negated
}

// allows tells whether conditions can hold where the tests have the results k.
func (s *sieve) allows(conds []cond, k int) bool {
	for _, c := range conds {
		h, negated := hostsOf(c)
		if h == nil {
			continue
		}
		i := slices.IndexFunc(s.tests, func(t *inHosts) bool { return t.slot == h.slot })
		if i >= 0 && (k>>i&1 != 0) == negated {
			return false
		}
	}
	return true
}

// rules gives the rules that the event's addresses leave.
func (s *sieve) rules(m *Matcher) []ref {
	k := 0
	for i, t := range s.tests {
		if t.test(m) {
			k |= 1 << i
		}
	}
	return s.lists[k]
}

// sieves deals the rules without literal; they are as they stay then.
func (b *builder) sieves() {
	for _, ep := range b.p.events {
		if ep == nil {
			continue
		}
		for _, pt := range ep.parts {
			if pt != nil && pt.unstable > 0 {
				pt.sieve = newSieve(pt.loose[:pt.unstable], b.p.headers)
			}
		}
	}
}
