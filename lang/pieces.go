package lang

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// pieceSize is how much text is parsed at a time, in bytes: much smaller than a large file, so that
// its tokens and trees are short-lived garbage, much larger than a rule.
const pieceSize = 8 << 10

func asPathError(err error, p **fs.PathError) bool { return errors.As(err, p) }

// cut splits a file at lines that begin a declaration in their first column. No string,
// regular expression or comment spans lines, so such a line is always one. Lets, lists, data sets and
// includes are declared at once, in their order; the rest becomes pieces for later.
func (l *loader) cut(name, text string) {
	line, start, startLine := 1, 0, 1
	flush := func(end int) {
		if strings.TrimSpace(text[start:end]) != "" {
			l.pieces = append(l.pieces, piece{
				Piece: check.Piece{File: name, Text: text[start:end], Base: start},
				at:    diag.Pos{Offset: start, Line: startLine, Col: 1},
			})
		}
		start = end
	}
	for at := 0; at < len(text); {
		word := declWord(text[at:])
		switch {
		case word == "let" || word == "list" || word == "dataset" || word == "include":
			flush(at)
			startLine = line
			end, lines := nextDecl(text, at)
			l.declare(name, text[at:end], diag.Pos{Offset: at, Line: line, Col: 1})
			at, line = end, line+lines
			start, startLine = at, line
			continue
		case word != "" && at-start > pieceSize:
			flush(at)
			startLine = line
		}
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		line++
	}
	flush(len(text))
}

// declWord gives the keyword of the declaration that a line begins, "" if it begins none.
func declWord(s string) string {
	if s == "" || s[0] < 'd' || s[0] > 't' {
		return ""
	}
	for _, w := range syntax.DeclWords() {
		if strings.HasPrefix(s, w) && len(s) > len(w) && (s[len(w)] == ' ' || s[len(w)] == '\t') {
			return w
		}
	}
	return ""
}

// nextDecl finds the line after at that begins a declaration, and how many lines it is away.
func nextDecl(text string, at int) (end, lines int) {
	for end = at; ; {
		n := strings.IndexByte(text[end:], '\n')
		if n < 0 {
			return len(text), lines
		}
		end += n + 1
		lines++
		if declWord(text[end:]) != "" {
			return end, lines
		}
	}
}

// declare takes lets, lists, data sets and includes.
func (l *loader) declare(file, text string, at diag.Pos) {
	p := check.Piece{File: file, Text: text, Base: at.Offset}
	f, list := syntax.Parse(text, at)
	if len(list) > 0 {
		l.garbled = append(l.garbled, text)
	}
	rest := false
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *syntax.Let:
			list = append(list, l.scope.Let(p, d)...)
		case *syntax.List:
			l.listFile(p, d)
		case *syntax.Dataset:
			list = append(list, l.scope.Dataset(p, d)...)
		case *syntax.Include:
			l.file(relative(file, d.File.Str), &file, d.File.Range())
		case *syntax.Bad:
		default:
			rest = true // on the line of a let, or indented
		}
	}
	for _, d := range list {
		l.add(file, d)
	}
	if rest {
		l.pieces = append(l.pieces, piece{Piece: p, at: at})
	}
}

// relative gives the path of a file that another names.
func relative(from, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(from), name)
}

// declaredIDs finds the ids of the rules and sequences of a text without parsing it; of sequences it says that they are.
func declaredIDs(text string, found func(id string, sequence bool)) {
	for _, line := range strings.SplitAfter(text, "\n") {
		line = strings.TrimLeft(line, " \t")
		rest, ok := strings.CutPrefix(line, "rule ")
		sequence := false
		if !ok {
			rest, sequence = strings.CutPrefix(line, "sequence ")
		}
		if ok || sequence {
			if strings.HasPrefix(rest, `"`) {
				if end := strings.IndexByte(rest[1:], '"'); end > 0 {
					found(rest[1:end+1], sequence)
				}
			} else if f := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" \t\"{\r\n", r) }); len(f) > 0 {
				found(f[0], sequence)
			}
		}
	}
}
