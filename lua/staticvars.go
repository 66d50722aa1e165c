package lua

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/lua/syntax"
)

// checkGlobals finds globals that nobody sets, and those that nobody reads: names that were misspelt.
func (c *checker) checkGlobals() {
	known := slices.Clone(c.known)
	for name, g := range c.globals {
		if g.writes > 0 {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	said := map[string]bool{}
	for _, u := range c.uses {
		name := u.name.Name
		if slices.Contains(known, name) || said[name] || strings.HasPrefix(name, "(") {
			continue
		}
		said[name] = true
		if instead, ok := removed[name]; ok {
			c.say(u.name.At, UnknownName, instead, "%s is not available in detectors", name)
			continue
		}
		hint := didYouMean(name, append(u.name.Visible.Names(), known...))
		if hint == "" && slices.Contains(eventNames, name) {
			hint = "a handler gets its event as a parameter: function(" + name + ")"
		}
		if u.hard || hint != "" {
			c.say(u.name.At, UnknownName, hint, "there is no global %s", name)
		} else {
			c.warn(u.name.At, "nobody sets it: it is nil", "there is no global %s", name)
		}
	}
	for _, name := range sortedKeys(c.globals) {
		g := c.globals[name]
		if g.writes == 0 || g.reads > 0 || slices.Contains(c.known, name) || strings.HasPrefix(name, "_") {
			continue
		}
		hint := didYouMean(name, g.first.Visible.Names())
		c.warn(g.first.At, hint, "the global %s is set, but never read", name)
	}
}

// eventNames are what people call the event.
var eventNames = []string{"ev", "e", "event", "flow", "evt", "tcp", "stream"}

// checkLocals finds locals that nobody reads. Parameters, loop variables, and names that begin with _ may be there for others.
func (c *checker) checkLocals() {
	for _, v := range c.chunk.Vars {
		if v.Kind != syntax.KindLocal || v.Reads > 0 || strings.HasPrefix(v.Name, "_") {
			continue
		}
		if _, isDetector := c.made(v, "nids.detector"); isDetector && v.Assigned == 0 {
			c.warn(v.At, "raise alerts with "+v.Name+":alert(ev, score, { ... })", "the detector %s never alerts", v.Name)
			continue
		}
		verb := "is never used"
		if v.Assigned > 0 {
			verb = "is set, but never read"
		}
		c.warn(v.At, "", "the local %s %s", v.Name, verb)
	}
}

// made tells whether a local is what a function of nids gives.
func (c *checker) made(v *syntax.Var, fn string) (*syntax.Call, bool) {
	call, ok := v.Init.(*syntax.Call)
	if !ok || call.Fn == nil {
		return nil, false
	}
	i, ok := call.Fn.(*syntax.Index)
	return call, ok && c.of(i.Of).kind == isNids && "nids."+i.Name == fn
}
