package mime

import (
	"bytes"
	"slices"
)

// badChar marks a byte that is not of the base64 alphabet in the tables below.
const badChar = 1 << 31

// base64Tab gives the value of a base64 character, shifted to each of the places in a group of four.
var base64Tab = func() (t [4][256]uint32) {
	for i := range t {
		for c := range t[i] {
			t[i][c] = badChar
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for v := range len(alphabet) {
		for i := range t {
			t[i][alphabet[v]] = uint32(v) << (18 - 6*i)
		}
	}
	return t
}()

// base64 decodes a stream of lines.
type base64 struct {
	acc uint32 // characters of an incomplete group
	n   uint8  // how many
}

// decode appends the bytes that src encodes to dst, and tells whether all of it was base64.
// What is not is skipped (RFC 2045 section 6.8).
func (d *base64) decode(dst, src []byte) ([]byte, bool) {
	ok := true
	for len(src) > 0 {
		if d.n == 0 {
			dst, src = decodeGroups(dst, src)
			if len(src) == 0 {
				break
			}
		}
		c := src[0]
		src = src[1:]
		switch v := base64Tab[3][c]; {
		case v != badChar:
			d.acc = d.acc<<6 | v
			if d.n++; d.n == 4 {
				dst = append(dst, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
				d.acc, d.n = 0, 0
			}
		case c == '=':
			dst = d.pad(dst)
		case !isBlank(c):
			ok = false
		}
	}
	return dst, ok
}

// decodeGroups decodes whole groups of four as long as nothing else comes between.
func decodeGroups(dst, src []byte) (out, rest []byte) {
	n := len(dst)
	dst = slices.Grow(dst, len(src)/4*3)
	to := dst[n : n+len(src)/4*3]
	w := 0
	for len(src) >= 4 && len(to) >= w+3 {
		v := base64Tab[0][src[0]] | base64Tab[1][src[1]] | base64Tab[2][src[2]] | base64Tab[3][src[3]]
		if v&badChar != 0 {
			break
		}
		to[w], to[w+1], to[w+2] = byte(v>>16), byte(v>>8), byte(v)
		src, w = src[4:], w+3
	}
	return dst[:n+w], src
}

// pad ends an incomplete group.
func (d *base64) pad(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, byte(d.acc>>4))
	case 3:
		dst = append(dst, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.acc, d.n = 0, 0
	return dst
}

// qp decodes quoted-printable where lines come in pieces.
type qp struct {
	held [2]byte // the end of a piece: the beginning of what an '=' stands for
	n    uint8   // how much of it
	line []byte  // what was held with the piece behind it
}

// decode appends the bytes that a piece encodes; last says that the line ends with it. See decodeQP.
func (d *qp) decode(dst, piece []byte, last bool) (out []byte, soft, ok bool) {
	if d.n > 0 {
		d.line = append(append(d.line[:0], d.held[:d.n]...), piece...)
		piece, d.n = d.line, 0
	}
	if !last {
		for i := max(len(piece)-len(d.held), 0); i < len(piece); i++ {
			if piece[i] == '=' {
				d.n = uint8(copy(d.held[:], piece[i:]))
				piece = piece[:i]
				break
			}
		}
	}
	return decodeQP(dst, piece)
}

// decodeQP appends the bytes that a line of quoted-printable encodes (RFC 2045 section 6.7).
// soft says that the line ends in a soft break: its end is not part of the content.
func decodeQP(dst, line []byte) (out []byte, soft, ok bool) {
	ok = true
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(dst, line...), false, ok
		}
		dst = append(dst, line[:i]...)
		line = line[i+1:]
		if len(trimRight(line)) == 0 {
			return dst, true, ok
		}
		if len(line) < 2 || unhex[line[0]] == noHex || unhex[line[1]] == noHex {
			dst, ok = append(dst, '='), false
			continue
		}
		if line[0] >= 'a' || line[1] >= 'a' {
			ok = false
		}
		dst = append(dst, unhex[line[0]]<<4|unhex[line[1]])
		line = line[2:]
	}
}
