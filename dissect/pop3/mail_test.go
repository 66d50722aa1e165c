package pop3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/smtp"
)

const mail = `S +OK ready
C RETR 1
S +OK 400 octets
S From: bob@partner.example
S Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
S MIME-Version: 1.0
S Content-Type: multipart/mixed; boundary=xx
S 
S --xx
S 
S ..see http://partner.example/menu
S --xx
S Content-Type: application/pdf; name=menu.pdf
S Content-Transfer-Encoding: base64
S 
S JVBERi0xLjQK
S aGVsbG8=
S --xx--
S .
C QUIT
S +OK
`

// carrying records POP3 with the events of mails.
func carrying(fields ...string) *dissecttest.Recorder {
	mails := smtp.Spec()
	r := dissecttest.New(NewSpec(mails, smtp.DefaultOptions()), mails)
	r.Fields = fields
	return r
}

// TestMail: mails that are fetched are read as those that are sent: header, texts, files.
func TestMail(t *testing.T) {
	const want = `pop3.request to_server
email to_client email.subject.text="Grüße"
file to_client name="menu.pdf" state=CLOSED size=14
email.body to_client email.attachment=["menu.pdf"] email.complete=1 email.link=["http://partner.example/menu"] email.subject.text="Grüße"
pop3.tx to_client
pop3.request to_server
pop3.tx to_client
`
	for _, slow := range []bool{false, true} {
		r := carrying("email.subject.text", "email.attachment", "email.link", "email.complete")
		talk(r, mail, slow)
		text := r.End(dissect.EndFIN)
		if _, got, _ := strings.Cut(text, "\n"); got != want {
			t.Errorf("slow: %v, got\n%s\nwant\n%s", slow, got, want)
		}
		if strings.Contains(strings.Join(r.Records, ""), "email") {
			t.Errorf("records of POP3 tell of the mail, unlike Suricata's: %q", r.Records)
		}
	}
}

// TestMailLost: what is missing of a mail is known, and a mail that is cut is told of.
func TestMailLost(t *testing.T) {
	const what = "email.complete"
	begin, rest, _ := strings.Cut(mail, "S aGVsbG8=\n")
	r := carrying(what)
	talk(r, begin, false).Gap(toClient, 10)
	talk(r, "S lost\n"+rest, false)
	text := r.End(dissect.EndFIN)
	if !strings.Contains(text, `file to_client name="menu.pdf" state=TRUNCATED size=9`) || !strings.Contains(text, "email.complete=0") || !strings.HasSuffix(text, "pop3.request to_server\npop3.tx to_client\n") {
		t.Errorf("behind a gap:\n%s", text)
	}
	r = carrying(what)
	talk(r, begin, false).Data(toClient, "aGVs")
	text = r.End(dissect.EndFIN)
	if !strings.Contains(text, `file to_client name="menu.pdf" state=TRUNCATED size=12`) || !strings.Contains(text, "email.complete=0") || !strings.HasSuffix(text, "pop3.tx to_client\n") {
		t.Errorf("cut:\n%s", text)
	}
}

// TestLongLines: lines longer than a line reader takes come whole, and a dot within one ends nothing.
func TestLongLines(t *testing.T) {
	r := carrying("email.size")
	long := strings.Repeat("x", 2*dissect.MaxLine-1) + "."
	r.Data(toClient, "+OK\r\n").Data(toServer, "RETR 1\r\n").Data(toClient, "+OK\r\nContent-Disposition: attachment\r\n\r\n")
	r.Data(toClient, long).Data(toClient, "\r\n.\r\n")
	if text := r.Text(); !strings.Contains(text, "state=CLOSED size=8192") || !strings.Contains(text, "pop3.tx") {
		t.Error(text)
	}
}

// TestMailNotRead: settings of SMTP's mails hold here too.
func TestMailNotRead(t *testing.T) {
	r := carrying("email.size")
	r.Ctx.Limits.SMTP.DecodeMIME = false
	talk(r, mail, false)
	if text := r.End(dissect.EndFIN); strings.Contains(text, "email") || strings.Contains(text, "file") || strings.Count(text, "pop3.tx") != 3 {
		t.Error(text)
	}
}

// TestMailReused: a parser that is used again knows nothing of the mail before.
func TestMailReused(t *testing.T) {
	r := carrying("email.subject.text")
	begin, _, _ := strings.Cut(mail, "S --xx\n")
	talk(r, begin, false)
	r.Restart()
	r.Lines = nil
	r.Data(toClient, "+OK\r\n").Data(toServer, "RETR 2\r\n").Data(toClient, "+OK\r\n\r\ntext\r\n.\r\n")
	if text := r.Text(); strings.Contains(text, "Gr") || strings.Count(text, "email.body") != 1 {
		t.Error(text)
	}
}
