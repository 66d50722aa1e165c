package rdp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's rdp records.
func write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("rdp")
	w.Key("tx_id")
	w.Uint(m.id + 1)
	str(w, "event_type", kindNames[m.kind])
	switch m.kind {
	case kRequest:
		text(w, "cookie", m.at(m.cookie))
		bits(w, "flags", int64(m.flags), requestFlags[:])
	case kResponse:
		m.response(w)
	case kConnectRequest:
		if m.core.there {
			w.Open("client")
			m.client(w)
			w.End()
		}
		if len(m.channels) > 0 {
			w.OpenArray("channels")
			for _, s := range m.channels {
				w.Bytes(m.at(s))
			}
			w.EndArray()
		}
	}
	w.End()
}

func str(w *jsonw.Writer, key, s string) {
	w.Key(key)
	w.Str(s)
}

// text writes a text that is not empty.
func text(w *jsonw.Writer, key string, s []byte) {
	if len(s) > 0 {
		w.Key(key)
		w.Bytes(s)
	}
}

// number writes a number that is not absent.
func number(w *jsonw.Writer, key string, n int64) {
	if n >= 0 {
		w.Key(key)
		w.Int(n)
	}
}

// bits writes the names of the bits that are set, if there are any.
func bits(w *jsonw.Writer, key string, set int64, names []string) {
	if set <= 0 {
		return
	}
	w.OpenArray(key)
	for i, name := range names {
		if set&(1<<i) != 0 && name != "" {
			w.Str(name)
		}
	}
	w.EndArray()
}

func (m *Message) response(w *jsonw.Writer) {
	switch {
	case m.refused:
		number(w, "error_code", int64(m.failure))
		if why := named(failures[:], m.failure); why != "" {
			str(w, "reason", why)
		}
	case m.negotiates:
		bits(w, "server_supports", int64(m.flags), responseFlags[:])
		str(w, "protocol", protocolName(m.protocol))
	}
}

// positive makes 0 an absent number.
func positive(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

func (m *Message) client(w *jsonw.Writer) {
	c := &m.core
	str(w, "version", versionName(c.version))
	number(w, "desktop_width", int64(c.width))
	number(w, "desktop_height", int64(c.height))
	number(w, "color_depth", int64(c.depth))
	str(w, "keyboard_layout", layoutName(c.layout))
	str(w, "build", buildName(c.build))
	text(w, "client_name", m.at(c.name))
	if s := named(keyboards[:], c.keyboard); s != "" {
		str(w, "keyboard_type", s)
	}
	number(w, "keyboard_subtype", positive(int64(c.subtype)))
	number(w, "function_keys", positive(int64(c.functions)))
	text(w, "ime", m.at(c.ime))
	number(w, "product_id", c.product)
	number(w, "serial_number", positive(c.serial))
	bits(w, "capabilities", c.capabilities, capabilities[:])
	text(w, "id", m.at(c.digProduct))
	if s := named(hints[:], c.hint); s != "" {
		str(w, "connection_hint", s)
	}
	number(w, "physical_width", c.physicalWidth)
	number(w, "physical_height", c.physicalHeight)
	number(w, "desktop_orientation", c.orientation)
	number(w, "scale_factor", c.scale)
	number(w, "device_scale_factor", c.deviceScale)
}
