package engine

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine/output"
)

// TestEveryCounterIsDescribed: whoever adds a counter says in counterDocs what it means, and metrics and
// docs/operate.md follow.
func TestEveryCounterIsDescribed(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Workers, cfg.Pcap.Dir = 1, t.TempDir()
	cfg.Exceptions = Exceptions{Default: PolicyPassFlow, PerProto: true}
	cfg.Sinks = append(cfg.Sinks, output.NewQueue(output.NewJSON("json", io.Discard), output.QueueOptions{}))
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.source, e.live.capture = &frames{}, liveRings{new(live.Capture)}
	used := map[string]bool{}
	for _, c := range e.Counters() {
		d, ok := DescribeCounter(c.Name)
		if !ok {
			t.Errorf("%s: no description in counterDocs", c.Name)
		}
		used[d.Name] = true
	}
	for _, d := range CounterDocs() {
		if !used[d.Name] {
			t.Errorf("%s is described, but there is no such counter", d.Name)
		}
	}
}

var updateManual = flag.Bool("update", false, "write the table of counters in docs/operate.md anew")

// TestCountersAreInTheManual holds the table in docs/operate.md equal to counterDocs.
func TestCountersAreInTheManual(t *testing.T) {
	const file, begin, end = "../docs/operate.md", "TestCountersAreInTheManual -update -->\n", "<!-- end of counters -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	var b strings.Builder
	b.WriteString("| counter | meaning |\n|---|---|\n")
	for _, d := range CounterDocs() {
		now, loss := "", ""
		if d.Gauge {
			now = " *now*"
		}
		if isLoss(d.Name) {
			loss = "**lost:** "
		}
		fmt.Fprintf(&b, "| `%s`%s | %s%s |\n", d.Name, now, loss, d.Doc)
	}
	want := head + begin + b.String() + end + tail
	if *updateManual {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s is not what counterDocs says: run go test ./engine -run TestCountersAreInTheManual -update", file)
	}
}
