package tls

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestWhatIsLogged: which connections have a record, and what it says of the session and the version.
func TestWhatIsLogged(t *testing.T) {
	ticket := ext(extSessionTicket, "")
	first := func(exts ...string) string {
		return record(recHandshake, message(hsClientHello, hello(0x0303, "one", []int{0xc02b}, exts...)))
	}
	second := func(id string, msgs ...string) string {
		return record(recHandshake, message(hsServerHello, answer(0x0303, id, 0xc02b))+strings.Join(msgs, ""))
	}
	cert := message(hsCertificate, chainOf(testCert(t, nil)))
	done := talk{{c, ccsRecord}, {s, ccsRecord}}
	fatal := talk{{s, "\x15\x03\x01\x00\x02\x02\x28"}}
	off := map[string]string{"session-resumption": "no", "extended": "yes"}
	for _, tt := range []struct {
		name string
		in   talk
		set  map[string]string
		want string // of the record: none for "", and what is in it with blanks between
		not  string
	}{
		{"certificate", append(talk{{c, first()}, {s, second("two", cert)}}, done...), nil, `"subject" "version":"TLS`, "session_resumed"},
		{"certificate, ticket", append(talk{{c, first(ticket)}, {s, second("two", cert)}}, done...), nil, `"subject"`, "session_resumed"},
		{"same session", append(talk{{c, first()}, {s, second("one")}}, done...), nil, `"session_resumed":true`, "subject"},
		{"same session, off", append(talk{{c, first()}, {s, second("one")}}, done...), off, "", ""},
		{"other session, no certificate", append(talk{{c, first()}, {s, second("two")}}, done...), nil, "", ""},
		{"tickets, no certificate", append(talk{{c, first(ticket)}, {s, second("two")}}, done...), nil, `"session_resumed":true`, ""},
		{"TLS 1.3", full13(), off, `"version":"TLS`, "session_resumed"},
		{"client only", talk{{c, first()}}, nil, "", ""},
		{"client only, tickets", talk{{c, first(ticket)}}, nil, `"version":"TLS`, "session_resumed"},
		{"client only, tickets, off", talk{{c, first(ticket)}}, off, "", ""},
		{"refused", append(talk{{c, first(ticket)}}, fatal...), nil, `"version":"TLSv1"`, "session_resumed"},
		{"basic", append(talk{{c, first()}, {s, second("two", cert)}}, done...), map[string]string{"extended": "no"}, `"subject" "issuerdn" "subjectaltname"`, "version"},
		{"chosen", append(talk{{c, first(sniExt("a.b"))}, {s, second("two", cert)}}, done...), map[string]string{"custom.0": "sni", "custom.1": "Certificate"}, `"sni":"a.b" "certificate":"`, "chain"},
		{"chosen, not there", append(talk{{c, first()}, {s, second("two", cert)}}, done...), map[string]string{"custom.0": "sni"}, "{}", "subject"},
		{"handshakes", full13(), map[string]string{"custom.0": "client_handshake", "custom.1": "server_handshake"},
			`"client_handshake":{"version":"TLS 1.3","ciphers":[4865,4866,49195],"exts":[0,10,11,16,13,43,35,65037],"sig_algs":[1027,2052]} "server_handshake":{"version":"TLS 1.2","cipher":4865,"exts":[43]}`, "sni"},
		{"chain", append(talk{{c, first()}, {s, second("two", cert)}}, done...), map[string]string{"custom.0": "chain"}, `"chain":["`, "subject"},
	} {
		r := dissecttest.New(NewSpec(ParseOptions(tt.set)))
		for _, x := range tt.in {
			r.Data(x.dir, x.data)
		}
		r.End(dissect.EndFIN)
		got := strings.ReplaceAll(strings.Join(r.Records, ""), "TLS ", "TLS")
		if tt.want == "" {
			if got != "{}" {
				t.Errorf("%s: want no record, got %s", tt.name, got)
			}
			continue
		}
		for word := range strings.FieldsSeq(strings.ReplaceAll(tt.want, "TLS ", "TLS")) {
			if !strings.Contains(got, word) {
				t.Errorf("%s: no %s in %s", tt.name, word, got)
			}
		}
		if tt.not != "" && strings.Contains(got, tt.not) {
			t.Errorf("%s: %s in %s", tt.name, tt.not, got)
		}
	}
}

func TestVersionNames(t *testing.T) {
	for v, want := range map[uint16]string{0: "UNDETERMINED", 2: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3",
		0x7f02: "TLS 1.3 draft-<16", 0x7f10: "TLS 1.3 draft-16", 0x7f12: "TLS 1.3 draft-18", 0x7f1c: "TLS 1.3 draft-28", 0xfb14: "TLS 1.3 draft-20-fb",
		0xfb1a: "TLS 1.3 draft-26-fb", 0x0305: "0x0305", 0x7f30: "0x7f30", 0xfb18: "0xfb18"} {
		if got := VersionName(v); got != want {
			t.Errorf("%04x: got %s, want %s", v, got, want)
		}
	}
}
