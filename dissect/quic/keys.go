package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Versions that something depends on.
const (
	version1      = 0x00000001
	version2      = 0x6b3343cf
	version2Draft = 0x709a50c4
	q043          = 0x51303433
	q044          = 0x51303434
	q045          = 0x51303435
	q046          = 0x51303436
	q050          = 0x51303530
	draft22       = 0xff000016
	draft34       = 0xff000022
)

// Salts of the initial secret: RFC 9001 section 5.2, RFC 9369 section 3.3.1, and drafts of these.
var (
	saltQ050    = []byte("\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45")
	saltDraft22 = []byte("\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a")
	saltDraft23 = []byte("\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02")
	saltDraft29 = []byte("\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99")
	saltV1      = []byte("\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a")
	saltV2Draft = []byte("\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3")
	saltV2      = []byte("\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9")
)

// saltOf is the salt of a version, nil for one that is not known.
func saltOf(version uint32) []byte {
	switch {
	case version == version1:
		return saltV1
	case version == version2:
		return saltV2
	case version == version2Draft:
		return saltV2Draft
	case version == q050:
		return saltQ050
	case version == 0xfaceb001:
		return saltDraft22
	case version == 0xfaceb002: // mvfst by draft 27
		return saltDraft23
	case version < draft22 || version > draft34:
		return nil
	case version == draft22:
		return saltDraft22
	case version < 0xff00001d:
		return saltDraft23
	case version < 0xff000021:
		return saltDraft29
	}
	return saltV1
}

// keys are those of the Initial packets of one direction.
type keys struct {
	version uint32
	header  cipher.Block
	packet  cipher.AEAD
	iv      [12]byte
}

const keyLen = 16 // of AES-128, bytes

// deriveKeys makes the keys of a direction from the connection id that the client chose first (RFC 9001 section 5.2).
func deriveKeys(version uint32, dcid []byte, dir dissect.Dir) *keys {
	salt := saltOf(version)
	if salt == nil {
		return nil
	}
	initial, err := hkdf.Extract(sha256.New, dcid, salt)
	if err != nil {
		return nil
	}
	side, prefix := "client in", "quic "
	if dir == dissect.ToClient {
		side = "server in"
	}
	if version == version2 || version == version2Draft {
		prefix = "quicv2 "
	}
	secret := expand(initial, side, sha256.Size)
	hp, err1 := aes.NewCipher(expand(secret, prefix+"hp", keyLen))
	block, err2 := aes.NewCipher(expand(secret, prefix+"key", keyLen))
	if err1 != nil || err2 != nil {
		return nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	k := &keys{version: version, header: hp, packet: aead}
	copy(k.iv[:], expand(secret, prefix+"iv", len(k.iv)))
	return k
}

// expand is HKDF-Expand-Label without context (RFC 8446 section 7.1); nil where that fails.
func expand(secret []byte, label string, n int) []byte {
	info := string([]byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}) + "tls13 " + label + "\x00"
	out, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		return nil
	}
	return out
}

// sampleOff is how far behind the beginning of the packet number the sample lies from which its mask is made (RFC 9001 section 5.4.2).
const sampleOff = 4

// open removes the protection of an Initial packet, which b begins with. scratch is working memory; the plaintext lies in it.
func (k *keys) open(scratch []byte, b []byte, h *header) (plain, work []byte, ok bool) {
	head, end := h.size, h.size+len(h.payload)
	if k == nil || len(h.payload) < sampleOff+aes.BlockSize {
		return nil, scratch, false
	}
	var mask [aes.BlockSize]byte
	k.header.Encrypt(mask[:], b[head+sampleOff:head+sampleOff+aes.BlockSize])
	first := b[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	scratch = append(scratch[:0], b[:head+n]...)
	scratch[0] = first
	number := uint64(0)
	for i := range n {
		scratch[head+i] ^= mask[1+i]
		number = number<<8 | uint64(scratch[head+i])
	}
	nonce := k.iv
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^number)
	out, err := k.packet.Open(scratch[len(scratch):], nonce[:], b[head+n:end], scratch)
	if err != nil {
		return nil, scratch, false
	}
	return out, scratch, true
}
