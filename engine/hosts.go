package engine

import (
	"fmt"
	"net/netip"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/reassembly/ipfrag"
	"github.com/luanids/luanids/reassembly/tcp"
)

// HostPolicies say how hosts put overlapping segments and fragments together, by address; the
// longest prefix decides (Suricata's host-os-policy).
type HostPolicies struct{ list []hostPolicy }

type hostPolicy struct {
	prefix netip.Prefix
	tcp    tcp.Policy
	frag   ipfrag.Policy
}

// Add gives the hosts of a prefix the policy of an operating system.
func (h *HostPolicies) Add(os string, prefix netip.Prefix) error {
	p, ok := tcp.PolicyByName(os)
	if !ok {
		return fmt.Errorf("unknown operating system %q: use windows, bsd, bsd-right, old-linux, linux, solaris, hpux10, hpux11, irix, macos, vista or windows2k3", os)
	}
	h.list = append(h.list, hostPolicy{prefix.Masked(), p, fragPolicy(os)})
	return nil
}

// fragPolicy gives the fragment policy that goes with an operating system's segment policy.
func fragPolicy(os string) ipfrag.Policy {
	switch os {
	case "vista", "windows2k3":
		os = "windows"
	case "old-linux":
		os = "linux"
	case "hpux10", "hpux11":
		os = "solaris"
	}
	p, _ := ipfrag.PolicyByName(os) // bsd for the others
	return p
}

func (h *HostPolicies) find(a packet.Addr) *hostPolicy {
	ip := a.Netip()
	var best *hostPolicy
	for i := range h.list {
		p := &h.list[i]
		if p.prefix.Contains(ip) && (best == nil || p.prefix.Bits() > best.prefix.Bits()) {
			best = p
		}
	}
	return best
}

// Apply points the reassembly settings at the policies.
func (h *HostPolicies) Apply(t *tcp.Config, f *ipfrag.Config) {
	if len(h.list) == 0 {
		return
	}
	t.Policy = func(a packet.Addr) tcp.Policy {
		if p := h.find(a); p != nil {
			return p.tcp
		}
		return tcp.PolicyBSD
	}
	f.Policy = func(a packet.Addr) ipfrag.Policy {
		if p := h.find(a); p != nil {
			return p.frag
		}
		return ipfrag.BSD
	}
}
