package engine

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// account is what the records of one run say, added up.
type account struct {
	kinds     map[string]uint64
	anomalies map[string]uint64
	packets   uint64 // of all flows
	stats     map[string]any
}

func accountOf(t *testing.T, eve string) *account {
	a := &account{kinds: map[string]uint64{}, anomalies: map[string]uint64{}}
	for line := range strings.Lines(eve) {
		var r struct {
			Type    string `json:"event_type"`
			Anomaly struct{ Type string }
			Flow    struct {
				ToServer uint64 `json:"pkts_toserver"`
				ToClient uint64 `json:"pkts_toclient"`
			}
			Stats map[string]any
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		a.kinds[r.Type]++
		switch r.Type {
		case "anomaly":
			a.anomalies[r.Anomaly.Type]++
		case "flow":
			a.packets += r.Flow.ToServer + r.Flow.ToClient
		case "stats":
			a.stats = r.Stats
		}
	}
	return a
}

// TestAccountsAddUp holds counters, records and the summary against each other: what one says
// was seen, the others must not have lost. The rules that ship run too, since alerts, steps of
// time and records share the way to the outputs.
func TestAccountsAddUp(t *testing.T) {
	for _, file := range captures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg := everything(t)
			cfg.Workers = 2
			e, eve := replay(t, cfg, file)
			a := accountOf(t, eve)
			sum := e.Summary()
			same := func(what string, got, want uint64) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %d, want %d", what, got, want)
				}
			}
			c := func(name string) uint64 { return counter(e, name) }
			same("flow records", a.kinds["flow"], c("flow.total"))
			same("flows that go on", c("flow.active"), 0)
			same("flows in the summary", sum.Flows, c("flow.total"))
			same("packets in the summary", sum.Packets, c("capture.packets"))
			same("packets decoded", c("decoder.pkts"), c("capture.packets"))
			same("fileinfo records", a.kinds["fileinfo"], c("detect.files"))
			same("alert records", a.kinds["alert"], c("detect.alert"))
			same("alerts in the summary", sum.Alerts, c("detect.alert"))
			var bySeverity uint64
			for _, s := range sum.BySeverity {
				bySeverity += s.Count
			}
			same("alerts by severity", bySeverity, sum.Alerts)
			for _, kind := range []string{"decode", "stream", "applayer"} {
				same(kind+" anomalies", a.anomalies[kind], c("detect.anomaly."+kind))
			}
			for _, s := range e.schema.Specs {
				var tx uint64
				for _, name := range statsNames(s) {
					tx += c("app_layer.tx." + name)
				}
				if a.kinds[s.Name] > tx {
					t.Errorf("%d %s records of %d messages", a.kinds[s.Name], s.Name, tx)
				}
			}
			inner := c("decoder.pkts") + c("defrag.ipv4.reassembled") + c("defrag.ipv6.reassembled")
			for _, tunnel := range []string{"gre", "vxlan", "geneve", "teredo", "ipv4_in_ipv4", "ipv6_in_ipv4", "ipv4_in_ipv6", "ipv6_in_ipv6"} {
				inner += c("decoder." + tunnel)
			}
			if a.packets > inner {
				t.Errorf("the flows have %d packets, the capture and its tunnels %d", a.packets, inner)
			}
			if n := a.stats["flow"].(map[string]any)["total"]; n != float64(c("flow.total")) {
				t.Errorf("the stats record says %v flows, want %d", n, c("flow.total"))
			}
		})
	}
}
