package lang

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// listFile reads the file of a list.
func (l *loader) listFile(p check.Piece, d *syntax.List) {
	if d.File.Kind != syntax.LitString {
		l.add(p.File, diag.WantText(d.File.Range(), "the name of the file"))
		return
	}
	name := relative(p.File, d.File.Str)
	text, err := l.read(name)
	if err != nil {
		l.add(p.File, diag.CannotRead(d.File.Range(), name, plainError(err)))
		text = nil
	}
	lf := ListFile{Path: name}
	if info, err := l.stat(name); err == nil {
		lf.ModTime = info.ModTime()
	}
	var found diag.List
	lf.Entries, found = l.scope.List(p, d, name, entries(text), err != nil)
	l.out.Lists = append(l.out.Lists, lf)
	l.list = append(l.list, found...)
}

func (l *loader) stat(name string) (fs.FileInfo, error) {
	if l.opts.FS != nil {
		return fs.Stat(l.opts.FS, filepath.ToSlash(name))
	}
	return os.Stat(name)
}

// capture tells whether the capture that a test names can be read.
func (l *loader) capture(file, capture string) error {
	info, err := l.stat(relative(file, capture))
	switch {
	case err != nil:
		return plainError(err)
	case info.IsDir():
		return errors.New("is a folder")
	}
	return nil
}

// entries gives the values of a list file, one a line; # begins a comment at the beginning of
// a line or after white space.
func entries(text []byte) func(yield func(line int, value []byte) bool) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	return func(yield func(int, []byte) bool) {
		for n := 1; len(text) > 0; n++ {
			line, rest, _ := bytes.Cut(text, []byte("\n"))
			text = rest
			if i := bytes.IndexByte(line, '#'); i >= 0 && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
				line = line[:i]
			}
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(n, line) {
				return
			}
		}
	}
}
