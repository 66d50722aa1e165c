package packet_test

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
)

// TestAgreesWithGopacket decodes the outermost packet of every frame of the test captures with
// gopacket too, and compares what both say.
func TestAgreesWithGopacket(t *testing.T) {
	files, err := filepath.Glob("../../testdata/captures/*.pcap*")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	compared := 0
	for _, f := range files {
		src, err := capture.Open([]string{f}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := packet.NewDecoder(packet.DefaultConfig())
		var b capture.Batch
		var p packet.Packet
		for {
			err := src.ReadBatch(&b)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Packets {
				if raw := &b.Packets[i]; raw.Link == capture.LinkEthernet && int(raw.Len) == len(raw.Data) {
					d.Decode(&p, raw)
					compared += compare(t, f, &p)
				}
			}
		}
		src.Close()
	}
	if compared < 15000 {
		t.Errorf("only %d packets were compared", compared)
	}
}

func compare(t *testing.T, file string, p *packet.Packet) int {
	g := gopacket.NewPacket(p.Data, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	net := g.NetworkLayer()
	if net == nil || g.Layer(layers.LayerTypeMPLS) != nil || p.Layers&(packet.LayerFragment|packet.LayerTunnel) != 0 {
		return 0
	}
	src, dst := net.NetworkFlow().Endpoints()
	if p.Src.Netip().String() != src.String() || p.Dst.Netip().String() != dst.String() {
		t.Errorf("%s packet %d: addresses %s > %s, gopacket says %s > %s", file, p.Num, p.Src.Netip(), p.Dst.Netip(), src, dst)
	}
	switch l := g.TransportLayer().(type) {
	case *layers.TCP:
		if p.IPProto == packet.ProtoTCP && (p.SrcPort != uint16(l.SrcPort) || p.DstPort != uint16(l.DstPort) || p.Seq != l.Seq ||
			p.AckNum != l.Ack || p.TCPWindow != l.Window || len(p.Payload) != len(l.Payload)) {
			t.Errorf("%s packet %d: TCP %d > %d seq %d, %d bytes; gopacket says %d > %d seq %d, %d bytes", file, p.Num,
				p.SrcPort, p.DstPort, p.Seq, len(p.Payload), l.SrcPort, l.DstPort, l.Seq, len(l.Payload))
		}
		return 1
	case *layers.UDP:
		if p.IPProto == packet.ProtoUDP && (p.SrcPort != uint16(l.SrcPort) || p.DstPort != uint16(l.DstPort) || len(p.Payload) != len(l.Payload)) {
			t.Errorf("%s packet %d: UDP %d > %d, %d bytes; gopacket says %d > %d, %d bytes", file, p.Num,
				p.SrcPort, p.DstPort, len(p.Payload), l.SrcPort, l.DstPort, len(l.Payload))
		}
		return 1
	}
	return 0
}
