package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

func be16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func be24(v int) string { return string([]byte{byte(v >> 16), byte(v >> 8), byte(v)}) }

func list(vs ...int) string {
	s := ""
	for _, v := range vs {
		s += be16(v)
	}
	return be16(len(s)) + s
}

func record(kind byte, body string) string {
	return string([]byte{kind, 3, 3}) + be16(len(body)) + body
}

func message(kind byte, body string) string { return string([]byte{kind}) + be24(len(body)) + body }

func ext(kind int, body string) string { return be16(kind) + be16(len(body)) + body }

func sniExt(name string) string {
	n := "\x00" + be16(len(name)) + name
	return ext(extServerName, be16(len(n))+n)
}

func alpnExt(names ...string) string {
	s := ""
	for _, n := range names {
		s += string([]byte{byte(len(n))}) + n
	}
	return ext(extALPN, be16(len(s))+s)
}

// hello makes the body of a ClientHello.
func hello(version int, id string, ciphers []int, exts ...string) string {
	e := strings.Join(exts, "")
	return be16(version) + strings.Repeat("R", 32) + string([]byte{byte(len(id))}) + id +
		list(ciphers...) + "\x01\x00" + be16(len(e)) + e
}

// answer makes the body of a ServerHello.
func answer(version int, id string, cipher int, exts ...string) string {
	e := strings.Join(exts, "")
	return be16(version) + strings.Repeat("S", 32) + string([]byte{byte(len(id))}) + id +
		be16(cipher) + "\x00" + be16(len(e)) + e
}

func chainOf(ders ...string) string {
	s := ""
	for _, d := range ders {
		s += be24(len(d)) + d
	}
	return be24(len(s)) + s
}

var ccsRecord = record(recChangeCipher, "\x01")

// modernHello is a TLS 1.3 ClientHello with GREASE in all places.
var modernHello = hello(0x0303, strings.Repeat("i", 32), []int{0x1a1a, 0x1301, 0x1302, 0xc02b},
	ext(0x2a2a, ""), sniExt("www.example.org"), ext(extSupportedGroups, list(0x3a3a, 29, 23)),
	ext(extPointFormats, "\x01\x00"), alpnExt("h2", "http/1.1"),
	ext(extSigAlgs, list(0x0403, 0x0804)), ext(extSupportedVersions, "\x06"+be16(0x4a4a)+be16(0x0304)+be16(0x0303)),
	ext(extSessionTicket, ""), ext(0xfe0d, "ech"))

// testCert makes a certificate for the tests of the decoder.
func testCert(t testing.TB, edit func(*x509.Certificate)) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x97E647),
		Subject: pkix.Name{Country: []string{"DE"}, Organization: []string{"Größe, GmbH"},
			CommonName: "www.example.org"},
		NotBefore:   time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
		NotAfter:    time.Date(2999, 1, 2, 3, 4, 5, 0, time.UTC),
		DNSNames:    []string{"www.example.org", "*.example.org"},
		IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1).To4(), net.ParseIP("2001:db8::1")},
	}
	if edit != nil {
		edit(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(der)
}
