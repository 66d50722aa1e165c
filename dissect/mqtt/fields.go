package mqtt

import "github.com/luanids/luanids/dissect"

// str declares a text field, num a number of a transaction.
var (
	str = dissect.Str[Tx]
	num = dissect.Int[Tx]
)

// text gives a value of the transaction's message of a type.
func text(typ byte, get func(m *Message) span) func(t *Tx) []byte {
	return func(t *Tx) []byte {
		if m := t.of(typ); m != nil {
			return present(m.at(get(m)))
		}
		return nil
	}
}

// present makes an empty text an absent one, as Suricata's buffers are.
func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// value gives a number of the transaction's message of a type.
func value(typ byte, get func(m *Message) int64) func(t *Tx) (int64, bool) {
	return func(t *Tx) (int64, bool) {
		if m := t.of(typ); m != nil {
			return get(m), true
		}
		return 0, false
	}
}

// topics gives the topics of a SUBSCRIBE or UNSUBSCRIBE.
func topics(typ byte) func(t *Tx, i int) ([]byte, bool) {
	return func(t *Tx, i int) ([]byte, bool) {
		limit := t.topics[0]
		if typ == tUnsubscribe {
			limit = t.topics[1]
		}
		if m := t.of(typ); m != nil && i < min(len(m.topics), limit) {
			return m.at(m.topics[i].name), true
		}
		return nil, false
	}
}

// ofFirst gives a property of the first message.
func ofFirst(id int) func(t *Tx) []byte {
	return func(t *Tx) []byte {
		if m := t.first(); m != nil {
			return m.property(id)
		}
		return nil
	}
}

// each gives a number of each message.
func each(name, doc string, get func(m *Message) int64) dissect.Field {
	return dissect.Ints(name, message, doc, func(t *Tx, i int) (int64, bool) {
		if i < len(t.msgs) {
			return get(&t.msgs[i]), true
		}
		return 0, false
	})
}

// reason gives the i-th of all reason codes.
func (t *Tx) reason(i int) (int64, bool) {
	for j := range t.msgs {
		m := &t.msgs[j]
		list := m.at(m.codes)
		switch {
		case m.hasCode && i == 0:
			return int64(m.code), true
		case i < len(list):
			return int64(list[i]), true
		case m.hasCode:
			i--
		}
		i -= len(list)
	}
	return 0, false
}

// identifier gives the packet identifier of the first message.
func (t *Tx) identifier() (int64, bool) {
	if m := t.first(); m != nil && m.hasID {
		return int64(m.id), true
	}
	return 0, false
}

func fields() []dissect.Field {
	return append([]dissect.Field{
		dissect.Strs("mqtt.type", message, "types of the control packets so far: CONNECT, CONNACK", func(t *Tx, i int) ([]byte, bool) {
			if i < len(t.msgs) {
				return dissect.Text(Types[t.msgs[i].typ]), true
			}
			return nil, false
		}).OneOf(Types[:]...),
		each("mqtt.qos", "quality of service of the control packets so far, 0 to 2", func(m *Message) int64 { return int64(m.qos()) }).Bits(2),
		each("mqtt.flags", "flags of the control packets so far: 1 retain, 8 dup", func(m *Message) int64 { return int64(m.flags & 9) }).Bits(4),
		num("mqtt.protocol_version", message, "version of the connection: 3 (3.1), 4 (3.1.1), 5; 0 where its CONNECT was not seen", func(t *Tx) (int64, bool) { return int64(t.version), true }).Bits(8),
		dissect.Ints("mqtt.reason_code", message, "reason codes of all answers so far, also of a SUBACK or UNSUBACK (MQTT 5.0 section 2.4)", (*Tx).reason).Bits(8),
		num("mqtt.message_id", message, "packet identifier", (*Tx).identifier).Bits(16),
		dissect.Strs("mqtt.user_property.name", message, "names of the first packet's user properties (MQTT 5.0)", func(t *Tx, i int) ([]byte, bool) {
			if m := t.first(); m != nil {
				k, _, ok := m.pair(i)
				return k, ok
			}
			return nil, false
		}),
		dissect.Strs("mqtt.user_property.value", message, "values of the first packet's user properties (MQTT 5.0)", func(t *Tx, i int) ([]byte, bool) {
			if m := t.first(); m != nil {
				_, v, ok := m.pair(i)
				return v, ok
			}
			return nil, false
		}),
		num("mqtt.connack.return_code", message, "how the server answered a CONNECT, 0: accepted", value(tConnack, func(m *Message) int64 { return int64(m.code) })).Bits(8),
		dissect.Field{Name: "mqtt.connack.session_present", Type: dissect.TBool, Event: message, Doc: "the server kept a session of the client", Int: func(e *dissect.Env) (int64, bool) {
			if t, ok := e.Tx.(*Tx); ok {
				return sessionPresent(t)
			}
			return 0, false
		}},
		str("mqtt.publish.topic", message, "topic of a PUBLISH", text(tPublish, func(m *Message) span { return m.topic })),
		dissect.Bin("mqtt.publish.message", message, "what is published", text(tPublish, func(m *Message) span { return m.payload })),
		str("mqtt.publish.content_type", message, "kind of what is published (MQTT 5.0)", ofFirst(propContentType)),
		str("mqtt.publish.response_topic", message, "topic for an answer (MQTT 5.0)", ofFirst(propResponseTopic)),
		dissect.Strs("mqtt.subscribe.topic", message, "topics of a SUBSCRIBE, perhaps with wildcards", topics(tSubscribe)),
		dissect.Strs("mqtt.unsubscribe.topic", message, "topics of an UNSUBSCRIBE", topics(tUnsubscribe)),
	}, connectFields()...)
}

var sessionPresent = value(tConnack, func(m *Message) int64 {
	if m.present {
		return 1
	}
	return 0
})

func connectFields() []dissect.Field {
	return []dissect.Field{
		str("mqtt.connect.clientid", message, "name of the client", text(tConnect, func(m *Message) span { return m.clientID })),
		str("mqtt.connect.username", message, "user name of a CONNECT", text(tConnect, func(m *Message) span { return m.user })),
		dissect.Bin("mqtt.connect.password", message, "password of a CONNECT", text(tConnect, func(m *Message) span { return m.pass })),
		str("mqtt.connect.willtopic", message, "topic of the last will", text(tConnect, func(m *Message) span { return m.willTopic })),
		dissect.Bin("mqtt.connect.willmessage", message, "what is published as last will", text(tConnect, func(m *Message) span { return m.will })),
		str("mqtt.connect.protocol_string", message, "name of the protocol: MQTT, MQIsdp", text(tConnect, func(m *Message) span { return m.proto })),
		num("mqtt.connect.flags", message, "flags of a CONNECT: 2 clean session, 4 will, 24 its quality of service, 32 will retain, 64 password, 128 user name",
			value(tConnect, func(m *Message) int64 { return int64(m.connect) })).Bits(8),
		num("mqtt.connect.keepalive", message, "longest silence of the client, seconds", value(tConnect, func(m *Message) int64 { return int64(m.keepalive) })).Bits(16),
		str("mqtt.connect.authentication_method", message, "extended authentication that the client asks for (MQTT 5.0)", ofFirst(propAuthMethod)),
	}
}
