package mpm

// tiny looks for patterns of one and two bytes, which it indexes by first byte.
type tiny struct {
	any  [256]bool // begins a pattern
	pats [256][]tinyPat
}

type tinyPat struct {
	pat        uint32
	maxEnd     uint16
	two        bool
	next, fold byte
}

func (t *tiny) add(n uint32, p Pattern, maxEnd uint16) {
	f := appendFold(nil, p)
	e := tinyPat{pat: n, two: len(p.Bytes) == 2, maxEnd: maxEnd}
	if e.two {
		e.next, e.fold = p.Bytes[1], f[1]
	}
	for _, c := range [2]byte{p.Bytes[0], p.Bytes[0] ^ f[0]} {
		t.any[c] = true
		t.pats[c] = append(t.pats[c], e)
		if f[0] == 0 {
			break
		}
	}
}

func b2u(b bool) uint {
	if b {
		return 1
	}
	return 0
}

func (t *tiny) scan(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	for i := start; i < len(data); i++ {
		if !t.any[data[i]] {
			continue
		}
		for _, e := range t.pats[data[i]] {
			if seen.stamp[e.pat] == seen.gen {
				continue
			}
			if e.two {
				if i+1 >= len(data) || i+2 <= from || (data[i+1]^e.next)&^e.fold != 0 {
					continue
				}
			} else if i+1 <= from {
				continue
			}
			if e.maxEnd != anyEnd && i+1+int(b2u(e.two))+seen.Base > int(e.maxEnd) {
				continue
			}
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
