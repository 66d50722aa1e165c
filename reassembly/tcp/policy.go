package tcp

import "strings"

// Policy says how a host resolves segments that overlap before they are in order. Hosts
// differ (Novak and Sturges, "Target-Based TCP Stream Segment Reassembly", 2007), and a
// monitor that resolves otherwise sees another stream than its host.
type Policy uint8

// The policies; names are those of Suricata's host-os-policy.
const (
	PolicyBSD        Policy = iota // FreeBSD, NetBSD, OpenBSD: the default
	PolicyFirst                    // what came first stays
	PolicyLast                     // what came last replaces
	PolicyBSDRight                 // the segment that begins later wins
	PolicyLinux                    // Linux 2.4 and later
	PolicyOldLinux                 // Linux 2.2 and earlier
	PolicySolaris                  //
	PolicyOldSolaris               // like PolicyFirst
	PolicyHPUX10                   // like BSD
	PolicyHPUX11                   // like Solaris
	PolicyIRIX                     // like BSD
	PolicyMacOS                    // like BSD
	PolicyWindows                  // Windows 95 to XP: like BSD
	PolicyWindows2K3               // like BSD
	PolicyVista                    // Windows Vista and later: like PolicyFirst
	policyCount
)

var policyNames = [policyCount]string{
	PolicyBSD: "bsd", PolicyFirst: "first", PolicyLast: "last", PolicyBSDRight: "bsd-right",
	PolicyLinux: "linux", PolicyOldLinux: "old-linux", PolicySolaris: "solaris",
	PolicyOldSolaris: "old-solaris", PolicyHPUX10: "hpux10", PolicyHPUX11: "hpux11",
	PolicyIRIX: "irix", PolicyMacOS: "macos", PolicyWindows: "windows",
	PolicyWindows2K3: "windows2k3", PolicyVista: "vista",
}

// String gives the policy's name.
func (p Policy) String() string {
	if p < policyCount {
		return policyNames[p]
	}
	return "bsd"
}

// PolicyByName finds a policy by Suricata's name.
func PolicyByName(name string) (Policy, bool) {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	for p, n := range policyNames {
		if n == name {
			return Policy(p), true
		}
	}
	return PolicyBSD, false
}

// newWins tells whether the bytes of the new segment [n0,n1) replace those of the buffered
// segment [o0,o1) where the two overlap. The extents are those that the segments had when
// they arrived, whatever was trimmed off since.
func (p Policy) newWins(o0, o1, n0, n1 uint32) bool {
	start, end := int32(n0-o0), int32(n1-o1)
	switch p {
	case PolicyFirst, PolicyVista, PolicyOldSolaris:
		return false
	case PolicyLast:
		return true
	case PolicyBSDRight:
		return start >= 0
	case PolicyLinux:
		return start < 0 || start == 0 && end > 0
	case PolicyOldLinux:
		return start < 0 || start == 0 && end >= 0
	case PolicySolaris, PolicyHPUX11:
		return end > 0 || end == 0 && start <= 0
	}
	return start < 0
}

// replaces tells whether the same segment with other bytes replaces the one before.
func (p Policy) replaces() bool { return p.newWins(0, 1, 0, 1) }

// rstInWindow tells whether a host of this kind takes a RST anywhere in its window (RFC 793)
// rather than only at the expected sequence number (RFC 5961 section 3.2).
func (p Policy) rstInWindow() bool {
	return p == PolicyOldLinux || p == PolicySolaris || p == PolicyOldSolaris || p == PolicyHPUX11
}
