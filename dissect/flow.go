package dissect

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/luanids/luanids/dissect/packet"
)

// FlowState is the state of a flow as flow records give it.
type FlowState uint8

// The states, with Suricata's meaning.
const (
	FlowNew         FlowState = iota // packets of one side only, or TCP handshake incomplete
	FlowEstablished                  // both sides were seen; TCP: three-way handshake complete
	FlowClosed                       // TCP: closed by FIN or RST
	FlowBypassed                     // not looked at any more
)

// String gives Suricata's name of the state.
func (s FlowState) String() string {
	return [...]string{"new", "established", "closed", "bypassed"}[s&3]
}

// FlowKey identifies a flow: client first once the flow exists. Comparable, without pointers.
type FlowKey struct {
	Src, Dst         packet.Addr
	SrcPort, DstPort uint16
	Proto            uint8
	IPVersion        uint8
	VLANs            [3]uint16
	Tunnel           uint32 // 0, or a hash of the tunnels that the packet came through
}

// Flow is what everybody may know of a flow. The engine owns and reuses it.
type Flow struct {
	Key FlowKey // Src is the client
	// ID is the same on every replay of the same capture; flow_id in EVE.
	ID uint64
	// Serial orders flows by their first packet.
	Serial uint64
	// Start and Last are the times of the first and the last packet, nanoseconds.
	Start, Last int64
	// Packets, Bytes (of the frames on the wire) and Payload (transport payload) by direction.
	Packets, Bytes, Payload [2]uint64
	State                   FlowState
	// TCPFlags is the union of the flags seen, by direction.
	TCPFlags [2]uint8
	MinTTL   [2]uint8
	MaxTTL   [2]uint8
	// ICMPCode is the code of the first ICMP message, by direction.
	ICMPCode [2]uint8
	// App is the recognised protocol, nil before; AppFailed says that recognition gave up.
	App       *Spec
	AppFailed bool
	// AppUnacked says that App was recognised by bytes that their receiver has not acknowledged: as in
	// Suricata, packets by themselves are not judged by it yet.
	AppUnacked bool
	// AppBy is what was recognised by direction, for records that tell both.
	AppBy [2]*Spec
	// AppExpected is the protocol that both sides agreed on, where something else came.
	AppExpected *Spec
	// AppOrig is the protocol before an upgrade (STARTTLS, CONNECT, WebSocket).
	AppOrig *Spec
	// Parser is the protocol's parser, nil before recognition and after failure.
	Parser Parser
	// Midstream: the flow was picked up without its handshake.
	Midstream bool
	// Dropped: a rule said to drop it. It is not dropped, but no more rules are judged on it.
	Dropped bool
	// Excepted are the cases in which an exception policy was applied, a bit each.
	Excepted uint8
	// Swapped: the direction was reversed after the content showed who is the server.
	Swapped bool
	// Encrypted: what follows is encrypted in both directions, so that rules on payload have
	// nothing to find in it. Set by the parser.
	Encrypted bool
	// Elephant says by direction that the flow sent more at a time than the engine's configuration takes for usual.
	Elephant [2]bool
	// Gaps says by direction that bytes of the stream were lost.
	Gaps [2]bool
	// NoLog keeps the flow's messages out of the log, Bypass ends all work on it but counting, and Untracked keeps the packet at hand
	// out of flows: a rule wants it so.
	NoLog, Bypass, Untracked bool
	// StoreFiles says by direction that a rule wants the flow's files stored that end from now on.
	StoreFiles [2]bool
	// StoreCerts says by sender that a rule wants the certificates stored, StoredCerts that they have been.
	StoreCerts, StoredCerts [2]bool
	// TxCount counts the protocol's messages, the next one's tx_id.
	TxCount uint64
	// Files are the files that either side began last, nil before: alerts on the messages that carry them tell of them.
	Files [2]*File
	// Frames counts the frames shown, by direction.
	Frames [2]uint64
	// Alerts counts the alerts of this flow.
	Alerts uint32
	// Vars holds flags, counters and values that rules and scripts set; nil until one does.
	Vars *FlowVars
	// VLANs are the tags of the first packet, also where they do not tell flows apart.
	VLANs [3]uint16
	// File is the capture that the first packet comes from, nil from an interface.
	File *string
	// Iface is the interface of the first packet, nil from a file.
	Iface *string
	// EthSrc, EthDst are the link-layer addresses of the first packet.
	EthSrc, EthDst [6]byte
	HasEth         bool
	// MACs are all link-layer addresses of both sides; nil unless records show them.
	MACs *MACs
	// ParentID is the flow that announced this one (an FTP data connection), or 0.
	ParentID uint64
}

// MaxMACs is how many link-layer addresses of one side of a flow are kept, as many as in
// Suricata: more are only seen where something is forged or routed in turns.
const MaxMACs = 10

// MACs are link-layer addresses by the direction in which their owner sends: those of the
// client's side, then those of the server's.
type MACs [2][][6]byte

// Any tells whether there are addresses; m may be nil.
func (m *MACs) Any() bool { return m != nil && len(m[0])+len(m[1]) > 0 }

// Add keeps an address that is new.
func (m *MACs) Add(side Dir, addr []byte) {
	for _, a := range m[side] {
		if a == [6]byte(addr) {
			return
		}
	}
	if len(m[side]) < MaxMACs {
		m[side] = append(m[side], [6]byte(addr))
	}
}

// FlowVars holds what rules and scripts attach to a flow. Names are resolved to numbers when
// rules are compiled.
type FlowVars struct {
	Bits []uint64         // one bit a flag
	Ints map[uint32]int64 // counters
	Strs map[uint32][]byte
	// Captured and Entropy are what rules took out of the traffic, or computed, for records.
	Captured []Captured
	Entropy  []Entropy
}

// Captured is a value that a rule took out of the traffic, under its name.
type Captured struct {
	Name  string
	Value []byte
}

// Entropy is the Shannon entropy of a buffer, bits a byte (0..8).
type Entropy struct {
	Buffer string
	Value  float64
}

// Clone copies flags and counters, nil of nil.
func (v *FlowVars) Clone() *FlowVars {
	if v == nil {
		return nil
	}
	return &FlowVars{Bits: slices.Clone(v.Bits), Ints: maps.Clone(v.Ints)}
}

// Bit tells whether flag n is set.
func (v *FlowVars) Bit(n uint32) bool {
	return v != nil && int(n/64) < len(v.Bits) && v.Bits[n/64]&(1<<(n%64)) != 0
}

// EachBit calls f with the number of every flag that is set, from the lowest.
func (v *FlowVars) EachBit(f func(n int)) {
	for i, word := range v.Bits {
		for ; word != 0; word &= word - 1 {
			f(i*64 + bits.TrailingZeros64(word))
		}
	}
}

// SetBit sets or clears flag n.
func (v *FlowVars) SetBit(n uint32, on bool) {
	for int(n/64) >= len(v.Bits) {
		v.Bits = append(v.Bits, 0)
	}
	if on {
		v.Bits[n/64] |= 1 << (n % 64)
	} else {
		v.Bits[n/64] &^= 1 << (n % 64)
	}
}

// Client and Server give the end points' addresses.
func (f *Flow) Client() (packet.Addr, uint16) { return f.Key.Src, f.Key.SrcPort }

// Server gives the address and port of who answered.
func (f *Flow) Server() (packet.Addr, uint16) { return f.Key.Dst, f.Key.DstPort }
