package intel

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// indicator is a value in the form that the store has.
type indicator struct {
	kind  Kind
	value []byte
	net   netip.Prefix // of a Net
}

// hints say which kind a value is of, when a feed tells.
type hint string

// The hints; the empty one lets the form of the value decide.
const (
	hintAny    hint = ""
	hintIP     hint = "ip" // or CIDR, or range
	hintDomain hint = "domain"
	hintSuffix hint = "suffix"
	hintURL    hint = "url"
	hintHash   hint = "hash"
	hintJA3    hint = "ja3"
	// hintMD5IsJA3 is that of a list called after JA3: what looks like an MD5 is one, and the rest is what it looks like.
	hintMD5IsJA3 hint = "md5 is ja3"
	hintJA4      hint = "ja4"
)

// refang undoes what keeps people from clicking: hxxp://evil[.]example.
var refang = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[:]", ":", "[://]", "://")

// normalize reads a value. A range of addresses gives several networks.
func normalize(s string, h hint) ([]indicator, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "[({") && !strings.HasPrefix(s, "[") {
		s = refang.Replace(s)
	}
	if len(s) >= 4 && strings.EqualFold(s[:4], "hxxp") {
		s = "http" + s[4:]
	}
	if s == "" {
		return nil, errors.New("the value is empty")
	}
	if len(s) > maxValue {
		return nil, fmt.Errorf("the value is longer than %d bytes", maxValue)
	}
	switch h {
	case hintIP:
		return addresses(s)
	case hintDomain, hintSuffix:
		return name(s, h == hintSuffix)
	case hintURL:
		return address(s)
	case hintMD5IsJA3:
		if b, ok := appendHex(nil, s); ok && len(b) == 16 {
			return digest(s, hintJA3)
		}
	case hintHash, hintJA3:
		return digest(s, h)
	case hintJA4:
		return []indicator{{kind: JA4, value: lower(make([]byte, len(s)), s)}}, nil
	}
	return guess(s)
}

// guess tells by its form what a value is.
func guess(s string) ([]indicator, error) {
	if list, err := addresses(s); err == nil {
		return list, nil
	}
	if strings.Contains(s, "://") {
		return address(s)
	}
	if list, err := digest(s, hintHash); err == nil {
		return list, nil
	}
	if strings.Contains(s, "/") {
		return address(s)
	}
	if looksJA4(s) {
		return normalize(s, hintJA4)
	}
	list, err := name(s, false)
	if err != nil {
		return nil, fmt.Errorf("%q is no address, CIDR, domain, URL or hash", shorten(s))
	}
	return list, nil
}

// looksJA4 tells a JA4 fingerprint: t13d1516h2_8daaf6152771_b186095e22b6.
func looksJA4(s string) bool {
	return len(s) == 36 && strings.IndexByte("tqd", s[0]) >= 0 && s[10] == '_' && s[23] == '_'
}

func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// The widest networks that a feed may list: with a wider one nearly everything would match.
const (
	minBits4 = 8
	minBits6 = 16
)

// addresses reads an address, a CIDR, a range (1.2.3.4-1.2.3.9) or an address with a port.
func addresses(s string) ([]indicator, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return []indicator{host(a)}, nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		i, err := network(p)
		return []indicator{i}, err
	}
	if p, err := netip.ParseAddrPort(s); err == nil {
		return []indicator{host(p.Addr())}, nil
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		a, err1 := netip.ParseAddr(strings.TrimSpace(from))
		b, err2 := netip.ParseAddr(strings.TrimSpace(to))
		if err1 == nil && err2 == nil {
			return span(a, b)
		}
	}
	return nil, fmt.Errorf("%q is neither an address nor a CIDR", shorten(s))
}

func host(a netip.Addr) indicator {
	a = a.Unmap().WithZone("")
	return indicator{kind: IP, value: addrKey(new(netKey), a)}
}

func network(p netip.Prefix) (indicator, error) {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	p = p.Masked()
	if p.IsSingleIP() {
		return host(p.Addr()), nil
	}
	if p.Addr().Is4() && p.Bits() < minBits4 || p.Addr().Is6() && p.Bits() < minBits6 {
		return indicator{}, fmt.Errorf("%v is too wide: nearly everything would match", p)
	}
	return indicator{kind: Net, value: prefixKey(new(netKey), p), net: p}, nil
}

// maxSpan is how many networks a range of addresses may come to.
const maxSpan = 256

// span covers the addresses from a to b with networks.
func span(a, b netip.Addr) ([]indicator, error) {
	if a.BitLen() != b.BitLen() || b.Less(a) {
		return nil, fmt.Errorf("%v-%v is not a range", a, b)
	}
	var list []indicator
	for len(list) < maxSpan {
		p := netip.PrefixFrom(a, a.BitLen())
		for p.Bits() > 0 { // the widest network that begins at a and ends at or before b
			wider := netip.PrefixFrom(a, p.Bits()-1).Masked()
			if wider.Addr() != a || b.Less(last(wider)) {
				break
			}
			p = wider
		}
		i, err := network(p)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
		end := last(p)
		if !end.Less(b) {
			return list, nil
		}
		a = end.Next()
	}
	return nil, fmt.Errorf("%v-%v is more than %d networks", a, b, maxSpan)
}

// last gives the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// name reads a domain; .x, *.x and ||x^ stand for the name and all below it.
func name(s string, suffix bool) ([]indicator, error) {
	n := s
	if inner, ok := strings.CutPrefix(n, "||"); ok { // as ad blockers write
		n, suffix = strings.TrimSuffix(inner, "^"), true
	}
	for _, p := range []string{"*.", "."} {
		if inner, ok := strings.CutPrefix(n, p); ok {
			n, suffix = inner, true
		}
	}
	n = strings.TrimSuffix(n, ".")
	if !ascii(n) {
		a, err := idna.Lookup.ToASCII(n)
		if err != nil {
			return nil, fmt.Errorf("%q is not a domain: %w", shorten(s), err)
		}
		n = a
	}
	if !validName(n, suffix) {
		return nil, fmt.Errorf("%q is not a domain", shorten(s))
	}
	k := Domain
	if suffix {
		k = Suffix
	}
	return []indicator{{kind: k, value: lower(make([]byte, len(n)), n)}}, nil
}

// validName checks a name: labels of letters, digits, - and _, of 1 to 63 bytes, in all 253 at most
// (RFC 1035 section 2.3.4). One label is enough for a suffix only.
func validName(n string, suffix bool) bool {
	if n == "" || len(n) > 253 {
		return false
	}
	label, dots, letter := 0, 0, false
	for i := range len(n) {
		c := n[i]
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label, letter = 0, false
			dots++
			continue
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-':
			letter = true
		case c < '0' || c > '9':
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && letter && (dots > 0 || suffix) // the last label is never a number
}

// address reads a URL.
func address(s string) ([]indicator, error) {
	key, ok := urlKey(nil, s)
	host, path, _ := strings.Cut(string(key), "/")
	if !ok || !validHost(host) {
		return nil, fmt.Errorf("%q is not a URL", shorten(s))
	}
	if !ascii(host) { // requests have the name in its ASCII form
		n, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return nil, fmt.Errorf("%q is not a URL: %w", shorten(s), err)
		}
		key = []byte(n + "/" + path)
	}
	return []indicator{{kind: URL, value: key}}, nil
}

// validHost checks the host of a URL: a name or address, with or without port.
func validHost(h string) bool {
	if i := strings.LastIndexByte(h, ':'); i >= 0 && !strings.HasSuffix(h, "]") {
		if i+1 == len(h) {
			return false
		}
		for _, c := range h[i+1:] {
			if c < '0' || c > '9' {
				return false
			}
		}
		h = h[:i]
	}
	if !ascii(h) {
		return !strings.ContainsAny(h, " :%<>\"\\") && utf8.ValidString(h)
	}
	if _, err := netip.ParseAddr(strings.Trim(h, "[]")); err == nil {
		return true
	}
	return validName(h, true)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// urlKey appends a URL as the store has it: host[:port]/path?query, the host in lower case, without
// scheme, user, default port and fragment.
func urlKey[T string | []byte](key []byte, s T) ([]byte, bool) {
	from := 0
	for i := 0; i+2 < len(s) && i < 16; i++ {
		if s[i] == ':' && s[i+1] == '/' && s[i+2] == '/' {
			from = i + 3
			break
		}
		if !schemeChar(s[i]) {
			break
		}
	}
	s = s[from:]
	end := len(s)
	for i := range len(s) {
		if s[i] == '/' || s[i] == '?' || s[i] == '#' {
			end = i
			break
		}
	}
	at := 0
	for i := range end {
		if s[i] == '@' {
			at = i + 1
		}
	}
	if at == end {
		return nil, false
	}
	key = appendHost(key, s[at:end])
	return appendPath(key, s[end:]), true
}

// schemeChar tells whether a scheme may have the byte (RFC 3986 section 3.1).
func schemeChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
}

// appendHost appends a host in lower case, without a default port or a trailing dot.
func appendHost[T string | []byte](key []byte, host T) []byte {
	n := len(host)
	if n > 3 && host[n-3] == ':' && host[n-2] == '8' && host[n-1] == '0' {
		n -= 3
	} else if n > 4 && host[n-4] == ':' && host[n-3] == '4' && host[n-2] == '4' && host[n-1] == '3' {
		n -= 4
	}
	if n > 1 && host[n-1] == '.' {
		n--
	}
	for i := range n {
		c := host[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		key = append(key, c)
	}
	return key
}

// appendPath appends path and query up to the fragment; an empty path is /.
func appendPath[T string | []byte](key []byte, path T) []byte {
	if len(path) == 0 || path[0] != '/' {
		key = append(key, '/')
	}
	for i := range len(path) {
		if path[i] == '#' {
			break
		}
		key = append(key, path[i])
	}
	return key
}

// digest reads a hexadecimal hash. A JA3 is an MD5.
func digest(s string, h hint) ([]indicator, error) {
	b, ok := appendHex(nil, s)
	switch {
	case !ok:
		return nil, fmt.Errorf("%q is not hexadecimal", shorten(s))
	case h == hintJA3 && len(b) == 16:
		return []indicator{{kind: JA3, value: b}}, nil
	case h == hintJA3:
		return nil, fmt.Errorf("%q is not a JA3: an MD5 of 32 hexadecimal digits", shorten(s))
	case len(b) == 16 || len(b) == 20 || len(b) == 32 || len(b) == 64:
		return []indicator{{kind: Hash, value: b}}, nil
	}
	return nil, fmt.Errorf("%q has %d hexadecimal digits: an MD5 has 32, a SHA-1 40, a SHA-256 64, a SHA-512 128", shorten(s), 2*len(b))
}

// appendHex undoes hexadecimal digits, between which colons may stand; at most 64 bytes.
func appendHex[T string | []byte](out []byte, s T) ([]byte, bool) {
	half := -1
	for i := range len(s) {
		var v int
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'a' && c <= 'f':
			v = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			v = int(c-'A') + 10
		case c == ':' && half < 0 && i > 0:
			continue
		default:
			return nil, false
		}
		if half < 0 {
			half = v
			continue
		}
		if len(out) >= 64 {
			return nil, false
		}
		out = append(out, byte(half<<4|v))
		half = -1
	}
	return out, half < 0 && len(out) > 0
}
