package lua

import (
	"encoding/binary"
	"math"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
)

// keyExpr is a key over fields of events: "src.ip, dst.ip, dst.port".
type keyExpr struct {
	text  string
	parts []*node
}

// keyField gives the field of that name, nil for none.
func (rt *Runtime) keyField(name string) *node {
	n := rt.tree.top.find(name)
	if n == nil || n.field == nil {
		return nil
	}
	return n
}

// compileKey resolves a key. Fields of messages are allowed too: where one is absent, the key has a nil part.
func (v *vm) compileKey(L *glua.LState, what, text string) *keyExpr {
	k := &keyExpr{}
	for part := range strings.SplitSeq(text, ",") {
		name := strings.TrimSpace(part)
		n := v.rt.keyField(name)
		if n == nil {
			hint := didYouMean(name, v.rt.schema.FieldNames())
			if hint != "" {
				hint = "; " + hint
			}
			L.RaiseError("%s: key: unknown field %q%s", what, name, hint)
		}
		k.parts = append(k.parts, n)
		if k.text != "" {
			k.text += ", "
		}
		k.text += n.field.Name
	}
	return k
}

// appendEvent appends the key of an event: each part with a tag, so that different values differ.
func (k *keyExpr) appendEvent(b []byte, v *vm, x *view) []byte {
	for _, n := range k.parts {
		b = v.appendPart(b, x, n)
	}
	return b
}

func (v *vm) appendPart(b []byte, x *view, n *node) []byte {
	f := n.field
	if x.snap != nil && x.snap.generic && n.spec == x.snap.spec || f.Multi {
		return appendLua(b, v.read(x, n))
	}
	switch {
	case f.Int != nil:
		if i, ok := f.Int(x.env); ok {
			if f.Type == dissect.TBool {
				return append(b, 'b', byte(i))
			}
			return appendFloat(b, numberOf(f.Type, i))
		}
	case f.IP != nil:
		if ip, ok := f.IP(x.env); ok {
			b = append(b, 's')
			at := len(b)
			b = append(b, 0, 0)
			b = ip.AppendTo(b)
			binary.LittleEndian.PutUint16(b[at:], uint16(len(b)-at-2))
			return b
		}
	case f.Bytes != nil:
		if s := f.Bytes(x.env); s != nil {
			return appendText(b, s)
		}
	case f.Float != nil:
		if n, ok := f.Float(x.env); ok {
			return appendFloat(b, n)
		}
	}
	return append(b, 'n')
}

func numberOf(t dissect.Type, n int64) float64 {
	if t == dissect.TTime || t == dissect.TDuration {
		return seconds(n)
	}
	return float64(n)
}

// maxKeyPart is how much of a text counts in a key.
const maxKeyPart = 1 << 12

func appendText[T string | []byte](b []byte, s T) []byte {
	n := min(len(s), maxKeyPart)
	b = append(b, 's', byte(n), byte(n>>8))
	return append(b, s[:n]...)
}

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 'd'), math.Float64bits(f))
}

// appendLua appends a Lua value to a key.
func appendLua(b []byte, x glua.LValue) []byte {
	switch x := x.(type) {
	case glua.LString:
		return appendText(b, string(x))
	case glua.LNumber:
		return appendFloat(b, float64(x))
	case glua.LBool:
		if x {
			return append(b, 'b', 1)
		}
		return append(b, 'b', 0)
	case *glua.LTable:
		b = append(b, 't', byte(min(x.Len(), 255)))
		for i := 1; i <= min(x.Len(), 255); i++ {
			b = appendLua(b, x.RawGetInt(i))
		}
		return b
	}
	return append(b, 'n')
}

// decodeKey gives the parts of a key as Lua values, for iteration.
func decodeKey(key string) []glua.LValue {
	var out []glua.LValue
	for key != "" {
		tag := key[0]
		key = key[1:]
		switch {
		case tag == 's' && len(key) >= 2:
			n := min(int(key[0])|int(key[1])<<8, len(key)-2)
			out = append(out, glua.LString(key[2:2+n]))
			key = key[2+n:]
		case tag == 'd' && len(key) >= 8:
			out = append(out, glua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64([]byte(key[:8])))))
			key = key[8:]
		case tag == 'b' && len(key) >= 1:
			out = append(out, glua.LBool(key[0] != 0))
			key = key[1:]
		case tag == 't' && len(key) >= 1:
			key = key[1:] // the elements follow as parts
		default:
			out = append(out, glua.LNil)
		}
	}
	return out
}

// keyOf appends the key that a method got from argument n on: an event, or values.
func (v *vm) keyOf(L *glua.LState, b []byte, k *keyExpr, n, last int) []byte {
	if x := eventAt(L.Get(n)); x != nil {
		if k == nil {
			L.RaiseError("this store has no key: give one with `key = \"src.ip\"`, or pass values instead of an event")
		}
		if x.env == nil {
			L.RaiseError("this event is over: an event can be used during its callback only")
		}
		return k.appendEvent(b, v, x)
	}
	for i := n; i <= last; i++ {
		switch x := L.Get(i).(type) {
		case glua.LString, glua.LNumber, glua.LBool:
			b = appendLua(b, x)
		case *glua.LUserData: // ev.tcp: true, with members
			if g, ok := x.Value.(*group); !ok || g.n.field == nil {
				L.RaiseError("a key is made of strings, numbers and booleans, not of objects")
			}
			b = append(b, 'b', 1)
		default:
			L.RaiseError("a key is made of strings, numbers and booleans, not of a %s", x.Type())
		}
	}
	if last < n {
		L.RaiseError("a key is missing")
	}
	return b
}
