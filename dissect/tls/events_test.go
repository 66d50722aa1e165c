package tls

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestHelloEvents: events where a hello's extensions are wrong, as Suricata tells of them, and what is known of the hello all the same.
func TestHelloEvents(t *testing.T) {
	ch := func(exts ...string) talk {
		return talk{{c, record(recHandshake, message(hsClientHello, hello(0x0303, "", []int{1}, exts...)))}}
	}
	long := strings.Repeat("a", maxHostName+1)
	for _, tt := range []struct{ name, exts, event, sni string }{
		{"name", sniExt("a.b"), "", "a.b"},
		{"longest name", sniExt(long[1:]), "", long[1:]},
		{"name too long", sniExt(long), "invalid_sni_length", ""},
		{"empty name", sniExt(""), "invalid_sni_length", ""},
		{"empty extension", ext(extServerName, ""), "", ""},
		{"wrong length of the list", ext(extServerName, "\xff\xff\x00\x00\x01x"), "", "x"},
		{"list without name", ext(extServerName, "\x00\x00"), "handshake_invalid_length", ""},
		{"name without length", ext(extServerName, "\x00\x02\x00\x00"), "handshake_invalid_length", ""},
		{"other type, cut off", ext(extServerName, "\x00\x01\x01"), "invalid_sni_type", ""},
		{"odd algorithms", ext(extSigAlgs, "\x00\x03\x04\x03\x08"), "handshake_invalid_length", ""},
		{"odd groups", ext(extSupportedGroups, "\x00\x03\x00\x1d\x00"), "handshake_invalid_length", ""},
		{"no version", ext(extSupportedVersions, "\x00"), "handshake_invalid_length", ""},
		{"half a version", ext(extSupportedVersions, "\x01\x03"), "handshake_invalid_length", ""},
		{"protocol too long", ext(extALPN, "\x00\x03\x09h2"), "handshake_invalid_length", ""},
		{"several faults", sniExt("a") + sniExt("b") + ext(extSigAlgs, "\x00\x01\x04"), "multiple_sni_extensions", "a"},
	} {
		got, _ := play(ch(tt.exts), []string{"tls.sni"}, whole)
		want := ""
		if tt.event != "" {
			want = "anomaly tls." + tt.event + "\n"
		}
		want += "tls.hello to_server\ntls.client_hello to_server"
		if tt.sni != "" {
			want += ` tls.sni="` + tt.sni + `"`
		}
		if !strings.HasPrefix(got, want+"\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// der makes a DER value.
func der(tag byte, parts ...string) string {
	s := strings.Join(parts, "")
	switch {
	case len(s) < 0x80:
		return string([]byte{tag, byte(len(s))}) + s
	case len(s) < 0x100:
		return string([]byte{tag, 0x81, byte(len(s))}) + s
	}
	return string([]byte{tag, 0x82}) + be16(len(s)) + s
}

func derName(cn string) string {
	return der(tagSequence, der(tagSet, der(tagSequence, der(tagOID, "\x55\x04\x03"), der(tagUTF8String, cn))))
}

// TestCertificateEvents: each part of a certificate has an event of its own; who is described is told wherever the names can be read.
func TestCertificateEvents(t *testing.T) {
	type parts struct{ version, serial, alg, issuer, validity, subject, key, exts string }
	alg := der(tagSequence, der(tagOID, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "\x05\x00")
	date := func(s string) string { return der(tagUTCTime, s) }
	good := parts{der(0xa0, der(tagInteger, "\x02")), der(tagInteger, "\x05"), alg, derName("issuer"),
		der(tagSequence, date("200101000000Z"), date("300101000000Z")), derName("subject"), der(tagSequence, alg, der(tagBitString, "\x00k")), ""}
	for _, tt := range []struct {
		name, event string
		edit        func(p *parts)
		subject     string
	}{
		{"good", "", func(p *parts) {}, "CN=subject"},
		{"version", "certificate_invalid_version", func(p *parts) { p.version = der(0xa0, der(tagUTF8String, "2")) }, ""},
		{"serial", "certificate_invalid_serial", func(p *parts) { p.serial = der(tagUTF8String, "5") }, ""},
		{"algorithm", "certificate_invalid_algorithmidentifier", func(p *parts) { p.alg = der(tagInteger, "5") }, ""},
		{"issuer is no name", "certificate_invalid_x509name", func(p *parts) { p.issuer = der(tagUTF8String, "me") }, ""},
		{"subject is no name", "certificate_invalid_x509name", func(p *parts) { p.subject = der(tagInteger, "5") }, ""},
		{"date", "certificate_invalid_date", func(p *parts) { p.validity = der(tagSequence, date("200101000000Z"), date("soon")) }, ""},
		{"extensions", "certificate_invalid_extensions", func(p *parts) { p.exts = der(0xa3, der(tagInteger, "5")) }, "CN=subject"},
		{"zero byte in the subject", "certificate_invalid_subject", func(p *parts) { p.subject = derName("bank.com\x00.evil.com") }, `CN=bank.com\x00.evil.com`},
		{"zero byte in the issuer", "certificate_invalid_issuer", func(p *parts) { p.issuer = derName("a\x00b") }, "CN=subject"},
	} {
		p := good
		tt.edit(&p)
		cert := der(tagSequence, der(tagSequence, p.version, p.serial, p.alg, p.issuer, p.validity, p.subject, p.key, p.exts), alg, der(tagBitString, "\x00sig"))
		got, _ := play(talk{{s, record(recHandshake, message(hsCertificate, chainOf(cert)))}}, []string{"tls.subject"}, whole)
		want := "tls.certificate to_client"
		if tt.subject != "" {
			want += ` tls.subject="` + tt.subject + `"`
		}
		if tt.event != "" {
			want = "anomaly tls." + tt.event + "\n" + want
		}
		if got != want+"\n" {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// TestRecordEvents: events of records, and of what follows.
func TestRecordEvents(t *testing.T) {
	ch := message(hsClientHello, modernHello)
	compat := "\x80\x23\x01\x00\x02\x00\x0a\x00\x00\x00\x10" + "\x07\x00\xc0\x00\x00\x35\x00\x00\x2f" + "\x00" + strings.Repeat("c", 16)
	for _, tt := range []struct {
		name, data string
		want       string // the events
	}{
		{"header of a message behind another", record(recHandshake, message(hsHelloRequest, "")+ch[:3]) + record(recHandshake, ch[3:]),
			"invalid_ssl_record invalid_handshake_message"},
		{"header of a message alone", record(recHandshake, ch[:3]) + record(recHandshake, ch[3:]), "invalid_ssl_record"},
		{"tiny records of SSLv2", compat + strings.Repeat("\x80\x01\x05", 40), "too_many_records_in_packet"},
		{"error of SSLv2", compat + "\x80\x03\x00\x00\x01", "error_message_encountered"},
		{"empty record of SSLv2", "\x80\x00\x01\x00\x02", "invalid_sslv2_header"},
		{"record of any length", "\x17\x03\x03" + be16(maxRecord) + strings.Repeat("x", maxRecord), ""},
		{"record that is too long", "\x17\x03\x03" + be16(1<<14+1025), "invalid_record_length"},
		{"version of a record", "\x16\x09\x09\x00\x05" + ch, "invalid_record_version"},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{}
		r.Data(c, tt.data)
		var events []string
		for line := range strings.Lines(r.End(dissect.EndFIN)) {
			if name, ok := strings.CutPrefix(line, "anomaly tls."); ok {
				events = append(events, strings.TrimSpace(name))
			}
		}
		if got := strings.Join(events, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
