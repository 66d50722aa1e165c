package dcerpc

import "github.com/luanids/luanids/dissect"

// probeTCP recognises the header of a PDU. Its type says who sent it.
func probeTCP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if len(data) < HeaderLen {
		if len(data) > 0 && data[0] != 5 || len(data) > 1 && data[1] > 1 || len(data) > 2 && Type(data[2]) > lastType {
			return dissect.No
		}
		return dissect.More
	}
	h, ok := ParseHeader(data)
	if !ok || h.Minor > 1 || !LooksLike(data) {
		return dissect.No
	}
	return turned(dir, h.Type)
}

// turned compares who should have sent a PDU with who did.
func turned(dir dissect.Dir, t Type) dissect.Verdict {
	if t.Response() != (dir == dissect.ToClient) {
		return dissect.Reversed
	}
	return dissect.Yes
}

// probeUDP recognises the header of a datagram: the four bytes that begin it are few, so that it must hold together.
func probeUDP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if len(data) < datagramHeader || data[0] != 4 || data[1] > uint8(lastType) || data[3]&0xfc != 0 || data[4]&0xee != 0 || data[5] > 3 {
		return dissect.No
	}
	d := parseDatagram(data)
	if d.fragLen > len(data)-datagramHeader {
		return dissect.No
	}
	// Both sides may be asked for the other's: a server calls back.
	if dir == dissect.ToClient && d.kind == Request {
		return dissect.Reversed
	}
	return dissect.Yes
}
