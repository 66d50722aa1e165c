package modbus

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's modbus records.
func write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("modbus")
	w.Key("id")
	w.Uint(t.id + 1)
	if t.request.there {
		w.Open("request")
		t.request.write(w)
		w.End()
	}
	if t.response.there {
		w.Open("response")
		t.response.write(w)
		w.End()
	}
	w.End()
}

func number(w *jsonw.Writer, key string, n uint16) {
	w.Key(key)
	w.Uint(uint64(n))
}

func text(w *jsonw.Writer, key, s string) {
	w.Key(key)
	w.Str(s)
}

func bytes(w *jsonw.Writer, key string, b []byte) {
	w.Key(key)
	w.Bytes(b)
}

// flags writes the names of bits with bars between them.
func flags[T ~uint8](w *jsonw.Writer, key string, names flagNames[T], bits T) {
	var tmp [96]byte
	list := tmp[:0]
	for _, x := range names {
		if bits&x.bits != x.bits {
			continue
		}
		if len(list) > 0 {
			list = append(list, " | "...)
		}
		list = append(list, x.name...)
	}
	if len(list) == 0 {
		list = append(list, "NONE"...)
	}
	bytes(w, key, list)
}

func (m *message) write(w *jsonw.Writer) {
	number(w, "transaction_id", m.transaction)
	number(w, "protocol_id", m.protocol)
	number(w, "unit_id", uint16(m.unit))
	number(w, "function_raw", uint16(m.raw))
	name := FunctionName(m.code())
	if name == "" {
		name = unknown
	}
	text(w, "function_code", name)
	flags(w, "access_type", accessNames, m.access)
	text(w, "category", categoryNames[m.category])
	flags(w, "error_flags", faultNames, m.faults)
	m.writeData(w)
}

func (m *message) writeData(w *jsonw.Writer) {
	switch m.kind {
	case kindException:
		w.Open("exception")
		number(w, "raw", m.sub)
		text(w, "code", exceptionName(m.sub))
	case kindDiagnostic:
		w.Open("diagnostic")
		number(w, "raw", m.sub)
		text(w, "code", diagnosticName(m.sub))
		bytes(w, "data", m.data())
	case kindMEI:
		w.Open("mei")
		number(w, "raw", m.sub)
		text(w, "code", meiName(m.sub))
		bytes(w, "data", m.data())
	case kindReadRequest:
		m.writeRead(w)
	case kindReadResponse:
		w.Open("read")
		bytes(w, "data", m.data())
	case kindReadWrite:
		m.writeRead(w)
		w.End()
		m.writeMany(w)
	case kindWriteMany:
		m.writeMany(w)
	case kindWrite:
		w.Open("write")
		number(w, "address", m.writeAddress)
		number(w, "data", m.writeQuantity)
	case kindMask:
		w.Open("write")
		number(w, "address", m.writeAddress)
		number(w, "and_mask", m.andMask)
		number(w, "or_mask", m.orMask)
	case kindBytes:
		bytes(w, "data", m.all())
		return
	default:
		return
	}
	w.End()
}

func (m *message) writeRead(w *jsonw.Writer) {
	w.Open("read")
	number(w, "address", m.readAddress)
	number(w, "quantity", m.readQuantity)
}

func (m *message) writeMany(w *jsonw.Writer) {
	w.Open("write")
	number(w, "address", m.writeAddress)
	number(w, "quantity", m.writeQuantity)
	bytes(w, "data", m.data())
}
