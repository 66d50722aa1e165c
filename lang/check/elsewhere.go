package check

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// elsewhere looks for fields of thresholds and evidence that are of another protocol than the message that a rule is about: by
// those nothing can be counted, and those never have a value.
func (c *checker) elsewhere(r *syntax.Rule, out *ir.Rule) {
	var specs []*dissect.Spec
	for _, f := range ir.Fields(out.When, nil) {
		if s := c.protocol(f); s != nil {
			specs = append(specs, s)
		}
	}
	if id, ok := c.scope.Schema.EventByName(out.On); ok && c.scope.Schema.Events[id].Spec != nil {
		specs = append(specs, c.scope.Schema.Events[id].Spec)
	}
	if len(specs) == 0 {
		return
	}
	strange := func(x syntax.Expr) (*dissect.Spec, bool) {
		n, ok := x.(*syntax.Name)
		if !ok || c.scope.lets[n.Text] != nil {
			return nil, false
		}
		f := c.scope.Schema.Field(n.Text)
		if f == nil {
			return nil, false
		}
		p := c.protocol(f)
		if p == nil {
			return nil, false
		}
		for _, s := range specs {
			if s == p || s.CarriedBy(p) || p.CarriedBy(s) {
				return nil, false
			}
		}
		return p, true
	}
	for _, s := range r.Body {
		switch s := s.(type) {
		case *syntax.Threshold:
			keys := s.By
			if s.Distinct != nil {
				keys = append(keys[:len(keys):len(keys)], s.Distinct.X)
			}
			for _, x := range keys {
				if p, ok := strange(x); ok {
					c.report(diag.KeyElsewhere(x.Range(), c.text(x), p.Name, specs[0].Name))
				}
			}
		case *syntax.Evidence:
			for _, x := range s.Fields {
				if p, ok := strange(x); ok {
					c.report(diag.EvidenceElsewhere(x.Range(), c.text(x), p.Name, specs[0].Name))
				}
			}
		}
	}
}
