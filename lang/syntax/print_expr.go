package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/lang/diag"
)

// expr writes an expression; lines that it needs beyond the first begin at indent.
func (p *printer) expr(x Expr, indent int) { p.piece(piece{x: x, indent: indent}) }

// A piece is an expression with what stands around it.
type piece struct {
	x      Expr
	prec   int    // it gets parentheses if it binds less tightly
	sep    string // before it, unless it begins a line
	lead   string // the word that joins it to what stands before
	tail   string // what closes what it is the last of
	indent int    // of lines that it begins
}

// piece writes an expression on the current line or the next. One that is too long for a line, or has comments within, is taken
// apart.
func (p *printer) piece(c piece) {
	one := c.lead + str(c.x, c.prec) + c.tail
	split := p.commented(c.x.Range()) && parts(c.x)
	switch _, chain := c.x.(*Has); {
	case !split && c.indent+utf8.RuneCountInString(one) <= lineWidth, chain:
		p.place(c.x.Range(), c.sep, one, c.indent)
	case c.sep != "": // what is taken apart begins a line
		p.comment(c.x.Range().Start, c.indent)
		p.fresh(c.indent)
	default:
		p.place(c.x.Range(), "", c.lead, c.indent)
	}
	if !split && p.col+utf8.RuneCountInString(one) <= lineWidth {
		p.write(one)
		p.tall = false
		return
	}
	p.write(c.lead)
	begun := p.lines
	p.apart(c.x, c.prec, c.tail)
	p.tall = p.lines > begun
}

// parts tells whether an expression is made of parts that can stand on lines of their own.
func parts(x Expr) bool {
	switch x := x.(type) {
	case *Binary:
		_, set := x.R.(*SetLit)
		return set || x.Op == OpAnd || x.Op == OpOr
	case *Unary:
		return x.Op == OpNot && parts(x.X)
	case *QuantBlock:
		return parts(x.Body)
	case *Has, *SetLit:
		return true
	}
	return false
}

// fresh begins a line, unless nothing stands on the current one.
func (p *printer) fresh(indent int) {
	if p.col > indent || p.broken {
		p.newline(indent)
		return
	}
	p.write(strings.Repeat(" ", indent-p.col))
}

// commented tells whether comments stand within a range.
func (p *printer) commented(r diag.Range) bool {
	for _, c := range p.comments {
		if at := c.Range.Start.Offset; at >= r.Start.Offset {
			return at < r.End.Offset
		}
	}
	return false
}

// apart writes an expression from here on; lines that it needs beyond this one are aligned with its first part.
func (p *printer) apart(x Expr, prec int, tail string) {
	switch b := x.(type) {
	case *Binary:
		if b.Op == OpAnd || b.Op == OpOr {
			p.junction(b, prec, tail)
			return
		}
		if s, ok := b.R.(*SetLit); ok && prec <= ops[b.Op].prec {
			if b.NoCase {
				tail = " nocase" + tail
			}
			bare := *b
			bare.R, bare.NoCase = &Lit{}, false
			p.write(str(&bare, prec))
			p.set(s, tail)
			return
		}
	case *Unary:
		if b.Op == OpNot && prec <= precNot {
			p.write("not ")
			p.apart(b.X, precNot, tail)
			return
		}
	case *QuantBlock:
		p.write(b.Quant.String() + "(" + b.Field.Text + ": ")
		p.apart(b.Body, 0, ")"+tail)
		return
	case *Has:
		if prec <= precCompare {
			p.has(b, tail)
			return
		}
	case *SetLit:
		p.set(b, tail)
		return
	}
	p.write(str(x, prec) + tail)
}

// place breaks the line before s if it must, else writes sep.
func (p *printer) place(at diag.Range, sep, s string, indent int) {
	p.comment(at.Start, indent)
	full := sep != "" && p.col+len(sep)+utf8.RuneCountInString(s) > lineWidth && p.col > indent
	switch {
	case p.broken || full:
		p.newline(indent)
	case p.col < indent:
		p.write(strings.Repeat(" ", indent-p.col))
	case sep != "" && p.col > indent:
		p.write(sep)
	}
}

// segment writes a piece of a list before which the line may be broken; else sep goes before it.
func (p *printer) segment(at diag.Range, sep, s string, indent int) {
	p.place(at, sep, s, indent)
	p.write(s)
}

// junction writes terms joined by and, or by or, as many a line as fit.
func (p *printer) junction(b *Binary, prec int, tail string) {
	var terms []Expr
	var x Expr = b
	for {
		j, ok := x.(*Binary)
		if !ok || j.Op != b.Op {
			break
		}
		terms = append(terms, j.R)
		x = j.L
	}
	terms = append(terms, x)
	own := ops[b.Op].prec
	if prec > own {
		p.write("(")
		tail = ")" + tail
	}
	indent := p.col
	for i := len(terms) - 1; i >= 0; i-- {
		p.broken = p.broken || p.tall && i < len(terms)-1 // what follows a term of several lines begins another
		c := piece{x: terms[i], prec: own, indent: indent}
		if i < len(terms)-1 {
			c.prec, c.sep, c.lead = own+1, " ", b.Op.String()+" "
		}
		if i == 0 {
			c.tail = tail
		}
		p.piece(c)
	}
}

// has writes a content chain, as many elements a line as fit.
func (p *printer) has(h *Has, tail string) {
	from := p.col
	p.write(hasHead(h))
	inner := p.col
	if inner > lineWidth/2 {
		inner = from + 2
	}
	for i, it := range h.Items {
		s := itemString(it)
		if i < len(h.Items)-1 {
			s += ","
		} else {
			s += "]" + tail
		}
		p.segment(it.Range(), sep(i), s, inner)
	}
}

// sep is what stands before element i of a list.
func sep(i int) string {
	if i == 0 {
		return ""
	}
	return " "
}

// set writes a set, as many elements a line as fit.
func (p *printer) set(s *SetLit, tail string) {
	p.write("{")
	inner := p.col
	if len(s.Elems) == 0 {
		p.write("}" + tail)
	}
	for i, e := range s.Elems {
		t := elemString(e)
		if i < len(s.Elems)-1 {
			t += ","
		} else {
			t += "}" + tail
		}
		p.segment(e.X.Range(), sep(i), t, inner)
	}
}
