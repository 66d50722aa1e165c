package packetfields

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/dissect/packet/communityid"
)

func flowFields() []dissect.Field {
	const toServer, toClient = dissect.ToServer, dissect.ToClient
	f := []dissect.Field{
		flowNum("flow.id", "id of the flow, the same on every replay of a capture (EVE's flow_id)",
			func(f *dissect.Flow) int64 { return int64(f.ID) }),
		flowNum("flow.start", "time of the flow's first packet", func(f *dissect.Flow) int64 { return f.Start }).Of(dissect.TTime),
		flowNum("flow.last", "time of the flow's last packet", func(f *dissect.Flow) int64 { return f.Last }).Of(dissect.TTime),
		flowNum("flow.age", "time from the flow's first packet to its last",
			func(f *dissect.Flow) int64 { return max(f.Last-f.Start, 0) }).Of(dissect.TDuration).Also("flow.duration"),
		flowNum("flow.packets", "packets of the flow, both directions", func(f *dissect.Flow) int64 { return int64(f.Packets[0] + f.Packets[1]) }),
		flowNum("flow.bytes", "bytes of the flow's frames on the wire, both directions",
			func(f *dissect.Flow) int64 { return int64(f.Bytes[0] + f.Bytes[1]) }).Of(dissect.TSize),
		flowNum("flow.payload", "transport payload of the flow, both directions, bytes",
			func(f *dissect.Flow) int64 { return int64(f.Payload[0] + f.Payload[1]) }).Of(dissect.TSize),
		flowBool("flow.midstream", "the flow was picked up without its handshake", func(f *dissect.Flow) bool { return f.Midstream }),
		flowBool("flow.elephant", "the flow sent more at a time, in either direction, than the setting flow.rate_tracking takes for usual",
			func(f *dissect.Flow) bool { return f.Elephant[0] || f.Elephant[1] }),
		flowBool("flow.gaps", "bytes of the flow's stream were lost", func(f *dissect.Flow) bool { return f.Gaps[0] || f.Gaps[1] }),
		flowNum("flow.tx_count", "messages of the flow's protocol so far", func(f *dissect.Flow) int64 { return int64(f.TxCount) }),
		{Name: "flow.tx_id", Type: dissect.TInt, Doc: "number of the message in its flow, from 0; a request and its response have the same (EVE's tx_id)",
			Int: func(e *dissect.Env) (int64, bool) {
				if n, ok := e.Tx.(dissect.Numbered); ok && !e.Guessed {
					return int64(n.TxID()), true
				}
				return 0, false
			}},
		flowNum("flow.alerts", "alerts of the flow so far", func(f *dissect.Flow) int64 { return int64(f.Alerts) }),
		{Name: "flow.state", Type: dissect.TString, Doc: "state of the flow, in Suricata's words", Values: stateNames(),
			Bytes: func(e *dissect.Env) []byte {
				if e.Flow == nil {
					return nil
				}
				return stateBytes[e.Flow.State&3]
			}},
		{Name: "flow.app", Type: dissect.TString, Lower: true, Doc: "application protocol of the flow: http; failed when it was not recognised (EVE's app_proto)",
			Bytes: appName},
		appBySide("flow.app_to_server", dissect.ToServer), appBySide("flow.app_to_client", dissect.ToClient),
		{Name: "flow.app_orig", Type: dissect.TString, Doc: "application protocol before the flow changed it (STARTTLS, CONNECT, WebSocket)",
			Bytes: func(e *dissect.Env) []byte {
				if e.Flow == nil {
					return nil
				}
				return specName(e.Flow.AppOrig)
			}},
		{Name: "established", Type: dissect.TBool, Doc: "both sides of the flow were seen; for TCP, the handshake was completed or the flow picked up midstream",
			Int: func(e *dissect.Env) (int64, bool) {
				return b2i(e.Flow != nil && e.Flow.State != dissect.FlowNew), true
			}},
		dirBool("to_server", "goes from the client to the server", toServer),
		dirBool("to_client", "goes from the server to the client", toClient),
		{Name: "community_id", Type: dissect.TString, Doc: "Community ID of the flow or packet, version 1, seed 0 (https://github.com/corelight/community-id-spec)",
			Bytes: communityID},
	}
	for _, d := range []struct {
		dir  dissect.Dir
		name string
		doc  string
	}{{toServer, "_to_server", "client to server"}, {toClient, "_to_client", "server to client"}} {
		f = append(f,
			flowNum("flow.packets"+d.name, "packets, "+d.doc, func(f *dissect.Flow) int64 { return int64(f.Packets[d.dir]) }),
			flowNum("flow.bytes"+d.name, "bytes of frames on the wire, "+d.doc,
				func(f *dissect.Flow) int64 { return int64(f.Bytes[d.dir]) }).Of(dissect.TSize),
			flowNum("flow.payload"+d.name, "transport payload, "+d.doc+", bytes",
				func(f *dissect.Flow) int64 { return int64(f.Payload[d.dir]) }).Of(dissect.TSize),
			flowBool("flow.elephant"+d.name, "the flow sent more at a time than the setting flow.rate_tracking takes for usual, "+d.doc,
				func(f *dissect.Flow) bool { return f.Elephant[d.dir] }),
			flowNum("flow.tcp_flags"+d.name, "union of the TCP flags seen, "+d.doc,
				func(f *dissect.Flow) int64 { return int64(f.TCPFlags[d.dir]) }).Bits(8),
			flowNum("flow.min_ttl"+d.name, "least TTL seen, "+d.doc, func(f *dissect.Flow) int64 { return int64(f.MinTTL[d.dir]) }).Bits(8),
			flowNum("flow.max_ttl"+d.name, "greatest TTL seen, "+d.doc, func(f *dissect.Flow) int64 { return int64(f.MaxTTL[d.dir]) }).Bits(8),
		)
	}
	return f
}

func flowBool(name, doc string, get func(f *dissect.Flow) bool) dissect.Field {
	return flowNum(name, doc, func(f *dissect.Flow) int64 { return b2i(get(f)) }).Of(dissect.TBool)
}

// dirBool declares a direction; what belongs to no flow has none.
func dirBool(name, doc string, dir dissect.Dir) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TBool, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		return b2i(e.Flow != nil && e.Dir == dir), e.Flow != nil
	}}
}

var stateBytes = func() (t [4][]byte) {
	for i := range t {
		t[i] = []byte(dissect.FlowState(i).String())
	}
	return t
}()

func stateNames() (names []string) {
	for _, s := range stateBytes {
		names = append(names, string(s))
	}
	return names
}

func specName(s *dissect.Spec) []byte {
	if s == nil {
		return nil
	}
	return dissect.Text(s.Name)
}

var appFailed = []byte("failed")

// appBySide is the field of what one side of a flow was recognised as.
func appBySide(name string, dir dissect.Dir) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Doc: "application protocol that this direction of the flow was recognised as (EVE's app_proto_ts and app_proto_tc)",
		Bytes: func(e *dissect.Env) []byte {
			if e.Flow == nil || e.Flow.AppUnacked && e.Event == dissect.EvPacket {
				return nil
			}
			return specName(e.Flow.AppBy[dir])
		}}
}

func appName(e *dissect.Env) []byte {
	switch {
	case e.Flow == nil, e.Flow.AppUnacked && e.Event == dissect.EvPacket:
		return nil
	case e.Flow.App == nil && e.Flow.AppFailed:
		return appFailed
	}
	return specName(e.Flow.App)
}

func communityID(e *dissect.Env) []byte {
	switch {
	case e.Flow != nil && !icmpProto(e.Flow.Key.Proto):
		k := &e.Flow.Key
		return communityid.AppendID(nil, 0, k.Src, k.Dst, k.SrcPort, k.DstPort, k.Proto)
	case e.Pkt != nil && e.Pkt.HasAny(packet.LayerIP):
		return []byte(communityid.Of(e.Pkt, 0))
	case e.Flow != nil:
		k := &e.Flow.Key
		return communityid.AppendID(nil, 0, k.Src, k.Dst, k.SrcPort, k.DstPort, k.Proto)
	}
	return nil
}

func icmpProto(n uint8) bool { return n == packet.ProtoICMP || n == packet.ProtoICMPv6 }
