package smtp

import (
	"crypto/md5"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// Names of events, as the fields refer to them.
const (
	helo, mailFrom, rcptTo, email, body = "smtp.helo", "smtp.mail_from", "smtp.rcpt_to", "email", "email.body"
	cmdEvent, replyEvent, txEvent       = "smtp.command", "smtp.reply", "smtp.tx"
	begin                               = "smtp.begin"
)

// str, strs and num declare fields of a transaction.
var (
	str  = dissect.Str[Tx]
	strs = dissect.Strs[Tx]
	num  = dissect.Int[Tx]
)

func fields() []dissect.Field {
	fs := []dissect.Field{
		str("smtp.helo", helo, "name that the client gave with EHLO, HELO or LHLO", (*Tx).helo),
		str("smtp.tx.helo", begin, "the same name, asked for in each transaction: Suricata's smtp.helo", (*Tx).helo),
		str("smtp.mail_from", mailFrom, "envelope sender as sent, <a@b.example>; <> for bounces", (*Tx).mailFrom),
		strs("smtp.rcpt_to", rcptTo, "envelope recipients as sent, <a@b.example>", (*Tx).rcptTo).Growing(txEvent),
		num("smtp.rcpt_to.count", rcptTo, "number of envelope recipients", func(t *Tx) (int64, bool) { return int64(len(t.rcpt)), t.begun }).Growing(txEvent),
		str("smtp.banner", helo, "text of the server's greeting, without its code", func(t *Tx) []byte { return some(t.conn.banner) }),
		str("smtp.command.name", cmdEvent, "name of the command in upper case: MAIL, RCPT, VRFY", func(t *Tx) []byte { return some(t.conn.verb) }),
		str("smtp.command_line", cmdEvent, "the whole command line", func(t *Tx) []byte { return some(t.conn.line) }),
		num("smtp.reply.code", replyEvent, "code of the reply: 250, 354, 550", func(t *Tx) (int64, bool) { return t.conn.code, t.conn.code != 0 }),
		str("smtp.reply.text", replyEvent, "text of the reply, its lines joined with LF", func(t *Tx) []byte { return some(t.conn.reply) }),
		str("smtp.reply.command", replyEvent, `command that the reply answers: MAIL, RCPT, AUTH; "." for the end of a mail`,
			func(t *Tx) []byte { return some(t.conn.replyTo) }),
		str("smtp.auth.mechanism", replyEvent, "mechanism of the last AUTH: PLAIN, LOGIN, CRAM-MD5", func(t *Tx) []byte { return some(t.conn.mechanism) }),
		str("smtp.auth.user", replyEvent, "name of the last login attempt", func(t *Tx) []byte { return some(t.conn.user) }),
		num("smtp.auth.failures", replyEvent, "logins refused on this connection so far", func(t *Tx) (int64, bool) { return t.conn.failures, true }),
		dissect.Bool("smtp.starttls.offered", mailFrom, "the server offered STARTTLS", func(t *Tx) bool { return t.conn.starttls }),
	}
	return append(append(fs, headerFields()...), mailFields()...)
}

// headerFields are the header fields that have a name of their own.
func headerFields() []dissect.Field {
	var fs []dissect.Field
	for _, h := range []struct{ field, name, doc string }{
		{"email.from", "from", "author, as sent"},
		{"email.to", "to", "recipients, the whole header field"},
		{"email.cc", "cc", "recipients of copies, the whole header field"},
		{"email.bcc", "bcc", "hidden recipients, the whole header field"},
		{"email.subject", "subject", "subject, as sent"},
		{"email.date", "date", "date, as sent"},
		{"email.message_id", "message-id", "Message-ID"},
		{"email.reply_to", "reply-to", "where replies are to go"},
		{"email.sender", "sender", "who sent it for the author"},
		{"email.return_path", "return-path", "where bounces are to go"},
		{"email.x_mailer", "x-mailer", "program that wrote the mail (X-Mailer)"},
		{"email.user_agent", "user-agent", "program that wrote the mail (User-Agent)"},
		{"email.in_reply_to", "in-reply-to", "message that this one answers"},
		{"email.references", "references", "messages that this one belongs to"},
		{"email.x_originating_ip", "x-originating-ip", "address of the author's computer"},
		{"email.importance", "importance", "Importance"},
		{"email.priority", "priority", "Priority"},
		{"email.sensitivity", "sensitivity", "Sensitivity"},
		{"email.organization", "organization", "Organization"},
		{"email.content_type", "content-type", "type of the content, with its parameters"},
	} {
		fs = append(fs, str(h.field, email, h.doc, onMail(func(m *mime.Message) []byte { return m.Header(h.name) })))
	}
	return fs
}

func mailFields() []dissect.Field {
	return []dissect.Field{
		str("email.subject.text", email, "subject as text: encoded words (RFC 2047) decoded to UTF-8", onMail((*mime.Message).Subject)),
		str("email.from.text", email, "author as text: encoded words (RFC 2047) decoded to UTF-8", onMail((*mime.Message).From)),
		strs("email.received", email, "the Received header fields, the last hop first", onMails(func(m *mime.Message, i int) ([]byte, bool) { return m.HeaderN("received", i) })),
		strs("email.header", email, "values of all header fields, in order", onMails(func(m *mime.Message, i int) ([]byte, bool) {
			if i >= m.Headers() {
				return nil, false
			}
			return m.Value(i), true
		})),
		strs("email.header.name", email, "names of all header fields as sent, in order", onMails(func(m *mime.Message, i int) ([]byte, bool) {
			if i >= m.Headers() {
				return nil, false
			}
			return m.Name(i), true
		})),
		strs("email.url", body, "URLs of the schemes configured (http) in texts and attachments, without the scheme, the last one first", onMails((*mime.Message).URL)),
		strs("email.link", body, "http, https and ftp URLs in texts and attachments, whole", onMails((*mime.Message).Link)),
		strs("email.attachment", body, "names of attachments as sent; file.name.text has them with their encoded words decoded", onMails((*mime.Message).Attachment)),
		num("email.attachment.count", body, "number of named attachments", onMailInt(func(m *mime.Message) int64 { return int64(m.Attachments()) })),
		num("email.size", body, "length of the mail as carried", onMailInt(func(m *mime.Message) int64 { return int64(m.Size) })).Of(dissect.TSize),
		dissect.Bool("email.complete", body, "the end of the mail was seen", func(t *Tx) bool { return t.mail != nil && t.complete }),
		str("email.body_md5", body, "MD5 of the body as carried, in hexadecimal digits", onMail((*mime.Message).BodyMD5)).Digest(2 * md5.Size),
	}
}

func onMail(get func(*mime.Message) []byte) func(*Tx) []byte {
	return func(t *Tx) []byte {
		if t.mail == nil {
			return nil
		}
		return get(t.mail)
	}
}

func onMails(get func(m *mime.Message, i int) ([]byte, bool)) func(*Tx, int) ([]byte, bool) {
	return func(t *Tx, i int) ([]byte, bool) {
		if t.mail == nil {
			return nil, false
		}
		return get(t.mail, i)
	}
}

func onMailInt(get func(*mime.Message) int64) func(*Tx) (int64, bool) {
	return func(t *Tx) (int64, bool) {
		if t.mail == nil {
			return 0, false
		}
		return get(t.mail), true
	}
}
