// Package packetfields declares the fields of packets and flows that rules, scripts and
// outputs read: what dissect/packet decodes and what the flow table knows. They are known at
// every event; a field whose layer the packet does not have is absent.
package packetfields

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Fields gives all fields of packets and flows.
func Fields() []dissect.Field {
	var all []dissect.Field
	for _, part := range [][]dissect.Field{
		endpointFields(), protocolFields(), linkFields(), arpFields(), ipFields(), transportFields(),
		icmpFields(), packetFields(), flowFields(),
	} {
		all = append(all, part...)
	}
	return all
}

// onPacket is the event at which rules that name fields of packets, and none of a message, are judged.
const onPacket = "packet"

// num declares a number of the packet.
func num(name, doc string, get func(p *packet.Packet) (int64, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Event: onPacket, Doc: doc, IntOfPacket: get, Int: func(e *dissect.Env) (int64, bool) {
		if e.Pkt == nil {
			return 0, false
		}
		return get(e.Pkt)
	}}
}

// layerNum declares a number that packets with one of the layers have.
func layerNum(name string, layers packet.Layer, doc string, get func(p *packet.Packet) int64) dissect.Field {
	return num(name, doc, func(p *packet.Packet) (int64, bool) {
		if !p.HasAny(layers) {
			return 0, false
		}
		return get(p), true
	})
}

// bin declares bytes of the packet; nil means absent.
func bin(name, doc string, get func(p *packet.Packet) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TBytes, Event: onPacket, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		if e.Pkt == nil {
			return nil
		}
		return get(e.Pkt)
	}}
}

// flag declares a truth value of the packet, absent without one of the layers.
func flag(name string, layers packet.Layer, doc string, get func(p *packet.Packet) bool) dissect.Field {
	return layerNum(name, layers, doc, func(p *packet.Packet) int64 { return b2i(get(p)) }).Of(dissect.TBool)
}

// flowNum declares a number of the flow.
func flowNum(name, doc string, get func(f *dissect.Flow) int64) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		if e.Flow == nil {
			return 0, false
		}
		return get(e.Flow), true
	}}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
