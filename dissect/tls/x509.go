package tls

import (
	"bytes"
	"crypto/sha1"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect/ber"
)

// maxSANs is how many alternative names of a certificate are kept.
const maxSANs = 256

// span is a stretch of Cert.text.
type span struct{ off, n uint32 }

// Cert is what is known of an X.509 certificate (RFC 5280). It is reused. The decoder takes
// what it can of certificates that break the rules.
type Cert struct {
	Seen       bool
	SelfSigned bool // issuer and subject are the same
	CA         bool // basic constraints say that it is an authority
	Version    int  // 1..3
	// NotBefore and NotAfter bound the validity, in seconds since the Unix epoch.
	NotBefore, NotAfter int64
	KeyBits             int // of an RSA key's modulus, 0 for others

	subject, issuer, serial, fingerprint span
	sans                                 []span
	text                                 []byte
}

func (c *Cert) at(s span) []byte { return c.text[s.off : s.off+s.n : s.off+s.n] }

// Subject is the subject's name, "C=US, O=Example, CN=www.example.org".
func (c *Cert) Subject() []byte { return c.get(c.subject) }

// Issuer is the issuer's name.
func (c *Cert) Issuer() []byte { return c.get(c.issuer) }

// Serial is the serial number, "00:97:E6:47".
func (c *Cert) Serial() []byte { return c.get(c.serial) }

// Fingerprint is the SHA-1 digest of the certificate, "3a:0b:3b...".
func (c *Cert) Fingerprint() []byte { return c.get(c.fingerprint) }

func (c *Cert) get(s span) []byte {
	if !c.Seen {
		return nil
	}
	return c.at(s)
}

// SAN gives the i-th alternative name of the subject.
func (c *Cert) SAN(i int) ([]byte, bool) {
	if i >= len(c.sans) {
		return nil, false
	}
	return c.at(c.sans[i]), true
}

func (c *Cert) reset() { *c = Cert{sans: c.sans[:0], text: c.text[:0]} }

func (c *Cert) clone() Cert {
	d := *c
	d.sans = append([]span(nil), c.sans...)
	d.text = append([]byte(nil), c.text...)
	return d
}

// DER tags.
const (
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagOID             = 0x06
	tagUTF8String      = 0x0c
	tagSequence        = 0x30
	tagSet             = 0x31
	tagNumericString   = 0x12
	tagPrintableString = 0x13
	tagT61String       = 0x14
	tagIA5String       = 0x16
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagVisibleString   = 0x1a
	tagUniversalString = 0x1c
	tagBMPString       = 0x1e
)

// tlv takes one DER value off b.
func tlv(b []byte) (tag byte, value, rest []byte, ok bool) {
	h, st := ber.ReadHead(b)
	if st != ber.OK || h.Len > len(b)-h.Size {
		return 0, nil, nil, false
	}
	return h.ID, b[h.Size : h.Size+h.Len], b[h.Size+h.Len:], true
}

// want takes a value of the given tag off b.
func want(b []byte, tag byte) (value, rest []byte, ok bool) {
	t, v, rest, ok := tlv(b)
	return v, rest, ok && t == tag
}

// derFault names what is wrong with the header of a DER value, as Suricata does: it is cut off, it claims
// more bytes than there are, or it is something else.
func derFault(b []byte) int {
	if len(b) < 2 {
		return anCertLength
	}
	if b[0] != tagSequence {
		return anCertDER
	}
	if b[1] < 0x80 {
		return anCert // short form: the content is cut off
	}
	if size := int(b[1] & 0x7f); size == 0 {
		return anCertDER // indefinite length is not DER (X.690 section 10.1)
	} else if len(b) < 2+size {
		return anCertLength
	}
	return anCert
}

// parse decodes a certificate and returns the anomaly of what is wrong, or -1.
func (c *Cert) parse(der []byte) int {
	c.reset()
	cert, _, ok := want(der, tagSequence)
	if !ok {
		return derFault(der)
	}
	tbs, _, ok := want(cert, tagSequence)
	if !ok {
		return derFault(cert)
	}
	c.Version = 1
	if len(tbs) > 0 && tbs[0] == 0xa0 {
		_, v, rest, ok := tlv(tbs)
		if !ok {
			return anCertVersion
		}
		n, _, ok := want(v, tagInteger)
		if !ok || len(n) != 1 {
			return anCertVersion
		}
		c.Version, tbs = int(n[0])+1, rest
	}
	serial, tbs, ok := want(tbs, tagInteger)
	if !ok || len(serial) == 0 {
		return anCertSerial
	}
	_, tbs, ok = want(tbs, tagSequence)
	if !ok {
		return anCertAlgorithm
	}
	return c.names(der, serial, tbs)
}

func (c *Cert) names(der, serial, tbs []byte) int {
	issuer, tbs, ok := want(tbs, tagSequence)
	if !ok || !c.name(&c.issuer, issuer) {
		return anCertName
	}
	validity, tbs, ok := want(tbs, tagSequence)
	if !ok || !c.validity(validity) {
		return anCertDate
	}
	subject, tbs, ok := want(tbs, tagSequence)
	if !ok || !c.name(&c.subject, subject) {
		return anCertName
	}
	c.SelfSigned = string(issuer) == string(subject)
	c.serial = c.appendHex(serial, upperHex)
	sum := sha1.Sum(der)
	c.fingerprint = c.appendHex(sum[:], lowerHex)
	c.Seen = true
	fault := c.nulFault()
	key, tbs, ok := want(tbs, tagSequence)
	if !ok {
		return anCertDER
	}
	c.key(key)
	for len(tbs) > 0 {
		tag, v, rest, ok := tlv(tbs)
		if !ok {
			return anCertExtensions
		}
		if tag == 0xa3 && !c.extensions(v) {
			return anCertExtensions
		}
		tbs = rest
	}
	return fault
}

// nulFault is the anomaly of a name with a zero byte, where programs in C take it to end (CVE-2009-2408), or -1.
func (c *Cert) nulFault() int {
	switch {
	case bytes.IndexByte(c.Subject(), 0) >= 0:
		return anCertSubject
	case bytes.IndexByte(c.Issuer(), 0) >= 0:
		return anCertIssuer
	}
	return -1
}

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

func (c *Cert) appendHex(v []byte, digits string) span {
	start := len(c.text)
	for i, x := range v {
		if i > 0 {
			c.text = append(c.text, ':')
		}
		c.text = append(c.text, digits[x>>4], digits[x&15])
	}
	return c.since(start)
}

func (c *Cert) since(start int) span { return span{uint32(start), uint32(len(c.text) - start)} }

// name writes a distinguished name as text: attributes joined by ", ", those of a set with
// several by " + ".
func (c *Cert) name(s *span, rdns []byte) bool {
	start := len(c.text)
	for len(rdns) > 0 {
		set, rest, ok := want(rdns, tagSet)
		if !ok {
			return false
		}
		rdns = rest
		for first := true; len(set) > 0; first = false {
			attr, more, ok := want(set, tagSequence)
			if !ok {
				return false
			}
			set = more
			if len(c.text) > start {
				if first {
					c.text = append(c.text, ", "...)
				} else {
					c.text = append(c.text, " + "...)
				}
			}
			if !c.attribute(attr) {
				return false
			}
		}
	}
	*s = c.since(start)
	return true
}

// attributes are the names of attribute types (RFC 4519, RFC 5280 appendix A), as Suricata
// shortens them, by the encoded object identifier.
var attributes = map[string]string{
	"\x55\x04\x03": "CN", "\x55\x04\x06": "C", "\x55\x04\x07": "L", "\x55\x04\x08": "ST",
	"\x55\x04\x0a": "O", "\x55\x04\x0b": "OU",
	"\x55\x04\x04": "surname", "\x55\x04\x05": "serialNumber", "\x55\x04\x09": "streetAddress",
	"\x55\x04\x0c": "title", "\x55\x04\x0d": "description", "\x55\x04\x0f": "businessCategory",
	"\x55\x04\x10": "postalAddress", "\x55\x04\x11": "postalCode", "\x55\x04\x14": "telephoneNumber",
	"\x55\x04\x29": "name", "\x55\x04\x2a": "givenName", "\x55\x04\x2b": "initials",
	"\x55\x04\x2c": "generationQualifier", "\x55\x04\x2e": "dnQualifier", "\x55\x04\x41": "pseudonym",
	"\x55\x04\x61":                                 "organizationIdentifier",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":         "Email",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02":         "unstructuredName",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":     "UID",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":     "DC",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "jurisdictionL",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "jurisdictionST",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "jurisdictionC",
}

func (c *Cert) attribute(attr []byte) bool {
	oid, value, ok := want(attr, tagOID)
	if !ok {
		return false
	}
	if short, ok := attributes[string(oid)]; ok {
		c.text = append(c.text, short...)
	} else {
		c.text = ber.AppendOID(c.text, oid)
	}
	c.text = append(c.text, '=')
	tag, v, _, ok := tlv(value)
	if !ok {
		return false
	}
	switch tag {
	case tagUTF8String, tagPrintableString, tagIA5String, tagT61String, tagNumericString, tagVisibleString:
		c.text = append(c.text, v...)
	case tagBMPString:
		for ; len(v) >= 2; v = v[2:] {
			r := rune(v[0])<<8 | rune(v[1])
			if utf16.IsSurrogate(r) && len(v) >= 4 {
				r = utf16.DecodeRune(r, rune(v[2])<<8|rune(v[3]))
				v = v[2:]
			}
			c.text = utf8.AppendRune(c.text, r)
		}
	case tagUniversalString:
		for ; len(v) >= 4; v = v[4:] {
			c.text = utf8.AppendRune(c.text, rune(v[0])<<24|rune(v[1])<<16|rune(v[2])<<8|rune(v[3]))
		}
	default:
		return false
	}
	return true
}

func (c *Cert) validity(b []byte) bool {
	var ok bool
	if c.NotBefore, b, ok = derTime(b); !ok {
		return false
	}
	c.NotAfter, _, ok = derTime(b)
	return ok
}

// key takes the size of an RSA key (RFC 3279 section 2.3.1).
func (c *Cert) key(spki []byte) {
	alg, rest, ok := want(spki, tagSequence)
	if !ok {
		return
	}
	oid, _, ok := want(alg, tagOID)
	if !ok || string(oid) != "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" {
		return
	}
	bits, _, ok := want(rest, tagBitString)
	if !ok || len(bits) < 1 {
		return
	}
	seq, _, ok := want(bits[1:], tagSequence)
	if !ok {
		return
	}
	if n, _, ok := want(seq, tagInteger); ok {
		for len(n) > 0 && n[0] == 0 {
			n = n[1:]
		}
		c.KeyBits = len(n) * 8
	}
}

func (c *Cert) extensions(b []byte) bool {
	seq, _, ok := want(b, tagSequence)
	for ok && len(seq) > 0 {
		var ext []byte
		if ext, seq, ok = want(seq, tagSequence); !ok {
			return false
		}
		oid, rest, good := want(ext, tagOID)
		if !good {
			return false
		}
		if len(rest) > 0 && rest[0] == 0x01 { // critical
			if _, _, rest, good = tlv(rest); !good {
				return false
			}
		}
		value, _, good := want(rest, tagOctetString)
		if !good {
			return false
		}
		switch string(oid) {
		case "\x55\x1d\x11":
			c.altNames(value)
		case "\x55\x1d\x13":
			if v, _, ok := want(value, tagSequence); ok {
				c.CA = len(v) >= 3 && v[0] == 0x01 && v[2] != 0
			}
		}
	}
	return ok
}

// altNames reads GeneralNames (RFC 5280 section 4.2.1.6).
func (c *Cert) altNames(b []byte) {
	seq, _, ok := want(b, tagSequence)
	for ok && len(seq) > 0 && len(c.sans) < maxSANs {
		var tag byte
		var v []byte
		if tag, v, seq, ok = tlv(seq); !ok {
			return
		}
		start := len(c.text)
		switch {
		case tag == 0x81 || tag == 0x82 || tag == 0x86: // mail address, DNS name, URI
			c.text = append(c.text, v...)
		case tag == 0x87 && (len(v) == 4 || len(v) == 16):
			a, _ := netip.AddrFromSlice(v)
			c.text = a.AppendTo(c.text)
		case tag == 0xa4:
			var s span
			if rdns, _, ok := want(v, tagSequence); !ok || !c.name(&s, rdns) {
				c.text = c.text[:start]
				continue
			}
		case tag == 0x88:
			c.text = ber.AppendOID(c.text, v)
		default:
			continue
		}
		c.sans = append(c.sans, c.since(start))
	}
}
