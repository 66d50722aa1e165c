package http2

import (
	"bytes"
	"errors"

	"golang.org/x/net/http2/hpack"
)

// Sizes of HPACK's dynamic table (RFC 7541 section 4), bytes.
const (
	defaultTable  = 4096
	entryOverhead = 32
	// maxEntries caps the entries whatever their size; the overhead gives the same bound for the default cap.
	maxEntries = 4096
)

// Errors of a header block.
var (
	errTruncated = errors.New("a header block ends within a field")
	errHuffman   = errors.New("invalid Huffman code")
	errOverflow  = errors.New("an integer is too large")
)

// entry is a header field in a table's memory.
type entry struct{ off, name, value int }

func (e entry) size() int { return e.name + e.value + entryOverhead }

// table is the dynamic table of one direction: what its sender has put into it. Old entries go when new ones come.
type table struct {
	data  []byte
	ents  []entry // oldest first
	first int     // of those that are left
	size  int     // as RFC 7541 section 4.1 counts it
	max   int
	// broken says that bytes are missing, so that what the sender put in meanwhile is not known.
	broken bool

	name, value bytes.Buffer // decoded texts
}

// keepTable is the largest table memory that reset keeps, bytes.
const keepTable = 16 << 10

func (t *table) reset() {
	if cap(t.data) > keepTable {
		t.data = nil
	}
	t.data, t.ents, t.first, t.size, t.max, t.broken = t.data[:0], t.ents[:0], 0, 0, defaultTable, false
	if t.name.Cap()+t.value.Cap() > keepTable {
		t.name, t.value = bytes.Buffer{}, bytes.Buffer{}
	}
}

// at gives the field of an index (RFC 7541 section 2.3.3); it is valid until something is added.
func (t *table) at(index uint64) (name, value []byte, ok bool) {
	switch {
	case index == 0:
		return nil, nil, false
	case index <= uint64(len(static)):
		f := &static[index-1]
		return f.name, f.value, true
	}
	index -= uint64(len(static))
	if index > uint64(len(t.ents)-t.first) {
		return nil, nil, false
	}
	e := t.ents[len(t.ents)-int(index)]
	return t.data[e.off : e.off+e.name], t.data[e.off+e.name : e.off+e.name+e.value], true
}

// add puts a field in front (RFC 7541 section 4.4). The texts may be of the table itself.
func (t *table) add(name, value []byte) {
	e := entry{len(t.data), len(name), len(value)}
	if e.size() > t.max {
		t.evict(0)
		return
	}
	t.data = append(append(t.data, name...), value...)
	t.ents = append(t.ents, e)
	t.size += e.size()
	t.evict(t.max)
}

// evict drops old entries until the rest fits.
func (t *table) evict(max int) {
	for t.first < len(t.ents) && (t.size > max || len(t.ents)-t.first > maxEntries) {
		t.size -= t.ents[t.first].size()
		t.first++
	}
	if t.first == len(t.ents) {
		t.ents, t.data, t.first = t.ents[:0], t.data[:0], 0
		return
	}
	// What is gone is cut off when it is as much as what is left: each byte moves once on average.
	gone, left := t.ents[t.first].off, len(t.ents)-t.first
	if gone > defaultTable && gone > len(t.data)-gone || t.first > maxEntries/16 && t.first > left {
		t.data = t.data[:copy(t.data, t.data[gone:])]
		t.ents = t.ents[:copy(t.ents, t.ents[t.first:])]
		for i := range t.ents {
			t.ents[i].off -= gone
		}
		t.first = 0
	}
}

// resize follows the sender's change of the table's size, up to limit (RFC 7541 section 4.3).
func (t *table) resize(n uint64, limit int) {
	t.max = int(min(n, uint64(limit)))
	t.evict(t.max)
}

// sink takes what a header block says. The texts are valid during the call.
type sink interface {
	field(name, value []byte)
	tableUpdate(size uint64)
	badIndex()
}

// decode reads a header block (RFC 7541 section 6). Fields that refer to entries which are not there are told to the sink and left
// out; any other error ends the block. limit caps the table.
func (t *table) decode(b []byte, to sink, limit int) error {
	for len(b) > 0 {
		var err error
		switch c := b[0]; {
		case c&0x80 != 0:
			b, err = t.indexed(b, to)
		case c&0xc0 == 0x40:
			b, err = t.literal(b, 6, true, to)
		case c&0xe0 == 0x20:
			var n uint64
			if n, b, err = integer(b, 5); err == nil {
				to.tableUpdate(n)
				t.resize(n, limit)
			}
		default: // without indexing, and never indexed
			b, err = t.literal(b, 4, false, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *table) indexed(b []byte, to sink) ([]byte, error) {
	n, b, err := integer(b, 7)
	if err != nil {
		return nil, err
	}
	name, value, ok := t.at(n)
	if !ok {
		to.badIndex()
		return b, nil
	}
	to.field(name, value)
	return b, nil
}

// literal reads a field whose value is written out, and its name too where the index is 0 (RFC 7541 section 6.2).
func (t *table) literal(b []byte, prefix uint, keep bool, to sink) ([]byte, error) {
	n, b, err := integer(b, prefix)
	if err != nil {
		return nil, err
	}
	var name, value []byte
	known := true
	if n == 0 {
		if name, b, err = text(b, &t.name); err != nil {
			return nil, err
		}
	} else {
		name, _, known = t.at(n)
	}
	if value, b, err = text(b, &t.value); err != nil {
		return nil, err
	}
	if !known {
		to.badIndex()
	} else {
		to.field(name, value)
	}
	if keep {
		t.add(name, value)
	}
	return b, nil
}

// text reads a string (RFC 7541 section 5.2), with buf for what is Huffman-coded.
func text(b []byte, buf *bytes.Buffer) (s, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errTruncated
	}
	huffman := b[0]&0x80 != 0
	n, b, err := integer(b, 7)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(b)) {
		return nil, nil, errTruncated
	}
	s, b = b[:n], b[n:]
	if !huffman {
		return s, b, nil
	}
	buf.Reset()
	if _, err := hpack.HuffmanDecode(buf, s); err != nil {
		return nil, nil, errHuffman
	}
	return buf.Bytes(), b, nil
}

// integer reads an integer with a prefix of that many bits (RFC 7541 section 5.1).
func integer(b []byte, prefix uint) (n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, errTruncated
	}
	mask := uint64(1)<<prefix - 1
	n = uint64(b[0]) & mask
	b = b[1:]
	if n < mask {
		return n, b, nil
	}
	for shift := uint(0); ; shift += 7 {
		if len(b) == 0 {
			return 0, nil, errTruncated
		}
		if shift > 28 { // past 32 bits
			return 0, nil, errOverflow
		}
		n += uint64(b[0]&0x7f) << shift
		more := b[0]&0x80 != 0
		b = b[1:]
		if !more {
			return n, b, nil
		}
	}
}
