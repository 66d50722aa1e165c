// Package ir is the typed form of detection rules: what every front end (the .nids syntax,
// Suricata rules, YAML) produces and what lang/match compiles. It knows no syntax.
//
// A Rule is a condition (When, a tree of Expr) with what happens when it holds. Names are
// resolved already: fields are *dissect.Field, sets and functions are pointers, so that equal
// pointers mean equal things, and everything is type-checked. lang/match trusts that, and reports only
// what it alone can see (a rule that no event can judge, a condition that is always false).
//
// Truth: a test on a value that is absent is false, and its negation is true. An error while
// judging (a step limit, a variable that was never extracted) makes the rule not match, negated or not.
package ir

import (
	"time"

	"github.com/luanids/luanids/dissect"
)

// Pos is where something stands in its source, 1-based. The zero Pos is unknown.
type Pos struct {
	File      string
	Line, Col int32
}

// Rule is one detection rule.
type Rule struct {
	ID   string // unique; a Suricata rule's is "gid:sid" or just "sid" for gid 1
	GID  uint32 // 1 unless imported with another
	SID  uint32 // 0 for rules that have none
	Rev  uint32
	Msg  string
	Pos  Pos
	Text string // the source text of the whole rule
	// Key names a rule over reloads whose ID does not, because it is only a number; "" for others.
	Key string

	When Expr // nil: always true; then On must be set
	// On pins the event ("http.response"); "" lets the compiler derive it from the fields.
	On string
	// Payload says which bytes the field `payload` means in this rule.
	Payload PayloadMode
	// Scope says how often the rule may match.
	Scope Scope

	Action  Action
	NoAlert bool // only effects, no alert
	// PassAlerts says of a Pass rule that it raises an alert as well.
	PassAlerts bool
	// Effects happen on each match, in order, before thresholds are asked.
	Effects []Effect
	// Thresholds must all agree before an alert is raised.
	Thresholds []Threshold
	// RateFilters change the action while the rule matches too often.
	RateFilters []RateFilter

	Priority   int // 1 (highest) and up; 0: by severity
	Severity   Severity
	Confidence float64 // 0..1; negative: not given
	MITRE      []string
	Tags       []string
	Classtype  string
	References []KV // kind ("url", "cve") and value
	Metadata   []KV // in order, keys may repeat
	Evidence   []Evidence
	// Contexts are what alerts tell of values that they found in lists.
	Contexts []Context
	// Target is "src_ip" or "dest_ip" for rules that say who is attacked, else "".
	Target string
}

// KV is a key with a value.
type KV struct{ Key, Value string }

// Evidence is a value that goes into the alert under its name.
type Evidence struct {
	Name string
	X    Expr // any type; may be an Elem-less multi-valued Field: all values
}

// Context is what a list knows of a value: the alert has it as JSON under Key.
type Context struct {
	Key string
	X   Expr // string, bytes or IP
	// Multi is the field of whose values X is one (then X asks its Elem), nil for a single value.
	Multi *dissect.Field
	// Values are JSON by value; IPs in their 16-byte form.
	Values map[string]string
}

// Action is what a rule asks for.
type Action uint8

// The actions. Drop is an alert that says so; reject is one too, and cuts the connection live where that is allowed.
const (
	Alert Action = iota
	Pass         // suppresses the alerts of its packet, or of its flow if it names flow or L7 terms
	Drop
	Reject
)

// String gives Suricata's name.
func (a Action) String() string { return [...]string{"alert", "pass", "drop", "reject"}[a&3] }

// Severity orders alerts.
type Severity uint8

// The severities.
const (
	NoSeverity Severity = iota
	Info
	Low
	Medium
	High
	Critical
)

// String gives the name as rules write it.
func (s Severity) String() string {
	if s > Critical {
		return "?"
	}
	return [...]string{"", "info", "low", "medium", "high", "critical"}[s]
}

// PayloadMode says which bytes the field `payload` (see Names) means.
type PayloadMode uint8

// The modes.
const (
	// PayloadAuto: the reassembled stream for TCP and the datagram's payload otherwise; the packet's
	// payload if the rule names fields that only packets have (Field.Event "packet").
	PayloadAuto   PayloadMode = iota
	PayloadPacket             // each packet by itself
	PayloadStream             // the stream, or the datagram
	PayloadEither             // both are judged, one match suffices (Suricata: tcp content with depth or offset)
)

// Scope says how often a rule may match.
type Scope uint8

// The scopes.
const (
	// ScopeAuto: once for each message (Env.Tx) at its events, once for each packet at packets.
	ScopeAuto Scope = iota
	ScopePacket
	// ScopeFlowDir: judged at the first packet of each direction of a flow only (Suricata's IP-only
	// rules). Packets without a flow are judged each.
	ScopeFlowDir
	// ScopeFlow: at most one match in a flow.
	ScopeFlow
)

// Threshold limits alerts, or asks for a number of matches before one is raised. Windows
// slide over packet time.
type Threshold struct {
	Kind   ThresholdKind
	Count  int
	Window time.Duration
	By     []Expr // key; empty: one count for the rule
	// Multiplier is by how much a ThBackoff waits longer after each alert, at least 2.
	Multiplier int
	// Fixed windows begin with the first match and last Window, as Suricata's do; else the window slides.
	Fixed bool
	// Distinct counts different values of this expression instead of matches.
	Distinct Expr
	Pos      Pos
}

// RateFilter gives a rule another action for Timeout, once it matched more than Count times within a window that
// begins with a match (Suricata's rate_filter). Pass leaves the alerts out.
type RateFilter struct {
	Count   int
	Window  time.Duration
	Timeout time.Duration
	By      []Expr // key; empty: one count for the rule
	Action  Action
}

// ThresholdKind is the kind of a Threshold.
type ThresholdKind uint8

// The kinds.
const (
	ThLimit     ThresholdKind = iota + 1 // at most Count alerts in Window
	ThEvery                              // each Count-th match in Window alerts (Suricata: threshold)
	ThBoth                               // one alert in Window, once Count matches were seen in it
	ThDetection                          // each match after the first Count in Window alerts (detection_filter)
	ThCount                              // Count matches within a sliding Window: alert, then count anew (.nids `N in T`)
	ThBackoff                            // match Count alerts, then match Count*Multiplier, and so on; without Window
)

// Sequence is a pattern of matches across flows.
type Sequence struct {
	Rule          // identity, severity, effects, thresholds; When and On are not used
	By     []Expr // evaluated at each step; entries must have the same key
	Within time.Duration
	Steps  []Step
}

// Step is one step of a Sequence: a match of a rule, or an event with a condition.
type Step struct {
	Name   string
	RuleID string // a match of this rule, else:
	On     string // this event ("ssh.auth.failure"),
	When   Expr   // for which this holds (may be nil)
	Count  int    // how many; at least 1
	// Absent: the step must not happen within Within after the one before it.
	Absent bool
	Within time.Duration // since the step before; 0: only the sequence's own Within
	By     []Expr        // overrides Sequence.By for this step (same length), may be nil
	Pos    Pos
}

// Names of the fields, among those common to all events, that the compiler knows and treats
// specially (they decide which rules are looked at at all). src and dst are by the direction
// of the packet or message that the event is about.
const (
	FieldPayload     = "payload"     // bytes: Env.Data of data and packet events
	FieldSrcIP       = "src.ip"      // ip
	FieldDstIP       = "dst.ip"      // ip
	FieldSrcPort     = "src.port"    // port, absent without ports
	FieldDstPort     = "dst.port"    // port
	FieldProto       = "ip.proto"    // int: IANA protocol number
	FieldTCP         = "tcp"         // bool: IP protocol 6
	FieldUDP         = "udp"         // bool: 17
	FieldICMP        = "icmp"        // bool: 1 or 58
	FieldSCTP        = "sctp"        // bool: 132
	FieldIPv4        = "ipv4"        // bool
	FieldIPv6        = "ipv6"        // bool
	FieldEstablished = "established" // bool: both sides were seen, TCP: handshake complete
	FieldToServer    = "to_server"   // bool
	FieldToClient    = "to_client"   // bool
	FieldApp         = "app"         // string: name of the recognised protocol, absent before
)

// EventOf is where a field is first known, "" for any event, "packet" for fields that only
// packets have (tcp.flags, icmp.type, dsize).
func EventOf(f *dissect.Field) string { return f.Event }
