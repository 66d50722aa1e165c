package inject

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
)

// decode reads a packet back with the engine's own decoder, which checks the checksums.
func decode(t *testing.T, link capture.LinkType, b []byte) *packet.Packet {
	t.Helper()
	var p packet.Packet
	d := packet.NewDecoder(packet.DefaultConfig())
	d.Decode(&p, &capture.Packet{Data: b, Len: uint32(len(b)), Link: link})
	return &p
}

func TestResetIsWhatItSays(t *testing.T) {
	for _, c := range []struct{ src, dst string }{
		{"10.0.0.1", "192.168.200.254"}, {"::ffff:10.0.0.1", "10.0.0.2"},
		{"2001:db8::1", "2001:db8:ffff::ffff:1"}, {"255.255.255.254", "255.255.255.253"},
	} {
		r := Reset{Src: netip.MustParseAddr(c.src), Dst: netip.MustParseAddr(c.dst), SrcPort: 65535, DstPort: 80,
			Seq: 0xfffffff0, Ack: 0x80000001, Window: 0xbeef}
		p := decode(t, capture.LinkRaw, r.Append(nil))
		if p.EventCount != 0 || p.IPCsumBad || !p.TransportChecksumOK() {
			t.Errorf("%s: events %d, IP checksum bad %v, TCP checksum ok %v", c.src, p.EventCount, p.IPCsumBad, p.TransportChecksumOK())
		}
		if p.Src.Netip() != r.Src.Unmap() || p.Dst.Netip() != r.Dst.Unmap() || p.SrcPort != 65535 || p.DstPort != 80 {
			t.Errorf("%s: %v:%d -> %v:%d", c.src, p.Src.Netip(), p.SrcPort, p.Dst.Netip(), p.DstPort)
		}
		if p.Seq != r.Seq || p.AckNum != r.Ack || p.TCPWindow != r.Window || p.TCPFlags != packet.RST|packet.ACK || len(p.Payload) != 0 {
			t.Errorf("%s: seq %x ack %x window %x flags %x", c.src, p.Seq, p.AckNum, p.TCPWindow, p.TCPFlags)
		}
	}
}

func TestResetOfMixedFamiliesIsNothing(t *testing.T) {
	r := Reset{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("2001:db8::1")}
	if b := r.Append(nil); len(b) != 0 {
		t.Errorf("%d bytes", len(b))
	}
	if b := (&Reset{}).Append(nil); len(b) != 0 {
		t.Errorf("no addresses: %d bytes", len(b))
	}
}

func TestLinkHeader(t *testing.T) {
	r := Reset{Src: netip.MustParseAddr("2001:db8::1"), Dst: netip.MustParseAddr("2001:db8::2"), SrcPort: 1, DstPort: 2}
	l := Link{Dst: [6]byte{2, 0, 0, 0, 0, 1}, Src: [6]byte{2, 0, 0, 0, 0, 2}, VLANs: []uint16{100, 7}}
	ip := r.Append(nil)
	frame, err := l.header(nil, ip)
	if err != nil {
		t.Fatal(err)
	}
	p := decode(t, capture.LinkEthernet, append(frame, ip...))
	if p.VLANCount != 2 || p.VLANs[0] != 100 || p.VLANs[1] != 7 || p.Dst.Netip() != r.Dst || p.EventCount != 0 {
		t.Errorf("VLANs %v (%d), to %v, events %d", p.VLANs, p.VLANCount, p.Dst.Netip(), p.EventCount)
	}
	if _, err := (&Link{}).header(nil, ip); err == nil || !strings.Contains(err.Error(), "respond.interface") {
		t.Errorf("without addresses: %v", err)
	}
}

func BenchmarkResetAppend(b *testing.B) {
	r := Reset{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), SrcPort: 1, DstPort: 2}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = r.Append(buf[:0])
	}
}
