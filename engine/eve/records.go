package eve

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// Protocol appends the record of a protocol's message, unless the protocol writes nothing for it.
func (x *Encoder) Protocol(dst []byte, e *dissect.Env, spec *dissect.Spec, byDir bool, txID uint64, hasTx bool) []byte {
	w := x.begin(dst)
	h := Head{Type: spec.RecordType(), Time: e.Time, Pkt: e.Pkt, Flow: e.Flow}
	if byDir {
		h.Dir = e.Dir
	}
	behind := x.xff.ofRecord(spec)
	h.Client = behind.replaced(e)
	x.header(w, &h)
	if !protocolBody(w, e, spec, txID, hasTx) {
		x.w.B = nil
		return dst
	}
	behind.member(w, e)
	return x.finish()
}

// Client is the address that takes the place of the client's in the record of a message of spec, or of a file for a nil spec; zero for none.
func (x *Encoder) Client(e *dissect.Env, spec *dissect.Spec) packet.Addr {
	if spec == nil {
		return x.xff.ofFile(e).replaced(e)
	}
	return x.xff.ofRecord(spec).replaced(e)
}

// protocolBody writes a record behind its header; false: the protocol wants no record of this message.
func protocolBody(w *jsonw.Writer, e *dissect.Env, spec *dissect.Spec, txID uint64, hasTx bool) bool {
	if hasTx {
		w.Key("tx_id")
		w.Uint(txID)
	}
	head := len(w.B)
	spec.EVE(w, e)
	return len(w.B) > head
}

// File appends the fileinfo record of the file that e is about.
func (x *Encoder) File(dst []byte, e *dissect.Env) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "fileinfo", Time: e.Time, Pkt: e.Pkt, Flow: e.Flow, Dir: e.File.Dir, Client: x.Client(e, nil)})
	x.fileBody(w, e)
	return x.finish()
}

func (x *Encoder) fileBody(w *jsonw.Writer, e *dissect.Env) {
	x.context(w, e)
	if e.Flow != nil && e.Flow.App != nil {
		w.Key("app_proto")
		w.Str(e.Flow.App.Name)
	}
	filefields.EVE(w, e.File)
	x.xff.ofFile(e).member(w, e)
}

// context writes the protocol's object for the message that e is about.
func (x *Encoder) context(w *jsonw.Writer, e *dissect.Env) {
	if e.Flow == nil || e.Flow.App == nil || e.Tx == nil {
		return
	}
	if app := e.Flow.App; app.Context != nil {
		app.Context(w, e)
	} else if app.EVE != nil {
		app.EVE(w, e)
	}
}

// AnomalyKind says where an anomaly was found.
type AnomalyKind uint8

// The kinds, with the names of EVE's anomaly.type.
const (
	DecodeAnomaly AnomalyKind = iota
	StreamAnomaly
	AppAnomaly
)

// Wanted tells whether anomalies of the kind are written.
func (o *Options) Wanted(k AnomalyKind) bool {
	if !o.Core[Anomaly] {
		return false
	}
	switch k {
	case DecodeAnomaly:
		return o.Anomalies.Decode
	case StreamAnomaly:
		return o.Anomalies.Stream
	}
	return o.Anomalies.AppLayer
}

// AnomalyOf appends an anomaly record. event is the full name: decoder.ipv4.pkt_too_small,
// stream.pkt_invalid_ack, or the protocol's event without its protocol. layer is where in the
// protocol it was found ("proto_parser"), for AppAnomaly.
func (x *Encoder) AnomalyOf(dst []byte, k AnomalyKind, e *dissect.Env, event, layer string) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "anomaly", Time: e.Time, Pkt: e.Pkt, Flow: e.Flow, ByPacket: true})
	x.anomalyBody(w, k, e, event, layer)
	return x.finish()
}

// anomalyHead is how many bytes of a packet an anomaly's record shows, as in Suricata.
const anomalyHead = 32

func (x *Encoder) anomalyBody(w *jsonw.Writer, k AnomalyKind, e *dissect.Env, event, layer string) {
	if k == AppAnomaly {
		txNumber(w, e)
	}
	w.Open("anomaly")
	if k == AppAnomaly {
		if e.Flow != nil && e.Flow.App != nil {
			w.Key("app_proto")
			w.Str(e.Flow.App.Name)
		}
		w.Key("type")
		w.Str("applayer")
	} else {
		w.Key("type")
		w.Str([...]string{"decode", "stream"}[k])
	}
	w.Key("event")
	w.Str(event)
	if layer != "" {
		w.Key("layer")
		w.Str(layer)
	}
	w.End()
	if o := &x.opt.Anomalies; o.PacketHdr && o.Decode && k != AppAnomaly && e.Pkt != nil {
		packetBytes(w, e.Pkt, anomalyHead)
	}
}

// txNumber writes the number of the message that e is about, if it has one.
func txNumber(w *jsonw.Writer, e *dissect.Env) {
	if n, ok := e.Tx.(dissect.Numbered); ok {
		w.Key("tx_id")
		w.Uint(n.TxID())
	}
}

// FlowEnd is what a flow record needs beside the flow.
type FlowEnd struct {
	Reason string
	Action string  // what rules decided for the flow, "" for nothing
	TCP    *TCPEnd // for TCP flows
	// Exceptions are the exception policies that were applied.
	Exceptions []Exception
}

// Exception is what went wrong in a flow, and what policy was applied.
type Exception struct{ Target, Policy string }

// TCPEnd is what a flow record tells of the connection.
type TCPEnd struct {
	State  string    // "" where no session was followed, of which the rest is told
	Gap    [2]bool   // bytes are missing, by direction
	Urgent [2]uint64 // urgent bytes taken out of the stream
}

// Flow appends the record of a flow that ended at time now.
func (x *Encoder) Flow(dst []byte, f *dissect.Flow, now int64, end FlowEnd) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "flow", Time: now, Flow: f, OfFlow: true})
	x.flowICMP(w, f)
	flowSPI(w, f)
	x.appProto(w, f)
	w.Open("flow")
	counters(w, f)
	w.Key("start")
	x.Time(w, f.Start)
	w.Key("end")
	x.Time(w, f.Last)
	w.Key("age")
	w.Int(f.Last/1e9 - f.Start/1e9)
	w.Key("state")
	w.Str(f.State.String())
	if f.Bypass {
		w.Key("bypass")
		w.Str("local")
	}
	w.Key("reason")
	w.Str(end.Reason)
	w.Key("alerted")
	w.Bool(f.Alerts > 0)
	if f.Elephant[0] || f.Elephant[1] {
		w.Key("elephant")
		w.Bool(true)
	}
	if end.Action != "" {
		w.Key("action")
		w.Str(end.Action)
	}
	if f.TxCount > 0 {
		w.Key("tx_cnt")
		w.Uint(f.TxCount)
	}
	if len(end.Exceptions) > 0 {
		w.OpenArray("exception_policy")
		for _, e := range end.Exceptions {
			w.Object()
			w.Key("target")
			w.Str(e.Target)
			w.Key("policy")
			w.Str(e.Policy)
			w.End()
		}
		w.EndArray()
	}
	w.End()
	if end.TCP != nil {
		flowTCP(w, f, end.TCP)
	}
	return x.finish()
}

func counters(w *jsonw.Writer, f *dissect.Flow) {
	w.Key("pkts_toserver")
	w.Uint(f.Packets[0])
	w.Key("pkts_toclient")
	w.Uint(f.Packets[1])
	w.Key("bytes_toserver")
	w.Uint(f.Bytes[0])
	w.Key("bytes_toclient")
	w.Uint(f.Bytes[1])
}

// flowSPI writes the security parameters index of ESP, which the flow's ports hold.
func flowSPI(w *jsonw.Writer, f *dissect.Flow) {
	if f.Key.Proto == packet.ProtoESP {
		w.Key("spi")
		w.Uint(uint64(f.Key.SrcPort)<<16 | uint64(f.Key.DstPort))
	}
}

func (x *Encoder) flowICMP(w *jsonw.Writer, f *dissect.Flow) {
	if f.Key.Proto != packet.ProtoICMP && f.Key.Proto != packet.ProtoICMPv6 {
		return
	}
	w.Key("icmp_type")
	w.Uint(uint64(f.Key.SrcPort))
	w.Key("icmp_code")
	w.Uint(uint64(f.ICMPCode[0]))
	if f.Packets[1] > 0 {
		w.Key("response_icmp_type")
		w.Uint(uint64(f.Key.DstPort))
		w.Key("response_icmp_code")
		w.Uint(uint64(f.ICMPCode[1]))
	}
}

// appProto writes what the flow was recognised as.
func (x *Encoder) appProto(w *jsonw.Writer, f *dissect.Flow) {
	if f.App == nil {
		if f.AppFailed {
			w.Key("app_proto")
			w.Str("failed")
		}
		return
	}
	w.Key("app_proto")
	w.Str(f.App.Name)
	for d, key := range [...]string{"app_proto_ts", "app_proto_tc"} {
		if s := f.AppBy[d]; s != nil && s != f.App {
			w.Key(key)
			w.Str(s.Name)
		}
	}
	if f.AppOrig != nil && f.AppOrig != f.App {
		w.Key("app_proto_orig")
		w.Str(f.AppOrig.Name)
	}
	if f.AppExpected != nil && f.AppExpected != f.App {
		w.Key("app_proto_expected")
		w.Str(f.AppExpected.Name)
	}
}

// flagNames are the TCP flags in the order of their bits.
var flagNames = [8]string{"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"}

func flowTCP(w *jsonw.Writer, f *dissect.Flow, end *TCPEnd) {
	w.Open("tcp")
	hex2 := func(k string, v uint8) {
		w.Key(k)
		w.Hex([]byte{v})
	}
	all := f.TCPFlags[0] | f.TCPFlags[1]
	hex2("tcp_flags", all)
	hex2("tcp_flags_ts", f.TCPFlags[0])
	hex2("tcp_flags_tc", f.TCPFlags[1])
	for _, bit := range [...]int{1, 0, 2, 3, 4, 5, 6, 7} {
		if all&(1<<bit) != 0 {
			w.Key(flagNames[bit])
			w.Bool(true)
		}
	}
	if end.State == "" {
		w.End()
		return
	}
	w.Key("state")
	w.Str(end.State)
	for d, p := range [...]string{"ts", "tc"} {
		if end.Gap[d] {
			w.Key(p + "_gap")
			w.Bool(true)
		}
		w.Key(p + "_max_regions")
		w.Int(1)
		if end.Urgent[d] > 0 {
			w.Key(p + "_urgent_oob_data")
			w.Uint(end.Urgent[d])
		}
	}
	w.End()
}

// Netflow appends the record of one direction of a flow that ended at time now.
func (x *Encoder) Netflow(dst []byte, f *dissect.Flow, dir dissect.Dir, now int64) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "netflow", Time: now, Flow: f, Dir: dir, OfFlow: true})
	flowSPI(w, f)
	x.appProto(w, f)
	w.Open("netflow")
	w.Key("pkts")
	w.Uint(f.Packets[dir])
	w.Key("bytes")
	w.Uint(f.Bytes[dir])
	w.Key("start")
	x.Time(w, f.Start)
	w.Key("end")
	x.Time(w, f.Last)
	w.Key("age")
	w.Int(f.Last/1e9 - f.Start/1e9)
	w.Key("min_ttl")
	w.Uint(uint64(f.MinTTL[dir]))
	w.Key("max_ttl")
	w.Uint(uint64(f.MaxTTL[dir]))
	w.Key("tx_cnt")
	w.Uint(f.TxCount)
	w.End()
	if f.Key.Proto == packet.ProtoTCP {
		w.Open("tcp")
		w.Key("tcp_flags")
		w.Hex([]byte{f.TCPFlags[dir]})
		for _, bit := range [...]int{1, 0, 2, 3, 4, 5, 6, 7} {
			if f.TCPFlags[dir]&(1<<bit) != 0 {
				w.Key(flagNames[bit])
				w.Bool(true)
			}
		}
		w.End()
	}
	return x.finish()
}

// Counters appends a record of counters: name is "stats", or "luanids" for the counters that
// Suricata does not have.
func (x *Encoder) Counters(dst []byte, name string, now int64, counters func(w *jsonw.Writer)) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: name, Time: now})
	w.Open(name)
	counters(w)
	w.End()
	return x.finish()
}
