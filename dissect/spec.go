package dissect

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect/jsonw"
)

// EventID numbers an event kind in a Schema. Numbers differ from build to build: only names
// are stable.
type EventID uint16

// Local numbers an event within its protocol's Spec, from 0 in the order of Spec.Events.
type Local uint16

// Event declares one kind of event that a protocol emits.
type Event struct {
	Name string // "http.request"
	Doc  string
	Dir  Dir  // whose message it is, for events that always come from one side
	Any  bool // either side may cause it: Dir means nothing
	// Phase orders the events of one message: fields first known at an event of a lower
	// phase are still known at one of a higher phase. A rule is judged at the event of the
	// highest phase among its fields.
	Phase int
	// Repeats says that it comes several times for one message.
	Repeats bool
	// Log says that an EVE record of the protocol is written at this event.
	Log bool
	// LogByDir says that the record's src is who sent the message; otherwise it is the client.
	LogByDir bool
	// Final says that it is the last event of the message, always emitted, also when the
	// flow ends early.
	Final bool
}

// Verdict is what a probe says of the first bytes of one direction.
type Verdict uint8

// The verdicts.
const (
	No       Verdict = iota // not this protocol
	More                    // cannot tell yet, more bytes are needed
	Yes                     // it is
	Reversed                // it is, but these bytes come from the server
	ByPort                  // it is, and who the server is must be told by the port
)

// Detect says how a protocol is recognised over one transport.
type Detect struct {
	// Ports are the usual server ports: hints that let Probe accept with less evidence, and
	// decide between protocols that both say Yes.
	Ports []uint16
	// Probe looks at the first bytes of a direction; hint says that the server port is among
	// Ports. It must not keep data. It is asked again with more bytes after More, up to a
	// limit of the engine (a few kB), then it counts as No.
	Probe func(dir Dir, data []byte, hint bool) Verdict
	// Server says that a Yes for the server's bytes alone suffices (protocols in which the
	// server speaks first).
	Server bool
	// ClientFirst says that it is an anomaly if the server begins.
	ClientFirst bool
	// Greeting is what Suricata knows the server's first bytes by where that is less than what Probe takes: they are not recognised
	// without, which it says in an anomaly. "" where there is no difference.
	Greeting string
}

// Greets tells whether Suricata too would recognise the first bytes of a direction that Probe takes.
func (d *Detect) Greets(dir Dir, data []byte) bool {
	return dir == ToServer || strings.HasPrefix(string(data[:min(len(data), len(d.Greeting))]), d.Greeting)
}

// Spec is all that a protocol says about itself.
type Spec struct {
	Name string // as rules and EVE's app_proto name it: "http"
	Doc  string // one line
	Ref  string // the specification: "RFC 9112"
	TCP  *Detect
	UDP  *Detect
	// New makes a parser for one flow. Parsers are reused: see Parser.Reset.
	New    func() Parser
	Events []Event
	Fields []Field
	// Anomalies are names of protocol events (Suricata's app-layer event names, lower case),
	// numbered from 0 for Ctx.Anomaly.
	Anomalies []string
	// Caps are the bounds of the parser of which it is counted how often they were reached, numbered from 0 for Ctx.Capped.
	Caps []Cap
	// UpperAnomalies says that EVE records show those names in upper case, as Suricata does for
	// the protocols whose names are old (http, smtp).
	UpperAnomalies bool
	// MaxPending caps the bytes of one direction that are kept while the parser waits for
	// more of a message; past it the parser gets a Gap. 0 means DefaultMaxPending.
	MaxPending int
	// EVE writes the members of a record for the message of e: usually one key with the
	// protocol's object. Called for events with Log, and for the context of alerts.
	EVE func(w *jsonw.Writer, e *Env)
	// Records is how many records EVE writes for a message, one a call. nil: one.
	Records func(e *Env) int
	// Context writes the members for alerts, files and anomalies, where they differ from those of
	// the protocol's own record; nil means EVE.
	Context func(w *jsonw.Writer, e *Env)
	// Record is the type of the EVE records where it is not Name ("ftp_data"); settings of another protocol's records, LogAs,
	// hold for them.
	Record, LogAs string
	// Through is the protocol whose messages these are in another dress: events, and so fields, are those of that protocol
	// (HTTP/2: those of HTTP), everything else is its own. nil for most.
	Through *Spec
	// Carriers are protocols whose messages may carry this one's (DNS in HTTP): fields of both are known at this one's events.
	Carriers []*Spec
	// Unlimited says that streams of the protocol are followed past stream.reassembly.depth: they carry files of any size.
	Unlimited bool
	// Announces says which packets announce flows, see Expectation; nil: none do.
	Announces *Announces
	// Frames are the kinds of frames that the protocol shows, by Suricata's names, and FrameEvent their event (see FrameEvent).
	Frames     []string
	FrameEvent Local
	// Clone makes a deep copy of a message that stays valid after the event: it is what
	// handlers of the ordered stage get.
	Clone func(tx any) any

	index int     // in the Schema
	base  EventID // of Events[0] in the Schema
}

// Owner is the protocol whose events s emits.
func (s *Spec) Owner() *Spec {
	if s.Through != nil {
		return s.Through
	}
	return s
}

// CarriedBy tells whether messages of x may carry those of s.
func (s *Spec) CarriedBy(x *Spec) bool { return s != nil && x != nil && slices.Contains(s.Carriers, x) }

// RecordType is the type of the protocol's EVE records.
func (s *Spec) RecordType() string {
	if s.Record != "" {
		return s.Record
	}
	return s.Name
}

// LoggedAs is the name by which settings switch the protocol's EVE records on.
func (s *Spec) LoggedAs() string {
	if s.LogAs != "" {
		return s.LogAs
	}
	return s.Name
}

// Announces tells of a flow that a packet announces, before the stream that it is part of was put together: the engine has to
// know which worker will want it. The parser's Expect says what the flow is about.
type Announces struct {
	// Begins are the first four bytes of such packets, letters in any case.
	Begins []string
	// Port is the announced port, on either of the packet's two hosts; 0: it announces nothing.
	Port func(payload []byte) uint16
}

// DefaultMaxPending is the cap on unconsumed bytes of one direction of a flow.
const DefaultMaxPending = 256 << 10

// EndReason says why a direction ended.
type EndReason uint8

// The reasons.
const (
	EndFIN     EndReason = iota // orderly
	EndRST                      // reset
	EndTimeout                  // the flow timed out or was evicted
	EndCapture                  // the run is over
	EndDepth                    // the reassembly depth was reached: the rest is not seen
)

// Parser is an incremental parser of one flow's messages. It is called from one goroutine.
type Parser interface {
	// Data takes the next in-order bytes of a direction (for UDP: one datagram) and returns how
	// many it consumed. Bytes not consumed are kept, and given again in front of later ones;
	// what is given aliases the packet and is valid during the call only. To be called again
	// only when at least n bytes are there, use Ctx.Need.
	Data(c *Ctx, dir Dir, data []byte) int
	// Gap says that n bytes are missing (n < 0: an unknown number); bytes that were kept for
	// the parser have been given up.
	Gap(c *Ctx, dir Dir, n int)
	// End says that nothing more comes in this direction; rest is what was never consumed. It
	// is called exactly once for each direction, ToServer first when both end together.
	End(c *Ctx, dir Dir, why EndReason, rest []byte)
	// Reset makes the parser ready for another flow, and keeps its memory (within reason).
	Reset()
}

// Numbered is implemented by messages that have a number within their flow (tx_id).
type Numbered interface{ TxID() uint64 }
