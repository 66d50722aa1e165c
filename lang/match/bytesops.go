package match

import (
	"math"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// conv is how bytes become a number, compiled.
type conv struct {
	bytes  num
	little bool
	text   bool
	signed bool
	dce    bool
	base   uint8
	shift  uint8
	mask   uint32
}

// other judges an item that is neither literal nor regex; it gives the position that it leaves.
func (r *inspection) other(it *item, pos int) (int, bool) {
	switch it.kind {
	case kIsDataAt:
		return pos, r.isDataAt(it, pos) != it.neg
	case kByteTest:
		return pos, r.byteTest(it, pos)
	case kByteJump:
		return r.byteJump(it, pos)
	case kByteExtract, kByteMath:
		return r.byteExtract(it, pos)
	case kBase64:
		return pos, r.base64(it, pos)
	case kSize:
		n := int64(len(r.buf))
		return pos, compareTest(it.op, n, int64(r.value(it.n)), it.hi.n) != it.neg
	case kEntropy:
		return pos, r.entropy(it, pos)
	case kASN1:
		return pos, r.asn1(it, pos)
	}
	return pos, false
}

func (r *inspection) isDataAt(it *item, pos int) bool {
	n := r.value(it.n)
	if it.relative {
		return pos+n <= len(r.buf) && pos+n >= 0
	}
	return uint64(n) < r.base+uint64(len(r.buf)) && n >= 0
}

// place gives where an item's bytes begin.
func (r *inspection) place(it *item, pos int) int {
	off := r.value(it.offset.num())
	if it.relative {
		return pos + off
	}
	return off - clampInt(int64(min(r.base, 1<<40)))
}

// maxDigits is more than a number of 64 bits has, in octal, with a sign and some space before.
const maxDigits = 64

// number reads a number at offset at; n is how many bytes it took.
func (r *inspection) number(c *conv, at int) (v uint64, n int, ok bool) {
	want := r.value(c.bytes)
	if at < 0 || want < 0 || at > len(r.buf) || want > len(r.buf)-at {
		return 0, 0, false
	}
	b := r.buf[at : at+want]
	if c.text {
		if want == 0 { // as many digits as there are
			b = r.buf[at:min(at+maxDigits, len(r.buf))]
		}
		v, n, ok = parseDigits(b, int(c.base))
	} else {
		v, n, ok = parseBinary(b, c.little), want, want <= 8
		if c.signed && want > 0 && want < 8 {
			s := 64 - 8*want
			v = uint64(int64(v<<s) >> s)
		}
	}
	if ok && c.mask != 0 {
		v = v & uint64(c.mask) >> c.shift
	}
	return v, n, ok
}

func parseBinary(b []byte, little bool) (v uint64) {
	if len(b) > 8 {
		return 0
	}
	if little {
		for i := len(b) - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		return v
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// parseDigits reads a number in text as strtoull does: white space, a sign, a 0x prefix for
// base 16 and 0, digits up to the first other byte; n is how many bytes that is.
func parseDigits(b []byte, base int) (v uint64, n int, ok bool) {
	i := 0
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	neg := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	if (base == 16 || base == 0) && i+2 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' {
		if _, hex := unhex(b[i+2]); hex {
			base = 16
			i += 2
		}
	}
	if base == 0 {
		base = 10
		if i < len(b) && b[i] == '0' {
			base = 8
		}
	}
	first := i
	for i < len(b) {
		d, isDigit := unhex(b[i])
		if !isDigit || int(d) >= base {
			break
		}
		if v > (math.MaxUint64-uint64(d))/uint64(base) {
			return 0, 0, false
		}
		v = v*uint64(base) + uint64(d)
		i++
	}
	if i == first {
		return 0, 0, false
	}
	if neg {
		v = -v
	}
	return v, i, true
}

func (r *inspection) byteTest(it *item, pos int) bool {
	v, _, ok := r.number(r.order(it), r.place(it, pos))
	if !ok || r.m.failed != failNone {
		return false
	}
	want := int64(r.value(it.n))
	if it.n.v == 0 {
		want = it.n.n
	}
	return compareTest(it.op, int64(v), want, it.hi.n) != it.neg
}

// order gives the item's conversion with the byte order of the DCERPC header that the message has, for those that
// ask for it.
func (r *inspection) order(it *item) *conv {
	if !it.conv.dce {
		return &it.conv
	}
	c := it.conv
	if t, ok := r.m.e.Tx.(dissect.ByteOrdered); ok {
		if little, known := t.ByteOrder(); known {
			c.little = little
			r.m.dceConv = c
			return &r.m.dceConv
		}
	}
	// Byte 4 of the header is the data representation: bit 4 set means little endian (C706 section 14.1).
	c.little = len(r.buf) > 4 && r.buf[4]&0x10 != 0
	r.m.dceConv = c
	return &r.m.dceConv
}

func compareTest(op ir.TestOp, v, n, hi int64) bool {
	switch op {
	case ir.TestEq:
		return v == n
	case ir.TestNe:
		return v != n
	case ir.TestLt:
		return uint64(v) < uint64(n)
	case ir.TestGt:
		return uint64(v) > uint64(n)
	case ir.TestLe:
		return uint64(v) <= uint64(n)
	case ir.TestGe:
		return uint64(v) >= uint64(n)
	case ir.TestAnd:
		return v&n != 0
	case ir.TestXor:
		return v^n != 0
	case ir.TestRange:
		return v > n && v < hi
	case ir.TestNotIn:
		return !(v > n && v < hi)
	case ir.TestInclude:
		return v >= n && v <= hi
	}
	return false
}

func (r *inspection) byteJump(it *item, pos int) (int, bool) {
	at := r.place(it, pos)
	v, n, ok := r.number(r.order(it), at)
	if !ok || r.m.failed != failNone {
		return pos, false
	}
	jump := clampInt(int64(v)) * int(it.mult)
	if it.align != 0 && jump%4 != 0 {
		jump += 4 - jump%4
	}
	jump += r.value(it.hi)
	switch {
	case it.fromBegin:
		jump -= clampInt(int64(min(r.base, 1<<40)))
	case it.fromEnd:
		jump += len(r.buf)
	default:
		jump += at + n
	}
	if jump < 0 && r.base == 0 {
		jump = 0 // as Suricata: no further back than the first byte
	}
	if jump < 0 || jump > len(r.buf) {
		return pos, false
	}
	return jump, true
}

// byteExtract does byte_extract and byte_math.
func (r *inspection) byteExtract(it *item, pos int) (int, bool) {
	at := r.place(it, pos)
	v, n, ok := r.number(r.order(it), at)
	if !ok || r.m.failed != failNone {
		return pos, false
	}
	if it.kind == kByteExtract {
		v *= uint64(it.mult)
		if a := uint64(it.align); a != 0 && v%a != 0 {
			v += a - v%a
		}
	} else if v, ok = r.math(it, v); !ok {
		return pos, false
	}
	r.m.vars[it.dest-1] = int64(v)
	r.m.varSet |= 1 << (it.dest - 1)
	return at + n, true
}

func (r *inspection) math(it *item, v uint64) (uint64, bool) {
	y := uint64(r.value(it.n))
	switch it.mathOp {
	case '+':
		return v + y, true
	case '-':
		return v - y, true
	case '*':
		return v * y, true
	case '/':
		if y == 0 {
			return 0, false
		}
		return v / y, true
	case '<':
		return v << (y & 63), y < 64
	case '>':
		return v >> (y & 63), y < 64
	}
	return 0, false
}

// base64 decodes a part of the buffer, and judges the sub-chain on it.
func (r *inspection) base64(it *item, pos int) bool {
	from := it.b64.offset
	if it.relative {
		from += pos
	}
	if from < 0 || from >= len(r.buf) {
		return false
	}
	b := r.buf[from:]
	if n := it.b64.bytes; n > 0 && n < len(b) {
		b = b[:n]
	}
	mark := r.m.used
	out := r.m.Bytes(len(b)/4*3 + 3)
	if out == nil {
		r.m.fail(failDecode)
		return false
	}
	out, ok := decodeBase64(out[:0], b, it.b64.mode)
	if !ok || len(out) == 0 {
		r.m.used = mark
		return false
	}
	sub := inspection{m: r.m, buf: out, items: it.b64.sub.items}
	found := sub.from(0, 0) == match
	r.m.used = mark
	return found
}

func (r *inspection) entropy(it *item, pos int) bool {
	from := it.ent.Offset
	if it.relative {
		from += pos
	}
	if from < 0 || from >= len(r.buf) {
		return false
	}
	b := r.buf[from:]
	if n := it.ent.Bytes; n > 0 {
		if n > len(b) {
			return false
		}
		b = b[:n]
	}
	v, lo, hi := entropyOf(b), it.ent.Value, it.ent.Hi
	r.m.noteEntropy(it.ent.Name, v)
	switch it.ent.Op {
	case ir.TestEq:
		return v == lo
	case ir.TestNe:
		return v != lo
	case ir.TestLt:
		return v < lo
	case ir.TestGt:
		return v > lo
	case ir.TestLe:
		return v <= lo
	case ir.TestGe:
		return v >= lo
	case ir.TestRange:
		return v > lo && v < hi
	case ir.TestNotIn:
		return !(v > lo && v < hi)
	case ir.TestInclude:
		return v >= lo && v <= hi
	}
	return false
}

// entropyOf is Shannon's entropy in bits a byte.
func entropyOf(b []byte) float64 {
	var n [256]int32
	for _, c := range b {
		n[c]++
	}
	h, total := 0.0, float64(len(b))
	for _, k := range n {
		if k > 0 {
			p := float64(k) / total
			h -= p * math.Log2(p)
		}
	}
	return h
}
