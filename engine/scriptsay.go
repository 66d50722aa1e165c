package engine

import (
	"strings"

	"github.com/luanids/luanids/lua"
)

// Telling has lines that scripts log as information go to tell, which warnings are not for. Both functions may be called from
// any goroutine.
func (h *ScriptHost) Telling(tell func(format string, args ...any)) { h.tell = tell }

// Log implements lua.Host.
func (h *ScriptHost) Log(level lua.Level, script, msg string) {
	logScript(h, h.warn, level, script, msg)
}

// Problem implements lua.Host.
func (h *ScriptHost) Problem(p lua.Problem) { sayProblem(h.warn, p) }

// Log implements lua.Host.
func (h *workerHost) Log(level lua.Level, script, msg string) {
	logScript(h.w.cfg.ScriptHost, h.w.guard.logf, level, script, msg)
}

// Problem implements lua.Host.
func (h *workerHost) Problem(p lua.Problem) { sayProblem(h.w.guard.logf, p) }

// logScript writes a line of a script: what is no warning is not called one.
func logScript(h *ScriptHost, warn func(string, ...any), level lua.Level, script, msg string) {
	if level < lua.Info {
		return
	}
	msg = printable(msg)
	switch {
	case level == lua.Error:
		warn("%s: error: %s", script, msg)
	case level == lua.Info && h != nil && h.tell != nil:
		h.tell("%s: %s", script, msg)
	default:
		warn("%s: %s", script, msg)
	}
}

// sayProblem tells what is wrong with a script, with its traceback.
func sayProblem(warn func(string, ...any), p lua.Problem) {
	text := printable(p.String())
	if p.Trace != "" {
		text += "\n" + printable(p.Trace)
	}
	warn("%s", text)
}

// printable leaves out what a terminal would obey: texts of scripts have bytes of the traffic in them.
func printable(s string) string {
	if strings.IndexFunc(s, obeyed) < 0 {
		return s
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for _, r := range s {
		if obeyed(r) {
			b.WriteString(`\x`)
			b.WriteByte(hex[r>>4&15])
			b.WriteByte(hex[r&15])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// obeyed tells the control characters but line feed and tabulator.
func obeyed(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 }
