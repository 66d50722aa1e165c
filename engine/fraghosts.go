package engine

import (
	"net/netip"
	"time"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/reassembly/ipfrag"
)

// FragHosts are groups of hosts to which fragments may take another time than defrag.timeout (defrag.host-config), by name.
type FragHosts map[string]FragHost

// FragHost is one group.
type FragHost struct {
	Timeout   time.Duration // 0 for that of all
	Addresses []netip.Prefix
}

// Apply points the reassembly of fragments at the groups.
func (h FragHosts) Apply(f *ipfrag.Config) {
	if len(h) == 0 {
		return
	}
	f.HostTimeout = func(a packet.Addr) time.Duration {
		ip := a.Netip()
		best, bits := time.Duration(0), -1
		for _, g := range h {
			for _, p := range g.Addresses {
				if (p.Bits() > bits || p.Bits() == bits && g.Timeout > best) && p.Contains(ip) {
					best, bits = g.Timeout, p.Bits()
				}
			}
		}
		return best
	}
}
