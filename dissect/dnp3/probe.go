package dnp3

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// The link layer (section 9.2): a header of 8 bytes with a CRC, then up to 250 bytes of user data in blocks of 16, each with a CRC.
const (
	start0, start1 = 0x05, 0x64
	headerLen      = 10 // of a link header with its CRC, bytes
	counted        = 5  // bytes of the header that its length counts
	blockLen       = 16
	crcLen         = 2
	maxFrame       = headerLen + 250 + 16*crcLen
)

// Bits of a link header's control octet.
const (
	linkDir = 0x80 // from a master
	linkPri = 0x40
	linkFCB = 0x20
	linkFCV = 0x10
)

// crcTable is for the polynomial 0x3d65, reflected (annex E).
var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xa6bc
			} else {
				crc >>= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// checksum is the CRC of a block, as it follows the block with its low byte first.
func checksum(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc = crcTable[byte(crc)^c] ^ crc>>8
	}
	return ^crc
}

// checked tells whether a block with its CRC is right.
func checked(b []byte) bool {
	n := len(b) - crcLen
	if n < 1 {
		return false
	}
	crc := checksum(b[:n])
	return b[n] == byte(crc) && b[n+1] == byte(crc>>8)
}

// frameLen is the length of a frame whose header gives a length of n, at least counted.
func frameLen(n int) int {
	n -= counted
	return headerLen + n + (n+blockLen-1)/blockLen*crcLen
}

// banner is what some outstations greet with, in a line of text.
var banner = []byte("DNP3")

// maxBanner is how much of a greeting is looked at, bytes.
const maxBanner = 256

func isBanner(data []byte) bool {
	data = data[:min(len(data), maxBanner)]
	for _, c := range data {
		if (c < 0x20 || c > 0x7e) && c != '\r' && c != '\n' {
			return false
		}
	}
	return bytes.Contains(data, banner)
}

// probe takes a link header on any port if its CRC is right, on the usual one in any case, and there a greeting too. Whoever sends what a
// master sends is the client.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	switch {
	case data[0] != start0:
		switch {
		case !hint || !isBanner(data):
			return dissect.No
		case dir == dissect.ToServer:
			return dissect.Reversed
		}
		return dissect.Yes
	case len(data) > 1 && data[1] != start1, len(data) > 2 && data[2] < counted:
		return dissect.No
	case len(data) < headerLen:
		return dissect.More
	case !hint && !checked(data[:headerLen]):
		return dissect.No
	case data[3]&linkDir != 0 != (dir == dissect.ToServer):
		return dissect.Reversed
	}
	return dissect.Yes
}
