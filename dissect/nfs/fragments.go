package nfs

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// keepFragments is the largest buffer that a direction keeps for the next record in fragments, bytes.
const keepFragments = 8 << 10

// fragment takes a fragment of size bytes with its mark of a record that comes in several (RFC 5531 section 11); 0 where more is needed.
// Hardly anybody sends such records, but servers take them. Those that are longer than wholeRecord are passed over.
func (p *parser) fragment(c *dissect.Ctx, dir dissect.Dir, d *direction, b []byte, size int, last bool) int {
	if len(d.whole)+size-markLen > wholeRecord {
		c.Failed()
		*d = direction{lost: true}
		return len(b)
	}
	if len(b) < size {
		c.Need(size)
		return 0
	}
	d.whole = append(d.whole, b[markLen:size]...)
	if d.within = !last; last {
		d.skip, d.sink, d.left = 0, nil, 0
		showRPC(c, dir, d.whole, len(d.whole), 0)
		p.message(c, dir, d.whole)
		if d.whole = d.whole[:0]; cap(d.whole) > keepFragments {
			d.whole = nil
		}
	}
	return size
}

// fragmented is probeTCP for a record that begins with a fragment of it.
func fragmented(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	var head [bulkLook]byte
	have := head[:0]
	for len(have) < len(head) {
		if len(data) < markLen {
			return dissect.More
		}
		mark := binary.BigEndian.Uint32(data)
		n := int(mark &^ lastFragment)
		if data = data[markLen:]; n > maxRecord || mark&lastFragment != 0 && len(have)+n < len(head) {
			return dissect.No
		}
		k := min(n, len(data), len(head)-len(have))
		have, data = append(have, data[:k]...), data[k:]
		if k < n && len(have) < len(head) {
			return dissect.More
		}
	}
	return probeRPC(dir, have, maxRecord, minCall, hint)
}
