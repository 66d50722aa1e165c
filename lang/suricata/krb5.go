package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// krb5Encryptions are the numbers of kinds of encryption (IANA, Kerberos Encryption Type Numbers).
var krb5Encryptions = map[string]int64{
	"des-cbc-crc": 1, "des-cbc-md4": 2, "des-cbc-md5": 3, "des3-cbc-md5": 5, "des3-cbc-sha1": 7, "dsaWithSHA1-CmsOID": 9,
	"md5WithRSAEncryption-CmsOID": 10, "sha1WithRSAEncryption-CmsOID": 11, "rc2CBC-EnvOID": 12, "rsaEncryption-EnvOID": 13, "rsaES-OAEP-ENV-OID": 14,
	"des-ede3-cbc-Env-OID": 15, "des3-cbc-sha1-kd": 16, "aes128-cts-hmac-sha1-96": 17, "aes256-cts-hmac-sha1-96": 18, "aes128-cts-hmac-sha256-128": 19,
	"aes256-cts-hmac-sha384-192": 20, "rc4-hmac": 23, "rc4-hmac-exp": 24, "camellia128-cts-cmac": 25, "camellia256-cts-cmac": 26,
	"subkey-keymaterial": 65, "rc4-md4": -128, "rc4-plain2": -129, "rc4-lm": -130, "rc4-sha": -131, "des-plain": -132, "rc4-hmac-OLD": -133,
	"rc4-plain-OLD": -134, "rc4-hmac-OLD-exp": -135, "rc4-plain-OLD-exp": -136, "rc4-plain": -140, "rc4-plain-exp": -141,
}

// krb5TicketEncryption is weak, !weak, or a list of kinds by name or number.
func krb5TicketEncryption(b *builder, v string) *problem {
	v = strings.TrimSpace(unquote(v))
	if v == "weak" || v == "!weak" {
		f, there := b.l.schema.Field("krb5.ticket_weak_encryption"), b.l.schema.Field("krb5.ticket_encryption")
		if f == nil || there == nil {
			return b.unknown("krb5.ticket_encryption")
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			if v == "!weak" {
				return &ir.And{X: []ir.Expr{&ir.Exists{X: &ir.Field{F: there}}, &ir.Not{X: x}}}, nil
			}
			return x, nil
		})
	}
	var kinds []ir.Range
	for _, name := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, ok := krb5Encryptions[name]
		if !ok {
			var err error
			if n, err = strconv.ParseInt(name, 10, 32); err != nil {
				return fail("%q is no kind of encryption: a number, a name such as rc4-hmac, or weak is wanted", name)
			}
		}
		kinds = append(kinds, ir.Range{Lo: n, Hi: n})
	}
	f := b.l.schema.Field("krb5.ticket_encryption")
	switch {
	case len(kinds) == 0:
		return fail("wants weak, or kinds of encryption: rc4-hmac")
	case f == nil:
		return b.unknown("krb5.ticket_encryption")
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return &ir.In{X: x, Set: ir.NewIntSet(kinds...)}, nil })
}
