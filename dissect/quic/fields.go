package quic

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// str declares a text field, bin one of bytes, num a number.
var (
	str  = dissect.Str[Tx]
	bin  = dissect.Bin[Tx]
	strs = dissect.Strs[Tx]
	ints = dissect.Ints[Tx]
)

func fields() []dissect.Field {
	return append([]dissect.Field{
		bin("quic.version", packetEvent, "version as sent, four bytes: |00 00 00 01|, |6b 33 43 cf| (version 2), Q046", func(t *Tx) []byte { return t.versionRaw }),
		dissect.Int("quic.version.number", packetEvent, "version as a number: 1, 0x6b3343cf is version 2, 0 means that the server offers others", func(t *Tx) (int64, bool) {
			return int64(t.version), true
		}).Bits(32),
		str("quic.type", packetEvent, "kind of the packet", func(t *Tx) []byte { return dissect.Text(kindNames[t.kind]) }).OneOf(kindNames[1:]...),
		ints("quic.versions", packetEvent, "versions that the server offers when it does not take the client's", func(t *Tx, i int) (int64, bool) {
			if 4*i+4 > len(t.offered) {
				return 0, false
			}
			return int64(binary.BigEndian.Uint32(t.offered[4*i:])), true
		}).Bits(32),
		str("quic.sni", packetEvent, "server name that the client asks for", (*Tx).serverName),
		str("quic.ua", packetEvent, "program of the client, in Google's versions", (*Tx).userAgent),
		strs("quic.cyu.hash", packetEvent, "MD5 of the CYU strings", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.cyu) {
				return nil, false
			}
			return t.text[t.cyu[i].hash[0]:t.cyu[i].hash[1]], true
		}),
		strs("quic.cyu.string", packetEvent, "CYU, the fingerprint of a client of Google's versions: version and tags of its hello", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.cyu) {
				return nil, false
			}
			return t.text[t.cyu[i].text[0]:t.cyu[i].text[1]], true
		}),
		bin("quic.dcid", packetEvent, "connection id of the receiver", func(t *Tx) []byte { return t.dcid }),
		bin("quic.scid", packetEvent, "connection id of the sender", func(t *Tx) []byte { return t.scid }),
	}, helloFields()...)
}

// of gives a value of one side's hello.
func of(client bool, get func(t *Tx) []byte) func(t *Tx) []byte {
	return func(t *Tx) []byte {
		if t.hello == nil || t.client != client {
			return nil
		}
		return get(t)
	}
}

func numbers(get func(t *Tx) []uint16) func(t *Tx, i int) (int64, bool) {
	return func(t *Tx, i int) (int64, bool) {
		if t.hello == nil || i >= len(get(t)) {
			return 0, false
		}
		return int64(get(t)[i]), true
	}
}

func helloFields() []dissect.Field {
	ja3 := func(t *Tx) []byte { return t.ja3 }
	hash := func(t *Tx) []byte { return t.ja3Hash }
	return []dissect.Field{
		str("quic.ja3.hash", packetEvent, "MD5 of the client's JA3 string", of(true, hash)).Digest(32),
		str("quic.ja3.string", packetEvent, "JA3 of the client: version, ciphers, extensions, groups, point formats", of(true, ja3)),
		str("quic.ja3s.hash", packetEvent, "MD5 of the server's JA3S string", of(false, hash)).Digest(32),
		str("quic.ja3s.string", packetEvent, "JA3S of the server: version, cipher, extensions", of(false, ja3)),
		str("quic.ja4.hash", packetEvent, "JA4 fingerprint of the client", of(true, func(t *Tx) []byte { return t.ja4 })).Also("quic.ja4"),
		strs("quic.alpn", packetEvent, "application protocols that the client offers: h3", func(t *Tx, i int) ([]byte, bool) {
			if t.hello == nil {
				return nil, false
			}
			return t.hello.ALPN(i)
		}),
		ints("quic.ciphers", packetEvent, "cipher suites that the client offers, or the one that the server chose", numbers(func(t *Tx) []uint16 { return t.hello.Ciphers })),
		ints("quic.extensions", packetEvent, "types of the hello's extensions, in order", numbers(func(t *Tx) []uint16 { return t.hello.Extensions })),
	}
}
