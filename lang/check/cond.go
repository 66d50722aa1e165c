package check

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// condition checks a whole condition. An event named as one of its terms is left in c.event;
// nil is a condition that failed, or one that was nothing but the event.
func (c *checker) condition(x syntax.Expr) ir.Expr {
	c.conj = true
	e := c.cond(x)
	c.conj = false
	return e
}

// cond evaluates a condition, nil if something is wrong with it.
func (c *checker) cond(x syntax.Expr) ir.Expr {
	top := c.conj
	c.conj = false
	var e ir.Expr
	switch x := x.(type) {
	case *syntax.Unary:
		if x.Op == syntax.OpNot {
			if e = c.cond(x.X); e != nil {
				e = &ir.Not{X: e}
			}
			break
		}
		return c.plain(x, top)
	case *syntax.Binary:
		switch {
		case x.Op == syntax.OpAnd || x.Op == syntax.OpOr:
			e = c.junction(x, top)
		case x.Op.Compares():
			e = c.comparison(x)
		default:
			return c.plain(x, top)
		}
	case *syntax.Has:
		e = c.has(x)
	case *syntax.QuantBlock:
		e = c.quantBlock(x)
	default:
		return c.plain(x, top)
	}
	if e != nil && c.spans != nil {
		c.spans[e] = x.Range()
	}
	return e
}

// junction evaluates a chain of terms joined by and, or by or. It walks down the left side in a loop, as
// chains may be long.
func (c *checker) junction(b *syntax.Binary, top bool) ir.Expr {
	var terms []syntax.Expr
	var x syntax.Expr = b
	for {
		j, ok := x.(*syntax.Binary)
		if !ok || j.Op != b.Op {
			break
		}
		terms = append(terms, j.R)
		x = j.L
	}
	terms = append(terms, x)
	out := make([]ir.Expr, 0, len(terms))
	failed := false
	for i := len(terms) - 1; i >= 0; i-- {
		c.conj = top && b.Op == syntax.OpAnd
		had := c.event
		e := c.cond(terms[i])
		switch {
		case e != nil:
			out = append(out, e)
		case c.event == had: // not a term that was an event
			failed = true
		}
	}
	switch {
	case failed || len(out) == 0:
		return nil
	case len(out) == 1:
		return out[0]
	case b.Op == syntax.OpAnd:
		return &ir.And{X: out}
	}
	return &ir.Or{X: out}
}

// plain evaluates a value that stands where a condition must: a truth value, a let, an event.
func (c *checker) plain(x syntax.Expr, top bool) ir.Expr {
	if n, ok := x.(*syntax.Name); ok {
		if l := c.scope.lets[n.Text]; l != nil && l.value != nil && l.val == nil {
			return c.letCond(l, n, top)
		}
	}
	fr := c.open()
	v := c.value(x)
	defer c.discard(fr)
	switch {
	case v.bad():
		return nil
	case v.event != "":
		c.pin(v.event, x.Range(), top)
		return nil
	case v.t != dissect.TBool && c.isEvent(x):
		c.pin(x.(*syntax.Name).Text, x.Range(), top)
		return nil
	case v.multi != nil:
		c.report(diag.NotACondition(x.Range(), c.text(x), "a multi-valued field", "test its values, or exists("+c.text(x)+")"))
		return nil
	case v.x != nil && v.t == dissect.TBool:
		e := c.close(fr, syntax.QuantNone, v.x)
		if e != nil && c.spans != nil {
			c.spans[e] = x.Range()
		}
		return e
	}
	hint := ""
	if v.x != nil && v.konst() == nil {
		hint = "compare it with something, or ask for exists(" + c.text(x) + ")"
	} else if v.konst() != nil && v.t != dissect.TBool {
		hint = "write x == " + c.text(x) + " with what is compared, or x in {..., " + c.text(x) + "}"
	}
	c.report(diag.NotACondition(x.Range(), c.text(x), v.kind(), hint))
	return nil
}

// isEvent tells whether x names an event; a field may have the same name (ssh.kex).
func (c *checker) isEvent(x syntax.Expr) bool {
	n, ok := x.(*syntax.Name)
	if !ok || c.scope.lets[n.Text] != nil {
		return false
	}
	_, ok = c.scope.Schema.EventByName(n.Text)
	return ok
}

// letCond evaluates a let as a condition, with the let's own errors kept quiet.
func (c *checker) letCond(l *let, n *syntax.Name, top bool) ir.Expr {
	if !l.used.Load() {
		l.used.Store(true)
	}
	if !c.usable(l, n) {
		return nil
	}
	saveFile, saveSrc, saveSpans := c.file, c.src, c.spans
	c.file, c.src, c.spans = l.file, l.src, nil
	c.mute++
	c.depth++
	c.conj = top
	e := c.cond(l.value)
	c.conj = false
	c.depth--
	c.mute--
	c.file, c.src, c.spans = saveFile, saveSrc, saveSpans
	if e != nil && c.spans != nil {
		c.spans[e] = n.Range()
	}
	if e == nil && c.event == "" && c.mute == 0 && len(c.list) == 0 {
		// The let may be right by itself, but no condition: { } or "text".
		v := val{}
		c.mute++
		v = c.value(l.value)
		c.mute--
		if !v.bad() {
			c.report(diag.NotACondition(n.Range(), n.Text, v.kind(), ""))
		}
	}
	return e
}

// pin notes that the rule is judged at an event.
func (c *checker) pin(event string, at diag.Range, top bool) {
	switch {
	case !top:
		c.report(diag.EventInRule(at, event))
	case c.event != "" && c.event != event:
		c.report(diag.TwoEvents(at, c.event, event))
	default:
		c.event, c.evAt = event, at
	}
}

// ---- quantifiers

// frame is a place at which one value of a multi-valued field is looked at: a comparison, or
// any(field: condition).
type frame struct {
	f *dissect.Field
	// explicit frames are those of any(field: ...).
	explicit bool
	first    int // index in c.elems of the first element made within
}

func (c *checker) open() *frame {
	fr := &frame{first: len(c.elems)}
	c.frames = append(c.frames, fr)
	return fr
}

// discard closes a frame if close has not.
func (c *checker) discard(fr *frame) {
	if n := len(c.frames); n > 0 && c.frames[n-1] == fr {
		c.frames = c.frames[:n-1]
	}
}

// close ends a frame: body becomes a quantified condition if it looked at a multi-valued field.
func (c *checker) close(fr *frame, q syntax.Quant, body ir.Expr) ir.Expr {
	c.discard(fr)
	if fr.f == nil || body == nil {
		return body
	}
	for i := fr.first; i < len(c.elems); i++ {
		if c.owners[i] == fr {
			c.owners[i] = nil
		} else if c.owners[i] != nil {
			c.elems[i].Up++ // it belongs to a frame around this one
		}
	}
	var e ir.Expr = &ir.Quant{All: q == syntax.QuantAll, F: fr.f, Body: body}
	if q == syntax.QuantNo {
		e = &ir.Not{X: e}
	}
	return e
}

// elem gives the value of a multi-valued field at which the frame stands that it belongs to.
func (c *checker) elem(f *dissect.Field, at diag.Range) ir.Expr {
	for i := len(c.frames) - 1; i >= 0; i-- {
		if fr := c.frames[i]; fr.explicit && siblings(fr.f, f) {
			return c.newElem(f, fr, at)
		}
	}
	for i := len(c.frames) - 1; i >= 0; i-- {
		fr := c.frames[i]
		if fr.explicit {
			continue
		}
		switch {
		case fr.f == nil:
			fr.f = f
		case fr.f != f:
			c.report(diag.TwoMulti(at, fr.f.Name, f.Name))
			return nil
		}
		return c.newElem(f, fr, at)
	}
	c.report(diag.MultiAlone(at, f.Name))
	return nil
}

func (c *checker) newElem(f *dissect.Field, fr *frame, at diag.Range) *ir.Elem {
	e := &ir.Elem{F: f, Pos: c.pos(at)}
	c.elems, c.owners = append(c.elems, e), append(c.owners, fr)
	return e
}

// siblings tells whether two multi-valued fields have their values side by side: their names
// differ in the last part only.
func siblings(a, b *dissect.Field) bool {
	return a == b || a.Multi && b.Multi && parent(a.Name) != "" && parent(a.Name) == parent(b.Name)
}

func parent(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '.' {
			return name[:i]
		}
	}
	return ""
}

func (c *checker) quantBlock(x *syntax.QuantBlock) ir.Expr {
	f := c.scope.Schema.Field(x.Field.Text)
	switch {
	case f == nil:
		c.report(diag.UnknownField(x.Field.Range(), x.Field.Text, c.scope.suggest(x.Field.Text)))
		return nil
	case !f.Multi:
		c.report(diag.NotMulti(x.Field.Range(), x.Quant.String(), f.Name))
		return nil
	}
	fr := c.open()
	fr.f, fr.explicit = f, true
	return c.close(fr, x.Quant, c.cond(x.Body))
}

// index evaluates headers["name"]: the value of the header line of that name, from a field that has
// header lines, one a value or all in one text; and list[n]: one of several values, from 0 on, or from -1 on backwards.
func (c *checker) index(x *syntax.Index) val {
	n, ok := x.X.(*syntax.Name)
	if !ok {
		return val{}
	}
	v := c.value(n)
	if v.bad() {
		return val{}
	}
	if v.multi != nil && x.Key.Kind == syntax.LitInt {
		n := x.Key.Int
		if x.Neg {
			n = -n
		}
		if n < -ir.MaxPlace || n > ir.MaxPlace {
			c.report(diag.WantNumber(x.Key.Range(), "a place", -ir.MaxPlace, ir.MaxPlace))
			return val{}
		}
		return val{t: v.t, x: &ir.Field{F: ir.Place(v.multi, int(n)), Pos: c.pos(x.Range())}}
	}
	if class(v.t) != classText || v.x == nil && v.multi == nil || v.konst() != nil || x.Key.Kind != syntax.LitString {
		c.report(diag.NoIndex(x.Range(), n.Text, `header lines have: http.request.headers["X-Forwarded-For"]`))
		return val{}
	}
	if v = c.single(v, x.Range()); v.bad() {
		return val{}
	}
	call := &ir.Call{Fn: funcs.Lookup("header").Func(), Args: []ir.Expr{v.x, ir.Str(x.Key.Str)}, Pos: c.pos(x.Range())}
	return val{t: dissect.TString, x: call}
}
