package tls

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// TestCert compares with crypto/x509.
func TestCert(t *testing.T) {
	for name, edit := range map[string]func(*x509.Certificate){
		"plain":      nil,
		"far future": func(c *x509.Certificate) { c.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) },
		"long serial": func(c *x509.Certificate) {
			c.SerialNumber, _ = new(big.Int).SetString("0ffeeddccbbaa99887766554433221100", 16)
		},
		"no names":  func(c *x509.Certificate) { c.Subject = pkix.Name{}; c.DNSNames = nil },
		"authority": func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true },
	} {
		der := testCert(t, edit)
		want, err := x509.ParseCertificate([]byte(der))
		if err != nil {
			t.Fatal(err)
		}
		var c Cert
		if an := c.parse([]byte(der)); an >= 0 {
			t.Errorf("%s: %s", name, anomalies[an])
		}
		if c.NotBefore != want.NotBefore.Unix() || c.NotAfter != want.NotAfter.Unix() {
			t.Errorf("%s: validity %d..%d, want %s..%s", name, c.NotBefore, c.NotAfter, want.NotBefore, want.NotAfter)
		}
		if got := fmt.Sprintf("%x", sha1.Sum([]byte(der))); got != stripColons(c.Fingerprint()) {
			t.Errorf("%s: fingerprint %s, want %s", name, c.Fingerprint(), got)
		}
		if got := stripColons(c.Serial()); got != fmt.Sprintf("%0*X", len(got), want.SerialNumber) {
			t.Errorf("%s: serial %s, want %X", name, c.Serial(), want.SerialNumber)
		}
		if c.CA != want.IsCA || c.Version != 3 || !c.SelfSigned || len(c.sans) != len(want.DNSNames)+len(want.IPAddresses) {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

func stripColons(b []byte) string {
	var s []byte
	for _, c := range b {
		if c != ':' {
			s = append(s, c)
		}
	}
	return string(s)
}

func TestNames(t *testing.T) {
	oid := func(s ...int) asn1.ObjectIdentifier { return s }
	for _, tt := range []struct {
		name pkix.RDNSequence
		want string
	}{
		{nil, ""},
		{pkix.RDNSequence{{{Type: oid(2, 5, 4, 6), Value: "US"}}, {{Type: oid(2, 5, 4, 8), Value: "CA"}}, {{Type: oid(2, 5, 4, 10), Value: "A, B"}}}, "C=US, ST=CA, O=A, B"},
		{pkix.RDNSequence{{{Type: oid(2, 5, 4, 3), Value: "a"}, {Type: oid(2, 5, 4, 11), Value: "b"}}}, "CN=a + OU=b"},
		{pkix.RDNSequence{{{Type: oid(1, 2, 840, 113549, 1, 9, 1), Value: "me@example.org"}}}, "Email=me@example.org"},
		{pkix.RDNSequence{{{Type: oid(1, 3, 6, 1, 4, 1, 99999, 7), Value: "x"}}}, "1.3.6.1.4.1.99999.7=x"},
		{pkix.RDNSequence{{{Type: oid(0, 9, 2342, 19200300, 100, 1, 25), Value: "org"}}}, "DC=org"},
		{pkix.RDNSequence{{{Type: oid(2, 5, 4, 3), Value: asn1.RawValue{Tag: asn1.TagBMPString, Bytes: []byte{0, 'A', 0x20, 0xac, 0xd8, 0x3d, 0xde, 0x00}}}}}, "CN=A€😀"},
	} {
		der, err := asn1.Marshal(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		var c Cert
		var s span
		rdns, _, _ := want(der, tagSequence)
		if ok := c.name(&s, rdns); !ok || string(c.at(s)) != tt.want {
			t.Errorf("got %q (%v), want %q", c.at(s), ok, tt.want)
		}
	}
}

func TestDERTime(t *testing.T) {
	for _, tt := range []struct {
		tag  byte
		text string
		want string
		ok   bool
	}{
		{tagUTCTime, "691231000000Z", "1969-12-31 00:00:00", true},
		{tagUTCTime, "490101000000Z", "2049-01-01 00:00:00", true},
		{tagUTCTime, "500101000000Z", "1950-01-01 00:00:00", true},
		{tagUTCTime, "2001021530Z", "2020-01-02 15:30:00", true},
		{tagUTCTime, "200102153000+0200", "2020-01-02 13:30:00", true},
		{tagGeneralizedTime, "99991231235959Z", "9999-12-31 23:59:59", true},
		{tagGeneralizedTime, "00010101000000Z", "0001-01-01 00:00:00", true},
		{tagUTCTime, "201302153000Z", "", false},
		{tagUTCTime, "xx0102153000Z", "", false},
		{tagUTCTime, "20", "", false},
		{tagOctetString, "200102153000Z", "", false},
	} {
		der := string([]byte{tt.tag, byte(len(tt.text))}) + tt.text
		sec, _, ok := derTime([]byte(der))
		if ok != tt.ok || ok && time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05") != tt.want {
			t.Errorf("%q: got %s (%v), want %s", tt.text, time.Unix(sec, 0).UTC(), ok, tt.want)
		}
	}
}

func TestRSAKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now()}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Skip(err)
	}
	var c Cert
	if an := c.parse(der); an >= 0 || c.KeyBits != 1024 {
		t.Errorf("got %d bits", c.KeyBits)
	}
}

func FuzzCert(f *testing.F) {
	f.Add([]byte(testCert(f, nil)))
	f.Add([]byte("\x30\x82\xff\xff\x30\x80"))
	f.Fuzz(func(t *testing.T, der []byte) {
		var c Cert
		c.parse(der)
		if got, err := x509.ParseCertificate(der); err == nil && c.Seen && c.NotAfter != got.NotAfter.Unix() {
			t.Errorf("the end of validity is %s, not %d", got.NotAfter, c.NotAfter)
		}
		d := c.clone()
		if string(d.Subject()) != string(c.Subject()) {
			t.Error("a clone differs")
		}
	})
}

func BenchmarkCert(b *testing.B) {
	der := []byte(testCert(b, nil))
	var c Cert
	b.SetBytes(int64(len(der)))
	b.ReportAllocs()
	for b.Loop() {
		c.parse(der)
	}
}
