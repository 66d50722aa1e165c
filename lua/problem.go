package lua

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
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
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"syntax error", "error", "unknown name", "bad filter", "runtime error", "stopped", "unused setting", "bad setting"}[k%8]
}

// Problem is something wrong with a script.
type Problem struct {
	Pos  Pos
	Kind Kind
	Msg  string
	Hint string // "did you mean http.uri?", or ""
	// Setting is the parameter in Options.Params that it is about, such as BEH-BRUTE.fast, "" for none.
	Setting string
	Trace   string // Lua traceback, or ""
	// Warning is set for what does not keep the script from running.
	Warning bool
}

// String gives file:line: kind: message (hint).
func (p Problem) String() string {
	s := fmt.Sprintf("%s: %s: %s", p.Pos, p.Kind, p.Msg)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
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

// syntaxPlace are the forms in which the interpreter words errors of its parser and compiler.
var (
	parseAt   = regexp.MustCompile(`line:(\d+)\(column:(\d+)\) near '((?s).*?)':\s*((?s).*)$`)
	parseEOF  = regexp.MustCompile(`at EOF:\s*((?s).*)$`)
	compileAt = regexp.MustCompile(`line\((\d+)\) [^:]*: ((?s).*)$`)
)

// syntaxProblem words an error of the parser or compiler.
func syntaxProblem(file, text string, err error) Problem {
	msg := strings.TrimSpace(err.Error())
	p := Problem{Pos: Pos{File: file}, Kind: SyntaxError, Msg: msg}
	line := ""
	if m := parseAt.FindStringSubmatch(msg); m != nil {
		line, p.Msg = m[1], fmt.Sprintf("%s near '%s', column %s", strings.TrimSpace(m[4]), m[3], m[2])
	} else if m := parseEOF.FindStringSubmatch(msg); m != nil {
		p.Pos.Line = strings.Count(text, "\n") + 1
		p.Msg = strings.TrimSpace(m[1]) + " at the end of the script"
		p.Hint = "is an `end` or a closing parenthesis missing?"
	} else if m := compileAt.FindStringSubmatch(msg); m != nil {
		line, p.Msg = m[1], m[2]
	}
	if n, err := strconv.Atoi(line); err == nil {
		p.Pos.Line = n
	}
	return p
}
