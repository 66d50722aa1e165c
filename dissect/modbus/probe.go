package modbus

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// begins tells whether b, as far as it goes, begins like a message of the protocol 0 that is not too long.
func begins(b []byte) bool {
	return (len(b) < 3 || b[2] == 0) && (len(b) < 4 || b[3] == 0) && (len(b) < 5 || b[4] == 0)
}

// plausible tells whether b begins like a message: of the protocol 0, with a length that one may have, and a function that has a name.
func plausible(b []byte) bool {
	return len(b) >= headLen && begins(b) && b[5] >= minLength && b[5] <= maxLength && FunctionName(b[7]&^exceptionBit) != ""
}

// whole tells whether a message that is plausible is as long as its function wants at least.
func whole(b []byte) bool {
	n := int(b[5]) - minLength
	switch code := b[7]; {
	case code >= exceptionBit:
		return n == 1 && exceptionName(uint16(b[8])) != unknown
	case code == fcDiagnostic:
		return n >= 2
	case code == fcMEI:
		return n >= 1
	}
	return true
}

// certain tells whether b is a request on any port, alone in its segment: of a function whose requests have little that varies.
func certain(b []byte) bool {
	unit, code := b[6], b[7]
	if accessOf(code) == 0 && (code != fcMEI || len(b) < headLen+1 || b[8] != meiDevice) || unit > maxUnit && unit != ownUnit {
		return false
	}
	var m message
	m.read(b, dissect.ToServer)
	return m.faults == 0
}

// probe takes what begins with a message on the usual port, and a client's first request on others.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	switch {
	case !begins(b), !hint && dir == dissect.ToClient:
		return dissect.No
	case len(b) < headLen:
		return dissect.More
	case !plausible(b):
		return dissect.No
	}
	n := prefixLen + int(binary.BigEndian.Uint16(b[4:]))
	switch {
	case !hint && (b[7] >= exceptionBit || len(b) > n):
		return dissect.No
	case len(b) < n:
		return dissect.More
	case !whole(b):
		return dissect.No
	case !hint:
		if certain(b) {
			return dissect.Yes
		}
		return dissect.No
	case b[7] < exceptionBit:
		return dissect.ByPort
	case dir == dissect.ToServer:
		return dissect.Reversed
	}
	return dissect.Yes
}
