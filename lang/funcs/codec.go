package funcs

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

var codecs = []*Decl{
	{Name: "url_decode", Kind: Transform, Step: ir.TURLDecode, Params: []Param{{Name: "x", Types: text}},
		Doc: "with %XX undone and + made a space", Examples: [][2]string{{`url_decode("a%20b+c")`, `"a b c"`}}},
	{Name: "from_base64", Kind: Transform, Step: ir.TFromBase64, Params: []Param{{Name: "x", Types: text},
		{Name: "bytes", Types: integer, Const: true, Optional: true}, {Name: "offset", Types: integer, Const: true, Optional: true}, {Name: "mode", Types: text[:1], Const: true, Optional: true}},
		Doc: `base64 undone: of at most so many bytes (0: all) from an offset on; mode "rfc4648" stops at the first other character, "rfc2045" passes over it, "strict" then gives nothing`},
	{Name: "base64", NS: 150, Returns: dissect.TBytes, Params: []Param{{Name: "x", Types: text}},
		Doc:      "base64 undone, as far as it goes; also the URL alphabet, with or without padding",
		Examples: [][2]string{{`base64("aGk=")`, `"hi"`}, {`base64("aGk")`, `"hi"`}},
		Call:     decode64},
	{Name: "hex", NS: 80, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc: "as hexadecimal digits in lower case", Examples: [][2]string{{`hex(x"00 ff")`, `"00ff"`}},
		Call: func(s ir.Scratch, a []ir.Value) ir.Value { return toHex(s, a[0].B) }},
	{Name: "unhex", NS: 80, Returns: dissect.TBytes, Params: []Param{{Name: "x", Types: text}},
		Doc: "pairs of hexadecimal digits undone; absent if it is not such", Examples: [][2]string{{`unhex("6869")`, `"hi"`}},
		Call: func(s ir.Scratch, a []ir.Value) ir.Value {
			out := s.Bytes(len(a[0].B) / 2)
			if out == nil || len(a[0].B)%2 != 0 {
				return ir.Value{}
			}
			_, err := hex.Decode(out, a[0].B)
			return ir.Value{B: out, OK: err == nil}
		}},
	{Name: "gunzip", Kind: Transform, Step: ir.TGunzip, Params: []Param{{Name: "x", Types: text}, {Name: "most", Types: integer, Const: true, Optional: true}}, Doc: "gzip undone, up to most bytes of it (1024 without)"},
	{Name: "inflate", Kind: Transform, Step: ir.TZlibDeflate, Params: []Param{{Name: "x", Types: text}, {Name: "most", Types: integer, Const: true, Optional: true}},
		Doc: "zlib's deflate undone, up to most bytes of it (1024 without)"},
	{Name: "xor", Kind: Transform, Step: ir.TXor, Params: []Param{{Name: "x", Types: text}, {Name: "key", Types: text, Const: true}},
		Doc: "every byte xored with the key, which is repeated"},
	{Name: "html_decode", NS: 120, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc:      "with HTML's numeric and the commonest named character references undone, as far as they give ASCII",
		Examples: [][2]string{{`html_decode("&lt;b&#62;")`, `"<b>"`}},
		Call:     htmlDecode},
}

var digests = []*Decl{
	{Name: "md5", NS: 400, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc: "MD5 digest in hexadecimal digits", Examples: [][2]string{{`md5("")`, `"d41d8cd98f00b204e9800998ecf8427e"`}},
		Call: func(s ir.Scratch, a []ir.Value) ir.Value { d := md5.Sum(a[0].B); return toHex(s, d[:]) }},
	{Name: "sha1", NS: 400, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc: "SHA-1 digest in hexadecimal digits", Examples: [][2]string{{`sha1("")`, `"da39a3ee5e6b4b0d3255bfef95601890afd80709"`}},
		Call: func(s ir.Scratch, a []ir.Value) ir.Value { d := sha1.Sum(a[0].B); return toHex(s, d[:]) }},
	{Name: "sha256", NS: 500, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc:      "SHA-256 digest in hexadecimal digits",
		Examples: [][2]string{{`sha256("")`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`}},
		Call:     func(s ir.Scratch, a []ir.Value) ir.Value { d := sha256.Sum256(a[0].B); return toHex(s, d[:]) }},
	{Name: "to_md5", Kind: Transform, Step: ir.TMD5, Params: []Param{{Name: "x", Types: text}}, Doc: "MD5 digest, 16 bytes"},
	{Name: "to_sha1", Kind: Transform, Step: ir.TSHA1, Params: []Param{{Name: "x", Types: text}}, Doc: "SHA-1 digest, 20 bytes"},
	{Name: "to_sha256", Kind: Transform, Step: ir.TSHA256, Params: []Param{{Name: "x", Types: text}}, Doc: "SHA-256 digest, 32 bytes"},
}

func toHex(s ir.Scratch, b []byte) ir.Value {
	out := s.Bytes(2 * len(b))
	if out == nil && len(b) > 0 {
		return ir.Value{}
	}
	hex.Encode(out, b)
	return ir.Value{B: out, OK: true}
}

// decode64 takes both alphabets, and stops at the first character of neither.
func decode64(s ir.Scratch, a []ir.Value) ir.Value {
	in := a[0].B
	buf := s.Bytes(len(in))
	if buf == nil && len(in) > 0 {
		return ir.Value{}
	}
	n := 0
	for _, c := range in {
		switch {
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		case !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/'):
			c = 0
		}
		if c == 0 {
			break
		}
		buf[n] = c
		n++
	}
	if n%4 == 1 {
		n--
	}
	if n == 0 {
		return ir.Value{}
	}
	// The decoder reads ahead of what it writes, so that it can work in place.
	m, err := base64.RawStdEncoding.Decode(buf, buf[:n])
	return ir.Value{B: buf[:m], OK: err == nil}
}

var entities = map[string]byte{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\'', "colon": ':', "lpar": '(',
	"rpar": ')', "sol": '/', "equals": '=', "tab": '\t', "newline": '\n', "semi": ';', "grave": '`'}

func htmlDecode(s ir.Scratch, a []ir.Value) ir.Value {
	in := a[0].B
	out := s.Bytes(len(in))
	if out == nil && len(in) > 0 {
		return ir.Value{}
	}
	n := 0
	for i := 0; i < len(in); {
		if c, used := entity(in[i:]); used > 0 {
			out[n] = c
			i += used
		} else {
			out[n] = in[i]
			i++
		}
		n++
	}
	return ir.Value{B: out[:n], OK: true}
}

// entity reads a character reference at the beginning of b, and gives its length, 0 if there is none.
func entity(b []byte) (byte, int) {
	const longest = 12
	if len(b) < 4 || b[0] != '&' {
		return 0, 0
	}
	end := 1
	for end < len(b) && end < longest && b[end] != ';' {
		end++
	}
	if end == len(b) || b[end] != ';' {
		return 0, 0
	}
	body := b[1:end]
	if body[0] != '#' {
		var low [longest]byte
		for i, c := range body {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			low[i] = c
		}
		c, ok := entities[string(low[:len(body)])]
		if !ok {
			return 0, 0
		}
		return c, end + 1
	}
	v, base := 0, 10
	digits := body[1:]
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return 0, 0
	}
	for _, c := range digits {
		d := 99
		switch {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c >= 'a' && c <= 'f':
			d = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = int(c-'A') + 10
		}
		if d >= base || v > 0x10ffff {
			return 0, 0
		}
		v = v*base + d
	}
	if v == 0 || v > 0x7f {
		return 0, 0
	}
	return byte(v), end + 1
}
