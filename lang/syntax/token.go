package syntax

import (
	"io"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// The token types. Tokens keep their text as it stands in the source.
const (
	tIdent    lexer.TokenType = iota + 1 // dst.port, web-attack, T1110.001
	tInt                                 // 80, 0x1f, 1_000
	tFloat                               // 0.88
	tSize                                // 10MiB
	tDuration                            // 60s, 1h30m
	tIP                                  // 10.0.0.1, 10.0.0.0/8, 2001:db8::/32
	tString                              // "text", 'raw text'
	tBytes                               // x"00 ff"
	tRegex                               // /pattern/flags
	tOp                                  // punctuation
	tBad                                 // what is none of these; bad() says why
)

// symbols names the token types for grammar tags.
var symbols = map[string]lexer.TokenType{
	"EOF": lexer.EOF, "Ident": tIdent, "Int": tInt, "Float": tFloat, "Size": tSize, "Duration": tDuration,
	"IP": tIP, "String": tString, "Bytes": tBytes, "Regex": tRegex, "Op": tOp, "Bad": tBad,
}

// Comment is a comment as it stands in the source, from # to the end of the line.
type Comment struct {
	Range diag.Range
	Text  string
	// Trailing comments follow something on their line.
	Trailing bool
	// Blank says that an empty line precedes a comment that is not trailing.
	Blank bool
}

// definition is the lexer as participle takes it. It is written by hand and not a stateful
// lexer of regular expressions because 20,000 rules are 10 MB of text, and because whether a
// slash begins a regular expression depends on the token before it.
type definition struct{}

// Symbols implements lexer.Definition.
func (definition) Symbols() map[string]lexer.TokenType { return symbols }

// Lex implements lexer.Definition.
func (definition) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return newLexer(string(b), diag.Pos{Line: 1, Col: 1}), nil
}

// scanner is the lexer of one piece of source. It never fails: what is no token becomes a
// tBad, and the parser says so when it comes there.
type scanner struct {
	src  string
	pos  int // offset in src
	base int // offset of src in the file
	line int
	// bol is the offset (in src) at which the current line begins, skew how many more bytes
	// than characters were passed on it; so columns cost nothing on plain ASCII.
	bol, skew int
	operand   bool // the last token can end an operand: a slash now divides
	onLine    bool // a token stands on the current line before pos
	blank     bool // an empty line was passed since the last token or comment
	comments  []Comment
}

// newLexer scans src, which begins at the beginning of a line of its file.
func newLexer(src string, at diag.Pos) *scanner {
	return &scanner{src: src, base: at.Offset, line: at.Line}
}

func (s *scanner) position(off int) lexer.Position {
	return lexer.Position{Offset: s.base + off, Line: s.line, Column: off - s.bol - s.skew + 1}
}

// Next implements lexer.Lexer.
func (s *scanner) Next() (lexer.Token, error) {
	s.space()
	at := s.position(s.pos)
	if s.pos >= len(s.src) {
		return lexer.Token{Type: lexer.EOF, Pos: at}, nil
	}
	start := s.pos
	typ := s.scan()
	text := s.src[start:s.pos]
	s.skew += extra(text)
	s.onLine, s.blank = true, false
	s.operand = typ != tOp || text == ")" || text == "]" || text == "}"
	if typ == tIdent && operators[text] {
		s.operand = false
	}
	return lexer.Token{Type: typ, Value: text, Pos: at}, nil
}

// operators are the words after which an operand comes, so that a slash begins a regular expression.
var operators = map[string]bool{
	"when": true, "and": true, "or": true, "not": true, "in": true, "contains": true, "startswith": true,
	"endswith": true, "has": true, "any": true, "all": true, "none": true, "then": true, "of": true,
}

// extra is how many bytes of s are not the first of their character.
func extra(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf && !utf8.RuneStart(s[i]) {
			n++
		}
	}
	return n
}

// space passes white space and comments.
func (s *scanner) space() {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\r', '\f', '\v':
			s.pos++
		case '\n':
			if !s.onLine {
				s.blank = true
			}
			s.pos++
			s.line++
			s.bol, s.skew, s.onLine = s.pos, 0, false
		case '#':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) comment() {
	start, at := s.pos, s.position(s.pos)
	for s.pos < len(s.src) && s.src[s.pos] != '\n' {
		s.pos++
	}
	text := s.src[start:s.pos]
	for len(text) > 0 && (text[len(text)-1] == '\r' || text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	s.skew += extra(text)
	s.comments = append(s.comments, Comment{
		Range:    tokenRange(lexer.Token{Value: text, Pos: at}),
		Text:     text,
		Trailing: s.onLine,
		Blank:    s.blank,
	})
	s.onLine, s.blank = true, false
}

// tokenRange is where a token stands; tokens do not span lines.
func tokenRange(t lexer.Token) diag.Range {
	start := diag.Pos{Offset: t.Pos.Offset, Line: t.Pos.Line, Col: t.Pos.Column}
	end := start
	end.Offset += len(t.Value)
	end.Col += len(t.Value) - extra(t.Value)
	return diag.Range{Start: start, End: end}
}
