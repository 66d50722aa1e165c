// Package alert is the model of what the engine reports: the alert, its severity, and the
// outputs' view of it.
package alert

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// Severity grades an alert; a higher number is worse.
type Severity uint8

// The severities.
const (
	Info Severity = iota // below what --min-severity can ask for
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String gives the name in lower case.
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// ParseSeverity reads a name in any case.
func ParseSeverity(s string) (Severity, error) {
	for i, n := range severityNames {
		if strings.EqualFold(s, n) {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: use low, medium, high or critical", s)
}

// Kind says what raised an alert.
type Kind uint8

// The kinds.
const (
	Signature Kind = iota
	Anomaly
	Behavioral
	ThreatIntel
	Correlation
)

// String gives the name that alert records have.
func (k Kind) String() string {
	return [...]string{"signature", "anomaly", "behavioral", "threat_intel", "correlation"}[k%5]
}

// Evidence is one value that led to an alert.
type Evidence struct {
	Name  string
	Value any // string, int64, float64, bool, netip.Addr or a slice of them
}

// Alert is one alert. It owns all that it holds.
type Alert struct {
	ID         string // the same on every replay of the same capture
	Time       int64  // packet time, nanoseconds since the Unix epoch
	Kind       Kind
	Severity   Severity
	Confidence float64 // 0..1; 0 when the rule gives none
	RuleID     string
	Message    string
	Tags       []string
	Mitre      []string
	Src, Dst   netip.Addr
	SrcPort    uint16
	DstPort    uint16
	HasPorts   bool
	Proto      string // tcp, udp, icmp...
	App        string // recognised protocol, "" when none
	FlowID     uint64
	Community  string
	Direction  string // to_server or to_client, of what was judged
	PacketNum  uint64 // of the packet, 0 when none caused it
	Evidence   []Evidence
	// FlowHash tells the flow's packets, or the packet's, from others; 0 where there is none.
	FlowHash uint64
	// Pcap is the name of the capture of the alert's flow, "" for none.
	Pcap string
	// Folded is how many like it were left out since the last one that was reported.
	Folded uint64

	// EVE is the alert as an EVE record with its newline; nil when no EVE log is written. It is in memory of the engine, for as
	// long as the alert is on its way.
	EVE []byte
	// EVERule is where the object of the rule stands in EVE: from, to.
	EVERule [2]int
	// Rule is the rule that raised it; nil for alerts of other kinds.
	Rule *match.Rule
	// Captured holds the keys that the ordered stage needs, encoded by the matcher.
	Captured []byte
	// Late says that the record for the EVE log is written later, with another packet. Reported are then the
	// rules of which it is to be written, known to the ordered stage only.
	Late     bool
	Reported []*match.Rule
	// Reset is the connection that the rule wants cut (action reject), nil for none.
	Reset *dissect.FlowKey
	// Quiet alerts exist for their effects (flags, thresholds) and are not reported.
	Quiet bool
	// Records counts the records on their way that point to the alert, of those that the engine uses again; 0 for others.
	Records int8
}

// Fill takes over what the rule says of itself.
func (a *Alert) Fill(r *ir.Rule) {
	a.RuleID, a.Message, a.Tags, a.Mitre = r.ID, r.Msg, r.Tags, r.MITRE
	a.Confidence = max(r.Confidence, 0)
	a.Severity = severityOf(r)
}

// severityOf is the rule's severity; imported rules have a priority instead, 1 for the worst.
func severityOf(r *ir.Rule) Severity {
	if r.Severity != ir.NoSeverity {
		return Severity(r.Severity - ir.Info)
	}
	switch r.Priority {
	case 1:
		return High
	case 2:
		return Medium
	case 3:
		return Low
	}
	return Info
}

// Round leaves of a confidence what is meant: 0.68, not 0.6799999.
func Round(confidence float64) float64 { return math.Round(confidence*1000) / 1000 }

// SetID makes the alert's id from a number that tells it apart and its rule: a UUID of version 8
// (RFC 9562 section 5.8).
func (a *Alert) SetID(n uint64) {
	h := uint64(14695981039346656037)
	for i := range len(a.RuleID) {
		h = (h ^ uint64(a.RuleID[i])) * 1099511628211
	}
	h ^= n * 0x9e3779b97f4a7c15
	var raw [16]byte
	binary.BigEndian.PutUint32(raw[:], uint32(n>>32))
	binary.BigEndian.PutUint16(raw[4:], uint16(n>>16))
	binary.BigEndian.PutUint16(raw[6:], uint16(n&0xfff|0x8000))
	binary.BigEndian.PutUint64(raw[8:], h&0xffffffffffff|(h>>50|0x8000)<<48)
	text := make([]byte, 0, 36)
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, hexDigits[b>>4], hexDigits[b&15])
	}
	a.ID = string(text)
}

const hexDigits = "0123456789abcdef"

// ProtoName gives the name of an IP protocol in lower case, and whether it has ports.
func ProtoName(p uint8) (name string, ports bool) {
	switch p {
	case packet.ProtoTCP:
		return "tcp", true
	case packet.ProtoUDP:
		return "udp", true
	case packet.ProtoSCTP:
		return "sctp", true
	case packet.ProtoICMP:
		return "icmp", false
	case packet.ProtoICMPv6:
		return "icmpv6", false
	}
	return fmt.Sprintf("ip/%d", p), false
}

// When gives the alert's time.
func (a *Alert) When() time.Time { return time.Unix(0, a.Time).UTC() }

// Actor is who did what the alert is about, as far as it can be told: the client of the flow, whoever sent what was judged,
// or the one whom the rule does not call the target (Suricata's keyword). Without a flow it is the source. other is the
// other end.
func (a *Alert) Actor() (actor, other netip.Addr) {
	back := a.Direction == "to_client"
	if a.Rule != nil && a.Rule.Target != "" {
		back = a.Rule.Target == "src_ip"
	}
	if back && a.Dst.IsValid() {
		return a.Dst, a.Src
	}
	return a.Src, a.Dst
}

// hasPort tells whether an end point has a port to show. What scripts report of many connections may
// have one at one end only.
func (a *Alert) hasPort(port uint16) bool {
	return a.HasPorts && (port != 0 || a.Kind == Signature)
}

// Source gives the source as text, with its port where there is one.
func (a *Alert) Source() string { return endpoint(a.Src, a.SrcPort, a.hasPort(a.SrcPort)) }

// Target gives the destination as text.
func (a *Alert) Target() string { return endpoint(a.Dst, a.DstPort, a.hasPort(a.DstPort)) }

func endpoint(ip netip.Addr, port uint16, has bool) string {
	if !ip.IsValid() {
		return "-"
	}
	if !has {
		return ip.String()
	}
	return netip.AddrPortFrom(ip, port).String()
}
