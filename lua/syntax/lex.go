package syntax

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is what keeps a text from being Lua.
type Error struct {
	Off, End int // bytes of the text that it is about
	Msg      string
	Hint     string // what may have been meant, or ""
}

// Error implements error.
func (e *Error) Error() string { return e.Msg }

type kind uint8

const (
	tEOF kind = iota
	tName
	tKeyword
	tNumber
	tString
	tOp
)

// token is a word of the text. Of a string, value is what it means.
type token struct {
	kind     kind
	text     string // as written
	value    string
	off, end int
	// decoded has for each byte of value its offset in the text; nil where they follow each other from off+1.
	decoded []int
}

var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range strings.Fields("and break do else elseif end false for function goto if in local nil not or repeat return then true until while") {
		m[k] = true
	}
	return m
}()

type lexer struct {
	text string
	at   int
}

func (l *lexer) fail(from, to int, hint, format string, args ...any) {
	panic(&Error{from, max(to, from+1), fmt.Sprintf(format, args...), hint})
}

// space skips blanks and comments.
func (l *lexer) space() {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.at++
		case strings.HasPrefix(l.text[l.at:], "--"):
			from := l.at
			l.at += 2
			if n := l.longOpen(); n >= 0 {
				l.long(from, n, "comment")
				continue
			}
			for l.at < len(l.text) && l.text[l.at] != '\n' {
				l.at++
			}
		default:
			return
		}
	}
}

// longOpen gives the level of a long bracket that begins here, -1 for none.
func (l *lexer) longOpen() int {
	rest := l.text[l.at:]
	if !strings.HasPrefix(rest, "[") {
		return -1
	}
	n := 0
	for n+1 < len(rest) && rest[n+1] == '=' {
		n++
	}
	if n+1 < len(rest) && rest[n+1] == '[' {
		return n
	}
	return -1
}

// long reads to the end of a long bracket of that level, and gives what is within.
func (l *lexer) long(from, level int, what string) (text string, off int) {
	l.at += level + 2
	off = l.at
	stop := "]" + strings.Repeat("=", level) + "]"
	n := strings.Index(l.text[l.at:], stop)
	if n < 0 {
		l.fail(from, from+2, "it ends with "+stop, "this long %s does not end", what)
	}
	text = l.text[l.at : l.at+n]
	l.at += n + len(stop)
	for _, eol := range []string{"\r\n", "\n"} {
		if rest, ok := strings.CutPrefix(text, eol); ok {
			return rest, off + len(eol)
		}
	}
	return text, off
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// ops are the operators, longest first.
var ops = []string{"...", "..", "==", "~=", "<=", ">=", "::", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", "."}

// foreign are operators of other languages, with what Lua writes.
var foreign = []struct{ op, hint string }{
	{"!=", "Lua writes ~= for not equal"}, {"&&", "Lua writes and"}, {"||", "Lua writes or"}, {"!", "Lua writes not"},
	{"//", "a comment begins with --; the floor of a quotient is math.floor(a / b)"}, {"&", "there are no operators on bits"}, {"|", "Lua writes or"},
	{"?", "Lua has no ?: write cond and a or b"},
}

func (l *lexer) next() token {
	l.space()
	from := l.at
	if from == len(l.text) {
		return token{kind: tEOF, off: from, end: from}
	}
	c := l.text[from]
	switch {
	case letter(c):
		for l.at < len(l.text) && (letter(l.text[l.at]) || digit(l.text[l.at])) {
			l.at++
		}
		w := l.text[from:l.at]
		k := tName
		if keywords[w] {
			k = tKeyword
		}
		return token{kind: k, text: w, off: from, end: l.at}
	case digit(c) || c == '.' && from+1 < len(l.text) && digit(l.text[from+1]):
		return l.number(from)
	case c == '"' || c == '\'':
		return l.quoted(from, c)
	}
	if n := l.longOpen(); n >= 0 {
		text, off := l.long(from, n, "string")
		t := token{kind: tString, text: l.text[from:l.at], value: text, off: from, end: l.at, decoded: make([]int, 0, len(text))}
		for i := range len(text) {
			t.decoded = append(t.decoded, off+i)
		}
		return t
	}
	rest := l.text[from:]
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.op) {
			l.fail(from, from+len(f.op), f.hint, "%s is no operator of Lua", f.op)
		}
	}
	for _, op := range ops {
		if strings.HasPrefix(rest, op) {
			l.at += len(op)
			return token{kind: tOp, text: op, off: from, end: l.at}
		}
	}
	hint := ""
	if c >= 0x80 {
		hint = "names are of ASCII letters; quotes are \" or '"
	}
	l.fail(from, from+1, hint, "unexpected character %q", firstRune(rest))
	panic("unreachable")
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func (l *lexer) number(from int) token {
	hex := strings.HasPrefix(l.text[from:], "0x") || strings.HasPrefix(l.text[from:], "0X")
	for l.at < len(l.text) {
		c := l.text[l.at]
		sign := (c == '+' || c == '-') && !hex && l.text[l.at-1]|0x20 == 'e'
		if !letter(c) && !digit(c) && (c != '.' || strings.HasPrefix(l.text[l.at:], "..")) && !sign {
			break
		}
		l.at++
	}
	w := l.text[from:l.at]
	var err error
	if hex {
		_, err = strconv.ParseUint(w[2:], 16, 64)
	} else if strings.ContainsAny(w, "_xXpPiInN") {
		err = strconv.ErrSyntax
	} else {
		_, err = strconv.ParseFloat(w, 64)
	}
	if err != nil && !strings.Contains(err.Error(), "range") {
		hint := ""
		if i := strings.IndexFunc(w, func(r rune) bool { return r >= 'A' && r != '_' }); i > 0 && !hex {
			hint = "durations and sizes are texts: \"" + w + "\""
		}
		l.fail(from, l.at, hint, "%s is no number", w)
	}
	return token{kind: tNumber, text: w, off: from, end: l.at}
}

var escapes = map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func (l *lexer) quoted(from int, quote byte) token {
	var b []byte
	var at []int
	l.at++
	for {
		if l.at >= len(l.text) || l.text[l.at] == '\n' {
			l.fail(from, l.at, "it ends with "+string(quote)+" on the same line; [[ ... ]] goes over several", "this string does not end")
		}
		c, off := l.text[l.at], l.at
		l.at++
		if c == quote {
			break
		}
		if c == '\\' {
			c = l.escape()
		}
		b, at = append(b, c), append(at, off)
	}
	return token{kind: tString, text: l.text[from:l.at], value: string(b), off: from, end: l.at, decoded: at}
}

// escape reads what follows a backslash.
func (l *lexer) escape() byte {
	if l.at >= len(l.text) {
		return '\\' // the string does not end, as is said then
	}
	c := l.text[l.at]
	l.at++
	if digit(c) {
		n := int(c - '0')
		for i := 0; i < 2 && l.at < len(l.text) && digit(l.text[l.at]); i++ {
			n = n*10 + int(l.text[l.at]-'0')
			l.at++
		}
		return byte(n)
	}
	if e, ok := escapes[c]; ok {
		return e
	}
	if c == '\r' && l.at < len(l.text) && l.text[l.at] == '\n' {
		l.at++
		return '\n'
	}
	return c
}
