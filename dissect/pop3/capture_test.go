package pop3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// TestCapture reads what curl, and somebody in a hurry, say to dovecot.
func TestCapture(t *testing.T) {
	text := replay.Saying(t, "../../testdata/captures/pop3_mailbox.pcap", Spec, []string{
		`"header":"Dovecot (Debian) ready."`, `{"command":"CAPA","args":[]},"response":{"success":true,"status":"OK","header":"","data":["CAPA","TOP","UIDL"`,
		`{"command":"AUTH","args":["CRAM-MD5"]}`, `{"command":"<SASL DATA>","args":[]},"response":{"success":true,"status":"OK","header":"Logged in."`,
		`{"command":"<SASL DATA>","args":[]},"response":{"success":false,"status":"ERR","header":"[AUTH] Authentication failed."`,
		`{"command":"RETR","args":["3"]},"response":{"success":true,"status":"OK","header":"115 octets","data":[]`,
		`{"command":"TOP","args":["1","3"]}`, `{"command":"DELE","args":["1"]},"response":{"success":true`, `{"command":"STLS"`, `upgrade "tls"`,
		`{"command":"PASS","args":["Correct-Horse-7"]},"response":{"success":true,"status":"OK","header":"Logged in."`,
		`{"command":"LIST","args":["9"]},"response":{"success":false,"status":"ERR","header":"There's no message 9."`,
	}, "pop3.unknown_command", "pop3.incorrect_argument_count", "pop3.request_too_long") // the last is of TLS, which nobody takes over here
	if n := strings.Count(text, `"pop3":{"response":{`); n != 10 {
		t.Errorf("%d greetings, want 10", n)
	}
}
