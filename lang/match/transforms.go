package match

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"io"

	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// transform passes a value through steps. Each step's output is new memory of the event's arena, unless it is
// a part of its input.
type transform struct {
	x     bnode
	steps []ir.TStep
}

func (n *transform) bytes(m *Matcher) ([]byte, bool) {
	b, ok := n.x.bytes(m)
	for i := range n.steps {
		if !ok {
			return nil, false
		}
		b, ok = m.step(&n.steps[i], b)
	}
	if b == nil {
		b = []byte{}
	}
	return b, ok
}

// step applies one transformation; absent values come from what cannot be decoded, and from the arena's cap.
func (m *Matcher) step(t *ir.TStep, b []byte) ([]byte, bool) {
	switch t.Op {
	case ir.TMD5:
		h := md5.Sum(b)
		return m.keep(h[:])
	case ir.TSHA1:
		h := sha1.Sum(b)
		return m.keep(h[:])
	case ir.TSHA256:
		h := sha256.Sum256(b)
		return m.keep(h[:])
	case ir.TPcreXform:
		return m.pcreXform(t, b)
	case ir.TFromBase64:
		return m.base64(t, b)
	case ir.TGunzip, ir.TZlibDeflate:
		return m.inflate(t.Op, b, t.N)
	case ir.TXor:
		return m.xor(t.Arg, b)
	}
	out := m.Bytes(len(b) + 1)
	if out == nil {
		return nil, false
	}
	switch t.Op {
	case ir.TLower:
		for i, c := range b {
			out[i] = lower(c)
		}
		return out[:len(b)], true
	case ir.TUpper:
		for i, c := range b {
			if c-'a' < 26 {
				c &^= 0x20
			}
			out[i] = c
		}
		return out[:len(b)], true
	case ir.TCompressWhitespace:
		return compressSpace(out[:0], b), true
	case ir.TStripWhitespace:
		out = out[:0]
		for _, c := range b {
			if !isSpace(c) {
				out = append(out, c)
			}
		}
		return out, true
	case ir.TURLDecode:
		return urlDecode(out[:0], b), true
	case ir.TDotPrefix:
		out[0] = '.'
		copy(out[1:], b)
		return out, true
	case ir.THeaderLowercase:
		return headerLower(out[:0], b), true
	case ir.TStripPseudoHeaders:
		return stripPseudo(out[:0], b), true
	case ir.TDomain:
		d := funcs.Domain(b)
		return d, d != nil
	case ir.TTLD:
		d := funcs.TLD(b)
		return d, d != nil
	}
	return nil, false
}

func (m *Matcher) keep(b []byte) ([]byte, bool) {
	out := m.Bytes(len(b))
	if out == nil {
		return nil, false
	}
	copy(out, b)
	return out, true
}

func (m *Matcher) pcreXform(t *ir.TStep, b []byte) ([]byte, bool) {
	lo, hi, res := t.Re.FindGroup(&m.re, b, max(t.N, 1))
	if res == regex.LimitHit {
		m.fail(failLimit)
	}
	if res != regex.Found || lo < 0 {
		return nil, false
	}
	return b[lo:hi], true
}

func (m *Matcher) xor(key, b []byte) ([]byte, bool) {
	out := m.Bytes(len(b))
	if out == nil || len(key) == 0 {
		return nil, false
	}
	k := 0
	for i, c := range b {
		out[i] = c ^ key[k]
		if k++; k == len(key) {
			k = 0
		}
	}
	return out, true
}

// isSpace is C's isspace in the POSIX locale.
func isSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

// compressSpace makes one space of each run of white space.
func compressSpace(out, b []byte) []byte {
	for i, c := range b {
		if isSpace(c) {
			if i > 0 && isSpace(b[i-1]) {
				continue
			}
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

// urlDecode undoes %xx and + as application/x-www-form-urlencoded has them; what is not such
// an escape stays as it is.
func urlDecode(out, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '+' {
			c = ' '
		} else if c == '%' && i+2 < len(b) {
			h, ok1 := unhex(b[i+1])
			l, ok2 := unhex(b[i+2])
			if ok1 && ok2 {
				c = h<<4 | l
				i += 2
			}
		}
		out = append(out, c)
	}
	return out
}

func unhex(c byte) (byte, bool) {
	switch {
	case c-'0' < 10:
		return c - '0', true
	case c|0x20-'a' < 6:
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// headerLower puts header names (up to the colon of each line) into lower case.
func headerLower(out, b []byte) []byte {
	name := true
	for _, c := range b {
		switch {
		case c == ':':
			name = false
		case c == '\n':
			name = true
		case name:
			c = lower(c)
		}
		out = append(out, c)
	}
	return out
}

// stripPseudo leaves out lines that begin with a colon (HTTP/2's pseudo headers).
func stripPseudo(out, b []byte) []byte {
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line = b[:i+1]
		}
		b = b[len(line):]
		if line[0] != ':' {
			out = append(out, line...)
		}
	}
	return out
}

func (m *Matcher) base64(t *ir.TStep, b []byte) ([]byte, bool) {
	if t.Offset > len(b) {
		return nil, false
	}
	b = b[t.Offset:]
	if t.N > 0 && t.N < len(b) {
		b = b[:t.N]
	}
	out := m.Bytes(len(b)/4*3 + 3)
	if out == nil {
		return nil, false
	}
	out, ok := decodeBase64(out[:0], b, t.Mode)
	return out, ok && len(out) > 0
}

// decodeBase64 appends what b stands for. Strictness is the mode's.
func decodeBase64(out, b []byte, mode ir.Base64Mode) ([]byte, bool) {
	var acc uint32
	n := 0
	for _, c := range b {
		v := base64Values[c]
		if v == 0xff {
			if c == '=' || mode == ir.Base64RFC4648 {
				break
			}
			if mode == ir.Base64Strict {
				return nil, false
			}
			continue
		}
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	switch n {
	case 2:
		out = append(out, byte(acc>>4))
	case 3:
		out = append(out, byte(acc>>10), byte(acc>>2))
	case 1:
		return out, mode != ir.Base64Strict
	}
	return out, true
}

var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	return t
}()

// inflate undoes gzip or zlib. What is over most bytes (0: Suricata's default) is cut.
func (m *Matcher) inflate(op ir.TOp, b []byte, most int) ([]byte, bool) {
	if most <= 0 {
		most = 1024
	}
	var r io.Reader
	var err error
	if op == ir.TGunzip {
		r, err = gzip.NewReader(bytes.NewReader(b))
	} else {
		r, err = zlib.NewReader(bytes.NewReader(b))
	}
	if err != nil {
		return nil, false
	}
	out := m.Bytes(most)
	if out == nil {
		return nil, false
	}
	n, err := io.ReadFull(r, out)
	if n == 0 && err != nil {
		return nil, false
	}
	return out[:n], true
}
