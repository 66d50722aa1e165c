package dns

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

// Rdata gives a record's data as text: an address, a name (for MX and the like only the
// name), the strings of a TXT joined, or the presentation form of RFC 1035 and the type's own RFC.
// What has no form of its own is shown as RFC 3597 section 5 does.
func (m *Message) Rdata(r *Record) []byte {
	if !r.hasText && len(m.arena) <= maxScratch {
		start := len(m.arena)
		m.arena = m.appendRdata(m.arena, r)
		r.text = Text{uint32(start), uint32(len(m.arena) - start)}
		r.hasText = true
	}
	return m.Bytes(r.text)
}

func (m *Message) appendRdata(b []byte, r *Record) []byte {
	d := m.Data(r)
	if len(d) == 0 {
		return b
	}
	if r.opaque {
		return appendBytes(b, d)
	}
	switch r.Type {
	case TypeA, TypeAAAA:
		if a, ok := m.Addr(r); ok {
			return a.AppendTo(b)
		}
	case TypeNS, TypeCNAME, TypePTR, TypeDNAME, TypeMB, TypeMD, TypeMF, TypeMG, TypeMR,
		TypeMX, TypeAFSDB, TypeRT, TypeKX:
		return append(b, m.Bytes(r.Target)...)
	case TypeTXT, TypeSPF:
		for s, rest := nextString(d); s != nil; s, rest = nextString(rest) {
			b = append(b, s...)
		}
		return b
	case TypeSOA, TypeRP, TypeMINFO:
		return m.appendSOA(b, r)
	case TypeSRV:
		b = appendNums(b, d, 2, 2, 2)
		return append(b, m.Bytes(r.Target)...)
	case TypeHTTPS, TypeSVCB:
		return m.appendSVCB(b, r, d)
	case TypeNAPTR:
		return m.appendNAPTR(b, r, d)
	case TypeHINFO:
		s, rest := nextString(d)
		b = append(append(b, s...), ' ')
		s, _ = nextString(rest)
		return append(b, s...)
	case TypeOPT:
		return appendOptions(b, d)
	case TypeNSEC:
		end := int(r.rdata.off + r.rdata.n)
		return appendTypeMap(append(b, m.Bytes(r.Target)...), m.raw[min(r.fixed, end):end])
	case TypeNSEC3, TypeNSEC3PARAM:
		return appendNSEC3(b, d)
	}
	if form, ok := fixedForms[r.Type]; ok && len(d) > form.size() {
		return m.appendForm(b, r, d, form)
	}
	return appendBytes(b, d)
}

// appendBytes appends data in the form of unknown types (RFC 3597 section 5).
func appendBytes(b, d []byte) []byte {
	b = append(b, '\\', '#', ' ')
	b = strconv.AppendInt(b, int64(len(d)), 10)
	return hex.AppendEncode(append(b, ' '), d)
}

// nextString takes a character string (RFC 1035 section 3.3) off b; nil when none is left.
func nextString(b []byte) (s, rest []byte) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil
	}
	n := 1 + int(b[0])
	return b[1:n:n], b[n:]
}

// form says how a record's data is shown: numbers of the given widths, then the rest.
type form struct {
	nums []int
	rest restKind
}

type restKind uint8

const (
	restHex restKind = iota
	restBase64
	restString
	restCAA
	restSigner // a name, then base64
)

func (f form) size() int {
	n := 0
	for _, w := range f.nums {
		n += w
	}
	return n
}

var fixedForms = map[uint16]form{
	TypeDS:         {[]int{2, 1, 1}, restHex},
	TypeCDS:        {[]int{2, 1, 1}, restHex},
	TypeSSHFP:      {[]int{1, 1}, restHex},
	TypeTLSA:       {[]int{1, 1, 1}, restHex},
	TypeSMIMEA:     {[]int{1, 1, 1}, restHex},
	TypeDNSKEY:     {[]int{2, 1, 1}, restBase64},
	TypeCDNSKEY:    {[]int{2, 1, 1}, restBase64},
	TypeKEY:        {[]int{2, 1, 1}, restBase64},
	TypeCERT:       {[]int{2, 2, 1}, restBase64},
	TypeOPENPGPKEY: {nil, restBase64},
	TypeURI:        {[]int{2, 2}, restString},
	TypeCAA:        {[]int{1}, restCAA},
	TypeRRSIG:      {[]int{2, 1, 1, 4, 4, 4, 2}, restSigner},
	TypeSIG:        {[]int{2, 1, 1, 4, 4, 4, 2}, restSigner},
}

func (m *Message) appendForm(b []byte, r *Record, d []byte, f form) []byte {
	b = appendNums(b, d, f.nums...)
	rest := d[f.size():]
	switch f.rest {
	case restBase64:
		return base64.StdEncoding.AppendEncode(b, rest)
	case restString:
		return append(append(append(b, '"'), rest...), '"')
	case restCAA:
		tag, value := nextString(rest)
		b = append(append(b, tag...), ' ', '"')
		return append(append(b, value...), '"')
	case restSigner:
		b = append(append(b, m.Bytes(r.Target)...), ' ')
		end := int(r.rdata.off + r.rdata.n)
		return base64.StdEncoding.AppendEncode(b, m.raw[min(r.fixed, end):end])
	}
	return hex.AppendEncode(b, rest)
}

// appendNums appends the big-endian numbers of the given widths at the start of d, each
// followed by a space. d is long enough.
func appendNums(b, d []byte, widths ...int) []byte {
	for _, w := range widths {
		v := uint64(0)
		for _, c := range d[:w] {
			v = v<<8 | uint64(c)
		}
		b = append(strconv.AppendUint(b, v, 10), ' ')
		d = d[w:]
	}
	return b
}

func (m *Message) appendSOA(b []byte, r *Record) []byte {
	b = append(append(b, m.Bytes(r.Target)...), ' ')
	b = append(b, m.Bytes(r.Target2)...)
	if r.Type == TypeSOA {
		for i := range 5 {
			b = append(b, ' ')
			b = strconv.AppendUint(b, uint64(m.soaNumber(r, i)), 10)
		}
	}
	return b
}

// soaNumber gives SERIAL, REFRESH, RETRY, EXPIRE or MINIMUM (0..4) of a SOA record.
func (m *Message) soaNumber(r *Record, i int) uint32 {
	if p := r.fixed + 4*i; p+4 <= len(m.raw) {
		return binary.BigEndian.Uint32(m.raw[p:])
	}
	return 0
}

// appendTypeMap appends the mnemonics of the types in a bit map (RFC 4034 section 4.1.2), each
// after a space.
func appendTypeMap(b, d []byte) []byte {
	for len(d) >= 2 {
		window, n := int(d[0]), int(d[1])
		if d = d[2:]; n > len(d) {
			return b
		}
		for i, bits := range d[:n] {
			for bit := range 8 {
				if bits&(0x80>>bit) != 0 {
					b = AppendType(append(b, ' '), uint16(window<<8|i<<3|bit))
				}
			}
		}
		d = d[n:]
	}
	return b
}

// appendNSEC3 appends algorithm, flags, iterations and salt, and for NSEC3 the next hash and
// the types (RFC 5155 sections 3.3 and 4.3).
func appendNSEC3(b, d []byte) []byte {
	if len(d) < 5 {
		return b
	}
	b = appendNums(b, d, 1, 1, 2)
	salt, rest := nextString(d[4:])
	if len(salt) == 0 {
		b = append(b, '-')
	} else {
		b = hex.AppendEncode(b, salt)
	}
	if hash, types := nextString(rest); hash != nil {
		b = nsec3Encoding.AppendEncode(append(b, ' '), hash)
		b = appendTypeMap(b, types)
	}
	return b
}

var nsec3Encoding = base32.HexEncoding.WithPadding(base32.NoPadding)

func (m *Message) appendNAPTR(b []byte, r *Record, d []byte) []byte {
	if len(d) < 4 {
		return b
	}
	b = appendNums(b, d, 2, 2)
	rest := d[4:]
	for range 3 {
		var s []byte
		s, rest = nextString(rest)
		b = append(append(append(b, '"'), s...), '"', ' ')
	}
	return append(b, m.Bytes(r.Target)...)
}

// svcParams are the names of service parameters (RFC 9460 section 14.3.2, RFC 9461, RFC 9848).
var svcParams = [...]string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath"}

func (m *Message) appendSVCB(b []byte, r *Record, d []byte) []byte {
	b = appendNums(b, d, 2)
	if n := m.Bytes(r.Target); len(n) > 0 {
		b = append(b, n...)
	} else {
		b = append(b, '.')
	}
	end := int(r.rdata.off + r.rdata.n)
	for p := r.fixed; p+4 <= end; {
		key := binary.BigEndian.Uint16(m.raw[p:])
		n := int(binary.BigEndian.Uint16(m.raw[p+2:]))
		if p += 4; p+n > end {
			break
		}
		b = appendSvcParam(append(b, ' '), key, m.raw[p:p+n])
		p += n
	}
	return b
}

func appendSvcParam(b []byte, key uint16, v []byte) []byte {
	if int(key) < len(svcParams) {
		b = append(b, svcParams[key]...)
	} else {
		b = strconv.AppendUint(append(b, "key"...), uint64(key), 10)
	}
	if len(v) == 0 {
		return b
	}
	b = append(b, '=')
	switch {
	case key == 1: // alpn: strings
		for s, rest := nextString(v); s != nil; s, rest = nextString(rest) {
			b = append(append(b, s...), ',')
		}
		return b[:len(b)-1]
	case key == 3 && len(v) == 2:
		return strconv.AppendUint(b, uint64(binary.BigEndian.Uint16(v)), 10)
	case key == 4 && len(v)%4 == 0:
		for ; len(v) > 0; v = v[4:] {
			b = append(netip.AddrFrom4([4]byte(v)).AppendTo(b), ',')
		}
		return b[:len(b)-1]
	case key == 6 && len(v)%16 == 0:
		for ; len(v) > 0; v = v[16:] {
			b = append(netip.AddrFrom16([16]byte(v)).AppendTo(b), ',')
		}
		return b[:len(b)-1]
	case key == 7:
		return append(b, v...)
	}
	return base64.StdEncoding.AppendEncode(b, v)
}

// appendOptions shows EDNS options as CODE=HEX.
func appendOptions(b, d []byte) []byte {
	first := true
	for code, v, rest := nextOption(d); v != nil; code, v, rest = nextOption(rest) {
		if !first {
			b = append(b, ' ')
		}
		first = false
		b = append(strconv.AppendUint(b, uint64(code), 10), '=')
		b = hex.AppendEncode(b, v)
	}
	return b
}

// nextOption takes an EDNS option (RFC 6891 section 6.1.2) off d; v is nil when none is left.
func nextOption(d []byte) (code uint16, v, rest []byte) {
	if len(d) < 4 {
		return 0, nil, nil
	}
	n := 4 + int(binary.BigEndian.Uint16(d[2:]))
	if len(d) < n {
		return 0, nil, nil
	}
	return binary.BigEndian.Uint16(d), d[4:n:n], d[n:]
}

// EDNS options (IANA dns-parameters).
const (
	optClientSubnet = 8  // RFC 7871
	optCookie       = 10 // RFC 7873
)

// option finds an EDNS option of the message, nil where there is none.
func (m *Message) option(want uint16) []byte {
	if m.EDNS == nil {
		return nil
	}
	for code, v, rest := nextOption(m.Data(m.EDNS)); v != nil; code, v, rest = nextOption(rest) {
		if code == want {
			return v
		}
	}
	return nil
}

// clientSubnet gives the address and the prefix length of the client subnet option.
func (m *Message) clientSubnet() (netip.Prefix, bool) {
	v := m.option(optClientSubnet)
	if len(v) < 4 {
		return netip.Prefix{}, false
	}
	family, bits, addr := binary.BigEndian.Uint16(v), int(v[2]), v[4:]
	switch {
	case family == 1 && len(addr) <= 4 && bits <= 32:
		var a [4]byte
		copy(a[:], addr)
		return netip.PrefixFrom(netip.AddrFrom4(a), bits), true
	case family == 2 && len(addr) <= 16 && bits <= 128:
		var a [16]byte
		copy(a[:], addr)
		return netip.PrefixFrom(netip.AddrFrom16(a), bits), true
	}
	return netip.Prefix{}, false
}
