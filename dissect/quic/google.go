package quic

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
)

// maxTags is how many entries of a message of Google's handshake are looked at.
const maxTags = 128

// google reads a message of Google's handshake: its name, then a list of tags with the ends of their values, then the values.
// Anything else is data of the stream and says nothing.
func (t *Tx) google(b []byte) {
	if len(b) < 8 || !tagLike(b[:4]) {
		return
	}
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if n == 0 || n > maxTags || len(b) < 8+8*n {
		return
	}
	list, values := b[8:8+8*n], b[8+8*n:]
	end := uint32(0)
	for i := range n {
		next := binary.LittleEndian.Uint32(list[8*i+4:])
		if !tagLike(list[8*i:8*i+4]) || next < end || uint64(next) > uint64(len(values)) {
			return
		}
		end = next
	}
	if int(end) != len(values) {
		return
	}
	t.tags(list, values)
}

// tagLike tells whether four bytes can be a tag: capitals and digits, zeros at the end.
func tagLike(b []byte) bool {
	for _, c := range b {
		if !(c == 0 || c == '-' || c == ' ' || digit(c) || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return b[0] != 0
}

// cyuVersion is how fingerprints name a version (Salesforce's CYU), "" for versions without one.
func cyuVersion(version uint32) string {
	switch version {
	case q043:
		return "43"
	case q044, q045:
		return "44"
	case q046:
		return "46"
	}
	return ""
}

// tags takes what is wanted of a message's entries, and makes its fingerprint.
func (t *Tx) tags(list, values []byte) {
	start := len(t.text)
	version := cyuVersion(t.version)
	t.text = append(append(t.text, version...), ',')
	from := uint32(0)
	cyu := t.text
	for i := 0; i < len(list); i += 8 {
		to := binary.LittleEndian.Uint32(list[i+4:])
		v := values[from:to]
		from = to
		switch string(list[i : i+4]) {
		case "SNI\x00":
			t.sni = append(t.sni[:0], v...)
			t.hasSNI = true
		case "UAID":
			t.ua = append(t.ua[:0], v...)
			t.hasUA = true
		}
		if i > 0 {
			cyu = append(cyu, '-')
		}
		for _, c := range list[i : i+4] {
			if c != 0 {
				cyu = append(cyu, c)
			}
		}
	}
	t.text = cyu[:start]
	if version == "" {
		return
	}
	sum := md5.Sum(cyu[start:])
	mid := len(cyu)
	t.text = hex.AppendEncode(cyu, sum[:])
	t.cyu = append(t.cyu, fingerprint{text: [2]int{start, mid}, hash: [2]int{mid, len(t.text)}})
}
