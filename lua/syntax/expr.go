package syntax

// binding are the priorities of binary operators, left and right.
var binding = map[string][2]int{"or": {1, 1}, "and": {2, 2}, "<": {3, 3}, ">": {3, 3}, "<=": {3, 3}, ">=": {3, 3}, "~=": {3, 3}, "==": {3, 3},
	"..": {5, 4}, "+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7}, "^": {10, 9}}

const unaryBinding = 8

func (p *parser) exprs() []Node {
	out := []Node{p.expr(0)}
	for p.accept(",") {
		out = append(out, p.expr(0))
	}
	return out
}

func (p *parser) expr(limit int) Node {
	defer p.enter()()
	var x Node
	if p.is("not") || p.is("-") || p.is("#") {
		t := p.advance()
		x = p.expr(unaryBinding)
		x = &Unary{At{t.off, p.last}, t.text, x}
	} else {
		x = p.simple()
	}
	levels := 0
	for {
		b, ok := binding[p.tok.text]
		if !ok || p.tok.kind != tOp && p.tok.kind != tKeyword || b[0] <= limit {
			p.depth -= levels
			return x
		}
		if p.ahead.text == "=" && p.ahead.kind == tOp && p.ahead.off == p.tok.end {
			p.unexpected("a value behind it", "")
		}
		p.enter() // a long row of operators is a deep tree
		levels++
		op := p.advance().text
		r := p.expr(b[1])
		from, _ := x.Span()
		x = &Binary{At{from, p.last}, op, x, r}
	}
}

func (p *parser) simple() Node {
	at := At{p.tok.off, p.tok.end}
	switch p.tok.kind {
	case tNumber:
		return &Const{at, p.advance().text}
	case tString:
		return p.str()
	case tKeyword:
		switch p.tok.text {
		case "nil", "true", "false":
			return &Const{at, p.advance().text}
		case "function":
			p.advance()
			return p.funcBody(at.From, false)
		}
	case tOp:
		switch p.tok.text {
		case "...":
			return &Const{at, p.advance().text}
		case "{":
			return p.table()
		}
	}
	return p.suffixed()
}

func (p *parser) str() *String {
	t := p.advance()
	return &String{At{t.off, t.end}, t.value, t.decoded}
}

// ref makes a name.
func (p *parser) ref(t token, write bool) *Name {
	n := &Name{At: At{t.off, t.end}, Name: t.text, Var: p.scope.Find(t.text), Visible: p.scope}
	if n.Var != nil {
		if write {
			n.Var.Assigned++
		} else {
			n.Var.Reads++
		}
	}
	return n
}

// suffixed reads a name or parentheses with what follows: members, indexes, calls.
func (p *parser) suffixed() Node {
	var x Node
	from := p.tok.off
	switch {
	case p.tok.kind == tName:
		x = p.ref(p.advance(), false)
	case p.is("("):
		p.advance()
		in := p.expr(0)
		p.closing(")", "(", from)
		x = &Unary{At{from, p.last}, "(", in}
	default:
		p.unexpected("a value", "")
	}
	levels := 0
	defer func() { p.depth -= levels }()
	for {
		p.enter()
		levels++
		switch {
		case p.is("."):
			p.advance()
			n := p.name("the name of a member")
			x = &Index{At: At{from, n.end}, Of: x, Name: n.text, Sel: At{n.off, n.end}}
		case p.is("["):
			open := p.advance().off
			k := p.expr(0)
			p.closing("]", "[", open)
			i := &Index{At: At{from, p.last}, Of: x, Key: k}
			if s, ok := k.(*String); ok {
				i.Name, i.Sel = s.Value, s.At
			}
			x = i
		case p.is(":"):
			p.advance()
			n := p.name("the name of a method")
			if !p.is("(") && !p.is("{") && p.tok.kind != tString {
				p.unexpected("(", "a method is called: x:"+n.text+"()")
			}
			x = &Call{At: At{From: from}, Of: x, Method: n.text, Sel: At{n.off, n.end}, Args: p.args()}
			x.(*Call).To = p.last
		case p.is("(") || p.is("{") || p.tok.kind == tString:
			c := &Call{At: At{From: from}, Fn: x, Args: p.args()}
			c.To = p.last
			x = c
		default:
			return x
		}
	}
}

func (p *parser) args() []Node {
	switch {
	case p.tok.kind == tString:
		return []Node{p.str()}
	case p.is("{"):
		return []Node{p.table()}
	}
	open := p.advance().off
	var out []Node
	if !p.is(")") {
		out = p.exprs()
	}
	p.closing(")", "(", open)
	return out
}

func (p *parser) table() Node {
	defer p.enter()()
	open := p.advance().off
	t := &Table{At: At{From: open}}
	for !p.is("}") {
		f := Field{}
		switch {
		case p.tok.kind == tName && p.ahead.kind == tOp && p.ahead.text == "=":
			n := p.advance()
			p.advance()
			f.Name, f.Sel = n.text, At{n.off, n.end}
		case p.is("["):
			at := p.advance().off
			f.Key = p.expr(0)
			p.closing("]", "[", at)
			p.expect("=", "")
			if s, ok := f.Key.(*String); ok {
				f.Name, f.Sel = s.Value, s.At
			}
		case (p.tok.kind == tName || p.tok.kind == tString) && p.ahead.kind == tOp && p.ahead.text == ":" && p.tok.kind == tString:
			p.advance()
			p.unexpected("=", "Lua writes { name = value }, or { [\"name\"] = value }")
		}
		f.Value = p.expr(0)
		t.Fields = append(t.Fields, f)
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	if !p.is("}") && p.is(":") {
		p.unexpected("}", "Lua writes { name = value }")
	}
	if p.tok.kind != tEOF && !p.is("}") && (p.tok.kind == tName || p.tok.kind == tString) {
		p.unexpected("}", "is a comma missing before it?")
	}
	p.closing("}", "{", open)
	t.To = p.last
	return t
}

// funcBody reads from the parameters to the end of a function.
func (p *parser) funcBody(opened int, method bool) *Func {
	defer p.enter()()
	f := &Func{At: At{From: opened}}
	outer := p.scope
	if method {
		f.Params = append(f.Params, p.declare(token{text: "self", off: opened, end: opened}, KindParam, nil))
	}
	p.expect("(", "function NAME(PARAMETERS) ... end")
	for !p.is(")") {
		if p.accept("...") {
			f.Vararg = true
			break
		}
		f.Params = append(f.Params, p.declare(p.name("the name of a parameter"), KindParam, nil))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "")
	f.Body = p.block()
	p.scope = outer
	p.closing("end", "function", opened)
	f.To = p.last
	return f
}
