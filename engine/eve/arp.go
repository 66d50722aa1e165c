package eve

import "github.com/luanids/luanids/dissect/packet"

// ARP appends the record of an ARP message, which the packet has.
func (x *Encoder) ARP(dst []byte, p *packet.Packet) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "arp", Time: p.Time, Pkt: p, ByPacket: true})
	a, _ := p.ARP()
	w.Open("arp")
	w.Key("hw_type") // the decoder takes no other types
	w.Str("ethernet")
	w.Key("proto_type")
	w.Str("ipv4")
	w.Key("opcode")
	w.Str(packet.ARPOpcode(a.Op))
	w.Key("src_mac")
	mac(w, a.SrcMAC[:])
	w.Key("src_ip")
	Addr(w, a.SrcIP)
	w.Key("dest_mac")
	mac(w, a.DstMAC[:])
	w.Key("dest_ip")
	Addr(w, a.DstIP)
	w.End()
	return x.finish()
}
