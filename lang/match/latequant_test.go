package match

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TestDatasetOfValues adds those of several values to a set for which the rest of the condition holds.
func TestDatasetOfValues(t *testing.T) {
	schema, names := listSchema(t)
	set := &ir.Dataset{Name: "seen"}
	elem := &ir.Elem{F: names}
	in := &ir.InDataset{X: elem, Set: set}
	long := &ir.Cmp{Op: ir.Gt, X: &ir.Len{X: elem}, Y: ir.Int(2)}
	first := &ir.Rule{ID: "first", When: &ir.Quant{F: names, Body: &ir.And{X: []ir.Expr{long, &ir.Not{X: in}}}},
		Effects: []ir.Effect{&ir.AddDataset{Set: set, X: &ir.Field{F: names}}}}
	again := &ir.Rule{ID: "again", When: &ir.Quant{F: names, Body: in},
		Effects: []ir.Effect{&ir.RemoveDataset{Set: set, X: &ir.Field{F: names}}}}
	p, problems := Compile(schema, []*ir.Rule{first, again}, Options{})
	for _, p := range problems {
		if p.Error {
			t.Fatal(p)
		}
	}
	m, st := p.NewMatcher(), NewState(StateLimits{})
	judge := func(values ...string) (ids string) {
		e := &dissect.Env{Tx: values}
		for _, h := range m.Match(dissect.EvPacket, e) {
			if st.Judge(h.Rule, m.Capture(h.Rule, e, nil), 1).Alert {
				ids += h.Rule.ID + " "
			}
		}
		return ids
	}
	for _, c := range []struct {
		values []string
		want   string
	}{
		{[]string{"ab"}, ""},                             // too short to be added
		{[]string{"ab", "long", "wide"}, "first again "}, // added, found, and taken out
		{[]string{"wide"}, "first again "},
		{nil, ""},
	} {
		if got := judge(c.values...); got != c.want {
			t.Errorf("%q: %q, want %q", c.values, got, c.want)
		}
	}
}

func listSchema(t *testing.T) (*dissect.Schema, *dissect.Field) {
	t.Helper()
	schema, err := dissect.NewSchema(nil, []dissect.Field{{Name: "names", Event: "packet", Type: dissect.TString, Multi: true,
		BytesN: func(e *dissect.Env, i int) ([]byte, bool) {
			list, _ := e.Tx.([]string)
			if i >= len(list) {
				return nil, false
			}
			return []byte(list[i]), true
		}}})
	if err != nil {
		t.Fatal(err)
	}
	return schema, schema.Field("names")
}
