package pgsql

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// Codes in place of a version in the first message (sections 53.7 and 53.2.10).
const (
	codeCancel = 1234<<16 | 5678
	codeSSL    = 1234<<16 | 5679
	codeGSS    = 1234<<16 | 5680
)

const (
	// maxStartup is the longest first message that the server takes, bytes.
	maxStartup = 10000
	// minStartup is the shortest: length and code.
	minStartup = 8
	// maxPlausible is the longest message that recognition, and resynchronisation, believe in, bytes.
	maxPlausible = 1 << 24
)

// Types of messages (section 53.7) by who sends them.
const (
	clientTypes = "BCDEFHPQSXcdfp"
	serverTypes = "123ACDEGHIKNRSTVWZcdnstv"
)

func plausible(types string, b []byte) dissect.Verdict {
	if strings.IndexByte(types, b[0]) < 0 {
		return dissect.No
	}
	if len(b) < 5 {
		return dissect.More
	}
	if n := binary.BigEndian.Uint32(b[1:]); n < 4 || n > maxPlausible {
		return dissect.No
	}
	return dissect.Yes
}

// probe takes a first message of a client on any port, and on the usual one any message.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if data[0] != 0 {
		switch {
		case !hint:
			return dissect.No
		case dir == dissect.ToServer: // or of the server, where it is seen from its middle; types mean one thing or another
			if v := plausible(serverTypes, data); v == dissect.Yes {
				return dissect.ByPort
			}
			return plausible(clientTypes, data)
		case len(data) == 1 && (data[0] == 'N' || data[0] == 'S'): // the answer to SSLRequest
			return dissect.Yes
		}
		return plausible(serverTypes, data)
	}
	if len(data) < minStartup {
		return dissect.More
	}
	n := binary.BigEndian.Uint32(data)
	if dir != dissect.ToServer || n < minStartup || n > maxStartup {
		return dissect.No
	}
	code := binary.BigEndian.Uint32(data[4:])
	switch {
	case code == codeSSL || code == codeGSS:
		if n == minStartup {
			return dissect.Yes
		}
	case code == codeCancel:
		if n >= 16 && n <= 16+256 {
			return dissect.Yes
		}
	case code>>16 == 3:
		return named(data[8:min(int(n), len(data))], int(n) <= len(data), hint)
	case hint: // of another version, or not understood: an anomaly
		return dissect.Yes
	}
	return dissect.No
}

// named tells whether a start names a user, as it has to.
func named(b []byte, whole, hint bool) dissect.Verdict {
	switch {
	case hint || bytes.HasPrefix(b, []byte("user\x00")) || bytes.Contains(b, []byte("\x00user\x00")):
		return dissect.Yes
	case whole:
		return dissect.No
	}
	return dissect.More
}
