// Package funcs has the functions of the rule language. A function is declared once, in the
// tables here, with its documentation, its types, examples that the tests run, and what it
// does; the checker, the reference documentation and the editor support read the same tables.
package funcs

import (
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Kind says how a call is compiled.
type Kind uint8

// The kinds.
const (
	// Plain functions are called with values.
	Plain Kind = iota
	// Transform functions are steps that the compiler shares and scans behind: see ir.Transform.
	Transform
	// Special functions are compiled by the checker itself: len, count, exists, state.
	Special
)

// Param is a parameter: a set of types, or something that is no value.
type Param struct {
	Name string
	// Types that the argument may have.
	Types []dissect.Type
	// Const arguments must be constants, Regex arguments literal regular expressions.
	Const, Regex bool
	// Optional parameters come last.
	Optional bool
	// Variadic is set for a last parameter that may be repeated.
	Variadic bool
}

// Decl declares a function.
type Decl struct {
	Name    string
	Doc     string
	Params  []Param
	Returns dissect.Type // 0: the type of the first argument
	// Examples are pairs of a call and what it gives, both as expressions of the language.
	Examples [][2]string
	Kind     Kind
	Step     ir.TOp // of Transform functions
	// Lo and Hi are the least and the largest number that it gives; Hi is 0 where that is not known.
	Lo, Hi float64
	// NS is roughly how long a call takes, in nanoseconds.
	NS   int
	Call func(s ir.Scratch, args []ir.Value) ir.Value
}

var (
	text    = []dissect.Type{dissect.TString, dissect.TBytes}
	integer = []dissect.Type{dissect.TInt, dissect.TSize, dissect.TPort}
	addr    = []dissect.Type{dissect.TIP}
	moment  = []dissect.Type{dissect.TTime}
)

// All lists the functions, by subject.
func All() []*Decl { return table }

var table = func() []*Decl {
	var all []*Decl
	for _, group := range [][]*Decl{special, texts, codecs, digests, names, numbers} {
		all = append(all, group...)
	}
	return all
}()

var byName = func() map[string]*Decl {
	m := map[string]*Decl{}
	for _, d := range table {
		m[d.Name] = d
	}
	return m
}()

// Lookup finds a function, nil where there is none.
func Lookup(name string) *Decl { return byName[name] }

// Names lists the names of all functions, for suggestions.
func Names() []string {
	out := make([]string, len(table))
	for i, d := range table {
		out[i] = d.Name
	}
	return out
}

// Signature is the function's head as documentation shows it: entropy(x string or bytes) float.
func (d *Decl) Signature() string {
	var b strings.Builder
	b.WriteString(d.Name + "(")
	for i, p := range d.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Variadic {
			b.WriteString("...")
		}
		if p.Regex {
			b.WriteString(" regex")
		} else if len(p.Types) > 0 {
			b.WriteString(" " + TypeList(p.Types))
		}
		if p.Optional {
			b.WriteString("?")
		}
	}
	b.WriteString(")")
	if d.Returns != 0 {
		b.WriteString(" " + d.Returns.String())
	}
	return b.String()
}

// TypeList words alternatives: "string or bytes".
func TypeList(ts []dissect.Type) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return strings.Join(names, " or ")
}

// Func gives the function as the compiler takes it; nil for functions that are not Plain. The
// same declaration always gives an equal value.
func (d *Decl) Func() ir.Func {
	if d.Kind != Plain {
		return nil
	}
	return plain{d}
}

// plain makes a Decl an ir.Func; it compares equal for the same declaration.
type plain struct{ d *Decl }

// Name implements ir.Func.
func (p plain) Name() string { return p.d.Name }

// Result implements ir.Func.
func (p plain) Result() dissect.Type { return p.d.Returns }

// Cost implements ir.Func.
func (p plain) Cost() int { return p.d.NS }

// Call implements ir.Func: a call with an absent argument gives an absent value.
func (p plain) Call(s ir.Scratch, args []ir.Value) ir.Value {
	for i := range args {
		if !args[i].OK {
			return ir.Value{}
		}
	}
	return p.d.Call(s, args)
}

func intValue(n int) ir.Value       { return ir.Value{I: int64(n), OK: true} }
func bytesValue(b []byte) ir.Value  { return ir.Value{B: b, OK: b != nil} }
func floatValue(f float64) ir.Value { return ir.Value{F: f, OK: true} }
func boolValue(b bool) ir.Value {
	v := ir.Value{OK: true}
	if b {
		v.I = 1
	}
	return v
}
