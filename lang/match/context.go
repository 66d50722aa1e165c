package match

import (
	"github.com/luanids/luanids/dissect"
)

// contextPart is a compiled ir.Context.
type contextPart struct {
	key    string
	v      *value
	multi  *dissect.Field // whose values v is made of in turn, nil for one value
	level  int
	values map[string]string
}

// contexts compiles what a rule's alerts tell of the values that they found.
func (b *builder) contexts(r *Rule) {
	c := b.c
	for i := range r.Contexts {
		x := &r.Contexts[i]
		p := contextPart{key: x.Key, multi: x.Multi, level: c.depth, values: x.Values}
		if p.multi != nil {
			c.depth++
		}
		p.v = c.value(x.X)
		if p.multi != nil {
			c.depth--
		}
		r.ctx = append(r.ctx, p)
	}
}

// Context calls f with what the contexts of a rule (ir.Context) have for the values of the event. It is to be
// called right after Match.
func (m *Matcher) Context(r *Rule, e *dissect.Env, f func(key, json string)) {
	if len(r.ctx) > 0 && m.e != e {
		m.begin(e)
	}
	for i := range r.ctx {
		p := &r.ctx[i]
		if json, ok := p.find(m); ok {
			f(p.key, json)
		}
	}
}

func (p *contextPart) find(m *Matcher) (string, bool) {
	if p.multi == nil {
		return p.look(m)
	}
	old := m.index[p.level]
	defer func() { m.index[p.level] = old }()
	for i := 0; i < maxValues && hasValue(p.multi, m.e, i); i++ {
		m.index[p.level] = i
		if json, ok := p.look(m); ok {
			return json, true
		}
	}
	return "", false
}

func (p *contextPart) look(m *Matcher) (string, bool) {
	m.failed = failNone
	x := p.v.eval(m)
	if !x.OK {
		return "", false
	}
	if p.v.p != nil {
		ip := x.IP.As16()
		json, ok := p.values[string(ip[:])]
		return json, ok
	}
	json, ok := p.values[string(x.B)]
	return json, ok
}
