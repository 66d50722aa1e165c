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
	f, list := Parse(strings.TrimPrefix(string(src), "\ufeff"), diag.Pos{Line: 1, Col: 1})
	if len(list) > 0 {
		return nil, list
	}
	out := Print(f)
	// A comment that stood where none can be kept comes to stand elsewhere, and then what is around it may fit on fewer lines.
	for range maxRounds {
		again, list := Parse(out, diag.Pos{Line: 1, Col: 1})
		if len(list) > 0 || len(again.Comments) == 0 {
			break
		}
		was := out
		if out = Print(again); out == was {
			break
		}
	}
	return []byte(out), nil
}

// maxRounds bounds how often a file with comments is printed to come to rest.
const maxRounds = 8

// Print writes a tree in canonical form, with its comments.
func Print(f *File) string {
	p := printer{comments: f.Comments}
	for i, d := range f.Decls {
		p.between(f.Decls, i)
		p.comment(d.Range().Start, 0)
		p.decl(d)
		p.end(d.Range().End.Line, 0)
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
	lines    int  // ended so far
	tall     bool // the last piece took several lines
}

func (p *printer) write(s string) {
	p.b.WriteString(s)
	p.col += utf8.RuneCountInString(s)
}

func (p *printer) newline(indent int) {
	p.b.WriteByte('\n')
	p.col, p.broken = 0, false
	p.lines++
	p.write(strings.Repeat(" ", indent))
}

// end ends the line after something that stood on a line of the source: the comment after it stays there, and more
// comments of its lines stand below, at indent.
func (p *printer) end(line, indent int) {
	p.trailing(line, indent)
	if p.col > 0 || p.broken {
		p.newline(0)
	}
}

// trailing writes the comment at the end of a line of the source, if there is one.
func (p *printer) trailing(line, indent int) {
	for len(p.comments) > 0 && p.comments[0].Trailing && p.comments[0].Range.Start.Line <= line {
		if p.broken {
			p.newline(indent)
		} else {
			p.write("  ")
		}
		p.write(p.comments[0].Text)
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
	case *Dataset:
		p.dataset(d)
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
			p.end(t.Pos.Line, 2)
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
		p.end(s.Range().End.Line, 2)
	}
	p.close(n)
}
