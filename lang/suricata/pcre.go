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
	c.re, c.mod, c.err = compilePCRE(s)
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
	if strings.Contains(v, "(?P<flow_") || strings.Contains(v, "(?P<pkt_") {
		return fail("captures into flow or packet variables are not supported")
	}
	c := b.l.regex(v)
	if c.err != nil {
		return fail("%v", c.err)
	}
	it := &ir.Re{Re: c.re, Neg: neg || c.mod.Neg, Relative: c.mod.Relative, Pos: b.pos()}
	b.last = nil
	buf := (*buffer)(nil)
	for _, letter := range c.mod.Buffer {
		if letter == 'B' || letter == 'O' {
			continue // raw bytes, and a limit that is not lifted here
		}
		x := pcreBuffers[letter]
		if x == nil || buf != nil {
			return fail("the modifiers %q name no buffer", c.mod.Buffer)
		}
		buf = x
	}
	if buf == nil {
		b.add(it)
		return nil
	}
	if b.sticky != nil && b.sticky != buf {
		return fail("the modifier %q names another buffer than the sticky one", c.mod.Buffer)
	}
	ch := b.find(buf, nil, false)
	ch.items = append(ch.items, it)
	return nil
}
