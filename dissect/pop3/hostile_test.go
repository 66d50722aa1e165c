package pop3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestEarlyClient: a client that does not wait for the greeting moves no response to another command.
func TestEarlyClient(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	talk(r, "C USER ada\nC PASS secret\nC QUIT\nS +OK ready\nS +OK name\nS -ERR no\nS +OK bye\n", false)
	r.End(dissect.EndFIN)
	want := []string{`"header":"ready"`, `"command":"USER","args":["ada"]},"response":{"success":true,"status":"OK","header":"name"`,
		`"command":"PASS","args":["secret"]},"response":{"success":false,"status":"ERR","header":"no"`, `"command":"QUIT","args":[]},"response":{"success":true,"status":"OK","header":"bye"`}
	if len(r.Records) != len(want) || strings.Contains(r.Records[0], "request") {
		t.Fatalf("records %s", r.Records)
	}
	for i := range want {
		if !strings.Contains(r.Records[i], want[i]) {
			t.Errorf("record %s, want %s", r.Records[i], want[i])
		}
	}
}

// TestMidstream: of a connection that is seen from its middle the first response is no greeting.
func TestMidstream(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Midstream = true
	r.Fields = []string{"pop3.command"}
	talk(r, "C NOOP\nS +OK\n", false)
	if got, want := r.End(dissect.EndFIN), "pop3.request to_server pop3.command=\"NOOP\"\npop3.tx to_client pop3.command=\"NOOP\"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOneEarlyCommand: a single command that came first is answered by the greeting only where there is none.
func TestOneEarlyCommand(t *testing.T) {
	for _, c := range []struct{ talk, header string }{
		{"C CAPA\nS +OK Dovecot (Debian) ready.\nS +OK Capabilities\nS TOP\nS .\n", "Capabilities"},
		{"C CAPA\nS +OK <1896.697170952@mail.example>\nS +OK Capabilities\nS TOP\nS .\n", "Capabilities"},
		{"C CAPA\nS +OK list follows\nS TOP\nS .\n", "list follows"},
	} {
		r := dissecttest.New(Spec())
		talk(r, c.talk, false).End(dissect.EndFIN)
		if last := r.Records[len(r.Records)-1]; !strings.Contains(last, `"CAPA"`) || !strings.Contains(last, `"header":"`+c.header+`","data":["TOP"]`) {
			t.Errorf("%q: %s", c.talk, r.Records)
		}
	}
}
