package syntax

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// MaxDepth is how deep expressions may nest.
const MaxDepth = 100

// exprParser parses one expression by precedence climbing.
type exprParser struct {
	lex   *lexer.PeekingLexer
	depth int
}

// parseExpr is the production Expr of the grammar.
func parseExpr(lex *lexer.PeekingLexer) (Expr, error) {
	p := exprParser{lex: lex}
	return p.ranged()
}

// Parse implements participle.Parseable.
func (v *Value) Parse(lex *lexer.PeekingLexer) error {
	p := exprParser{lex: lex}
	var err error
	v.X, err = p.tight(precBitOr)
	return err
}

func (p *exprParser) word(text string) bool {
	t := p.lex.Peek()
	return t.Value == text && (t.Type == tIdent || t.Type == tOp)
}

// accept passes the token if it is text.
func (p *exprParser) accept(text string) bool {
	if p.word(text) {
		p.lex.Next()
		return true
	}
	return false
}

func (p *exprParser) expect(text string) error {
	if !p.accept(text) {
		return unexpected(p.lex.Peek(), text)
	}
	return nil
}

// separator takes the comma between two elements of a list that closer ends.
func (p *exprParser) separator(closer string) error {
	if !p.accept(",") {
		return unexpected(p.lex.Peek(), ","+closer)
	}
	return nil
}

// from is the range from a start to the last token that was passed.
func (p *exprParser) from(start diag.Range) diag.Range {
	c := p.lex.RawCursor()
	if c == 0 {
		return start
	}
	return start.Join(tokenRange(p.lex.Range(c-1, c)[0]))
}

func (p *exprParser) enter() error {
	if p.depth++; p.depth > MaxDepth {
		return &problem{diag.TooDeep(tokenRange(*p.lex.Peek()), MaxDepth)}
	}
	return nil
}

// ranged is an expression, or a range lo..hi (the value of a let).
func (p *exprParser) ranged() (Expr, error) {
	if p.word("..") {
		return p.right(OpIn)
	}
	at := tokenRange(*p.lex.Peek())
	x, err := p.binary(precOr)
	if err != nil || !p.word("..") {
		return x, err
	}
	return p.upTo(at, x)
}

// upTo parses the rest of a range, from its dots on.
func (p *exprParser) upTo(at diag.Range, lo Expr) (Expr, error) {
	p.lex.Next()
	r := &RangeLit{Lo: lo}
	switch p.lex.Peek().Type {
	case tInt, tFloat, tSize, tDuration, tIP:
		var err error
		if r.Hi, err = p.tight(precBitOr); err != nil {
			return nil, err
		}
	}
	r.rng = p.from(at)
	return r, nil
}

// binary parses operators that bind at least as tightly as prec.
func (p *exprParser) binary(prec int) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if prec >= precCompare {
		return p.tight(prec)
	}
	var left Expr
	var err error
	at := tokenRange(*p.lex.Peek())
	if p.word("not") || p.word("!") {
		p.lex.Next()
		u := &Unary{Op: OpNot}
		if u.X, err = p.binary(precNot); err != nil {
			return nil, err
		}
		u.rng = p.from(at)
		left = u
	} else if left, err = p.comparison(); err != nil {
		return nil, err
	}
	for {
		t := p.lex.Peek()
		op := infixes[t.Value]
		if op != OpAnd && op != OpOr || t.Type != tIdent && t.Type != tOp || ops[op].prec < prec {
			return left, nil
		}
		p.lex.Next()
		b := &Binary{Op: op, OpAt: tokenRange(*t), L: left}
		if b.R, err = p.binary(ops[op].prec + 1); err != nil {
			return nil, err
		}
		b.rng = p.from(at)
		left = b
	}
}

// comparison parses an operand, or a comparison of two, or a test of one.
func (p *exprParser) comparison() (Expr, error) {
	start := p.lex.Peek()
	at := tokenRange(*start)
	q, block, err := p.quantifier()
	if err != nil || block != nil {
		return block, err
	}
	left, err := p.tight(precBitOr)
	if err != nil {
		return nil, err
	}
	not := p.notContains()
	t := p.lex.Peek()
	op, negHas := p.compareOp()
	switch {
	case t.Value == "has" && t.Type == tIdent || negHas:
		return p.has(at, q, left, negHas)
	case t.Value == "exists" && t.Type == tIdent:
		p.lex.Next()
		c := &Call{Func: &Word{Text: "exists"}, Args: []Expr{left}}
		c.Func.rng, c.rng = tokenRange(*t), p.from(at)
		return c, nil
	case op == 0:
		if q != QuantNone {
			return nil, unexpected(t, "a comparison after "+q.String())
		}
		return left, nil
	}
	b := &Binary{Op: op, OpAt: p.from(tokenRange(*t)), Quant: q, L: left}
	if b.R, err = p.right(op); err != nil {
		return nil, err
	}
	if l, ok := b.R.(*Lit); ok && l.Kind == LitRegex {
		if t := p.lex.Peek(); t.Pos.Offset == l.rng.End.Offset && (t.Type != tOp || t.Value == "/" || t.Value == "*" || t.Value == "+") {
			return nil, &problem{diag.RegexEnds(l.rng, l.Raw)}
		}
	}
	b.NoCase = p.accept("nocase")
	b.rng = p.from(at)
	if t := p.lex.Peek(); t.Type == tOp && infixes[t.Value].Compares() {
		return nil, &problem{diag.Chained(tokenRange(*t), t.Value)}
	}
	if not {
		u := &Unary{Op: OpNot, X: b}
		u.rng = b.rng
		return u, nil
	}
	return b, nil
}

// notContains passes the not of x not contains y (or startswith, endswith, matches), which reads as not x contains y.
func (p *exprParser) notContains() bool {
	if t := p.lex.Peek(); t.Type != tIdent || t.Value != "not" {
		return false
	}
	c := p.lex.MakeCheckpoint()
	p.lex.Next()
	switch infixes[p.lex.Peek().Value] {
	case OpContains, OpStarts, OpEnds, OpMatch:
		return true
	}
	p.lex.LoadCheckpoint(c)
	return false
}

// right parses the right operand of a comparison: after in it may be a range.
func (p *exprParser) right(op Op) (Expr, error) {
	if op != OpIn && op != OpNotIn {
		return p.tight(precBitOr)
	}
	at := tokenRange(*p.lex.Peek())
	var lo Expr
	var err error
	if !p.word("..") {
		if lo, err = p.tight(precBitOr); err != nil || !p.word("..") {
			return lo, err
		}
	}
	return p.upTo(at, lo)
}

// compareOp passes a comparing operator, and gives 0 if there is none. The bool is for "not has".
func (p *exprParser) compareOp() (Op, bool) {
	t := p.lex.Peek()
	if t.Type != tOp && t.Type != tIdent {
		return 0, false
	}
	if t.Value == "not" {
		c := p.lex.MakeCheckpoint()
		p.lex.Next()
		if p.accept("in") {
			return OpNotIn, false
		}
		if p.word("has") {
			return 0, true
		}
		p.lex.LoadCheckpoint(c)
		return 0, false
	}
	op := infixes[t.Value]
	if !op.Compares() {
		return 0, false
	}
	p.lex.Next()
	return op, false
}

// quantifier passes any, all or none, or parses a whole any(field: condition).
func (p *exprParser) quantifier() (Quant, Expr, error) {
	t := p.lex.Peek()
	if t.Type != tIdent {
		return QuantNone, nil, nil
	}
	q := map[string]Quant{"any": QuantAny, "all": QuantAll, "none": QuantNo}[t.Value]
	if q == QuantNone {
		return q, nil, nil
	}
	p.lex.Next()
	c := p.lex.MakeCheckpoint()
	if p.accept("(") {
		name := p.lex.Next()
		if name.Type == tIdent && p.accept(":") {
			b := &QuantBlock{Quant: q, Field: &Name{Text: name.Value}}
			b.Field.rng = tokenRange(*name)
			var err error
			if b.Body, err = p.binary(precOr); err == nil {
				err = p.expect(")")
			}
			b.rng = p.from(tokenRange(*t))
			return q, b, err
		}
	}
	p.lex.LoadCheckpoint(c)
	return q, nil, nil
}

// tight parses the operators that bind more tightly than comparisons.
func (p *exprParser) tight(prec int) (Expr, error) {
	at := tokenRange(*p.lex.Peek())
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		t := p.lex.Peek()
		if t.Type != tOp {
			return left, nil
		}
		op, ok := infixes[t.Value]
		if !ok || ops[op].prec < max(prec, precBitOr) {
			return left, nil
		}
		if l, ok := left.(*Lit); ok && l.Kind == LitRegex {
			return left, nil // which takes no arithmetic: comparison tells
		}
		p.lex.Next()
		b := &Binary{Op: op, OpAt: tokenRange(*t), L: left}
		if err := p.enter(); err != nil {
			return nil, err
		}
		b.R, err = p.tight(ops[op].prec + 1)
		p.depth--
		if err != nil {
			return nil, err
		}
		b.rng = p.from(at)
		left = b
	}
}

func (p *exprParser) unary() (Expr, error) {
	t := p.lex.Peek()
	if t.Type != tOp || t.Value != "-" {
		return p.postfix()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.lex.Next()
	u := &Unary{Op: OpNeg}
	var err error
	u.X, err = p.unary()
	u.rng = p.from(tokenRange(*t))
	return u, err
}

// postfix parses a primary with its index.
func (p *exprParser) postfix() (Expr, error) {
	at := tokenRange(*p.lex.Peek())
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	if _, ok := x.(*Name); !ok || !p.word("[") {
		return x, nil
	}
	p.lex.Next()
	ix := &Index{X: x, Neg: p.accept("-"), Key: &Lit{}}
	if err := ix.Key.Parse(p.lex); err != nil {
		if err == participle.NextMatch { //nolint:errorlint // participle's marker
			err = unexpected(p.lex.Peek(), `a name in quotes or a number, such as ["Host"] or [0]`)
		}
		return nil, err
	}
	err = p.expect("]")
	ix.rng = p.from(at)
	return ix, err
}

func (p *exprParser) primary() (Expr, error) {
	t := p.lex.Peek()
	switch {
	case startsStmt(p.lex):
		return nil, unexpected(t, "a value")
	case t.Type == tIdent:
		return p.name()
	case t.Value == "(" && t.Type == tOp:
		p.lex.Next()
		x, err := p.binary(precOr)
		if err == nil {
			err = p.expect(")")
		}
		return x, err
	case t.Value == "{" && t.Type == tOp:
		return p.set()
	}
	l := &Lit{}
	err := l.Parse(p.lex)
	if err == participle.NextMatch { //nolint:errorlint // participle's marker
		return nil, unexpected(t, "a value")
	}
	return l, err
}

// prefixes are the words that stand before a condition. In capitals they are taken for names.
var prefixes = map[string]bool{"not": true, "any": true, "all": true, "none": true}

// name parses a name, a truth value or a call.
func (p *exprParser) name() (Expr, error) {
	t := p.lex.Next()
	at := tokenRange(*t)
	switch t.Value {
	case "true", "false":
		l := &Lit{Kind: LitBool, Raw: t.Value}
		if t.Value == "true" {
			l.Int = 1
		}
		l.rng = at
		return l, nil
	case "and", "or", "not", "in", "has", "contains", "startswith", "endswith", "nocase":
		return nil, unexpected(t, "a value")
	}
	if !p.word("(") {
		if next := p.lex.Peek(); next.Type == tIdent && prefixes[strings.ToLower(t.Value)] && next.Pos.Line == t.Pos.Line {
			return nil, &problem{diag.Unexpected(at, t.Value, "", diag.DidYouMean([]string{strings.ToLower(t.Value)}))}
		}
		n := &Name{Text: t.Value}
		n.rng = at
		return n, nil
	}
	p.lex.Next()
	c := &Call{Func: &Word{Text: t.Value}}
	c.Func.rng = at
	for !p.word(")") {
		if len(c.Args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		x, err := p.binary(precOr)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, x)
	}
	p.lex.Next()
	c.rng = p.from(at)
	return c, nil
}

// set parses {a, 1..5, !b}.
func (p *exprParser) set() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	s := &SetLit{}
	at := tokenRange(*p.lex.Next())
	for !p.word("}") {
		if len(s.Elems) > 0 {
			if err := p.separator("}"); err != nil {
				return nil, err
			}
			if p.word("}") {
				break // a comma may follow the last element
			}
		}
		e := SetElem{Not: p.accept("!") || p.accept("not")}
		var err error
		if e.X, err = p.right(OpIn); err != nil {
			return nil, err
		}
		s.Elems = append(s.Elems, e)
	}
	p.lex.Next()
	s.rng = p.from(at)
	return s, nil
}
