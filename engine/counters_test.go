package engine

import (
	"io"
	"testing"

	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine/output"
)

// TestEveryCounterIsDescribed: whoever adds a counter says in counterDocs what it means, and metrics and
// docs/operate.md follow.
func TestEveryCounterIsDescribed(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Workers, cfg.Pcap.Dir = 1, t.TempDir()
	cfg.Sinks = append(cfg.Sinks, output.NewQueue(output.NewJSON("json", io.Discard), output.QueueOptions{}))
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.source, e.live.capture = &frames{}, new(live.Capture)
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
