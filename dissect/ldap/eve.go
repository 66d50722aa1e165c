package ldap

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's ldap records.
func write(w *jsonw.Writer, e *dissect.Env) {
	t := txOf(e.Tx)
	if !t.hasRequest && len(t.responses) == 0 {
		return
	}
	w.Open("ldap")
	if t.hasRequest {
		w.Open("request")
		w.Key("message_id")
		w.Int(t.request.id)
		w.Key("operation")
		w.Str(operations[t.request.op])
		t.writeRequest(w)
		t.writeControls(w, &t.request)
		w.End()
	}
	if len(t.responses) > 0 {
		w.OpenArray("responses")
		for i := range t.responses {
			t.writeResponse(w, &t.responses[i])
		}
		w.EndArray()
	}
	w.End()
}

func text(w *jsonw.Writer, key string, v []byte) {
	w.Key(key)
	w.Bytes(v)
}

func number(w *jsonw.Writer, key string, v int64) {
	w.Key(key)
	w.Int(v)
}

func hex(w *jsonw.Writer, key string, v []byte) {
	w.Key(key)
	w.Hex(v)
}

// writeRequest writes the object of the operation. What is cut off or not as it should be is left out.
func (t *Tx) writeRequest(w *jsonw.Writer) {
	body := t.at(t.request.body)
	if t.request.op == opUnbind {
		return
	}
	w.Open(operations[t.request.op])
	r := ber.New(body)
	switch t.request.op {
	case opAbandon:
		if id, ok := ber.ParseInt(body); ok {
			number(w, "message_id", id)
		}
	case opBind:
		writeBind(w, &r)
	case opSearch:
		t.writeSearch(w, &r)
	case opModify:
		text(w, "object", r.Want(ber.OctetString))
		writeChanges(w, r.In(ber.Sequence))
	case opAdd:
		text(w, "entry", r.Want(ber.OctetString))
		writeAttributes(w, "name", r.In(ber.Sequence))
	case opDel:
		text(w, "dn", body)
	case opModDN:
		text(w, "entry", r.Want(ber.OctetString))
		text(w, "new_rdn", r.Want(ber.OctetString))
		w.Key("delete_old_rdn")
		w.Bool(truth(r.Want(ber.Boolean)))
		if v, ok := r.If(ber.Context); ok {
			text(w, "new_superior", v)
		}
	case opCompare:
		text(w, "entry", r.Want(ber.OctetString))
		ava := r.In(ber.Sequence)
		w.Open("attribute_value_assertion")
		text(w, "description", ava.Want(ber.OctetString))
		text(w, "value", ava.Want(ber.OctetString))
		w.End()
	case opExtended:
		text(w, "name", r.Want(ber.Context))
		if v, ok := r.If(ber.Context | 1); ok {
			text(w, "value", v)
		}
	}
	w.End()
}

func truth(v []byte) bool { return len(v) > 0 && v[0] != 0 }

func writeBind(w *jsonw.Writer, r *ber.Reader) {
	number(w, "version", r.Int(ber.Integer))
	text(w, "name", r.Want(ber.OctetString))
	if r.Peek() != ber.Context|ber.Constructed|3 {
		return
	}
	sasl := r.In(ber.Context | ber.Constructed | 3)
	w.Open("sasl")
	text(w, "mechanism", sasl.Want(ber.OctetString))
	if v, ok := sasl.If(ber.OctetString); ok {
		hex(w, "credentials", v)
	}
	w.End()
}

func (t *Tx) writeSearch(w *jsonw.Writer, r *ber.Reader) {
	text(w, "base_object", r.Want(ber.OctetString))
	number(w, "scope", r.Int(ber.Enumerated))
	number(w, "deref_alias", r.Int(ber.Enumerated))
	number(w, "size_limit", r.Int(ber.Integer))
	number(w, "time_limit", r.Int(ber.Integer))
	w.Key("types_only")
	w.Bool(truth(r.Want(ber.Boolean)))
	if v, ok := r.If(ber.Context | fPresent); ok { // Suricata shows no other filters
		w.Open("filter")
		w.Key("type")
		w.Str("present")
		text(w, "value", v)
		w.End()
	}
	if len(t.requested) == 0 {
		return
	}
	w.OpenArray("attributes")
	for _, s := range t.requested {
		w.Bytes(t.at(s))
	}
	w.EndArray()
}

// changeNames are the kinds of changes (RFC 4511 section 4.6).
var changeNames = [...]string{"add", "delete", "replace"}

func writeChanges(w *jsonw.Writer, list ber.Reader) {
	if !list.More() {
		return
	}
	w.OpenArray("changes")
	for list.More() {
		change := list.In(ber.Sequence)
		kind := change.Int(ber.Enumerated)
		attribute := change.In(ber.Sequence)
		if attribute.Failed {
			break
		}
		w.Object()
		w.Key("operation")
		if kind >= 0 && int(kind) < len(changeNames) {
			w.Str(changeNames[kind])
		} else {
			var tmp [20]byte
			w.Bytes(strconv.AppendInt(tmp[:0], kind, 10))
		}
		w.Open("modification")
		text(w, "attribute_type", attribute.Want(ber.OctetString))
		writeValues(w, "attribute_values", attribute.In(ber.Set))
		w.End()
		w.End()
	}
	w.EndArray()
}

// writeAttributes writes attributes with their values.
func writeAttributes(w *jsonw.Writer, key string, list ber.Reader) {
	if !list.More() {
		return
	}
	w.OpenArray("attributes")
	for list.More() {
		attribute := list.In(ber.Sequence)
		if attribute.Failed {
			break
		}
		w.Object()
		text(w, key, attribute.Want(ber.OctetString))
		writeValues(w, "values", attribute.In(ber.Set))
		w.End()
	}
	w.EndArray()
}

func writeValues(w *jsonw.Writer, key string, values ber.Reader) {
	if !values.More() {
		return
	}
	w.OpenArray(key)
	for values.More() {
		v := values.Want(ber.OctetString)
		if values.Failed {
			break
		}
		w.Bytes(v)
	}
	w.EndArray()
}

func (t *Tx) writeResponse(w *jsonw.Writer, m *message) {
	w.Object()
	if !t.hasRequest {
		number(w, "message_id", m.id)
	}
	w.Key("operation")
	w.Str(operations[m.op])
	if m.op != opReference {
		w.Open(operations[m.op])
		t.writeResult(w, m)
		w.End()
	}
	t.writeControls(w, m)
	w.End()
}

// writeControls writes what a message says beside its operation.
func (t *Tx) writeControls(w *jsonw.Writer, m *message) {
	list := ber.New(t.at(m.controls))
	if !list.More() {
		return
	}
	w.OpenArray("controls")
	for c, ok := nextControl(&list); ok; c, ok = nextControl(&list) {
		w.Object()
		text(w, "control_type", c.oid)
		w.Key("criticality")
		w.Bool(c.critical)
		if c.hasValue {
			hex(w, "control_value", c.value)
		}
		w.End()
	}
	w.EndArray()
}

func (t *Tx) writeResult(w *jsonw.Writer, m *message) {
	r := ber.New(t.at(m.body))
	if m.op == opEntry {
		text(w, "base_object", r.Want(ber.OctetString))
		writeAttributes(w, "type", r.In(ber.Sequence))
		return
	}
	if m.hasResult {
		w.Key("result_code")
		if name := resultNames[m.code]; name != "" {
			w.Str(name)
		} else {
			var tmp [20]byte
			w.Bytes(strconv.AppendInt(tmp[:0], m.code, 10))
		}
		text(w, "matched_dn", t.at(m.dn))
		text(w, "message", t.at(m.text))
		r.Int(ber.Enumerated)
		r.Want(ber.OctetString)
		r.Want(ber.OctetString)
		r.If(ber.Context | ber.Constructed | 3) // referral
	}
	switch m.op {
	case opBindResponse:
		if v, ok := r.If(ber.Context | 7); ok {
			hex(w, "server_sasl_creds", v)
		}
	case opExtResponse:
		named1(w, &r, ber.Context|10, ber.Context|11)
	case opIntermediate:
		named1(w, &r, ber.Context, ber.Context|1)
	}
}

// named1 writes a name and a value, where they are.
func named1(w *jsonw.Writer, r *ber.Reader, name, value byte) {
	if v, ok := r.If(name); ok {
		text(w, "name", v)
	}
	if v, ok := r.If(value); ok {
		text(w, "value", v)
	}
}
