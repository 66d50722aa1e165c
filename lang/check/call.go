package check

import (
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// call evaluates a function call.
func (c *checker) call(x *syntax.Call) val {
	d := c.scope.function(x.Func.Text)
	if d == nil {
		if write := written(foreignFuncs, x.Func.Text); write != "" {
			c.report(diag.ForeignFunction(x.Func.Range(), x.Func.Text, write))
			return val{}
		}
		c.report(diag.UnknownFunction(x.Func.Range(), x.Func.Text, c.scope.suggestFunction(x.Func.Text)))
		return val{}
	}
	if !arity(d, len(x.Args)) {
		c.report(diag.ArgCount(x.Range(), d.Signature(), len(x.Args)))
		return val{}
	}
	if d.Kind == funcs.Special {
		return c.special(d, x)
	}
	args, ok := c.args(d, x)
	if !ok {
		return val{}
	}
	if d.Kind == funcs.Transform {
		return c.transform(d, x, args)
	}
	if d.Name == "to_int" && len(args) > 1 {
		if k := args[1].konst(); k != nil && (k.V.I < 2 || k.V.I > 36) {
			c.report(diag.WantNumber(x.Args[1].Range(), "the base", 2, 36))
			return val{}
		}
	}
	call := &ir.Call{Fn: d.Func(), Pos: c.pos(x.Range())}
	for _, a := range args {
		call.Args = append(call.Args, a.x)
	}
	return val{t: d.Returns, x: call}
}

func arity(d *funcs.Decl, n int) bool {
	least, most := 0, len(d.Params)
	for _, p := range d.Params {
		if !p.Optional {
			least++
		}
		if p.Variadic {
			most = 16
		}
	}
	return n >= least && n <= most
}

// args evaluates and checks the arguments of a call.
func (c *checker) args(d *funcs.Decl, x *syntax.Call) ([]val, bool) {
	out := make([]val, len(x.Args))
	ok := true
	for i, a := range x.Args {
		v := c.operand(a)
		if v.bad() {
			ok = false
			continue
		}
		out[i] = v
		ok = c.arg(d, d.Params[min(i, len(d.Params)-1)], a, v) && ok
	}
	return out, ok
}

func (c *checker) arg(d *funcs.Decl, p funcs.Param, a syntax.Expr, v val) bool {
	switch {
	case p.Regex:
		if v.re == nil {
			c.report(diag.ArgType(a.Range(), d.Name, p.Name, c.text(a), v.kind(), "regular expression"))
			return false
		}
		return true
	case p.Const && v.konst() == nil:
		c.report(diag.NotConstant(a.Range(), p.Name+" of "+d.Name))
		return false
	}
	if v.x != nil && len(p.Types) == 0 {
		return true
	}
	for _, t := range p.Types {
		if v.x != nil && class(t) == class(v.t) && sameKind(t, v.t) {
			return true
		}
	}
	c.report(diag.ArgType(a.Range(), d.Name, p.Name, c.text(a), v.kind(), funcs.TypeList(p.Types)))
	return false
}

// transform makes the call a step of a chain of transformations.
func (c *checker) transform(d *funcs.Decl, x *syntax.Call, args []val) val {
	step := ir.TStep{Op: d.Step}
	switch d.Step {
	case ir.TXor:
		step.Arg = args[1].konst().V.B
		if len(step.Arg) == 0 {
			c.report(diag.EmptyPattern(x.Args[1].Range()))
			return val{}
		}
	case ir.TGunzip, ir.TZlibDeflate:
		if len(args) > 1 {
			step.N = int(args[1].konst().V.I)
		}
	case ir.TPcreXform:
		if step.Re = c.regex(args[1].re, x.Args[1].Range(), false); step.Re == nil {
			return val{}
		}
		if len(args) > 2 {
			if n := args[2].konst().V.I; n < 1 || n > int64(step.Re.Groups()) {
				c.report(diag.NoGroup(x.Args[2].Range(), step.Re.Groups()))
			} else if n > 1 {
				step.N = int(n)
			}
		}
	case ir.TFromBase64:
		if len(args) > 1 {
			step.N = int(args[1].konst().V.I)
		}
		if len(args) > 2 {
			step.Offset = int(args[2].konst().V.I)
		}
		if len(args) > 3 {
			mode, ok := base64Modes[string(args[3].konst().V.B)]
			if !ok {
				c.report(diag.BadChoice(x.Args[3].Range(), "mode", c.text(x.Args[3]), nil, []string{"rfc4648", "rfc2045", "strict"}))
				return val{}
			}
			step.Mode = mode
		}
	}
	t := &ir.Transform{X: args[0].x, Steps: []ir.TStep{step}, Pos: c.pos(x.Range())}
	if inner, ok := args[0].x.(*ir.Transform); ok {
		t.X = inner.X
		t.Steps = append(append([]ir.TStep{}, inner.Steps...), step)
	}
	return val{t: t.Type(), x: t}
}

var base64Modes = map[string]ir.Base64Mode{"rfc4648": ir.Base64RFC4648, "rfc2045": ir.Base64RFC2045, "strict": ir.Base64Strict}

// special evaluates the functions that have nodes of their own.
func (c *checker) special(d *funcs.Decl, x *syntax.Call) val {
	at := c.pos(x.Range())
	switch d.Name {
	case "exists":
		return c.exists(x)
	case "count":
		return c.count(d, x)
	case "len":
		args, ok := c.args(d, x)
		if !ok {
			return val{}
		}
		if k := args[0].konst(); k != nil {
			return constant(dissect.TSize, ir.Value{I: int64(len(k.V.B))})
		}
		return val{t: dissect.TSize, x: &ir.Len{X: args[0].x, Pos: at}}
	case "reputation":
		return c.reputation(d, x)
	}
	return c.state(d, x)
}

// reputation evaluates the score of an address. Without reputation files no address has one.
func (c *checker) reputation(d *funcs.Decl, x *syntax.Call) val {
	args, ok := c.args(d, x)
	if !ok {
		return val{}
	}
	k := args[1].konst()
	if k == nil {
		c.report(diag.WantText(x.Args[1].Range(), "the name of a category"))
		return val{}
	}
	table := c.scope.reputation(string(k.V.B))
	if table == nil {
		c.report(diag.UnknownCategory(x.Args[1].Range(), string(k.V.B)))
		return val{}
	}
	return val{t: dissect.TInt, x: &ir.Rep{X: args[0].x, Table: table, Pos: c.pos(x.Range())}}
}

func (c *checker) exists(x *syntax.Call) val {
	fr := c.open()
	defer c.discard(fr)
	v := c.value(x.Args[0])
	switch {
	case v.bad():
		return val{}
	case v.multi != nil:
		for i := len(c.frames) - 1; i >= 0; i-- { // the value at hand, within any(field: ...)
			if c.frames[i].explicit && siblings(c.frames[i].f, v.multi) {
				return val{t: dissect.TBool, x: &ir.Exists{X: c.newElem(v.multi, c.frames[i], x.Range()), Pos: c.pos(x.Range())}}
			}
		}
		return val{t: dissect.TBool, x: &ir.Exists{X: &ir.Field{F: v.multi, Pos: c.pos(x.Args[0].Range())}, Pos: c.pos(x.Range())}}
	case v.x == nil || v.konst() != nil:
		c.report(diag.BadOperand(x.Args[0].Range(), "exists", c.text(x.Args[0]), v.kind(), "it asks whether a field is there"))
		return val{}
	}
	return val{t: dissect.TBool, x: c.close(fr, syntax.QuantNone, &ir.Exists{X: v.x, Pos: c.pos(x.Range())})}
}

func (c *checker) count(d *funcs.Decl, x *syntax.Call) val {
	if len(x.Args) == 2 {
		args, ok := c.args(funcs.CountParts, x)
		if !ok {
			return val{}
		}
		return val{t: dissect.TInt, x: &ir.Call{Fn: funcs.CountParts.Func(), Args: []ir.Expr{args[0].x, args[1].x}, Pos: c.pos(x.Range())}}
	}
	v := c.value(x.Args[0])
	switch {
	case v.bad():
		return val{}
	case v.multi == nil:
		c.report(diag.NotMulti(x.Args[0].Range(), "count", c.text(x.Args[0])))
		return val{}
	}
	return val{t: dissect.TInt, x: &ir.Count{F: v.multi, Pos: c.pos(x.Range())}}
}

// state evaluates flags, counters and data sets.
func (c *checker) state(d *funcs.Decl, x *syntax.Call) val {
	s := c.stateOf(d, x)
	if s == nil {
		return val{}
	}
	at := c.pos(x.Range())
	switch d.Name {
	case "flow.flag":
		return val{t: dissect.TBool, x: &ir.FlowBit{Names: s.names, Pos: at}}
	case "flow.counter":
		return val{t: dissect.TInt, x: &ir.FlowInt{Name: s.names[0], Pos: at}}
	case "host.flag":
		return val{t: dissect.TBool, x: &ir.HostBit{Name: s.names[0], Key: s.key, Pos: at}}
	case "host.counter":
		return val{t: dissect.TInt, x: &ir.HostInt{Name: s.names[0], Key: s.key, Pos: at}}
	}
	if t, ok := c.setHolds(s.names[0], s.key[0].Type()); !ok {
		set := c.scope.declared[s.names[0]]
		c.report(diag.NotOfSet(x.Args[1].Range(), c.text(x.Args[1]), s.key[0].Type().String(), s.names[0], t.String(), place(set.file, set.decl.Name.Range())))
		return val{}
	}
	return val{t: dissect.TBool, x: &ir.InDataset{X: s.key[0], Set: c.scope.dataset(s.names[0]), Pos: at}}
}

// stateRef is what a flag, counter or data set is called, with its key.
type stateRef struct {
	names []string
	key   []ir.Expr
}

// stateOf reads the arguments: the names, then (for hosts and data sets) the key.
func (c *checker) stateOf(d *funcs.Decl, x *syntax.Call) *stateRef {
	s := &stateRef{}
	keyed := !strings.HasPrefix(d.Name, "flow.")
	for i, a := range x.Args {
		v := c.operand(a)
		if v.bad() {
			return nil
		}
		if i > 0 && keyed {
			if v.x == nil {
				c.report(diag.NotAValue(a.Range(), c.text(a), v.kind()))
				return nil
			}
			s.key = append(s.key, v.x)
			continue
		}
		k := v.konst()
		if k == nil || class(k.T) != classText || len(k.V.B) == 0 {
			c.report(diag.WantText(a.Range(), "the name of a "+strings.TrimPrefix(strings.TrimPrefix(d.Name, "flow."), "host.")))
			return nil
		}
		s.names = append(s.names, string(k.V.B))
	}
	if len(s.names) == 0 || keyed && len(s.key) == 0 {
		c.report(diag.ArgCount(x.Range(), d.Signature(), len(x.Args)))
		return nil
	}
	return s
}
