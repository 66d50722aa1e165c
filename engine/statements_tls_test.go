package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func be16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func be24(n int) string { return string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) }

// tlsRecord makes a record of TLS 1.2, tlsMessage a message of its handshake, tlsExt an extension.
func tlsRecord(kind byte, body ...string) string {
	s := strings.Join(body, "")
	return string([]byte{kind, 3, 3}) + be16(len(s)) + s
}

func tlsMessage(kind byte, body string) string { return string([]byte{kind}) + be24(len(body)) + body }

func tlsExt(kind int, body string) string { return be16(kind) + be16(len(body)) + body }

func tlsALPN(names ...string) string {
	s := ""
	for _, n := range names {
		s += string([]byte{byte(len(n))}) + n
	}
	return tlsExt(16, be16(len(s))+s)
}

func tlsSNI(name string) string {
	return tlsExt(0, be16(3+len(name))+"\x00"+be16(len(name))+name)
}

const (
	clientRandom = "\x9b\xce\x7a\x5e0123456789012345678901234567"
	serverRandom = "\x01\x02\x03\x04abcdefghijklmnopqrstuvwxyzab"
)

// clientHello and serverHello make the messages of a version, with extensions.
func clientHello(version int, exts ...string) string {
	e := strings.Join(exts, "")
	return tlsMessage(1, be16(version)+clientRandom+"\x00"+"\x00\x04\xc0\x2b\x00\x9c"+"\x01\x00"+be16(len(e))+e)
}

func serverHello(version int, exts ...string) string {
	e := strings.Join(exts, "")
	return tlsMessage(2, be16(version)+serverRandom+"\x00"+"\xc0\x2b"+"\x00"+be16(len(e))+e)
}

func tlsCerts(ders ...string) string {
	s := ""
	for _, d := range ders {
		s += be24(len(d)) + d
	}
	return tlsMessage(11, be24(len(s))+s)
}

// testCert makes a certificate for a name; validity is in days from the epoch of replays, which is 1970-01-01.
func testCert(t *testing.T, serial int64, name string, from, to time.Time, sans ...string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{Country: []string{"DE"}, Organization: []string{"Example"}, CommonName: name},
		NotBefore: from, NotAfter: to, DNSNames: sans}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(der)
}

func sha1Text(b string) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(fmt.Sprintf(":% x", sha1.Sum([]byte(b)))), ":"), ":")
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

const tlsCCS = "\x14\x03\x03\x00\x01\x01"

// TestStatementsTLS is the page of TLS keywords, on a session of TLS 1.2 with a client's certificate.
func TestStatementsTLS(t *testing.T) {
	leaf := testCert(t, 0x5C19B7B1, "www.suricata.io", day(2005, 1, 2), day(2049, 12, 31), "suricata.io", "*.example.org")
	root := testCert(t, 2, "root", day(2000, 1, 1), day(2049, 1, 1))
	mine := testCert(t, 3, "client", day(1960, 1, 1), day(1965, 1, 1))
	sum := sha1Text(leaf)
	talk := segments(
		">"+tlsRecord(22, clientHello(0x0303, tlsSNI("oisf.net"), tlsALPN("h2", "http/1.1"))), // 4
		"<"+tlsRecord(22, serverHello(0x0303, tlsALPN("http/1.1"))),                           // 5
		"<"+tlsRecord(22, tlsCerts(leaf, root)),                                               // 6
		"<"+tlsRecord(22, tlsMessage(12, "key"), tlsMessage(13, "ask"), tlsMessage(14, "")),   // 7
		">"+tlsRecord(22, tlsCerts(mine)),                                                     // 8
		">"+tlsRecord(22, tlsMessage(16, "key"))+tlsCCS,                                       // 9
		"<"+tlsCCS,                                  // 10
		">"+tlsRecord(23, "application data"),       // 11
		"<"+tlsRecord(23, "application data of it"), // 12
	)
	statements(t, "tls", talk, []statement{
		{`tls.cert_subject; content:"CN=www.suricata.io"; isdataat:!1,relative;`, "6"},
		{`tls.cert_subject; content:"suricata.io"; nocase; pcre:"/suricata\.io$/";`, "6"},
		{`tls_cert_subject; content:"CN="; fast_pattern;`, "6 8"},
		{`tls.cert_subject; content:"CN=root";`, ""}, // of the first certificate
		{`tls.cert_subject; content:"cn=www";`, ""},
		{`tls.subject:"CN=www.suricata.io";`, "6"},
		{`tls.subject:"CN=www"; flow:to_server;`, "!never matches"}, // it is of the server's certificate
		{`tls.subject:!"CN=www";`, ""},
		{`tls.subject:!"CN=mine";`, "6"},
		{`tls.subject:"cn=www";`, ""},
		{`tls.subject:CN=www;`, "!quotes"},
		{`tls.subject:"CN=www"; nocase;`, "!nocase"},
		{`tls.cert_issuer; content:"O=Example"; flow:to_client;`, "6"},
		{`tls.issuerdn:!"CN=Google-Internet-Authority";`, "6"},
		{`tls_cert_issuer; content:"CN=client"; flow:to_server;`, "8"},
		{`tls.cert_serial; content:"5C:19:B7:B1";`, "6"},
		{`tls_cert_serial; content:"5c:19:b7:b1";`, "6"}, // turned into capitals
		{`tls.cert_serial; content:"03";`, "8"},
		{`tls.cert_serial; content:"5C19B7B1";`, "!colons"},
		{`tls.cert_fingerprint; content:"` + sum + `";`, "6"},
		{`tls_cert_fingerprint; content:"` + strings.ToUpper(sum) + `";`, "6"},
		{`tls.cert_fingerprint; content:!"` + sum + `";`, "8"},
		{`tls.cert_fingerprint; content:"` + sum[:20] + `";`, "!59"},
		{`tls.fingerprint:"` + sum + `";`, "6"},
		{`tls.fingerprint:!"` + sum + `";`, ""},
		{`tls.fingerprint:"` + strings.ToUpper(sum) + `";`, ""}, // lower case letters must be used
		{`tls.sni; content:"oisf.net"; nocase; isdataat:!1,relative;`, "4"},
		{`tls_sni; content:"oisf"; fast_pattern; pcre:"/^oisf\.net$/";`, "4"},
		{`tls.sni; content:"oisf.net"; flow:to_client;`, "!never matches"},
		{`tls.sni; bsize:8;`, "4"},
		{`tls.subjectaltname; content:"|73 75 72 69 63 61 74 61 2e 69 6f|";`, "6"},
		{`tls.subjectaltname; content:"suricata"; tls.subjectaltname; content:"*.example.org";`, "6"},
		{`tls.subjectaltname; content:"suricata"; content:"example";`, ""}, // in one name
		{`tls.subjectaltname; content:"www.suricata.io";`, ""},
		{`tls.subjectaltname; content:"suricata"; flow:to_server;`, "!never matches"},
		{`tls_cert_notbefore:1998-05-01<>2008-05-01;`, "6"},
		{`tls_cert_notbefore:2005-01-02<>2008-05-01;`, "6"}, // both ends belong to it
		{`tls_cert_notbefore:2000-05-01<>2005-01-02;`, "6"},
		{`tls_cert_notbefore:2005-01-03<>2008-05-01;`, ""},
		{`tls_cert_notbefore:2005-01-02;`, "6"},
		{`tls_cert_notbefore:2005-01-02T00:00:00;`, "6"},
		{`tls_cert_notbefore:2005-01-02 00:00;`, "6"},
		{`tls_cert_notbefore:1104624000;`, "6"}, // seconds
		{`tls_cert_notbefore:>1104624000;`, "6"},
		{`tls_cert_notbefore:>1104624001;`, ""},
		{`tls_cert_notbefore:<2005-01-02; flow:to_client;`, "6"},
		{`tls_cert_notbefore:<2005-01-01; flow:to_client;`, ""},
		{`tls_cert_notafter:>2015;`, "6"},
		{`tls_cert_notafter:<2049-12-31;`, "6"},
		{`tls_cert_notafter:<1965-01-01;`, ""},
		{`tls_cert_notafter:>2015<>2016;`, "!date"},
		{`tls_cert_notafter:2016<>2015;`, "!range"},
		{`tls_cert_notafter:soon;`, "!date"},
		{`tls_cert_expired;`, ""}, // the client's is, which is not what is meant
		{`tls_cert_valid;`, "6"},  // only its end matters: it has not begun when the replay plays
		{`tls_cert_expired:1;`, "!takes no value"},
		{`tls.certs; content:"|06 03 55 04 03|";`, "6 8"},
		{`tls.certs; content:"root"; tls.certs; content:"suricata";`, "6"},
		{`tls.certs; content:"root"; content:"suricata";`, ""},
		{`tls.version:1.2;`, "4 5"},
		{`tls.version:"1.2"; flow:to_client;`, "5"},
		{`tls.version:0x0303; flow:to_server;`, "4"},
		{`tls.version:1.3;`, ""},
		{`tls.version:1.4;`, "!unknown version"},
		{`tls.version:!1.2;`, "!unknown version"},
		{`tls.version:0x7f1;`, "!four digits"},
		{`ssl_version:tls1.2;`, "4 5"},
		{`ssl_version:TLS1.2, sslv3;`, "4 5"},
		{`ssl_version:sslv2,sslv3;`, ""},
		{`ssl_version:!sslv2,sslv3;`, "4 5"},
		{`ssl_version:!tls1.2,sslv3;`, ""},
		{`ssl_version:sslv2,!sslv3;`, "!before the first"},
		{`ssl_version:sslv2,sslv2;`, "!twice"},
		{`ssl_version:1.2;`, "!unknown version"},
		{`ssl_state:client_hello;`, "4"},
		{`ssl_state:server_hello;`, "5"},
		{`ssl_state:server_keyx;`, "7"},
		{`ssl_state:client_keyx;`, "9"},
		{`ssl_state:client_keyx|server_keyx; flow:to_server;`, "9"},
		{`ssl_state:client_hello | server_hello; flow:to_client;`, "5"},
		{`ssl_state:unknown;`, ""},
		{`ssl_state:!client_hello; flow:to_client;`, "5"},
		{`ssl_state:client_hello|;`, "!unknown state"},
		{`ssl_state:client_hello server_hello;`, "!unknown state"},
		{`tls.random; content:"|9b ce 7a 5e|01234567";`, "4"},
		{`tls.random; bsize:32;`, "4 5"},
		{`tls.random_time; content:"|9b ce 7a 5e|"; bsize:4;`, "4"},
		{`tls.random_time; content:"|01 02 03 04|";`, "5"},
		{`tls.random_bytes; content:"01234567"; startswith; bsize:28;`, "4"},
		{`tls.random_bytes; content:"|9b ce|";`, ""},
		{`tls.cert_chain_len:2;`, "6"},
		{`tls.cert_chain_len:<2;`, ""},
		{`tls.cert_chain_len:<3;`, "6"},
		{`tls.cert_chain_len:>0; flow:to_client;`, "6"},
		{`tls.cert_chain_len:1<>3;`, "6"}, // both ends are left out
		{`tls.cert_chain_len:2<>4; flow:to_client;`, ""},
		{`tls.cert_chain_len:!2;`, ""},
		{`tls.cert_chain_len:!3;`, "6"},
		{`tls.cert_chain_len:4294967296;`, "!too large"},
		{`tls.cert_chain_len;`, "!value"},
		{`tls.alpn; content:"http/1.1";`, "4 5"},
		{`tls.alpn; content:"h2"; bsize:2;`, "4"},
		{`tls.alpn; content:"h2"; tls.alpn; content:"http/1.1";`, "4"},
		{`tls.alpn; content:"h2"; content:"http/1.1";`, ""},
		{`ja3.string; content:"49195-156";`, "4"},
		{`ja3s.string; content:"771,49195,16"; bsize:12;`, "5"},
		{`ja3_hash; content:"0123";`, "!32"},
		{`ja3.hash; bsize:32;`, "4"},
		{`ja4.hash; content:"t12"; startswith; bsize:36;`, "4"},
		{`ja3s.hash; content:!"0123456789abcdef0123456789ABCDEF";`, "5"},
		{`tls.sni; content:"oisf"; tls.cert_subject; content:"CN=client";`, "8"}, // both are what the client sends
		{`tls.sni; content:"oisf"; tls.cert_subject; content:"suricata";`, ""},
		{`tls.sni; content:"oisf"; ja3s.string; content:"771";`, "!request"},
		{`tls.store;`, "4 5 6 7 8 9 10 11 12"},
	})
}

// TestStatementsTLS13 is what the guide says of versions, on a session of a draft of TLS 1.3, in which no certificate is seen.
func TestStatementsTLS13(t *testing.T) {
	const draft16 = 0x7f12 // as the guide counts
	talk := segments(
		">"+tlsRecord(22, clientHello(0x0303, tlsSNI("oisf.net"), tlsExt(43, "\x04"+be16(draft16)+be16(0x0303)))), // 4
		"<"+tlsRecord(22, serverHello(0x0303, tlsExt(43, be16(draft16))))+tlsCCS+tlsRecord(23, "encrypted"),       // 5
		">"+tlsCCS+tlsRecord(23, "finished"), // 6
		"<"+tlsRecord(23, "data"),            // 7
	)
	statements(t, "tls", talk, []statement{
		{`tls.version:1.3;`, "4 5"},
		{`tls.version:0x7f12;`, "4 5"},
		{`tls.version:0x0304;`, ""},
		{`tls.version:1.2;`, ""},
		{`ssl_version:tls1.3;`, "4 5"},
		{`ssl_version:!tls1.3;`, ""},
		{`ssl_version:!tls1.2; flow:to_client;`, "5"},
		{`tls.cert_chain_len:>0;`, ""},
		{`tls.cert_chain_len:0;`, ""},
		{`tls_cert_valid;`, ""},
		{`tls.subject:!"x";`, ""},
		{`ssl_state:client_keyx|server_keyx;`, ""},
	})
}

// TestStatementsTLSOnIP: fingerprints in rules on other protocols.
func TestStatementsTLSOnIP(t *testing.T) {
	talk := func() []string { return []string{">" + tlsRecord(22, clientHello(0x0303, tlsSNI("oisf.net")))} }
	for _, proto := range []string{"tcp", "ip", "tls", "ssl"} {
		statements(t, proto, segments(talk()...), []statement{
			{`ja3.string; content:"771,49195-156,0";`, "4"},
			{`tls.sni; content:"oisf";`, "4"},
		})
	}
}

// TestStagesTLS: rules at stages of a handshake.
func TestStagesTLS(t *testing.T) {
	cert := testCert(t, 3, "a", day(2000, 1, 1), day(2049, 1, 1))
	talk := segments(
		">"+tlsRecord(22, clientHello(0x0303, tlsSNI("oisf.net"))),                                         // 4
		"<"+tlsRecord(22, serverHello(0x0303)),                                                             // 5
		"<"+tlsRecord(22, tlsCerts(cert)),                                                                  // 6
		"<"+tlsRecord(22, tlsMessage(13, "ask"), tlsMessage(14, "")),                                       // 7
		">"+tlsRecord(22, tlsCerts(cert)),                                                                  // 8
		">"+tlsRecord(22, tlsMessage(16, "key"))+tlsCCS, "<"+tlsCCS, ">"+tlsRecord(23, "application data"), // 9 10 11
	)
	for stage, want := range map[string]string{"client_in_progress": "4", "client_hello_done": "4", "server_in_progress": "5", "server_hello": "5", "server_cert_done": "6",
		"server_hello_done": "8", "client_cert_done": "8", "client_handshake_done": "10", "server_handshake_done": "8"} {
		statements(t, "tls:"+stage, talk, []statement{{"", want}})
	}
	statements(t, "tls:server_cert_done", talk, []statement{{`tls.cert_subject; content:"CN=a";`, "6"}})
	statements(t, "tls:done", talk, []statement{{``, "!it has: client_cert_done"}})
}

// TestEncryptionHandling: rules on payload rest once application data was seen, unless all is to be inspected; keywords of TLS go on.
func TestEncryptionHandling(t *testing.T) {
	const rules = `alert tcp any any -> any any (content:"secret"; sid:1;)
alert tls any any -> any any (app-layer-event:tls.invalid_alert_message; sid:2;)`
	for full, want := range map[bool]string{
		false: "alert 6 wire/pcap, anomaly 9 wire/pcap, alert 9 wire/pcap",
		true:  "alert 6 wire/pcap, alert 7 wire/pcap, alert 8 wire/pcap, anomaly 9 wire/pcap, alert 9 wire/pcap",
	} {
		cfg := withRules(t, rules, nil)
		cfg.TCP.Inline, cfg.InspectEncrypted = true, map[string]bool{"tls": full}
		_, eve := run(t, cfg, segments(
			">"+tlsRecord(22, clientHello(0x0303)),                   // 4
			"<"+tlsRecord(22, serverHello(0x0303))+tlsCCS,            // 5
			">"+tlsCCS+tlsRecord(23, "secret"),                       // 6: the first
			"<"+tlsRecord(23, "secret"), ">"+tlsRecord(23, "secret"), // 7 8
			"<"+tlsRecord(21, "x"), // 9
		)())
		if got := told(t, eve, "alert anomaly"); got != want {
			t.Errorf("full %v: told %s, want %s", full, got, want)
		}
	}
}
