package suricata

import (
	"bytes"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// digest is how a buffer writes digests and serial numbers. Contents are turned into that form, whatever case they have in the rule.
type digest struct {
	kind   string
	size   int  // characters; 0: any number, contents may be parts
	upper  bool // letters are capitals
	colons bool // between the bytes
}

var md5Digest = digest{kind: "an MD5", size: 32}

// digests are those buffers by their fields.
var digests = map[string]digest{
	"tls.fingerprint": {kind: "a fingerprint (SHA-1, 4a:a3:66...)", size: 59, colons: true},
	"tls.serial":      {kind: "a serial number (5C:19:B7...)", upper: true, colons: true},
	"ja3.hash":        md5Digest, "ja3s.hash": md5Digest, "quic.ja3.hash": md5Digest, "quic.ja3s.hash": md5Digest,
	"ssh.hassh": md5Digest, "ssh.hassh.server": md5Digest, "quic.cyu.hash": md5Digest, "email.body_md5": md5Digest,
}

// asDigests brings the contents of a chain into the form of its field, and refuses what can be no such value, as Suricata does.
func asDigests(c *chain, field string) *problem {
	d, ok := digests[field]
	if !ok || len(c.steps) > 0 {
		return nil
	}
	for _, it := range c.items {
		lit, ok := it.(*ir.Lit)
		if !ok {
			continue
		}
		n := len(lit.Bytes)
		switch {
		case d.size > 0 && n != d.size:
			return &problem{keyword: c.buf.name, off: c.off, why: fail("%s has %d characters, and the content %d: the rule never matches", d.kind, d.size, n).why}
		case d.colons && n > len("5C") && bytes.IndexByte(lit.Bytes, ':') < 0:
			return &problem{keyword: c.buf.name, off: c.off, why: d.kind + " has colons between its bytes, and the content has none: the rule never matches"}
		case d.upper:
			lit.Bytes = bytes.ToUpper(lit.Bytes)
		default:
			lit.Bytes = bytes.ToLower(lit.Bytes)
		}
	}
	return nil
}

// features are what can be switched off, by the beginnings of the keywords that need it.
var features = []struct{ keyword, feature, setting string }{
	{"ja3", "ja3", "app-layer.protocols.tls.ja3-fingerprints"}, {"quic.ja3", "ja3", "app-layer.protocols.tls.ja3-fingerprints"},
	{"ja4", "ja4", "app-layer.protocols.tls.ja4-fingerprints"}, {"quic.ja4", "ja4", "app-layer.protocols.tls.ja4-fingerprints"},
	{"ssh.hassh", "hassh", "app-layer.protocols.ssh.hassh"},
	{"email.body_md5", "body-md5", "app-layer.protocols.smtp.mime.body-md5"},
}

// switchedOff refuses keywords about fingerprints that are not made.
func (b *builder) switchedOff(name string) *problem {
	if len(b.l.opt.Without) == 0 {
		return nil
	}
	for _, f := range features {
		if b.l.opt.Without[f.feature] && strings.HasPrefix(name, f.keyword) {
			return fail("it is switched off: %s", f.setting)
		}
	}
	return nil
}
