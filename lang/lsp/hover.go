package lsp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/syntax"
)

func (s *server) hover(p *placeParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	w, ok := d.wordAt(p.Position)
	if ok && w.Kind == syntax.TokenText {
		if m, list := s.places(p); slices.Contains(states, m.kind) {
			at := diag.Range{Start: diag.Pos{Offset: m.from}, End: diag.Pos{Offset: m.to}}
			return hoverResult{markdown(s.stateText(m, list)), d.textRange(at)}, nil
		}
	}
	if !ok || w.Kind != syntax.TokenWord && !w.namesRule() {
		return nil, nil
	}
	text := s.describe(d, &w)
	if text == "" {
		return nil, nil
	}
	at := diag.Range{Start: diag.Pos{Offset: w.from}, End: diag.Pos{Offset: w.to}}
	return hoverResult{markdown(text), d.textRange(at)}, nil
}

// describe says what a word means, in Markdown; "" if it means nothing.
func (s *server) describe(d *document, w *word) string {
	if w.namesRule() {
		if x := find(s.index(d), strings.Trim(w.Text, `"'`), "rule", "sequence"); x != nil {
			return fmt.Sprintf("%s **%s** %s", x.kind, x.name, x.title)
		}
		return ""
	}
	if strings.HasPrefix(strings.TrimSpace(w.after), "(") {
		if f := funcs.Lookup(w.Text); f != nil {
			return functionText(f)
		}
	}
	if len(w.before) == 0 || w.previous() == "{" {
		if text := statementText(w.Text); text != "" {
			return text
		}
	}
	if x := find(s.index(d), w.Text, "let", "list"); x != nil {
		return code(x.text)
	}
	if f := s.schema.Field(w.Text); f != nil {
		return fieldText(f)
	}
	if id, ok := s.schema.EventByName(w.Text); ok {
		return fmt.Sprintf("event **%s**: %s", w.Text, s.schema.Events[id].Doc)
	}
	if f := funcs.Lookup(w.Text); f != nil {
		return functionText(f)
	}
	return statementText(w.Text)
}

func code(s string) string { return "```nids\n" + s + "\n```" }

func fieldText(f *dissect.Field) string {
	typ := f.Type.String()
	if f.Multi {
		typ = "list of " + typ
	}
	text := fmt.Sprintf("**%s** %s", f.Name, typ)
	if f.Event != "" {
		text += ", known from " + f.Event + " on"
	}
	text += "\n\n" + f.Doc
	if len(f.Values) > 0 {
		text += "\n\nOne of " + strings.Join(f.Values, ", ")
	}
	if f.Hi > 0 {
		text += fmt.Sprintf("\n\nFrom %d to %d", f.Lo, f.Hi)
	}
	if len(f.Alias) > 0 {
		text += "\n\nAlso " + strings.Join(f.Alias, ", ")
	}
	return text
}

func functionText(f *funcs.Decl) string {
	text := code(f.Signature()) + "\n\n" + f.Doc
	for _, ex := range f.Examples {
		text += fmt.Sprintf("\n\n`%s` is `%s`", ex[0], ex[1])
	}
	return text
}

func statementText(name string) string {
	for _, list := range [][]syntax.WordDoc{syntax.StmtDocs(), syntax.DeclDocs()} {
		for _, x := range list {
			for _, w := range x.Words {
				if w == name {
					return code(strings.Join(x.Usage, "\n")) + "\n\n" + x.Doc
				}
			}
		}
	}
	return ""
}
