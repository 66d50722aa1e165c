package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/engine"
)

// setFragHost reads defrag.host-config, a list of groups of hosts: defrag.host-config.dmz.timeout, .dmz.address.0; or with the place in the list before the name.
func setFragHost(c *engine.Config, parts []string, v string) error {
	if _, err := strconv.Atoi(parts[0]); err == nil && len(parts) > 2 {
		parts = parts[1:]
	}
	if len(parts) < 2 {
		return fmt.Errorf("wants defrag.host-config.NAME.timeout and .address")
	}
	hosts := maps.Clone(c.FragHosts)
	if hosts == nil {
		hosts = engine.FragHosts{}
	}
	h := hosts[parts[0]]
	switch parts[1] {
	case "timeout":
		n, err := parseInt(v)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of seconds", v)
		}
		h.Timeout = time.Duration(n) * time.Second
	case "address":
		for a := range strings.SplitSeq(strings.Trim(v, "[] "), ",") {
			p, err := network.parse(strings.Trim(a, " \"'"))
			if err != nil {
				return fmt.Errorf("%q is neither an address nor a prefix", a)
			}
			h.Addresses = append(slices.Clip(h.Addresses), p)
		}
	default:
		return fmt.Errorf("unknown setting %q of a group: there are timeout and address", parts[1])
	}
	hosts[parts[0]] = h
	c.FragHosts = hosts
	return nil
}
