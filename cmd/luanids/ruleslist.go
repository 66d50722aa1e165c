package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/lang/match"
)

type rulesFlags struct {
	flags
	json, profile bool
	top           int
}

func newRules(e *env) *cobra.Command {
	f := &rulesFlags{}
	cmd := &cobra.Command{
		Use: "rules [FILE|DIR]...", Short: "List rules; with --profile, what each of them costs",
		Long: "List the rules that are loaded: id, severity, title, MITRE techniques, file. With --profile -f CAPTURE, replay\n" +
			"captures and show what each rule cost, the dearest first.",
		Example: "  luanids rules\n  luanids rules -r et.rules --profile -f x.pcap --top 20",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.rules = append(f.rules, args...)
			return rulesCommand(cmd.Context(), e, f)
		},
	}
	ruleFlags(cmd, &f.flags)
	fl := cmd.Flags()
	fl.BoolVar(&f.profile, "profile", false, "replay -f and show evaluations, matches, time and limits reached")
	fl.StringArrayVarP(&f.files, "file", "f", nil, "capture to replay (repeatable)")
	fl.StringArrayVar(&f.sets, "set", nil, "override one setting: KEY=VALUE (repeatable)")
	fl.StringVar(&f.bpf, "bpf", "", "tcpdump filter")
	fl.IntVar(&f.workers, "workers", 1, "goroutines that work on flows; times are truest with one")
	fl.IntVar(&f.top, "top", 0, "show only so many, 0 for all")
	fl.BoolVar(&f.json, "json", false, "write JSON")
	return cmd
}

func rulesCommand(ctx context.Context, e *env, f *rulesFlags) error {
	if f.profile && len(f.files) == 0 {
		return usage(errNoCapture)
	}
	say := newMessages(e, &f.flags)
	cfg, err := rulesOnly(e, &f.flags, say)
	if err != nil {
		return err
	}
	if !f.profile {
		return listRules(e, f, cfg.Program)
	}
	cfg.Program.EnableProfile()
	src, err := capture.Open(f.files, capture.Options{Filter: f.bpf, Stdin: e.stdin, Warn: func(m string) { say.warn("%s", m) }})
	if err != nil {
		return usage(err)
	}
	defer src.Close()
	eng, err := engine.New(*cfg)
	if err != nil {
		return usage(err)
	}
	if err := eng.Run(ctx, src); err != nil {
		return failed(err)
	}
	if err := writeProfile(e.stdout, cfg.Program, f.json, f.top); err != nil {
		return failed(err)
	}
	return nil
}

type listedRule struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"`
	Title    string   `json:"title"`
	Mitre    []string `json:"mitre"`
	Tags     []string `json:"tags,omitempty"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
}

func listRules(e *env, f *rulesFlags, p *match.Program) error {
	list := []listedRule{}
	for _, r := range p.Rules {
		if r.Step {
			continue
		}
		var a alert.Alert
		a.Fill(r.Rule)
		severity := a.Severity.String()
		if r.NoAlert {
			severity = "-"
		}
		list = append(list, listedRule{r.ID, severity, r.Msg, append([]string{}, r.MITRE...), r.Tags, r.Pos.File, int(r.Pos.Line)})
	}
	sort.SliceStable(list, func(i, j int) bool {
		return list[i].File < list[j].File || list[i].File == list[j].File && list[i].Line < list[j].Line
	})
	if f.top > 0 && len(list) > f.top {
		list = list[:f.top]
	}
	if f.json {
		return encode(e.stdout, list)
	}
	tw := tabwriter.NewWriter(e.stdout, 0, 8, 2, ' ', 0)
	for _, r := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s:%d\n", output.Printable(r.ID), r.Severity, output.Printable(r.Title), strings.Join(r.Mitre, ","), r.File, r.Line)
	}
	if err := tw.Flush(); err != nil {
		return failed(err)
	}
	fmt.Fprintln(e.stderr, plural(len(list), "rule"))
	return nil
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return failed(err)
	}
	return nil
}

// ruleCost is what one rule has cost in a run.
type ruleCost struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Evaluations uint64  `json:"evaluations"`
	Matches     uint64  `json:"matches"`
	Limits      uint64  `json:"limits"`
	Seconds     float64 `json:"seconds"`
	Literal     string  `json:"prefilter"`
	time        time.Duration
}

// writeProfile shows what the rules have cost, the dearest first; rules that were never judged are counted only.
func writeProfile(w io.Writer, p *match.Program, asJSON bool, top int) error {
	var list []ruleCost
	var total time.Duration
	idle := 0
	for i, c := range p.Profile() {
		if c.Evals == 0 {
			idle++
			continue
		}
		r, d := p.Rules[i], time.Duration(c.Nanos)
		total += d
		list = append(list, ruleCost{r.ID, r.Msg, c.Evals, c.Matches, c.Limits, d.Seconds(), r.Literal, d})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].time > list[j].time })
	all := len(list)
	if top > 0 && all > top {
		list = list[:top]
	}
	if asJSON {
		return encode(w, append([]ruleCost{}, list...))
	}
	b := bufio.NewWriter(w)
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "time\tshare\tevaluations\tmatches\tlimits\teach\t  rule")
	for _, c := range list {
		fmt.Fprintf(tw, "%v\t%.1f%%\t%s\t%s\t%s\t%v\t  %s %s\n", c.time.Round(time.Microsecond), 100*float64(c.time)/float64(max(total, 1)),
			count(c.Evaluations), count(c.Matches), count(c.Limits), (c.time / time.Duration(c.Evaluations)).Round(time.Nanosecond),
			output.Printable(c.ID), output.Printable(c.Title))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(b, "%v in %s that were judged; the prefilter kept %s from it\n", total.Round(time.Microsecond), plural(all, "rule"), plural(idle, "rule"))
	return b.Flush()
}
