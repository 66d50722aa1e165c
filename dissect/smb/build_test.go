package smb

import (
	"encoding/binary"
	"unicode/utf16"
)

const captures = "../../testdata/captures/"

// le16s, le32s and le64s write numbers, least byte first.
func le16s(v ...uint16) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, x)
	}
	return
}

func le32s(v ...uint32) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return
}

func le64s(v ...uint64) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return
}

func utf16le(s string) []byte { return le16s(utf16.Encode([]rune(s))...) }

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return
}

// nbss puts the header of NetBIOS before messages.
func nbss(m ...[]byte) []byte {
	b := join(m...)
	return append([]byte{0, byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

// raw2 is a command of SMB 2 in session 9 and tree 3; next is where the next one of a chain begins.
func raw2(cmd uint16, flags uint32, status uint32, next uint32, msg uint64, body []byte) []byte {
	return join([]byte("\xfeSMB"), le16s(64, 0), le32s(status), le16s(cmd, 1), le32s(flags, next), le64s(msg), le32s(0, 3), le64s(9), make([]byte, 16), body)
}

// message2 is a request, answer2 a response.
func message2(cmd uint16, msg uint64, body []byte) []byte { return nbss(raw2(cmd, 0, 0, 0, msg, body)) }
func answer2(cmd uint16, msg uint64, status uint32, body []byte) []byte {
	return nbss(raw2(cmd, 1, status, 0, msg, body))
}

func handle(n byte) []byte { return append([]byte{n}, make([]byte, 15)...) }

// write2 is the body of a write of n bytes at off on handle 1; data is what is there of them.
func write2(off uint64, n uint32, data []byte) []byte {
	return join(le16s(49, 112), le32s(n), le64s(off), handle(1), make([]byte, 16), data)
}

func readRequest2(off uint64, n uint32) []byte {
	return join(le16s(49, 0), le32s(n), le64s(off), handle(1), make([]byte, 17))
}

func readAnswer2(data []byte) []byte {
	return join(le16s(17, 80), le32s(uint32(len(data)), 0, 0), data)
}

func createRequest2(name string, options uint32) []byte {
	n := utf16le(name)
	return join(le16s(57, 0), make([]byte, 32), le32s(5, options), le16s(120, uint16(len(n))), make([]byte, 8), n)
}

func createAnswer2(size uint64) []byte {
	return join(make([]byte, 8), le64s(0, 0, 0, 0, 0, size, 0), handle(1), make([]byte, 8))
}

func treeRequest2(path string) []byte {
	n := utf16le(path)
	return join(le16s(9, 0, 72, uint16(len(n))), n)
}

func treeAnswer2(kind byte) []byte { return join([]byte{16, 0, kind, 0}, make([]byte, 12)) }

// raw1 is a message of SMB 1 with texts in UTF-16.
func raw1(cmd uint8, response bool, mid uint16, words, data []byte) []byte {
	flags := byte(0x18)
	if response {
		flags |= 0x80
	}
	return join([]byte("\xffSMB"), []byte{cmd}, le32s(0), []byte{flags}, le16s(0xc001), make([]byte, 12), le16s(1, 2, 3, mid),
		[]byte{byte(len(words) / 2)}, words, le16s(uint16(len(data))), data)
}

func message1(cmd uint8, mid uint16, words, data []byte) []byte {
	return nbss(raw1(cmd, false, mid, words, data))
}
func answer1(cmd uint8, mid uint16, words, data []byte) []byte {
	return nbss(raw1(cmd, true, mid, words, data))
}

// pdu is a PDU of DCERPC, least byte first.
func pdu(kind, flags byte, call uint32, body []byte) []byte {
	return join([]byte{5, 0, kind, flags, 0x10, 0, 0, 0}, le16s(uint16(16+len(body)), 0), le32s(call), body)
}

// svcctl is 367abb81-9844-35f1-ad32-98f038001003 as it is transmitted.
var svcctl = []byte{0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03}

func bindPDU(call uint32) []byte {
	return pdu(11, 3, call, join(le16s(4280, 4280), le32s(0), []byte{1, 0, 0, 0}, le16s(0), []byte{1, 0}, svcctl, le16s(2, 0), make([]byte, 20)))
}

func bindAckPDU(call uint32) []byte {
	return pdu(12, 3, call, join(le16s(4280, 4280), le32s(1), le16s(2), []byte("x\x00"), []byte{1, 0, 0, 0}, le16s(0, 0), make([]byte, 20)))
}

func callPDU(flags byte, call uint32, opnum uint16, stub string) []byte {
	return pdu(0, flags, call, join(le32s(uint32(len(stub))), le16s(0, opnum), []byte(stub)))
}
