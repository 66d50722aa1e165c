package lua

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/lua/syntax"
)

// problem words an error with its place and traceback.
func (v *vm) problem(kind Kind, err error) Problem {
	msg, trace := err.Error(), ""
	var api *glua.ApiError
	if errors.As(err, &api) {
		msg, trace = errorText(api.Object), api.StackTrace
	}
	p := Problem{Kind: kind, Trace: v.tidyTrace(trace)}
	p.Pos, p.Msg = locate(v.prog.name, msg)
	if p.Pos.Line == 0 {
		p.Pos = placeInTrace(p.Pos, p.Trace)
	}
	if len(p.Msg) > maxLogText {
		p.Msg = p.Msg[:maxLogText] + "..."
	}
	v.explain(&p)
	if strings.Contains(p.Msg, "\nstack traceback:") {
		p.Msg, _, _ = strings.Cut(p.Msg, "\nstack traceback:")
	}
	return p
}

// errorText is what was raised: a text, or the JSON of a table.
func errorText(x glua.LValue) string {
	if s, ok := plain(x); ok {
		return s
	}
	if t, ok := x.(*glua.LTable); ok {
		if v, err := toGo(t, 0); err == nil {
			return "a table was raised: " + string(AppendJSON(nil, v))
		}
	}
	return "a " + x.Type().String() + " was raised"
}

// placeInTrace gives the line where an error without one was raised.
func placeInTrace(p Pos, trace string) Pos {
	for line := range strings.SplitSeq(trace, "\n") {
		if at, _ := locate(p.File, strings.TrimSpace(line)); at.Line > 0 {
			return at
		}
	}
	return p
}

var (
	notCalled  = "attempt to call a non-function object"
	notIndexed = regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '(.*)'$`)
)

// explain names what the interpreter only calls an object, as far as the line tells.
func (v *vm) explain(p *Problem) {
	var key, typ string
	if strings.HasPrefix(p.Msg, "bad argument") && p.Pos.File == v.prog.name {
		if fn := v.prog.calledIn(p.Pos.Line); fn != "" {
			p.Msg = strings.Replace(p.Msg, "to (anonymous)", "to "+fn, 1)
		}
		return
	}
	if strings.HasPrefix(p.Msg, "cannot perform") && strings.Contains(p.Msg, "nil") {
		p.Hint = "what is not there is nil: (x or 0)"
	}
	if p.Msg == "__len undefined" {
		p.Msg = "attempt to get the length of what has none"
	}
	if m := notIndexed.FindStringSubmatch(p.Msg); m != nil {
		typ, key = m[1], m[2]
	} else if p.Msg != notCalled {
		return
	}
	named := ""
	if p.Pos.File == v.prog.name {
		named = v.prog.onLine(p.Pos.Line, key)
	}
	switch {
	case typ == "":
		p.Msg = "attempt to call what is no function"
		if named != "" {
			p.Msg = "attempt to call " + named + ", which is no function"
		} else if v.prog.loops(p.Pos.Line) {
			p.Hint = "is pairs(...) or ipairs(...) missing behind in?"
		}
	case named != "":
		p.Msg = fmt.Sprintf("attempt to read %s of %s, which is %s", key, named, article(typ))
	default:
		p.Msg = fmt.Sprintf("attempt to read %s of what is %s", key, article(typ))
	}
}

func article(typ string) string {
	if typ == "nil" {
		return typ
	}
	return "a " + typ
}

var forIn = regexp.MustCompile(`\bfor\b.*\bin\b`)

// loops tells whether a line has a loop over values.
func (p *program) loops(line int) bool {
	lines := strings.Split(p.source, "\n")
	return line > 0 && line <= len(lines) && forIn.MatchString(lines[line-1])
}

// calledIn gives the function that is called in a line, where there is one call only.
func (p *program) calledIn(line int) string {
	chunk, err := syntax.Parse(p.source)
	if err != nil {
		return ""
	}
	found, n := "", 0
	w := visitor{stmt: func(syntax.Stmt) {}, expr: func(e syntax.Node) {
		c, ok := e.(*syntax.Call)
		if !ok {
			return
		}
		to := c.Sel.To
		if c.Fn != nil {
			_, to = c.Fn.Span()
		}
		if 1+strings.Count(p.source[:to], "\n") == line {
			found = p.source[c.From:to]
			n++
		}
	}}
	w.stmts(chunk.Body)
	if n != 1 || len(found) > 100 {
		return ""
	}
	return found
}

// onLine gives the expression whose member of that name is read in a line; without a name, the one that is called.
// It is "" where there is none, or several.
func (p *program) onLine(line int, key string) string {
	chunk, err := syntax.Parse(p.source)
	if err != nil {
		return ""
	}
	found, n := "", 0
	note := func(e syntax.Node, at int) {
		if e == nil || 1+strings.Count(p.source[:at], "\n") != line {
			return
		}
		from, to := e.Span()
		if s := p.source[from:to]; s != found {
			found = s
			n++
		}
	}
	w := visitor{stmt: func(syntax.Stmt) {}, expr: func(e syntax.Node) {
		switch e := e.(type) {
		case *syntax.Index:
			if key != "" && e.Name == key {
				note(e.Of, e.Sel.From)
			}
		case *syntax.Call:
			switch {
			case key == "" && e.Fn != nil:
				if _, to := e.Fn.Span(); !strings.HasPrefix(p.source[e.From:to], "nids.") {
					note(e.Fn, to)
				}
			case key != "" && e.Method == key:
				note(e.Of, e.Sel.From)
			}
		}
	}}
	w.stmts(chunk.Body)
	if n != 1 || len(found) > 100 || strings.Contains(found, "\n") {
		return ""
	}
	return found
}

// tidyTrace leaves the interpreter's own frames out of a traceback, and says which callback it was that the
// interpreter calls a main chunk.
func (v *vm) tidyTrace(t string) string {
	var out []string
	for line := range strings.SplitSeq(t, "\n") {
		if strings.Contains(line, "[G]:") || strings.Contains(line, concatName) || strings.Contains(line, readName) {
			continue
		}
		out = append(out, line)
	}
	if last := len(out) - 1; last >= 0 && !v.loading {
		if at, ok := strings.CutSuffix(out[last], "in main chunk"); ok {
			out[last] = at + "in " + v.nameOf(v.callee)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// nameOf says what a function that the engine calls is there for.
func (v *vm) nameOf(fn *glua.LFunction) string {
	switch {
	case fn == nil:
		return "the top level"
	case fn.Proto == nil:
		return "a callback"
	}
	for i := range v.handlers {
		if h := &v.handlers[i]; h.fn == fn {
			if h.kind == SubEvent {
				return fmt.Sprintf("the handler of %s (line %d)", h.name, fn.Proto.LineDefined)
			}
			return fmt.Sprintf("the handler of nids.register_%s (line %d)", kindNames[h.kind], fn.Proto.LineDefined)
		}
	}
	for _, t := range v.ticks {
		if t.fn == fn {
			return fmt.Sprintf("the handler of nids.every %s (line %d)", time.Duration(t.every), fn.Proto.LineDefined)
		}
	}
	for _, e := range v.exits {
		if e == fn {
			return fmt.Sprintf("the handler of exit (line %d)", fn.Proto.LineDefined)
		}
	}
	for _, p := range v.predicates {
		if p.fn == fn {
			return fmt.Sprintf("the predicate %s (line %d)", p.name, fn.Proto.LineDefined)
		}
	}
	return fmt.Sprintf("the callback of line %d", fn.Proto.LineDefined)
}

var kindNames = [...]string{SubEvent: "", SubTCP: "tcp", SubUDP: "udp", SubIP: "ip", SubIPFrags: "ip_frag"}
