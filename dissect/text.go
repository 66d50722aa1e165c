package dissect

import (
	"bytes"
	"unicode/utf8"
	"unsafe"
)

// Text gives the bytes of a string without a copy, for accessors of fields: nobody may write to
// what an accessor returns. "" gives nil.
func Text(s string) []byte {
	if s == "" {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// ValidText gives bytes as UTF-8, with U+FFFD for each run of bytes that are none. It allocates only where there are such.
func ValidText(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return bytes.ToValidUTF8(b, []byte("\uFFFD"))
}
