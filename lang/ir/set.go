package ir

import (
	"net/netip"
	"slices"
	"sort"
)

// Set is a set of constants: IntSet, IPSet or StrSet. Sets may be shared by rules; the
// compiler tests equal pointers once an event.
type Set interface{ set() }

// Range is an inclusive range of integers (ports, sizes, anything with an Int accessor).
type Range struct{ Lo, Hi int64 }

// IntSet is a set of integers, as sorted ranges that neither overlap nor touch.
type IntSet struct {
	Name   string // as rules call it, for explain; may be ""
	Ranges []Range
}

// NewIntSet sorts and joins ranges.
func NewIntSet(r ...Range) *IntSet {
	r = slices.Clone(r)
	sort.Slice(r, func(i, j int) bool { return r[i].Lo < r[j].Lo })
	out := r[:0]
	for _, x := range r {
		if x.Lo > x.Hi {
			continue
		}
		if n := len(out); n > 0 && (x.Lo <= out[n-1].Hi || x.Lo == out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, x.Hi)
			continue
		}
		out = append(out, x)
	}
	return &IntSet{Ranges: out}
}

// Has tells whether n is in the set.
func (s *IntSet) Has(n int64) bool {
	r := s.Ranges
	if len(r) <= 8 {
		for i := range r {
			if n <= r[i].Hi {
				return n >= r[i].Lo
			}
		}
		return false
	}
	i := sort.Search(len(r), func(i int) bool { return r[i].Hi >= n })
	return i < len(r) && n >= r[i].Lo
}

// Without gives the members of s that are not in t ({80..90, !85}).
func (s *IntSet) Without(t *IntSet) *IntSet {
	var out []Range
	for _, x := range s.Ranges {
		left := true
		for _, y := range t.Ranges {
			if y.Hi < x.Lo || y.Lo > x.Hi {
				continue
			}
			if y.Lo > x.Lo {
				out = append(out, Range{x.Lo, y.Lo - 1})
			}
			if left = y.Hi < x.Hi; !left {
				break
			}
			x.Lo = y.Hi + 1
		}
		if left {
			out = append(out, x)
		}
	}
	return &IntSet{Name: s.Name, Ranges: out}
}

// IPSet is a set of addresses: those in Nets and not in a longer prefix of Except. Build makes
// it ready; it is then immutable.
type IPSet struct {
	Name  string
	nets  prefixTable
	count int
}

// NewIPSet makes a set of prefixes without others. Which of two prefixes counts for an address follows Suricata: exceptions
// win over what they are taken from.
func NewIPSet(nets, except []netip.Prefix) *IPSet {
	s := &IPSet{count: len(nets) + len(except)}
	s.nets.build(nets, except)
	return s
}

// Has tells whether a is in the set. IPv4-mapped IPv6 addresses count as IPv4.
func (s *IPSet) Has(a netip.Addr) bool { return s.nets.has(a) }

// Len is the number of prefixes that the set was made of.
func (s *IPSet) Len() int { return s.count }

// StrSet is a set of strings.
type StrSet struct {
	Name   string
	NoCase bool // ASCII case folding
	table  strTable
}

// NewStrSet makes a set of strings.
func NewStrSet(nocase bool, values ...string) *StrSet {
	s := &StrSet{NoCase: nocase}
	s.table.build(values, nocase)
	return s
}

// Has tells whether b is in the set.
func (s *StrSet) Has(b []byte) bool { return s.table.has(b, s.NoCase) }

// Len is the number of values.
func (s *StrSet) Len() int { return s.table.n }

func (*IntSet) set() {}
func (*IPSet) set()  {}
func (*StrSet) set() {}

// Each calls f for each range of addresses of the set, in order, IPv4 first.
func (s *IPSet) Each(f func(lo, hi netip.Addr)) {
	for _, r := range s.nets.v4 {
		f(addr4(r.lo), addr4(r.hi))
	}
	for _, r := range s.nets.v6 {
		f(addr6(r.lo), addr6(r.hi))
	}
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func addr6(n u128) netip.Addr {
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(n.hi>>(56-8*i)), byte(n.lo>>(56-8*i))
	}
	return netip.AddrFrom16(b)
}

// Each calls f for each string of the set; with NoCase they are in lower case.
func (s *StrSet) Each(f func(v []byte)) {
	for i := range s.table.n {
		f(s.table.blob[s.table.offs[i]:s.table.offs[i+1]])
	}
}
