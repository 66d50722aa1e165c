package http

import "slices"

// Normalised gives what http.uri has for a request target, with the settings that are in force without a configuration. It is for
// tests of rules: parsing a request does the same in buffers of the transaction.
func Normalised(target []byte) []byte {
	t := Tx{}
	t.URI = slices.Clone(target)
	d := defaultDecoder
	t.parseURI(&d)
	return t.NormURI
}
