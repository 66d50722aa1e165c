package match

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/luanids/luanids/lang/ir"
)

// Literals of rules for a few uncommon ports are scanned for in flows with such a port only. Ports for which the same rules
// ask are a group. Groups with many literals have a slot each; the others share one, so that no ruleset makes more than a few.
const (
	portSlotFrom = 16 // literals that make a slot
	maxPortSlots = 12 // groups with a slot of their own, of one buffer
	maxMerged    = 2  // of these, groups with another slot, in which those of any port are as well, so that one scan does
)

// portSlots tells what is scanned besides, or instead, in flows with some ports.
type portSlots struct {
	bits [2][1 << 16 / 64]uint64 // source and destination ports with a slot
	list [2][]portSlot           // sorted by port
}

type portSlot struct {
	port uint16
	slot *scanSlot
}

func (p *portSlots) add(dst int, port uint16, s *scanSlot) {
	p.bits[dst][port>>6] |= 1 << (port & 63)
	p.list[dst] = append(p.list[dst], portSlot{port, s})
}

func (p *portSlots) at(dst int, port uint16) *scanSlot {
	if p.bits[dst][port>>6]>>(port&63)&1 == 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(p.list[dst], port, func(s portSlot, port uint16) int { return cmp.Compare(s.port, port) })
	return p.list[dst][i].slot
}

// portRules collects the literals of rules for uncommon ports while a slot is split.
type portRules struct {
	sets   map[string]int // number of a set of ports
	ports  []portSetOf
	hang   [][]hanging // by number of the set
	groups map[string]*portGroup
	sorted []*portGroup
}

type portSetOf struct {
	set *ir.IntSet
	dst int
}

// hanging is a rule below pattern pat of the slot that is split.
type hanging struct {
	pat int
	ref
}

// portGroup is made of the ports that the same sets hold.
type portGroup struct {
	dst   int
	ports []uint16
	sets  []int
	lits  int
	slot  *scanSlot
}

// take notes a rule below pattern pat.
func (p *portRules) take(pat int, r ref, set *ir.IntSet, dst int) {
	key := fmt.Sprint(dst, set.Ranges)
	n, known := p.sets[key]
	if !known {
		if p.sets == nil {
			p.sets = map[string]int{}
		}
		n = len(p.ports)
		p.sets[key] = n
		p.ports, p.hang = append(p.ports, portSetOf{set, dst}), append(p.hang, nil)
	}
	p.hang[n] = append(p.hang[n], hanging{pat, r})
}

// group finds the groups, those with the most literals first.
func (p *portRules) group() {
	p.groups = map[string]*portGroup{}
	for dst := range 2 {
		of := map[uint16][]int{}
		for n, s := range p.ports {
			if s.dst != dst {
				continue
			}
			for _, r := range s.set.Ranges {
				for port := max(0, r.Lo); port <= min(1<<16-1, r.Hi); port++ {
					of[uint16(port)] = append(of[uint16(port)], n)
				}
			}
		}
		for port, sets := range of {
			key := fmt.Sprint(dst, sets)
			g := p.groups[key]
			if g == nil {
				g = &portGroup{dst: dst, sets: sets}
				for _, n := range sets {
					g.lits += len(p.hang[n])
				}
				p.groups[key] = g
				p.sorted = append(p.sorted, g)
			}
			g.ports = append(g.ports, port)
		}
	}
	for _, g := range p.sorted {
		slices.Sort(g.ports)
	}
	slices.SortFunc(p.sorted, func(a, b *portGroup) int {
		return cmp.Or(cmp.Compare(b.lits, a.lits), cmp.Compare(a.dst, b.dst), cmp.Compare(a.ports[0], b.ports[0]))
	})
}

// portSlots makes the slots for uncommon ports of s, of which base is what is left for any port.
func (b *builder) portSlots(s *scanSlot, p *portRules, base *scanSlot) {
	if len(p.ports) == 0 {
		return
	}
	p.group()
	s.ports = new(portSlots)
	var shared *scanSlot
	for i, g := range p.sorted {
		if g.lits >= portSlotFrom && i < maxPortSlots {
			g.slot = s.like(b)
			b.slots = append(b.slots, g.slot)
		} else {
			if shared == nil {
				shared = s.like(b)
				b.slots = append(b.slots, shared)
			}
			g.slot = shared
		}
		for _, n := range g.sets {
			for _, h := range p.hang[n] {
				g.slot.take(s.pats[h.pat], h.ref)
			}
		}
		for _, port := range g.ports {
			s.ports.add(g.dst, port, g.slot)
		}
		if g.slot != shared && i < maxMerged {
			b.merge(g.slot, base)
		}
	}
	if shared != nil {
		b.merge(shared, base)
	}
	for dst := range s.ports.list {
		slices.SortFunc(s.ports.list[dst], func(a, b portSlot) int { return cmp.Compare(a.port, b.port) })
	}
}

// merge gives s a slot with the patterns of s and base. For streams and what is not of them of TCP's packets: that is nearly all
// that is scanned.
func (b *builder) merge(s, base *scanSlot) {
	if !s.stream && !s.again || len(base.pats) == 0 {
		return
	}
	s.merged = s.like(b)
	b.slots = append(b.slots, s.merged)
	s.merged.takeAll(base)
	s.merged.takeAll(s)
}

// takeAll enters all patterns of another slot; those that s has already are then there twice, which does no harm.
func (s *scanSlot) takeAll(of *scanSlot) {
	n := uint32(len(s.pats))
	s.pats = append(s.pats, of.pats...)
	for _, h := range of.hung {
		s.hung = append(s.hung, hung{n + h.pat, h.ref})
	}
}

// scanPorts scans what the ports of the flow ask for. It gives the slot that is left to be scanned: main, or nothing if what
// is in main, which is s itself, was scanned with it.
func (m *Matcher) scanPorts(s, main *scanSlot) *scanSlot {
	h := m.view()
	if !h.ports {
		return main
	}
	src, dst := s.ports.at(0, h.srcPort), s.ports.at(1, h.dstPort)
	if src == dst {
		src = nil
	}
	for _, g := range [...]*scanSlot{dst, src} {
		switch {
		case g == nil:
		case g.merged != nil && main == s:
			main = nil
			m.scan(g.merged, nil)
		default:
			m.scan(g, nil)
		}
	}
	return main
}
