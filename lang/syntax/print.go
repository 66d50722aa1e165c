package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/lang/diag"
)

// lineWidth is where the printer breaks lines, in characters, as far as it can.
const lineWidth = 100

// Format gives the canonical form of a file. A file with syntax errors is left alone: the
// errors are in the list then.
func Format(src []byte) ([]byte, diag.List) {
	f, list := Parse(string(src), diag.Pos{Line: 1, Col: 1})
	if len(list) > 0 {
		return nil, list
	}
	return []byte(Print(f)), nil
}

// Print writes a tree in canonical form, with its comments.
func Print(f *File) string {
	p := printer{comments: f.Comments}
	for i, d := range f.Decls {
		p.between(f.Decls, i)
		p.comment(d.Range().Start, 0)
		p.decl(d)
		p.end(d.Range().End.Line)
	}
	p.comment(diag.Pos{Offset: maxOffset, Line: 1}, 0)
	return p.b.String()
}

const maxOffset = 1<<62 - 1

// printer writes lines. Comments wait until what they stand before is written.
type printer struct {
	b        strings.Builder
	comments []Comment
	col      int  // characters on the current line
	broken   bool // a comment ended the line: what follows must begin another
}

func (p *printer) write(s string) {
	p.b.WriteString(s)
	p.col += utf8.RuneCountInString(s)
}

func (p *printer) newline(indent int) {
	p.b.WriteByte('\n')
	p.col, p.broken = 0, false
	p.write(strings.Repeat(" ", indent))
}

// end ends the line after something that stood on a line of the source: the comment after it stays there.
func (p *printer) end(line int) {
	p.trailing(line)
	if p.col > 0 || p.broken {
		p.newline(0)
	}
}

// trailing writes the comment at the end of a line of the source, if there is one.
func (p *printer) trailing(line int) {
	for len(p.comments) > 0 && p.comments[0].Trailing && p.comments[0].Range.Start.Line <= line {
		if p.broken {
			p.newline(0)
		}
		p.write("  " + p.comments[0].Text)
		p.comments = p.comments[1:]
		p.broken = true
	}
}

// comment writes the comments before a place: one that ended a line ends the current one, the
// others get lines of their own.
func (p *printer) comment(before diag.Pos, indent int) {
	if !before.Valid() {
		return // made, not parsed
	}
	for len(p.comments) > 0 && p.comments[0].Range.Start.Offset < before.Offset {
		c := p.comments[0]
		p.comments = p.comments[1:]
		if c.Trailing && p.col > indent && !p.broken {
			p.write("  " + c.Text)
			p.broken = true
			continue
		}
		if p.col > 0 && (p.col > indent || p.broken) {
			p.newline(indent)
		} else {
			p.write(strings.Repeat(" ", indent-p.col))
		}
		if c.Blank && indent == 0 {
			p.emptyLine()
		}
		p.write(c.Text)
		p.newline(0)
		if indent == 0 && len(p.comments) > 0 && p.comments[0].Range.Start.Offset > before.Offset ||
			indent == 0 && len(p.comments) == 0 {
			if before.Line > c.Range.Start.Line+1 {
				p.emptyLine()
			}
		}
	}
}

// emptyLine writes an empty line unless there is one, or nothing yet.
func (p *printer) emptyLine() {
	if p.b.Len() > 0 && !strings.HasSuffix(p.b.String(), "\n\n") {
		p.newline(0)
	}
}

// between writes the empty line between declarations: always around blocks, else where there is one.
func (p *printer) between(decls []Decl, i int) {
	if i == 0 {
		return
	}
	a, b := decls[i-1], decls[i]
	start := b.Range().Start.Line
	first := start
	if len(p.comments) > 0 && p.comments[0].Range.Start.Offset < b.Range().Start.Offset {
		first = p.comments[0].Range.Start.Line
	}
	if isBlock(a) || isBlock(b) || first > a.Range().End.Line+1 && start > 0 {
		p.emptyLine()
	}
}

func isBlock(d Decl) bool {
	switch d.(type) {
	case *Rule, *Sequence, *Test:
		return true
	}
	return false
}

func (p *printer) decl(d Decl) {
	switch d := d.(type) {
	case *Let:
		p.write("let " + d.Name.Text + " = ")
		p.expr(d.Value, 2)
	case *List:
		p.write("list " + d.Name.Text)
		if d.Of != nil {
			p.write(" of " + d.Of.Text)
		}
		p.write(" from " + d.File.Raw)
		if d.NoCase {
			p.write(" nocase")
		}
	case *Include:
		p.write("include " + d.File.Raw)
	case *Rule:
		p.write("rule " + d.ID.String() + title(d.Title))
		p.body(&d.Parsed, d.Body)
	case *Sequence:
		p.write("sequence " + d.ID.String() + title(d.Title))
		if len(d.By) > 0 {
			p.write(" by " + join(d.By))
		}
		if d.Within != nil {
			p.write(" within " + d.Within.Raw)
		}
		p.body(&d.Parsed, d.Body)
	case *Test:
		p.test(d)
	}
}

func title(l *Lit) string {
	if l == nil {
		return ""
	}
	return " " + l.Raw
}

func join(list []Expr) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = str(x, 0)
	}
	return strings.Join(out, ", ")
}

// open writes the brace that opens a block, with the comment after it.
func (p *printer) open(n *Parsed) {
	p.write(" {")
	for _, t := range n.Tokens {
		if t.Value == "{" {
			p.end(t.Pos.Line)
			return
		}
	}
	p.newline(0)
}

// close writes the brace that closes a block.
func (p *printer) close(n *Parsed) {
	if k := len(n.Tokens); k > 0 {
		p.comment(tokenRange(n.Tokens[k-1]).Start, 2)
	}
	p.write("}")
}

func (p *printer) body(n *Parsed, list []Stmt) {
	width := 0
	for _, s := range list {
		width = max(width, len(KeywordOf(s)))
	}
	p.open(n)
	for _, s := range list {
		p.comment(s.Range().Start, 2)
		p.write("  ")
		if kw := KeywordOf(s); kw != "" {
			p.write(kw)
			if _, ok := s.(*Flag); !ok {
				p.write(strings.Repeat(" ", width-len(kw)+1))
			}
		}
		p.stmt(s)
		p.end(s.Range().End.Line)
	}
	p.close(n)
}

// expr writes an expression; lines that it needs beyond the first begin at indent.
func (p *printer) expr(x Expr, indent int) {
	switch b := x.(type) {
	case *Binary:
		if b.Op == OpAnd || b.Op == OpOr {
			p.junction(b, indent)
			return
		}
	case *Has:
		p.has(b, "", "", indent)
		return
	case *SetLit:
		p.set(b, indent)
		return
	}
	p.segment(x.Range(), "", str(x, 0), indent)
}

// segment writes a piece before which the line may be broken; else sep goes before it.
func (p *printer) segment(at diag.Range, sep, s string, indent int) {
	p.place(at, sep, s, indent)
	p.write(s)
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

// junction writes terms joined by and, or by or, as many a line as fit.
func (p *printer) junction(b *Binary, indent int) {
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
	prec := ops[b.Op].prec
	for i := len(terms) - 1; i >= 0; i-- {
		word, before := "", ""
		if i < len(terms)-1 {
			word, before = b.Op.String()+" ", " "
		}
		if h, ok := terms[i].(*Has); ok {
			p.has(h, before, word, indent)
			continue
		}
		right := prec + 1
		if i == len(terms)-1 {
			right = prec
		}
		p.segment(terms[i].Range(), before, word+str(terms[i], right), indent)
	}
}

// has writes a content chain, as many elements a line as fit.
func (p *printer) has(h *Has, before, word string, indent int) {
	whole := word + str(h, 0)
	head := word + hasHead(h)
	// A chain begins a line unless all of it fits on the current one.
	p.place(h.Range(), before, whole, indent)
	p.write(head)
	inner := p.col
	if inner > lineWidth/2 {
		inner = indent + 2
	}
	for i, it := range h.Items {
		s := itemString(it)
		if i < len(h.Items)-1 {
			s += ","
		} else {
			s += "]"
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

func (p *printer) set(s *SetLit, indent int) {
	p.place(s.Range(), "", "{", indent)
	p.write("{")
	inner := p.col
	if len(s.Elems) == 0 {
		p.write("}")
	}
	for i, e := range s.Elems {
		t := elemString(e)
		if i < len(s.Elems)-1 {
			t += ","
		} else {
			t += "}"
		}
		p.segment(e.X.Range(), sep(i), t, inner)
	}
}
