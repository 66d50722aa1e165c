package smtp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
)

const zipPart = "Subject: s\r\nContent-Type: application/zip; name=f\r\n\r\nPK12"

// plainHello is by a server without extensions.
const plainHello = "S: 220 mx\nC: HELO client.example\nS: 250 mx\n"

// TestResetWithinBDAT: a mail whose chunks were cut short by RSET ends there, and the next one is read.
func TestResetWithinBDAT(t *testing.T) {
	r := recorder("email.subject", "smtp.mail_from")
	talk(r, hello+fmt.Sprintf("C: MAIL FROM:<1>\nS: 250 ok\nC! BDAT %d\\r\\n\n", len(zipPart)), false)
	r.Data(dissect.ToServer, zipPart)
	talk(r, "S: 250 ok\nC: RSET\nS: 250 ok\nC: MAIL FROM:<2>\nS: 250 ok\nC: BDAT 16 LAST\n", false)
	r.Data(dissect.ToServer, "Subject: t\r\n\r\nx\n")
	talk(r, "S: 250 ok\nC: QUIT\nS: 221 bye", false)
	const want = `email to_server email.subject="s" smtp.mail_from="<1>"
file to_server name="f" state=TRUNCATED size=4
email.body to_server email.subject="s" smtp.mail_from="<1>"
smtp.tx to_server email.subject="s" smtp.mail_from="<1>"
email to_server email.subject="t" smtp.mail_from="<2>"
email.body to_server email.subject="t" smtp.mail_from="<2>"
smtp.tx to_server email.subject="t" smtp.mail_from="<2>"
smtp.tx to_server
`
	if got := only(r.End(dissect.EndFIN), "email", "file", "smtp.tx", "anomaly"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBDATWithoutLast: a mail whose last chunk never comes ends with the connection.
func TestBDATWithoutLast(t *testing.T) {
	r := recorder("email.subject")
	talk(r, hello+fmt.Sprintf("C: MAIL FROM:<1>\nS: 250 ok\nC! BDAT %d\\r\\n\n", len(zipPart)), false)
	r.Data(dissect.ToServer, zipPart)
	const want = `email to_server email.subject="s"
file to_server name="f" state=TRUNCATED size=4
email.body to_server email.subject="s"
smtp.tx to_server email.subject="s"
`
	if got := only(r.End(dissect.EndFIN), "email", "file", "smtp.tx", "anomaly"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestUnknownBDAT: a server that does not know BDAT reads what follows as commands, and so do we.
func TestUnknownBDAT(t *testing.T) {
	for _, reply := range []string{"500 what?", "502 not here"} {
		for _, slow := range []bool{false, true} {
			r := recorder("email.subject", "smtp.mail_from")
			talk(r, hello+"C: BDAT 99999999\nS: "+reply+"\nC: MAIL FROM:<2>\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: t\nC: \nC: .\nS: 250 ok", slow)
			if got := only(r.End(dissect.EndFIN), "email.body"); got != `email.body to_server email.subject="t" smtp.mail_from="<2>"`+"\n" {
				t.Errorf("%s, slow %v: got\n%s", reply, slow, got)
			}
		}
	}
	// Of one that does know it the refused chunk is still to be passed over.
	r := recorder("smtp.mail_from")
	talk(r, strings.Replace(hello, "250-", "250-CHUNKING\nS: 250-", 1)+"C: MAIL FROM:<1>\nS: 250 ok\nC: BDAT 16\nS: 554 no", false)
	r.Data(dissect.ToServer, "MAIL FROM:<xxx\r\nMAIL FROM:<3>\r\n")
	if got := r.End(dissect.EndFIN); strings.Contains(got, "xxx") {
		t.Errorf("a refused chunk: got\n%s", got)
	}
}

// TestLostReply: a reply that was lost moves none of the others to another command, and the mail is read.
func TestLostReply(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  bool // the gap is found with the next reply only
		hello string
	}{{"at once", false, hello}, {"late", true, hello}, {"at once, no pipelining", false, plainHello}, {"late, no pipelining", true, plainHello}} {
		r := recorder("email.subject", "smtp.reply.command")
		talk(r, c.hello+"C: MAIL FROM:<1>\nS: 250 ok\nC: DATA\n", false)
		if !c.late {
			r.Gap(dissect.ToClient, 8)
		}
		talk(r, "C: Subject: s\nC: \nC: hello\nC: .\n", false)
		if c.late {
			r.Gap(dissect.ToClient, 8)
		}
		talk(r, "S: 250 queued\nC: QUIT\nS: 221 bye\n", false)
		got := r.End(dissect.EndFIN)
		if only(got, "email.body") == "" || !c.late && strings.Contains(got, "anomaly") || strings.Contains(got, `smtp.command to_server smtp.reply.command="hello`) {
			t.Errorf("%s: got\n%s", c.name, got)
		}
		if !strings.Contains(got, `smtp.reply to_client email.subject="s" smtp.reply.command="."`) {
			t.Errorf("%s: the end of the mail was not answered\n%s", c.name, got)
		}
	}
}

// TestLostData: a mail is read whose DATA was lost, which the server's reply tells of.
func TestLostData(t *testing.T) {
	r := recorder("email.subject", "smtp.mail_from")
	talk(r, hello+"C: MAIL FROM:<1>\nS: 250 ok\nS: 354 go\n", false)
	r.Gap(dissect.ToServer, len("DATA\r\n"))
	talk(r, "C: Subject: s\nC: \nC: hello\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye\n", false)
	if got := only(r.End(dissect.EndFIN), "email.body"); got != `email.body to_server email.subject="s" smtp.mail_from="<1>"`+"\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestLostStartTLS: what follows STARTTLS is TLS, whether the reply was seen or not.
func TestLostStartTLS(t *testing.T) {
	for _, gap := range []bool{false, true} {
		r := recorder()
		talk(r, hello+"C: STARTTLS\n", false)
		if gap {
			r.Gap(dissect.ToClient, 10)
		}
		r.Data(dissect.ToServer, "\x16\x03\x01\x02\x00")
		if r.Upgraded != "tls" {
			t.Errorf("gap %v: upgraded to %q", gap, r.Upgraded)
		}
	}
}

// TestManyCommands: more commands at once than may wait for replies are counted, and the replies still find theirs.
func TestManyCommands(t *testing.T) {
	r := recorder("smtp.reply.command")
	r.Quiet = true
	talk(r, hello, false)
	r.Data(dissect.ToServer, strings.Repeat("NOOP\r\n", maxQueue+10))
	r.Data(dissect.ToServer, "RSET\r\n")
	r.Data(dissect.ToClient, strings.Repeat("250 ok\r\n", maxQueue+10))
	r.Quiet = false
	r.Data(dissect.ToClient, "250 reset\r\n")
	if got := r.End(dissect.EndFIN); !strings.Contains(got, `smtp.reply.command="RSET"`) || strings.Contains(got, "unable_to_match") {
		t.Errorf("got %s", got)
	}
	if r.Capped["commands"] != 11 {
		t.Errorf("counted %v", r.Capped)
	}
}

// TestCaps: what a transaction does not keep is counted.
func TestCaps(t *testing.T) {
	r := recorder()
	r.Quiet = true
	talk(r, hello+"C: MAIL FROM:<1>\nS: 250 ok\n", false)
	for range maxRecipients + 1 {
		r.Data(dissect.ToServer, "RCPT TO:<a>\r\n")
		r.Data(dissect.ToClient, "250 ok\r\n")
	}
	talk(r, "C: DATA\nS: 354 go\n", false)
	r.Data(dissect.ToServer, strings.Repeat("X: y\r\n", 1100)+"\r\n"+strings.Repeat("http://a.example/x\r\n", 300)+".\r\n")
	if r.Capped["recipients"] != 1 || r.Capped["headers"] != 1 || r.Capped["urls"] != 1 {
		t.Errorf("counted %v", r.Capped)
	}
}

// TestHostileTime: streams that are made to cost much cost no more than others.
func TestHostileTime(t *testing.T) {
	part := "--b\r\nContent-Type: a/b" + strings.Repeat(";", 8000) + "\r\nContent-Disposition: x" + strings.Repeat(";", 8000) + "\r\n\r\nx\r\n"
	start := "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	for name, body := range map[string]string{
		"semicolons":    start + strings.Repeat(part, 64),
		"escaped":       start + strings.Repeat("--b\r\nContent-Type: a/b; x=\""+strings.Repeat(`\"`, 1900)+"\r\n\r\nx\r\n", 250),
		"words":         "Subject: " + strings.Repeat("=?x?q?a", 280) + "\r\nFrom: " + strings.Repeat("=?x?q?a", 280) + "\r\n\r\n",
		"urls":          "X: y\r\n\r\n" + strings.Repeat("://", 340_000) + "\r\n",
		"schemes":       "X: y\r\n\r\n" + strings.Repeat("http://\r\n", 110_000),
		"boundaries":    start + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 20_000),
		"dashes":        start + strings.Repeat("--\r\n", 250_000),
		"long lines":    "X: y\r\n\r\n" + strings.Repeat(strings.Repeat("x", 9000)+"\r\n", 110),
		"header fields": strings.Repeat("A: b\r\n", 170_000) + "\r\n",
		"base64":        "Content-Transfer-Encoding: base64\r\nContent-Type: a/b\r\n\r\n" + strings.Repeat("=\r\n", 330_000),
	} {
		r := recorder()
		r.Quiet = true
		talk(r, hello+"C: MAIL FROM:<1>\nS: 250 ok\nC: DATA\nS: 354 go\n", false)
		at := time.Now()
		for len(body) > 0 {
			k := min(1460, len(body))
			r.Data(dissect.ToServer, body[:k])
			body = body[k:]
		}
		r.Data(dissect.ToServer, "\r\n.\r\n")
		d := time.Since(at)
		t.Logf("%s: %v", name, d)
		if d > time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// TestLooseDots: a dot between line ends of LF alone ends a mail for the servers that take it so, which shows in what follows.
func TestLooseDots(t *testing.T) {
	const start = "C: MAIL FROM:<1>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	const part = "Subject: s\r\nContent-Type: a/b; name=f\r\n\r\nx"
	for _, c := range []struct{ name, mail, behind, want string }{
		{"strict", part + "\r\n.\r\nhidden\r\n", "", "size=1"},
		{"the mail goes on", part + "\n.\nhidden\r\n.\r\n", "S: 250 ok\n", "size=10"},
		{"the mail goes on, other ends", part + "\n.\r\nhidden\r\n.\r\n", "S: 250 ok\n", "size=11"},
		{"the server replies", part + "\n.\n", "S: 250 ok\nC: QUIT\nS: 221 bye\n", "size=1"},
		{"a command follows", part + "\n.\nMAIL FROM:<2>\r\nRCPT TO:<3>\r\n", "S: 250 ok\nS: 250 ok\n", "size=1"},
		{"all lines end so", strings.ReplaceAll(part, "\r", "") + "\n.\nQUIT\n", "S: 250 ok\nS: 221 bye\n", "size=1"},
		{"the connection ends", part + "\n.\n", "", "size=1"},
	} {
		for _, slow := range []bool{false, true} {
			r := recorder("smtp.mail_from", "smtp.command_line")
			talk(r, hello+start, false)
			if slow {
				r.Trickle(dissect.ToServer, c.mail)
			} else {
				r.Data(dissect.ToServer, c.mail)
			}
			if c.behind != "" {
				talk(r, c.behind, false)
			}
			got := r.End(dissect.EndFIN)
			if !strings.Contains(got, `file to_server name="f" state=CLOSED `+c.want+"\n") || strings.Contains(got, "unable_to_match") {
				t.Errorf("%s, slow %v: want %s in\n%s", c.name, slow, c.want, got)
			}
			if strings.Contains(c.name, "command follows") && !strings.Contains(got, `smtp.tx to_server smtp.mail_from="<2>"`) {
				t.Errorf("%s: no second mail in\n%s", c.name, got)
			}
		}
	}
}
