package dissecttest

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

// maxValues is how many values of a field FieldAllocs asks for.
const maxValues = 8

// FieldAllocs gives the fields of the protocol whose accessors allocate for the message tx:
// they are called for every message that a rule looks at, and should not.
func FieldAllocs(spec *dissect.Spec, tx any) (names []string) {
	for i := range spec.Fields {
		f := &spec.Fields[i]
		for _, dir := range []dissect.Dir{dissect.ToServer, dissect.ToClient} {
			e := &dissect.Env{Tx: tx, Dir: dir, Time: 1_700_000_000e9}
			read(f, e) // what is made at the first time stays
			if testing.AllocsPerRun(10, func() { read(f, e) }) >= 1 {
				names = append(names, f.Name)
				break
			}
		}
	}
	return names
}

// read asks for all values of a field.
func read(f *dissect.Field, e *dissect.Env) {
	switch {
	case f.Bytes != nil:
		f.Bytes(e)
	case f.Int != nil:
		f.Int(e)
	case f.Float != nil:
		f.Float(e)
	case f.IP != nil:
		f.IP(e)
	}
	for i, ok := 0, true; ok && i < maxValues; i++ {
		switch {
		case f.BytesN != nil:
			_, ok = f.BytesN(e, i)
		case f.IntN != nil:
			_, ok = f.IntN(e, i)
		case f.IPN != nil:
			_, ok = f.IPN(e, i)
		default:
			return
		}
	}
}
