package smb

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
)

// auth is what the blob of a login tells ([MS-NLMP] section 2.2.1.3, RFC 4120 section 5.5.1).
type auth struct {
	ntlm               bool // an NTLMSSP message that names a user
	domain, user, host []byte
	hasVersion         bool
	version            []byte // of the client's system: 10.0 build 19041 rev 15
	warning            bool   // its parts come in an odd order
	kerberos           bool
	realm              []byte
	names              [][]byte // of the service
}

var (
	ntlmMagic = []byte("NTLMSSP\x00")
	// krbMagic begins an AP-REQ in a GSS token: the OID 1.2.840.113554.1.2.2 and the token's kind (RFC 4121 section 4.1).
	krbMagic = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00}
)

// login reads the blob of a login: an NTLMSSP message, or SPNEGO around that or a ticket of Kerberos.
func (t *Tx) login(c *dissect.Ctx, blob []byte) {
	if i := bytes.Index(blob, krbMagic); i >= 0 && t.auth.ticket(blob[i+len(krbMagic):]) {
		return
	}
	i := bytes.Index(blob, ntlmMagic)
	if i < 0 {
		return
	}
	switch m := blob[i:]; {
	case len(m) < 12:
		c.Anomaly(anNTLMRequest, t)
	case le32(m[8:]) != 3: // only the last message names anybody
	case !t.auth.authenticate(m):
		c.Anomaly(anNTLMRequest, t)
	case t.auth.warning:
		c.Anomaly(anNTLMOrder, t)
	}
}

// authenticate reads an AUTHENTICATE_MESSAGE.
func (a *auth) authenticate(m []byte) bool {
	if len(m) < 64 {
		return false
	}
	field := func(at int) (b []byte, off, n int) {
		n, off = int(le16(m[at:])), int(le32(m[at+4:]))
		return part(m, off, n), off, n
	}
	domain, domainOff, domainLen := field(28)
	user, userOff, userLen := field(36)
	host, hostOff, _ := field(44)
	if domain == nil || user == nil || host == nil {
		return false
	}
	flags := le32(m[60:])
	unicode := flags&1 != 0
	a.ntlm = true
	a.domain, a.user, a.host = appendText(nil, domain, unicode), appendText(nil, user, unicode), appendText(nil, host, unicode)
	a.warning = userOff > 0 && userOff < domainOff+domainLen || hostOff > 0 && hostOff < userOff+userLen
	if flags&0x02000000 != 0 && len(m) >= 72 {
		a.hasVersion = true
		v := strconv.AppendUint(nil, uint64(m[64]), 10)
		v = strconv.AppendUint(append(v, '.'), uint64(m[65]), 10)
		v = strconv.AppendUint(append(v, " build "...), uint64(le16(m[66:])), 10)
		a.version = strconv.AppendUint(append(v, " rev "...), uint64(m[71]), 10)
	}
	return true
}

// maxNames is how many parts of a service's name are kept.
const maxNames = 8

// ticket reads the realm and the service of the ticket in an AP-REQ.
func (a *auth) ticket(b []byte) bool {
	body, _ := der(b, 0x6e)
	body, _ = der(body, 0x30)
	ticket := field(body, 3)
	ticket, _ = der(ticket, 0x61)
	ticket, _ = der(ticket, 0x30)
	realm, _ := der(field(ticket, 1), 0x1b)
	if realm == nil {
		return false
	}
	service, _ := der(field(ticket, 2), 0x30)
	names, _ := der(field(service, 1), 0x30)
	a.kerberos, a.realm = true, bytes.Clone(realm[:min(len(realm), maxName)])
	for len(names) > 0 && len(a.names) < maxNames {
		name, rest := der(names, 0x1b)
		if name == nil {
			break
		}
		a.names = append(a.names, bytes.Clone(name[:min(len(name), maxName)]))
		names = rest
	}
	return true
}

// der gives the content of the element with a tag that b begins with, and what follows it; nil where there is none.
func der(b []byte, tag byte) (content, rest []byte) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil
	}
	n, at := int(b[1]), 2
	if n >= 0x80 {
		bytes := n & 0x7f
		if bytes == 0 || bytes > 3 || len(b) < 2+bytes {
			return nil, nil
		}
		n = 0
		for _, c := range b[2 : 2+bytes] {
			n = n<<8 | int(c)
		}
		at += bytes
	}
	content = part(b, at, n)
	if content == nil {
		return nil, nil
	}
	return content, b[at+n:]
}

// field gives the content of the element with a context tag within a sequence's content.
func field(b []byte, tag byte) []byte {
	for len(b) > 0 {
		content, rest := der(b, b[0])
		if content == nil {
			return nil
		}
		if b[0] == 0xa0|tag {
			return content
		}
		b = rest
	}
	return nil
}
