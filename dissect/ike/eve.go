package ike

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's ike records.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("ike")
	w.Key("version_major")
	w.Uint(uint64(m.version >> 4))
	w.Key("version_minor")
	w.Uint(uint64(m.version & 15))
	w.Key("init_spi")
	w.Bytes(m.initiator[:])
	w.Key("resp_spi")
	w.Bytes(m.responder[:])
	w.Key("message_id")
	w.Uint(uint64(m.number))
	w.Key("exchange_type")
	w.Uint(uint64(m.exchange))
	if m.version>>4 == 1 {
		if name := exchanges1[m.exchange]; o.Extended && name != "" {
			w.Key("exchange_type_verbose")
			w.Str(name)
		}
		m.write1(w)
	} else {
		m.write2(w)
	}
	w.End()
}

func (m *Message) write1(w *jsonw.Writer) {
	if server := &m.sides[dissect.ToClient]; server.transforms > 0 {
		writeAttributes(w, server.chosen)
	}
	if !m.client && len(m.transforms) > 1 {
		writeProposals(w, "server_proposals", m.transforms)
	}
	w.OpenArray("payload")
	for _, kind := range m.payloads {
		if int(kind) < len(payloads1) && payloads1[kind] != "" {
			w.Str(payloads1[kind])
		}
	}
	w.EndArray()
	w.Open("ikev1")
	if m.doi >= 0 {
		w.Key("doi")
		w.Int(m.doi)
	}
	w.Key("encrypted_payloads")
	w.Bool(m.encrypted())
	if !m.encrypted() {
		m.writeSides(w)
	}
	w.End()
}

// writeSides writes what both sides have said so far.
func (m *Message) writeSides(w *jsonw.Writer) {
	w.Open("client")
	m.sides[dissect.ToServer].write(w)
	if m.client && len(m.transforms) > 0 {
		writeProposals(w, "proposals", m.transforms)
	}
	w.End()
	w.Open("server")
	m.sides[dissect.ToClient].write(w)
	w.End()
	if len(m.vendors) > 0 {
		w.OpenArray("vendor_ids")
		for _, v := range m.vendors {
			w.Bytes(v)
		}
		w.EndArray()
	}
}

func writeProposals(w *jsonw.Writer, key string, list [][]attribute) {
	w.OpenArray(key)
	for _, t := range list {
		w.Object()
		writeAttributes(w, t)
		w.End()
	}
	w.EndArray()
}

func (s *side) write(w *jsonw.Writer) {
	if len(s.key) > 0 {
		w.Key("key_exchange_payload")
		w.Hex(s.key)
		w.Key("key_exchange_payload_length")
		w.Int(int64(len(s.key)))
	}
	if len(s.nonce) > 0 {
		w.Key("nonce_payload")
		w.Hex(s.nonce)
		w.Key("nonce_payload_length")
		w.Int(int64(len(s.nonce)))
	}
}

// writeAttributes writes the attributes of a transform, each with its number or bytes. Of those that come twice the first counts.
func writeAttributes(w *jsonw.Writer, list []attribute) {
	seen := uint32(0)
	for i := range list {
		a := &list[i]
		name := a.name()
		if name == "" || seen&(1<<a.kind) != 0 {
			continue
		}
		seen |= 1 << a.kind
		w.Key(name)
		w.Str(a.valueName())
		var tmp [40]byte
		w.KeyBytes(append(append(tmp[:0], name...), "_raw"...))
		if a.number {
			w.Uint(uint64(a.value))
		} else {
			w.Hex(a.raw)
		}
	}
}

func (m *Message) write2(w *jsonw.Writer) {
	w.Key("role")
	if m.flags&flagInitiator != 0 {
		w.Str("initiator")
	} else {
		w.Str("responder")
		transform(w, "alg_enc", encryption, m.agreed[encryption], encrNull)
		transform(w, "alg_auth", integrity, m.agreed[integrity], 0)
		transform(w, "alg_prf", prf, m.agreed[prf], 0)
		transform(w, "alg_dh", group, m.agreed[group], 0)
		transform(w, "alg_esn", esn, m.agreed[esn], 0)
	}
	w.OpenArray("payload")
	for _, kind := range m.payloads {
		name := ""
		if i := int(kind) - payloadSA; i >= 0 && i < len(payloads2) {
			name = payloads2[i]
		} else if kind == 0 {
			name = "NoNextPayload"
		}
		numbered(w, name, "IkePayloadType", int(kind))
	}
	w.EndArray()
	w.Open("ikev2")
	w.Key("errors")
	w.Int(int64(m.errors))
	if len(m.notify) > 0 {
		w.OpenArray("notify")
		for _, n := range m.notify {
			numbered(w, notifyNames[n], "NotifyType", int(n))
		}
		w.EndArray()
	}
	w.End()
}

// transform writes the transform that was agreed on, or none, as Suricata does before there is one.
func transform(w *jsonw.Writer, key string, kind, id, none int) {
	if id < 0 {
		id = none
	}
	w.Key(key)
	numbered(w, transformName(kind, id), types2[kind], id)
}

// numbered writes a name, or where there is none KIND(number), as Suricata does.
func numbered(w *jsonw.Writer, name, kind string, n int) {
	if name != "" {
		w.Str(name)
		return
	}
	var tmp [64]byte
	w.Bytes(append(strconv.AppendInt(append(append(tmp[:0], kind...), '('), int64(n), 10), ')'))
}
