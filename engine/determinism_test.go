package engine

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/engine/flowtable"
)

// TestWorkersDoNotChangeResults is the first property of the architecture: records of all types
// and the alerts of the rules that ship are the same to the byte, with time-outs and caps at work.
func TestWorkersDoNotChangeResults(t *testing.T) {
	files := captures(t)
	if mix := os.Getenv("LUANIDS_MIX"); mix != "" { // a larger capture, where there is one
		files = []string{mix}
	}
	full, tight := everything(t), everything(t)
	tight.Flow.MaxFlows, tight.AppMemcap, tight.WindowMemcap = 16*flowtable.Shards, flowtable.Shards<<10, flowtable.Shards*windowBytes
	tight.TCP.Memcap, tight.Frag.MemCap, tight.Frag.MaxTrackers = flowtable.Shards<<10, 8<<10, 4
	numbers := []int{1, 2, 3, 8}
	if testing.Short() {
		numbers = []int{1, 8}
	}
	for name, cfg := range map[string]Config{"as shipped": full, "tight caps": tight} {
		var first string
		for _, workers := range numbers {
			cfg.Workers = workers
			_, eve := replay(t, cfg, files...)
			eve = withoutUptime(eve)
			if strings.Count(eve, `"event_type":"alert"`) < 100 || strings.Count(eve, "\n") < 1000 {
				t.Fatalf("%s: only %d records", name, strings.Count(eve, "\n"))
			}
			if first == "" {
				first = eve
			} else if eve != first {
				t.Errorf("%s, %d workers: %s", name, workers, difference(first, eve))
			}
		}
	}
}

// withoutUptime takes out the two figures that are of the wall clock.
func withoutUptime(eve string) string { return clockFigures.ReplaceAllString(eve, "") }

var clockFigures = regexp.MustCompile(`"uptime":[0-9]+|"last_reload":"[^"]*"`)

func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			other := "nothing"
			if i < len(y) {
				other = y[i]
			}
			return fmt.Sprintf("line %d differs:\n%s\n%s", i+1, x[i], other)
		}
	}
	return fmt.Sprintf("%d more lines", len(y)-len(x))
}
