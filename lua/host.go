package lua

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

// Level is the level of a log line.
type Level uint8

// The levels.
const (
	Debug Level = iota
	Info
	Warning
	Error
)

// String names the level.
func (l Level) String() string { return [...]string{"debug", "info", "warning", "error"}[l&3] }

// Host is what scripts need of whoever runs them. It is called from the goroutine that calls
// the Runtime (or the Worker). What else a host can do is in the small interfaces below; where the host has
// not one of them, the functions that need it raise an error that says so.
type Host interface {
	// Alert raises an alert. It must keep nothing of a but what it copies.
	Alert(a *Alert)
	// Log writes a line for the person who runs the scripts.
	Log(level Level, script, msg string)
	// Problem reports an error of a callback, the first time it happens, and the end of a script.
	Problem(p Problem)
}

// Printer is a host that takes what scripts print; without it print writes to the log.
type Printer interface{ Print(text string) }

// FlagHost keeps flags of flows and hosts, which rules test.
type FlagHost interface {
	// SetFlowFlag sets or clears a flag of the flow of an event.
	SetFlowFlag(e *dissect.Env, name string, on bool)
	FlowFlag(e *dissect.Env, name string) bool
	// SetHostFlag sets a flag of an address for ttl nanoseconds; 0 clears it.
	SetHostFlag(ip netip.Addr, name string, ttl int64)
	HostFlag(ip netip.Addr, name string) bool
}

// KillHost cuts connections.
type KillHost interface {
	// Kill resets the connection of the event's flow, since a script wants it; an error says why it cannot be.
	Kill(e *dissect.Env, script string) error
}

// IntelHit is what a feed of threat intelligence says of a value.
type IntelHit struct {
	Feed, Kind, Severity, Description string
}

// IntelHost looks values up in the feeds: kind is "ip", "domain", "url", "hash", "ja3" or "ja4".
type IntelHost interface {
	Intel(kind, value string) (IntelHit, bool)
}

// CaptureHost tells about the capture, for the libnids face.
type CaptureHost interface {
	// FD gives a descriptor that is readable while packets wait, or an error where there is none. It stays the host's.
	FD() (int, error)
}

// Severities of detectors, from the least.
var Severities = []string{"info", "low", "medium", "high", "critical"}

// KV is one entry of an evidence object.
type KV struct {
	Key string
	// Value is a string, float64, bool, []any, or []KV for an object.
	Value any
}

// Alert is what a script raises. It is reused: a host copies what it keeps.
type Alert struct {
	Detector *Detector
	Time     int64   // packet time, nanoseconds
	Score    float64 // 0..1
	Title    string  // the detector's, unless the script gave another
	Severity string
	// Evidence is the figures that led to the alert, in the order of their names.
	Evidence []KV
	// Env is the event that the alert is about; nil where the script gave none.
	Env *dissect.Env
	// Src and Dst are set, where known, also without an Env.
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Proto            string
	// Named says that the script named the ends itself: they are not those of Env.
	Named bool
}

// Detector is what a script declares with nids.detector.
type Detector struct {
	Script   string
	ID       string
	Title    string
	Severity string
	// Type is the alert_type of its alerts: behavioral, or anomaly where traffic is held against what is usual.
	Type   string
	MITRE  []string
	Tags   []string
	Doc    string
	Params []Param
	Pos    Pos
}

// Param is a parameter of a detector, with its value after overrides.
type Param struct {
	Name string
	// Type is "number", "duration" (seconds), "size" (bytes), "boolean", "string" or "list".
	Type    string
	Default any
	Text    string // of the default, as the script has it: 24h
	Value   any
	Doc     string
	Min     float64 // with HasMin
	Max     float64 // with HasMax
	HasMin  bool
	HasMax  bool
}
