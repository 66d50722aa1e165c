package manager

import (
	"fmt"
	"strings"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Config says what the manager does. Times are packet time.
type Config struct {
	// MinSeverity is the least severity that passes. What is below still counts for correlation.
	MinSeverity alert.Severity
	Dedup       DedupConfig
	Correlation CorrelationConfig
	Rate        RateConfig
	// Suppressions are checked before anything else.
	Suppressions []Suppression
}

// DedupConfig folds alerts that are like one that was reported a moment ago.
type DedupConfig struct {
	// Window is for how long after a reported alert its like are folded; 0 switches it off.
	Window time.Duration
	// Key is what makes alerts alike.
	Key Key
	// Report is how many must have been folded for the last of them to be reported when the
	// window ends, with their count; fewer are counted in the next alert of the key. 0 for never.
	Report int
	// MaxKeys bounds the keys that are remembered; the oldest are forgotten.
	MaxKeys int
}

// Key is a set of the fields that alerts must share to be alike.
type Key uint16

// The fields of a Key.
const (
	KeyRule Key = 1 << iota
	KeySrc
	KeyDst
	KeyPort // the server's port
	KeySrcPort
	KeyDstPort
	KeyProto
	KeyFlow
	KeyMessage
)

var keyNames = []string{"rule", "src", "dst", "port", "src_port", "dst_port", "proto", "flow", "message"}

// ParseKey reads names with commas between: rule,src,dst,port.
func ParseKey(s string) (Key, error) {
	var k Key
next:
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", []", r) }) {
		for i, n := range keyNames {
			if strings.EqualFold(f, n) {
				k |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("unknown field %q of an alert's key: use %s", f, strings.Join(keyNames, ", "))
	}
	if k == 0 {
		return 0, fmt.Errorf("a key needs at least one of %s", strings.Join(keyNames, ", "))
	}
	return k, nil
}

// String gives the names with commas between.
func (k Key) String() string {
	var list []string
	for i, n := range keyNames {
		if k&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return strings.Join(list, ",")
}

// CorrelationConfig raises an alert when several rules fire for one source.
type CorrelationConfig struct {
	// Threshold is how many different rules it takes; 0 switches it off. Within the window the
	// alert is raised again only when twice as many have fired.
	Threshold int
	Window    time.Duration
	// MinSeverity is the least severity that counts.
	MinSeverity alert.Severity
	// MaxHosts bounds the sources that are watched, MaxRules the rules that are remembered of one.
	MaxHosts, MaxRules int
}

// RateConfig bounds the alerts of one rule.
type RateConfig struct {
	// Alerts of one rule in Per that pass; 0 for no bound.
	Alerts int
	Per    time.Duration
	// MaxRules bounds the rules that are counted.
	MaxRules int
}

// DefaultConfig gives the defaults: alike within a minute are folded, three rules of one source within
// five minutes are correlated, a rule gives at most 1000 alerts a minute.
func DefaultConfig() Config {
	return Config{
		Dedup:       DedupConfig{Window: time.Minute, Key: KeyRule | KeySrc | KeyDst | KeyPort, Report: 10, MaxKeys: 65_536},
		Correlation: CorrelationConfig{Threshold: 3, Window: 5 * time.Minute, MinSeverity: alert.Low, MaxHosts: 65_536, MaxRules: 64},
		Rate:        RateConfig{Alerts: 1000, Per: time.Minute, MaxRules: 65_536},
	}
}

// maxSuppressions bounds the list.
const maxSuppressions = 100_000

// Check says what is wrong with a configuration.
func (c *Config) Check() error {
	switch {
	case c.Dedup.Window < 0 || c.Correlation.Window < 0 || c.Rate.Per < 0:
		return fmt.Errorf("alert_manager: a time cannot be negative")
	case c.Dedup.Window > 0 && c.Dedup.Key == 0:
		return fmt.Errorf("alert_manager: deduplication needs a key, such as rule,src,dst,port")
	case c.Correlation.Threshold == 1:
		return fmt.Errorf("alert_manager: a correlation threshold of 1 would double every alert: use 2 or more, or 0 for none")
	case c.Correlation.Threshold > c.Correlation.MaxRules && c.Correlation.Threshold > 0:
		return fmt.Errorf("alert_manager: the correlation threshold %d is above the %d rules that are remembered of a source", c.Correlation.Threshold, c.Correlation.MaxRules)
	case c.Rate.Alerts > 0 && c.Rate.Per <= 0:
		return fmt.Errorf("alert_manager: a rate of %d needs a time", c.Rate.Alerts)
	case len(c.Suppressions) > maxSuppressions:
		return fmt.Errorf("suppression: %d entries are more than %d; use CIDRs and * in rule ids", len(c.Suppressions), maxSuppressions)
	}
	for i := range c.Suppressions {
		if err := c.Suppressions[i].check(); err != nil {
			return err
		}
	}
	return nil
}
