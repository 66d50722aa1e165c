package check

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// checker checks one rule (or let, sequence, test) at a time.
type checker struct {
	scope  *Scope
	file   string
	src    source
	rule   string
	list   diag.List
	mute   int          // inside the value of a let: its errors were said already
	uses   int          // of lets
	broken bool         // such a let is wrong: so is what uses it
	outer  *syntax.Name // the let that is gone into, in the file where what is checked stands
	begun  string       // that file

	row    int             // of operators of arithmetic
	depth  int             // of lets within lets
	vars   map[string]bool // variables that chains extract
	event  string          // an event named as a term
	evAt   diag.Range
	conj   bool // what is being looked at is a term of the whole condition
	frames []*frame
	elems  []*ir.Elem // of open frames, with their owners beside
	owners []*frame
	// spans remembers where terms came from, for warnings.
	spans map[ir.Expr]diag.Range
}

func (c *checker) report(d diag.Diagnostic) {
	if c.mute > 0 {
		c.broken = c.broken || d.Severity == diag.Error
		return
	}
	d.File, d.Rule = c.file, c.rule
	c.list = append(c.list, d)
}

func (c *checker) text(x syntax.Expr) string { return c.src.of(x.Range()) }

func (c *checker) pos(r diag.Range) ir.Pos { return position(c.file, r) }

func position(file string, r diag.Range) ir.Pos {
	return ir.Pos{File: file, Line: int32(r.Start.Line), Col: int32(r.Start.Col)}
}

// The classes of types: what can be compared with what.
const (
	classNone = iota
	classInt
	classFloat
	classText
	classIP
	classBool
)

func class(t dissect.Type) int {
	switch t {
	case dissect.TInt, dissect.TSize, dissect.TDuration, dissect.TTime, dissect.TPort:
		return classInt
	case dissect.TFloat:
		return classFloat
	case dissect.TString, dissect.TBytes:
		return classText
	case dissect.TIP:
		return classIP
	case dissect.TBool:
		return classBool
	}
	return classNone
}

// val is what an expression turned out to be. Exactly one of the pointers is set, unless bad.
type val struct {
	t     dissect.Type
	x     ir.Expr        // a value or a condition
	multi *dissect.Field // a multi-valued field by itself
	set   *constSet
	re    *syntax.Lit
	block *netip.Prefix
	event string
}

func (v val) bad() bool {
	return v.x == nil && v.multi == nil && v.set == nil && v.re == nil && v.block == nil && v.event == ""
}

// konst gives the constant that v is, or nil.
func (v val) konst() *ir.Const {
	k, _ := v.x.(*ir.Const)
	return k
}

// kind names what v is in messages.
func (v val) kind() string {
	switch {
	case v.set != nil:
		return v.set.describe()
	case v.re != nil:
		return "regular expression"
	case v.block != nil:
		return "address block"
	case v.event != "":
		return "event"
	}
	return v.t.String()
}

// value evaluates any expression.
func (c *checker) value(x syntax.Expr) val {
	switch x := x.(type) {
	case *syntax.Lit:
		return c.literal(x)
	case *syntax.Name:
		return c.name(x)
	case *syntax.Index:
		return c.index(x)
	case *syntax.Call:
		return c.call(x)
	case *syntax.SetLit:
		if s := c.setOf(x); s != nil {
			return val{t: s.typ, set: s}
		}
		return val{}
	case *syntax.RangeLit:
		if s := c.rangeOf(x); s != nil {
			return val{t: s.typ, set: s}
		}
		return val{}
	case *syntax.Unary:
		if x.Op == syntax.OpNeg {
			return c.negate(x)
		}
	case *syntax.Binary:
		if !x.Op.Compares() && x.Op != syntax.OpAnd && x.Op != syntax.OpOr {
			return c.arith(x)
		}
	}
	if e := c.cond(x); e != nil {
		return val{t: dissect.TBool, x: e}
	}
	return val{}
}

func constant(t dissect.Type, v ir.Value) val {
	v.OK = true
	return val{t: t, x: &ir.Const{T: t, V: v}}
}

func (c *checker) literal(l *syntax.Lit) val {
	switch l.Kind {
	case syntax.LitInt:
		if l.Big {
			c.report(diag.NumberTooBig(l.Range(), l.Raw))
			return val{}
		}
		return constant(dissect.TInt, ir.Value{I: l.Int})
	case syntax.LitFloat:
		return constant(dissect.TFloat, ir.Value{F: l.Float})
	case syntax.LitString:
		return constant(dissect.TString, ir.Value{B: []byte(l.Str)})
	case syntax.LitBytes:
		return constant(dissect.TBytes, ir.Value{B: []byte(l.Str)})
	case syntax.LitSize:
		return constant(dissect.TSize, ir.Value{I: l.Int})
	case syntax.LitDuration:
		return constant(dissect.TDuration, ir.Value{I: l.Int})
	case syntax.LitBool:
		return constant(dissect.TBool, ir.Value{I: l.Int})
	case syntax.LitRegex:
		return val{re: l}
	case syntax.LitIP:
		if l.Block && !l.IP.IsSingleIP() {
			if block := l.IP.Masked(); block != l.IP {
				c.report(diag.LooseBlock(l.Range(), l.Raw, block.String()))
			}
			return val{t: dissect.TIP, block: &l.IP}
		}
		return constant(dissect.TIP, ir.Value{IP: l.IP.Addr().Unmap()})
	}
	return val{}
}

// name finds what a name means: a let or list, a field, or an event.
func (c *checker) name(n *syntax.Name) val {
	if l := c.scope.lets[n.Text]; l != nil {
		return c.useLet(l, n)
	}
	if f := c.scope.Schema.Field(n.Text); f != nil {
		if f.Multi {
			return val{t: f.Type, multi: f}
		}
		return val{t: f.Type, x: &ir.Field{F: f, Pos: c.pos(n.Range())}}
	}
	if _, ok := c.scope.Schema.EventByName(n.Text); ok {
		return val{event: n.Text}
	}
	if write := written(foreign, n.Text); write != "" {
		c.report(diag.Foreign(n.Range(), n.Text, write))
		return val{}
	}
	near := c.scope.suggest(n.Text)
	if like := usualLet(n.Text); like != "" && !c.letLike(near) {
		c.report(diag.NoLet(n.Range(), n.Text, like))
		return val{}
	}
	for i := range n.Text {
		if n.Text[i] == '.' {
			c.report(diag.UnknownField(n.Range(), n.Text, near))
			return val{}
		}
	}
	c.report(diag.UnknownName(n.Range(), n.Text, near))
	return val{}
}

// maxLets is how deep lets may use lets, and maxUses how often they are used in all that a rule stands for.
const (
	maxLets = 64
	maxUses = 4096
)

// usable tells whether a let may be gone into, and reports one that stands for too much.
func (c *checker) usable(l *let, n *syntax.Name) bool {
	if c.depth == 0 {
		c.outer, c.begun = n, c.file
	}
	if c.uses++; !l.cyclic && c.depth <= maxLets && c.uses <= maxUses {
		return true
	}
	if !c.broken && !l.cyclic {
		d := diag.TooMuch(c.outer.Range(), c.outer.Text, maxUses)
		if c.depth > maxLets {
			d = diag.LetsNest(c.outer.Range(), c.outer.Text, maxLets)
		}
		d.File, d.Rule = c.begun, c.rule
		c.list = append(c.list, d)
	}
	c.broken = true
	return false
}

// useLet evaluates a let where it is used. What is wrong with its value has been said already.
func (c *checker) useLet(l *let, n *syntax.Name) val {
	if !l.used.Load() {
		l.used.Store(true)
	}
	if l.value == nil {
		return val{t: l.set.typ, set: l.set}
	}
	if l.val != nil {
		return *l.val
	}
	if !c.usable(l, n) {
		return val{}
	}
	saveFile, saveSrc := c.file, c.src
	c.file, c.src = l.file, l.src
	c.mute++
	c.depth++
	v := c.value(l.value)
	c.depth--
	c.mute--
	c.file, c.src = saveFile, saveSrc
	if v.set != nil && v.set.name == "" {
		v.set.name = l.name
	}
	return v
}

// single makes a multi-valued field the one value that the comparison around it looks at.
func (c *checker) single(v val, at diag.Range) val {
	if v.multi == nil {
		return v
	}
	e := c.elem(v.multi, at)
	if e == nil {
		return val{}
	}
	return val{t: v.t, x: e}
}

// operand evaluates an expression of which one value is needed.
func (c *checker) operand(x syntax.Expr) val {
	v := c.single(c.value(x), x.Range())
	if v.event != "" {
		c.report(diag.NotAValue(x.Range(), c.text(x), v.kind()))
		return val{}
	}
	return v
}

func (c *checker) negate(x *syntax.Unary) val {
	v := c.operand(x.X)
	if v.bad() {
		return v
	}
	if k := v.konst(); k != nil {
		switch class(k.T) {
		case classInt:
			return constant(k.T, ir.Value{I: -k.V.I})
		case classFloat:
			return constant(k.T, ir.Value{F: -k.V.F})
		}
	}
	if v.x == nil || class(v.t) != classInt && class(v.t) != classFloat {
		c.report(diag.BadOperand(x.Range(), "-", c.text(x.X), v.kind(), ""))
		return val{}
	}
	zero := &ir.Const{T: v.t, V: ir.Value{OK: true}}
	return val{t: v.t, x: &ir.Arith{Op: ir.Sub, X: zero, Y: v.x, T: v.t, Pos: c.pos(x.Range())}}
}

var arithOps = map[syntax.Op]ir.ArithOp{syntax.OpAdd: ir.Add, syntax.OpSub: ir.Sub, syntax.OpMul: ir.Mul, syntax.OpDiv: ir.Div,
	syntax.OpMod: ir.Mod, syntax.OpBitAnd: ir.BitAnd, syntax.OpBitOr: ir.BitOr, syntax.OpBitXor: ir.BitXor,
	syntax.OpShl: ir.Shl, syntax.OpShr: ir.Shr}

// maxArith is how many operators of arithmetic may stand in a row.
const maxArith = 256

func (c *checker) arith(b *syntax.Binary) val {
	c.row++
	defer func() { c.row-- }()
	if c.row > maxArith {
		c.report(diag.TooDeep(b.OpAt, maxArith))
		return val{}
	}
	l, r := c.operand(b.L), c.operand(b.R)
	if l.bad() || r.bad() {
		return val{}
	}
	op := arithOps[b.Op]
	t := resultType(op, l, r)
	if t == 0 {
		hint := ""
		if class(l.t) == classText || class(r.t) == classText {
			hint = "texts are joined with concat(a, b), and made numbers with to_int(x)"
		}
		c.report(diag.TypeMismatch(b.Range(), b.Op.String(), c.text(b.L), l.kind(), c.text(b.R), r.kind(), hint))
		return val{}
	}
	x, y := l.konst(), r.konst()
	if y != nil && (op == ir.Div || op == ir.Mod) && y.V.I == 0 && y.V.F == 0 {
		c.report(diag.DividesByZero(b.R.Range()))
		return val{}
	}
	if x != nil && y != nil {
		if v, ok := fold(op, t, x.V, x.T, y.V, y.T); ok {
			return constant(t, v)
		}
		return val{} // a divisor of zero was reported above
	}
	return val{t: t, x: &ir.Arith{Op: op, X: l.x, Y: r.x, T: t, Pos: c.pos(b.OpAt)}}
}

// resultType is the type of l op r, 0 if they do not go together.
func resultType(op ir.ArithOp, l, r val) dissect.Type {
	if l.x == nil || r.x == nil {
		return 0
	}
	cl, cr := class(l.t), class(r.t)
	if cl == classFloat && (cr == classFloat || cr == classInt) || cr == classFloat && cl == classInt {
		if op > ir.Div {
			return 0
		}
		return dissect.TFloat
	}
	if cl != classInt || cr != classInt {
		return 0
	}
	const dur, tm = dissect.TDuration, dissect.TTime
	switch {
	case l.t == tm && r.t == tm:
		if op == ir.Sub {
			return dur
		}
		return 0
	case l.t == tm && r.t == dur && (op == ir.Add || op == ir.Sub):
		return tm
	case l.t == tm || r.t == tm:
		return 0
	case l.t == dur && r.t == dur:
		if op == ir.Div {
			return dissect.TInt
		}
		return dur
	case l.t == dur || r.t == dur:
		if op == ir.Mul || op == ir.Div && l.t == dur {
			return dur
		}
		return 0
	case l.t == dissect.TSize || r.t == dissect.TSize:
		return dissect.TSize
	}
	return dissect.TInt
}

func fold(op ir.ArithOp, t dissect.Type, x ir.Value, xt dissect.Type, y ir.Value, yt dissect.Type) (ir.Value, bool) {
	if t == dissect.TFloat {
		a, b := asFloat(x, xt), asFloat(y, yt)
		switch op {
		case ir.Add:
			return ir.Value{F: a + b}, true
		case ir.Sub:
			return ir.Value{F: a - b}, true
		case ir.Mul:
			return ir.Value{F: a * b}, true
		}
		return ir.Value{F: a / b}, b != 0
	}
	a, b := x.I, y.I
	switch op {
	case ir.Add:
		a += b
	case ir.Sub:
		a -= b
	case ir.Mul:
		a *= b
	case ir.Div, ir.Mod:
		if b == 0 {
			return ir.Value{}, false
		}
		if op == ir.Div {
			a /= b
		} else {
			a %= b
		}
	case ir.BitAnd:
		a &= b
	case ir.BitOr:
		a |= b
	case ir.BitXor:
		a ^= b
	case ir.Shl:
		a <<= uint64(b) & 63
	case ir.Shr:
		a >>= uint64(b) & 63
	}
	return ir.Value{I: a}, true
}

func asFloat(v ir.Value, t dissect.Type) float64 {
	if t == dissect.TFloat {
		return v.F
	}
	return float64(v.I)
}
