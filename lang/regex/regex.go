package regex

import (
	"strings"
	"sync/atomic"

	"github.com/luanids/luanids/lang/mpm"
)

// Regex is a compiled expression, safe for concurrent use. Its program is made at the first search, as most rules
// never come that far.
type Regex struct {
	src      string
	flags    Flags
	groups   int
	literals []Literal
	needs    needs
	prefix   finder // nil, or finds where a match can begin
	must     finder // nil, or finds a string that every match contains
	plain    atomic.Pointer[prog]
	grouped  atomic.Pointer[prog]
}

type needs struct{ backrefs, looks bool }

// finder finds the next place where a match can begin.
type finder interface{ Index(b []byte) int }

func compile(pattern string, flags Flags) (*Regex, error) {
	n, p, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	defer p.release()
	r := &Regex{src: pattern, flags: flags, groups: p.groups, needs: needs{p.backrefs, p.looks}, literals: lowered(required(n))}
	if p.size(n) > maxProg/2 && codeSize(n) >= maxProg { // a guess that is near the cap: find out now
		return nil, errTooLarge
	}
	if l := prefixOf(n); l.Bytes != nil {
		r.prefix = mpm.NewNeedle(mpm.Pattern{Bytes: lowered([]Literal{l})[0].Bytes, NoCase: l.Fold})
	}
	if b, fold := r.Literal(); r.prefix == nil && len(b) >= 2 {
		r.must = mpm.NewNeedle(mpm.Pattern{Bytes: b, NoCase: fold})
	}
	return r, nil
}

func (r *Regex) prog() *prog {
	if p := r.plain.Load(); p != nil {
		return p
	}
	return r.build(&r.plain, false)
}

func (r *Regex) groupProg() *prog {
	if p := r.grouped.Load(); p != nil {
		return p
	}
	return r.build(&r.grouped, true)
}

// build makes the program; two goroutines may do so at the same time, which is harmless.
func (r *Regex) build(at *atomic.Pointer[prog], groups bool) *prog {
	n, ps, err := parse(r.src, r.flags)
	var p *prog
	if err == nil {
		p, err = buildProg(n, ps, groups)
		ps.release()
	}
	if err != nil { // cannot be: compile has tried
		p, _ = buildProg(&node{kind: nFail}, &parser{}, false)
	}
	at.Store(p)
	return p
}

// String gives the pattern.
func (r *Regex) String() string { return r.src }

// Flags gives the flags that the pattern was compiled with.
func (r *Regex) Flags() Flags { return r.flags }

// Groups is the number of capturing groups.
func (r *Regex) Groups() int { return r.groups }

// Backtracks says that the expression needs the backtracking engine, and why it does: for checks that
// tell the author.
func (r *Regex) Backtracks() bool { return r.needs.backrefs || r.needs.looks }

// compilePCRE reads /pattern/flags.
func compilePCRE(s string) (*Regex, Modifiers, error) {
	var mod Modifiers
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "!") {
		mod.Neg = true
		s = strings.TrimSpace(s[1:])
	}
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if strings.HasPrefix(s, "m") && len(s) > 1 { // m/.../
		s = s[1:]
	}
	end := strings.LastIndexByte(s, '/')
	if !strings.HasPrefix(s, "/") || end < 1 {
		return nil, mod, &Error{Msg: "an expression is written /pattern/flags"}
	}
	var flags Flags
	for i, c := range s[end+1:] {
		switch c {
		case 'i':
			flags |= CaseInsensitive
		case 's':
			flags |= DotAll
		case 'm':
			flags |= MultiLine
		case 'x':
			flags |= Extended
		case 'A':
			flags |= Anchored
		case 'E':
			flags |= DollarEndOnly
		case 'G':
			flags |= Ungreedy
		case 'R':
			mod.Relative = true
		case 'O': // match limits are our own
		case 'U', 'I', 'P', 'H', 'D', 'M', 'C', 'S', 'Y', 'B', 'V', 'W', 'Q', 'Z':
			if mod.Buffer != "" && mod.Buffer != string(c) {
				return nil, mod, &Error{Msg: "two buffers are named: " + mod.Buffer + " and " + string(c), Offset: end + 1 + i}
			}
			mod.Buffer = string(c)
		default:
			return nil, mod, &Error{Msg: "unknown flag " + string(c), Offset: end + 1 + i}
		}
	}
	r, err := compile(strings.ReplaceAll(s[1:end], `\/`, `/`), flags)
	return r, mod, err
}
