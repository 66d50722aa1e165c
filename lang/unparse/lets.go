package unparse

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// Lets are the named sets of rules that are written to one file: each becomes a let, so that whoever loads the
// file can override it as the variable that it was. Data sets that begin with values are declared there, too.
type Lets struct {
	names []string // in the order in which they were first seen
	text  map[string]string
	of    map[string]string // by what an address set holds: its first name
	sets  map[string]*setDecl
}

// NewLets gathers the named sets of rules. A name that stands for different sets is left out.
func NewLets(rules []*ir.Rule) *Lets {
	l := &Lets{text: map[string]string{}, of: map[string]string{}}
	for _, r := range rules {
		l.addSets(r)
		if r.When == nil {
			continue
		}
		ir.Walk(r.When, func(x ir.Expr) {
			if in, ok := x.(*ir.In); ok {
				l.add(in.Set)
			}
		})
	}
	return l
}

func (l *Lets) add(s ir.Set) {
	id := setName(s)
	if !isName(id) {
		return
	}
	text := syntax.String(members(s))
	if old, ok := l.text[id]; ok {
		if old != text {
			l.text[id] = "" // not one set
		}
		return
	}
	l.names = append(l.names, id)
	l.text[id] = text
	if _, ok := s.(*ir.IPSet); ok && l.of[text] == "" {
		l.of[text] = id
	}
}

// name gives what a set is called, "" for one that has to be written out. An address set without a name
// that holds the same as a named one is that: Suricata's EXTERNAL_NET is all but HOME_NET.
func (l *Lets) name(s ir.Set) string {
	if l == nil {
		return ""
	}
	if id := setName(s); id != "" && l.text[id] != "" {
		return id
	}
	if ips, ok := s.(*ir.IPSet); ok && len(l.of) > 0 && ips.Name == "" {
		if id := l.of[syntax.String(members(s))]; l.text[id] != "" {
			return id
		}
	}
	return ""
}

// Decls gives a let for each set, and the data sets.
func (l *Lets) Decls() []syntax.Decl {
	var out []syntax.Decl
	for _, id := range l.names {
		if l.text[id] == "" {
			continue
		}
		value := syntax.Expr(lit(l.text[id]))
		if first := l.of[l.text[id]]; first != "" && first != id {
			value = name(first) // as HTTP_SERVERS is HOME_NET
		}
		out = append(out, &syntax.Let{Name: word(id), Value: value})
	}
	return append(out, l.setDecls()...)
}

// isWord tells whether s is a word of the language.
func isWord(s string) bool {
	if s == "" {
		return false
	}
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s[len(s)-1] != '-' && !strings.Contains(s, "--")
}

func setName(s ir.Set) string {
	switch s := s.(type) {
	case *ir.IntSet:
		return s.Name
	case *ir.IPSet:
		return s.Name
	case *ir.StrSet:
		return s.Name
	}
	return ""
}

// isName tells whether s can be the name of a let. Those of imported rules are in capitals; others could be
// words of the language.
func isName(s string) bool {
	return isWord(s) && s == strings.ToUpper(s) && !strings.Contains(s, "-")
}
