package lang

import (
	"slices"
	"strings"
	"unicode"

	"github.com/luanids/luanids/lang/diag"
)

// unused lists the lets and lists that nothing uses, but for those of files without rules: such files are there for others. What
// cannot be parsed may use whatever it names, and a file that cannot be read anything.
func (l *loader) unused() diag.List {
	if l.unread {
		return nil
	}
	rules := map[string]bool{} // files that have some
	for i := range l.pieces {
		p := &l.pieces[i]
		rules[p.File] = rules[p.File] || len(p.ids) > 0
		if p.garbled {
			l.garbled = append(l.garbled, p.Text)
		}
	}
	named := map[string]bool{}
	for _, text := range l.garbled {
		for _, w := range strings.FieldsFunc(text, func(r rune) bool {
			return !strings.ContainsRune("_.-", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			named[w] = true
		}
	}
	return slices.DeleteFunc(l.scope.Unused(), func(d diag.Diagnostic) bool {
		return !rules[d.File] || named[string(l.out.Sources[d.File][d.Range.Start.Offset:d.Range.End.Offset])]
	})
}
