package lua

import "fmt"

// Bounds of what a script logs.
const (
	// maxLogText is how much of a text is logged, bytes.
	maxLogText = 4 << 10
	// maxLogLines is how many lines a script logs within a second of packet time.
	maxLogLines = 1000
)

// logLimit counts a script's lines.
type logLimit struct {
	second int64
	lines  int
}

// log writes a line, not too long a one, and not too many: a script that logs every packet would bury what others say.
func (v *vm) log(level Level, text string) {
	l := &v.logged
	if s := v.rt.now / 1e9; s != l.second {
		*l = logLimit{second: s}
	}
	l.lines++
	switch {
	case l.lines > maxLogLines+1:
		return
	case l.lines == maxLogLines+1:
		level, text = Warning, fmt.Sprintf("more than %d lines within one second: the rest of that second is left out", maxLogLines)
	case len(text) > maxLogText:
		text = fmt.Sprintf("%s... (%d bytes more)", text[:maxLogText], len(text)-maxLogText)
	}
	v.rt.host.Log(level, v.prog.name, text)
}
