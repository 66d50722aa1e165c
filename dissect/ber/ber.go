// Package ber reads values in the Basic Encoding Rules of ASN.1 (ITU-T X.690), as LDAP, Kerberos and SNMP have them. It copies and
// allocates nothing, follows no nesting by itself, and takes no value that is longer than MaxLen.
package ber

import "strconv"

// MaxLen is the longest content of a value, bytes. Indefinite lengths, which LDAP (RFC 4511 section 5.1) and DER forbid, are refused.
const MaxLen = 1 << 24

// Classes of tags, as the two highest bits of the identifier have them (X.690 section 8.1.2.2).
const (
	Universal   = 0x00
	Application = 0x40
	Context     = 0x80
	Private     = 0xc0
)

// Constructed is the identifier's bit that says that the content is values again.
const Constructed = 0x20

// Identifiers of the universal types in use.
const (
	Boolean     = 0x01
	Integer     = 0x02
	BitString   = 0x03
	OctetString = 0x04
	Null        = 0x05
	OID         = 0x06
	Enumerated  = 0x0a
	UTF8String  = 0x0c
	Sequence    = 0x30
	Set         = 0x31
	String      = 0x1b // GeneralString
	Time        = 0x18 // GeneralizedTime
)

// Status says how reading went.
type Status uint8

// The statuses.
const (
	OK    Status = iota
	Short        // the value goes on beyond the bytes at hand
	Bad          // no value begins like this
)

// Head is the beginning of a value: what it is and how long.
type Head struct {
	// ID is the identifier: class, Constructed and number (0 to 30) as on the wire; of numbers from 31 on all five bits are set.
	ID byte
	// Number is the tag's number.
	Number uint32
	// Size is the length of identifier and length on the wire, Len that of the content, bytes.
	Size, Len int
}

// ReadHead reads the beginning of a value. With Short more bytes are wanted.
func ReadHead(b []byte) (h Head, st Status) {
	if len(b) == 0 {
		return h, Short
	}
	h.ID, h.Number = b[0], uint32(b[0]&0x1f)
	i := 1
	if h.Number == 0x1f {
		h.Number = 0
		for more := true; more; i++ {
			if i > 4 {
				return h, Bad
			}
			if i >= len(b) {
				return h, Short
			}
			h.Number = h.Number<<7 | uint32(b[i]&0x7f)
			more = b[i]&0x80 != 0
		}
	}
	if i >= len(b) {
		return h, Short
	}
	n := int(b[i])
	i++
	if n >= 0x80 {
		digits := n & 0x7f
		if n, st = longLen(b[i:], digits); st != OK {
			return h, st
		}
		i += digits
	}
	if n > MaxLen {
		return h, Bad
	}
	h.Size, h.Len = i, n
	return h, OK
}

// longLen reads a length of several bytes (X.690 section 8.1.3.5); zeros in front are allowed.
func longLen(b []byte, digits int) (n int, st Status) {
	if digits == 0 || digits > 8 {
		return 0, Bad
	}
	if len(b) < digits {
		return 0, Short
	}
	for _, c := range b[:digits] {
		if n = n<<8 | int(c); n > MaxLen {
			return 0, Bad
		}
	}
	return n, OK
}

// Reader takes values off a piece of memory, one after the other.
type Reader struct {
	B []byte // what is left
	// Failed says that something was not as it should be: it was cut off, is no value, or not the one wanted. Then nothing is left.
	Failed bool
	// Cut says that it was cut off.
	Cut bool
}

// New reads the values of b.
func New(b []byte) Reader { return Reader{B: b} }

// More tells whether there are more bytes.
func (r *Reader) More() bool { return len(r.B) > 0 }

// Next takes the next value whatever it is; ok is false at the end and after a failure. Nobody may append to what it gives.
func (r *Reader) Next() (id byte, body []byte, ok bool) {
	if len(r.B) == 0 {
		return 0, nil, false
	}
	h, st := ReadHead(r.B)
	if st != OK || h.Len > len(r.B)-h.Size {
		r.fail(st != Bad)
		return 0, nil, false
	}
	body = r.B[h.Size : h.Size+h.Len] // the capacity still tells where in the memory it lies
	r.B = r.B[h.Size+h.Len:]
	return h.ID, body, true
}

func (r *Reader) fail(cut bool) { r.B, r.Failed, r.Cut = nil, true, cut }

// Peek gives the identifier of the next value, 0 where nothing is left.
func (r *Reader) Peek() byte {
	if len(r.B) == 0 {
		return 0
	}
	return r.B[0]
}

// Want takes the next value, which has to be there and have this identifier.
func (r *Reader) Want(id byte) []byte {
	got, body, ok := r.Next()
	if !ok || got != id {
		r.fail(r.Cut)
		return nil
	}
	return body
}

// If takes the next value if it has this identifier.
func (r *Reader) If(id byte) (body []byte, ok bool) {
	if r.Peek() != id {
		return nil, false
	}
	_, body, ok = r.Next()
	return body, ok
}

// In takes the next value, which has to have this identifier, and reads what is in it.
func (r *Reader) In(id byte) Reader {
	body := r.Want(id)
	return Reader{B: body, Failed: r.Failed, Cut: r.Cut}
}

// Int takes a number with this identifier (Integer, Enumerated or an implicit tag). One that does not fit is a failure.
func (r *Reader) Int(id byte) int64 {
	v, ok := ParseInt(r.Want(id))
	if !ok {
		r.fail(false)
	}
	return v
}

// ParseInt gives the number that the content of an INTEGER or ENUMERATED is; ok is false where it is empty or past 64 bits.
func ParseInt(body []byte) (v int64, ok bool) {
	for len(body) > 8 && (body[0] == 0 && body[1] < 0x80 || body[0] == 0xff && body[1] >= 0x80) {
		body = body[1:] // bytes that change nothing
	}
	if len(body) == 0 || len(body) > 8 {
		return 0, false
	}
	v = int64(int8(body[0]))
	for _, c := range body[1:] {
		v = v<<8 | int64(c)
	}
	return v, true
}

// ParseUint gives a number without sign of up to 64 bits: Counter64 of SNMP, nonces of Kerberos.
func ParseUint(body []byte) (v uint64, ok bool) {
	for len(body) > 8 && body[0] == 0 {
		body = body[1:]
	}
	if len(body) == 0 || len(body) > 8 {
		return 0, false
	}
	for _, c := range body {
		v = v<<8 | uint64(c)
	}
	return v, true
}

// AppendOID appends the text of an object identifier's content: 1.3.6.1. A number past 63 bits, or one that is cut off, ends it with a ?.
func AppendOID(dst, body []byte) []byte {
	v, first, inside := uint64(0), true, false
	for _, c := range body {
		if v > 1<<56 {
			return append(dst, '?')
		}
		v, inside = v<<7|uint64(c&0x7f), c&0x80 != 0
		if inside {
			continue
		}
		if first { // the first two numbers are one (X.690 section 8.19.4)
			top := min(v/40, 2)
			dst = append(strconv.AppendUint(dst, top, 10), '.')
			v, first = v-40*top, false
		} else {
			dst = append(dst, '.')
		}
		dst, v = strconv.AppendUint(dst, v, 10), 0
	}
	if inside {
		dst = append(dst, '?')
	}
	return dst
}
