package quic

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// varint writes a number in as few bytes as it takes.
func varint(b []byte, v uint64) []byte {
	switch {
	case v < 1<<6:
		return append(b, byte(v))
	case v < 1<<14:
		return append(b, 0x40|byte(v>>8), byte(v))
	}
	return binary.BigEndian.AppendUint32(b, 0x80000000|uint32(v))
}

// initialPacket makes an Initial packet with these frames, protected as the sender of dir does that knows the client's first id.
func initialPacket(version uint32, dir dissect.Dir, origin, dcid, scid string, number byte, frames string) string {
	first := byte(0xc0)
	if version == version2 || version == version2Draft {
		first = 0xd0
	}
	b := binary.BigEndian.AppendUint32([]byte{first}, version)
	b = append(append(b, byte(len(dcid))), dcid...)
	b = append(append(b, byte(len(scid))), scid...)
	b = append(b, 0) // no token
	b = varint(b, uint64(1+len(frames)+16))
	head := len(b)
	b = append(b, number)
	k := deriveKeys(version, []byte(origin), dir)
	nonce := k.iv
	nonce[11] ^= number
	b = k.packet.Seal(b, nonce[:], []byte(frames), append([]byte(nil), b...))
	var mask [16]byte
	k.header.Encrypt(mask[:], b[head+sampleOff:head+sampleOff+16])
	b[0] ^= mask[0] & 0x0f
	b[head] ^= mask[1]
	return string(b)
}

// cryptoFrame makes a CRYPTO frame.
func cryptoFrame(off int, data string) string {
	return string(varint(varint([]byte{frameCrypto}, uint64(off)), uint64(len(data)))) + data
}

// clientHello is a hello that asks for a name, h3 and TLS 1.3.
func clientHello(name string) string {
	u16 := func(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
	ext := func(kind byte, s string) string { return string([]byte{0, kind}) + u16(s) }
	exts := ext(0, u16("\x00"+u16(name))) + ext(16, u16("\x02h3")) + ext(10, u16("\x00\x1d")) + ext(43, "\x02\x03\x04") + ext(13, u16("\x04\x03"))
	body := "\x03\x03" + string(make([]byte, 32)) + "\x00" + u16("\x13\x01\x13\x02") + "\x01\x00" + u16(exts)
	return "\x01\x00" + u16(body)
}

// serverHello chooses TLS_AES_128_GCM_SHA256.
func serverHello() string {
	body := "\x03\x03" + string(make([]byte, 32)) + "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
	return "\x02\x00\x00" + string([]byte{byte(len(body))}) + body
}
