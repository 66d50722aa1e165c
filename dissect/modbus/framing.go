package modbus

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Servers made of libmodbus, among others, take as many bytes for a request as its function wants, whatever the header says of its length. Requests of
// which both disagree are told as they understand them: otherwise whoever sends a length that is too large hides what comes behind it.

// required is how long a request is by its function, header and all, as far as b tells; 0: the function does not tell. b has at least a header and
// a function.
func required(b []byte) int {
	counted := func(at int) int {
		if len(b) <= at {
			return at + 1
		}
		return at + 1 + int(b[at])
	}
	switch b[prefixLen+1] {
	case 1, 2, 3, 4, 5, 6:
		return headLen + 4
	case 15, 16:
		return counted(headLen + 4)
	case fcMaskWrite:
		return headLen + 6
	case fcReadWrite:
		return counted(headLen + 8)
	}
	return 0
}

// measure tells how many of the bytes at hand are the next message; 0: more are needed. byFunction says that it is longer or shorter than its header says.
func (p *parser) measure(c *dissect.Ctx, dir dissect.Dir, b []byte) (n int, byFunction bool) {
	if len(b) < prefixLen {
		c.Need(prefixLen)
		return 0, false
	}
	n = prefixLen + int(binary.BigEndian.Uint16(b[4:]))
	wanted := 0
	if dir == dissect.ToServer && len(b) >= headLen {
		wanted = required(b)
	}
	switch short := len(b) < n; {
	case wanted > 0 && wanted < n && (short || plausible(b[wanted:])):
		if len(b) < wanted {
			c.Need(wanted)
			return 0, false
		}
		p.rest = dissect.Skip(n - wanted)
		return wanted, true
	case wanted > n && len(b) >= wanted && !plausible(b[n:]) && (len(b) == wanted || plausible(b[wanted:])):
		return wanted, true
	case short && valid(n):
		c.Need(n)
		return 0, false
	case short: // nobody knows whether so much comes
		p.lost[dir] = true
		return len(b), false
	}
	return n, false
}

// valid tells whether a message may have this length, header and all.
func valid(n int) bool { return n >= prefixLen+minLength && n <= prefixLen+maxLength }

// behind passes over what may be the rest of a request that was taken by its function, or the next one. more is needed to tell where ok is false.
func (p *parser) behind(c *dissect.Ctx, b []byte) (n int, ok bool) {
	switch {
	case plausible(b):
		p.rest = 0
	case len(b) < headLen && begins(b):
		c.Need(headLen)
		return 0, false
	default:
		n = p.rest.Pass(len(b))
	}
	return n, true
}
