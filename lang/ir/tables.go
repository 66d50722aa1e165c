package ir

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sort"
)

// prefixTable holds addresses as sorted, disjoint ranges: exact, small (8 bytes an IPv4
// range) and quick to search, also with a million prefixes.
type prefixTable struct {
	v4 []range4
	// first[h] is the first range of v4 that may hold addresses with the upper 16 bits h; nil
	// for few ranges.
	first []uint32
	v6    []range6
}

type range4 struct{ lo, hi uint32 }

type range6 struct{ lo, hi u128 }

// indexFrom is the number of IPv4 ranges from which the 256 kB index pays.
const indexFrom = 4096

func (t *prefixTable) build(nets, except []netip.Prefix) {
	in4, in6 := splitPrefixes(nets)
	out4, out6 := splitPrefixes(except)
	for _, r := range subtract(in4, out4) {
		t.v4 = append(t.v4, range4{uint32(r.lo.lo), uint32(r.hi.lo)})
	}
	t.v6 = subtract(in6, out6)
	if len(t.v4) >= indexFrom {
		t.first = make([]uint32, 1<<16+1)
		i := 0
		for h := range t.first {
			for i < len(t.v4) && int(t.v4[i].hi>>16) < h {
				i++
			}
			t.first[h] = uint32(i)
		}
	}
}

func (t *prefixTable) has(a netip.Addr) bool {
	a = a.Unmap()
	if a.Is4() {
		b := a.As4()
		return t.Has4(binary.BigEndian.Uint32(b[:]))
	}
	if !a.IsValid() || len(t.v6) == 0 {
		return false
	}
	b := a.As16()
	return t.has6(u128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])})
}

// Has4 looks for an IPv4 address.
func (t *prefixTable) Has4(x uint32) bool {
	lo, hi := 0, len(t.v4)
	if t.first != nil {
		lo = int(t.first[x>>16])
		hi = min(hi, int(t.first[x>>16+1])+1)
	}
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if t.v4[m].hi < x {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo < len(t.v4) && t.v4[lo].lo <= x && x <= t.v4[lo].hi
}

func (t *prefixTable) has6(x u128) bool {
	i := sort.Search(len(t.v6), func(i int) bool { return !t.v6[i].hi.less(x) })
	return i < len(t.v6) && !x.less(t.v6[i].lo)
}

// u128 is an unsigned number of 128 bits.
type u128 struct{ hi, lo uint64 }

func (a u128) less(b u128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a u128) inc() u128 {
	a.lo++
	if a.lo == 0 {
		a.hi++
	}
	return a
}

func (a u128) dec() u128 {
	if a.lo == 0 {
		a.hi--
	}
	a.lo--
	return a
}

// splitPrefixes gives the ranges of IPv4 prefixes (in the low 32 bits) and of IPv6 ones,
// sorted and joined.
func splitPrefixes(ps []netip.Prefix) (v4, v6 []range6) {
	for _, p := range ps {
		if !p.IsValid() {
			continue
		}
		a, bits := p.Masked().Addr(), p.Bits()
		if a.Is4In6() {
			a, bits = a.Unmap(), max(0, bits-96)
		}
		if a.Is4() {
			b := a.As4()
			lo := uint64(binary.BigEndian.Uint32(b[:]))
			v4 = append(v4, range6{u128{0, lo}, u128{0, lo | (1<<(32-bits) - 1)}})
			continue
		}
		b := a.As16()
		r := range6{lo: u128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}}
		r.hi = r.lo
		if bits < 64 {
			r.hi.hi |= 1<<(64-bits) - 1
			r.hi.lo = ^uint64(0)
		} else {
			r.hi.lo |= 1<<(128-bits) - 1
		}
		v6 = append(v6, r)
	}
	return join(v4), join(v6)
}

func join(r []range6) []range6 {
	sort.Slice(r, func(i, j int) bool { return r[i].lo.less(r[j].lo) })
	out := r[:0]
	for _, x := range r {
		if n := len(out); n > 0 && !out[n-1].hi.inc().less(x.lo) && out[n-1].hi != (u128{^uint64(0), ^uint64(0)}) {
			if out[n-1].hi.less(x.hi) {
				out[n-1].hi = x.hi
			}
			continue
		}
		out = append(out, x)
	}
	return out
}

// subtract gives what of a is not in b; both are sorted and joined.
func subtract(a, b []range6) []range6 {
	if len(b) == 0 {
		return a
	}
	var out []range6
	j := 0
	for _, x := range a {
		for j < len(b) && b[j].hi.less(x.lo) {
			j++
		}
		gone := false
		for k := j; k < len(b) && !x.hi.less(b[k].lo); k++ {
			if x.lo.less(b[k].lo) {
				out = append(out, range6{x.lo, b[k].lo.dec()})
			}
			if !b[k].hi.less(x.hi) {
				gone = true
				break
			}
			x.lo = b[k].hi.inc()
		}
		if !gone {
			out = append(out, x)
		}
	}
	return out
}

// strTable is an open-addressing hash table of strings in one blob: about 12 bytes an entry
// besides the text.
type strTable struct {
	slots []uint32 // index+1 into offs, 0: free
	offs  []uint32 // start of each value in blob; one more at the end
	blob  []byte
	n     int
}

func (t *strTable) build(values []string, fold bool) {
	size := 4
	for size < len(values)*2 {
		size *= 2
	}
	t.slots = make([]uint32, size)
	total := 0
	for _, v := range values {
		total += len(v)
	}
	t.blob = make([]byte, 0, total)
	t.offs = append(make([]uint32, 0, len(values)+1), 0)
	for _, v := range values {
		b := []byte(v)
		if fold {
			b = bytes.Clone(b)
			for i, c := range b {
				b[i] = lower(c)
			}
		}
		i, found := t.find(b, false)
		if found || len(t.blob)+len(b) > 1<<32-1 {
			continue
		}
		t.blob = append(t.blob, b...)
		t.offs = append(t.offs, uint32(len(t.blob)))
		t.n++
		t.slots[i] = uint32(t.n)
	}
}

func (t *strTable) has(b []byte, fold bool) bool {
	if t.n == 0 {
		return false
	}
	_, ok := t.find(b, fold)
	return ok
}

func (t *strTable) find(b []byte, fold bool) (slot uint32, found bool) {
	mask := uint32(len(t.slots) - 1)
	i := hashStr(b, fold) & mask
	for t.slots[i] != 0 {
		k := t.slots[i] - 1
		v := t.blob[t.offs[k]:t.offs[k+1]]
		if len(v) == len(b) && (!fold && bytes.Equal(v, b) || fold && equalFolded(v, b)) {
			return i, true
		}
		i = (i + 1) & mask
	}
	return i, false
}

// equalFolded compares v, which is in lower case, with b.
func equalFolded(v, b []byte) bool {
	for i, c := range b {
		if lower(c) != v[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// hashStr is FNV-1a with a final mix.
func hashStr(b []byte, fold bool) uint32 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		if fold {
			c = lower(c)
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 29
	return uint32(h ^ h>>32)
}
