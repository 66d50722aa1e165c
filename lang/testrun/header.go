package testrun

import (
	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/ir"
)

// headerLines makes the values of headers["Name"] "value" in a test: lines of a field that has header lines.
func headerLines(f check.TestField) []ir.Value {
	var out []ir.Value
	for _, v := range f.Values {
		line := f.Name + ": " + string(v.B)
		if !f.Field.Multi {
			line += "\r\n"
		}
		out = append(out, ir.Value{B: []byte(line), OK: true})
	}
	return out
}
