package lsp

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/syntax"
)

// completions gathers what can stand at a place.
type completions struct {
	s      *server
	edit   textRange // of the word begun
	prefix string
	items  []completionItem
}

func (s *server) completion(p *placeParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	off := d.offset(p.Position)
	line := d.lineOf(off)
	before := d.text[d.lines[line]:off]
	list := completionList{Items: []completionItem{}}
	from, ok := wordStart(before)
	if !ok { // within a text or a comment
		s.stateNames(d, before, off, &list)
		return list, nil
	}
	begin := d.lines[line] + from
	c := &completions{s: s, prefix: d.text[begin:off], edit: d.textRange(diag.Range{Start: diag.Pos{Offset: begin}, End: diag.Pos{Offset: off}})}
	c.gather(d, syntax.Tokens(before[:from]), d.depth(begin))
	list.Items = append(list.Items, c.items...)
	return list, nil
}

// openState matches a line that ends within the name of a piece of state.
var openState = regexp.MustCompile(`\b(flow\.flag|flow\.counter|host\.flag|host\.counter|dataset|flow\.var|packet\.var)\((?:"[^"]*",\s*)*"([^"]*)$`)

// stateNames completes the names of flags, counters and data sets that rules here have.
func (s *server) stateNames(d *document, before string, off int, list *completionList) {
	m := openState.FindStringSubmatch(before)
	if m == nil {
		return
	}
	kind, begun := m[1], m[2]
	edit := d.textRange(diag.Range{Start: diag.Pos{Offset: off - len(begun)}, End: diag.Pos{Offset: off}})
	names := map[string]bool{}
	for _, f := range s.index(d) {
		mentions(f.doc.text, func(x mention) {
			if x.kind == kind && strings.HasPrefix(x.name, begun) && (f.doc.path != d.path || off < x.from || off > x.to) {
				names[x.name] = true
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list.Items = append(list.Items, completionItem{Label: name, Kind: kindValue, Detail: kind, TextEdit: &textEdit{edit, name}})
	}
}

// wordStart finds where the word that ends a line begins; ok is false within texts and comments.
func wordStart(line string) (from int, ok bool) {
	from = len(line)
	for from > 0 && isWordByte(line[from-1]) {
		from--
	}
	tokens := syntax.Tokens(line[:from] + "\x00")
	for _, t := range tokens {
		if t.Start.Offset < from && t.End.Offset > from {
			return 0, false
		}
	}
	// A comment swallows the mark.
	return from, len(tokens) > 0 && tokens[len(tokens)-1].End.Offset == from+1
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// depth counts the braces that are open at an offset; 0 is between declarations.
func (d *document) depth(off int) int {
	n := 0
	for _, t := range syntax.Tokens(d.text[:off]) {
		switch t.Text {
		case "{":
			n++
		case "}":
			n = max(0, n-1)
		}
	}
	return n
}

// gather decides by what stands before on the line.
func (c *completions) gather(d *document, before []syntax.Token, depth int) {
	prev, first := "", len(before) == 0
	if !first {
		prev = before[len(before)-1].Text
		first = prev == "{" && len(before) > 1 && slices.Contains([]string{"rule", "sequence"}, before[0].Text)
	}
	if words := check.Choices(prev); words != nil {
		for _, w := range words {
			c.add(completionItem{Label: w, Kind: kindValue})
		}
		return
	}
	switch {
	case prev == "on":
		c.events()
		return
	case prev == "test" || prev == "(" && len(before) > 1 && before[len(before)-2].Text == "rule":
		c.declared(d, kindRule, "rule", "sequence")
		return
	case depth == 0 && first:
		c.words(syntax.DeclDocs(), "0")
		return
	case first:
		c.words(syntax.StmtDocs(), "0")
		c.events()
	}
	for _, w := range slices.Concat(syntax.WordOperators(), syntax.WordOptions()) {
		c.add(completionItem{Label: w, Kind: kindKeyword, SortText: "3" + w})
	}
	c.declared(d, kindVariable, "let", "list")
	c.fields()
	for _, f := range funcs.All() {
		doc := markdown(functionText(f))
		c.add(completionItem{Label: f.Name, Kind: kindFunction, Detail: f.Signature(), Documentation: &doc, SortText: "2" + f.Name})
	}
	if depth > 0 && slices.ContainsFunc(before, func(t syntax.Token) bool { return t.Text == "of" || t.Text == "then" || t.Text == ":" }) {
		c.events()
	}
}

// add takes an item that begins as the word does.
func (c *completions) add(x completionItem) {
	if !strings.HasPrefix(strings.ToLower(x.Label), strings.ToLower(c.prefix)) {
		return
	}
	x.TextEdit = &textEdit{c.edit, x.Label}
	c.items = append(c.items, x)
}

func (c *completions) words(list []syntax.WordDoc, sort string) {
	for _, x := range list {
		for _, w := range x.Words {
			doc := markdown(statementText(w))
			c.add(completionItem{Label: w, Kind: kindKeyword, Documentation: &doc, SortText: sort + w})
		}
	}
}

func (c *completions) fields() {
	for _, f := range c.s.schema.Fields() {
		doc := markdown(fieldText(f))
		c.add(completionItem{Label: f.Name, Kind: kindField, Detail: f.Type.String(), Documentation: &doc, SortText: "1" + f.Name})
	}
}

func (c *completions) events() {
	for i := range c.s.schema.Events {
		if e := &c.s.schema.Events[i]; e.Name != "" {
			c.add(completionItem{Label: e.Name, Kind: kindEvent, Detail: e.Doc, SortText: "1" + e.Name})
		}
	}
}

func (c *completions) declared(d *document, kind int, kinds ...string) {
	for _, f := range c.s.index(d) {
		for _, x := range f.decls {
			if slices.Contains(kinds, x.kind) {
				detail := x.title
				if detail == "" {
					detail = x.text
				}
				c.add(completionItem{Label: x.name, Kind: kind, Detail: detail, SortText: "0" + x.name})
			}
		}
	}
}
