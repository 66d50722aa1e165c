package enip

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's enip records.
func write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("enip")
	if t.request.there {
		w.Open("request")
		t.request.write(w, false)
		w.End()
	}
	if t.response.there {
		w.Open("response")
		t.response.write(w, true)
		w.End()
	}
	w.End()
}

// name writes the name of a number, or the number as one that has none.
func name(w *jsonw.Writer, key string, names map[uint32]string, n uint32) {
	w.Key(key)
	text, known := names[n]
	named(w, text, known, n)
}

func named(w *jsonw.Writer, text string, known bool, n uint32) {
	if known {
		w.Str(text)
		return
	}
	var tmp [24]byte
	w.Bytes(strconv.AppendUint(append(tmp[:0], "unknown-"...), uint64(n), 10))
}

func number(w *jsonw.Writer, key string, n uint32) {
	w.Key(key)
	w.Uint(uint64(n))
}

func (p *pdu) write(w *jsonw.Writer, response bool) {
	name(w, "command", commands, uint32(p.command))
	name(w, "status", statuses, p.status)
	if p.options != 0 {
		number(w, "options", p.options)
	}
	switch {
	case p.payload == payloadRegister:
		w.Open("register_session")
		number(w, "protocol_version", uint32(p.version))
		number(w, "options", uint32(p.registerOptions))
		w.End()
	case p.payload == payloadCIP && len(p.messages) > 0:
		w.Open("cip")
		p.writeMessage(w, &p.messages[0])
		if len(p.messages) > 1 { // of a Multiple Service Packet, or an Unconnected Send
			w.OpenArray("multiple")
			for i := range p.messages[1:] {
				w.Object()
				p.writeMessage(w, &p.messages[1+i])
				w.End()
			}
			w.EndArray()
		}
		w.End()
	case response && p.offers():
		w.Open("list_services")
		number(w, "protocol_version", uint32(p.services.version))
		number(w, "capabilities", uint32(p.services.capabilities))
		w.Key("service_name")
		w.Bytes(p.at(p.services.name))
		w.End()
	case response && p.identified():
		p.writeIdentity(w)
	}
}

func (p *pdu) writeIdentity(w *jsonw.Writer) {
	id := &p.identity
	w.Open("identity")
	number(w, "protocol_version", uint32(id.version))
	w.Key("revision")
	var tmp [8]byte
	revision := append(strconv.AppendUint(tmp[:0], uint64(id.revision>>8), 10), '.')
	w.Bytes(strconv.AppendUint(revision, uint64(id.revision&0xff), 10))
	name(w, "vendor_id", vendors(), uint32(id.vendor))
	name(w, "device_type", deviceTypes, uint32(id.device))
	number(w, "product_code", uint32(id.product))
	number(w, "status", uint32(id.status))
	number(w, "serial", id.serial)
	w.Key("product_name")
	w.Bytes(p.at(id.name))
	number(w, "state", uint32(id.state))
	w.End()
}

func (p *pdu) writeMessage(w *jsonw.Writer, m *message) {
	name(w, "service", services, uint32(m.service))
	if m.response {
		w.Key("status")
		text := cipStatusName(m.status)
		named(w, text, text != "", uint32(m.status))
		if extended := p.at(m.extended); len(extended) > 0 {
			w.Key("status_extended")
			w.Hex(extended)
			if meaning := extendedStatuses[uint32(le16(extended))]; meaning != "" {
				w.Key("status_extended_meaning")
				w.Str(meaning)
			}
		}
		return
	}
	path := p.pathOf(m)
	if len(path) == 0 {
		return
	}
	w.OpenArray("path")
	class := -1
	for i, g := range path {
		w.Object()
		w.Key("segment_type")
		text := segmentName(g.kind)
		named(w, text, text != "", uint32(g.kind))
		number(w, "value", g.value)
		w.End()
		if g.kind>>2 == segClass {
			class = i
		}
	}
	w.EndArray()
	if class < 0 {
		return
	}
	if path[class].value == 0 { // reserved, Suricata has no name for it either
		w.Key("class_name")
		w.Str("")
		return
	}
	name(w, "class_name", classes, path[class].value)
}

func segmentName(kind uint8) string {
	switch kind >> 2 {
	case segClass:
		return "class"
	case segInstance:
		return "instance"
	case segAttribute:
		return "attribute"
	}
	return ""
}
