package scripttest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/lua"
)

// Table is how often each detector alerts on each of some captures.
type Table struct {
	Rows []Row
}

// Row is one capture.
type Row struct {
	Capture string // name of the file, without folder and extensions
	Counts  map[string]int
	Alerts  []lua.RecordedAlert
}

// captureExts are the names of captures; other files of a folder are left out.
var captureExts = []string{".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz", ".pcap.zst", ".pcapng.zst"}

func captureName(path string) (string, bool) {
	base := filepath.Base(path)
	for _, e := range captureExts {
		if name, ok := strings.CutSuffix(base, e); ok {
			return name, true
		}
	}
	return base, false
}

// MakeTable replays captures, each by itself, with all scripts together.
func MakeTable(ctx context.Context, scripts []lua.Source, opt lua.Options, captures []string) (*Table, error) {
	t := &Table{}
	for _, c := range captures {
		name, ok := captureName(c)
		if !ok {
			continue
		}
		alerts, err := Replay(ctx, scripts, opt, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		r := Row{Capture: name, Counts: map[string]int{}, Alerts: alerts}
		for i := range alerts {
			r.Counts[alerts[i].ID]++
		}
		t.Rows = append(t.Rows, r)
	}
	return t, nil
}

// Markdown writes the table: a line for each capture, those without alerts too.
func (t *Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| capture | alerts |\n|---|---|\n")
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s | %s |\n", r.Capture, r.Text())
	}
	return b.String()
}

// Text lists the detectors that alerted, with their counts: "BEH-FLOOD 2, BEH-SCAN-TRW".
func (r *Row) Text() string {
	ids := make([]string, 0, len(r.Counts))
	for id, n := range r.Counts {
		if n > 1 {
			id = fmt.Sprintf("%s %d", id, n)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return "-"
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}
