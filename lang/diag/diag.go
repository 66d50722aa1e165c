// Package diag holds everything that the rule language says to a person: a diagnostic is data
// (what, where, how bad, what to do), messages.go words every kind of it once, and the
// renderers here show it as text or as JSON.
package diag

import (
	"cmp"
	"slices"
)

// Severity says how bad a diagnostic is.
type Severity uint8

// The severities. Only errors keep a rule from being loaded.
const (
	Error Severity = iota
	Warning
)

// String gives "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Pos is a place in a file. Line and Col count from 1, Col in characters; Offset counts bytes
// from 0. The zero Pos means no place.
type Pos struct {
	Offset int `json:"offset"`
	Line   int `json:"line"`
	Col    int `json:"column"`
}

// Valid tells whether p is a place.
func (p Pos) Valid() bool { return p.Line > 0 }

// Range is a piece of a file: from Start up to, not including, End.
type Range struct {
	Start Pos `json:"start"`
	End   Pos `json:"end"`
}

// Join is the range that spans r and o.
func (r Range) Join(o Range) Range {
	if !r.Start.Valid() {
		return o
	}
	if !o.Start.Valid() {
		return r
	}
	if o.Start.Offset < r.Start.Offset {
		r.Start = o.Start
	}
	if o.End.Offset > r.End.Offset {
		r.End = o.End
	}
	return r
}

// Diagnostic is one finding about a file.
type Diagnostic struct {
	File     string   `json:"file"`
	Range    Range    `json:"range"`
	Severity Severity `json:"-"`
	Code     string   `json:"code"`    // stable, for machines: "unknown-field"
	Summary  string   `json:"summary"` // one line
	Detail   string   `json:"detail,omitempty"`
	Hint     string   `json:"hint,omitempty"` // what to do
	Rule     string   `json:"rule,omitempty"` // the rule it is about
}

// List is a collection of diagnostics.
type List []Diagnostic

// Sort orders by file, place and wording, and drops repetitions.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Range.Start.Offset, b.Range.Start.Offset), cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Summary, b.Summary))
	})
	*l = slices.Compact(*l)
}

// Errors counts the errors.
func (l List) Errors() int { return l.count(Error) }

// Warnings counts the warnings.
func (l List) Warnings() int { return l.count(Warning) }

func (l List) count(s Severity) int {
	n := 0
	for i := range l {
		if l[i].Severity == s {
			n++
		}
	}
	return n
}

// Error gives the first error with a count of the others, so that a List can travel as an error.
func (l List) Error() string {
	for i := range l {
		if l[i].Severity == Error {
			return l[i].head() + more(l.Errors()-1)
		}
	}
	return "no error"
}

// Err is l as an error if it has any error, else nil.
func (l List) Err() error {
	if l.Errors() == 0 {
		return nil
	}
	return l
}
