package ldap

import "github.com/luanids/luanids/dissect/ber"

// maxDepth is how deep filters may be nested: deeper ones are refused.
const maxDepth = 64

// Filters (RFC 4511 section 4.5.1.7): context tags.
const (
	fAnd = iota
	fOr
	fNot
	fEqual
	fSubstrings
	fGreater
	fLess
	fPresent
	fApprox
	fExtensible
)

// appendFilter appends a filter as text (RFC 4515): (&(objectClass=user)(cn=a*)). Past maxFilter the rest is left out.
func appendFilter(dst []byte, id byte, body []byte, depth int) ([]byte, bool) {
	if depth > maxDepth || id&0xc0 != ber.Context {
		return dst, false
	}
	if len(dst) > maxFilter {
		return dst, true
	}
	ok := true
	dst = append(dst, '(')
	r := ber.New(body)
	switch kind := id & 0x1f; kind {
	case fAnd, fOr, fNot:
		dst = append(dst, "&|!"[kind])
		for r.More() && ok && len(dst) <= maxFilter {
			id, in, good := r.Next()
			if dst, ok = appendFilter(dst, id, in, depth+1); !good {
				return dst, false
			}
		}
	case fEqual, fGreater, fLess, fApprox:
		dst = append(dst, clip(r.Want(ber.OctetString))...)
		dst = append(dst, [...]string{fEqual: "=", fGreater: ">=", fLess: "<=", fApprox: "~="}[kind]...)
		dst = appendValue(dst, r.Want(ber.OctetString))
	case fPresent:
		dst = append(append(dst, clip(body)...), "=*"...)
	case fSubstrings:
		dst = appendSubstrings(dst, &r)
	case fExtensible:
		dst = appendExtensible(dst, &r)
	default:
		return dst, false
	}
	return append(dst, ')'), ok && !r.Failed
}

// clip cuts off what no filter has room for.
func clip(b []byte) []byte { return b[:min(len(b), maxFilter)] }

// appendValue appends a value; what means something in a filter, and what is no text, is escaped (RFC 4515 section 3).
func appendValue(dst, v []byte) []byte {
	v = clip(v)
	const digits = "0123456789abcdef"
	for _, c := range v {
		if c < 0x20 || c == '*' || c == '(' || c == ')' || c == '\\' || c >= 0x7f {
			dst = append(dst, '\\', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// appendSubstrings appends cn=a*b*c.
func appendSubstrings(dst []byte, r *ber.Reader) []byte {
	dst = append(append(dst, clip(r.Want(ber.OctetString))...), '=')
	const initial, final = ber.Context, ber.Context | 2
	open := false // a star is due
	list := r.In(ber.Sequence)
	for first := true; list.More() && len(dst) <= maxFilter; first = false {
		id, v, ok := list.Next()
		if !ok {
			break
		}
		if id != initial || !first {
			dst = append(dst, '*')
		}
		dst = appendValue(dst, v)
		open = id != final
	}
	if open {
		dst = append(dst, '*')
	}
	r.Failed = r.Failed || list.Failed
	return dst
}

// appendExtensible appends attribute:dn:rule:=value, as userAccountControl:1.2.840.113556.1.4.803:=2.
func appendExtensible(dst []byte, r *ber.Reader) []byte {
	rule, hasRule := r.If(ber.Context | 1)
	if name, ok := r.If(ber.Context | 2); ok {
		dst = append(dst, clip(name)...)
	}
	value := r.Want(ber.Context | 3)
	if dn, ok := r.If(ber.Context | 4); ok && len(dn) == 1 && dn[0] != 0 {
		dst = append(dst, ":dn"...)
	}
	if hasRule {
		dst = append(append(dst, ':'), clip(rule)...)
	}
	return appendValue(append(dst, ":="...), value)
}
