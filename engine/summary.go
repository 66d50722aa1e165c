package engine

import (
	"strings"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Summary is what a person wants to know when a run is over.
type Summary struct {
	Packets, Bytes, Flows uint64
	Took                  time.Duration
	Alerts                uint64
	BySeverity            []SeverityCount // from low to high
	// Reported is how many of them the outputs got, beside EVE; HeldBack tells why they did not get the others.
	Reported uint64
	HeldBack []Counter
	// Suppressions are those of the configuration with their hits, also those that never matched.
	Suppressions []Counter
	// Lost names everything that was lost or refused, by cause; causes with nothing are left out.
	Lost []Counter
}

// SeverityCount is the number of alerts of one severity.
type SeverityCount struct {
	Name  string
	Count uint64
}

// lossNames are the counters that mean that something was not seen, and how people call them.
var lossNames = map[string]string{
	"capture.kernel_ifdrops":         "packets lost by the network card before the kernel had them",
	"capture.kernel_drops":           "packets dropped by the kernel",
	"capture.skipped":                "capture records that could not be used",
	"capture.truncated_files":        "captures cut short or damaged",
	"decoder.invalid":                "packets that could not be decoded fully",
	"defrag.ipv4.timeouts":           "IPv4 datagrams of which fragments never came",
	"defrag.ipv6.timeouts":           "IPv6 datagrams of which fragments never came",
	"defrag.tracker_hard_reuse":      "incomplete datagrams given up at a cap (see defrag.memcap, defrag.trackers)",
	"defrag.ignored":                 "fragments for which there was no room",
	"tcp.reassembly_gap":             "gaps in TCP streams",
	"tcp.gap_bytes":                  "bytes missing from TCP streams",
	"tcp.segment_memcap_drop":        "TCP segments dropped at the memory cap",
	"tcp.insert_limit":               "holes given up because a stream had too many segments",
	"tcp.invalid_checksum":           "TCP segments with a wrong checksum, left out of their streams (--set checksum-validation=false takes them)",
	"tcp.stream_depth_reached":       "streams not looked at past the reassembly depth",
	"flow.evicted":                   "flows evicted because the table was full",
	"app_layer.pending_overflow":     "messages given up because they were too long to keep",
	"app_layer.memcap_refused_bytes": "bytes of messages given up at the memory cap of all flows",
	"app_layer.expectations_dropped": "announced flows that could not be remembered",
	"detect.alert_queue_overflow":    "alerts over the cap of one packet (see packet-alert-max)",
	"detect.window_refused":          "stretches of streams not kept for rules at the memory cap",
	"detect.internal_errors":         "internal errors, contained to their flows",
}

// Summary gives the figures of a run that is over.
func (e *Engine) Summary() Summary {
	s := Summary{Took: e.took, Alerts: e.order.stats.alerts}
	for i := alert.Info; i <= alert.Critical; i++ {
		s.BySeverity = append(s.BySeverity, SeverityCount{i.String(), e.order.stats.severity[i]})
	}
	if n := e.order.cfg.RulesSkipped + e.order.cfg.RulesFailed; n > 0 {
		s.Lost = append(s.Lost, Counter{"rules left out (see the warnings)", uint64(n)})
	}
	for _, c := range e.Counters() {
		switch c.Name {
		case "capture.packets":
			s.Packets = c.Value
		case "capture.bytes":
			s.Bytes = c.Value
		case "flow.total":
			s.Flows = c.Value
		}
		if c.Value == 0 {
			continue
		}
		name, ok := lossNames[c.Name]
		if !ok && strings.HasSuffix(c.Name, ".failed_writes") {
			name, ok = "records that "+strings.TrimSuffix(strings.TrimPrefix(c.Name, "output."), ".failed_writes")+" could not write", true
		}
		if sink, dropped := strings.CutSuffix(c.Name, ".dropped"); dropped && strings.HasPrefix(sink, "output.") {
			what := "alerts"
			switch sink {
			case "output.eve":
				what = "records"
			case "output.pcap":
				what = "captures of alerts"
			}
			name, ok = what+" that "+strings.TrimPrefix(sink, "output.")+" could not take", true
		}
		if ok {
			s.Lost = append(s.Lost, Counter{name, c.Value})
		}
	}
	s.managed(e.order.manager)
	return s
}
