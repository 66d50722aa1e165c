// Package config turns settings, by Suricata's dotted names or our own, into an engine's
// configuration. The table in settings.go is the only place where a setting is declared.
package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseBool reads yes/no, true/false, on/off, enabled/disabled and 1/0.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "true", "on", "1", "enabled":
		return true, nil
	case "no", "false", "off", "0", "disabled":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a truth value: use true or false", s)
}

// parseSize reads a number of bytes: 65536, 8kb, 1mb, 100 KiB, 1gb. As in Suricata kb is 1024.
func parseSize(s string) (int64, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	mul := int64(1)
	for _, u := range []struct {
		suffix string
		mul    int64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"b", 1}} {
		if strings.HasSuffix(t, u.suffix) {
			t, mul = strings.TrimSpace(strings.TrimSuffix(t, u.suffix)), u.mul
			break
		}
	}
	n, err := strconv.ParseInt(t, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/mul {
		return 0, fmt.Errorf("%q is not a size: use a number of bytes, or one with kb, mb or gb", s)
	}
	return n * mul, nil
}

// parseInt reads a number that is not negative.
func parseInt(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return n, nil
}

// parseDuration reads a time: 90 (seconds), 500ms, 30s, 5m, 2h, 7d. It gives nanoseconds.
func parseDuration(s string) (int64, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if n, err := strconv.ParseFloat(t, 64); err == nil && n >= 0 && n < 1e9 {
		return int64(n * 1e9), nil
	}
	if days, ok := strings.CutSuffix(t, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 1e5 {
			return int64(n * 24 * 3600e9), nil
		}
	}
	d, err := time.ParseDuration(t)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time: use a number of seconds, or one with ms, s, m, h or d", s)
	}
	return int64(d), nil
}
