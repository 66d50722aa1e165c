package match

import "github.com/luanids/luanids/lang/ir"

// Limits of walking through BER (X.690).
const (
	maxASN1     = 256 // objects, as Suricata's asn1-max-frames
	maxASN1Real = 256 // bytes of a real number in text that is still taken for one
)

// asn1 walks through the BER objects from a place on, and tells whether one is as the item asks.
func (r *inspection) asn1(it *item, pos int) bool {
	from := it.asn.Offset
	if it.relative {
		from += pos
	}
	if from < 0 || from >= len(r.buf) {
		return false
	}
	b := r.buf[from:]
	for range maxASN1 {
		h, n := berHeader(b)
		if n == 0 {
			return false
		}
		content := b[n:]
		if badASN1(it.asn, &h, content) {
			return true
		}
		switch {
		case h.constructed || h.indefinite: // what is within comes next
			b = content
		case h.length > uint64(len(content)):
			return false
		default:
			b = content[h.length:]
		}
	}
	return false
}

func badASN1(x *ir.ASN1, h *berHead, content []byte) bool {
	if x.Oversize > 0 && h.length > uint64(x.Oversize) {
		return true
	}
	if h.class != 0 || h.constructed || h.length == 0 || len(content) == 0 {
		return false
	}
	switch h.tag {
	case 3: // BIT STRING: the first byte says how many bits are not used
		return x.Bitstring && uint64(content[0]) > 8*h.length
	case 9: // REAL, in text
		return x.Double && content[0]&0xc0 == 0 && h.length > maxASN1Real
	}
	return false
}

// berHead is the header of an object (X.690 section 8.1).
type berHead struct {
	class       uint8
	constructed bool
	indefinite  bool
	tag         uint64
	length      uint64
}

// berHeader reads a header and gives its length, 0 when there is none.
func berHeader(b []byte) (h berHead, n int) {
	if len(b) < 2 {
		return h, 0
	}
	h.class, h.constructed, h.tag = b[0]>>6, b[0]&0x20 != 0, uint64(b[0]&0x1f)
	n = 1
	if h.tag == 0x1f { // in more bytes
		h.tag = 0
		for {
			if n >= len(b) || n > 6 {
				return h, 0
			}
			c := b[n]
			n++
			h.tag = h.tag<<7 | uint64(c&0x7f)
			if c < 0x80 {
				break
			}
		}
	}
	if n >= len(b) {
		return h, 0
	}
	c := b[n]
	n++
	switch {
	case c < 0x80:
		h.length = uint64(c)
	case c == 0x80:
		h.indefinite = true
	default:
		k := int(c & 0x7f)
		if k > 8 || n+k > len(b) {
			return h, 0
		}
		for _, c := range b[n : n+k] {
			h.length = h.length<<8 | uint64(c)
		}
		n += k
	}
	return h, n
}
