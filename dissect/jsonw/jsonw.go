// Package jsonw appends JSON to a byte slice, without allocation and without reflection. It
// writes Suricata's conventions for bytes that are not text: what is not valid UTF-8 is shown
// as \xNN, so that a record is always valid JSON in UTF-8.
package jsonw

import (
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// Writer appends one JSON value to B. Commas are its own business: call Key and a value, or
// values alone within an array. The zero value is ready; Reset keeps the memory.
type Writer struct {
	B     []byte
	comma bool
}

// Reset empties the writer and keeps its memory.
func (w *Writer) Reset() { w.B, w.comma = w.B[:0], false }

func (w *Writer) sep() {
	if w.comma {
		w.B = append(w.B, ',')
	}
	w.comma = true
}

// Object opens an object as a value; End closes it.
func (w *Writer) Object() { w.sep(); w.B = append(w.B, '{'); w.comma = false }

// End closes an object.
func (w *Writer) End() { w.B = append(w.B, '}'); w.comma = true }

// Reopen takes back the End of the object that was written last, so that more members go into it.
func (w *Writer) Reopen() {
	n := len(w.B) - 1
	w.B, w.comma = w.B[:n], w.B[n-1] != '{'
}

// Array opens an array as a value; EndArray closes it.
func (w *Writer) Array() { w.sep(); w.B = append(w.B, '['); w.comma = false }

// EndArray closes an array.
func (w *Writer) EndArray() { w.B = append(w.B, ']'); w.comma = true }

// Key writes an object key; a value must follow. The key must need no escaping.
func (w *Writer) Key(k string) {
	if w.comma {
		w.B = append(w.B, ',')
	}
	w.B = append(w.B, '"')
	w.B = append(w.B, k...)
	w.B = append(w.B, '"', ':')
	w.comma = false
}

// KeyBytes writes an object key taken from traffic, escaped.
func (w *Writer) KeyBytes(k []byte) {
	w.sep()
	w.B = AppendString(w.B, k)
	w.B = append(w.B, ':')
	w.comma = false
}

// Open writes a key and opens an object as its value.
func (w *Writer) Open(k string) { w.Key(k); w.Object() }

// OpenArray writes a key and opens an array as its value.
func (w *Writer) OpenArray(k string) { w.Key(k); w.Array() }

// Int writes an integer value.
func (w *Writer) Int(v int64) { w.sep(); w.B = strconv.AppendInt(w.B, v, 10) }

// Uint writes an unsigned integer value.
func (w *Writer) Uint(v uint64) { w.sep(); w.B = strconv.AppendUint(w.B, v, 10) }

// Float writes a floating-point value; prec as strconv.FormatFloat with 'f', -1 for shortest.
func (w *Writer) Float(v float64, prec int) {
	w.sep()
	w.B = strconv.AppendFloat(w.B, v, 'f', prec, 64)
}

// Bool writes true or false.
func (w *Writer) Bool(v bool) { w.sep(); w.B = strconv.AppendBool(w.B, v) }

// Str writes a string value.
func (w *Writer) Str(s string) { w.sep(); w.B = AppendString(w.B, s) }

// Bytes writes bytes of the traffic as a string value.
func (w *Writer) Bytes(s []byte) { w.sep(); w.B = AppendString(w.B, s) }

// Printable writes bytes with all that is not printable ASCII as a dot, as Suricata's
// payload_printable does; CR and LF stay.
func (w *Writer) Printable(s []byte) {
	w.sep()
	w.B = append(w.B, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			w.B = append(w.B, '\\', c)
		case c == '\n':
			w.B = append(w.B, '\\', 'n')
		case c == '\r':
			w.B = append(w.B, '\\', 'r')
		case c >= 0x20 && c < 0x7f:
			w.B = append(w.B, c)
		default:
			w.B = append(w.B, '.')
		}
	}
	w.B = append(w.B, '"')
}

// Base64 writes bytes in standard base64.
func (w *Writer) Base64(s []byte) {
	w.sep()
	w.B = append(w.B, '"')
	w.B = base64.StdEncoding.AppendEncode(w.B, s)
	w.B = append(w.B, '"')
}

// Base64Join writes two runs of bytes as one value in standard base64.
func (w *Writer) Base64Join(a, b []byte) {
	if len(a) == 0 {
		w.Base64(b)
		return
	}
	w.Base64(append(append(make([]byte, 0, len(a)+len(b)), a...), b...))
}

// Hex writes bytes as lower-case hex digits.
func (w *Writer) Hex(s []byte) {
	w.sep()
	w.B = append(w.B, '"')
	w.B = hex.AppendEncode(w.B, s)
	w.B = append(w.B, '"')
}

// Addr writes an IP address as a string value.
func (w *Writer) Addr(a netip.Addr) {
	w.sep()
	w.B = append(w.B, '"')
	w.B = a.AppendTo(w.B)
	w.B = append(w.B, '"')
}

// Raw writes a value that is JSON already.
func (w *Writer) Raw(s []byte) { w.sep(); w.B = append(w.B, s...) }

// Members splices members of an object ("k":v,...) that were written by another writer.
func (w *Writer) Members(s []byte) {
	if len(s) > 0 {
		w.sep()
		w.B = append(w.B, s...)
	}
}

const hexDigits = "0123456789abcdef"

// plain marks bytes that stand for themselves in a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return
}()

// AppendString appends s as a JSON string. If s is not valid UTF-8, all its bytes beyond ASCII come out as the four characters
// \xNN, as in Suricata.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plain[c] {
			continue
		}
		if c >= utf8.RuneSelf {
			if !valid(s[i:]) {
				return append(appendBinary(dst, s[start:]), '"')
			}
			return append(appendValid(dst, s[start:]), '"')
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscaped(dst, c)
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func valid[T string | []byte](s T) bool {
	switch s := any(s).(type) {
	case string:
		return utf8.ValidString(s)
	case []byte:
		return utf8.Valid(s)
	}
	return false
}

// appendValid appends UTF-8 text; what is beyond ASCII stands for itself.
func appendValid[T string | []byte](dst []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < utf8.RuneSelf && !plain[c] {
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// appendBinary appends bytes that are not text.
func appendBinary[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case plain[c]:
			dst = append(dst, c)
		case c < utf8.RuneSelf:
			dst = appendEscaped(dst, c)
		default:
			dst = append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// Limited writes bytes of the traffic, of which n came, as a string value of at most limit bytes; how many are missing is said at its end, as
// in Suricata. s may be shorter than n where the rest was not kept.
func (w *Writer) Limited(s []byte, n, limit int) {
	keep := min(limit, len(s))
	if n <= keep {
		w.Bytes(s)
		return
	}
	w.Bytes(s[:keep])
	w.B = append(w.B[:len(w.B)-1], "[truncated "...)
	w.B = strconv.AppendInt(w.B, int64(n-keep), 10)
	w.B = append(w.B, ` additional bytes]"`...)
}
