package langtest

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// Differences tells where two rules are not the same, apart from where they stand and how they are written.
func Differences(given, got *ir.Rule) []string {
	var list []string
	a, b := parts(given), parts(got)
	for i, name := range partNames {
		if a[i] != b[i] {
			list = append(list, fmt.Sprintf("%s\n    given %s\n    got   %s", name, a[i], b[i]))
		}
	}
	return list
}

var partNames = func() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[ir.Rule]()) {
		names = append(names, f.Name)
	}
	return names
}()

func parts(r *ir.Rule) []string {
	v := reflect.ValueOf(*r)
	var out []string
	for i, name := range partNames {
		switch name {
		case "Pos", "Text", "Key":
			out = append(out, "")
		case "When":
			out = append(out, whole(plainTerms(r.When)))
		default:
			out = append(out, whole(v.Field(i).Interface()))
		}
	}
	return out
}

// plainTerms takes an And within an And apart, since .nids has no way to keep them.
func plainTerms(x ir.Expr) ir.Expr {
	flat := func(list []ir.Expr, same func(ir.Expr) []ir.Expr) (out []ir.Expr) {
		for _, y := range list {
			y = plainTerms(y)
			if more := same(y); more != nil {
				out = append(out, more...)
			} else {
				out = append(out, y)
			}
		}
		return out
	}
	switch x := x.(type) {
	case *ir.And:
		out := flat(x.X, func(y ir.Expr) []ir.Expr {
			if a, ok := y.(*ir.And); ok {
				return a.X
			}
			return nil
		})
		if len(out) == 1 {
			return out[0]
		}
		return &ir.And{X: out}
	case *ir.Or:
		out := flat(x.X, func(y ir.Expr) []ir.Expr {
			if o, ok := y.(*ir.Or); ok {
				return o.X
			}
			return nil
		})
		if len(out) == 1 {
			return out[0]
		}
		return &ir.Or{X: out}
	case *ir.Not:
		if c, ok := x.X.(*ir.Cmp); ok && c.Op == ir.Eq {
			ne := *c
			ne.Op = ir.Ne
			return plainTerms(&ne)
		}
		return &ir.Not{X: plainTerms(x.X)}
	case *ir.Cmp:
		if k, ok := x.Y.(*ir.Const); ok && (k.T == dissect.TSize || k.T == dissect.TPort) {
			c := *x
			c.Y = ir.Int(k.V.I)
			return &c
		}
	case *ir.Content:
		c := &ir.Content{Buf: x.Buf}
		for _, it := range x.Items {
			if m, ok := it.(*ir.ByteMath); ok && m.Op == '*' && m.R.Var == "" && m.R.N > 0 {
				it = &ir.ByteExtract{Conv: m.Conv, Name: m.Name, Offset: m.Offset, Relative: m.Relative, Multiplier: m.R.N}
			}
			if s, ok := it.(*ir.SizeTest); ok && (s.Op == ir.TestRange || s.Op == ir.TestNotIn) {
				it = &ir.SizeTest{Op: ir.TestInclude, N: ir.Num{N: s.N.N + 1}, Hi: ir.Num{N: s.Hi.N - 1}, Neg: s.Neg != (s.Op == ir.TestNotIn)}
			}
			c.Items = append(c.Items, it)
		}
		return c
	case *ir.Quant:
		return &ir.Quant{All: x.All, F: x.F, Body: plainTerms(x.Body)}
	}
	return x
}

// whole writes a value with all that it has.
func whole(x any) string {
	var b strings.Builder
	writeWhole(&b, reflect.ValueOf(x))
	return b.String()
}

func writeWhole(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("nil")
		return
	}
	switch x := v.Interface().(type) {
	case ir.Pos:
		return
	case ir.Dataset: // type and file are for settings to say
		if x.Type != "" || x.Save != "" {
			x.Type, x.Save = "", ""
			writeWhole(b, reflect.ValueOf(x))
			return
		}
	case *dissect.Field:
		if x == nil {
			b.WriteString("nil")
			return
		}
		fmt.Fprintf(b, "%s@%s", x.Name, x.Event)
		return
	case *regex.Regex:
		fmt.Fprintf(b, "/%s/%d", x, x.Flags())
		return
	case *ir.IPSet:
		x.Each(func(lo, hi netip.Addr) { fmt.Fprintf(b, "%s-%s ", lo, hi) })
		return
	case *ir.StrSet:
		fmt.Fprintf(b, "%v", x.NoCase)
		x.Each(func(s []byte) { fmt.Fprintf(b, " %q", s) })
		return
	case *ir.IntSet:
		fmt.Fprintf(b, "%v", x.Ranges)
		return
	case *ir.RepTable:
		b.WriteString(x.Name)
		return
	case ir.Func:
		b.WriteString(x.Name())
		return
	case netip.Addr:
		b.WriteString(x.String())
		return
	case []byte:
		fmt.Fprintf(b, "%q", x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		writeWhole(b, v.Elem())
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "Pos" || v.Field(i).IsZero() {
				continue
			}
			b.WriteString(f.Name + ":")
			writeWhole(b, v.Field(i))
			b.WriteByte(' ')
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			writeWhole(b, v.Index(i))
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}
