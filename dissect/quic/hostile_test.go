package quic

import (
	"encoding/binary"
	"strings"
	"testing"
)

// other makes a packet with a long header that is not an Initial one: 0-RTT or Handshake, of version 1.
func other(kind Kind, dcid, content string) string {
	b := binary.BigEndian.AppendUint32([]byte{0xc0 | byte(kind-1)<<4}, version1)
	b = append(append(b, byte(len(dcid))), dcid...)
	b = append(b, 0)
	return string(varint(b, uint64(len(content)))) + content
}

// TestBehindOthers: the hello is found behind other packets of a datagram (RFC 9000 section 12.2).
func TestBehindOthers(t *testing.T) {
	hello := initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example")))
	for name, before := range map[string]string{
		"0-RTT": other(ZeroRTT, origin, strings.Repeat("e", 60)), "Handshake": other(Handshake, origin, strings.Repeat("e", 60)),
		"two": other(ZeroRTT, origin, "early") + other(Handshake, origin, "late"),
	} {
		r := recorder("quic.sni")
		r.Data(ts, before+hello)
		if got := r.Text(); !strings.Contains(got, `quic.sni="www.example"`) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestLongFrameTypes: the type of a frame is a number of variable length; some servers take it in more bytes than it needs.
func TestLongFrameTypes(t *testing.T) {
	crypto := cryptoFrame(0, clientHello("www.example"))[1:]
	for _, kind := range []string{"\x40\x06", "\x80\x00\x00\x06", "\xc0\x00\x00\x00\x00\x00\x00\x06"} {
		r := recorder("quic.sni")
		r.Data(ts, initialPacket(version1, ts, origin, origin, "", 0, "\x40\x01"+kind+crypto))
		if got := r.Text(); !strings.Contains(got, `quic.sni="www.example"`) {
			t.Errorf("type %x: %s", kind, got)
		}
	}
}
