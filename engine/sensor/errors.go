package sensor

import (
	"fmt"
	"strings"

	"github.com/luanids/luanids/lang/diag"
)

// LoadError is what keeps settings, rules, scripts or feeds from being used.
type LoadError struct {
	// What could not be used: the configuration, the rules, the scripts, the feeds.
	What string
	List diag.List
	// Sources are the texts of the files that List names, as far as they were read, for diag.Text.
	Sources map[string][]byte
}

// maxShown is how many errors Error names.
const maxShown = 3

// Error gives the first errors, each with its file and line.
func (e *LoadError) Error() string {
	var parts []string
	n := 0
	for i := range e.List {
		d := &e.List[i]
		if d.Severity != diag.Error {
			continue
		}
		if n++; n <= maxShown {
			parts = append(parts, say(d))
		}
	}
	if n > maxShown {
		parts = append(parts, fmt.Sprintf("and %d more", n-maxShown))
	}
	return strings.Join(parts, "; ")
}

// Source gives the text of a file, for diag.Text.
func (e *LoadError) Source(file string) []byte { return e.Sources[file] }

// say puts a diagnostic into one line: file:line: summary (hint).
func say(d *diag.Diagnostic) string {
	text := d.Summary
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	switch {
	case d.File == "":
		return text
	case d.Range.Start.Valid():
		return fmt.Sprintf("%s:%d: %s", d.File, d.Range.Start.Line, text)
	}
	return d.File + ": " + text
}

// plain makes a LoadError of an error without a place.
func plain(what string, err error) *LoadError {
	return &LoadError{What: what, List: diag.List{{Severity: diag.Error, Summary: err.Error()}}}
}
