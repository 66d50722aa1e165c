package packet

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
)

// unhex turns hex digits, with spaces and newlines anywhere, into bytes.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	return unhexNamed(t, "test", s)
}

func unhexNamed(t testing.TB, name, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatalf("%s: bad hex: %v", name, err)
	}
	return b
}

const (
	hexEth    = "020000000002 020000000001 "
	hexIPv4   = "45000034 12344000 40060000 0a000001 0a000002 " // total 52
	hexTCP    = "c0000050 00000001 00000002 80180200 00000000 0101080a 00000003 00000004 "
	hexIPv6   = "60000000 00201140 20010db8000000000000000000000001 20010db8000000000000000000000002 "
	hexInner  = "4500001c 00010000 40110000 0a600001 b91b7306 00350030 00080000 "
	hexUDPHdr = "c00012b5 003a0000 "
)

func benchDecode(b *testing.B, frame string, inner bool) {
	raw := capture.Packet{Data: unhex(b, frame), Link: capture.LinkEthernet, Num: 1}
	raw.Len = uint32(len(raw.Data))
	d := NewDecoder(DefaultConfig())
	var p, in Packet
	b.SetBytes(int64(len(raw.Data)))
	b.ReportAllocs()
	for b.Loop() {
		d.Decode(&p, &raw)
		if inner && (!p.Has(LayerTunnel) || !d.DecodeInner(&p, &in)) {
			b.Fatal("not a tunnel")
		}
	}
	if p.EventCount != 0 {
		b.Fatalf("events: %v", p.EventList())
	}
}

func BenchmarkDecodeEthIPv4TCP(b *testing.B) { benchDecode(b, hexEth+"0800"+hexIPv4+hexTCP, false) }

func BenchmarkDecodeEthIPv4TCPSyn(b *testing.B) {
	benchDecode(b, hexEth+"0800"+"4500003c12344000400600000a0000010a000002"+
		"c0000050 00000001 00000000 a0020200 00000000 020405b4 0402080a 00000003 00000000 01030307", false)
}

func BenchmarkDecodeVLANIPv4TCP(b *testing.B) {
	benchDecode(b, hexEth+"8100 0064 0800"+hexIPv4+hexTCP, false)
}

func BenchmarkDecodeEthIPv6TCP(b *testing.B) {
	benchDecode(b, hexEth+"86dd"+strings.Replace(hexIPv6, "00201140", "00200640", 1)+hexTCP, false)
}

func BenchmarkDecodeEthIPv4UDP(b *testing.B) {
	benchDecode(b, hexEth+"0800"+hexInner, false)
}

func BenchmarkDecodeVXLANInner(b *testing.B) {
	benchDecode(b, hexEth+"0800"+"4500004e000100004011 0000 0a000001 0a000002"+hexUDPHdr+
		"0800000000002500"+hexEth+"0800"+hexInner, true)
}

func BenchmarkTransportChecksum(b *testing.B) {
	frame := append(unhex(b, hexEth+"0800"+"450005dc12344000400600000a0000010a000002"+hexTCP), make([]byte, 1448)...)
	raw := capture.Packet{Data: frame, Link: capture.LinkEthernet}
	d := NewDecoder(DefaultConfig())
	var p Packet
	d.Decode(&p, &raw)
	if !p.Has(LayerTCP) {
		b.Fatal("no TCP")
	}
	b.SetBytes(int64(len(p.IPPayload())))
	b.ReportAllocs()
	for b.Loop() {
		p.TransportChecksumOK()
	}
}
