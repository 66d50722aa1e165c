package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// compiledRe is a compiled expression; equal ones are compiled once.
type compiledRe struct {
	re  *regex.Regex
	mod regex.Modifiers
	err error
}

func (l *loader) regex(s string) compiledRe {
	l.mu.Lock()
	c, ok := l.res[s]
	l.mu.Unlock()
	if ok {
		return c
	}
	c.re, c.mod, c.err = regex.CompilePCRE(s)
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.res[s]; ok {
		return old
	}
	l.res[s] = c
	return c
}

func pcre(b *builder, v string) *problem {
	neg := strings.HasPrefix(v, "!")
	v = strings.TrimSpace(strings.TrimPrefix(v, "!"))
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	// Behind the flags may stand variables that captures are kept in, for logs: the match does not depend on them.
	kept := ""
	if end := strings.LastIndexByte(v, '/'); end >= 0 {
		if comma := strings.IndexByte(v[end:], ','); comma >= 0 {
			v, kept = v[:end+comma], v[end+comma+1:]
		}
	}
	c := b.l.regex(v)
	if c.err != nil {
		return fail("%v", c.err)
	}
	if kept == "" {
		kept = namedGroups(v)
	}
	it := &ir.Re{Re: c.re, Neg: neg || c.mod.Neg, Relative: c.mod.Relative, Pos: b.pos()}
	if c.mod.Buffer == "" || c.mod.Buffer == "B" { // B: raw bytes, which they always are
		b.add(it)
		if !b.in64 {
			b.keep(b.current(), it, kept)
		}
		return nil
	}
	buf := pcreBuffers[c.mod.Buffer]
	if buf == nil {
		return fail("the modifier %s names no buffer", c.mod.Buffer)
	}
	if end := strings.LastIndexByte(v, '/'); buf.lower && end > 0 && !strings.Contains(v[end:], "i") && capitalMeant(v[:end]) {
		return fail("the modifier %s is of a value in lower case: the expression has to be, too", c.mod.Buffer)
	}
	if b.sticky == fileBuffer && buf.name == "http.response_body" {
		buf = fileBuffer // the same to Suricata
	}
	if b.sticky != nil && b.sticky != buf {
		return fail("the modifier %q names another buffer than the sticky one", c.mod.Buffer)
	}
	ch := b.find(buf, nil, false)
	b.addTo(ch, it)
	b.keep(ch, it, kept)
	return nil
}

// capitalMeant tells whether an expression has a capital that stands for itself.
func capitalMeant(re string) bool {
	for i := 0; i < len(re); i++ {
		switch {
		case re[i] == '\\' && strings.HasPrefix(re[i+1:], "x"):
			i += 3
		case re[i] == '\\':
			i++
		case re[i] >= 'A' && re[i] <= 'Z':
			return true
		}
	}
	return false
}

// namedGroups gives the variables that groups of an expression are kept in by their names, as in (?P<flow_agent>...), in the form
// of those that stand behind the flags. Suricata counts the named groups alone, and takes what is before the last "_" for the kind.
func namedGroups(re string) string {
	var vars []string
	for {
		_, rest, ok := strings.Cut(re, "(?P<")
		if !ok {
			return strings.Join(vars, ",")
		}
		name, rest, ok := strings.Cut(rest, ">")
		if i := strings.LastIndexByte(name, '_'); ok && i > 0 {
			vars = append(vars, name[:i]+":"+name[i+1:])
		}
		re = rest
	}
}

// kept is a group of an expression that records show.
type kept struct {
	re     *regex.Regex
	group  int
	name   string
	packet bool
}

// keep reads the variables of an expression's groups: "flow:name, pkt:name". What a relative expression matches cannot
// be told again, and is not kept.
func (b *builder) keep(c *chain, it *ir.Re, vars string) {
	if vars == "" || it.Relative || it.Neg {
		return
	}
	for i, v := range list(vars) {
		kind, name, ok := strings.Cut(v, ":")
		if ok && name != "" && (kind == "flow" || kind == "pkt") {
			c.keeps = append(c.keeps, kept{it.Re, i + 1, name, kind == "pkt"})
		}
	}
}
