package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine/alertdb"
	"github.com/luanids/luanids/engine/output"
)

func newStats(e *env) *cobra.Command {
	f := &filterFlags{}
	var top int
	var asCSV bool
	cmd := &cobra.Command{
		Use: "stats --db FILE", Short: "Count the alerts of a database", Args: cobra.NoArgs,
		Long:    "Count the alerts that luanids --sqlite FILE wrote by severity, rule, host, technique and time. The filters are those of query.",
		Example: "  luanids stats --db alerts.db\n  luanids stats --db alerts.db --since 24h --top 20 --json\n  luanids stats --db alerts.db --csv > figures.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return stats(cmd.Context(), e, f, top, asCSV)
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&top, "top", 10, "how many rules, hosts, techniques and tags to show, 0 for all")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "write CSV, with a header: a line for each count")
	return cmd
}

func stats(ctx context.Context, e *env, f *filterFlags, top int, asCSV bool) error {
	if f.json && asCSV {
		return usage(fmt.Errorf("--json and --csv: choose one"))
	}
	if top < 0 {
		return usage(fmt.Errorf("--top %d: use 0 or more", top))
	}
	filter, err := f.filter()
	if err != nil {
		return err
	}
	db, err := f.open()
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Stats(ctx, filter, top)
	if err != nil {
		return failed(err)
	}
	w := bufio.NewWriter(e.stdout)
	switch {
	case asCSV:
		err = statsCSV(w, s)
	case f.json:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(s)
	default:
		(&chart{w, barOf(e)}).stats(s)
	}
	if e := w.Flush(); err == nil {
		err = e
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// statsCSV writes a line for each count: what it is by, the value, the number of alerts with it, and for rules the
// severity and message of the newest.
func statsCSV(out io.Writer, s *alertdb.Stats) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"by", "name", "count", "severity", "message"}}
	single := func(by, name string, n uint64) { rows = append(rows, []string{by, name, fmt.Sprint(n), "", ""}) }
	single("total", "alerts", s.Total)
	single("total", "folded", s.Folded)
	single("total", "rules", s.Rules)
	single("total", "sources", s.Sources)
	single("total", "destinations", s.Destinations)
	for _, g := range []struct {
		by   string
		list []alertdb.Count
	}{{"severity", s.BySeverity}, {"type", s.ByType}, {"rule", s.ByRule}, {"source", s.BySource}, {"destination", s.ByDest},
		{"technique", s.ByTechnique}, {"tag", s.ByTag}, {s.Bucket, s.ByTime}} {
		for _, c := range g.list {
			rows = append(rows, []string{g.by, c.Name, fmt.Sprint(c.Count), c.Severity, c.Message})
		}
	}
	return w.WriteAll(rows)
}

// chart draws counts as bars.
type chart struct {
	w   io.Writer
	bar func(part float64) string
}

// barWidth is the length of the longest bar, in characters.
const barWidth = 30

// barOf chooses block characters where the terminal can show them.
func barOf(e *env) func(float64) string {
	for _, k := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(e.getenv(k)); v != "" {
			if strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8") {
				return blocks
			}
			break
		}
	}
	return func(part float64) string { return strings.Repeat("#", max(1, int(part*barWidth+0.5))) }
}

// blocks draws a bar in eighths of a character.
func blocks(part float64) string {
	n := max(1, int(part*barWidth*8+0.5))
	s := strings.Repeat("█", n/8)
	if n%8 > 0 {
		s += string(rune('█' + 8 - n%8)) // ▉ ▊ ▋ ▌ ▍ ▎ ▏ follow the full block
	}
	return s
}

func (c *chart) stats(s *alertdb.Stats) {
	fmt.Fprintf(c.w, "%s alerts by %s rules, %s sources, %s destinations\n", count(s.Total), count(s.Rules), count(s.Sources), count(s.Destinations))
	if s.Folded > 0 {
		fmt.Fprintf(c.w, "%s more were like one of them\n", count(s.Folded))
	}
	if s.Total == 0 {
		return
	}
	fmt.Fprintf(c.w, "first %s\nlast  %s\n", s.First, s.Last)
	c.section("Severity", s.BySeverity)
	c.section("Type", s.ByType)
	c.section("Rule", s.ByRule)
	c.section("Source", s.BySource)
	c.section("Destination", s.ByDest)
	c.section("MITRE technique", s.ByTechnique)
	c.section("Tag", s.ByTag)
	c.section(strings.ToUpper(s.Bucket[:1])+s.Bucket[1:], s.ByTime)
}

func (c *chart) section(title string, list []alertdb.Count) {
	if len(list) == 0 {
		return
	}
	most, name, digits := uint64(1), 0, 0
	for _, x := range list {
		most, name, digits = max(most, x.Count), max(name, utf8.RuneCountInString(output.Printable(x.Name))), max(digits, len(count(x.Count)))
	}
	fmt.Fprintf(c.w, "\n%s\n", title)
	for _, x := range list {
		label := output.Printable(x.Name)
		bar := ""
		if x.Count > 0 {
			bar = c.bar(float64(x.Count) / float64(most))
		}
		line := fmt.Sprintf("  %s%s  %*s  %s", label, strings.Repeat(" ", name-utf8.RuneCountInString(label)), digits, count(x.Count), bar)
		if x.Message != "" {
			line += strings.Repeat(" ", max(0, barWidth-utf8.RuneCountInString(bar))) + "  " + x.Severity + ": " + output.Printable(x.Message)
		}
		fmt.Fprintln(c.w, strings.TrimRight(line, " "))
	}
}
