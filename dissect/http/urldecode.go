package http

// decoder holds the settings of URI normalisation, with the meaning of Suricata's
// app-layer.protocols.http.libhtp settings; the zero value is not useful, see defaultDecoder.
type decoder struct {
	backslash   bool // backslash is a path separator
	sepDecode   bool // %2f in paths is decoded
	sepCompress bool // repeated separators are one
	lowercase   bool // of paths
	uEncoding   bool // %uXXXX is decoded
	bestFit     bool // UTF-8 in paths becomes single bytes
	plusSpace   bool // + in queries is a space
	nulRawEnds  bool // a NUL ends the path
	nulEncEnds  bool // %00 ends the path
	doublePath  bool // decode the path once more
	doubleQuery bool
	includeAll  bool // scheme, user and host are part of the normalised URI
	allowSpace  bool // spaces within the URI
	invalid     invalidPercent
	replacement byte
}

type invalidPercent uint8

const (
	preservePercent invalidPercent = iota // keep the % sign
	removePercent
	processInvalid // decode whatever is there
)

// defaultDecoder is Suricata's default: the IDS personality, which decodes as much as any
// server does, without changing the case.
var defaultDecoder = decoder{
	backslash: true, sepDecode: true, sepCompress: true, uEncoding: true, bestFit: true,
	replacement: '?',
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// unhex reads two hexadecimal digits, and makes something of other characters too.
func unhex(a, b byte) byte {
	d := func(c byte) byte {
		if c >= 'A' {
			return (c&0xdf - 'A') + 10
		}
		return c - '0'
	}
	return d(a)<<4 + d(b)
}

// percent decodes the escape at b[0] == '%': the byte, how much it takes, and whether it was
// valid. An invalid one gives '%' (keep false: nothing).
func (d *decoder) percent(b []byte) (c byte, n int, valid, keep bool) {
	if len(b) > 1 && b[1]|0x20 == 'u' {
		if !d.uEncoding {
			return '%', 1, false, d.invalid != removePercent
		}
		if len(b) >= 6 {
			if isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]) || d.invalid == processInvalid {
				hi, lo := unhex(b[2], b[3]), unhex(b[4], b[5])
				if hi == 0 {
					return lo, 6, true, true
				}
				return bestFit(rune(hi)<<8|rune(lo), d.replacement), 6, true, true
			}
		}
		return '%', 1, false, d.invalid != removePercent
	}
	if len(b) >= 3 && (isHex(b[1]) && isHex(b[2]) || d.invalid == processInvalid) {
		return unhex(b[1], b[2]), 3, true, true
	}
	return '%', 1, false, d.invalid != removePercent
}

// appendPath appends a decoded path: escapes, separators, case.
func (d *decoder) appendPath(dst, src []byte) []byte {
	start := len(dst)
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '%':
			var n int
			var valid, keep bool
			c, n, valid, keep = d.percent(src[i:])
			if valid && n == 3 && !d.sepDecode && (c == '/' || d.backslash && c == '\\') {
				c, n = '%', 1 // leave an encoded separator as it is
			}
			i += n
			if !keep {
				continue
			}
			if valid && c == 0 && d.nulEncEnds {
				return dst
			}
		case c == 0 && d.nulRawEnds:
			return dst
		default:
			i++
		}
		if c == '\\' && d.backslash {
			c = '/'
		}
		if d.lowercase {
			c = lower(c)
		}
		if c == '/' && d.sepCompress && len(dst) > start && dst[len(dst)-1] == '/' {
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// appendDecoded appends a decoded query or other part that is not a path.
func (d *decoder) appendDecoded(dst, src []byte) []byte {
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '%':
			var n int
			var valid, keep bool
			c, n, valid, keep = d.percent(src[i:])
			i += n
			if !keep {
				continue
			}
			if valid && c == 0 && d.nulEncEnds {
				return dst
			}
		case c == '+' && d.plusSpace:
			c = ' '
			i++
		case c == 0 && d.nulRawEnds:
			return dst
		default:
			i++
		}
		dst = append(dst, c)
	}
	return dst
}

// utf8InPlace turns UTF-8 in b, also overlong forms, into single bytes by best fit; bytes that
// are not UTF-8 become the replacement.
func (d *decoder) utf8InPlace(b []byte) []byte {
	i := 0
	for i < len(b) && b[i] < 0x80 {
		i++
	}
	w := i
	for i < len(b) {
		r, n, ok := decodeLoose(b[i:])
		i += n
		switch {
		case !ok:
			b[w] = d.replacement
		case r < 0x100:
			b[w] = byte(r)
		default:
			b[w] = bestFit(r, d.replacement)
		}
		w++
	}
	return b[:w]
}

// decodeLoose decodes one UTF-8 sequence and accepts overlong ones. When it is not valid, n is
// what of it to replace by one character.
func decodeLoose(b []byte) (r rune, n int, ok bool) {
	c := b[0]
	var need int
	switch {
	case c < 0x80:
		return rune(c), 1, true
	case c >= 0xc0 && c < 0xe0:
		r, need = rune(c&0x1f), 1
	case c >= 0xe0 && c < 0xf0:
		r, need = rune(c&0x0f), 2
	case c >= 0xf0 && c < 0xf8:
		r, need = rune(c&0x07), 3
	default:
		return 0, 1, false
	}
	for n = 1; n <= need; n++ {
		if n >= len(b) || b[n]&0xc0 != 0x80 {
			return 0, n, false
		}
		r = r<<6 | rune(b[n]&0x3f)
	}
	if r >= 0xd800 && r < 0xe000 || r > 0x10ffff {
		return 0, n, false
	}
	return r, n, true
}

// dotSegmentsInPlace removes "." and ".." segments (RFC 3986 section 5.2.4).
func dotSegmentsInPlace(b []byte) []byte {
	if !hasDotSegment(b) {
		return b
	}
	w, i := 0, 0
	for i < len(b) {
		rest := b[i:]
		switch {
		case w == 0 && hasPrefix(rest, "../"):
			i += 3
		case w == 0 && hasPrefix(rest, "./"):
			i += 2
		case w == 0 && (len(rest) == 1 && rest[0] == '.' || len(rest) == 2 && rest[0] == '.' && rest[1] == '.'):
			i = len(b)
		case hasPrefix(rest, "/./"):
			i += 2
		case len(rest) == 2 && hasPrefix(rest, "/."):
			b[i+1] = '/'
			i++
		case hasPrefix(rest, "/../"):
			i += 3
			w = lastSlash(b[:w])
		case len(rest) == 3 && hasPrefix(rest, "/.."):
			b[i+2] = '/'
			i += 2
			w = lastSlash(b[:w])
		default:
			// One segment with the slash before it.
			b[w] = b[i]
			w++
			i++
			for i < len(b) && b[i] != '/' {
				b[w] = b[i]
				w++
				i++
			}
		}
	}
	return b[:w]
}

// hasDotSegment says whether any segment is "." or "..".
func hasDotSegment(b []byte) bool {
	for i := range b {
		if b[i] != '.' || i > 0 && b[i-1] != '/' {
			continue
		}
		j := i + 1
		if j < len(b) && b[j] == '.' {
			j++
		}
		if j == len(b) || b[j] == '/' {
			return true
		}
	}
	return false
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func lastSlash(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '/' {
			return i
		}
	}
	return 0
}

// bestFit maps a character to the single byte that Windows servers take it for, so that
// look-alikes (fullwidth forms, accented letters, other slashes and quotes) read as ASCII.
func bestFit(r rune, replacement byte) byte {
	switch {
	case r < 0x100:
		return byte(r)
	case r >= 0xff01 && r <= 0xff5e: // fullwidth forms of ASCII
		return byte(r - 0xff01 + 0x21)
	case r >= 0x100 && r < 0x180:
		return latinA[r-0x100]
	}
	if c, ok := bestFitOther[r]; ok {
		return c
	}
	return replacement
}

// latinA is Latin Extended-A, U+0100 to U+017F, without its accents.
const latinA = "AaAaAaCcCcCcCcDd" + "DdEeEeEeEeEeGgGg" + "GgGgHhHhIiIiIiIi" + "IiIiJjKk?LlLlLlL" +
	"lLlNnNnNn???OoOo" + "OoOoRrRrRrSsSsSs" + "SsTtTtTtUuUuUuUu" + "UuUuWwYyYZzZzZz?"

var bestFitOther = map[rune]byte{
	0x0180: 'b', 0x0189: 'D', 0x0191: 'F', 0x0192: 'f', 0x0197: 'I', 0x019a: 'l', 0x019f: 'O',
	0x01a0: 'O', 0x01a1: 'o', 0x01ab: 't', 0x01ae: 'T', 0x01af: 'U', 0x01b0: 'u', 0x01b6: 'z',
	0x01c0: '|', 0x01c3: '!', 0x01cd: 'A', 0x01ce: 'a', 0x01cf: 'I', 0x01d0: 'i', 0x01d1: 'O',
	0x01d2: 'o', 0x01d3: 'U', 0x01d4: 'u', 0x01e4: 'G', 0x01e6: 'G', 0x01e7: 'g', 0x01e8: 'K',
	0x01e9: 'k', 0x01f0: 'j', 0x0261: 'g', 0x02b9: '\'', 0x02ba: '"', 0x02bc: '\'', 0x02c4: '^',
	0x02c6: '^', 0x02c8: '\'', 0x02cb: '`', 0x02cd: '_', 0x02dc: '~', 0x0300: '`', 0x0302: '^',
	0x0303: '~', 0x030e: '"', 0x0331: '_', 0x0332: '_', 0x037e: ';', 0x0393: 'G', 0x0398: 'T',
	0x03a3: 'S', 0x03a6: 'F', 0x03a9: 'O', 0x03b1: 'a', 0x03b4: 'd', 0x03b5: 'e', 0x03c0: 'p',
	0x03c3: 's', 0x03c4: 't', 0x03c6: 'f', 0x04bb: 'h', 0x0589: ':', 0x066a: '%', 0x2000: ' ',
	0x2001: ' ', 0x2002: ' ', 0x2003: ' ', 0x2004: ' ', 0x2005: ' ', 0x2006: ' ', 0x2010: '-',
	0x2011: '-', 0x2013: '-', 0x2014: '-', 0x2018: '\'', 0x2019: '\'', 0x201a: ',', 0x201c: '"',
	0x201d: '"', 0x201e: '"', 0x2024: '.', 0x2032: '\'', 0x2035: '`', 0x2039: '<', 0x203a: '>',
	0x2044: '/', 0x2070: '0', 0x2074: '4', 0x2075: '5', 0x2076: '6', 0x2077: '7', 0x2078: '8',
	0x2080: '0', 0x2081: '1', 0x2082: '2', 0x2083: '3', 0x2084: '4', 0x2085: '5', 0x2086: '6',
	0x2087: '7', 0x2088: '8', 0x2089: '9', 0x20a7: 'P', 0x2102: 'C', 0x2107: 'E', 0x210a: 'g',
	0x210b: 'H', 0x210c: 'H', 0x210d: 'H', 0x210e: 'h', 0x2110: 'I', 0x2111: 'I', 0x2112: 'L',
	0x2113: 'l', 0x2115: 'N', 0x2118: 'P', 0x2119: 'P', 0x211a: 'Q', 0x211b: 'R', 0x211c: 'R',
	0x211d: 'R', 0x2124: 'Z', 0x2128: 'Z', 0x212a: 'K', 0x212c: 'B', 0x212d: 'C', 0x212e: 'e',
	0x212f: 'e', 0x2130: 'E', 0x2131: 'F', 0x2133: 'M', 0x2134: 'o', 0x2212: '-', 0x2215: '/',
	0x2216: '\\', 0x2217: '*', 0x221a: 'v', 0x221e: '8', 0x2223: '|', 0x2229: 'n', 0x2236: ':',
	0x223c: '~', 0x2261: '=', 0x2264: '=', 0x2265: '=', 0x2303: '^', 0x2320: '(', 0x2321: ')',
	0x2329: '<', 0x232a: '>', 0x2502: '|', 0x2758: '|', 0x3000: ' ', 0x3008: '<', 0x3009: '>',
	0x301a: '[', 0x301b: ']',
}
