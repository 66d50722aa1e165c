package lsp

import (
	"net/url"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/lang/diag"
)

// document is an open file.
type document struct {
	uri, path string // path is what rule files call it: for a file its path, else the URI
	version   int
	text      string
	lines     []int // offsets at which lines begin
}

func newDocument(uri string, version int, text string) *document {
	return &document{uri: uri, path: pathOf(uri), version: version, text: text, lines: lineStarts(text)}
}

func lineStarts(text string) []int {
	lines := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// pathOf gives the path of a file: URI; other URIs stand for themselves.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return uri
	}
	p := u.Path
	if runtime.GOOS == "windows" && len(p) > 2 && p[2] == ':' {
		p = p[1:]
	}
	return filepath.Clean(filepath.FromSlash(p))
}

func uriOf(path string) string {
	if strings.Contains(path, "://") || strings.HasPrefix(path, "untitled:") {
		return path
	}
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}

// position turns an offset in bytes into the protocol's form.
func (d *document) position(off int) position {
	off = min(max(off, 0), len(d.text))
	line := d.lineOf(off)
	return position{line, utf16Len(d.text[d.lines[line]:off])}
}

func (d *document) lineOf(off int) int { return sort.SearchInts(d.lines, off+1) - 1 }

func (d *document) textRange(r diag.Range) textRange {
	return textRange{d.position(r.Start.Offset), d.position(max(r.End.Offset, r.Start.Offset))}
}

// offset turns a position into bytes; what is past the end of a line or text is its end.
func (d *document) offset(p position) int {
	if p.Line < 0 || p.Character < 0 {
		return 0
	}
	if p.Line >= len(d.lines) {
		return len(d.text)
	}
	at, end := d.lines[p.Line], len(d.text)
	if p.Line+1 < len(d.lines) {
		end = d.lines[p.Line+1] - 1
	}
	for units := 0; at < end; {
		r, n := utf8.DecodeRuneInString(d.text[at:end])
		if units += utf16Units(r); units > p.Character {
			break
		}
		at += n
	}
	return at
}

func utf16Units(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16Units(r)
	}
	return n
}

// change applies an edit: of a range, or with nil of everything.
func (d *document) change(r *textRange, text string) {
	if r == nil {
		d.text = text
	} else {
		from, to := d.offset(r.Start), d.offset(r.End)
		if to < from {
			from, to = to, from
		}
		d.text = d.text[:from] + text + d.text[to:]
	}
	d.lines = lineStarts(d.text)
}
