package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
)

// summary tells at the end of a run what was seen, found and lost.
func summary(w io.Writer, e *engine.Engine) {
	s := e.Summary()
	sec := max(s.Took.Seconds(), 1e-9)
	fmt.Fprintf(w, "%s packets, %s, %s flows in %s (%s packets/s, %.0f Mbit/s)\n",
		count(s.Packets), bytesText(s.Bytes), count(s.Flows), s.Took.Round(time.Millisecond),
		count(uint64(float64(s.Packets)/sec)), float64(s.Bytes)*8/sec/1e6)
	fmt.Fprintf(w, "alerts: %d", s.Alerts)
	sep := " ("
	for i := len(s.BySeverity) - 1; i >= 0; i-- {
		if n := s.BySeverity[i]; n.Count > 0 {
			fmt.Fprintf(w, "%s%d %s", sep, n.Count, n.Name)
			sep = ", "
		}
	}
	if sep == ", " {
		fmt.Fprint(w, ")")
	}
	fmt.Fprintln(w)
	if len(s.HeldBack) > 0 {
		fmt.Fprintf(w, "reported: %s; ", count(s.Reported))
		for i, h := range s.HeldBack {
			if i > 0 {
				fmt.Fprint(w, ", ")
			}
			fmt.Fprintf(w, "%s %s", count(h.Value), h.Name)
		}
		fmt.Fprintln(w)
	}
	suppressions(w, s.Suppressions)
	for _, l := range s.Lost {
		fmt.Fprintf(w, "lost: %s %s\n", count(l.Value), l.Name)
	}
}

// maxSuppressions is how many suppressions a summary tells one by one.
const maxSuppressions = 50

// suppressions tells what each did. Of many those that did something come first, and the rest is counted.
func suppressions(w io.Writer, list []engine.Counter) {
	if len(list) > maxSuppressions {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b engine.Counter) int { return cmp.Compare(b.Value, a.Value) })
	}
	shown := list[:min(len(list), maxSuppressions)]
	for _, h := range shown {
		fmt.Fprintf(w, "suppression %s: %s alerts\n", h.Name, count(h.Value))
	}
	rest, idle := list[len(shown):], 0
	for _, h := range rest {
		if h.Value == 0 {
			idle++
		}
	}
	if len(rest) > 0 {
		fmt.Fprintf(w, "and %s more suppressions, of which %s never matched\n", count(uint64(len(rest))), count(uint64(idle)))
	}
}

// count writes a number with commas between thousands.
func count(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func bytesText(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 10<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// progress shows how much of the input was read.
type progress struct {
	capture.Source
	bar  *progressbar.ProgressBar
	last time.Time
}

func withProgress(src capture.Source, w io.Writer) capture.Source {
	total := src.Stats().Total
	if total <= 0 {
		total = -1
	}
	return &progress{Source: src, bar: progressbar.NewOptions64(total, progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
		progressbar.OptionSetDescription("replaying"))}
}

// ReadBatch implements capture.Source.
func (p *progress) ReadBatch(b *capture.Batch) error {
	err := p.Source.ReadBatch(b)
	if now := time.Now(); now.Sub(p.last) > 100*time.Millisecond || err != nil {
		p.last = now
		if err != nil {
			_ = p.bar.Clear()
		} else {
			_ = p.bar.Set64(p.Source.Stats().Done)
		}
	}
	return err
}
