package lua

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
)

// Recorder is a Host for tests: it keeps a line for everything that scripts do.
type Recorder struct {
	Alerts    []RecordedAlert
	Lines     []string // logs: "info script: text"
	Problems  []Problem
	Printed   strings.Builder
	FlowFlags map[string]bool // "flow-id name"
	HostFlags map[string]bool // "ip name"
	Feeds     map[string]IntelHit
	Killed    []uint64 // ids of flows
}

// RecordedAlert is a copy of an Alert.
type RecordedAlert struct {
	ID, Title, Severity string
	Time                int64
	Score               float64
	Src, Dst            netip.Addr
	DstPort             uint16
	Evidence            []KV
}

// Value gives an evidence value, nil where there is none.
func (a *RecordedAlert) Value(key string) any {
	for _, kv := range a.Evidence {
		if kv.Key == key {
			return kv.Value
		}
	}
	return nil
}

// Alert implements Host.
func (r *Recorder) Alert(a *Alert) {
	r.Alerts = append(r.Alerts, RecordedAlert{ID: a.Detector.ID, Title: a.Title, Severity: a.Severity, Time: a.Time, Score: a.Score,
		Src: a.Src, Dst: a.Dst, DstPort: a.DstPort, Evidence: append([]KV(nil), a.Evidence...)})
}

// Log implements Host.
func (r *Recorder) Log(level Level, script, msg string) {
	r.Lines = append(r.Lines, fmt.Sprintf("%s %s: %s", level, script, msg))
}

// Problem implements Host.
func (r *Recorder) Problem(p Problem) { r.Problems = append(r.Problems, p) }

// Print implements Printer.
func (r *Recorder) Print(text string) { r.Printed.WriteString(text) }

func flowKey(e *dissect.Env, name string) string {
	if e.Flow == nil {
		return "- " + name
	}
	return fmt.Sprintf("%d %s", e.Flow.ID, name)
}

// SetFlowFlag implements FlagHost.
func (r *Recorder) SetFlowFlag(e *dissect.Env, name string, on bool) {
	if r.FlowFlags == nil {
		r.FlowFlags = map[string]bool{}
	}
	r.FlowFlags[flowKey(e, name)] = on
}

// FlowFlag implements FlagHost.
func (r *Recorder) FlowFlag(e *dissect.Env, name string) bool { return r.FlowFlags[flowKey(e, name)] }

// SetHostFlag implements FlagHost.
func (r *Recorder) SetHostFlag(ip netip.Addr, name string, ttl int64) {
	if r.HostFlags == nil {
		r.HostFlags = map[string]bool{}
	}
	r.HostFlags[ip.String()+" "+name] = ttl > 0
}

// HostFlag implements FlagHost.
func (r *Recorder) HostFlag(ip netip.Addr, name string) bool {
	return r.HostFlags[ip.String()+" "+name]
}

// Intel implements IntelHost.
func (r *Recorder) Intel(kind, value string) (IntelHit, bool) {
	hit, ok := r.Feeds[kind+" "+value]
	return hit, ok
}

// Kill implements KillHost.
func (r *Recorder) Kill(e *dissect.Env, _ string) error {
	if e.Flow == nil {
		return fmt.Errorf("there is no connection")
	}
	r.Killed = append(r.Killed, e.Flow.ID)
	return nil
}
