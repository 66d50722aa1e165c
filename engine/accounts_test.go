package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine/output"
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
	cfg := everything(t)
	cfg.Workers = 2
	for _, file := range captures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
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
			tx := map[string]uint64{} // by type of records, which several protocols may have
			for _, s := range e.schema.Specs {
				for _, name := range statsNames(s) {
					tx[s.RecordType()] += c("app_layer.tx." + name)
				}
			}
			for kind, n := range tx {
				if a.kinds[kind] > n {
					t.Errorf("%d %s records of %d messages", a.kinds[kind], kind, n)
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

// TestLostRecordsAreCounted writes the EVE log to a full disk.
func TestLostRecordsAreCounted(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here: ", err)
	}
	cfg := everything(t)
	var warnings []string
	cfg.Warn = func(f string, a ...any) { warnings = append(warnings, fmt.Sprintf(f, a...)) }
	_, eve := replay(t, cfg, captures(t)...)
	cfg.EVE = output.NewFile(full)
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	src, err := capture.Open(captures(t), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	err = e.Run(t.Context(), src)
	want := uint64(strings.Count(eve, "\n"))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d of %d records", want, want)) {
		t.Errorf("Run says %v, want that %d records are lost", err, want)
	}
	if n := counter(e, "output.eve.failed_writes"); n != want {
		t.Errorf("%d lost records are counted, want %d", n, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "no space left") {
		t.Errorf("want one warning, got %q", warnings)
	}
	lostBehindQueue(t, cfg, want)
}

// lostBehindQueue is the same with the queue that the command line puts before the log.
func lostBehindQueue(t *testing.T, cfg Config, want uint64) {
	full, err := output.NewRotating("/dev/full", output.RotateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.EVE = output.NewStream("eve", full, output.StreamOptions{Block: true})
	src, err := capture.Open(captures(t), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(t.Context(), src)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("eve: %d of %d records were not written: write /dev/full: no space left", want, want)) {
		t.Errorf("Run says %v, want that %d records are lost", err, want)
	}
	if n := counter(e, "output.eve.failed_writes"); n != want {
		t.Errorf("%d lost records are counted, want %d", n, want)
	}
}

// TestLossesAreCounters: what the summary would tell of is counted somewhere.
func TestLossesAreCounters(t *testing.T) {
	e, _ := run(t, DefaultConfig(), &frames{})
	e.live.capture = liveRings{new(live.Capture)} // some are of interfaces
	for name := range lossNames {
		if counter(e, name) == 1<<64-1 {
			t.Errorf("there is no counter %s", name)
		}
	}
}
