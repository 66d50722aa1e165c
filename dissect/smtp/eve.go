package smtp

import (
	"bytes"
	"crypto/md5"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/mime"
)

// Options say how EVE records of mails are written: what stands below
// outputs.eve-log.types.smtp in a configuration.
type Options struct {
	Extended bool // bcc, message_id, subject, x_mailer, user_agent
	// Custom are further header fields to log, by their name in the mail: "reply-to", "received".
	Custom              map[string]bool
	SubjectMD5, BodyMD5 bool
}

// DefaultOptions logs the envelope and the header fields that Suricata logs always.
func DefaultOptions() Options { return Options{} }

// ParseOptions reads settings by their name below outputs.eve-log.types.smtp: extended, custom.N,
// md5.N (subject, body). Unknown ones are ignored.
func ParseOptions(settings map[string]string) Options {
	o := Options{Extended: truth(settings["extended"])}
	for _, v := range listSetting(settings, "custom") {
		if o.Custom == nil {
			o.Custom = map[string]bool{}
		}
		o.Custom[strings.ReplaceAll(strings.ToLower(v), "_", "-")] = true
	}
	for _, v := range listSetting(settings, "md5") {
		o.SubjectMD5 = o.SubjectMD5 || v == "subject"
		o.BodyMD5 = o.BodyMD5 || v == "body"
	}
	return o
}

// headerKind says how a header field is written.
type headerKind uint8

const (
	oneValue headerKind = iota
	allValues
	commaList
)

// loggable are the header fields that can be logged on demand.
var loggable = []struct {
	key, name string
	kind      headerKind
	extended  bool
}{
	{"reply_to", "reply-to", oneValue, false},
	{"bcc", "bcc", commaList, true},
	{"message_id", "message-id", oneValue, true},
	{"subject", "subject", oneValue, true},
	{"x_mailer", "x-mailer", oneValue, true},
	{"user_agent", "user-agent", oneValue, true},
	{"received", "received", allValues, false},
	{"x_originating_ip", "x-originating-ip", oneValue, false},
	{"in_reply_to", "in-reply-to", oneValue, false},
	{"references", "references", oneValue, false},
	{"importance", "importance", oneValue, false},
	{"priority", "priority", oneValue, false},
	{"sensitivity", "sensitivity", oneValue, false},
	{"organization", "organization", oneValue, false},
	{"content_md5", "content-md5", oneValue, false},
	{"date", "date", oneValue, false},
}

// write is the Spec's EVE function.
func (o *Options) write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("smtp")
	if v := t.helo(); v != nil {
		w.Key("helo")
		w.Bytes(v)
	}
	if v := t.mailFrom(); v != nil {
		w.Key("mail_from")
		w.Bytes(v)
	}
	if len(t.rcpt) > 0 {
		w.OpenArray("rcpt_to")
		for _, s := range t.rcpt {
			w.Bytes(t.at(s))
		}
		w.EndArray()
	}
	w.End()
	o.Email(w, t)
}

// Email writes the object of the transaction's mail, if it has one; other protocols may carry such mails as well.
func (o *Options) Email(w *jsonw.Writer, t *Tx) {
	m := t.mail
	if m == nil {
		return
	}
	w.Open("email")
	w.Key("status")
	w.Str("PARSE_DONE")
	one(w, m, "from", "from")
	list(w, m, "to", "to")
	list(w, m, "cc", "cc")
	many(w, "attachment", m.Attachment)
	many(w, "url", m.URL)
	for i := range loggable {
		f := &loggable[i]
		if !(f.extended && o.Extended) && !o.Custom[f.name] {
			continue
		}
		switch f.kind {
		case oneValue:
			one(w, m, f.key, f.name)
		case commaList:
			list(w, m, f.key, f.name)
		case allValues:
			many(w, f.key, func(i int) ([]byte, bool) { return m.HeaderN(f.name, i) })
		}
	}
	if v := m.Header("subject"); o.SubjectMD5 && v != nil {
		sum := md5.Sum(v)
		w.Key("subject_md5")
		w.Hex(sum[:])
	}
	if v := m.BodyMD5(); o.BodyMD5 && v != nil {
		w.Key("body_md5")
		w.Bytes(v)
	}
	w.End()
}

func one(w *jsonw.Writer, m *mime.Message, key, name string) {
	if v := m.Header(name); v != nil {
		w.Key(key)
		w.Bytes(v)
	}
}

// many writes the values that get gives as an array, nothing when there is none.
func many(w *jsonw.Writer, key string, get func(i int) ([]byte, bool)) {
	v, ok := get(0)
	if !ok {
		return
	}
	w.OpenArray(key)
	for i := 1; ok; i++ {
		w.Bytes(v)
		v, ok = get(i)
	}
	w.EndArray()
}

// list writes the addresses of a header field as an array.
func list(w *jsonw.Writer, m *mime.Message, key, name string) {
	rest, open := m.Header(name), false
	for len(rest) > 0 {
		var a []byte
		if a, rest = address(rest); len(a) == 0 {
			continue
		}
		if !open {
			w.OpenArray(key)
			open = true
		}
		w.Bytes(a)
	}
	if open {
		w.EndArray()
	}
}

// address takes one address of a list: a comma within quotes is part of it.
func address(b []byte) (a, rest []byte) {
	quoted := false
	end := len(b)
	for i, c := range b {
		if c == '"' {
			quoted = !quoted
		}
		if c == ',' && !quoted {
			end = i
			break
		}
	}
	return bytes.TrimLeft(b[:end], " \t"), b[min(end+1, len(b)):]
}
