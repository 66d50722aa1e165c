package syntax

import (
	"fmt"
	"slices"
	"strings"
)

// maxDepth bounds the recursion over a text.
const maxDepth = 1000

// Parse reads a script. The error is the first.
func Parse(text string) (c *Chunk, err *Error) {
	p := &parser{lexer: lexer{text: text}, chunk: &Chunk{}}
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(*Error)
			if !ok {
				panic(x)
			}
			c, err = nil, e
		}
	}()
	p.tok, p.ahead = p.lexer.next(), p.lexer.next()
	p.chunk.Body = p.block()
	if p.tok.kind != tEOF {
		hint := ""
		if p.tok.text == "end" {
			hint = "there is one `end` too many"
		}
		p.unexpected("", hint)
	}
	return p.chunk, nil
}

type parser struct {
	lexer
	tok, ahead token
	last       int // where the token before ended
	lastKind   kind
	scope      *Scope
	chunk      *Chunk
	depth      int
	elseIf     int // line of an `else if`, 0 for none
}

func (p *parser) advance() token {
	t := p.tok
	p.last, p.lastKind = t.end, t.kind
	p.tok, p.ahead = p.ahead, p.lexer.next()
	return t
}

func (p *parser) is(text string) bool {
	return p.tok.text == text && (p.tok.kind == tOp || p.tok.kind == tKeyword)
}

func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.advance()
		return true
	}
	return false
}

// enter counts a level of nesting; the function that it gives ends it.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.tok.off, p.tok.end, "", "nested more than %d deep", maxDepth)
	}
	return func() { p.depth-- }
}

// unexpected fails at the token that is next.
func (p *parser) unexpected(want, hint string) {
	msg := "unexpected " + p.tok.text
	if p.tok.kind == tEOF {
		msg = "the script ends too early"
	}
	if want != "" {
		msg += ": expected " + want
	}
	if p.is("=") && want != "" {
		hint = "a comparison is written =="
	}
	if hint == "" {
		switch {
		case p.lastKind == tString && p.last == p.tok.off && (p.tok.kind == tName || p.tok.kind == tNumber):
			hint = "a string ended before it: within \"...\" write \\\", or use '...' around"
		case p.ahead.text == "=" && slices.Contains([]string{"+", "-", "*", "/", ".."}, p.tok.text):
			hint = "Lua has no " + p.tok.text + "=: write x = x " + p.tok.text + " ..."
		case p.tok.text == "+" && p.ahead.text == "+":
			hint = "Lua has no ++: write x = x + 1"
		}
	}
	p.fail(p.tok.off, p.tok.end, hint, "%s", msg)
}

// expect takes a word.
func (p *parser) expect(text, hint string) {
	if !p.accept(text) {
		p.unexpected(text, hint)
	}
}

// closing takes the word that closes what began at an offset.
func (p *parser) closing(text, what string, opened int) {
	if p.is(text) {
		p.advance()
		return
	}
	hint := ""
	line := 1 + strings.Count(p.text[:opened], "\n")
	if p.lastKind == tString && p.last == p.tok.off {
		p.unexpected(text, "") // a quote within quotes
	}
	if p.tok.kind == tEOF || line != 1+strings.Count(p.text[:p.tok.off], "\n") {
		hint = fmt.Sprintf("`%s` in line %d is not closed", what, line)
		if p.elseIf >= line {
			hint += fmt.Sprintf("; `else if` in line %d wants an end of its own, elseif does not", p.elseIf)
		}
	}
	p.unexpected(text, hint)
}

func (p *parser) name(what string) token {
	if p.tok.kind != tName {
		hint := ""
		if p.tok.kind == tKeyword {
			hint = p.tok.text + " is a word of the language and cannot be a name"
		}
		p.unexpected(what, hint)
	}
	return p.advance()
}

func (p *parser) declare(t token, k Kind, init Node) *Var {
	v := &Var{At: At{t.off, t.end}, Name: t.text, Kind: k, Init: init}
	p.chunk.Vars = append(p.chunk.Vars, v)
	p.scope = &Scope{v, p.scope}
	return v
}

// body reads a block in a scope of its own, to the word that ends it.
func (p *parser) body(what string, opened int, end string) []Stmt {
	outer := p.scope
	b := p.block()
	p.scope = outer
	p.closing(end, what, opened)
	return b
}

func (p *parser) blockEnds() bool {
	return p.tok.kind == tEOF || p.is("end") || p.is("else") || p.is("elseif") || p.is("until") ||
		p.is(")") || p.is("}") || p.is("]") || p.is(",") // what no statement begins with: something is open
}

func (p *parser) block() (out []Stmt) {
	defer p.enter()()
	for !p.blockEnds() {
		if p.accept(";") {
			continue
		}
		if p.accept("return") {
			r := &Return{}
			if !p.blockEnds() && !p.is(";") {
				r.Exprs = p.exprs()
			}
			p.accept(";")
			if !p.blockEnds() {
				p.unexpected("end", "return is the last statement of a block")
			}
			return append(out, r)
		}
		if s := p.stmt(); s != nil {
			out = append(out, s)
		}
	}
	return out
}

func (p *parser) stmt() Stmt {
	at := p.tok.off
	if p.tok.kind != tKeyword {
		if p.accept("::") {
			p.name("a label")
			p.expect("::", "")
			return nil
		}
		return p.exprStmt()
	}
	switch p.tok.text {
	case "if":
		return p.branch()
	case "while":
		p.advance()
		b := &Block{Exprs: []Node{p.expr(0)}}
		p.expect("do", "while CONDITION do ... end")
		b.Bodies = [][]Stmt{p.body("while", at, "end")}
		return b
	case "do":
		p.advance()
		return &Block{Bodies: [][]Stmt{p.body("do", at, "end")}}
	case "for":
		return p.loop()
	case "repeat":
		p.advance()
		outer := p.scope
		b := &Block{Bodies: [][]Stmt{p.block()}}
		p.closing("until", "repeat", at)
		b.Exprs = []Node{p.expr(0)} // sees the locals of the body
		p.scope = outer
		return b
	case "function":
		return p.function()
	case "local":
		return p.local()
	case "break":
		p.advance()
		return nil
	case "goto":
		p.advance()
		p.name("a label")
		return nil
	}
	p.unexpected("a statement", "")
	return nil
}

func (p *parser) branch() Stmt {
	opened, b := p.tok.off, &Block{}
	for {
		p.advance() // if, elseif
		b.Exprs = append(b.Exprs, p.expr(0))
		p.expect("then", "if CONDITION then ... end")
		outer := p.scope
		b.Bodies = append(b.Bodies, p.block())
		p.scope = outer
		if p.is("elseif") {
			continue
		}
		if p.accept("else") {
			if p.is("if") {
				p.elseIf = 1 + strings.Count(p.text[:p.tok.off], "\n")
			}
			b.Bodies = append(b.Bodies, p.body("if", opened, "end"))
			return b
		}
		p.closing("end", "if", opened)
		return b
	}
}

func (p *parser) loop() Stmt {
	at := p.advance().off
	names := []token{p.name("a name")}
	b := &Block{}
	if p.accept("=") {
		b.Exprs = p.exprs()
		if len(b.Exprs) < 2 || len(b.Exprs) > 3 {
			p.unexpected("", "for i = FIRST, LAST [, STEP] do ... end")
		}
	} else {
		for p.accept(",") {
			names = append(names, p.name("a name"))
		}
		p.expect("in", "for i = 1, n do ... end, or for k, v in pairs(t) do ... end")
		b.Exprs = p.exprs()
	}
	p.expect("do", "")
	outer := p.scope
	for _, n := range names {
		b.Vars = append(b.Vars, p.declare(n, KindLoop, nil))
	}
	b.Bodies = [][]Stmt{p.body("for", at, "end")}
	p.scope = outer
	return b
}

func (p *parser) function() Stmt {
	at := p.advance().off
	f := &Function{Target: p.ref(p.name("a name"), true)}
	for p.is(".") || p.is(":") {
		f.Method = p.advance().text == ":"
		if n, ok := f.Target.(*Name); ok && n.Var != nil {
			n.Var.Assigned--
			n.Var.Reads++
		}
		n := p.name("a name")
		from, _ := f.Target.Span()
		f.Target = &Index{At: At{from, n.end}, Of: f.Target, Name: n.text, Sel: At{n.off, n.end}}
		if f.Method {
			break
		}
	}
	f.Fn = p.funcBody(at, f.Method)
	return f
}

func (p *parser) local() Stmt {
	p.advance()
	if p.is("function") {
		at := p.advance().off
		f := &Function{Var: p.declare(p.name("a name"), KindLocal, nil)}
		f.Fn = p.funcBody(at, false)
		f.Var.Init = f.Fn
		return f
	}
	names := []token{p.name("a name")}
	for p.accept(",") {
		names = append(names, p.name("a name"))
	}
	s := &Local{}
	if p.accept("=") {
		s.Exprs = p.exprs()
	}
	for i, n := range names {
		var init Node
		if i < len(s.Exprs) {
			init = s.Exprs[i]
		}
		s.Vars = append(s.Vars, p.declare(n, KindLocal, init))
	}
	return s
}

func (p *parser) exprStmt() Stmt {
	x := p.suffixed()
	if p.is("=") || p.is(",") {
		a := &Assign{L: []Node{x}}
		for p.accept(",") {
			a.L = append(a.L, p.suffixed())
		}
		p.expect("=", "")
		a.R = p.exprs()
		for _, l := range a.L {
			switch l := l.(type) {
			case *Name:
				if l.Var != nil {
					l.Var.Reads--
					l.Var.Assigned++
				}
			case *Index:
			default:
				from, to := l.Span()
				p.fail(from, to, "", "this cannot be assigned to")
			}
		}
		return a
	}
	if _, ok := x.(*Call); !ok {
		from, to := x.Span()
		if n, ok := x.(*Name); ok && p.tok.kind == tName {
			p.fail(from, to, "", "unexpected name after %s: expected = or a call", n.Name)
		}
		if p.tok.kind == tEOF || p.tok.kind == tKeyword || p.tok.kind == tName {
			p.fail(from, to, "a statement calls a function or assigns", "this is a value, not a statement")
		}
		p.unexpected("= or a call", "")
	}
	return &Do{x}
}
