package intel

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
)

// store is a hash table of indicators, made to be small: values and descriptions lie in two byte
// arrays, entries are 12 bytes, a slot is 8. A value may be there several times, with other severities
// and expiries, at most once for each severity.
type store struct {
	seed    maphash.Seed
	slots   []uint64 // upper half: part of the hash; lower half: entry + 1; 0: free
	entries []entry
	values  []byte
	infos   []info
	text    []byte   // descriptions
	names   []string // categories and feeds
	count   [kinds]int
	// digests counts the hashes by length, of MD5, SHA-1, SHA-256 and others.
	digests [4]int
}

type entry struct {
	value  uint32 // offset in values
	info   uint32
	length uint16
	kind   Kind
}

type info struct {
	text     uint32 // offset in text
	textLen  uint16
	category uint16 // in names
	feed     uint16 // in names
	severity Severity
	// confidence is in percent, 0 for not told.
	confidence uint8
	expires    uint32 // seconds since 1970, 0 for never
}

func (s *store) hash(k Kind, value []byte) uint64 {
	return maphash.Bytes(s.seed, value) ^ uint64(k)*0x9e3779b97f4a7c15
}

// find gives the worst entry of the value that has not expired; now is in seconds, 0 for not caring.
func (s *store) find(k Kind, value []byte, now uint32) *entry {
	if s.count[k] == 0 {
		return nil
	}
	var best *entry
	s.each(k, value, func(e *entry) bool {
		i := &s.infos[e.info]
		if (i.expires == 0 || now < i.expires) && (best == nil || i.severity > s.infos[best.info].severity) {
			best = e
		}
		return true
	})
	return best
}

// each calls f with the entries of a value until it returns false.
func (s *store) each(k Kind, value []byte, f func(*entry) bool) {
	h := s.hash(k, value)
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if uint32(s.slots[i]>>32) != uint32(h>>32) {
			continue
		}
		e := &s.entries[uint32(s.slots[i])-1]
		if e.kind == k && string(s.values[e.value:e.value+uint32(e.length)]) == string(value) && !f(e) {
			return
		}
	}
}

// builder fills a store.
type builder struct {
	store
	nameIDs    map[string]uint16
	recent     map[Details]uint32 // infos that may come again
	duplicates int
}

func newBuilder() *builder {
	b := &builder{nameIDs: map[string]uint16{}, recent: map[Details]uint32{}}
	b.seed = maphash.MakeSeed()
	b.slots = make([]uint64, 1024)
	return b
}

// maxRecent bounds the memory of infos that may come again: feeds that describe each entry
// differently do not need it.
const maxRecent = 1 << 14

// add takes an indicator. It is false when the store is full.
func (b *builder) add(k Kind, value []byte, d Details) bool {
	if len(b.entries) >= MaxEntries || uint64(len(b.values))+uint64(len(value)) > math.MaxUint32 {
		return false
	}
	expires := clampTime(d.Expires)
	dominated := false
	b.each(k, value, func(e *entry) bool {
		i := &b.infos[e.info]
		if i.severity >= d.Severity && later(i.expires, expires) {
			dominated = true
		} else if d.Severity >= i.severity && later(expires, i.expires) {
			e.info = b.info(d, expires)
			dominated = true
		}
		return !dominated
	})
	if dominated {
		b.duplicates++
		return true
	}
	b.entries = append(b.entries, entry{value: uint32(len(b.values)), info: b.info(d, expires), length: uint16(len(value)), kind: k})
	b.values = append(b.values, value...)
	b.count[k]++
	if k == Hash {
		b.digests[digestOf(len(value))]++
	}
	if len(b.entries)*3 > len(b.slots)*2 {
		b.grow(len(b.slots) * 2)
	} else {
		b.place(len(b.entries) - 1)
	}
	return true
}

// later tells whether x is not before y, when 0 is never.
func later(x, y uint32) bool { return x == 0 || y != 0 && x >= y }

func clampTime(sec int64) uint32 {
	if sec <= 0 || sec > math.MaxUint32 {
		return 0
	}
	return uint32(sec)
}

func (b *builder) place(id int) {
	e := &b.entries[id]
	h := b.hash(e.kind, b.values[e.value:e.value+uint32(e.length)])
	mask := uint64(len(b.slots) - 1)
	i := h & mask
	for b.slots[i] != 0 {
		i = (i + 1) & mask
	}
	b.slots[i] = h>>32<<32 | uint64(id+1)
}

func (b *builder) grow(n int) {
	b.slots = make([]uint64, 1<<bits.Len(uint(n-1)))
	for id := range b.entries {
		b.place(id)
	}
}

func (b *builder) info(d Details, expires uint32) uint32 {
	if len(d.Description) > maxText {
		d.Description = d.Description[:maxText]
	}
	if id, ok := b.recent[d]; ok {
		return id
	}
	if len(b.recent) >= maxRecent {
		clear(b.recent)
	}
	i := info{category: b.name(d.Category), feed: b.name(d.Feed), severity: d.Severity, confidence: d.Confidence, expires: expires}
	if uint64(len(b.text))+uint64(len(d.Description)) <= math.MaxUint32 {
		i.text, i.textLen = uint32(len(b.text)), uint16(len(d.Description))
		b.text = append(b.text, d.Description...)
	}
	id := uint32(len(b.infos))
	b.infos = append(b.infos, i)
	b.recent[d] = id
	return id
}

// name numbers a category or feed; when there are too many, the rest are called "other".
func (b *builder) name(s string) uint16 {
	if id, ok := b.nameIDs[s]; ok {
		return id
	}
	if len(b.names) >= math.MaxUint16 {
		s = "other"
		if id, ok := b.nameIDs[s]; ok {
			return id
		}
	}
	if len(b.names) > math.MaxUint16 {
		return 0
	}
	id := uint16(len(b.names))
	s = string([]byte(s)) // not a part of a whole file
	b.names, b.nameIDs[s] = append(b.names, s), id
	return id
}

// finish gives the store, without spare memory.
func (b *builder) finish() store {
	// Each array is let go before the next is copied.
	b.recent = nil
	b.entries = slices.Clone(b.entries)
	b.values = slices.Clone(b.values)
	b.infos = slices.Clone(b.infos)
	b.text = slices.Clone(b.text)
	s := b.store
	b.store = store{}
	return s
}
