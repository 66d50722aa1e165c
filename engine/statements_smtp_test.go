package engine

import "testing"

// TestStatementsSMTP is the pages of SMTP and email keywords.
func TestStatementsSMTP(t *testing.T) {
	talk := segments(
		"<220 mx ESMTP\r\n",
		">EHLO localhost\r\n",
		"<250 ok\r\n",
		">MAIL FROM:<spam@x> SIZE=10\r\n",
		"<250 ok\r\n",
		">RCPT TO:<sensitive@target>\r\n",
		"<250 ok\r\n",
		">RCPT TO:<other@target> NOTIFY=x\r\n",
		"<250 ok\r\n",
		">DATA\r\n",
		"<354 go ahead\r\n",
		">From: toto <toto@gmail.com>\r\nTo: 172.16.92.2@linuxbox\r\nCc: Emily <emily.roberts@example.com>, Ava <ava.johnson@example.com>\r\n"+
			"Subject: This is a test email\r\nDate: Fri, 21 Apr 2023 05:10:36 +0000\r\nMessage-Id: <alpine@x>\r\n"+
			"X-Mailer: Microsoft Office Outlook, Build 11.0.5510\r\nReceived: from a\r\n by b; Mon\r\nReceived: from c by d\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/mixed; boundary=\"BB\"\r\n\r\n--BB\r\nContent-Type: text/plain\r\n\r\n"+
			"see http://Test-Site.org/blah/123/ and HTTP://second.example/x\r\n--BB\r\nContent-Type: application/octet-stream; name=\"winmail.dat\"\r\n"+
			"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"winmail.dat\"\r\n\r\naGVsbG8gd29ybGQ=\r\n--BB\r\n"+
			"Content-Type: text/x; name=two.TXT\r\nContent-Disposition: attachment; filename=two.TXT\r\n\r\nplain text file\r\n--BB--\r\n.\r\n",
		"<250 ok\r\n",
		">MAIL FROM:<two@x>\r\n",
		"<250 ok\r\n",
		">RCPT TO:<b@c>\r\n",
		"<250 ok\r\n",
		">DATA\r\n",
		"<354 go ahead\r\n",
		">Subject: second\r\n\r\nbody\r\n.\r\n",
		"<250 ok\r\n",
		">QUIT\r\n",
		"<221 bye\r\n",
	)
	statements(t, "smtp", talk, []statement{
		{`smtp.helo; content:"localhost"; bsize:9;`, "5 17 25"},
		{`smtp.helo; content:"localhost"; smtp.mail_from; content:"spam";`, "7"},
		{`smtp.mail_from; content:"<spam@x>"; bsize:8;`, "7"},
		{`smtp.mail_from; content:"two";`, "17"},
		{`smtp.rcpt_to; content:"<sensitive@target>"; bsize:18;`, "15"},
		{`smtp.rcpt_to; content:"other"; smtp.rcpt_to; content:"sensitive";`, "11"},
		{`smtp.rcpt_to; content:"other"; content:"sensitive";`, ""},
		{`smtp.rcpt_to; content:"@";`, "9 19"},
		{`smtp.rcpt_to; content:"<other@target>"; bsize:14;`, "15"},
		{`email.from; content:"toto <toto@gmail.com>"; bsize:21;`, "15"},
		{`email.from; content:"TOTO";`, ""},
		{`email.from; content:"TOTO"; nocase;`, "15"},
		{`email.to; content:"172.16.92.2@linuxbox"; bsize:20;`, "15"},
		{`email.cc; content:"Emily <emily.roberts@example.com>, Ava <ava.johnson@example.com>"; bsize:64;`, "15"},
		{`email.subject; content:"This is a test email"; bsize:20;`, "15"},
		{`email.subject; content:"second";`, "23"},
		{`email.date; content:"Fri, 21 Apr 2023 05:10:36 +0000"; bsize:31;`, "15"},
		{`email.message_id; content:"<alpine@x>"; bsize:10;`, "15"},
		{`email.x_mailer; content:"Microsoft Office Outlook, Build 11.0.5510"; bsize:41;`, "15"},
		{`email.url; content:"test-site.org/blah/123/"; nocase;`, "15"},
		{`email.url; content:"test-site.org/blah/123/"; bsize:23;`, ""},
		{`email.url; content:"Test-Site.org/blah/123/";`, "15"},
		{`email.url; content:"second.example/x"; email.url; content:"test-site.org";`, ""},
		{`email.received; content:"from a by b|3b| Mon"; bsize:16;`, ""},
		{`email.received; content:"from c"; email.received; content:"from a";`, "15"},
		{`email.received; content:"from c"; content:"from a";`, ""},
		{`file.name; content:"winmail.dat"; bsize:11;`, "15"},
		{`file.data; content:"hello world"; bsize:11;`, "15"},
		{`file.data; content:"plain text file"; bsize:15;`, "15"},
		{`filename:"WINMAIL";`, "15"},
		{`fileext:"txt";`, "15"},
		{`file.name; content:"winmail.dat"; email.from; content:"toto";`, "15"},
		{`filesize:11;`, "15"},
		{`file.data; content:"hello"; file.name; content:"two";`, ""},
		{`frame:smtp.command_line; content:"MAIL|20|FROM:"; startswith;`, "7 7 17 17"},
		{`frame:smtp.response_line; content:"354 go ahead"; startswith;`, "14 22"},
		{`frame:smtp.data; content:"From:"; startswith; content:"Subject"; distance:0;`, "15"},
		{`frame:smtp.stream; content:"DATA|0d 0a|From";`, "15"},
		{`flow:to_client; frame:smtp.stream; content:"250 ok|0d 0a|354 go ahead";`, "14 22"},
		{`flow:to_client; smtp.helo; content:"x";`, "!"},
		{`flow:to_client; email.from; content:"x";`, "!"},
		{`email.from:"x";`, "!"},
		{`email.bcc; absent; email.subject; content:"second";`, "23"},
		{`smtp.helo; content:"LOCALHOST"; nocase;`, "5 17 25"},
		{`smtp.mail_from; absent;`, ""},
		{`email.cc; absent; email.subject; content:"second";`, "23"},
	})
	statements(t, "http", talk, []statement{
		{`smtp.helo; content:"x";`, "!"},
	})
	statements(t, "tcp", talk, []statement{
		{`smtp.helo; content:"localhost";`, "5 17 25"},
		{`email.subject; content:"second";`, "23"},
	})
}
