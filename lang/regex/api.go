package regex

import "strings"

// Flags change how a pattern is read. They are PCRE's.
type Flags uint16

// The flags.
const (
	CaseInsensitive Flags = 1 << iota // i
	DotAll                            // s
	MultiLine                         // m
	Extended                          // x
	Anchored                          // A
	DollarEndOnly                     // E
	Ungreedy                          // G: greediness is swapped, as PCRE_UNGREEDY
)

// Error says what is wrong with a pattern, and where.
type Error struct {
	Msg    string
	Offset int // in the pattern, bytes
}

// Error implements error.
func (e *Error) Error() string { return e.Msg }

// Compile reads a pattern without delimiters.
func Compile(pattern string, flags Flags) (*Regex, error) { return compile(pattern, flags) }

// Modifiers are what a Suricata pcre option says besides the expression.
type Modifiers struct {
	Relative bool   // R
	Buffer   string // the modifiers that name a buffer: "U", "I", "P", "H", "D", "M", "C", "S", "Y", "B", "O", "V", "W", "Q"; "" for none
	Neg      bool   // the option begins with !
}

// CompilePCRE reads an expression as Suricata rules write it: /pattern/flags, quotes removed,
// perhaps with a leading !.
func CompilePCRE(s string) (*Regex, Modifiers, error) { return compilePCRE(s) }

// String gives the flags as letters.
func (f Flags) String() string {
	var b []byte
	for i, c := range "ismxAEG" {
		if f&(1<<i) != 0 {
			b = append(b, byte(c))
		}
	}
	return string(b)
}

// Quote writes a pattern with its flags as rules do; a slash or a line end within gets its escape.
func Quote(pattern, flags string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			b.WriteByte(c)
			i++
			b.WriteByte(pattern[i])
		case c == '/':
			b.WriteString(`\/`)
		case c == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "/" + flags
}
