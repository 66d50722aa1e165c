package ipfrag

// Policy says which of two overlapping fragments gives the bytes they share.
type Policy uint8

// The policies, with Suricata's names. "Original" is the fragment that came first,
// "subsequent" the one that came later.
const (
	// BSD keeps the original unless the subsequent fragment begins before it.
	BSD Policy = iota
	// BSDRight (HP JetDirect) takes the subsequent one unless it begins before the original.
	BSDRight
	// Linux takes the subsequent one if it begins at or before the original.
	Linux
	// First always keeps the original.
	First
	// Last always takes the subsequent one.
	Last
	// Windows keeps the original unless the subsequent one begins before it and ends after it.
	Windows
	// Solaris is as Windows, but ending at the same byte suffices.
	Solaris
)

var policyNames = [...]string{"bsd", "bsd-right", "linux", "first", "last", "windows", "solaris"}

// String gives the policy's name.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return "?"
}

// PolicyByName finds a policy by the name of an operating system or rule in Suricata's
// host-os-policy: the names of the constants, and those that behave like one of them.
func PolicyByName(name string) (Policy, bool) {
	for i, n := range policyNames {
		if n == name {
			return Policy(i), true
		}
	}
	switch name {
	case "old-linux":
		return Linux, true
	case "old-solaris", "hpux10":
		return Solaris, true
	case "hpux11", "irix", "macos":
		return First, true
	case "windows2k3", "vista":
		return Windows, true
	}
	return 0, false
}

// takes tells whether a subsequent fragment of bytes [off, end) takes what it shares with an
// original one of bytes [ooff, oend), before any trimming of either.
func (p Policy) takes(off, end, ooff, oend int32) bool {
	switch p {
	case BSD:
		return off < ooff
	case BSDRight:
		return off >= ooff
	case Linux:
		return off <= ooff
	case Last:
		return true
	case Windows:
		return off < ooff && end > oend
	case Solaris:
		return off < ooff && end >= oend
	}
	return false
}
