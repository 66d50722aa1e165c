package syntax

import (
	"net/netip"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
func isWord(c byte) bool { return isLetter(c) || isDigit(c) }

// at gives the byte n further on, 0 past the end.
func (s *scanner) at(n int) byte {
	if s.pos+n < len(s.src) {
		return s.src[s.pos+n]
	}
	return 0
}

// scan passes one token.
func (s *scanner) scan() lexer.TokenType {
	c := s.src[s.pos]
	switch {
	case c == 'x' && (s.at(1) == '"' || s.at(1) == '\''):
		s.pos++
		return s.quoted(tBytes)
	case isLetter(c):
		if isHex(c) && s.address() {
			return tIP
		}
		s.ident()
		return tIdent
	case isDigit(c):
		if s.address() {
			return tIP
		}
		if s.badAddress() {
			return tBad
		}
		return s.number()
	case c == ':' && s.at(1) == ':' && s.address():
		return tIP
	case c == '"' || c == '\'':
		return s.quoted(tString)
	case c == '/' && !s.operand:
		return s.regex()
	}
	return s.operator()
}

// ident passes a dotted name. A dash or a dot belongs to it when a letter or digit follows
// directly: subtraction is written with spaces.
func (s *scanner) ident() {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if !isWord(c) && ((c != '.' && c != '-') || !isWord(s.at(1))) {
			return
		}
		s.pos++
	}
}

// address passes an IP address or a CIDR block, if there is one.
func (s *scanner) address() bool {
	end, dots, colons := s.pos, 0, 0
	for end < len(s.src) && (isHex(s.src[end]) || s.src[end] == ':' || s.src[end] == '.') {
		if strings.HasPrefix(s.src[end:], "..") {
			break // a range begins
		}
		switch s.src[end] {
		case '.':
			dots++
		case ':':
			colons++
		}
		end++
	}
	text := s.src[s.pos:end]
	switch {
	case colons == 0 && dots != 3, colons == 1, len(text) > 45:
		return false
	}
	if end < len(s.src) && isWord(s.src[end]) {
		return false
	}
	if _, err := netip.ParseAddr(text); err != nil {
		return false
	}
	if end+1 < len(s.src) && s.src[end] == '/' && isDigit(s.src[end+1]) {
		end++
		for end < len(s.src) && isDigit(s.src[end]) {
			end++
		}
	}
	s.pos = end
	return true
}

// badAddress passes what has more dots than a number, and is no address: 10.0.0.256, 10.0.0.
func (s *scanner) badAddress() bool {
	end, dots := s.pos, 0
	for end < len(s.src) && (isDigit(s.src[end]) || s.src[end] == '.' && end+1 < len(s.src) && isDigit(s.src[end+1])) {
		if s.src[end] == '.' {
			dots++
		}
		end++
	}
	if dots < 2 {
		return false
	}
	s.pos = end
	return true
}

// number passes an integer, a float, a size or a duration; the unit tells. Whether digits and
// unit are right is for literal().
func (s *scanner) number() lexer.TokenType {
	start := s.pos
	dot := false
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if c == '.' && !dot && isDigit(s.at(1)) {
			dot = true
		} else if !isWord(c) {
			break
		}
		s.pos++
	}
	text := s.src[start:s.pos]
	if len(text) > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') {
		return tInt
	}
	switch last := text[len(text)-1]; {
	case isDigit(last) && dot:
		return tFloat
	case isDigit(last) && strings.Trim(text, "0123456789_") == "":
		return tInt
	case last == 'B':
		return tSize
	case strings.IndexByte("smhdw", last) >= 0:
		return tDuration
	}
	return tBad
}

// quoted passes a string in double quotes (with escapes) or single quotes (without).
func (s *scanner) quoted(typ lexer.TokenType) lexer.TokenType {
	q := s.src[s.pos]
	for s.pos++; s.pos < len(s.src) && s.src[s.pos] != '\n'; s.pos++ {
		switch c := s.src[s.pos]; {
		case c == q:
			s.pos++
			return typ
		case c == '\\' && q == '"' && s.at(1) != '\n' && s.at(1) != 0:
			s.pos++
		}
	}
	s.trimCR()
	return tBad
}

// trimCR keeps the carriage return of a line that ends amid a token out of it.
func (s *scanner) trimCR() {
	if s.src[s.pos-1] == '\r' {
		s.pos--
	}
}

// regex passes /pattern/flags; a slash within is written \/.
func (s *scanner) regex() lexer.TokenType {
	for s.pos++; s.pos < len(s.src) && s.src[s.pos] != '\n'; s.pos++ {
		switch s.src[s.pos] {
		case '\\':
			if s.at(1) != '\n' && s.at(1) != 0 {
				s.pos++
			}
		case '/':
			s.pos++
			for s.pos < len(s.src) && isLetter(s.src[s.pos]) {
				s.pos++
			}
			return tRegex
		}
	}
	s.trimCR()
	return tBad
}

// operator passes the longest punctuation.
func (s *scanner) operator() lexer.TokenType {
	if s.pos+1 < len(s.src) {
		switch s.src[s.pos : s.pos+2] {
		case "==", "!=", "<=", ">=", "!~", "..", "&&", "||", "<<", ">>", "+=", "-=", "=~":
			s.pos += 2
			return tOp
		case "//": // where an operator stands, this is no regular expression
			for s.pos < len(s.src) && s.src[s.pos] != '\n' {
				s.pos++
			}
			s.trimCR()
			return tBad
		}
	}
	c := s.src[s.pos]
	s.pos++
	if strings.IndexByte("=<>~+-*/%&|^()[]{},:!", c) >= 0 {
		return tOp
	}
	for s.pos < len(s.src) && s.src[s.pos]&0xc0 == 0x80 { // the rest of a character
		s.pos++
	}
	return tBad
}
