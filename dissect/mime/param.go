package mime

import (
	"bytes"
	"strconv"
)

// maxSections caps the sections of one parameter (RFC 2231 section 3) that are joined.
const maxSections = 64

// Param appends the value of a parameter (name in lower case) of a structured header field such
// as Content-Type to dst. It joins the sections of RFC 2231 and undoes its percent-encoding. Of
// two parameters of the same name the last one counts.
func Param(dst, field []byte, name string) ([]byte, bool) {
	start := len(dst)
	if v, extended, ok := param(field, name, -1); ok {
		return appendParam(dst, v, extended, true), true
	}
	for i := range maxSections {
		v, extended, ok := param(field, name, i)
		if !ok {
			break
		}
		dst = appendParam(dst, v, extended, i == 0)
	}
	return dst, len(dst) > start
}

// param finds name, name*, or for section >= 0 name*N and name*N*.
func param(field []byte, name string, section int) (value []byte, extended, found bool) {
	i := bytes.IndexByte(field, ';')
	for i >= 0 {
		var attr, v []byte
		attr, v, field = nextParam(field[i+1:])
		if ext, ok := matchParam(attr, name, section); ok {
			value, extended, found = v, ext, true
		}
		i = -1
		if len(field) > 0 {
			i = 0
		}
	}
	return value, extended, found
}

// nextParam takes one parameter; rest begins with the semicolon behind it, or is empty.
func nextParam(b []byte) (attr, value, rest []byte) {
	semi := bytes.IndexByte(b, ';')
	name := b
	if semi >= 0 {
		name = b[:semi]
	}
	eq := bytes.IndexByte(name, '=')
	if eq < 0 {
		return nil, nil, b[len(name):]
	}
	attr = trim(b[:eq])
	b = b[eq+1:]
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	if len(b) > 0 && b[0] == '"' {
		if end := quoteEnd(b[1:]); end >= 0 {
			value, b = b[1:1+end], b[end+2:]
			if semi = bytes.IndexByte(b, ';'); semi < 0 {
				return attr, value, nil
			}
			return attr, value, b[semi:]
		}
	}
	if semi = bytes.IndexByte(b, ';'); semi < 0 {
		return attr, trimRight(b), nil
	}
	return attr, trimRight(b[:semi]), b[semi:]
}

// quoteEnd finds the quote that ends a quoted string. What is escaped stays as it is, for the
// names of files are full of backslashes that escape nothing.
func quoteEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			if i+1 < len(b) && b[i+1] == '"' && bytes.IndexByte(b[i+2:], '"') >= 0 {
				i++
			}
		case '"':
			return i
		}
	}
	return -1
}

func matchParam(attr []byte, name string, section int) (extended, ok bool) {
	if !hasPrefixFold(attr, name) {
		return false, false
	}
	attr = attr[len(name):]
	if section >= 0 {
		var tmp [8]byte
		want := strconv.AppendInt(append(tmp[:0], '*'), int64(section), 10)
		if !bytes.HasPrefix(attr, want) {
			return false, false
		}
		attr = attr[len(want):]
	}
	switch {
	case len(attr) == 0:
		return false, true
	case len(attr) == 1 && attr[0] == '*':
		return true, true
	}
	return false, false
}

// appendParam appends a value; an extended one (RFC 2231 section 4) is percent-encoded, and
// the first section of it begins with charset'language'.
func appendParam(dst, v []byte, extended, first bool) []byte {
	if !extended {
		return append(dst, v...)
	}
	if first {
		if a := bytes.IndexByte(v, '\''); a >= 0 {
			if b := bytes.IndexByte(v[a+1:], '\''); b >= 0 {
				v = v[a+b+2:]
			}
		}
	}
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) {
			hi, lo := unhex[v[i+1]], unhex[v[i+2]]
			if hi < 16 && lo < 16 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, v[i])
	}
	return dst
}

// noHex marks bytes that are not hex digits in unhex.
const noHex = 0xff

var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = noHex
	}
	for c := range 10 {
		t['0'+c] = byte(c)
	}
	for c := range 6 {
		t['A'+c], t['a'+c] = byte(10+c), byte(10+c)
	}
	return t
}()
