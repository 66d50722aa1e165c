package lsp

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// symbol is something that rules name: a let or list, a rule or sequence, or a piece of state.
type symbol struct{ kind, name string }

// The kinds of symbols that are not state, which goes by its function.
const (
	aLet  = "let"  // and lists
	aRule = "rule" // and sequences
)

// states are the functions whose first argument is the name of a piece of state; flow.flag takes several names.
var states = []string{"flow.flag", "flow.counter", "host.flag", "host.counter", "dataset", "flow.var", "packet.var"}

// mention is a place at which a symbol is named.
type mention struct {
	symbol
	from, to int    // offsets of the name, without quotes
	defines  bool   // it is declared there, or set
	rule     string // the rule or sequence that it stands in
}

// oneWord are the statements that a word follows which is no name.
var oneWord = map[string]bool{"severity": true, "action": true, "classtype": true, "target": true, "inspect": true, "scope": true, "on": true, "ref": true,
	"metadata": true, "tag": true}

// mentions finds what a text names. It goes by tokens, so that a text that is being typed has them too.
func mentions(text string, f func(m mention)) {
	s := mentioning{f: f, tokens: syntax.Tokens(text)}
	for s.i = range s.tokens {
		s.token(&s.tokens[s.i])
	}
}

// mentioning is the state of going through the tokens of a text.
type mentioning struct {
	f      func(m mention)
	tokens []syntax.Token
	i      int
	depth  int      // of braces
	chain  int      // depth of brackets
	vars   []string // that the content chain has extracted so far
	labels bool     // in a list of words that are no names: tags a, b
	rule   string   // that is open
}

// at gives a token's text, "" beyond the last and before the first.
func (s *mentioning) at(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.tokens[i].Text
}

func (s *mentioning) token(t *syntax.Token) {
	next := s.at(s.i + 1)
	switch t.Text {
	case "{":
		s.depth++
		return
	case "}":
		s.depth = max(0, s.depth-1)
		return
	case "[":
		s.chain++
		return
	case "]":
		if s.chain = max(0, s.chain-1); s.chain == 0 {
			s.vars = nil
		}
		return
	}
	if t.Kind != syntax.TokenWord {
		return
	}
	prev := s.at(s.i - 1)
	if s.labels = prev == "tags" || prev == "mitre" || s.labels && prev == ","; s.labels {
		return
	}
	switch {
	case s.depth == 0 && (t.Text == "rule" || t.Text == "sequence"):
		s.rule = strings.Trim(next, `"'`)
		s.name(aRule, s.i+1, true)
	case s.depth == 0 && t.Text == "test":
		s.rule = ""
		s.name(aRule, s.i+1, false)
	case t.Text == "rule" && next == "(":
		s.name(aRule, s.i+2, false)
	case s.depth == 0 && (t.Text == "let" || t.Text == "list"):
		s.rule = ""
		s.name(aLet, s.i+1, true)
	case t.Text == "dataset" && s.quoted(s.i+1):
		s.name("dataset", s.i+1, true)
	case next == "(" && slices.Contains(states, t.Text):
		s.state(t.Text)
	case s.chain > 0 && prev == "let":
		s.vars = append(s.vars, t.Text)
	case next != "(" && next != ":" && !slices.Contains(s.vars, t.Text) && !oneWord[prev] && !s.declared(prev):
		s.name(aLet, s.i, false)
	}
}

// declared tells whether the word is the name of the declaration before it, which was told of, or of a variable of a chain.
func (s *mentioning) declared(prev string) bool {
	switch prev {
	case "let", "list":
		return true
	case "rule", "sequence", "test":
		return s.depth == 0
	}
	return false
}

// quoted tells whether a token is a text.
func (s *mentioning) quoted(i int) bool {
	return i < len(s.tokens) && s.tokens[i].Kind == syntax.TokenText && len(s.tokens[i].Text) > 1 && strings.ContainsAny(s.tokens[i].Text[:1], `"'`)
}

// state tells of the names in a call such as flow.flag("a", "b").
func (s *mentioning) state(kind string) {
	verb := s.at(s.i - 1)
	for j := s.i + 2; s.quoted(j); j += 2 {
		s.name(kind, j, verb == "set" || verb == "toggle")
		if kind != "flow.flag" || s.at(j+1) != "," {
			return
		}
	}
}

// name tells of the name that a token is, in quotes or not.
func (s *mentioning) name(kind string, i int, defines bool) {
	if i >= len(s.tokens) {
		return
	}
	t := &s.tokens[i]
	from, to := t.Start.Offset, t.End.Offset
	if s.quoted(i) {
		from, to = from+1, to-1
	} else if t.Kind != syntax.TokenWord && kind != aRule { // the id of a rule may be a number
		return
	}
	name := t.Text[from-t.Start.Offset : len(t.Text)-(t.End.Offset-to)]
	if name == "" || name == "{" || name == "(" {
		return
	}
	s.f(mention{symbol{kind, name}, from, to, defines, s.rule})
}

// symbolAt finds what is named at a place of a document, or just before it.
func (d *document) symbolAt(p position) (found mention, ok bool) {
	off := d.offset(p)
	mentions(d.text, func(m mention) {
		if m.from <= off && off <= m.to && (!ok || m.from > found.from) {
			found, ok = m, true
		}
	})
	return found, ok
}

// named is a place in one of the files that a document sees.
type named struct {
	mention
	file *parsed
}

// everywhere finds the places where a symbol is named, and whether it is declared or set at one of them.
func everywhere(files []*parsed, s symbol) (list []named, defined bool) {
	for _, f := range files {
		mentions(f.doc.text, func(m mention) {
			if m.symbol == s {
				list = append(list, named{m, f})
				defined = defined || m.defines
			}
		})
	}
	return list, defined
}

// uri is the name of a file as the client spells it.
func (s *server) uri(f *parsed) string {
	for u, d := range s.docs {
		if d.path == f.doc.path {
			return u
		}
	}
	return f.doc.uri
}

func (x *named) textRange() textRange {
	return x.file.doc.textRange(diag.Range{Start: diag.Pos{Offset: x.from}, End: diag.Pos{Offset: x.to}})
}

// places finds what is named at a place, everywhere. Words that no let has are fields and the like: they have no places.
func (s *server) places(p *placeParams) (m mention, list []named) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return m, nil
	}
	m, ok := d.symbolAt(p.Position)
	if !ok {
		return m, nil
	}
	list, defined := everywhere(s.index(d), m.symbol)
	if m.kind == aLet && !defined {
		return m, nil
	}
	return m, list
}

// stateText says who sets a piece of state and who asks for it, in Markdown.
func (s *server) stateText(m mention, list []named) string {
	text := fmt.Sprintf("**%s(%q)**", m.kind, m.name)
	for _, x := range []struct {
		what    string
		defines bool
	}{{"Set by", true}, {"Named by", false}} {
		var who []string
		for i := range list {
			if n := &list[i]; n.defines == x.defines {
				at := fmt.Sprintf("%s:%d", filepath.Base(n.file.doc.path), n.textRange().Start.Line+1)
				if n.rule != "" {
					at = n.rule + " (" + at + ")"
				}
				if !slices.Contains(who, at) {
					who = append(who, at)
				}
			}
		}
		if n := len(who); n > maxNamed {
			who = append(who[:maxNamed], fmt.Sprintf("%d more", n-maxNamed))
		}
		switch {
		case len(who) > 0:
			text += "\n\n" + x.what + " " + strings.Join(who, ", ")
		case x.defines:
			text += "\n\nNothing in these files sets it; a script may"
		}
	}
	return text
}

// maxNamed is how many rules are listed of those that set a piece of state.
const maxNamed = 10

// references finds where a symbol is named.
func (s *server) references(p *referenceParams) (any, error) {
	_, list := s.places(&p.placeParams)
	out := []location{}
	for i := range list {
		if !list[i].defines || p.Context.IncludeDeclaration {
			out = append(out, location{s.uri(list[i].file), list[i].textRange()})
		}
	}
	return out, nil
}

// highlights finds where a symbol is named in the same file.
func (s *server) highlights(p *placeParams) (any, error) {
	_, list := s.places(p)
	out := []highlight{}
	for i := range list {
		if x := &list[i]; s.uri(x.file) == p.TextDocument.URI {
			kind := highlightRead
			if x.defines {
				kind = highlightWrite
			}
			out = append(out, highlight{x.textRange(), kind})
		}
	}
	return out, nil
}

// prepareRename tells whether what stands at a place can be renamed.
func (s *server) prepareRename(p *placeParams) (any, error) {
	m, list := s.places(p)
	d := s.docs[p.TextDocument.URI]
	if len(list) == 0 {
		return nil, nil
	}
	return renameRange{d.textRange(diag.Range{Start: diag.Pos{Offset: m.from}, End: diag.Pos{Offset: m.to}}), m.name}, nil
}

// plainName is a name that needs no quotes.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*$`)

// textName is a name that can stand within quotes.
var textName = regexp.MustCompile(`^[^"'\\\x00-\x1f]+$`)

func (s *server) rename(p *renameParams) (any, error) {
	m, list := s.places(&p.placeParams)
	if len(list) == 0 {
		return nil, invalid("there is nothing here that has a name of its own")
	}
	switch {
	case m.kind == aLet && (!plainName.MatchString(p.NewName) || s.schema.Field(p.NewName) != nil):
		return nil, invalid(p.NewName + " cannot be the name of a let: names have letters, digits and _, and are not those of fields")
	case !textName.MatchString(p.NewName):
		return nil, invalid("a name has neither quotes nor backslashes")
	}
	edit := workspaceEdit{Changes: map[string][]textEdit{}}
	for i := range list {
		x, name := &list[i], p.NewName
		if q := x.file.doc.text[max(x.from-1, 0):x.from]; m.kind == aRule && q != `"` && q != `'` && !plainName.MatchString(name) {
			name = `"` + name + `"`
		}
		uri := s.uri(x.file)
		edit.Changes[uri] = append(edit.Changes[uri], textEdit{x.textRange(), name})
	}
	return edit, nil
}
