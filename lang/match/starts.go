package match

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Rules that ask for something in the first eight bytes of payload, a method, a record type, a magic number, hang on a table
// of these. What a rule says about all of the eight is one entry, compared in one go, so that a short literal finds few in vain; the
// entries are found by one of their bytes. Where a literal may be at several places it has an entry for each.
type starts struct {
	places []startPlace // at which entries are found, in order
	list   []startEntry
	refs   []ref

	byKey map[startKey][]ref // while it is built
}

// startLen is the number of bytes, those of a word.
const startLen = 8

// startPlace is one of the first bytes, and where in the list are the entries that ask for each of its values.
type startPlace struct {
	at    uint8
	first [257]uint32
}

// startKey is what the first eight bytes must be, first byte lowest, as far as mask goes.
type startKey struct{ want, mask uint64 }

type startEntry struct {
	startKey
	from, to uint32 // in refs
}

// begin and end are the first byte that is asked for, and the one after the last.
func (k startKey) begin() int { return bits.TrailingZeros64(k.mask) / 8 }
func (k startKey) end() int   { return (bits.Len64(k.mask) + 7) / 8 }

// and gives what both ask for, false if no bytes can fit.
func (k startKey) and(o startKey) (startKey, bool) {
	if (k.want^o.want)&k.mask&o.mask != 0 {
		return k, false
	}
	return startKey{k.want | o.want, k.mask | o.mask}, true
}

// startKeys gives what the first bytes must be for a rule to match that hangs on o and has gate g, nil if o is not about these
// bytes alone.
func startKeys(o *option, g gate) []startKey {
	own := startKey{g.want, g.mask}
	var keys []startKey
	for i := range o.lits {
		l := &o.lits[i]
		if l.name != ir.FieldPayload || l.sets != nil || l.maxEnd <= 0 || l.maxEnd > startLen {
			return nil
		}
		for at := 0; at+len(l.bytes) <= l.maxEnd; at++ {
			if k, ok := own.and(keyAt(l, at)); ok && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// keyAt asks for a literal at a place.
func keyAt(l *lit, at int) (k startKey) {
	for i, c := range l.bytes {
		mask := byte(0xff)
		if l.nocase && (c|0x20)-'a' < 26 {
			mask = 0xdf
		}
		k.want |= uint64(c&mask) << (8 * (at + i))
		k.mask |= uint64(mask) << (8 * (at + i))
	}
	return k
}

func (t *starts) add(keys []startKey, r ref) {
	if t.byKey == nil {
		t.byKey = map[startKey][]ref{}
	}
	for _, k := range keys {
		if !slices.Contains(t.byKey[k], r) {
			t.byKey[k] = append(t.byKey[k], r)
		}
	}
}

// finish makes the table ready, and gives up what building needed.
func (t *starts) finish() {
	keys := make([]startKey, 0, len(t.byKey))
	for k := range t.byKey {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b startKey) int { return cmp.Or(cmp.Compare(a.mask, b.mask), cmp.Compare(a.want, b.want)) })
	var entries []startEntry
	for _, k := range keys {
		from := uint32(len(t.refs))
		t.refs = append(t.refs, t.byKey[k]...)
		sortRefs(t.refs[from:])
		entries = append(entries, startEntry{k, from, uint32(len(t.refs))})
	}
	t.byKey = nil
	for at := range startLen {
		t.place(at, entries)
	}
}

// place enters the entries that begin at a place.
func (t *starts) place(at int, entries []startEntry) {
	p := startPlace{at: uint8(at)}
	for c := range 256 {
		p.first[c] = uint32(len(t.list))
		for _, e := range entries {
			want, mask := byte(e.want>>(8*at)), byte(e.mask>>(8*at))
			if e.begin() == at && byte(c)&mask == want {
				t.list = append(t.list, e)
			}
		}
	}
	p.first[256] = uint32(len(t.list))
	if p.first[256] > p.first[0] {
		t.places = append(t.places, p)
	}
}

// startOf finds or makes the table of a part.
func (pt *part) startOf() *starts {
	if pt.starts == nil {
		pt.starts = new(starts)
	}
	return pt.starts
}

// hasStarts tells whether an event is about payload, whose beginning may be looked up.
func hasStarts(ev dissect.EventID) bool { return ev == dissect.EvPacket || ev == dissect.EvStreamData }

// firstBytes gives the first eight bytes, with zeros where there are fewer.
func firstBytes(d []byte) uint64 {
	if len(d) >= startLen {
		return binary.LittleEndian.Uint64(d)
	}
	var b [startLen]byte
	copy(b[:], d)
	return binary.LittleEndian.Uint64(b[:])
}

// addStarts takes the rules whose first bytes are there, of a stream when the last of them has come.
func (m *Matcher) addStarts(t *starts) {
	off, from := 0, 0
	if m.ev == dissect.EvStreamData {
		if m.e.DataOff+uint64(m.e.New) >= startLen {
			return
		}
		off = int(m.e.DataOff)
		from = off + m.e.New
	}
	v := firstBytes(m.e.Data) << (8 * off)
	end := off + len(m.e.Data)
	for i := range t.places {
		p := &t.places[i]
		if int(p.at) >= end {
			return
		}
		if int(p.at) < off {
			continue
		}
		c := byte(v >> (8 * p.at))
		for k := p.first[c]; k < p.first[int(c)+1]; k++ {
			e := &t.list[k]
			if (v^e.want)&e.mask != 0 {
				continue
			}
			if n := e.end(); n <= end && n > from {
				m.add(t.refs[e.from:e.to])
			}
		}
	}
}
