// Package check gives rules their meaning: it resolves names against a schema, checks types,
// and lowers the syntax tree to the typed form of lang/ir. What it has to say it says with
// lang/diag, all findings of a file at once.
package check

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
	"github.com/luanids/luanids/lang/syntax"
)

// Scope is what names mean to a set of rules: the schema, lets and lists. Once all lets and
// lists are defined it may be used by several goroutines.
type Scope struct {
	Schema *dissect.Schema
	// RuleID tells whether there is a rule of that name; nil: references to rules are not checked.
	RuleID func(id string) bool
	// SequenceID tells whether there is a sequence of that name, which RuleID knows too; nil: there is none.
	SequenceID func(id string) bool
	// RuleIDs lists them, for suggestions.
	RuleIDs func() []string

	// Reputation gives the scores of a category, nil for one that there is not. Without it no address has a score.
	Reputation func(category string) *ir.RepTable

	// Funcs are functions beside those of the language: predicates of scripts.
	Funcs []*funcs.Decl

	// Capture tells what is wrong with the capture that a test in a file names, nil if it can be read; nil: it is not asked.
	Capture func(file, capture string) error

	lets map[string]*let
	// order keeps the definitions in the order of their files.
	order []*let

	mu       sync.Mutex
	regexes  map[string]compiledRegex
	sets     map[string]ir.Set
	datasets map[string]*ir.Dataset
	declared map[string]*declaredSet // of the data sets those that say what they begin with
	scores   map[string]*ir.RepTable

	near                   diag.Suggester
	fieldNames, eventNames func() []string
}

type compiledRegex struct {
	re  *regex.Regex
	err error
}

// let is a named expression, or the values of a list.
type let struct {
	name, file string
	at         diag.Range
	src        source
	value      syntax.Expr // nil for lists
	set        *constSet   // of lists
	what       string      // "let" or "list"
	quiet      bool        // given by --var: need not be used
	used       atomic.Bool
	cyclic     bool // defined by itself
	val        *val // of a let that is a constant or a set, once Finish has looked at it
}

// source is a file's text, or the piece of it that begins at base.
type source struct {
	text string
	base int
}

func (s source) of(r diag.Range) string {
	a, b := r.Start.Offset-s.base, r.End.Offset-s.base
	if a < 0 || b > len(s.text) || a > b {
		return ""
	}
	return s.text[a:b]
}

// NewScope makes a scope without lets.
func NewScope(schema *dissect.Schema) *Scope {
	s := &Scope{Schema: schema, lets: map[string]*let{}, regexes: map[string]compiledRegex{},
		sets: map[string]ir.Set{}, datasets: map[string]*ir.Dataset{}}
	s.fieldNames = sync.OnceValue(schema.FieldNames)
	s.eventNames = sync.OnceValue(func() []string {
		var names []string
		for _, e := range schema.Events[1:] {
			names = append(names, e.Name)
		}
		return names
	})
	return s
}

// Piece is a piece of a file as the parser gave it: where diagnostics and sources come from.
type Piece struct {
	File string
	Text string
	Base int // offset of Text in the file
}

func (p Piece) source() source { return source{p.Text, p.Base} }

// Let defines a name. A name that Override has given a value keeps it.
func (s *Scope) Let(p Piece, d *syntax.Let) diag.List {
	return s.define(&let{name: d.Name.Text, file: p.File, at: d.Name.Range(), src: p.source(), value: d.Value, what: "let"})
}

// Override gives a name a value that wins over any let of it.
func (s *Scope) Override(name, text string, value syntax.Expr) {
	s.lets[name] = &let{name: name, file: "--var " + name, src: source{text: text}, value: value, what: "let", quiet: true}
}

// Overrides tells whether name was given by Override and no let of it was seen.
func (s *Scope) Overrides(name string) bool {
	l := s.lets[name]
	return l != nil && l.quiet && !l.at.Start.Valid() && !l.used.Load()
}

func (s *Scope) define(l *let) diag.List {
	var out diag.List
	if old := s.lets[l.name]; old != nil {
		if old.quiet {
			old.at = l.at // now it is known which let it overrides
			s.anyPort(old, l)
			return nil
		}
		d := diag.DuplicateName(l.at, l.name, place(old.file, old.at))
		d.File = l.file
		return append(out, d)
	}
	if s.Schema.Field(l.name) != nil {
		d := diag.ShadowsField(l.at, l.name, "field")
		d.File = l.file
		out = append(out, d)
	}
	s.lets[l.name] = l
	s.order = append(s.order, l)
	return out
}

// Finish checks every let by itself: what is wrong with one is said once, where it stands.
func (s *Scope) Finish() diag.List {
	var out diag.List
	for _, l := range s.sorted() {
		if l.cyclic {
			d := diag.Recursive(l.at, l.name)
			d.File = l.file
			out = append(out, d)
		}
		if l.value == nil || l.cyclic {
			continue
		}
		c := &checker{scope: s, file: l.file, src: l.src}
		v := c.value(l.value)
		if v.set != nil {
			if v.set.name == "" { // else l is another name for a set that has one
				v.set.name = l.name
			}
			l.val = &v
		}
		if v.re != nil {
			said := len(c.list)
			if c.broken = c.regex(v.re, v.re.Range(), false) == nil; !c.broken {
				c.list = c.list[:said] // warnings are of the rules that use it
			}
		}
		l.cyclic = c.broken // of what uses it nothing more needs to be said
		out = append(out, c.list...)
	}
	for _, l := range s.lets {
		l.used.Store(false) // by lets alone is not used
	}
	for name, d := range s.declared {
		out = append(out, s.fill(name, d)...)
	}
	return out
}

// Any is the value of an override that means every address, or every port if the let is one of ports.
const Any = "{0.0.0.0/0, ::/0}"

// anyPort makes an override with Any of a let that holds ports mean every port.
func (s *Scope) anyPort(over, l *let) {
	if over.src.text != Any {
		return
	}
	c := &checker{scope: s, file: l.file, src: l.src, mute: 1}
	if v := c.value(l.value); v.set != nil && class(v.set.typ) == classInt {
		over.value, _ = syntax.ParseExpr("0..65535")
	}
}

// Unused lists the lets and lists that no rule uses.
func (s *Scope) Unused() diag.List {
	var out diag.List
	for _, l := range s.order {
		if l.value != nil && l.used.Load() {
			markUses(s, l.value, 0)
		}
	}
	for _, l := range s.order {
		if !l.used.Load() && !l.quiet {
			d := diag.Unused(l.at, l.what, l.name)
			d.File = l.file
			out = append(out, d)
		}
	}
	return out
}

// markUses marks the lets that the value of a used let uses.
func markUses(s *Scope, x syntax.Expr, depth int) {
	if depth > syntax.MaxDepth {
		return
	}
	syntax.Walk(x, func(e syntax.Expr) {
		if n, ok := e.(*syntax.Name); ok {
			if l := s.lets[n.Text]; l != nil && !l.used.Swap(true) && l.value != nil {
				markUses(s, l.value, depth+1)
			}
		}
	})
}

// regex compiles an expression once.
func (s *Scope) regex(pattern string, flags regex.Flags) (*regex.Regex, error) {
	key := string(rune(flags)) + pattern
	s.mu.Lock()
	r, ok := s.regexes[key]
	s.mu.Unlock()
	if ok {
		return r.re, r.err
	}
	r.re, r.err = regex.Compile(pattern, flags)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.regexes[key]; ok {
		return old.re, old.err
	}
	s.regexes[key] = r
	return r.re, r.err
}

// dataset gives the data set of that name.
func (s *Scope) dataset(name string) *ir.Dataset {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.datasets[name]
	if d == nil {
		d = &ir.Dataset{Name: name}
		s.datasets[name] = d
	}
	return d
}

// function finds a function, nil where there is none.
func (s *Scope) function(name string) *funcs.Decl {
	for _, d := range s.Funcs {
		if d.Name == name {
			return d
		}
	}
	return funcs.Lookup(name)
}

// LetNames lists the lets and lists, for completion.
func (s *Scope) LetNames() []string {
	var out []string
	for _, l := range s.order {
		out = append(out, l.name)
	}
	return out
}

// reputation gives the scores of a category, the same table for the same name.
func (s *Scope) reputation(category string) *ir.RepTable {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.scores[category]; t != nil {
		return t
	}
	var t *ir.RepTable
	if s.Reputation != nil {
		t = s.Reputation(category)
	} else {
		t = &ir.RepTable{Name: category, Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
	}
	if t != nil {
		if s.scores == nil {
			s.scores = map[string]*ir.RepTable{}
		}
		s.scores[category] = t
	}
	return t
}
