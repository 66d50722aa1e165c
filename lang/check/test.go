package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// Test is a checked test block.
type Test struct {
	RuleID string
	File   string
	Pos    ir.Pos
	Cases  []TestCase
}

// TestCase is one input with the number of alerts that it must give.
type TestCase struct {
	Pos    ir.Pos
	Pcap   string // as written: relative to the folder of the rule file
	Steps  []TestMsg
	Alerts int
}

// TestMsg is a synthetic event, or several equal ones.
type TestMsg struct {
	Pos    ir.Pos
	Event  string
	Repeat int           // at least 1
	Every  time.Duration // between repetitions
	After  time.Duration // since the message before
	Fields []TestField
}

// TestField is the value of a field, or its values if it has many. For a field with names and
// values (http.header) Name is the name.
type TestField struct {
	Field  *dissect.Field
	Name   string
	Values []ir.Value
	// Cycle: each repetition of the message takes the next of Values.
	Cycle bool
}

// Test checks a test block.
func (s *Scope) Test(p Piece, t *syntax.Test) (*Test, diag.List) {
	c := &checker{scope: s, file: p.File, src: p.source(), rule: t.ID.Text}
	b := body{checker: c}
	out := &Test{RuleID: t.ID.Text, File: p.File, Pos: c.pos(t.Range())}
	if s.RuleID != nil && !s.RuleID(t.ID.Text) {
		c.report(diag.UnknownRule(t.ID.Range(), t.ID.Text, s.suggestRule(t.ID.Text)))
	}
	for _, cs := range t.Cases {
		tc := TestCase{Pos: c.pos(cs.Range())}
		if cs.Capture != nil {
			if tc.Pcap = cs.Capture.Str; cs.Capture.Kind != syntax.LitString {
				c.report(diag.WantText(cs.Capture.Range(), "the name of the capture"))
			} else if s.Capture != nil {
				if err := s.Capture(p.File, tc.Pcap); err != nil {
					c.report(diag.NoCapture(cs.Capture.Range(), tc.Pcap, err))
				}
			}
		}
		for _, m := range cs.Steps {
			tc.Steps = append(tc.Steps, b.message(m))
		}
		if cs.Alerts.Kind != syntax.LitInt {
			c.report(diag.WantNumber(cs.Alerts.Range(), "alerts", 0, 1<<31-1))
		}
		tc.Alerts = int(cs.Alerts.Int)
		out.Cases = append(out.Cases, tc)
	}
	return out, c.list
}

// maxRepeat is how often a test may repeat a message.
const maxRepeat = 100_000

func (b *body) message(m *syntax.TestMsg) TestMsg {
	out := TestMsg{Pos: b.pos(m.Range()), Event: m.Event.Text, Repeat: 1,
		Every: b.duration(m.Every, "the time between"), After: b.duration(m.After, "the time before")}
	if m.Repeat != nil {
		if out.Repeat = b.count(m.Repeat, "the count"); out.Repeat > maxRepeat {
			b.report(diag.WantNumber(m.Repeat.Range(), "the count", 1, maxRepeat))
		}
	}
	if _, ok := b.scope.Schema.EventByName(out.Event); !ok {
		b.report(diag.UnknownEvent(m.Event.Range(), out.Event, b.scope.suggestEvent(out.Event)))
		return out
	}
	for _, f := range m.Fields {
		if tf := b.testField(out.Event, f); tf.Field != nil {
			out.Fields = append(out.Fields, tf)
		}
	}
	return out
}

// testField finds the field by its full name, or by what follows the event's protocol: uri for
// http.uri at http.request.
func (b *body) testField(event string, f *syntax.TestField) TestField {
	name := f.Name.Text
	var out TestField
	lookup := func(suffix string) *dissect.Field {
		for prefix := event; prefix != ""; prefix = parent(prefix) {
			if fd := b.scope.Schema.Field(prefix + "." + name + suffix); fd != nil {
				return fd
			}
		}
		return b.scope.Schema.Field(name + suffix)
	}
	if f.Key != nil {
		if f.Key.Kind != syntax.LitString {
			b.report(diag.WantText(f.Key.Range(), "the name"))
		}
		out.Name = f.Key.Str
		out.Field = lookup("")
	} else {
		out.Field = lookup("")
	}
	if out.Field == nil {
		near := b.scope.suggest(name)
		if s := b.eventSpec(event); s != nil && !strings.Contains(name, ".") {
			if own := b.scope.suggest(s.Name + "." + name); len(own) > 0 {
				near = own
			}
		}
		b.report(diag.UnknownField(f.Name.Range(), name, near))
		return out
	}
	if p, spec := b.protocol(out.Field), b.eventSpec(event); p != nil && spec != nil && p != spec && !p.CarriedBy(spec) && !spec.CarriedBy(p) {
		b.report(diag.NotOfEvent(f.Name.Range(), out.Field.Name, p.Name, event))
		return TestField{}
	}
	if f.Key != nil && class(out.Field.Type) != classText {
		b.report(diag.NoIndex(f.Name.Range().Join(f.Key.Range()), name, `header lines have: headers["X-Forwarded-For"] "127.0.0.1"`))
		return TestField{}
	}
	values := []syntax.Expr{f.Value}
	if set, ok := f.Value.(*syntax.SetLit); ok && out.Field.Multi {
		values = values[:0]
		for _, e := range set.Elems {
			values = append(values, e.X)
		}
	}
	if set := b.cycle(f.Value, out.Field); set != nil {
		out.Values, out.Cycle = set, true
		return out
	}
	for _, x := range values {
		v := b.operand(x)
		if v.bad() {
			continue
		}
		k := v.konst()
		if k == nil || class(k.T) != class(out.Field.Type) && !(class(out.Field.Type) == classFloat && class(k.T) == classInt) {
			hint := ""
			if k != nil && class(k.T) == classText && class(out.Field.Type) != classText {
				hint = "write " + string(k.V.B) + " without quotes"
			} else if k != nil && class(out.Field.Type) == classText {
				hint = fmt.Sprintf("write %q in quotes", b.text(x))
			}
			b.report(diag.TestValue(x.Range(), out.Field.Name, out.Field.Type.String(), hint))
			continue
		}
		if lim, ok := b.boundsOf(&ir.Field{F: out.Field}); ok && (k.V.I < lim.lo || k.V.I > lim.hi) {
			b.report(diag.NotWithin(x.Range(), lim.why))
			continue
		}
		val := k.V
		if class(out.Field.Type) == classFloat && class(k.T) == classInt {
			val.F = float64(val.I)
		}
		out.Values = append(out.Values, val)
	}
	return out
}

// eventSpec gives the protocol of an event, nil for those of packets and flows.
func (c *checker) eventSpec(name string) *dissect.Spec {
	id, ok := c.scope.Schema.EventByName(name)
	if !ok {
		return nil
	}
	return c.scope.Schema.Events[id].Spec
}

// maxCycle is how many values a range in a test may have.
const maxCycle = 1 << 16

// cycle gives the values of a range or a set that a field with one value takes in turn, nil if x is none.
func (b *body) cycle(x syntax.Expr, f *dissect.Field) []ir.Value {
	switch x.(type) {
	case *syntax.SetLit, *syntax.RangeLit:
	default:
		return nil
	}
	if f.Multi {
		return nil
	}
	v := b.value(x)
	if v.set == nil || class(v.t) != class(f.Type) {
		return nil
	}
	var out []ir.Value
	for _, r := range v.set.ranges {
		for n := r.Lo; n <= r.Hi && len(out) < maxCycle; n++ {
			out = append(out, ir.Value{I: n, OK: true})
		}
	}
	for _, s := range v.set.strs {
		out = append(out, ir.Value{B: []byte(s), OK: true})
	}
	for _, p := range v.set.nets {
		for a := p.Addr(); a.IsValid() && p.Contains(a) && len(out) < maxCycle; a = a.Next() {
			out = append(out, ir.Value{IP: a, OK: true})
		}
	}
	return out
}
