package bittorrent

import "bytes"

// maxDepth is how many lists and dictionaries may be within each other (BEP 5 needs three), as in Suricata.
const maxDepth = 3

// value is a bencoded value (BEP 3). Its bytes are those of the text; of a list or dictionary those between its ends.
type value struct {
	kind byte // 'i' integer, 's' text, 'l' list, 'd' dictionary; 0: none
	data []byte
}

// next reads the value at the beginning of b, down to what it holds; depth is how many more may be within each other. ok is false
// where b does not begin with a whole one that is as it should be.
func next(b []byte, depth int) (v value, rest []byte, ok bool) {
	if len(b) == 0 {
		return v, nil, false
	}
	switch c := b[0]; {
	case c == 'i':
		digits, rest, ok := integer(b[1:], 'e')
		return value{'i', digits}, rest, ok
	case c >= '0' && c <= '9':
		return text(b)
	case (c == 'l' || c == 'd') && depth > 0:
		n, ok := inside(b[1:], c == 'd', depth-1)
		if !ok {
			return v, nil, false
		}
		return value{c, b[1 : 1+n]}, b[n+2:], true
	}
	return v, nil, false
}

// integer reads the digits before end: no zero in front, no minus before zero, nothing else.
func integer(b []byte, end byte) (digits, rest []byte, ok bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	first := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == first || i == len(b) || b[i] != end || b[first] == '0' && i != 1 {
		return nil, nil, false
	}
	return b[:i], b[i+1:], true
}

// text reads LENGTH:BYTES.
func text(b []byte) (v value, rest []byte, ok bool) {
	digits, rest, ok := integer(b, ':')
	n, fits := number(digits, uint64(len(rest)))
	if !ok || !fits {
		return v, nil, false
	}
	return value{'s', rest[:n]}, rest[n:], true
}

// number gives digits as a number, false where it is negative or above limit.
func number(digits []byte, limit uint64) (n uint64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = 10*n + uint64(c-'0'); n > limit {
			return 0, false
		}
	}
	return n, len(digits) > 0
}

// inside tells how many bytes the values of a list or dictionary take, up to the letter that ends it. Keys of a dictionary are texts in
// ascending order, each once.
func inside(b []byte, dictionary bool, depth int) (n int, ok bool) {
	rest, last := b, value{}
	for len(rest) > 0 && rest[0] != 'e' {
		if dictionary {
			key, after, ok := next(rest, 0)
			if !ok || key.kind != 's' || last.kind != 0 && bytes.Compare(last.data, key.data) >= 0 {
				return 0, false
			}
			last, rest = key, after
		}
		if _, rest, ok = next(rest, depth); !ok {
			return 0, false
		}
	}
	return len(b) - len(rest), len(rest) > 0
}

// pair takes the next key of a dictionary with its value from what next has read; ok is false at its end.
func pair(b []byte) (key []byte, v value, rest []byte, ok bool) {
	k, rest, ok := next(b, 0)
	if !ok {
		return nil, v, nil, false
	}
	v, rest, ok = next(rest, maxDepth)
	return k.data, v, rest, ok
}
