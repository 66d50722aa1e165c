package check

import (
	"encoding/json"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// declaredSet is a data set that says what it begins with.
type declaredSet struct {
	file   string
	src    source
	decl   *syntax.Dataset
	typ    dissect.Type      // of the values, 0 without any
	shown  map[string]string // what alerts tell of values, as JSON, nil for nothing
	broken bool
}

// Dataset notes what a data set begins with; Finish reads it, once all lets and lists are known.
func (s *Scope) Dataset(p Piece, d *syntax.Dataset) diag.List {
	name := d.Name.Str
	if d.Name.Kind != syntax.LitString || name == "" {
		return diag.List{diag.WantText(d.Name.Range(), "the name of a data set")}
	}
	if old := s.declared[name]; old != nil {
		return diag.List{diag.DuplicateName(d.Name.Range(), "the data set "+name, place(old.file, old.decl.Name.Range()))}
	}
	if s.declared == nil {
		s.declared = map[string]*declaredSet{}
	}
	s.declared[name] = &declaredSet{file: p.File, src: p.source(), decl: d}
	return nil
}

// fill reads the values of a declared data set.
func (s *Scope) fill(name string, d *declaredSet) diag.List {
	c := &checker{scope: s, file: d.file, src: d.src}
	set := s.dataset(name)
	if m := d.decl.Most; m != nil {
		if set.Cap = int(m.Int); m.Kind != syntax.LitInt || m.Int < 1 {
			c.report(diag.WantCount(m.Range(), "the limit of a data set"))
		}
	}
	if n := d.decl.Values.From; n != nil {
		v := c.value(n)
		if v.set == nil && !v.bad() {
			c.report(diag.NotASet(n.Range(), n.Text, "the values stand in { }, or in a list"))
		}
		if v.set != nil {
			c.fillFrom(set, d, v.set, n)
		}
	}
	for _, v := range d.decl.Values.List {
		c.fillValue(set, d, v)
	}
	if m := d.decl.Most; m != nil && set.Cap > 0 && len(set.Load) > set.Cap {
		c.report(diag.LimitTooLow(m.Range(), len(set.Load)))
	}
	d.broken = hasErrors(c.list)
	return c.list
}

// fillFrom takes the values of a list or let.
func (c *checker) fillFrom(set *ir.Dataset, d *declaredSet, from *constSet, n *syntax.Name) {
	d.typ = from.typ
	for _, v := range from.strs {
		set.Load = append(set.Load, []byte(v))
	}
	for _, p := range from.nets {
		if !p.IsSingleIP() {
			c.report(diag.NoBlock(n.Range(), p.String()))
			return
		}
		a := p.Addr().As16()
		set.Load = append(set.Load, a[:])
	}
	if from.typ != 0 && class(from.typ) != classText && class(from.typ) != classIP || len(from.exNets) > 0 {
		c.report(diag.BadElement(n.Range(), n.Text))
	}
}

// fillValue takes one value, and what alerts tell of it.
func (c *checker) fillValue(set *ir.Dataset, d *declaredSet, v *syntax.SetValue) {
	x := c.value(v.Value)
	k := x.konst()
	switch {
	case x.bad():
		return
	case x.block != nil:
		c.report(diag.NoBlock(v.Value.Range(), x.block.String()))
		return
	case k == nil || class(k.T) != classText && class(k.T) != classIP:
		c.report(diag.BadElement(v.Value.Range(), c.text(v.Value)))
		return
	case d.typ == 0:
		d.typ = k.T
	case class(d.typ) != class(k.T):
		c.report(diag.MixedSet(v.Value.Range(), d.typ.String(), k.T.String()))
		return
	}
	value := k.V.B
	if k.T == dissect.TIP {
		a := k.V.IP.As16()
		value = a[:]
	}
	set.Load = append(set.Load, value)
	if v.Shown == nil {
		return
	}
	if v.Shown.Kind != syntax.LitString || !json.Valid([]byte(v.Shown.Str)) {
		c.report(diag.WantJSON(v.Shown.Range()))
		return
	}
	if d.shown == nil {
		d.shown = map[string]string{}
	}
	d.shown[string(value)] = v.Shown.Str
}

// setHolds tells whether a value of a type can be in a data set; a set that does not say what it begins with takes any.
func (c *checker) setHolds(name string, t dissect.Type) (typ dissect.Type, ok bool) {
	d := c.scope.declared[name]
	if d == nil || d.typ == 0 {
		return 0, true
	}
	c.broken = c.broken || d.broken
	return d.typ, class(d.typ) == class(t)
}

// ofSet evaluates what a statement asks of dataset("name", x). Of a multi-valued field it is about the values, one at a time: then
// multi is the field.
func (c *checker) ofSet(call *syntax.Call) (in *ir.InDataset, multi *dissect.Field) {
	fr := c.open()
	defer c.discard(fr)
	in, _ = c.call(call).x.(*ir.InDataset)
	return in, fr.f
}

// context checks that alerts are to show what a data set tells of a value.
func (b *body) context(s *syntax.Context) {
	if s.Key.Kind != syntax.LitString || s.Key.Str == "" {
		b.report(diag.WantText(s.Key.Range(), "the key of a context"))
	}
	call, ok := s.Of.(*syntax.Call)
	if !ok || call.Func.Text != "dataset" {
		b.report(diag.BadContext(s.Of.Range(), b.text(s.Of)))
		return
	}
	in, multi := b.ofSet(call)
	if in == nil {
		return
	}
	d := b.scope.declared[in.Set.Name]
	if d == nil || d.shown == nil {
		if d == nil || !d.broken {
			b.report(diag.NoContext(s.Of.Range(), in.Set.Name))
		}
		return
	}
	b.out.Contexts = append(b.out.Contexts, ir.Context{Key: s.Key.Str, X: in.X, Multi: multi, Values: d.shown})
}

// setDataset checks that a value is added to a data set, or taken out.
func (b *body) setDataset(s *syntax.Set, call *syntax.Call) {
	in, multi := b.ofSet(call)
	switch {
	case in == nil:
		return
	case s.Verb == "toggle" || s.Op != "" || s.For != nil:
		b.report(diag.BadTarget(s.Range(), s.Verb, "a data set"))
		return
	}
	x := in.X
	if multi != nil {
		x = &ir.Field{F: multi, Pos: b.pos(call.Range())} // the values that the condition looked up
	}
	if s.Verb == "unset" {
		b.effect(&ir.RemoveDataset{Set: in.Set, X: x})
	} else {
		b.effect(&ir.AddDataset{Set: in.Set, X: x})
	}
}

// keep checks that what a group of an expression matches is kept for records: set flow.var("name") = capture(x, /re/, 1).
func (b *body) keep(s *syntax.Set, target *syntax.Call) {
	if len(target.Args) != 1 {
		b.report(diag.ArgCount(target.Range(), target.Func.Text+"(name string)", len(target.Args)))
		return
	}
	name, ok := target.Args[0].(*syntax.Lit)
	if !ok || name.Kind != syntax.LitString || name.Str == "" {
		b.report(diag.WantText(target.Args[0].Range(), "the name of a variable"))
		return
	}
	if s.Verb != "set" || s.Op != "=" || s.For != nil {
		b.report(diag.BadKeep(s.Range()))
		return
	}
	v := b.operand(s.Value)
	if v.bad() {
		return
	}
	t, ok := v.x.(*ir.Transform)
	if !ok || t.Steps[len(t.Steps)-1].Op != ir.TPcreXform {
		b.report(diag.BadKeep(s.Value.Range()))
		return
	}
	last := len(t.Steps) - 1
	k := &ir.KeepGroup{Buf: t.X, Re: t.Steps[last].Re, Group: max(t.Steps[last].N, 1), Name: name.Str, Packet: target.Func.Text == "packet.var"}
	if last > 0 {
		k.Buf = &ir.Transform{X: t.X, Steps: t.Steps[:last], Pos: t.Pos}
	}
	b.effect(k)
}
