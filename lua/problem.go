package lua

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lua/syntax"
)

// Pos is a place in a script, 1-based; Line 0 is the script as a whole.
type Pos struct {
	File string
	Line int
}

// String gives file:line, or the file.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// Kind says what a Problem is.
type Kind uint8

// The kinds.
const (
	SyntaxError  Kind = iota // the script does not compile
	LoadError                // its top level failed
	UnknownName              // an unknown event, field or function
	BadFilter                // a filter that the rule language refuses
	RuntimeError             // a callback failed
	Stopped                  // the script was stopped
	Unused                   // an override that no detector has
	BadSetting               // an override that a detector cannot take
	Misuse                   // something of the API that is used as it must not be
	Doubtful                 // what is no error, but hardly meant
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"syntax error", "error", "unknown name", "bad filter", "runtime error", "stopped", "unused setting", "bad setting", "misuse", "doubtful"}[k%10]
}

// Problem is something wrong with a script.
type Problem struct {
	Pos Pos
	// From and To are the bytes of the script that it is about, and Col the column where they begin, from 1, in
	// characters; all 0 where only the line is known.
	From, To, Col int
	Kind          Kind
	Msg           string
	Hint          string // "did you mean http.uri?", or ""
	// Setting is the parameter in Options.Params that it is about, such as BEH-BRUTE.fast, "" for none.
	Setting string
	Trace   string // Lua traceback, or ""
	// Warning is set for what does not keep the script from running.
	Warning bool
}

// String gives file:line:column: kind: message (hint); the column where it is known.
func (p Problem) String() string {
	at := p.Pos.String()
	if p.Col > 0 {
		at += ":" + strconv.Itoa(p.Col)
	}
	s := fmt.Sprintf("%s: %s: %s", at, p.Kind, p.Msg)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Range is where it is, as diagnostics have it; without columns, the beginning of the line.
func (p *Problem) Range() diag.Range {
	from := diag.Pos{Offset: p.From, Line: p.Pos.Line, Col: max(p.Col, 1)}
	return diag.Range{Start: from, End: diag.Pos{Offset: p.To, Line: p.Pos.Line, Col: from.Col + p.To - p.From}}
}

// place splits "script.lua:12: message" as Lua errors have it.
var place = regexp.MustCompile(`^([^\s:]+\.lua):(\d+): ?((?s).*)$`)

func locate(file, msg string) (Pos, string) {
	if m := place.FindStringSubmatch(msg); m != nil {
		n, err := strconv.Atoi(m[2])
		if err == nil {
			return Pos{m[1], n}, m[3]
		}
	}
	return Pos{File: file}, msg
}

// compileAt is the form in which the interpreter words errors of its compiler, and parseAt of its parser.
var (
	parseAt   = regexp.MustCompile(`line:(\d+)\(column:\d+\) near '((?s).*?)':\s*((?s).*)$`)
	compileAt = regexp.MustCompile(`line\((\d+)\) [^:]*: ((?s).*)$`)
)

// problemAt is a problem about some bytes of a text.
func problemAt(file, text string, from, to int, kind Kind, msg, hint string) Problem {
	from = min(max(from, 0), len(text))
	line := text[strings.LastIndexByte(text[:from], '\n')+1:]
	col := from - (len(text) - len(line))
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		to = min(to, from-col+n) // to the end of the line
	}
	return Problem{Pos: Pos{file, 1 + strings.Count(text[:from], "\n")}, Kind: kind, Msg: msg, Hint: hint,
		From: from, To: max(min(to, len(text)), from), Col: 1 + utf8.RuneCountInString(line[:col])}
}

// syntaxProblem words an error of the parser or compiler. What our own parser finds is said in its words and with its
// place; the rest, labels and too many locals, as the interpreter says it.
func syntaxProblem(file, text string, err error) Problem {
	if _, bad := syntax.Parse(text); bad != nil {
		return problemAt(file, text, bad.Off, bad.End, SyntaxError, bad.Msg, bad.Hint)
	}
	msg := strings.TrimSpace(err.Error())
	p := Problem{Pos: Pos{File: file}, Kind: SyntaxError, Msg: msg}
	line := ""
	if m := parseAt.FindStringSubmatch(msg); m != nil {
		line, p.Msg = m[1], fmt.Sprintf("%s near '%s'", strings.TrimSpace(m[3]), m[2])
	} else if m := compileAt.FindStringSubmatch(msg); m != nil {
		line, p.Msg = m[1], m[2]
	}
	if n, err := strconv.Atoi(line); err == nil {
		p.Pos.Line = n
	}
	return p
}
