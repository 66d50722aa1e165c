package dissect

import (
	"strconv"
	"strings"
)

// Truth reads a setting that is on or off, as Suricata does: yes, true, on and 1 are on.
func Truth(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "true", "on", "1":
		return true
	}
	return false
}

// Size reads a setting that is a number of bytes, or of things: digits with an optional unit (kb: 1024). What is no such number gives
// fallback.
func Size(s string, fallback int) int {
	s = strings.ToLower(strings.TrimSpace(s))
	unit := 1
	for _, u := range [...]struct {
		name string
		n    int
	}{{"kb", 1 << 10}, {"kib", 1 << 10}, {"mb", 1 << 20}, {"mib", 1 << 20}, {"gb", 1 << 30}, {"gib", 1 << 30}} {
		if text, ok := strings.CutSuffix(s, u.name); ok {
			s, unit = strings.TrimSpace(text), u.n
			break
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<40/unit {
		return fallback
	}
	return n * unit
}
