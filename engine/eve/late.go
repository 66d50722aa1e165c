package eve

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// Suricata looks into a stream when the receiver has acknowledged it, and judges it at the next
// packet of the same direction. To name the same packets, a record about a TCP stream is written in two
// steps: what it says of the message at once, what it says of packet and flow when that packet is
// there.

// Body is a record without what depends on the packet.
type Body struct {
	Type  string
	ByDir bool // the end points are those of the message, not of the flow
	// Message are the members behind the header, Tail (of alerts) those behind the flow.
	Message, Tail []byte
	Stream        bool        // the payload is the stream's, told by Late
	At            [2]int      // where the rule's object stands in Message
	Client        packet.Addr // see Head
	PacketVars    []byte      // see Head
}

func (x *Encoder) open(dst []byte) *jsonw.Writer {
	x.w = jsonw.Writer{B: dst}
	return &x.w
}

func (x *Encoder) close() []byte {
	b := x.w.B
	x.w.B = nil
	return b
}

// ProtocolBody appends a protocol's record without header to dst, or nothing.
func (x *Encoder) ProtocolBody(dst []byte, e *dissect.Env, spec *dissect.Spec, txID uint64, hasTx bool) []byte {
	if !protocolBody(x.open(dst), e, spec, txID, hasTx) {
		x.w.B = nil
		return dst
	}
	x.xff.ofRecord(spec).member(&x.w, e)
	return x.close()
}

// FileBody appends a fileinfo record without header.
func (x *Encoder) FileBody(dst []byte, e *dissect.Env) []byte {
	x.fileBody(x.open(dst), e)
	return x.close()
}

// AnomalyBody appends an anomaly record without header.
func (x *Encoder) AnomalyBody(dst []byte, k AnomalyKind, e *dissect.Env, event, layer string) []byte {
	x.anomalyBody(x.open(dst), k, e, event, layer)
	return x.close()
}

// AlertBody makes an alert's record without what depends on the packet, in the memory of dst. stream says that Late will get
// its payload.
func (x *Encoder) AlertBody(dst []byte, e *dissect.Env, r *ir.Rule, stream bool) (b Body) {
	b.Type, b.ByDir, b.Stream, b.Client = "alert", true, stream, x.xff.alert.replaced(e)
	b.PacketVars = slices.Clone(x.packetVars())
	b.At = x.alertMessage(x.open(dst[:0]), e, r)
	both := x.close()
	n := len(both)
	if x.open(both); !stream {
		x.alertPayload(&x.w, e)
	}
	x.alertVerdict(&x.w, r, e)
	both = x.close()
	b.Message, b.Tail = both[:n], both[n:]
	return b
}

// Late appends the record of a body: p is the packet at which it is written, nil when the flow has
// ended. payload are the bytes of the stream that an alert shows, at is where the rule's object stands.
func (x *Encoder) Late(dst []byte, b *Body, f *dissect.Flow, dir dissect.Dir, p *packet.Packet, now int64, payload []byte) (record []byte, at [2]int) {
	w := x.begin(dst)
	h := Head{Type: b.Type, Time: now, Pkt: p, Flow: f, Client: b.Client, PacketVars: b.PacketVars, Late: true}
	if b.ByDir {
		h.Dir = dir
	}
	h.ByPacket = b.Type == "anomaly" // of the packet that brought it to light, as in Suricata
	x.header(w, &h)
	off := len(w.B) + 1 - len(dst) // behind the comma
	at = [2]int{b.At[0] + off, b.At[1] + off}
	w.Members(b.Message)
	if b.Type == "alert" {
		x.alertFlow(w, f, dir)
		if b.Stream {
			x.payload(w, payload, true)
		}
		w.Members(b.Tail)
		x.alertPacket(w, p)
	}
	return x.finish(), at
}
