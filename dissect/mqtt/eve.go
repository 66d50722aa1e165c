package mqtt

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say what the EVE records of MQTT hold.
type Options struct {
	Passwords bool // passwords of clients are logged
	Limit     int  // bytes of a text that are logged; of topics of a SUBSCRIBE or UNSUBSCRIBE, of all together
}

// defaultLimit is Options.Limit where nothing is set, bytes.
const defaultLimit = 1024

// DefaultOptions are Suricata's.
func DefaultOptions() Options { return Options{Passwords: true, Limit: defaultLimit} }

// ParseOptions reads the settings below outputs.eve-log.types.mqtt.
func ParseOptions(settings map[string]string) Options {
	o := DefaultOptions()
	if s, ok := settings["passwords"]; ok {
		o.Passwords = dissect.Truth(s)
	}
	o.Limit = dissect.Size(settings["string-log-limit"], o.Limit)
	return o
}

// write is the Spec's EVE function, with the members of Suricata's mqtt records.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("mqtt")
	var written uint16
	for i := range t.msgs {
		m := &t.msgs[i]
		if m.typ == tUnassigned || written&(1<<m.typ) != 0 {
			continue
		}
		written |= 1 << m.typ
		w.Open(members[m.typ])
		o.message(w, m)
		w.End()
	}
	w.End()
}

func number[T byte | uint16 | int](w *jsonw.Writer, key string, n T) {
	w.Key(key)
	w.Uint(uint64(n))
}

func truth(w *jsonw.Writer, key string, v bool) {
	w.Key(key)
	w.Bool(v)
}

func (o Options) text(w *jsonw.Writer, key string, m *Message, s span) {
	if s.there {
		w.Key(key)
		w.Limited(m.at(s), int(s.n), o.Limit)
	}
}

func (o Options) message(w *jsonw.Writer, m *Message) {
	number(w, "qos", m.qos())
	truth(w, "retain", m.retain())
	truth(w, "dup", m.dup())
	if m.truncated {
		truth(w, "truncated", true)
		number(w, "skipped_length", m.head+m.n)
		return
	}
	switch m.typ {
	case tConnect:
		o.connect(w, m)
	case tConnack:
		truth(w, "session_present", m.present)
		number(w, "return_code", m.code)
		o.writeProperties(w, m, m.props)
	case tPublish:
		o.text(w, "topic", m, m.topic)
		if m.hasID {
			number(w, "message_id", m.id)
		}
		o.text(w, "message", m, m.payload)
		o.writeProperties(w, m, m.props)
	case tSubscribe, tUnsubscribe:
		number(w, "message_id", m.id)
		o.topics(w, m)
		if m.typ == tSubscribe {
			o.writeProperties(w, m, m.props)
		}
	case tSuback:
		number(w, "message_id", m.id)
		codes(w, "qos_granted", m)
	case tUnsuback:
		number(w, "message_id", m.id)
		if m.codes.n > 0 {
			codes(w, "reason_codes", m)
		}
	case tPuback, tPubrec, tPubrel, tPubcomp, tDisconnect, tAuth:
		if m.hasID {
			number(w, "message_id", m.id)
		}
		switch {
		case m.typ == tDisconnect && m.n == 1: // a code without properties: Suricata's records have 0, whatever it is
			number(w, "reason_code", 0)
		case m.hasCode:
			number(w, "reason_code", m.code)
		}
		o.writeProperties(w, m, m.props)
	}
}

func (o Options) connect(w *jsonw.Writer, m *Message) {
	o.text(w, "protocol_string", m, m.proto)
	number(w, "protocol_version", m.version)
	o.text(w, "client_id", m, m.clientID)
	w.Open("flags")
	truth(w, "username", m.connect&hasUser != 0)
	truth(w, "password", m.connect&hasPassword != 0)
	truth(w, "will_retain", m.connect&willRetain != 0)
	truth(w, "will", m.connect&willFlag != 0)
	truth(w, "clean_session", m.connect&cleanSession != 0)
	w.End()
	o.text(w, "username", m, m.user)
	if o.Passwords {
		o.text(w, "password", m, m.pass)
	}
	if m.connect&willFlag != 0 {
		w.Open("will")
		o.text(w, "topic", m, m.willTopic)
		o.text(w, "message", m, m.will)
		o.writeProperties(w, m, m.willProps)
		w.End()
	}
	o.writeProperties(w, m, m.props)
}

// topics writes topics up to the limit together, so that many short ones fill the log no more than a long one.
func (o Options) topics(w *jsonw.Writer, m *Message) {
	w.OpenArray("topics")
	left := o.Limit
	for _, t := range m.topics {
		if left <= 0 {
			break
		}
		name := m.at(t.name)
		if m.typ == tSubscribe {
			w.Object()
			w.Key("topic")
			w.Limited(name, int(t.name.n), left)
			number(w, "qos", t.qos)
			w.End()
		} else {
			w.Limited(name, int(t.name.n), left)
		}
		left -= len(name)
	}
	w.EndArray()
}

// maxCodes is how many codes of a SUBACK or UNSUBACK are logged.
const maxCodes = 1024

func codes(w *jsonw.Writer, key string, m *Message) {
	w.OpenArray(key)
	for i, c := range m.at(m.codes) {
		if i == maxCodes {
			break
		}
		w.Uint(uint64(c))
	}
	w.EndArray()
}
