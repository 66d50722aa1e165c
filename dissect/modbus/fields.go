package modbus

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// asked declares a number of the request, or of a response whose request was not seen.
func asked(name, doc string, get func(m *message) (int64, bool)) dissect.Field {
	return dissect.Int(name, onRequest, doc, func(t *Tx) (int64, bool) { return get(t.main()) })
}

// named is asked for a text, "" where there is none.
func named(name, doc string, get func(m *message) string, values ...string) dissect.Field {
	return dissect.Str(name, onRequest, doc, func(t *Tx) []byte {
		if s := get(t.main()); s != "" {
			return dissect.Text(s)
		}
		return nil
	}).OneOf(values...)
}

// only gives a number of messages of some kinds.
func only(get func(m *message) int64, kinds ...kind) func(m *message) (int64, bool) {
	return func(m *message) (int64, bool) { return get(m), slices.Contains(kinds, m.kind) }
}

// setBits declares the names of bits of a message.
func setBits[T ~uint8](name, event, doc string, names flagNames[T], get func(t *Tx) T) dissect.Field {
	f := dissect.Strs(name, event, doc, func(t *Tx, i int) ([]byte, bool) {
		bits := get(t)
		for _, x := range names {
			if bits&x.bits == 0 {
				continue
			}
			if i == 0 {
				return dissect.Text(x.name), true
			}
			i--
		}
		return nil, false
	})
	for _, x := range names {
		f.Values = append(f.Values, x.name)
	}
	return f
}

// content declares the data of a message behind its function.
func content(name, event, doc string, get func(t *Tx) *message) dissect.Field {
	return dissect.Bin(name, event, doc, func(t *Tx) []byte {
		if m := get(t); m.there {
			return m.all()
		}
		return nil
	})
}

var directions = flagNames[access]{{accRead, "read"}, {accWrite, "write"}}

var tables = flagNames[access]{{accDiscretes, "discretes"}, {accCoils, "coils"}, {accInput, "input"}, {accHolding, "holding"}}

func (m *message) table() string {
	for _, x := range tables {
		if m.access&x.bits != 0 {
			return x.name
		}
	}
	return ""
}

func (m *message) categoryName() string {
	if m.category == catNone {
		return ""
	}
	return Categories[m.category-1]
}

func always(get func(m *message) int64) func(m *message) (int64, bool) {
	return func(m *message) (int64, bool) { return get(m), true }
}

// ofKind gives a text of messages of a kind.
func ofKind(k kind, get func(n uint16) string) func(m *message) string {
	return func(m *message) string {
		if m.kind != k {
			return ""
		}
		return get(m.sub)
	}
}

func functionNames() (list []string) {
	for _, f := range functions {
		if f.name != "" {
			list = append(list, f.name)
		}
	}
	return list
}

func fields() []dissect.Field {
	return slices.Concat(headerFields(), accessFields(), valueFields(), responseFields())
}

func headerFields() []dissect.Field {
	sub := func(m *message) int64 { return int64(m.sub) }
	return []dissect.Field{
		asked("modbus.transaction_id", "number by which a response names its request, 0 to 65535", always(func(m *message) int64 { return int64(m.transaction) })).Bits(16),
		asked("modbus.protocol_id", "protocol of the header, 0 by the standard", always(func(m *message) int64 { return int64(m.protocol) })).Bits(16),
		asked("modbus.unit_id", "unit: 1 to 247 is a device behind a gateway, 0 and 255 the device itself", always(func(m *message) int64 { return int64(m.unit) })).Bits(8),
		asked("modbus.function", "function code, 1 to 127: 3 reads holding registers, 5 writes a coil; 0 where the message has none", always(func(m *message) int64 { return int64(m.code()) })).Bits(8),
		named("modbus.function.name", "name of the function as records have it: RdHoldRegs; absent for one that has none", func(m *message) string { return FunctionName(m.code()) }, functionNames()...),
		named("modbus.category", "category of the function: assigned and unassigned ones are public", (*message).categoryName, Categories...),
		asked("modbus.subfunction", "subfunction of a diagnostic (function 8): 4 forces listen only mode", only(sub, kindDiagnostic)),
		named("modbus.subfunction.name", "the same by name: ForceListenOnlyMode", ofKind(kindDiagnostic, diagnosticName)),
		asked("modbus.mei", "type of the encapsulated interface (function 43): 13 CANopen, 14 device identification", only(sub, kindMEI)),
		named("modbus.mei.name", "the same by name: RdDevId", ofKind(kindMEI, meiName)),
		setBits("modbus.request.error_flags", onRequest, "what is wrong with the request, as records have it", faultNames, func(t *Tx) fault {
			if !t.request.there {
				return 0
			}
			return t.request.faults
		}),
		content("modbus.request.data", onRequest, "the request behind its function code, up to 252 bytes", func(t *Tx) *message { return &t.request }),
	}
}

func accessFields() []dissect.Field {
	span := func(first bool) func(m *message) (int64, bool) {
		return func(m *message) (int64, bool) {
			a, z, ok := m.span()
			if first {
				return a, ok
			}
			return z, ok
		}
	}
	written := []kind{kindWrite, kindMask, kindWriteMany, kindReadWrite}
	return []dissect.Field{
		setBits("modbus.access", onRequest, "whether the function reads or writes, or both", directions, func(t *Tx) access { return t.main().access }),
		named("modbus.table", "the table that it reads or writes: coils and discretes (inputs) are bits, holding and input registers numbers of 16 bits", (*message).table,
			"discretes", "coils", "input", "holding"),
		asked("modbus.address.first", "first address that the request reads or writes, from 1 to 65536 as in the keyword modbus; of a function that does both, that it writes to", span(true)),
		asked("modbus.address.last", "last address of them", span(false)),
		asked("modbus.read.address", "first address that is read, as sent and in records: from 0", only(func(m *message) int64 { return int64(m.readAddress) }, kindReadRequest, kindReadWrite)).Bits(16),
		asked("modbus.read.quantity", "how many values are read", only(func(m *message) int64 { return int64(m.readQuantity) }, kindReadRequest, kindReadWrite)).Bits(16),
		asked("modbus.write.address", "first address that is written, as sent and in records: from 0", only(func(m *message) int64 { return int64(m.writeAddress) }, written...)).Bits(16),
		asked("modbus.write.quantity", "how many values are written by a function that writes several", only(func(m *message) int64 { return int64(m.writeQuantity) }, kindWriteMany, kindReadWrite)).Bits(16),
		asked("modbus.write.and_mask", "bits of the register that stay (function 22)", only(func(m *message) int64 { return int64(m.andMask) }, kindMask)).Bits(16),
		asked("modbus.write.or_mask", "bits that are set (function 22)", only(func(m *message) int64 { return int64(m.orMask) }, kindMask)).Bits(16),
	}
}

func valueFields() []dissect.Field {
	pair := func(name, event, address, value string, get func(t *Tx, i int) (int64, int64, bool)) []dissect.Field {
		return []dissect.Field{
			dissect.Ints(name+".address", event, address, func(t *Tx, i int) (int64, bool) { a, _, ok := get(t, i); return a, ok }),
			dissect.Ints(name+".value", event, value, func(t *Tx, i int) (int64, bool) { _, v, ok := get(t, i); return v, ok }),
		}
	}
	return slices.Concat(
		pair("modbus.written", onRequest, "addresses that the request writes values to, from 1", "the values, in the same order; those of coils are 0 and 1", func(t *Tx, i int) (int64, int64, bool) {
			return t.main().written(i)
		}),
		pair("modbus.got", onResponse, "addresses whose values the response has, from 1", "the values, in the same order; those of coils and discretes are 0 and 1", (*Tx).got))
}

func responseFields() []dissect.Field {
	exception := func(t *Tx) (int64, bool) {
		return int64(t.response.sub), t.response.there && t.response.kind == kindException
	}
	return []dissect.Field{
		dissect.Int("modbus.exception", onResponse, "why a request is refused: 1 function, 2 address, 3 value, 4 failure, 6 busy, 10 and 11 of a gateway", exception),
		dissect.Str("modbus.exception.name", onResponse, "the same by name: IllegalDataAddr", func(t *Tx) []byte {
			if n, ok := exception(t); ok {
				return dissect.Text(exceptionName(uint16(n)))
			}
			return nil
		}),
		setBits("modbus.response.error_flags", onResponse, "what is wrong with the response, as records have it", faultNames, func(t *Tx) fault {
			if !t.response.there {
				return 0
			}
			return t.response.faults
		}),
		content("modbus.response.data", onResponse, "the response behind its function code, up to 252 bytes", func(t *Tx) *message { return &t.response }),
	}
}
