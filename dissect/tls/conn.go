package tls

import (
	"encoding/hex"
	"strconv"
	"sync"

	"github.com/luanids/luanids/dissect"
)

// Conn is what is known of a TLS connection: the one transaction of a flow. The certificates
// as sent are given up once the handshake has been reported.
type Conn struct {
	dissect.MatchState
	Client, Server         Hello
	ClientCert, ServerCert Cert
	// CertRequested says that the server asked for the client's certificate.
	CertRequested bool
	// Retry says that the server first asked for another key share (HelloRetryRequest).
	Retry bool
	// Alert is the first alert seen in the clear, level in the high byte, description in the
	// low one; 0 for none.
	Alert uint16
	// FromProto is the protocol that the flow had before it changed to TLS, "" for none.
	FromProto string
	steps     uint8 // which handshake steps were seen, bit n for stepNames[n]
	step      uint8 // the last of them
	// serverRecord is the version of the server's last record before its hello, 0 for none.
	serverRecord uint16

	ja3, ja3Hash, ja3s, ja3sHash, ja4 []byte
	ccs                               [2]bool // ChangeCipherSpec was seen
	chains                            [2]chain
}

// chain is the certificates of one side as sent.
type chain struct {
	buf   *buffer // lent by buffers; nil for none
	certs []span  // into buf.b
	count int     // also after buf was given back
}

// buffer holds the bytes of large messages, which most connections have for a short time only.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func (ch *chain) reset() {
	if ch.buf != nil {
		buffers.Put(ch.buf)
	}
	*ch = chain{certs: ch.certs[:0]}
}

// Handshake steps, for the field tls.state.
const (
	stepClientHello = 1 << iota
	stepServerHello
	stepClientKeyx
	stepServerKeyx
)

// took notes a step of the handshake.
func (t *Conn) took(step uint8) {
	t.steps |= step
	t.step = step
}

var stepNames = [...][]byte{[]byte("client_hello"), []byte("server_hello"), []byte("client_keyx"), []byte("server_keyx")}

// TxID implements dissect.Numbered: a flow has one connection.
func (t *Conn) TxID() uint64 { return 0 }

// Version is the version agreed upon, or what is offered as long as no server spoke; 0 when
// neither is known.
func (t *Conn) Version() uint16 {
	if t.Server.Seen {
		return t.Server.Version
	}
	if t.Client.Seen {
		return t.Client.Version
	}
	return 0
}

// modern tells TLS 1.3 and its drafts, whose certificates are encrypted.
func (t *Conn) modern() bool {
	v := t.Server.Version
	return t.Server.Seen && (v == VersionTLS13 || v>>8 == 0x7f || v>>8 == 0xfb)
}

// Resumed tells whether an earlier session goes on: by the pre-shared key in TLS 1.3, before
// that by a session id or ticket, when the server sent no certificate.
func (t *Conn) Resumed() bool {
	if !t.Server.Seen {
		return false
	}
	if t.modern() {
		return t.Server.PSK
	}
	if t.ServerCert.Seen || t.chains[dissect.ToClient].count > 0 {
		return false
	}
	id := t.Server.SessionID()
	return id != nil && string(id) == string(t.Client.SessionID()) ||
		t.Client.TicketData && t.ccs[dissect.ToClient]
}

// Cert is the certificate of the sender of a direction.
func (t *Conn) Cert(dir dissect.Dir) *Cert {
	if dir == dissect.ToServer {
		return &t.ClientCert
	}
	return &t.ServerCert
}

// Hello is the hello of the sender of a direction.
func (t *Conn) Hello(dir dissect.Dir) *Hello {
	if dir == dissect.ToServer {
		return &t.Client
	}
	return &t.Server
}

// Raw gives the i-th certificate that the sender of a direction sent, in DER.
func (t *Conn) Raw(dir dissect.Dir, i int) ([]byte, bool) {
	ch := &t.chains[dir]
	if ch.buf == nil || i >= len(ch.certs) {
		return nil, false
	}
	s := ch.certs[i]
	return ch.buf.b[s.off : s.off+s.n : s.off+s.n], true
}

func (t *Conn) reset() {
	t.Client.reset()
	t.Server.reset()
	t.ClientCert.reset()
	t.ServerCert.reset()
	for d := range t.chains {
		t.chains[d].reset()
	}
	*t = Conn{Client: t.Client, Server: t.Server, ClientCert: t.ClientCert, ServerCert: t.ServerCert,
		chains: t.chains, ja3: t.ja3[:0], ja3Hash: t.ja3Hash[:0], ja3s: t.ja3s[:0],
		ja3sHash: t.ja3sHash[:0], ja4: t.ja4[:0]}
}

// Clone makes a copy that shares nothing with t.
func (t *Conn) Clone() *Conn {
	c := *t
	c.MatchState = dissect.MatchState{}
	c.Client, c.Server = t.Client.Clone(), t.Server.Clone()
	c.ClientCert, c.ServerCert = t.ClientCert.clone(), t.ServerCert.clone()
	for _, s := range []*[]byte{&c.ja3, &c.ja3Hash, &c.ja3s, &c.ja3sHash, &c.ja4} {
		*s = append([]byte(nil), *s...)
	}
	for d := range c.chains {
		ch := &c.chains[d]
		ch.certs = append([]span(nil), ch.certs...)
		if ch.buf != nil {
			ch.buf = &buffer{append([]byte(nil), ch.buf.b...)}
		}
	}
	return &c
}

// VersionName is a version as Suricata shows it: "TLS 1.2", "TLSv1", "SSLv3"; what has no name is "0x0305".
func VersionName(v uint16) string {
	switch v {
	case 0:
		return "UNDETERMINED"
	case VersionSSL2:
		return "SSLv2"
	case VersionSSL3:
		return "SSLv3"
	case VersionTLS10:
		return "TLSv1"
	case VersionTLS11:
		return "TLS 1.1"
	case VersionTLS12:
		return "TLS 1.2"
	case VersionTLS13:
		return "TLS 1.3"
	case 0xfb14, 0xfb15, 0xfb16, 0xfb17, 0xfb1a: // of drafts, too
		return "TLS 1.3 draft-" + strconv.Itoa(int(v&0xff)) + "-fb"
	}
	if v>>8 == 0x7f {
		if v&0xff < 16 {
			return "TLS 1.3 draft-<16"
		}
		if i := int(v&0xff) - 16; i < len(draftNames) {
			return draftNames[i]
		}
	}
	return "0x" + hex.EncodeToString([]byte{byte(v >> 8), byte(v)})
}

var draftNames = [...]string{
	"TLS 1.3 draft-16", "TLS 1.3 draft-17", "TLS 1.3 draft-18", "TLS 1.3 draft-19",
	"TLS 1.3 draft-20", "TLS 1.3 draft-21", "TLS 1.3 draft-22", "TLS 1.3 draft-23",
	"TLS 1.3 draft-24", "TLS 1.3 draft-25", "TLS 1.3 draft-26", "TLS 1.3 draft-27",
	"TLS 1.3 draft-28",
}
