package ftp

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/luanids/luanids/dissect/packet"
)

// hostPort reads "10,0,0,1,200,13" (RFC 959 section 4.1.2, PORT); the port is 0 when it is not that.
func hostPort(b []byte) (addr packet.Addr, port uint16) {
	var n [6]byte
	for i := range n {
		part, rest, more := bytes.Cut(b, []byte{','})
		v, err := strconv.ParseUint(string(bytes.TrimSpace(part)), 10, 8)
		if err != nil || more != (i < len(n)-1) {
			return packet.Addr{}, 0
		}
		n[i], b = byte(v), rest
	}
	return packet.V4(n[:4]), uint16(n[4])<<8 | uint16(n[5])
}

// extendedPort reads "|2|2001:db8::1|5282|", also without protocol and address, as replies to EPSV have it (RFC 2428
// sections 2 and 3). The delimiter is the first character.
func extendedPort(b []byte) (addr packet.Addr, port uint16) {
	if len(b) < 5 {
		return packet.Addr{}, 0
	}
	f := bytes.Split(b, b[:1])
	if len(f) != 5 {
		return packet.Addr{}, 0
	}
	v, err := strconv.ParseUint(string(f[3]), 10, 16)
	if err != nil {
		return packet.Addr{}, 0
	}
	if ip, err := netip.ParseAddr(string(f[2])); err == nil {
		if ip = ip.Unmap(); ip.Is4() {
			a := ip.As4()
			return packet.V4(a[:]), uint16(v)
		}
		addr = ip.As16()
	}
	return addr, uint16(v)
}

// inBrackets gives what stands in the last parentheses of a text, or for servers that leave them away what begins
// with the first digit.
func inBrackets(text []byte) []byte {
	open := bytes.LastIndexByte(text, '(')
	if open < 0 {
		i := bytes.IndexAny(text, "0123456789|")
		if i < 0 {
			return nil
		}
		return bytes.TrimRight(text[i:], ".) ")
	}
	inner, _, _ := bytes.Cut(text[open+1:], []byte{')'})
	return inner
}

// Announced looks for a data connection's port in the payload of a packet of a control connection, as the client (PORT,
// EPRT) or the server (227, 229) says it. It is for who has to know before the stream is put together; 0 for none.
func Announced(payload []byte) uint16 {
	if len(payload) < 8 {
		return 0
	}
	line, _, _ := bytes.Cut(payload[:min(len(payload), 256)], []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	port := uint16(0)
	switch string(bytes.ToUpper(line[:min(4, len(line))])) {
	case "PORT":
		_, port = hostPort(bytes.TrimSpace(line[4:]))
	case "EPRT":
		_, port = extendedPort(bytes.TrimSpace(line[4:]))
	case "227 ":
		_, port = hostPort(inBrackets(line[4:]))
	case "229 ":
		_, port = extendedPort(inBrackets(line[4:]))
	}
	return port
}
