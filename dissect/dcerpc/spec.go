// Package dcerpc parses DCE/RPC (C706, [MS-RPCE]) over TCP and UDP. A transaction is a call with its answer, or the setting up of
// interfaces. Calls over named pipes are parsed by package smb with the same Call.
package dcerpc

import "github.com/luanids/luanids/dissect"

// maxPending is more than the longest PDU, bytes.
const maxPending = 128 << 10

// Spec declares DCERPC.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "dcerpc",
		Doc:  "Distributed Computing Environment / Remote Procedure Calls",
		Ref:  "C706, MS-RPCE",
		TCP:  &dissect.Detect{Ports: []uint16{135}, Probe: probeTCP, Server: true},
		UDP:  &dissect.Detect{Ports: []uint16{135}, Probe: probeUDP, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evRequest: {Name: request, Doc: "a request with all its fragments, or a bind", Phase: 1},
			evTx:      {Name: txEvent, Doc: "the server answered, or the connection ended", Dir: dissect.ToClient, Phase: 2, Log: true, Final: true},
			evFrame:   dissect.FrameEvent(frameEvent),
		},
		Fields:     append(fields(), dissect.FrameFields(frameEvent, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		EVE:        writeEVE,
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evTx
	evFrame
)

// Frames, in the order of the Spec.
const (
	frPDU = iota
	frHeader
	frData
)

var frames = []string{frPDU: "pdu", frHeader: "hdr", frData: "data"}

// Names of events, as the fields refer to them.
const request, txEvent, frameEvent = "dcerpc.request", "dcerpc.tx", "dcerpc.frame"

// Anomalies, in the order of the Spec.
const (
	anMalformed = iota
	anTooMany
)

var anomalies = []string{anMalformed: "malformed_data", anTooMany: "too_many_transactions"}

// Tx is a call, or a bind, with its answer.
type Tx struct {
	dissect.MatchState
	Call
	id       uint64
	udp      bool
	activity uuidText   // of a datagram
	seq      uint32     // of a datagram
	sent     bool       // evRequest was emitted
	own      Interfaces // the one that a datagram names
}

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

// ByteOrder implements dissect.ByteOrdered.
func (t *Tx) ByteOrder() (little, known bool) { return t.Little, true }

func (t *Tx) reset(id uint64) {
	t.MatchState.Reset()
	t.Call.Reset()
	*t = Tx{MatchState: t.MatchState, Call: t.Call, own: t.own, id: id}
}

func (t *Tx) clone() *Tx {
	n := *t
	n.MatchState, n.Call = dissect.MatchState{}, t.Call.Clone()
	return &n
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capKept
	capArguments
)

var caps = []dissect.Cap{
	capTx:        {Name: "transactions", Doc: "DCERPC: transactions that ended before their time because too many waited for an answer (app-layer.protocols.dcerpc.max-tx)"},
	capKept:      {Name: "stub", Doc: "DCERPC: calls that ended before their time because arguments and results of a connection took too much"},
	capArguments: {Name: "arguments", Doc: "DCERPC over TCP: calls of whose arguments or results only the first 128 KiB were kept"},
}
