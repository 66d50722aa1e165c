// Package testrun runs the test blocks of rule files: on messages made for the purpose, and
// (by a function of the caller's, which has the engine) on captures.
package testrun

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// message is a synthetic message: the values that a test gives.
type message struct {
	dissect.MatchState
	values map[string][]ir.Value // by the field's name; absent fields have none
}

func (m *message) value(name string, i int) ir.Value {
	if m == nil {
		return ir.Value{}
	}
	if v := m.values[name]; i < len(v) {
		return v[i]
	}
	return ir.Value{}
}

// Schema makes a schema with the events and fields of another, whose fields read synthetic
// messages. Fields of packets and flows still read those, where a test gives no value.
func Schema(real *dissect.Schema) (*dissect.Schema, error) {
	var specs []*dissect.Spec
	own := map[*dissect.Field]bool{}
	for _, s := range real.Specs {
		c := &dissect.Spec{Name: s.Name, Doc: s.Doc, TCP: s.TCP, UDP: s.UDP, Events: s.Events, Anomalies: s.Anomalies}
		for i := range s.Fields {
			own[&s.Fields[i]] = true
			c.Fields = append(c.Fields, synthetic(s.Fields[i], false))
		}
		specs = append(specs, c)
	}
	var common []dissect.Field
	for _, f := range real.Fields() {
		if !own[f] {
			common = append(common, synthetic(*f, true))
		}
	}
	return dissect.NewSchema(specs, common)
}

func given(e *dissect.Env, name string, i int) ir.Value {
	m, _ := e.Tx.(*message)
	return m.value(name, i)
}

// synthetic makes a field read messages; with fallback, what it read before if the message says nothing.
func synthetic(f dissect.Field, fallback bool) dissect.Field {
	old, name := f, f.Name
	if f.Bytes != nil {
		f.Bytes = func(e *dissect.Env) []byte {
			if v := given(e, name, 0); v.OK || !fallback {
				return v.B
			}
			return old.Bytes(e)
		}
	}
	if f.Int != nil {
		f.Int = func(e *dissect.Env) (int64, bool) {
			if v := given(e, name, 0); v.OK || !fallback {
				return v.I, v.OK
			}
			return old.Int(e)
		}
	}
	if f.Float != nil {
		f.Float = func(e *dissect.Env) (float64, bool) {
			if v := given(e, name, 0); v.OK || !fallback {
				return v.F, v.OK
			}
			return old.Float(e)
		}
	}
	if f.IP != nil {
		f.IP = func(e *dissect.Env) (netip.Addr, bool) {
			if v := given(e, name, 0); v.OK || !fallback {
				return v.IP, v.OK
			}
			return old.IP(e)
		}
	}
	syntheticMulti(&f, old, fallback)
	return f
}

func syntheticMulti(f *dissect.Field, old dissect.Field, fallback bool) {
	name := f.Name
	use := func(e *dissect.Env) bool { return !fallback || given(e, name, 0).OK }
	if f.BytesN != nil {
		f.BytesN = func(e *dissect.Env, i int) ([]byte, bool) {
			if use(e) {
				v := given(e, name, i)
				return v.B, v.OK
			}
			return old.BytesN(e, i)
		}
	}
	if f.IntN != nil {
		f.IntN = func(e *dissect.Env, i int) (int64, bool) {
			if use(e) {
				v := given(e, name, i)
				return v.I, v.OK
			}
			return old.IntN(e, i)
		}
	}
	if f.IPN != nil {
		f.IPN = func(e *dissect.Env, i int) (netip.Addr, bool) {
			if use(e) {
				v := given(e, name, i)
				return v.IP, v.OK
			}
			return old.IPN(e, i)
		}
	}
}
