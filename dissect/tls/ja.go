package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// AppendJA3 appends the JA3 string of a ClientHello, or the JA3S string of a ServerHello
// (github.com/salesforce/ja3): version, ciphers, extensions and, for the client, groups and
// point formats, in decimal.
func (h *Hello) AppendJA3(b []byte, server bool) []byte {
	b = strconv.AppendUint(b, uint64(h.Legacy), 10)
	b = appendDashed(append(b, ','), h.Ciphers)
	b = appendDashed(append(b, ','), h.Extensions)
	if server {
		return b
	}
	b = appendDashed(append(b, ','), h.Groups)
	b = append(b, ',')
	for i, f := range h.PointFormats {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(f), 10)
	}
	return b
}

func appendDashed(b []byte, vs []uint16) []byte {
	for i, v := range vs {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

func appendMD5(b, s []byte) []byte {
	sum := md5.Sum(s)
	return hex.AppendEncode(b, sum[:])
}

// AppendJA4 appends the JA4 fingerprint of a ClientHello (github.com/FoxIO-LLC/ja4): transport is
// 't' for TCP, 'q' for QUIC, 'd' for DTLS. scratch is working memory, returned grown.
func (h *Hello) AppendJA4(b []byte, transport byte, scratch []byte) (ja4, work []byte) {
	b = append(b, transport)
	b = append(b, ja4Version(h.Version)...)
	if h.HasSNI || slices.Contains(h.Extensions, extServerName) {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	b = appendTwoDigits(b, len(h.Ciphers))
	b = appendTwoDigits(b, len(h.Extensions))
	b = append(h.appendJA4ALPN(b), '_')

	var sorted [maxList]uint16
	n := copy(sorted[:], h.Ciphers)
	slices.Sort(sorted[:n])
	scratch = appendHexList(scratch[:0], sorted[:n])
	b = append(appendShortSHA256(b, scratch), '_')

	n = 0
	for _, e := range h.Extensions {
		if e != extServerName && e != extALPN {
			sorted[n] = e
			n++
		}
	}
	slices.Sort(sorted[:n])
	scratch = appendHexList(scratch[:0], sorted[:n])
	if len(h.SigAlgs) > 0 {
		scratch = appendHexList(append(scratch, '_'), h.SigAlgs)
	}
	return appendShortSHA256(b, scratch), scratch
}

func ja4Version(v uint16) string {
	switch v {
	case VersionTLS13:
		return "13"
	case VersionTLS12:
		return "12"
	case VersionTLS11:
		return "11"
	case VersionTLS10:
		return "10"
	case VersionSSL3:
		return "s3"
	case VersionSSL2:
		return "s2"
	case 0xfeff:
		return "d1"
	case 0xfefd:
		return "d2"
	case 0xfefc:
		return "d3"
	}
	return "00"
}

func appendTwoDigits(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// appendJA4ALPN appends the first and last character of the first protocol name; where they are
// not letters or digits, the first and last digit of its hexadecimal form.
func (h *Hello) appendJA4ALPN(b []byte) []byte {
	name, ok := h.ALPN(0)
	if !ok || len(name) == 0 {
		return append(b, '0', '0')
	}
	first, last := name[0], name[len(name)-1]
	if alnum(first) && alnum(last) {
		return append(b, first, last)
	}
	const digits = "0123456789abcdef"
	return append(b, digits[first>>4], digits[last&15])
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func appendHexList(b []byte, vs []uint16) []byte {
	const digits = "0123456789abcdef"
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15])
	}
	return b
}

// appendShortSHA256 appends the first 12 digits of a digest, zeros for an empty list.
func appendShortSHA256(b, s []byte) []byte {
	if len(s) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(s)
	return hex.AppendEncode(b, sum[:6])
}
