package smb

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// maxName is how much of a name is kept, bytes.
const maxName = 1024

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// part gives b[off:off+n], nil where that is not all there.
func part(b []byte, off, n int) []byte {
	if off < 0 || n < 0 || off > len(b) || n > len(b)-off {
		return nil
	}
	return b[off : off+n]
}

// appendUTF16 appends a text in UTF-16, least byte first, in UTF-8; without NULs, and no more than maxName bytes.
func appendUTF16(dst, b []byte) []byte {
	for i := 0; i+1 < len(b) && len(dst) < maxName; i += 2 {
		r := rune(le16(b[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if both := utf16.DecodeRune(r, rune(le16(b[i+2:]))); both != utf8.RuneError {
				r = both
				i += 2
			}
		}
		if r != 0 {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// appendText appends a text of either encoding, without NULs.
func appendText(dst, b []byte, unicode bool) []byte {
	if unicode {
		return appendUTF16(dst, b)
	}
	for _, c := range b[:min(len(b), maxName)] {
		if c != 0 {
			dst = append(dst, c)
		}
	}
	return dst
}

// cutText cuts a text that ends with NUL off the front of b; at is where b begins in its message, as UTF-16 is aligned there.
func cutText(b []byte, at int, unicode bool) (text, rest []byte, next int) {
	if !unicode {
		for i, c := range b {
			if c == 0 {
				return b[:i], b[i+1:], at + i + 1
			}
		}
		return b, nil, at + len(b)
	}
	if at%2 == 1 && len(b) > 0 {
		b, at = b[1:], at+1
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], b[i+2:], at + i + 2
		}
	}
	return b, nil, at + len(b)
}

// unixTime turns a time of Windows (100 ns since 1601) into seconds since 1970; 0 where it is before that.
func unixTime(t uint64) uint32 {
	const epoch = 116444736000000000
	if t <= epoch {
		return 0
	}
	return uint32((t - epoch) / 1e7)
}
