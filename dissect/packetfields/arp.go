package packetfields

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// ofARP makes an accessor of the packet's ARP message.
func ofARP[T any](get func(a *packet.ARPHeader) T) func(e *dissect.Env) (v T, ok bool) {
	return func(e *dissect.Env) (v T, ok bool) {
		if e.Pkt == nil || !e.Pkt.HasAny(packet.LayerARP) {
			return v, false
		}
		a, _ := e.Pkt.ARP()
		return get(&a), true
	}
}

func arpText(name, doc string, get func(a *packet.ARPHeader) []byte) dissect.Field {
	value := ofARP(get)
	return dissect.Field{Name: name, Type: dissect.TString, Event: onPacket, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		v, _ := value(e)
		return v
	}}
}

func arpFields() []dissect.Field {
	addr := func(name, doc string, get func(a *packet.ARPHeader) netip.Addr) dissect.Field {
		return dissect.Field{Name: name, Type: dissect.TIP, Event: onPacket, Doc: doc, IP: ofARP(get)}
	}
	number := func(name, doc string, t dissect.Type, get func(a *packet.ARPHeader) int64) dissect.Field {
		return dissect.Field{Name: name, Type: t, Event: onPacket, Doc: doc, Int: ofARP(get)}
	}
	return []dissect.Field{
		arpText("arp.opcode", "what an ARP message is (RFC 826), in the words of EVE records", func(a *packet.ARPHeader) []byte {
			return dissect.Text(packet.ARPOpcode(a.Op))
		}).OneOf(packet.ARPOpcodes()...),
		number("arp.opcode.number", "the same as a number: 1 request, 2 reply (IANA arp-parameters)", dissect.TInt, func(a *packet.ARPHeader) int64 { return int64(a.Op) }).Bits(16),
		arpText("arp.src_mac", "link-layer address of the sender as the message has it, aa:bb:cc:dd:ee:ff; eth.src is that of the frame",
			func(a *packet.ARPHeader) []byte { return mac(a.SrcMAC[:]) }),
		addr("arp.src_ip", "address of the sender", func(a *packet.ARPHeader) netip.Addr { return a.SrcIP.Netip() }),
		arpText("arp.dest_mac", "link-layer address of the target, aa:bb:cc:dd:ee:ff; zeros in a request", func(a *packet.ARPHeader) []byte { return mac(a.DstMAC[:]) }),
		addr("arp.dest_ip", "address of the target: in a request, the one that is asked for", func(a *packet.ARPHeader) netip.Addr { return a.DstIP.Netip() }),
		number("arp.gratuitous", "the sender announces itself: its address is also the target's (RFC 5227 section 3)", dissect.TBool, func(a *packet.ARPHeader) int64 {
			return b2i(a.SrcIP == a.DstIP)
		}),
	}
}
