package smb

import "github.com/luanids/luanids/dissect"

// Types of NetBIOS session packets (RFC 1002 section 4.3.1). Over port 445 there are only messages.
const (
	nbMessage   = 0x00
	nbRequest   = 0x81
	nbPositive  = 0x82
	nbNegative  = 0x83
	nbRetarget  = 0x84
	nbKeepalive = 0x85
)

// nbHeader is the length of their header, bytes.
const nbHeader = 4

// isMagic tells whether b begins with the four bytes of a message of SMB: \xffSMB for version 1, \xfe for 2, \xfd for encrypted and \xfc
// for compressed ones.
func isMagic(b []byte) bool {
	return len(b) >= 4 && b[0] >= 0xfc && b[1] == 'S' && b[2] == 'M' && b[3] == 'B'
}

// probe recognises a message behind the header of NetBIOS, or behind a session request. Its flags say who sent it.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if len(data) < nbHeader {
		return dissect.More
	}
	rest := data[nbHeader:]
	if t := data[0]; t != nbMessage {
		n := int(data[2])<<8 | int(data[3])
		if !hint || t < nbRequest || t > nbKeepalive || data[1] != 0 || n > 256 {
			return search(dir, data, hint)
		}
		if len(rest) < n+nbHeader {
			return dissect.More
		}
		rest = rest[n+nbHeader:]
	}
	if len(rest) < 4 {
		if len(rest) > 0 && rest[0] < 0xfc {
			return search(dir, data, hint)
		}
		return dissect.More
	}
	if !isMagic(rest) {
		return search(dir, data, hint)
	}
	return whose(dir, rest)
}

// whose compares who should have sent a message with who did.
func whose(dir dissect.Dir, m []byte) dissect.Verdict {
	at := 9 // flags of SMB 1: bit 7 is set in responses
	if m[0] == 0xfe {
		at = 16 // of SMB 2: bit 0
	}
	if m[0] < 0xfe { // encrypted or compressed: nothing tells
		return dissect.ByPort
	}
	if len(m) <= at {
		return dissect.More
	}
	response := m[at]&0x80 != 0
	if m[0] == 0xfe {
		response = m[at]&1 != 0
	}
	if response != (dir == dissect.ToClient) {
		return dissect.Reversed
	}
	return dissect.Yes
}

// search looks for a message further on, in a stream that was picked up in the middle; on the usual ports only.
func search(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if !hint {
		return dissect.No
	}
	for i := nbHeader; i+20 <= len(data); i++ {
		if data[i] >= 0xfc && isMagic(data[i:]) && data[i-nbHeader] == nbMessage {
			return whose(dir, data[i:])
		}
	}
	if len(data) < maxSearch {
		return dissect.More
	}
	return dissect.No
}

// maxSearch is how far into a stream that began in the middle recognition looks, bytes.
const maxSearch = 2048
