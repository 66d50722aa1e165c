package match

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// computed lists what a term computes of fields, and the flags and counters of the flow that it asks for, with their values.
func (m *Matcher) computed(x ir.Expr, out []string) []string {
	switch x := x.(type) {
	case *ir.And:
		for _, y := range x.X {
			out = m.computed(y, out)
		}
	case *ir.Or:
		for _, y := range x.X {
			out = m.computed(y, out)
		}
	case *ir.Not:
		return m.computed(x.X, out)
	case *ir.Cmp:
		return m.operand(x.Y, m.operand(x.X, out))
	case *ir.StrTest:
		return m.operand(x.Y, m.operand(x.X, out))
	case *ir.In:
		return m.operand(x.X, out)
	case *ir.Match:
		return m.operand(x.X, out)
	case *ir.Content:
		return m.operand(x.Buf, out)
	case *ir.FlowBit:
		for _, name := range x.Names {
			state := "is not set"
			if m.bare().cond(&ir.FlowBit{Names: []string{name}}).cond.test(m) {
				state = "is set"
			}
			out = append(out, fmt.Sprintf("flow.flag(%q) %s", name, state))
		}
	}
	return out
}

// operand adds the value of an operand that is computed.
func (m *Matcher) operand(x ir.Expr, out []string) []string {
	switch x.(type) {
	case *ir.Len, *ir.Count, *ir.Call, *ir.Transform, *ir.Arith, *ir.FlowInt, *ir.Rep:
	default:
		return out
	}
	c := m.bare()
	for _, f := range ir.Fields(x, nil) {
		if !f.Multi {
			c.value(&ir.Field{F: f}).volatile = true // so that nothing is remembered, for which there is no place
		}
	}
	v := c.value(x)
	if c.rule.err != nil {
		return out
	}
	text := "(absent)"
	if got := v.eval(m); got.OK {
		text = valueString(x.Type(), got)
	}
	m.failed = failNone
	return append(out, ir.Text(x)+" = "+text)
}

// bare makes a compiler for a value that is only shown.
func (m *Matcher) bare() *compiler {
	c := newCompiler(m.p, 1)
	c.rule = &ruleState{}
	return c
}

// valueString writes a value as rules do.
func valueString(t dissect.Type, v ir.Value) string {
	switch classOf(t) {
	case classBytes:
		if len(v.B) > maxShown {
			v.B = v.B[:maxShown+1]
		}
		return strconv.Quote(string(v.B))
	case classFloat:
		return strconv.FormatFloat(v.F, 'g', 4, 64)
	case classIP:
		return v.IP.String()
	}
	switch t {
	case dissect.TBool:
		return strconv.FormatBool(v.I != 0)
	case dissect.TDuration:
		return shortDuration(v.I)
	case dissect.TTime:
		return time.Unix(0, v.I).UTC().Format(time.RFC3339Nano)
	}
	return strconv.FormatInt(v.I, 10)
}

// shortDuration writes nanoseconds with a unit, and days where there are some: 825d, 1m30s.
func shortDuration(ns int64) string {
	const day = 24 * time.Hour
	d := time.Duration(ns)
	if d%day == 0 || d < 2*day {
		if d >= day {
			return ir.DurationText(ns)
		}
		return strings.Replace(d.String(), "µ", "u", 1)
	}
	return strconv.FormatInt(int64(d/day), 10) + "d" + (d % day).Round(time.Second).String()
}
