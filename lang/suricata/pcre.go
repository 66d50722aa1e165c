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
	if end := strings.LastIndexByte(v, '/'); end >= 0 {
		if comma := strings.IndexByte(v[end:], ','); comma >= 0 {
			v = v[:end+comma]
		}
	}
	c := b.l.regex(v)
	if c.err != nil {
		return fail("%v", c.err)
	}
	it := &ir.Re{Re: c.re, Neg: neg || c.mod.Neg, Relative: c.mod.Relative, Pos: b.pos()}
	if c.mod.Buffer == "" || c.mod.Buffer == "B" { // B: raw bytes, which they always are
		b.add(it)
		return nil
	}
	buf := pcreBuffers[c.mod.Buffer]
	if buf == nil {
		return fail("the modifier %s names no buffer", c.mod.Buffer)
	}
	if b.sticky == fileBuffer && buf.name == "http.response_body" {
		buf = fileBuffer // the same to Suricata
	}
	if b.sticky != nil && b.sticky != buf {
		return fail("the modifier %q names another buffer than the sticky one", c.mod.Buffer)
	}
	b.addTo(b.find(buf, nil, false), it)
	return nil
}
