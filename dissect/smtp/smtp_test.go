package smtp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// talk runs a conversation: lines after "C: " and "S: ", each ended by CRLF. What follows "C! "
// and "S! " is sent as it is, with \r and \n standing for themselves.
func talk(r *dissecttest.Recorder, text string, trickle bool) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		dir, data := dissect.ToServer, line[min(3, len(line)):]
		if line[0] == 'S' {
			dir = dissect.ToClient
		}
		if line[1] == '!' {
			data = strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(data)
		} else {
			data += "\r\n"
		}
		if trickle {
			r.Trickle(dir, data)
		} else {
			r.Data(dir, data)
		}
	}
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

// only gives the lines that begin with one of the prefixes.
func only(text string, prefixes ...string) string {
	var b strings.Builder
	for _, l := range strings.SplitAfter(text, "\n") {
		for _, p := range prefixes {
			if strings.HasPrefix(l, p) {
				b.WriteString(l)
				break
			}
		}
	}
	return b.String()
}

const hello = `S: 220 mx.example ESMTP
C: EHLO client.example
S: 250-mx.example
S: 250-PIPELINING
S: 250 STARTTLS
`

func TestConversation(t *testing.T) {
	r := recorder("smtp.helo", "smtp.mail_from", "smtp.rcpt_to", "email.subject", "email.attachment", "smtp.reply.code", "smtp.reply.command", "email.complete")
	talk(r, hello+`C: MAIL FROM:<a@b.example> SIZE=12
S: 250 ok
C: RCPT TO: <c@d.example>
C: rcpt to:<e@f.example>
S! 250 ok\r\n550 no
S! \r\n
C: DATA
S: 354 go
C: Subject: hi
C: 
C: ..dot
C: .
S: 250 queued
C: QUIT
S: 221 bye`, false)
	got := only(r.End(dissect.EndFIN), "smtp.helo", "smtp.mail_from", "smtp.rcpt_to", "smtp.data", "email", "smtp.tx", "anomaly", "file")
	want := `smtp.helo to_server smtp.helo="client.example"
smtp.mail_from to_server smtp.helo="client.example" smtp.mail_from="<a@b.example>"
smtp.rcpt_to to_server smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>"]
smtp.rcpt_to to_server smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>" "<e@f.example>"]
smtp.data to_server smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>" "<e@f.example>"]
email to_server email.subject="hi" smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>" "<e@f.example>"]
email.body to_server email.complete=1 email.subject="hi" smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>" "<e@f.example>"]
smtp.tx to_server email.complete=1 email.subject="hi" smtp.helo="client.example" smtp.mail_from="<a@b.example>" smtp.rcpt_to=["<c@d.example>" "<e@f.example>"]
smtp.tx to_server email.complete=0 smtp.helo="client.example"
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := `{"smtp":{"helo":"client.example","mail_from":"<a@b.example>","rcpt_to":["<c@d.example>","<e@f.example>"]},"email":{"status":"PARSE_DONE"}}`; r.Records[0] != want {
		t.Errorf("EVE: got %s, want %s", r.Records[0], want)
	}
}

// TestTransactions checks where transactions begin and end, and what the server's replies do.
func TestTransactions(t *testing.T) {
	const show = "smtp.mail_from"
	for _, c := range []struct{ name, talk, want string }{
		{"two mails and a RSET between", `C: MAIL FROM:<1>
S: 250 ok
C: DATA
S: 354 go
C: .
S: 250 ok
C: RSET
S: 250 ok
C: MAIL FROM:<2>
S: 250 ok`, `smtp.tx to_server smtp.mail_from="<1>"
smtp.tx to_server
smtp.tx to_server smtp.mail_from="<2>"
`},
		{"RSET and MAIL in one go", `C: MAIL FROM:<1>
S: 250 ok
C! RSET\r\nMAIL FROM:<2>\r\n
S! 250 ok\r\n250 ok\r\n`, `smtp.tx to_server smtp.mail_from="<1>"
smtp.tx to_server smtp.mail_from="<2>"
`},
		{"QUIT sent along with the end of the mail", `C! MAIL FROM:<1>\r\nDATA\r\n
S! 250 ok\r\n354 go\r\n
C! a\r\n.\r\nQUIT\r\n
S! 250 ok\r\n221 bye\r\n`, "smtp.tx to_server smtp.mail_from=\"<1>\"\n"},
		{"DATA refused, with pipelining", `C! MAIL FROM:<1>\r\nRCPT TO:<x>\r\nDATA\r\n
S! 553 no\r\n503 no\r\n503 no\r\n
C: RSET
S: 250 ok`, `anomaly smtp.data_command_rejected
smtp.tx to_server smtp.mail_from="<1>"
`},
		{"content before 354", `C! MAIL FROM:<1>\r\nDATA\r\nThis is it\r\n.\r\n
S! 250 ok\r\n354 go\r\n250 ok\r\n`, `anomaly smtp.invalid_pipelined_sequence
smtp.tx to_server smtp.mail_from="<1>"
`},
		{"MAIL and EHLO twice", `C: EHLO again
S: 250 ok
C: MAIL FROM:<1>
S: 250 ok
C: MAIL FROM:<2>
S: 503 no`, `anomaly smtp.duplicate_fields
smtp.tx to_server smtp.mail_from="<1>"
`},
		{"replies that are none", `C: NOOP
S: 4.7.0 no code
C: NOOP
S: 999 odd`, `anomaly smtp.invalid_reply
smtp.tx to_server
`},
		{"a reply to nothing", `C: NOOP
S: 250 ok
S: 250 again
S: 421 closing`, `anomaly smtp.unable_to_match_reply_with_request
smtp.tx to_server
`},
		{"STARTTLS refused", "C: STARTTLS\nS: 454 not now", "anomaly smtp.tls_rejected\nsmtp.tx to_server\n"},
		{"STARTTLS", "C: STARTTLS\nS: 220 go", "smtp.tx to_server\nupgrade \"tls\"\n"},
		{"a long command", "C! MAIL FROM:<" + strings.Repeat("x", 5000) + ">\\r\\nNOOP\\r\\n", `anomaly smtp.truncated_line
anomaly smtp.max_command_line_len_exceeded
smtp.tx to_server smtp.mail_from="<` + strings.Repeat("x", maxLine-11) + "\"\n"},
	} {
		r, slow := recorder(show), recorder(show)
		talk(r, hello+c.talk, false)
		talk(slow, hello+c.talk, true)
		all := r.End(dissect.EndFIN)
		if got := only(all, "smtp.tx", "anomaly", "upgrade"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
		if got := slow.End(dissect.EndFIN); got != all {
			t.Errorf("%s, byte by byte:\n%s\nwant\n%s", c.name, got, all)
		}
	}
}

func TestNoWelcome(t *testing.T) {
	r := recorder()
	talk(r, "C: EHLO x\nS: 250 ok\n", false)
	if got := only(r.End(dissect.EndFIN), "anomaly"); got != "anomaly smtp.no_server_welcome_message\n" {
		t.Errorf("got %q", got)
	}
	// Recognised late, the client's first command comes before the greeting.
	r = recorder()
	talk(r, "C: EHLO x\nS: 220 hi\nS: 250 ok\n", false)
	if got := only(r.End(dissect.EndFIN), "anomaly"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestBDAT(t *testing.T) {
	r := recorder("email.subject", "email.attachment")
	talk(r, hello+`C: MAIL FROM:<1>
C: BDAT 19
C! Subject: chunks\r\nCo
C: BDAT 33
C! ntent-Type: text/x; name=f\r\n\r\n.b\r
S: 250 ok
C: BDAT 4 LAST
C! \nx\r\n
S! 250 ok\r\n250 ok\r\n250 ok\r\n
C: QUIT`, false)
	want := `email to_server email.subject="chunks"
file to_server name="f" state=CLOSED size=5
email.body to_server email.attachment=["f"] email.subject="chunks"
smtp.tx to_server email.attachment=["f"] email.subject="chunks"
smtp.tx to_server
`
	if got := only(r.End(dissect.EndFIN), "email", "file", "smtp.tx", "anomaly"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if string(r.Files[0].Content) != ".b\r\nx" {
		t.Errorf("content %q", r.Files[0].Content)
	}
	r = recorder()
	talk(r, hello+"C: BDAT x", false)
	if got := only(r.End(dissect.EndFIN), "anomaly"); got != "anomaly smtp.bdat_chunk_len_exceeded\n" {
		t.Errorf("got %q", got)
	}
}

func TestAuth(t *testing.T) {
	r := recorder("smtp.auth.mechanism", "smtp.auth.user", "smtp.auth.failures", "smtp.command_line")
	talk(r, hello+`C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YWxpY2U=
S: 334 UGFzc3dvcmQ6
C: c2VjcmV0
S: 535 no
C: AUTH PLAIN AGJvYgBzZWNyZXQ=
S: 535 no
C: AUTH CRAM-MD5
S: 334 PDEyMz4=
C: Y2Fyb2wgYjkxMw==
S: 235 welcome
C: AUTH GSSAPI
S: 504 unknown`, false)
	want := `smtp.auth.failure to_client smtp.auth.failures=1 smtp.auth.mechanism="LOGIN" smtp.auth.user="alice" smtp.command_line="AUTH LOGIN"
smtp.auth.failure to_client smtp.auth.failures=2 smtp.auth.mechanism="PLAIN" smtp.auth.user="bob" smtp.command_line="AUTH PLAIN"
smtp.auth.success to_client smtp.auth.failures=2 smtp.auth.mechanism="CRAM-MD5" smtp.auth.user="carol" smtp.command_line="AUTH CRAM-MD5"
`
	all := r.End(dissect.EndFIN)
	for _, secret := range []string{"c2VjcmV0", "AGJvYgBzZWNyZXQ", "secret"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	if got := only(all, "smtp.auth"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGaps(t *testing.T) {
	r := recorder("email.subject", "email.attachment", "email.complete", "smtp.mail_from")
	talk(r, hello+`C: MAIL FROM:<1>
S: 250 ok
C: DATA
S: 354 go
C! Subject: s\r\nContent-Type: x/y; name=f\r\n\r\nabc
`, false)
	r.Gap(dissect.ToServer, 1000)
	talk(r, `C! def\r\nghi\r\n.\r\n
S: 250 ok
C: MAIL FROM:<2>
S: 250 ok
C: DATA
S: 354 go
C: From: x`, false)
	r.Gap(dissect.ToServer, 1000) // with the end of the mail
	talk(r, `S: 250 ok
C! d this line\r\nMAIL FROM:<3>\r\n
S: 250 ok`, false)
	want := `email to_server email.subject="s" smtp.mail_from="<1>"
file to_server name="f" state=TRUNCATED size=8
email.body to_server email.attachment=["f"] email.complete=0 email.subject="s" smtp.mail_from="<1>"
smtp.tx to_server email.attachment=["f"] email.complete=0 email.subject="s" smtp.mail_from="<1>"
email to_server smtp.mail_from="<2>"
email.body to_server email.complete=0 smtp.mail_from="<2>"
smtp.tx to_server email.complete=0 smtp.mail_from="<2>"
smtp.tx to_server email.complete=0 smtp.mail_from="<3>"
`
	if got := only(r.End(dissect.EndFIN), "email", "file", "smtp.tx"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestOneSide checks that a capture of the client's side alone gives the mail.
func TestOneSide(t *testing.T) {
	r := recorder("email.subject", "smtp.mail_from")
	talk(r, "C: EHLO x\nC: MAIL FROM:<1>\nC: DATA\nC: Subject: s\nC: \nC: QUIT\nC: .\nC: MAIL FROM:<2>\n", false)
	want := `smtp.tx to_server email.subject="s" smtp.mail_from="<1>"
smtp.tx to_server smtp.mail_from="<2>"
`
	if got := only(r.End(dissect.EndTimeout), "smtp.tx"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestBlind checks that commands are still told from mails when those are not looked into.
func TestBlind(t *testing.T) {
	r := recorder("smtp.mail_from")
	r.Ctx.Limits.SMTP.DecodeMIME = false
	talk(r, hello+"C: MAIL FROM:<1>\nS: 250 ok\nC: DATA\nS: 354 go\nC: MAIL FROM:<x>\nC: .\nS: 250 ok\nC: MAIL FROM:<2>", false)
	want := "smtp.tx to_server smtp.mail_from=\"<1>\"\nsmtp.tx to_server smtp.mail_from=\"<2>\"\n"
	if got := only(r.End(dissect.EndFIN), "smtp.tx", "email"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRawExtraction(t *testing.T) {
	r := recorder()
	r.Ctx.Limits.SMTP.RawExtraction = true
	talk(r, hello+"C: MAIL FROM:<1>\nS: 250 ok\nC: DATA\nS: 354 go\nC: A: b\nC: \nC: ..\nC: .", false)
	if got := only(r.End(dissect.EndFIN), "file", "email"); got != "file to_server name=\"rawmsg\" state=CLOSED size=11\n" {
		t.Errorf("got %q", got)
	}
	if string(r.Files[0].Content) != "A: b\r\n\r\n.\r\n" {
		t.Errorf("content %q", r.Files[0].Content)
	}
}

func TestProbe(t *testing.T) {
	const s, c = dissect.ToClient, dissect.ToServer
	for _, p := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{c, "EHLO x\r\n", false, dissect.Yes},
		{c, "helo\r\n", false, dissect.Yes},
		{c, "MAIL FROM:<", false, dissect.Yes},
		{c, "EHL", false, dissect.More},
		{c, "EHLOX", false, dissect.No},
		{c, "QUIT\r\n", false, dissect.No},
		{c, "QUIT\r\n", true, dissect.Yes},
		{c, "USER x\r\n", true, dissect.No},
		{c, "\x16\x03\x01", true, dissect.No},
		{s, "220 mx ESMTP Postfix\r\n", false, dissect.Yes},
		{s, "220-mx smtp", false, dissect.Yes},
		{s, "220 (vsFTPd 3.0.3)\r\n", false, dissect.No},
		{s, "220 mail ready\r\n", true, dissect.Yes},
		{s, "220 mail rea", true, dissect.More},
		{s, "22", false, dissect.More},
		{s, "554 go away\r\n", true, dissect.Yes},
		{s, "554 go away\r\n", false, dissect.No},
		{s, "EHLO x\r\n", false, dissect.Reversed},
		{c, "220 mx ESMTP\r\n", false, dissect.Reversed},
		{c, "", false, dissect.More},
	} {
		if got := probe(p.dir, []byte(p.data), p.hint); got != p.want {
			t.Errorf("%s %q hint %v: got %d, want %d", p.dir, p.data, p.hint, got, p.want)
		}
	}
}

func TestEVEOptions(t *testing.T) {
	o := ParseOptions(map[string]string{"extended": "yes", "custom.0": "received", "custom.1": "Reply-To", "md5.0": "body", "md5.1": "subject"})
	r := dissecttest.New(NewSpec(o))
	r.Ctx.Limits.SMTP.BodyMD5 = "true"
	r.Ctx.Limits.Settings = map[string]string{"smtp.mime.log-url-scheme": "yes",
		"smtp.mime.extract-urls-schemes.0": "http", "smtp.mime.extract-urls-schemes.1": "https"}
	talk(r, hello+`C: MAIL FROM:<1>
S: 250 ok
C: DATA
S: 354 go
C: Received: one
C: Received: two
C: Reply-To: r@e
C: To: "x, y" <a@b>, c@d
C: Cc: 
C: Subject: s
C: 
C: https://a.example/ http://b.example/
C: .`, false)
	r.End(dissect.EndFIN)
	want := `{"smtp":{"helo":"client.example","mail_from":"<1>"},"email":{"status":"PARSE_DONE","to":["\"x, y\" <a@b>","c@d"],` +
		`"url":["https://a.example/","http://b.example/"],"reply_to":"r@e","subject":"s","received":["one","two"],` +
		`"subject_md5":"03c7c0ace395d80182db07ae2c30f034","body_md5":"f55716a401ebe0b4e0de6ba5e8f78b54"}}`
	if r.Records[0] != want {
		t.Errorf("got  %s\nwant %s", r.Records[0], want)
	}
}

// TestFrames wants the line of a command with its end and without, replies with theirs, and the data up to the dot.
func TestFrames(t *testing.T) {
	r := recorder("smtp.frame.command_line", "smtp.frame.response_line", "smtp.frame.data")
	r.Ctx.Limits.Frames = true
	talk(r, "S: 220 mx\nC: HELO a\nS: 250 ok\nC! NOOP\\n\nS: 250 ok\nC: DATA\nS: 354 go\nC: To: b\nC: .\nS: 250 ok", false)
	const want = `smtp.frame to_client smtp.frame.response_line="220 mx\r\n"
smtp.frame to_server smtp.frame.command_line="HELO a\r\n"
smtp.frame to_server smtp.frame.command_line="HELO a"
smtp.frame to_client smtp.frame.response_line="250 ok\r\n"
smtp.frame to_server smtp.frame.command_line="NOOP\n"
smtp.frame to_server smtp.frame.command_line="NOOP"
smtp.frame to_client smtp.frame.response_line="250 ok\r\n"
smtp.frame to_server smtp.frame.command_line="DATA\r\n"
smtp.frame to_server smtp.frame.command_line="DATA"
smtp.frame to_client smtp.frame.response_line="354 go\r\n"
smtp.frame to_server smtp.frame.data="To: b\r\n.\r\n"
smtp.frame to_client smtp.frame.response_line="250 ok\r\n"
`
	var b strings.Builder
	for line := range strings.Lines(r.End(dissect.EndFIN)) {
		if strings.HasPrefix(line, "smtp.frame ") && strings.Contains(line, "=") {
			b.WriteString(line)
		}
	}
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
