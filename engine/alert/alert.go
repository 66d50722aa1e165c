// Package alert is the model of what the engine reports: the alert, its severity, and the
// outputs' view of it.
package alert

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
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

	// EVE is the alert as an EVE record with its newline; nil when no EVE log is written.
	EVE []byte
	// Rule is the rule's number in its program, for what the ordered stage decides.
	Rule int
	// Captured holds the keys that the ordered stage needs, encoded by the matcher.
	Captured []byte
	// Quiet alerts exist for their effects (flags, thresholds) and are not reported.
	Quiet bool
}

// When gives the alert's time.
func (a *Alert) When() time.Time { return time.Unix(0, a.Time).UTC() }

// Source and Target give the end points as text, with ports where there are any.
func (a *Alert) Source() string { return endpoint(a.Src, a.SrcPort, a.HasPorts) }

// Target gives the destination as text.
func (a *Alert) Target() string { return endpoint(a.Dst, a.DstPort, a.HasPorts) }

func endpoint(ip netip.Addr, port uint16, has bool) string {
	if !ip.IsValid() {
		return "-"
	}
	if !has {
		return ip.String()
	}
	return netip.AddrPortFrom(ip, port).String()
}
