package mpm

// tiny looks for patterns of one and two bytes. It indexes them by first byte; a few are looked for one by one, many bytes at a time, which
// for two patterns in 1400 bytes takes a tenth of the time.
type tiny struct {
	few []fewPat

	any  [256]bool   // begins a pattern
	pats [][]tinyPat // of each byte
}

type tinyPat struct {
	pat        uint32
	maxEnd     uint16
	two        bool
	next, fold byte
}

type fewPat struct {
	pat    uint32
	maxEnd uint16
	needle *Needle
}

// maxFew is how many patterns are looked for one by one.
const maxFew = 4

// newTiny makes what looks for those of the patterns that are listed.
func newTiny(patterns []Pattern, list []uint32) *tiny {
	t := new(tiny)
	if len(list) > maxFew {
		t.pats = make([][]tinyPat, 256)
	}
	for _, n := range list {
		if p := patterns[n]; len(list) <= maxFew {
			t.few = append(t.few, fewPat{n, lastEnd(p), NewNeedle(p)})
		} else {
			t.add(n, p, lastEnd(p))
		}
	}
	return t
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

// scan looks for all of them in what ends after from.
func (t *tiny) scan(data []byte, start, from int, seen *Seen, hits []uint32) []uint32 {
	if t.few != nil {
		return t.scanFew(data, from, seen, hits)
	}
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

func (t *tiny) scanFew(data []byte, from int, seen *Seen, hits []uint32) []uint32 {
	for i := range t.few {
		e := &t.few[i]
		if seen.stamp[e.pat] == seen.gen {
			continue
		}
		start := max(0, from+1-e.needle.Len())
		at := e.needle.Index(data[start:]) // the first is the one that may be early enough
		if end := start + at + e.needle.Len(); at >= 0 && (e.maxEnd == anyEnd || end+seen.Base <= int(e.maxEnd)) {
			seen.stamp[e.pat] = seen.gen
			hits = append(hits, e.pat)
		}
	}
	return hits
}
