package mqtt

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// form is how a property's value is written.
type form uint8

const (
	fNone form = iota
	fByte
	fShort
	fLong
	fVarint
	fText
	fData
	fPair
)

// known are the properties by identifier (MQTT 5.0 section 2.2.2.2).
var known = [43]struct {
	name string
	form form
}{
	1: {"payload_format_indicator", fByte}, 2: {"message_expiry_interval", fLong}, 3: {"content_type", fText},
	8: {"response_topic", fText}, 9: {"correlation_data", fData}, 11: {"subscription_identifier", fVarint},
	17: {"session_expiry_interval", fLong}, 18: {"assigned_client_identifier", fText}, 19: {"server_keep_alive", fShort},
	21: {"authentication_method", fText}, 22: {"authentication_data", fData}, 23: {"request_problem_information", fByte},
	24: {"will_delay_interval", fLong}, 25: {"request_response_information", fByte}, 26: {"response_information", fText},
	28: {"server_reference", fText}, 31: {"reason_string", fText}, 33: {"receive_maximum", fShort},
	34: {"topic_alias_maximum", fShort}, 35: {"topic_alias", fShort}, 36: {"maximum_qos", fByte}, 37: {"retain_available", fByte},
	38: {"user_property", fPair}, 39: {"maximum_packet_size", fLong}, 40: {"wildcard_subscription_available", fByte},
	41: {"subscription_identifier_available", fByte}, 42: {"shared_subscription_available", fByte},
}

const (
	propContentType   = 3
	propResponseTopic = 8
	propAuthMethod    = 21
)

// property is one of them; which of the values counts follows from the form.
type property struct {
	id        int
	form      form
	n         uint32
	key, text span
}

// next reads a property. Of one that is not known the identifier alone is taken, as Suricata does.
func (r *reader) next() (p property) {
	p.id = r.varint()
	if p.id < len(known) {
		p.form = known[p.id].form
	}
	switch p.form {
	case fByte:
		p.n = uint32(r.u8())
	case fShort:
		p.n = uint32(r.u16())
	case fLong:
		p.n = r.u32()
	case fVarint:
		p.n = uint32(r.varint())
	case fText, fData:
		p.text = r.data()
	case fPair:
		p.key, p.text = r.data(), r.data()
	}
	return p
}

// properties passes over the properties of a message that has them, and notes where they are; it is absent where there are none.
func properties(r *reader, there bool) span {
	if !there {
		return span{}
	}
	s := r.take(r.varint())
	if !r.ok || s.n == 0 {
		return span{}
	}
	in := reader{b: r.b[:r.off], off: int(s.off), ok: true}
	for in.ok && in.left() > 0 {
		in.next()
	}
	r.ok = in.ok
	return s
}

// each reads the properties in s until f returns false.
func (m *Message) each(s span, f func(p property) bool) {
	if !s.there {
		return
	}
	r := reader{b: m.body[:min(len(m.body), int(s.off+s.n))], off: int(s.off), ok: true}
	for r.ok && r.left() > 0 {
		if p := r.next(); r.ok && !f(p) {
			return
		}
	}
}

// property gives the text of the first property with the number id, nil without one.
func (m *Message) property(id int) (v []byte) {
	m.each(m.props, func(p property) bool {
		if p.id == id {
			v = m.at(p.text)
		}
		return p.id != id
	})
	return v
}

// pair gives the i-th user property. Going through them in order is cheap: where the last one was found is remembered.
func (m *Message) pair(i int) (key, value []byte, ok bool) {
	if !m.props.there {
		return nil, nil, false
	}
	r := reader{b: m.body[:min(len(m.body), int(m.props.off+m.props.n))], off: int(m.props.off), ok: true}
	n := 0
	if m.pairOff > 0 && m.pairAt <= i {
		n, r.off = m.pairAt, m.pairOff
	}
	for r.left() > 0 {
		off := r.off
		p := r.next()
		switch {
		case !r.ok:
			return nil, nil, false
		case p.form != fPair:
		case n == i:
			m.pairAt, m.pairOff = i, off
			return m.at(p.key), m.at(p.text), true
		default:
			n++
		}
	}
	return nil, nil, false
}

// writeProperties writes the properties in s as Suricata does: each by its name, those of the user by the names they gave.
func (o Options) writeProperties(w *jsonw.Writer, m *Message, s span) {
	if !s.there {
		return
	}
	w.Open("properties")
	m.each(s, func(p property) bool {
		switch p.form {
		case fNone:
		case fPair:
			w.KeyBytes(dissect.ValidText(m.at(p.key)))
			w.Limited(m.at(p.text), int(p.text.n), o.Limit)
		case fText, fData:
			w.Key(known[p.id].name)
			w.Limited(m.at(p.text), int(p.text.n), o.Limit)
		default:
			w.Key(known[p.id].name)
			w.Uint(uint64(p.n))
		}
		return true
	})
	w.End()
}
