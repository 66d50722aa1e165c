package tls

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	c = dissect.ToServer
	s = dissect.ToClient
)

// talk is a conversation: who speaks and what.
type talk []struct {
	dir  dissect.Dir
	data string
}

func play(t talk, fields []string, feed func(r *dissecttest.Recorder, dir dissect.Dir, data string)) (string, *dissecttest.Recorder) {
	r := dissecttest.New(Spec())
	r.Fields = fields
	for _, x := range t {
		feed(r, x.dir, x.data)
	}
	return steps.ReplaceAllString(r.End(dissect.EndFIN), ""), r
}

// steps are the events of single steps, which TestSteps is about.
var steps = regexp.MustCompile(`(?m)^tls\.step .*\n`)

// The steps of a handshake, one at a time.
func TestSteps(t *testing.T) {
	for name, feed := range map[string]func(*dissecttest.Recorder, dissect.Dir, string){"whole": whole, "trickle": trickle} {
		r := dissecttest.New(Spec())
		r.Fields = []string{"tls.step"}
		for _, x := range full12(t) {
			feed(r, x.dir, x.data)
		}
		got := strings.Join(steps.FindAllString(r.End(dissect.EndFIN), -1), "")
		want := `tls.step to_server tls.step="client_hello"
tls.step to_client tls.step="server_hello"
tls.step to_client tls.step="server_keyx"
tls.step to_server tls.step="client_keyx"
`
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func whole(r *dissecttest.Recorder, dir dissect.Dir, data string)   { r.Data(dir, data) }
func trickle(r *dissecttest.Recorder, dir dissect.Dir, data string) { r.Trickle(dir, data) }

func full12(t testing.TB) talk {
	cert := testCert(t, nil)
	return talk{
		{c, record(recHandshake, message(hsClientHello, hello(0x0303, "", []int{0xc02b, 0x0a0a, 0x009c}, sniExt("www.example.org"), alpnExt("h2"))))},
		{s, record(recHandshake, message(hsServerHello, answer(0x0303, "id", 0xc02b, alpnExt("h2")))+
			message(hsCertificate, chainOf(cert, "not a certificate"))+message(hsServerKeyExchange, "key")+message(hsServerHelloDone, ""))},
		{c, record(recHandshake, message(hsClientKeyExchange, "key")) + ccsRecord + record(recHandshake, "encrypted")},
		{s, ccsRecord + record(recHandshake, "encrypted")},
		{c, record(recApplication, strings.Repeat("x", 300))},
		{s, record(recApplication, strings.Repeat("y", 3000)) + record(recAlert, "encrypted alert")},
	}
}

func full13() talk {
	return talk{
		{c, record(recHandshake, message(hsClientHello, modernHello))},
		{s, record(recHandshake, message(hsServerHello, answer(0x0303, strings.Repeat("i", 32), 0x1301, ext(extSupportedVersions, be16(0x0304))))) +
			ccsRecord + record(recApplication, "certificate and all")},
		{c, ccsRecord + record(recApplication, "finished")},
		{s, record(recApplication, "data")},
	}
}

func TestTLS12(t *testing.T) {
	fields := []string{"tls.sni", "tls.version", "tls.cipher", "tls.issuer", "tls.cert_chain_len", "tls.alpn", "tls.resumed", "tls.self_signed", "tls.state"}
	want := `tls.hello to_server tls.alpn=["h2"] tls.state=["client_hello"]
tls.client_hello to_server tls.alpn=["h2"] tls.sni="www.example.org" tls.state=["client_hello"]
tls.hello to_client tls.alpn=["h2"] tls.state=["client_hello" "server_hello"]
tls.server_hello to_client tls.alpn=["h2"] tls.cipher=49195 tls.sni="www.example.org" tls.state=["client_hello" "server_hello"] tls.version="TLS 1.2"
tls.certificate to_client tls.alpn=["h2"] tls.cert_chain_len=2 tls.cipher=49195 tls.issuer="C=DE, O=Größe, GmbH, CN=www.example.org" tls.self_signed=1 tls.sni="www.example.org" tls.state=["client_hello" "server_hello"] tls.version="TLS 1.2"
tls.handshake to_client tls.alpn=["h2"] tls.cert_chain_len=2 tls.cipher=49195 tls.issuer="C=DE, O=Größe, GmbH, CN=www.example.org" tls.resumed=0 tls.self_signed=1 tls.sni="www.example.org" tls.state=["client_hello" "server_hello" "server_keyx"] tls.version="TLS 1.2"
tls.established to_client tls.alpn=["h2"] tls.cert_chain_len=2 tls.cipher=49195 tls.issuer="C=DE, O=Größe, GmbH, CN=www.example.org" tls.resumed=0 tls.self_signed=1 tls.sni="www.example.org" tls.state=["client_hello" "server_hello" "client_keyx" "server_keyx"] tls.version="TLS 1.2"
`
	in := full12(t)
	for name, feed := range map[string]func(*dissecttest.Recorder, dissect.Dir, string){"whole": whole, "trickle": trickle} {
		if got, _ := play(in, fields, feed); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestTLS13(t *testing.T) {
	fields := []string{"tls.sni", "tls.version", "tls.groups", "tls.ech", "tls.resumed", "ja4.hash", "ja3.string", "ja3s.string"}
	want := `tls.hello to_server
tls.client_hello to_server ja3.string="771,4865-4866-49195,0-10-11-16-13-43-35-65037,29-23,0" ja4.hash="t13d0308h2_5559582ccdc4_fef6e07d5fc3" tls.ech=1 tls.groups=[29 23] tls.sni="www.example.org"
tls.hello to_client
tls.server_hello to_client ja3.string="771,4865-4866-49195,0-10-11-16-13-43-35-65037,29-23,0" ja3s.string="771,4865,43" ja4.hash="t13d0308h2_5559582ccdc4_fef6e07d5fc3" tls.ech=1 tls.groups=[29 23] tls.sni="www.example.org" tls.version="TLS 1.3"
tls.handshake to_client ja3.string="771,4865-4866-49195,0-10-11-16-13-43-35-65037,29-23,0" ja3s.string="771,4865,43" ja4.hash="t13d0308h2_5559582ccdc4_fef6e07d5fc3" tls.ech=1 tls.groups=[29 23] tls.resumed=0 tls.sni="www.example.org" tls.version="TLS 1.3"
tls.established to_server ja3.string="771,4865-4866-49195,0-10-11-16-13-43-35-65037,29-23,0" ja3s.string="771,4865,43" ja4.hash="t13d0308h2_5559582ccdc4_fef6e07d5fc3" tls.ech=1 tls.groups=[29 23] tls.resumed=0 tls.sni="www.example.org" tls.version="TLS 1.3"
`
	for name, feed := range map[string]func(*dissecttest.Recorder, dissect.Dir, string){"whole": whole, "trickle": trickle} {
		if got, _ := play(full13(), fields, feed); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// A hello in several records, which may cut it anywhere, even in the header of the message.
func TestFragments(t *testing.T) {
	msg := message(hsClientHello, modernHello)
	for _, size := range []int{1, 3, 4, 5, 100, len(msg) - 1} {
		data := ""
		for i := 0; i < len(msg); i += size {
			data += record(recHandshake, msg[i:min(i+size, len(msg))])
		}
		got, _ := play(talk{{c, data}}, []string{"tls.sni"}, whole)
		if !strings.Contains(got, `tls.client_hello to_server tls.sni="www.example.org"`) {
			t.Errorf("records of %d bytes: got\n%s", size, got)
		}
	}
}

func TestEVE(t *testing.T) {
	_, r := play(full12(t), []string{}, whole)
	if len(r.Records) != 1 {
		t.Fatalf("%d records", len(r.Records))
	}
	for _, want := range []string{
		`"subject":"C=DE, O=Größe, GmbH, CN=www.example.org","issuerdn":"C=DE`,
		`"subjectaltname":["www.example.org","*.example.org","192.0.2.1","2001:db8::1"]`,
		`"serial":"00:97:E6:47"`, `"notbefore":"1969-12-31T00:00:00","notafter":"2999-01-02T03:04:05"`,
		`"sni":"www.example.org","version":"TLS 1.2","client_alpns":["h2"],"server_alpns":["h2"]`,
		`"ja3":{"hash":"` + sum("771,49195-156,0-16,,") + `","string":"771,49195-156,0-16,,"}`,
		`"ja3s":{"hash":"` + sum("771,49195,16") + `","string":"771,49195,16"}`,
	} {
		if !strings.Contains(r.Records[0], want) {
			t.Errorf("the record lacks %s:\n%s", want, r.Records[0])
		}
	}
}

func sum(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		set  map[string]string
		want Options
	}{
		{nil, Options{Members: extendedMembers | MemberResumed, Resumption: true}},
		{map[string]string{"extended": "no"}, Options{Members: basicMembers | MemberResumed, Resumption: true}},
		{map[string]string{"custom.0": "sni", "custom.1": "JA4", "custom.2": "nonsense"}, Options{Members: MemberSNI | MemberJA4 | MemberResumed, Resumption: true}},
		{map[string]string{"custom.0": "client_chain", "session-resumption": "no"}, Options{Members: MemberClient | MemberClientChain}},
		{map[string]string{"session-resumption": "no"}, Options{Members: extendedMembers}},
	} {
		if got := ParseOptions(tt.set); got != tt.want {
			t.Errorf("%v: got %+v, want %+v", tt.set, got, tt.want)
		}
	}
}

// A resumed session has a record unless that is switched off, as in Suricata.
func TestResumption(t *testing.T) {
	in := talk{
		{c, record(recHandshake, message(hsClientHello, hello(0x0303, "session", []int{0xc02b})))},
		{s, record(recHandshake, message(hsServerHello, answer(0x0303, "session", 0xc02b))) + ccsRecord},
		{c, ccsRecord},
	}
	got, r := play(in, []string{"tls.resumed"}, whole)
	if !strings.Contains(got, "tls.handshake to_client tls.resumed=1") {
		t.Errorf("got\n%s", got)
	}
	if len(r.Records) != 1 || !strings.Contains(r.Records[0], `"session_resumed":true`) {
		t.Errorf("got records %s", r.Records)
	}
	r = dissecttest.New(NewSpec(ParseOptions(map[string]string{"session-resumption": "no"})))
	for _, x := range in {
		r.Data(x.dir, x.data)
	}
	if len(r.Records) != 1 || r.Records[0] != "{}" {
		t.Errorf("got records %s, want none", r.Records)
	}
}

// What both hellos offer and choose, on demand.
func TestHandshakeMembers(t *testing.T) {
	r := dissecttest.New(NewSpec(ParseOptions(map[string]string{"custom.0": "server_handshake", "custom.1": "client_handshake"})))
	r.Data(c, record(recHandshake, message(hsClientHello, hello(0x0303, "session", []int{0xc02b, 0xc02c}))))
	r.Data(s, record(recHandshake, message(hsServerHello, answer(0x0303, "session", 0xc02b)))+ccsRecord).Data(c, ccsRecord)
	got := strings.Join(r.Records, "\n")
	for _, want := range []string{`"client_handshake":{"version":"TLS 1.2","ciphers":[49195,49196]`, `"server_handshake":{"version":"TLS 1.2","cipher":49195`} {
		if !strings.Contains(got, want) {
			t.Errorf("records\n%s\nhave no %s", got, want)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	cert := testCert(t, nil)
	in := talk{
		{c, record(recHandshake, message(hsClientHello, hello(0x0303, "", []int{1})))},
		{s, record(recHandshake, message(hsServerHello, answer(0x0303, "", 1))+message(hsCertificate, chainOf(cert))+
			message(hsCertificateRequest, "x")+message(hsServerHelloDone, ""))},
		{c, record(recHandshake, message(hsCertificate, chainOf(cert)))},
	}
	got, r := play(in, []string{"tls.serial"}, whole)
	want := `tls.certificate to_client tls.serial="00:97:E6:47"
tls.certificate to_server tls.serial="00:97:E6:47"
tls.handshake to_client tls.serial="00:97:E6:47"
`
	if !strings.HasSuffix(got, want) || !strings.Contains(r.Records[0], `"client":{"subject":"C=DE`) {
		t.Errorf("got\n%s\n%s", got, r.Records)
	}
}

func TestSSL2(t *testing.T) {
	// The form that old clients sent, offering TLS 1.0; and a conversation in SSLv2.
	compat := "\x80\x23\x01\x03\x01\x00\x0a\x00\x00\x00\x10" + "\x07\x00\xc0\x00\x00\x35\x00\x00\x2f" + "\x00" + strings.Repeat("c", 16)
	got, _ := play(talk{{c, compat}}, []string{"tls.client.version", "tls.ciphers"}, trickle)
	if !strings.Contains(got, `tls.client_hello to_server tls.ciphers=[53 47] tls.client.version="TLSv1"`) {
		t.Errorf("got\n%s", got)
	}
	cert := testCert(t, nil)
	body := "\x04\x00\x01\x00\x02" + be16(len(cert)) + be16(3) + be16(0) + cert + "\x07\x00\xc0"
	server := be16(0x8000|len(body)) + body
	got, _ = play(talk{{c, strings.Replace(compat, "\x03\x01", "\x00\x02", 1)}, {s, server}}, []string{"tls.version", "tls.serial"}, trickle)
	if !strings.Contains(got, `tls.certificate to_client tls.serial="00:97:E6:47" tls.version="SSLv2"`) {
		t.Errorf("got\n%s", got)
	}
}

func TestHeartbeat(t *testing.T) {
	beat := func(kind byte, claim, has int) string {
		return record(recHeartbeat, string([]byte{kind})+be16(claim)+strings.Repeat("p", has))
	}
	for _, tt := range []struct {
		name string
		in   talk
		want string
	}{
		{"good", talk{{c, beat(1, 4, 20)}, {s, beat(2, 4, 20)}}, ""},
		{"Heartbleed", talk{{c, beat(1, 0x4000, 0)}}, "anomaly tls.overflow_heartbeat_message\n"},
		{"no padding", talk{{c, beat(1, 4, 4)}}, "anomaly tls.invalid_heartbeat_message\n"},
		{"unknown type", talk{{c, beat(3, 4, 20)}}, "anomaly tls.invalid_heartbeat_message\n"},
		{"two at once", talk{{c, beat(1, 4, 20) + beat(1, 4, 20)}}, "anomaly tls.invalid_heartbeat_message\n"},
		{"encrypted leak", talk{{c, ccsRecord + beat(1, 4, 20)}, {s, ccsRecord + beat(2, 4, 4000)}}, "anomaly tls.dataleak_heartbeat_mismatch\n"},
		{"encrypted echo", talk{{c, ccsRecord + beat(1, 4, 20)}, {s, ccsRecord + beat(2, 4, 20)}}, ""},
	} {
		if got, _ := play(tt.in, []string{}, whole); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestHostile(t *testing.T) {
	good := message(hsClientHello, modernHello)
	ch := func(body string) talk { return talk{{c, record(recHandshake, message(hsClientHello, body))}} }
	const seen = "tls.hello to_server\ntls.client_hello to_server\ntls.handshake to_client\n"
	for _, tt := range []struct {
		name string
		in   talk
		want string
	}{
		{"not TLS", talk{{c, "GET / HTTP/1.1\r\n\r\n"}}, ""},
		{"no record type", talk{{c, "\x07\x03\x03\x00\x01x"}}, "anomaly tls.invalid_record_type\n"},
		{"unknown record of TLS 1.1", talk{{c, "\x15\x03\x02\x00\x02\x01\x00" + "\x30\x03\x02\x00\x01x"}, {c, record(recHandshake, good)}},
			"anomaly tls.invalid_record_type\n" + seen},
		{"empty application data", talk{{c, record(recHandshake, good) + "\x17\x03\x03\x00\x00"}},
			"tls.hello to_server\ntls.client_hello to_server\nanomaly tls.invalid_record_length\ntls.handshake to_client\n"},
		{"message header in pieces", talk{{c, record(recHandshake, good[:2]) + record(recHandshake, good[2:5]) + record(recHandshake, good[5:])}},
			"anomaly tls.invalid_ssl_record\n" + seen},
		{"unknown record", talk{{c, record(recHandshake, good) + "\x99\x03\x03\x00\x01x"}},
			"tls.hello to_server\ntls.client_hello to_server\nanomaly tls.invalid_record_type\ntls.handshake to_client\n"},
		{"record version", talk{{c, "\x16\x09\x09\x00\x01x"}}, "anomaly tls.invalid_record_version\n"},
		{"record length", talk{{c, "\x16\x03\x01\xff\xffx"}}, "anomaly tls.invalid_record_length\n"},
		{"empty record", talk{{c, "\x16\x03\x01\x00\x00"}}, "anomaly tls.invalid_record_length\n"},
		{"empty records hide nothing", talk{{c, strings.Repeat("\x16\x03\x01\x00\x00", 3) + record(recHandshake, good)}},
			"anomaly tls.invalid_record_length\n" + seen},
		{"odd cipher list", ch("\x03\x03" + strings.Repeat("R", 32) + "\x00\x00\x03abc\x01\x00"), "anomaly tls.handshake_invalid_length\n" + seen},
		{"hello cut short", ch(modernHello[:60]), "anomaly tls.handshake_invalid_length\n" + seen},
		{"no random", ch(modernHello[:20]), "anomaly tls.handshake_invalid_length\n"},
		{"extension too long", ch(hello(0x0303, "", []int{1}, "\x00\x0a\xff\xff")), "anomaly tls.handshake_invalid_length\n" + seen},
		{"two names", ch(hello(0x0303, "", []int{1}, sniExt("a"), sniExt("b"))), "anomaly tls.multiple_sni_extensions\n" + seen},
		{"name type", ch(hello(0x0303, "", []int{1}, ext(0, "\x00\x04\x09\x00\x01x"))), "anomaly tls.invalid_sni_type\n" + seen},
		{"name length", ch(hello(0x0303, "", []int{1}, ext(0, "\x00\x04\x00\x00\x09x"))), "anomaly tls.invalid_sni_length\n" + seen},
		{"unknown message", talk{{c, record(recHandshake, message(99, "x"))}}, "anomaly tls.invalid_handshake_message\n"},
		{"huge hello", talk{{c, record(recHandshake, "\x01\xff\xff\xffx")}}, "anomaly tls.handshake_invalid_length\n"},
		{"short alert", talk{{c, record(recAlert, "\x02")}}, "anomaly tls.invalid_alert_message\n"},
		{"fatal alert", talk{{c, record(recHandshake, good)}, {s, record(recAlert, "\x02\x28")}}, seen},
		{"certificate is junk", talk{{s, record(recHandshake, message(hsCertificate, chainOf("junk")))}},
			"anomaly tls.certificate_invalid_der\ntls.certificate to_client\n"},
		{"certificate list too long", talk{{s, record(recHandshake, message(hsCertificate, "\x00\x10\x00\x00\x00\xff"))}},
			"anomaly tls.certificate_invalid_length\nanomaly tls.invalid_certificate\n"},
	} {
		for name, feed := range map[string]func(*dissecttest.Recorder, dissect.Dir, string){"whole": whole, "trickle": trickle} {
			if got, _ := play(tt.in, []string{}, feed); got != tt.want {
				t.Errorf("%s, %s: got\n%s\nwant\n%s", tt.name, name, got, tt.want)
			}
		}
	}
}

// A gap in application data does no harm; one in the handshake costs the message, and the
// parser goes on with the next segment that begins with a record.
func TestGap(t *testing.T) {
	in := full12(t)
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(c, in[0].data)
	r.Data(s, in[1].data[:200])
	r.Gap(s, len(in[1].data)-200)
	r.Data(s, "rest of a record")
	r.Data(s, in[3].data)
	r.Data(c, in[2].data)
	app := record(recApplication, strings.Repeat("x", 1000))
	r.Data(s, app[:100])
	r.Gap(s, 500)
	r.Data(s, app[600:]+record(recAlert, "\x01"))
	want := "tls.hello to_server\ntls.client_hello to_server\nanomaly tls.invalid_alert_message\ntls.handshake to_client\n"
	got := steps.ReplaceAllString(r.End(dissect.EndFIN), "")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProbe(t *testing.T) {
	ch := record(recHandshake, message(hsClientHello, modernHello))
	sh := record(recHandshake, message(hsServerHello, answer(0x0303, "", 1)))
	for _, tt := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{c, ch, dissect.Yes}, {s, sh, dissect.Yes}, {s, ch, dissect.Reversed}, {c, sh, dissect.Reversed},
		{c, ch[:1], dissect.More}, {c, ch[:4], dissect.More}, {c, ch[:5], dissect.More}, {c, "G", dissect.No}, {c, "\x16\x04", dissect.No},
		{s, record(recAlert, "\x02\x28"), dissect.Yes}, {s, record(recAlert, "\x09\x28"), dissect.No},
		{c, record(recApplication, strings.Repeat("x", 40)), dissect.Yes},
		{c, "\x16\x03\x01\x00\x00", dissect.Yes}, {c, "\x16\x03\x01\x00\x01\x01", dissect.Yes}, {s, "\x16\x03\x01\x00\x01\x01", dissect.Reversed},
		{c, "\x16\x03\x01\x50\x00\x01", dissect.No},
		{c, "\x80\x2e\x01\x03\x01\x00", dissect.Yes}, {c, "\x80\x2e\x01", dissect.More}, {c, "\x80\x2e\x09\x03\x01\x00", dissect.No},
	} {
		if got := probe(tt.dir, []byte(tt.data), false); got != tt.want {
			t.Errorf("probe(%s, %.20q) = %v, want %v", tt.dir, tt.data, got, tt.want)
		}
	}
}

// What curl and openssl did is known: see testdata/make.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/tls_browse.pcap", Spec, replay.Options{Setup: func(r *dissecttest.Recorder) {
		r.Fields = []string{"tls.version", "tls.resumed", "tls.sni"}
	}})
	if err != nil {
		t.Skip(err)
	}
	count := map[string]int{}
	for _, f := range flows {
		for _, l := range f.Lines {
			if strings.HasPrefix(l, "tls.handshake") {
				count[l]++
			}
			if strings.HasPrefix(l, "anomaly") {
				t.Error(l)
			}
		}
	}
	want := map[string]int{
		`tls.handshake to_client tls.resumed=0 tls.sni="secure.corp.example" tls.version="TLS 1.3"`: 4,
		`tls.handshake to_client tls.resumed=1 tls.sni="secure.corp.example" tls.version="TLS 1.3"`: 1,
		`tls.handshake to_client tls.resumed=0 tls.sni="secure.corp.example" tls.version="TLS 1.2"`: 2,
		`tls.handshake to_client tls.resumed=1 tls.sni="secure.corp.example" tls.version="TLS 1.2"`: 1,
		`tls.handshake to_client tls.resumed=0 tls.sni="www.corp.example" tls.version="TLS 1.2"`:    2,
		`tls.handshake to_client tls.resumed=0 tls.version="TLS 1.2"`:                               1,
		`tls.handshake to_client tls.resumed=1 tls.version="TLS 1.2"`:                               5,
		`tls.handshake to_client tls.resumed=0 tls.sni="secure.corp.example" tls.version="TLS 1.1"`: 1,
	}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", count, want)
	}
}
