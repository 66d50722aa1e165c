package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DefaultMax is how many diagnostics are shown when the caller does not say.
const DefaultMax = 50

// maxLine is how many characters of a source line are shown.
const maxLine = 160

// Source gives a file's text, nil when it cannot.
type Source func(file string) []byte

// Text writes at most limit diagnostics (0: DefaultMax, negative: all) as
//
//	rules/web.nids:9:28: unknown field http.urii
//	  9 |   when dst.port in WEB and http.urii ~ /union/i
//	    |                            ^^^^^^^^^ did you mean http.uri?
//
// and then how many more there are.
func Text(w io.Writer, l List, src Source, limit int) error {
	if limit == 0 {
		limit = DefaultMax
	}
	var b bytes.Buffer
	shown := l
	if limit > 0 && len(l) > limit {
		shown = l[:limit]
	}
	for i := range shown {
		shown[i].text(&b, src)
	}
	if n := len(l) - len(shown); n > 0 {
		fmt.Fprintf(&b, "... and %d more\n", n)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// head is the first line: place, severity unless it is an error, summary.
func (d *Diagnostic) head() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Range.Start.Valid() {
		fmt.Fprintf(&b, ":%d:%d", d.Range.Start.Line, d.Range.Start.Col)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if d.Severity != Error {
		b.WriteString(d.Severity.String() + ": ")
	}
	b.WriteString(d.Summary)
	return b.String()
}

func (d *Diagnostic) text(b *bytes.Buffer, src Source) {
	b.WriteString(d.head() + "\n")
	hint := d.Hint
	if line, ok := d.sourceLine(src); ok {
		no := strconv.Itoa(d.Range.Start.Line)
		pad := strings.Repeat(" ", len(no))
		shown, under := underline(line, d.Range)
		fmt.Fprintf(b, "  %s | %s\n  %s | %s", no, shown, pad, under)
		if hint != "" {
			b.WriteString(" " + hint)
		}
		b.WriteString("\n")
		hint = ""
	}
	for _, s := range []string{d.Detail, hint} {
		if s != "" {
			b.WriteString("    " + s + "\n")
		}
	}
}

// sourceLine finds the line of the diagnostic's start.
func (d *Diagnostic) sourceLine(src Source) (string, bool) {
	if src == nil || !d.Range.Start.Valid() {
		return "", false
	}
	text := src(d.File)
	at := d.Range.Start.Offset
	if text == nil || at < 0 || at > len(text) {
		return "", false
	}
	from := bytes.LastIndexByte(text[:at], '\n') + 1
	to := len(text)
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		to = at + i
	}
	return strings.TrimRight(string(text[from:to]), "\r"), true
}

// underline gives the line as shown (tabs as one space, cut around the place when it is long)
// and the spaces and carets below it.
func underline(line string, r Range) (shown, under string) {
	col := r.Start.Col - 1
	n := 1
	switch {
	case r.End.Line == r.Start.Line:
		n = max(r.End.Col-r.Start.Col, 1)
	case r.End.Line > r.Start.Line:
		n = max(utf8.RuneCountInString(line)-col, 1)
	}
	runes := []rune(strings.Map(printable, line))
	if from := 0; len(runes) > maxLine {
		if col > maxLine/2 {
			from = min(col-maxLine/2, len(runes)-maxLine/2)
		}
		to := min(from+maxLine, len(runes))
		runes, col = runes[from:to], col-from
		if to-from-col > 0 {
			n = min(n, to-from-col)
		}
	}
	return string(runes), strings.Repeat(" ", max(col, 0)) + strings.Repeat("^", n)
}

// printable keeps control characters of a rule file away from the terminal.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// JSON writes one object: the diagnostics and how many errors and warnings there are.
func JSON(w io.Writer, l List) error {
	type item struct {
		Severity string `json:"severity"`
		Diagnostic
	}
	out := struct {
		Errors      int    `json:"errors"`
		Warnings    int    `json:"warnings"`
		Diagnostics []item `json:"diagnostics"`
	}{l.Errors(), l.Warnings(), make([]item, 0, len(l))}
	for _, d := range l {
		out.Diagnostics = append(out.Diagnostics, item{d.Severity.String(), d})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
