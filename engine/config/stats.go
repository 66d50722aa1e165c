package config

import (
	"fmt"
	"time"

	"github.com/luanids/luanids/engine"
)

// statsSettings are Suricata's settings of its counters, as far as stats records show them.
var statsSettings = []setting{
	{"stats.enabled", "write stats records, where their type is listed", statsOption("global", true)},
	{"stats.interval", "seconds between stats records while watching interfaces", setStatsInterval},
	{"stats.decoder-events", "stats records have decoding events", statsOption("decoder-events", true)},
	{"stats.decoder-events-prefix", "where stats records have decoding events: decoder.event, or decoder as once", statsOption("decoder-events-prefix", false)},
	{"stats.stream-events", "stats records have events of streams", statsOption("stream-events", true)},
	{"stats.exception-policy.per-app-proto-errors", "count exception policies by protocol too", boolean(func(c *engine.Config) *bool { return &c.Exceptions.PerProto })},
}

func statsOption(name string, truth bool) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		if truth {
			if _, err := parseBool(v); err != nil {
				return err
			}
		}
		return setTypeOption(c, []string{"stats", name}, v)
	}
}

func setStatsInterval(c *engine.Config, _ []string, v string) error {
	n, err := parseInt(v)
	if err == nil && n < 1 {
		err = fmt.Errorf("%q is no number of seconds", v)
	}
	if err == nil {
		c.StatsInterval = time.Duration(n) * time.Second
	}
	return err
}
