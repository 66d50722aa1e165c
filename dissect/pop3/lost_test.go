package pop3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestLostResponse: one response that was lost moves none of the others to another command.
func TestLostResponse(t *testing.T) {
	const rest = "S +OK mail\nS Subject: s\nS \nS .\nC QUIT\nS +OK bye\n"
	for _, c := range []struct{ name, before, behind string }{
		{"found with the next response", "S +OK ready\nC STAT\nC RETR 1\n", rest},
		{"found at once", "S +OK ready\nC STAT\n", "C RETR 1\n" + rest},
		{"the end of a list", "S +OK ready\nC LIST\nS +OK list\nS 1 2\n", "C RETR 1\n" + rest},
		{"the end of a list, found with the next response", "S +OK ready\nC LIST\nS +OK list\nS 1 2\nC RETR 1\n", rest},
		{"a piece of a list", "S +OK ready\nC LIST\nS +OK list\nS 1 2\n", "S 3\nS 4 5\nS .\nC RETR 1\n" + rest},
		{"the end of a mail", "S +OK ready\nC RETR 2\nS +OK mail\nS Subject: x\n", "C RETR 1\n" + rest},
		{"the end of a mail, found with the next response", "S +OK ready\nC RETR 2\nS +OK mail\nS Subject: x\nC RETR 1\n", rest},
	} {
		r := carrying("pop3.command", "pop3.header", "email.subject")
		talk(r, c.before, false)
		r.Gap(dissect.ToClient, 20)
		got := talk(r, c.behind, false).End(dissect.EndFIN)
		for _, want := range []string{`email.body to_client email.subject="s"`, `pop3.tx to_client pop3.command="QUIT" pop3.header="bye"`, `pop3.command="RETR" pop3.header="mail"`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %s in\n%s", c.name, want, got)
			}
		}
	}
}

// TestLostTLS: what follows STLS is TLS, whether the response was seen or not.
func TestLostTLS(t *testing.T) {
	for _, gap := range []bool{false, true} {
		r := dissecttest.New(Spec())
		talk(r, "S +OK ready\nC STLS\n", false)
		if gap {
			r.Gap(dissect.ToClient, 10)
		}
		if r.Data(dissect.ToServer, "\x16\x03\x01"); r.Upgraded != "tls" {
			t.Errorf("gap %v: upgraded to %q", gap, r.Upgraded)
		}
	}
}

// TestLostLogin: the answer to a challenge that was lost makes no other command one.
func TestLostLogin(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"pop3.command"}
	talk(r, "S +OK ready\nC AUTH PLAIN\nS + \n", false)
	r.Gap(dissect.ToServer, 20)
	if got := talk(r, "S +OK in\nC LIST 1\nS +OK 1 2\n", false).End(dissect.EndFIN); !strings.Contains(got, `pop3.command="LIST"`) {
		t.Errorf("got\n%s", got)
	}
}

// TestArguments: more arguments than a command takes hide no mail.
func TestArguments(t *testing.T) {
	r := carrying("email.subject")
	got := talk(r, "S +OK ready\nC RETR 1 a b c d e f g h i j k l m n o p q\nS +OK mail\nS Subject: s\nS \nS .\n", false).End(dissect.EndFIN)
	if !strings.Contains(got, `email.body to_client email.subject="s"`) {
		t.Errorf("got\n%s", got)
	}
}

// TestCutMail: a mail that ends within its header has no file that never began.
func TestCutMail(t *testing.T) {
	got := talk(carrying(), "S +OK ready\nC RETR 1\nS +OK mail\nS Content-Type: a/b; name=f\n", false).End(dissect.EndTimeout)
	if strings.Contains(got, "file ") || !strings.Contains(got, "email.body") {
		t.Errorf("got\n%s", got)
	}
}

// TestFlood: commands by the thousand hide no mail that is on its way.
func TestFlood(t *testing.T) {
	r := carrying("email.subject")
	talk(r, "S +OK ready\nC RETR 1\nS +OK mail\nS Subject: s\n", false)
	talk(r, strings.Repeat("C NOOP\n", 2*defaultMaxTx), false)
	talk(r, "S \nS text\nS .\n", false)
	got := r.End(dissect.EndFIN)
	if !strings.Contains(got, "file ") && !strings.Contains(got, `email.body to_client email.subject="s"`) {
		t.Errorf("no mail")
	}
	if strings.Contains(got, "email.body to_client email.complete=0") {
		t.Errorf("the mail was cut short")
	}
}

// TestTop: a mail that is fetched with TOP is read if all of it is asked for.
func TestTop(t *testing.T) {
	for lines, want := range map[string]string{"99999999": "state=CLOSED size=5", "0": "", "20": "", "x": ""} {
		r := carrying("email.subject")
		got := talk(r, "S +OK ready\nC TOP 1 "+lines+"\nS +OK mail\nS Subject: s\nS Content-Type: a/b; name=f\nS \nS hello\nS .\nC QUIT\nS +OK\n", false).End(dissect.EndFIN)
		if want == "" && strings.Contains(got, "email") || !strings.Contains(got, want) || !strings.Contains(got, "pop3.tx to_client\n") {
			t.Errorf("%s lines: want %q in\n%s", lines, want, got)
		}
	}
}

// TestMailCaps: what is left out of mails is counted as that of SMTP's.
func TestMailCaps(t *testing.T) {
	r := carrying()
	r.Quiet = true
	talk(r, "S +OK ready\nC RETR 1\nS +OK mail\n"+strings.Repeat("S X: y\n", 1100)+"S \nS .\n", false)
	if r.Capped["headers"] != 1 {
		t.Errorf("counted %v", r.Capped)
	}
}
