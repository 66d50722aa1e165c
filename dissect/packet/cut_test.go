package packet

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/luanids/luanids/capture"
)

// TestSnapLength: what the capture cut short is decoded as far as it goes; what is short by
// itself is not.
func TestSnapLength(t *testing.T) {
	frame := make([]byte, 14+20+20+26)
	copy(frame[12:], []byte{8, 0, 0x45, 0})
	binary.BigEndian.PutUint16(frame[16:], 20+20+946)
	frame[22], frame[23] = 64, ProtoTCP
	copy(frame[26:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(frame[34:], 1234)
	binary.BigEndian.PutUint16(frame[36:], 80)
	frame[46], frame[47] = 0x50, ACK
	d := NewDecoder(DefaultConfig())
	var p Packet
	d.Decode(&p, &capture.Packet{Data: frame, Len: 1000, Num: 1, Link: capture.LinkEthernet})
	if !p.Cut || !p.Has(LayerIPv4|LayerTCP) || !p.WantsFlow || p.DstPort != 80 || len(p.Payload) != 26 {
		t.Errorf("cut by the capture: Cut %v, layers %b, port %d, %d bytes of payload", p.Cut, p.Layers, p.DstPort, len(p.Payload))
	}
	if slices.Contains(p.EventList(), EvAFPacketTruncated) {
		t.Errorf("a file cut it: events %v", p.EventList())
	}
	iface := "eth0"
	d.Decode(&p, &capture.Packet{Data: frame, Len: 1000, Num: 1, Link: capture.LinkEthernet, Iface: &iface})
	if p.EventList()[0] != EvAFPacketTruncated || !p.WantsFlow || p.Invalid {
		t.Errorf("an interface cut it: events %v, a flow is wanted %v, invalid %v", p.EventList(), p.WantsFlow, p.Invalid)
	}
	if !p.TransportChecksumOK() {
		t.Error("a checksum that cannot be verified counts as wrong")
	}
	d.Decode(&p, &capture.Packet{Data: frame, Len: uint32(len(frame)), Num: 2, Link: capture.LinkEthernet})
	if p.Cut || p.Has(LayerTCP) || !p.Invalid {
		t.Errorf("short by itself: Cut %v, layers %b, invalid %v", p.Cut, p.Layers, p.Invalid)
	}
}
