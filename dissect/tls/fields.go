package tls

import (
	"math"
	"math/bits"

	"github.com/luanids/luanids/dissect"
)

const (
	onHello  = "tls.hello"
	onClient = "tls.client_hello"
	onServer = "tls.server_hello"
	onCert   = "tls.certificate"
	onShake  = "tls.handshake"
	onStep   = "tls.step"
)

func fields() []dissect.Field {
	return append(append(helloFields(), fingerprintFields()...), certFields()...)
}

// bothBytes declares a field that each side has: it is that of the event's direction.
func bothBytes(name, event, doc string, get func(t *Conn, dir dissect.Dir) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: event, Doc: doc,
		Bytes: func(e *dissect.Env) []byte {
			if t, ok := e.Tx.(*Conn); ok {
				return get(t, e.Dir)
			}
			return nil
		}}
}

func bothBytesN(name, event, doc string, get func(t *Conn, dir dissect.Dir, i int) ([]byte, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: event, Doc: doc, Multi: true,
		BytesN: func(e *dissect.Env, i int) ([]byte, bool) {
			if t, ok := e.Tx.(*Conn); ok {
				return get(t, e.Dir, i)
			}
			return nil, false
		}}
}

func bothInt(name, event, doc string, get func(t *Conn, e *dissect.Env) (int64, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Event: event, Doc: doc,
		Int: func(e *dissect.Env) (int64, bool) {
			if t, ok := e.Tx.(*Conn); ok {
				return get(t, e)
			}
			return 0, false
		}}
}

func numbers(name, event, doc string, list func(t *Conn) []uint16) dissect.Field {
	return dissect.Ints(name, event, doc, func(t *Conn, i int) (int64, bool) {
		if l := list(t); i < len(l) {
			return int64(l[i]), true
		}
		return 0, false
	})
}

func helloFields() []dissect.Field {
	hello := func(dir dissect.Dir) func(t *Conn, i int) ([]byte, bool) {
		return func(t *Conn, i int) ([]byte, bool) { return t.Hello(dir).ALPN(i) }
	}
	random := func(from, to int) func(t *Conn, dir dissect.Dir) []byte {
		return func(t *Conn, dir dissect.Dir) []byte {
			if h := t.Hello(dir); h.Seen {
				return h.Random[from:to]
			}
			return nil
		}
	}
	return []dissect.Field{
		dissect.Str("tls.sni", onClient, "server name that the client asks for (RFC 6066)", func(t *Conn) []byte { return t.Client.SNI() }),
		dissect.Str("tls.version", onServer, "version agreed upon: SSLv2, SSLv3, TLSv1, TLS 1.1, TLS 1.2, TLS 1.3", func(t *Conn) []byte { return versionBytes(t.Version()) }).Usually(usualVersions...),
		dissect.Int("tls.version.number", onServer, "version agreed upon as the wire has it: 0x0303 is TLS 1.2", func(t *Conn) (int64, bool) { return int64(t.Version()), t.Version() != 0 }).Bits(16),
		dissect.Str("tls.client.version", onClient, "best version that the client offers", func(t *Conn) []byte { return versionBytes(t.Client.Version) }).Usually(usualVersions...),
		dissect.Int("tls.client.version.number", onClient, "best version that the client offers, as the wire has it", func(t *Conn) (int64, bool) { return int64(t.Client.Version), t.Client.Seen }).Bits(16),
		numbers("tls.versions", onClient, "versions in the client's supported_versions extension", func(t *Conn) []uint16 { return t.Client.Versions }).Bits(16),
		numbers("tls.ciphers", onClient, "cipher suites that the client offers, without GREASE", func(t *Conn) []uint16 { return t.Client.Ciphers }).Bits(16),
		dissect.Int("tls.cipher", onServer, "cipher suite that the server chose", func(t *Conn) (int64, bool) {
			if len(t.Server.Ciphers) == 0 {
				return 0, false
			}
			return int64(t.Server.Ciphers[0]), true
		}).Bits(16),
		numbers("tls.extensions", onClient, "types of the client's extensions, in order, without GREASE", func(t *Conn) []uint16 { return t.Client.Extensions }).Bits(16),
		numbers("tls.server.extensions", onServer, "types of the server's extensions, in order", func(t *Conn) []uint16 { return t.Server.Extensions }).Bits(16),
		numbers("tls.groups", onClient, "named groups that the client supports", func(t *Conn) []uint16 { return t.Client.Groups }).Bits(16),
		numbers("tls.sig_algs", onClient, "signature algorithms that the client takes", func(t *Conn) []uint16 { return t.Client.SigAlgs }).Bits(16),
		dissect.Ints("tls.point_formats", onClient, "elliptic curve point formats of the client", func(t *Conn, i int) (int64, bool) {
			if i < len(t.Client.PointFormats) {
				return int64(t.Client.PointFormats[i]), true
			}
			return 0, false
		}).Bits(8),
		bothBytesN("tls.alpn", onHello, "application protocols offered by the client, or chosen by the server (RFC 7301)",
			func(t *Conn, dir dissect.Dir, i int) ([]byte, bool) { return t.Hello(dir).ALPN(i) }),
		dissect.Strs("tls.client.alpn", onClient, "application protocols that the client offers", hello(dissect.ToServer)).Also("tls.client_alpns"),
		dissect.Strs("tls.server.alpn", onServer, "application protocol that the server chose", hello(dissect.ToClient)).Also("tls.server_alpns"),
		dissect.Bin("tls.session_id", onClient, "session id that the client sends", func(t *Conn) []byte { return t.Client.SessionID() }),
		dissect.Bool("tls.session_ticket", onClient, "the client presents a session ticket (RFC 5077)", func(t *Conn) bool { return t.Client.TicketData }),
		dissect.Bool("tls.ech", onClient, "the client offers Encrypted Client Hello (RFC 9849)", func(t *Conn) bool { return t.Client.HasECH }),
		dissect.Bool("tls.heartbeat", onClient, "the client offers heartbeats (RFC 6520)", func(t *Conn) bool { return t.Client.Heartbeat }),
		dissect.Bool("tls.early_data", onClient, "the client sends early data (0-RTT)", func(t *Conn) bool { return t.Client.EarlyData }),
		bothBytes("tls.random", onHello, "the 32 random bytes of a hello", random(0, 32)).Of(dissect.TBytes),
		bothBytes("tls.random.time", onHello, "first four bytes of the random value: once the time", random(0, 4)).Of(dissect.TBytes).Also("tls.random_time"),
		bothBytes("tls.random.bytes", onHello, "the other 28 bytes of the random value", random(4, 32)).Of(dissect.TBytes).Also("tls.random_bytes"),
		dissect.Bool("tls.resumed", onShake, "an earlier session goes on", (*Conn).Resumed).Also("tls.session_resumed"),
		dissect.Bool("tls.retry", onServer, "the server sent a HelloRetryRequest first", func(t *Conn) bool { return t.Retry }),
		dissect.Int("tls.alert", onShake, "first alert seen in the clear: its description (RFC 8446 section 6)", func(t *Conn) (int64, bool) { return int64(t.Alert & 255), t.Alert != 0 }).Bits(8),
		dissect.Str("tls.from_proto", onClient, "protocol that the flow spoke before TLS", func(t *Conn) []byte {
			if t.FromProto == "" {
				return nil
			}
			return dissect.Text(t.FromProto)
		}),
		dissect.Strs("tls.state", onHello, "handshake steps seen so far: client_hello, server_hello, client_keyx, server_keyx", (*Conn).stepSeen),
		bothBytes("tls.step", onStep, "the step of the handshake that is being taken: client_hello, server_hello, client_keyx or server_keyx", func(t *Conn, _ dissect.Dir) []byte {
			if t.step == 0 {
				return nil
			}
			return stepNames[bits.TrailingZeros8(t.step)]
		}).OneOf("client_hello", "server_hello", "client_keyx", "server_keyx"),
	}
}

func (t *Conn) stepSeen(i int) ([]byte, bool) {
	for n := range stepNames {
		if t.steps&(1<<n) == 0 {
			continue
		}
		if i == 0 {
			return stepNames[n], true
		}
		i--
	}
	return nil, false
}

func fingerprintFields() []dissect.Field {
	return []dissect.Field{
		dissect.Str("ja3.hash", onClient, "MD5 of the client's JA3 string", func(t *Conn) []byte { return present(t.ja3Hash) }).Digest(32),
		dissect.Str("ja3.string", onClient, "JA3: version, ciphers, extensions, groups, point formats", func(t *Conn) []byte { return present(t.ja3) }),
		dissect.Str("ja3s.hash", onServer, "MD5 of the server's JA3S string", func(t *Conn) []byte { return present(t.ja3sHash) }).Digest(32),
		dissect.Str("ja3s.string", onServer, "JA3S: version, cipher, extensions", func(t *Conn) []byte { return present(t.ja3s) }),
		dissect.Str("ja4.hash", onClient, "JA4 fingerprint of the client", func(t *Conn) []byte { return present(t.ja4) }).Also("ja4"),
	}
}

func certFields() []dissect.Field {
	text := func(get func(*Cert) []byte) func(*Conn, dissect.Dir) []byte {
		return func(t *Conn, dir dissect.Dir) []byte { return get(t.Cert(dir)) }
	}
	flag := func(f dissect.Field) dissect.Field { f.Type = dissect.TBool; return f }
	fs := []dissect.Field{
		bothBytes("tls.subject", onCert, "subject of the certificate: C=US, O=Example, CN=example.org", text((*Cert).Subject)).Also("tls.cert_subject"),
		bothBytes("tls.issuer", onCert, "issuer of the certificate", text((*Cert).Issuer)).Also("tls.cert_issuer", "tls.issuerdn"),
		bothBytes("tls.serial", onCert, "serial number of the certificate: 00:97:E6", text((*Cert).Serial)).Also("tls.cert_serial"),
		bothBytes("tls.fingerprint", onCert, "SHA-1 of the certificate: 3a:0b:3b", text((*Cert).Fingerprint)).Also("tls.cert_fingerprint"),
		bothBytesN("tls.san", onCert, "alternative names of the subject: DNS names, addresses, URIs", func(t *Conn, dir dissect.Dir, i int) ([]byte, bool) {
			return t.Cert(dir).SAN(i)
		}).Also("tls.subjectaltname"),
		bothInt("tls.notbefore", onCert, "start of the certificate's validity", func(t *Conn, e *dissect.Env) (int64, bool) {
			return certTime(t.Cert(e.Dir), t.Cert(e.Dir).NotBefore)
		}).Of(dissect.TTime),
		bothInt("tls.notafter", onCert, "end of the certificate's validity", func(t *Conn, e *dissect.Env) (int64, bool) {
			return certTime(t.Cert(e.Dir), t.Cert(e.Dir).NotAfter)
		}).Of(dissect.TTime),
		bothInt("tls.validity", onCert, "how long the certificate is valid in all", func(t *Conn, e *dissect.Env) (int64, bool) {
			x := t.Cert(e.Dir)
			return nanos(x.NotAfter - x.NotBefore), x.Seen
		}).Of(dissect.TDuration),
		flag(bothInt("tls.cert_expired", onCert, "the certificate's validity had ended when it was seen", func(t *Conn, e *dissect.Env) (int64, bool) {
			x := t.Cert(e.Dir)
			return truth(nanos(x.NotAfter) < e.Time), x.Seen
		})),
		flag(bothInt("tls.cert_valid", onCert, "the certificate was within its validity when it was seen", func(t *Conn, e *dissect.Env) (int64, bool) {
			x := t.Cert(e.Dir)
			return truth(nanos(x.NotBefore) <= e.Time && e.Time <= nanos(x.NotAfter)), x.Seen
		})),
		flag(bothInt("tls.self_signed", onCert, "issuer and subject of the certificate are the same", func(t *Conn, e *dissect.Env) (int64, bool) {
			return truth(t.Cert(e.Dir).SelfSigned), t.Cert(e.Dir).Seen
		})),
		bothInt("tls.cert_key_bits", onCert, "size of the certificate's RSA key", func(t *Conn, e *dissect.Env) (int64, bool) {
			x := t.Cert(e.Dir)
			return int64(x.KeyBits), x.KeyBits > 0
		}),
		bothInt("tls.cert_chain_len", onCert, "number of certificates sent", func(t *Conn, e *dissect.Env) (int64, bool) {
			n := t.chains[e.Dir].count
			return int64(n), n > 0
		}),
		bothBytesN("tls.certs", onCert, "the certificates sent, in DER; up to the end of the handshake", func(t *Conn, dir dissect.Dir, i int) ([]byte, bool) {
			return t.Raw(dir, i)
		}).Of(dissect.TBytes),
	}
	return fs
}

func certTime(x *Cert, sec int64) (int64, bool) { return nanos(sec), x.Seen }

// nanos turns seconds into nanoseconds; what does not fit comes out as the first or last moment.
func nanos(sec int64) int64 {
	const second = 1_000_000_000
	switch {
	case sec > math.MaxInt64/second:
		return math.MaxInt64
	case sec < math.MinInt64/second:
		return math.MinInt64
	}
	return sec * second
}

func truth(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// usualVersions are the names of versions that are met with.
var usualVersions = []string{"SSLv2", "SSLv3", "TLSv1", "TLS 1.1", "TLS 1.2", "TLS 1.3"}

// versionBytes is VersionName for accessors, nil for no version.
func versionBytes(v uint16) []byte {
	if v == 0 {
		return nil
	}
	if int(v) < len(commonVersions)+VersionSSL3 && v >= VersionSSL3 {
		return commonVersions[v-VersionSSL3]
	}
	return dissect.Text(VersionName(v))
}

var commonVersions = [...][]byte{[]byte("SSLv3"), []byte("TLSv1"), []byte("TLS 1.1"), []byte("TLS 1.2"), []byte("TLS 1.3")}
