package pop3

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// arg gives the first argument of one of two commands.
func (t *Tx) arg(a, b string) []byte {
	if len(t.args) > 0 && (t.is(a) || t.is(b)) {
		return t.at(t.args[0])
	}
	return nil
}

// each gives the texts of a list.
func (t *Tx) each(list []span, i int) ([]byte, bool) {
	if i < len(list) {
		return t.at(list[i]), true
	}
	return nil, false
}

func fields() []dissect.Field {
	str := dissect.Str[Tx]
	return []dissect.Field{
		str("pop3.command", request, "command in upper case: USER, RETR; <SASL DATA> for a line of a login", (*Tx).command),
		dissect.Strs("pop3.args", request, "arguments of the command", func(t *Tx, i int) ([]byte, bool) { return t.each(t.args, i) }),
		str("pop3.user", request, "name of a login (USER, APOP)", func(t *Tx) []byte { return t.arg("USER", "APOP") }),
		str("pop3.password", request, "password of a login in the clear (PASS), up to its first blank", func(t *Tx) []byte { return t.arg("PASS", "") }),
		str("pop3.status", txEvent, "what the server says", func(t *Tx) []byte { return dissect.Text(t.status()) }).OneOf("OK", "ERR"),
		str("pop3.header", txEvent, "first line of the response behind its status", func(t *Tx) []byte { return t.at(t.header) }),
		dissect.Strs("pop3.data", txEvent, "further lines of the response, those of mails aside", func(t *Tx, i int) ([]byte, bool) { return t.each(t.lines, i) }),
		dissect.Int("pop3.data_size", txEvent, "bytes of the response behind its first line, of a mail too", func(t *Tx) (int64, bool) {
			return int64(t.size), t.answered
		}).Of(dissect.TSize),
	}
}

// status is the response's, "" without one.
func (t *Tx) status() string {
	switch {
	case !t.answered:
		return ""
	case t.ok:
		return "OK"
	}
	return "ERR"
}

// write is the Spec's EVE function, with the members of Suricata's pop3 records.
func write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := dissect.MessageOf[Tx](e)
	if !ok {
		return
	}
	w.Open("pop3")
	if t.asked {
		w.Open("request")
		w.Key("command")
		w.Bytes(t.command())
		t.list(w, "args", t.args)
		w.End()
	}
	if t.answered {
		w.Open("response")
		w.Key("success")
		w.Bool(t.ok)
		w.Key("status")
		w.Str(t.status())
		w.Key("header")
		w.Bytes(t.at(t.header))
		t.list(w, "data", t.lines)
		w.End()
	}
	w.End()
}

func (t *Tx) list(w *jsonw.Writer, key string, list []span) {
	w.OpenArray(key)
	for _, s := range list {
		w.Bytes(t.at(s))
	}
	w.EndArray()
}
