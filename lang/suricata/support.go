package suricata

import "github.com/luanids/luanids/dissect"

// Support tells why a keyword is not understood, "" if it is. Some are understood with some of their values only: then the rule is
// left out with the reason.
func Support(schema *dissect.Schema, keyword string) (why string) {
	l := newLoader(schema, "", Options{})
	if why, ok := refused[keyword]; ok {
		return why
	}
	name := keyword
	if old, ok := oldBuffers[name]; ok {
		name = old
	}
	if stickyBuffers[name] != nil {
		if _, err := l.buffer(name); err != nil {
			return err.why
		}
		return ""
	}
	if l.keywords[name] != nil {
		return ""
	}
	b := &builder{l: l}
	if b.fieldNamed(name) == nil {
		return b.unknown(name).why
	}
	return ""
}
