package lsp

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// decl is something with a name that a file declares.
type decl struct {
	kind  string // rule, sequence, let, list, test
	name  string
	title string
	path  string
	at    diag.Range // of the name
	whole diag.Range
	text  string // source of a let or list
}

// parsed is what is known of a file as long as its text is the same.
type parsed struct {
	doc      *document // for positions
	decls    []decl
	includes []string // paths
}

// index finds the declarations that a document sees: its own, those of files that it includes, and of the files
// beside it. The cache is the server's.
func (s *server) index(d *document) []*parsed {
	seen := map[string]bool{}
	var out []*parsed
	queue := siblings(d.path, s.docs)
	for len(queue) > 0 && len(out) < maxSiblings {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		if p := s.parse(path); p != nil {
			out = append(out, p)
			queue = append(queue, p.includes...)
		}
	}
	for path := range s.cache {
		if !seen[path] && len(s.cache) > maxSiblings {
			delete(s.cache, path)
		}
	}
	return out
}

func (s *server) parse(path string) *parsed {
	text, ok := s.textOf(path)
	if !ok {
		return nil
	}
	if p := s.cache[path]; p != nil && p.doc.text == text {
		return p
	}
	p := &parsed{doc: newDocument(uriOf(path), 0, text)}
	p.doc.path = path
	f, _ := syntax.Parse(text, diag.Pos{Line: 1, Col: 1})
	for _, x := range f.Decls {
		p.add(x)
	}
	if s.cache == nil {
		s.cache = map[string]*parsed{}
	}
	s.cache[path] = p
	return p
}

// textOf gives the text of a file: as the editor has it, or as it is stored.
func (s *server) textOf(path string) (string, bool) {
	for _, uri := range slices.Sorted(maps.Keys(s.docs)) {
		if s.docs[uri].path == path {
			return s.docs[uri].text, true
		}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxDocument {
		return "", false
	}
	b, err := os.ReadFile(path)
	return string(b), err == nil
}

func (p *parsed) add(x syntax.Decl) {
	d := decl{path: p.doc.path, whole: x.Range()}
	switch x := x.(type) {
	case *syntax.Rule:
		d.kind, d.name, d.at = "rule", x.ID.Text, x.ID.Range()
		if x.Title != nil {
			d.title = x.Title.Str
		}
	case *syntax.Sequence:
		d.kind, d.name, d.at = "sequence", x.ID.Text, x.ID.Range()
		if x.Title != nil {
			d.title = x.Title.Str
		}
	case *syntax.Let:
		d.kind, d.name, d.at, d.text = "let", x.Name.Text, x.Name.Range(), p.slice(x.Range())
	case *syntax.List:
		d.kind, d.name, d.at, d.text = "list", x.Name.Text, x.Name.Range(), p.slice(x.Range())
	case *syntax.Dataset:
		d.kind, d.name, d.at, d.text = "dataset", x.Name.Str, x.Name.Range(), p.slice(x.Range())
	case *syntax.Test:
		d.kind, d.name, d.at = "test", x.ID.Text, x.ID.Range()
	case *syntax.Include:
		p.includes = append(p.includes, p.relative(x.File.Str))
		return
	default:
		return
	}
	p.decls = append(p.decls, d)
}

// maxDeclText is how much of a let is shown, bytes.
const maxDeclText = 2000

func (p *parsed) slice(r diag.Range) string {
	s := p.doc.text[max(r.Start.Offset, 0):min(r.End.Offset, len(p.doc.text))]
	if len(s) > maxDeclText {
		s = strings.ToValidUTF8(s[:maxDeclText], "") + "..."
	}
	return s
}

// relative gives the path of a file that a rule file names.
func (p *parsed) relative(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(p.doc.path), name)
}

// word is the token at a place.
type word struct {
	syntax.Token
	from, to int // in the document
	before   []syntax.Token
	after    string // the text that follows on the line
}

// wordAt finds the token at a place, or the one that ends there. No token spans lines, so the line is enough.
func (d *document) wordAt(p position) (word, bool) {
	off := d.offset(p)
	line := d.lineOf(off)
	start, end := d.lines[line], len(d.text)
	if line+1 < len(d.lines) {
		end = d.lines[line+1]
	}
	tokens := syntax.Tokens(d.text[start:end])
	for i, t := range tokens {
		from, to := start+t.Start.Offset, start+t.End.Offset
		if from <= off && off < to || off == to && t.Kind == syntax.TokenWord {
			return word{t, from, to, tokens[:i], d.text[to:end]}, true
		}
	}
	return word{}, false
}

// previous is the text of the token before, "" at the beginning of the line.
func (w *word) previous() string {
	if len(w.before) == 0 {
		return ""
	}
	return w.before[len(w.before)-1].Text
}

// namesRule tells whether the word stands where the id of a rule does.
func (w *word) namesRule() bool {
	prev := w.previous()
	return prev == "test" || prev == "(" && len(w.before) > 1 && w.before[len(w.before)-2].Text == "rule"
}

// find looks a name up; declares says of which kinds.
func find(files []*parsed, name string, kinds ...string) *decl {
	for _, f := range files {
		for i := range f.decls {
			if f.decls[i].name == name && slices.Contains(kinds, f.decls[i].kind) {
				return &f.decls[i]
			}
		}
	}
	return nil
}

func (s *server) definition(p *placeParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	w, ok := d.wordAt(p.Position)
	if !ok {
		return nil, nil
	}
	if w.Kind == syntax.TokenText && (w.previous() == "include" || w.previous() == "from" || w.previous() == "pcap") {
		path := (&parsed{doc: d}).relative(strings.Trim(w.Text, `"'`))
		if _, err := os.Stat(path); err != nil {
			return nil, nil
		}
		return location{URI: uriOf(path)}, nil
	}
	_, list := s.places(p)
	var out []location
	for i := range list {
		if list[i].defines {
			out = append(out, location{s.uri(list[i].file), list[i].textRange()})
		}
	}
	switch len(out) {
	case 0:
		return nil, nil
	case 1:
		return out[0], nil
	}
	return out, nil // state that several rules set
}

func (s *server) symbols(p *documentParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	out := []documentSymbol{}
	f := s.parse(d.path)
	if f == nil {
		return out, nil
	}
	kinds := map[string]int{"rule": symbolRule, "sequence": symbolRule, "let": symbolLet, "list": symbolOther, "dataset": symbolOther, "test": symbolTest}
	for _, x := range f.decls {
		name := x.name
		if x.kind == "test" {
			name = "test " + name
		}
		out = append(out, documentSymbol{name, x.title, kinds[x.kind], d.textRange(x.whole), d.textRange(x.at)})
	}
	return out, nil
}
