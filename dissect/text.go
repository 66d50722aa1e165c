package dissect

import "unsafe"

// Text gives the bytes of a string without a copy, for accessors of fields: nobody may write to
// what an accessor returns. "" gives nil.
func Text(s string) []byte {
	if s == "" {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
