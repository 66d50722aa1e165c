package dissect

import (
	"net/netip"
	"time"

	"github.com/luanids/luanids/dissect/packet"
)

// Type is the type of a field, or of an expression of the rule language.
type Type uint8

// The types. Which accessor a field has follows from its type.
const (
	TBool     Type = iota + 1 // Int accessor, 0 or 1
	TInt                      // Int accessor
	TSize                     // Int accessor, bytes
	TDuration                 // Int accessor, nanoseconds
	TTime                     // Int accessor, nanoseconds since the Unix epoch
	TPort                     // Int accessor
	TFloat                    // Float accessor
	TString                   // Bytes accessor: text
	TBytes                    // Bytes accessor: binary data
	TIP                       // IP accessor
)

// String gives the type's name in the rule language.
func (t Type) String() string {
	names := [...]string{"?", "bool", "int", "size", "duration", "time", "port", "float", "string", "bytes", "ip"}
	if int(t) < len(names) {
		return names[t]
	}
	return "?"
}

// Field is one value that rules, scripts and outputs can read. Exactly one accessor is set,
// by Type and Multi; a constructor below does that.
type Field struct {
	Name string // dotted, as rules write it: http.uri
	Type Type
	Doc  string // one line: meaning, unit, source
	// Multi fields have any number of values (headers, DNS answers); accessors take an index.
	Multi bool
	// Event is the first event (of its protocol, full name) at which the value is known; ""
	// for packet and flow fields, which are known at every event.
	Event string
	// Grows says that the value (a body, a file's content) grows from event to event until
	// the event named by Done; tests of absence wait for that one.
	Grows bool
	Done  string
	// Answer is the event of the answer that the field is about in a rule that names the question too: beside dns.query, which is
	// known from the question on, dns.rcode is that of the answer. "" for fields of which that is not so.
	Answer string
	// Lower says that texts have no capital letters; Chars is how many characters all have (digests), 0 if that differs.
	Lower bool
	Chars int
	// Values lists the only possible values, where there are few (for checks and completion).
	Values []string
	// Usual lists values that it has most often, in its own way of writing, for fields that may have others: what is like one of
	// them and none is taken for a slip.
	Usual []string
	// Lo and Hi are the least and the largest value that a number can have, by what it is read from; Hi is 0 where that is not known.
	Lo, Hi int64
	// Alias are other names that the field goes by.
	Alias []string

	Bytes  func(e *Env) []byte        // nil: absent; empty but not nil: present and empty
	Int    func(e *Env) (int64, bool) // false: absent
	Float  func(e *Env) (float64, bool)
	IP     func(e *Env) (netip.Addr, bool)
	BytesN func(e *Env, i int) ([]byte, bool) // i counts from 0; false past the last
	IntN   func(e *Env, i int) (int64, bool)
	IPN    func(e *Env, i int) (netip.Addr, bool)
	// IntOfPacket is Int of a number that the packet alone decides, nil for other fields.
	IntOfPacket func(p *packet.Packet) (int64, bool)
}

// The constructors below declare fields of a protocol's message type T: the accessor is
// called only for messages of that type, so it need not check.

// MessageOf finds the message of type T that an event is about, or that carries the one that it is about.
func MessageOf[T any](e *Env) (*T, bool) {
	t, ok := e.Tx.(*T)
	if !ok && e.Carrier != nil {
		t, ok = e.Carrier.(*T)
	}
	return t, ok
}

// Str declares a text field.
func Str[T any](name, event, doc string, get func(*T) []byte) Field {
	return Field{Name: name, Type: TString, Event: event, Doc: doc, Bytes: func(e *Env) []byte {
		if t, ok := MessageOf[T](e); ok {
			return get(t)
		}
		return nil
	}}
}

// Bin declares a field of binary data.
func Bin[T any](name, event, doc string, get func(*T) []byte) Field {
	f := Str(name, event, doc, get)
	f.Type = TBytes
	return f
}

// Strs declares a text field with any number of values.
func Strs[T any](name, event, doc string, get func(t *T, i int) ([]byte, bool)) Field {
	return Field{Name: name, Type: TString, Event: event, Doc: doc, Multi: true,
		BytesN: func(e *Env, i int) ([]byte, bool) {
			if t, ok := MessageOf[T](e); ok {
				return get(t, i)
			}
			return nil, false
		}}
}

// Bins declares a field of binary data with any number of values.
func Bins[T any](name, event, doc string, get func(t *T, i int) ([]byte, bool)) Field {
	f := Strs(name, event, doc, get)
	f.Type = TBytes
	return f
}

// Int declares a number field.
func Int[T any](name, event, doc string, get func(*T) (int64, bool)) Field {
	return Field{Name: name, Type: TInt, Event: event, Doc: doc, Int: func(e *Env) (int64, bool) {
		if t, ok := MessageOf[T](e); ok {
			return get(t)
		}
		return 0, false
	}}
}

// Ints declares a number field with any number of values.
func Ints[T any](name, event, doc string, get func(t *T, i int) (int64, bool)) Field {
	return Field{Name: name, Type: TInt, Event: event, Doc: doc, Multi: true,
		IntN: func(e *Env, i int) (int64, bool) {
			if t, ok := MessageOf[T](e); ok {
				return get(t, i)
			}
			return 0, false
		}}
}

// Bool declares a truth value.
func Bool[T any](name, event, doc string, get func(*T) bool) Field {
	return Field{Name: name, Type: TBool, Event: event, Doc: doc, Int: func(e *Env) (int64, bool) {
		t, ok := MessageOf[T](e)
		if !ok {
			return 0, false
		}
		if get(t) {
			return 1, true
		}
		return 0, true
	}}
}

// Time declares a point in time; the zero time means absent.
func Time[T any](name, event, doc string, get func(*T) time.Time) Field {
	return Field{Name: name, Type: TTime, Event: event, Doc: doc, Int: func(e *Env) (int64, bool) {
		t, ok := MessageOf[T](e)
		if !ok {
			return 0, false
		}
		v := get(t)
		return v.UnixNano(), !v.IsZero()
	}}
}

// Addrs declares an address field with any number of values.
func Addrs[T any](name, event, doc string, get func(t *T, i int) (netip.Addr, bool)) Field {
	return Field{Name: name, Type: TIP, Event: event, Doc: doc, Multi: true,
		IPN: func(e *Env, i int) (netip.Addr, bool) {
			if t, ok := MessageOf[T](e); ok {
				return get(t, i)
			}
			return netip.Addr{}, false
		}}
}

// Of changes the type of a declared field to one with the same accessor (TSize, TPort,
// TDuration for an Int; TBytes for a Str).
func (f Field) Of(t Type) Field { f.Type = t; return f }

// Growing marks a field whose value is complete only at the event done.
func (f Field) Growing(done string) Field { f.Grows, f.Done = true, done; return f }

// OfAnswer says that beside fields of a question the field is about the answer, which raises event.
func (f Field) OfAnswer(event string) Field { f.Answer = event; return f }

// Lowercase says that the texts of a field have no capital letters.
func (f Field) Lowercase() Field { f.Lower = true; return f }

// Digest says that a field has digests of n hexadecimal digits, in small letters.
func (f Field) Digest(n int) Field { f.Lower, f.Chars = true, n; return f }

// OneOf lists the only values that a field takes.
func (f Field) OneOf(v ...string) Field { f.Values = v; return f }

// Usually lists values that a field has most often.
func (f Field) Usually(v ...string) Field { f.Usual = v; return f }

// Bits says that a number is read from so many bits, up to 62, and has no sign.
func (f Field) Bits(n int) Field { return f.Between(0, 1<<n-1) }

// Between gives the least and the largest value that a number can have.
func (f Field) Between(lo, hi int64) Field { f.Lo, f.Hi = lo, hi; return f }

// Also gives a field more names.
func (f Field) Also(names ...string) Field { f.Alias = names; return f }
