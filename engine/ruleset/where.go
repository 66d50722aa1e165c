package ruleset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/match"
)

// where finds what a problem of the compiler is about: the compiler knows the rule, a person looks for the field that it names, or for
// the direction.
func (l *loader) where(p *match.Problem) diag.Range {
	at := l.at(p.Pos)
	text := l.set.Sources[p.Pos.File]
	if at.Offset >= len(text) || !strings.HasSuffix(p.Pos.File, lang.Ext) || !bytes.HasPrefix(text[at.Offset:], []byte("rule")) && !bytes.HasPrefix(text[at.Offset:], []byte("sequence")) {
		return diag.Range{Start: at, End: at}
	}
	rule := text[at.Offset:]
	if end := bytes.Index(rule, []byte("\n}")); end > 0 {
		rule = rule[:end]
	} else if end := bytes.IndexByte(rule, '\n'); end > 0 {
		rule = rule[:end]
	}
	first, _, _ := strings.Cut(p.Msg, " ")
	names := []string{"to_client", "to_server"}
	if l.schema.Field(first) != nil {
		names = []string{first}
	} else if p.Code != "never-matches" {
		names = nil
	}
	body := max(bytes.IndexByte(rule, '{'), 0)
	for _, name := range names {
		if i := word(rule[body:], name); i >= 0 {
			return l.span(text, at, body+i, len(name))
		}
	}
	return l.span(text, at, 0, len(bytes.TrimRight(rule[:body], " \t")))
}

// word finds a name in a text, not within a longer one; -1 if it is not there.
func word(text []byte, name string) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(name))
		if i < 0 {
			return -1
		}
		i += from
		if end := i + len(name); !inWord(text, i-1) && !inWord(text, end) {
			return i
		}
		from = i + 1
	}
}

func inWord(text []byte, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c == '_' || c == '.' || c == '"' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// span is the range of n bytes that begin skip bytes behind a place.
func (l *loader) span(text []byte, at diag.Pos, skip, n int) diag.Range {
	for skip > 0 {
		r, size := utf8.DecodeRune(text[at.Offset:])
		if at.Offset, at.Col = at.Offset+size, at.Col+1; r == '\n' {
			at.Line, at.Col = at.Line+1, 1
		}
		skip -= size
	}
	end := at
	end.Offset, end.Col = at.Offset+n, at.Col+utf8.RuneCount(text[at.Offset:at.Offset+n])
	return diag.Range{Start: at, End: end}
}
