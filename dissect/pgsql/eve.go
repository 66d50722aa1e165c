package pgsql

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say what the EVE records of PostgreSQL hold.
type Options struct {
	Passwords bool // passwords are logged
}

// ParseOptions reads the settings below outputs.eve-log.types.pgsql.
func ParseOptions(settings map[string]string) Options {
	return Options{Passwords: dissect.Truth(settings["passwords"])}
}

// write is the Spec's EVE function, with the members of Suricata's pgsql records.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("pgsql")
	w.Key("tx_id")
	w.Uint(t.id + 1)
	if t.kind != kNone {
		w.Open("request")
		o.request(w, t)
		w.End()
	}
	if t.answered {
		w.Open("response")
		t.writeResponse(w)
		w.End()
	}
	w.End()
}

func number[N int | uint32 | uint64](w *jsonw.Writer, key string, n N) {
	w.Key(key)
	w.Uint(uint64(n))
}

func (t *Tx) text(w *jsonw.Writer, key string, s span) {
	if s.there {
		w.Key(key)
		w.Bytes(t.at(s))
	}
}

func str(w *jsonw.Writer, key, s string) {
	w.Key(key)
	w.Str(s)
}

func (o Options) request(w *jsonw.Writer, t *Tx) {
	switch t.kind {
	case kSSL:
		str(w, "message", "SSL Request")
	case kGSS:
		str(w, "message", "GSSENC Request")
	case kStartup:
		w.Key("protocol_version")
		var b [12]byte
		w.Bytes(strconv.AppendUint(append(strconv.AppendUint(b[:0], uint64(t.major), 10), '.'), uint64(t.minor), 10))
		w.Open("startup_parameters")
		t.startup(w)
		w.End()
	case kPassword:
		if o.Passwords {
			t.text(w, "password", t.secret)
		} else {
			w.Key("password_redacted")
			w.Bool(true)
		}
	case kSASL:
		mechanism := t.at(t.mechanism)
		switch string(mechanism) {
		case "SCRAM-SHA-256":
			str(w, "sasl_authentication_mechanism", "scram_SHA256")
		case "SCRAM-SHA-256-PLUS":
			str(w, "sasl_authentication_mechanism", "scram_SHA256_plus")
		default:
			t.text(w, "sasl_authentication_mechanism", t.mechanism)
		}
		t.text(w, "sasl_param", t.secret)
	case kSASLNext:
		t.text(w, "sasl_response", t.secret)
	case kQuery:
		t.query(w)
	case kExtended:
		str(w, "message", kindNames[t.kind])
		t.query(w)
	case kCopy:
		if t.copyEnd != "" {
			str(w, "message", t.copyEnd)
		}
		w.Open("copy_data_in")
		number(w, "msg_count", t.copied.messages)
		number(w, "data_size", t.copied.bytes)
		w.End()
	case kCancel:
		str(w, "message", kindNames[t.kind])
		number(w, "process_id", t.pid)
		number(w, "secret_key", t.key)
	case kTerminate, kGSSNext:
		str(w, "message", kindNames[t.kind])
	}
}

// query writes the text of the query; of several, one a line.
func (t *Tx) query(w *jsonw.Writer) {
	switch len(t.queries) {
	case 0:
		return
	case 1:
		t.text(w, "simple_query", t.queries[0])
		return
	}
	all := make([]byte, 0, len(t.buf)+len(t.queries))
	for i, q := range t.queries {
		if i > 0 {
			all = append(all, '\n')
		}
		all = append(all, t.at(q)...)
	}
	w.Key("simple_query")
	w.Bytes(all)
}

func (t *Tx) startup(w *jsonw.Writer) {
	others := 0
	for _, p := range t.params {
		if string(t.at(p.name)) != "user" {
			others++
		}
	}
	w.Key("user")
	w.Bytes(t.param("user"))
	if others == 0 {
		return
	}
	w.OpenArray("optional_parameters")
	for _, p := range t.params {
		if string(t.at(p.name)) != "user" {
			t.writeParam(w, p)
		}
	}
	w.EndArray()
}

// writeParam writes a parameter as an object, by Suricata's names.
func (t *Tx) writeParam(w *jsonw.Writer, p param) {
	w.Object()
	name := t.at(p.name)
	switch string(name) {
	case "DateStyle":
		w.Key("date_style")
	case "IntervalStyle":
		w.Key("interval_style")
	case "TimeZone":
		w.Key("time_zone")
	default:
		if !utf8.Valid(name) {
			w.Key("unknown_parameter")
			break
		}
		w.KeyBytes(name)
	}
	w.Bytes(t.at(p.value))
	w.End()
}

func (t *Tx) writeResponse(w *jsonw.Writer) {
	if t.ssl != 0 {
		w.Key("ssl_accepted")
		w.Bool(t.ssl > 0)
	}
	if t.message != "" && !t.errs[errMessage].there {
		str(w, "message", t.message)
	}
	t.text(w, "authentication_md5_password", t.salt)
	t.text(w, "authentication_sasl_final", t.final)
	if len(t.status) > 0 {
		w.OpenArray("parameter_status")
		for _, p := range t.status {
			t.writeParam(w, p)
		}
		w.EndArray()
	}
	if t.notified {
		number(w, "pid", t.notifier)
		t.text(w, "channel_name", t.channel)
		t.text(w, "payload", t.payload)
	}
	if t.hasKey {
		number(w, "process_id", t.bPid)
		if k := t.at(t.bKey); len(k) == 4 { // protocol 3.2 has longer ones
			number(w, "secret_key", binary.BigEndian.Uint32(k))
		}
	}
	if t.fields >= 0 {
		number(w, "field_count", t.fields)
	}
	if t.rows > 0 {
		number(w, "data_rows", t.rows)
		number(w, "data_size", t.rowBytes)
	}
	for _, c := range [...]struct {
		key string
		n   int
	}{{"copy_in_response", t.copyIn}, {"copy_out_response", t.copyOut}} {
		if c.n >= 0 {
			w.Open(c.key)
			number(w, "columns", c.n)
			w.End()
		}
	}
	if t.out.messages > 0 {
		w.Open("copy_data_out")
		number(w, "row_count", t.out.messages)
		number(w, "data_size", t.out.bytes)
		w.End()
	}
	t.text(w, "command_completed", t.command)
	for i, s := range t.errs {
		t.text(w, errNames[i], s)
	}
}
