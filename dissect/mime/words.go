package mime

import (
	"bytes"
	"unicode/utf8"
)

// maxText caps the decoded text of a header field, bytes.
const maxText = 4 << 10

// Decode appends a header field's text to dst, with its encoded words (RFC 2047) decoded.
// Charsets other than UTF-8, ASCII and Latin-1 stay bytes as they are.
func Decode(dst, field []byte) []byte {
	start := len(dst)
	word := false // what came last was an encoded word
	for len(field) > 0 && len(dst)-start < maxText {
		i := bytes.Index(field, []byte("=?"))
		if i < 0 {
			return append(dst, field...)
		}
		charset, enc, text, n := encodedWord(field[i:])
		if n == 0 {
			dst = append(dst, field[:i+2]...)
			field, word = field[i+2:], false
			continue
		}
		// Blanks between two encoded words are not part of the text (section 6.2).
		if !word || len(trim(field[:i])) > 0 {
			dst = append(dst, field[:i]...)
		}
		dst = decodeWord(dst, charset, enc, text)
		field, word = field[i+n:], true
	}
	return append(dst, field...)
}

// encodedWord splits "=?charset?enc?text?=" at the beginning of b; n is its length, 0 when
// it is none.
func encodedWord(b []byte) (charset []byte, enc byte, text []byte, n int) {
	rest := b[2:]
	a := bytes.IndexByte(rest, '?')
	if a <= 0 || len(rest) < a+3 || rest[a+2] != '?' {
		return nil, 0, nil, 0
	}
	body := rest[a+3:]
	end := bytes.Index(body, []byte("?="))
	if end < 0 || bytes.IndexByte(rest[:a], ' ') >= 0 {
		return nil, 0, nil, 0
	}
	return rest[:a], rest[a+1] | 0x20, body[:end], 2 + a + 3 + end + 2
}

func decodeWord(dst, charset []byte, enc byte, text []byte) []byte {
	start := len(dst)
	switch enc {
	case 'b':
		var d base64
		dst, _ = d.decode(dst, text)
		dst = d.pad(dst)
	case 'q':
		for len(text) > 0 { // an underscore stands for a blank (section 4.2)
			piece, rest, more := bytes.Cut(text, []byte{'_'})
			if dst, _, _ = decodeQP(dst, piece); more {
				dst = append(dst, ' ')
			}
			text = rest
		}
	default:
		return append(dst, text...)
	}
	if equalFold(charset, "iso-8859-1") || equalFold(charset, "windows-1252") || equalFold(charset, "iso-8859-15") {
		dst = latin1(dst, start)
	}
	return dst
}

// latin1 turns the bytes from start on into UTF-8.
func latin1(dst []byte, start int) []byte {
	high := 0
	for _, c := range dst[start:] {
		if c >= utf8.RuneSelf {
			high++
		}
	}
	if high == 0 {
		return dst
	}
	i := len(dst) - 1
	dst = append(dst, make([]byte, high)...)
	for w := len(dst) - 1; i >= start; i-- {
		if c := dst[i]; c < utf8.RuneSelf {
			dst[w] = c
			w--
		} else {
			dst[w], dst[w-1] = 0x80|c&0x3f, 0xc0|c>>6
			w -= 2
		}
	}
	return dst
}
