package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/explain"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/match"
)

type explainFlags struct {
	flags
	json bool
	max  int
}

func newExplain(e *env) *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use: "explain RULE [-r FILE]... [-f CAPTURE]...", Short: "Say why a rule fires, or how far it gets", Args: cobra.ExactArgs(1),
		Long: "Without -f, show how a rule is judged: at which events, behind which literal, its terms in the order in which they\n" +
			"are tried. With -f, replay captures and show how far the rule got in each flow that came near.",
		Example: "  luanids explain WEB-SQLI-1\n  luanids explain WEB-SQLI-1 -r web.nids -f x.pcap",
		RunE: func(cmd *cobra.Command, args []string) error {
			return explainRule(cmd.Context(), e, f, args[0])
		},
	}
	ruleFlags(cmd, &f.flags)
	fl := cmd.Flags()
	fl.StringArrayVarP(&f.files, "file", "f", nil, "capture to replay (repeatable)")
	fl.StringArrayVar(&f.sets, "set", nil, "override one setting: KEY=VALUE (repeatable)")
	fl.StringVar(&f.bpf, "bpf", "", "tcpdump filter")
	fl.IntVar(&f.max, "flows", 10, "show at most so many flows, 0 for all")
	fl.BoolVar(&f.json, "json", false, "write JSON")
	return cmd
}

// ruleFlags declares the flags that choose rules.
func ruleFlags(cmd *cobra.Command, f *flags) {
	fl := cmd.Flags()
	fl.StringArrayVarP(&f.rules, "rules", "r", nil, "rules: files, folders, default (repeatable); without it those that ship")
	fl.StringArrayVar(&f.vars, "var", nil, "override a let of the rules: NAME=VALUE (repeatable)")
	fl.StringVar(&f.classification, "classification-config", "", "Suricata's classification.config, for imported rules")
	fl.StringVar(&f.thresholdConfig, "threshold-config", "", "Suricata's threshold.config, for imported rules")
	fl.StringVarP(&f.configFile, "config", "c", "", "YAML configuration")
}

func explainRule(ctx context.Context, e *env, f *explainFlags, id string) error {
	cfg, err := rulesOnly(e, &f.flags, &messages{w: e.stderr, quiet: true})
	if err != nil {
		return err
	}
	list, err := rulesNamed(cfg.Program, id)
	if err != nil {
		return err
	}
	if len(f.files) == 0 {
		for _, r := range list {
			fmt.Fprint(e.stdout, cfg.Program.Explain(r))
		}
		return nil
	}
	var reports []*explain.Report
	for _, r := range list {
		rep, err := traceRule(ctx, e, f, cfg, r)
		if err != nil {
			return err
		}
		reports = append(reports, rep)
		if !f.json {
			fmt.Fprint(e.stdout, cfg.Program.Explain(r))
			explainText(e.stdout, rep, f.max)
		}
	}
	if f.json {
		return encode(e.stdout, reports)
	}
	return nil
}

// rulesOnly loads rules without scripts.
func rulesOnly(e *env, f *flags, say *messages) (*engine.Config, error) {
	f.scripts = []string{ruleset.None}
	cfg, err := buildConfig(e, f, say)
	if err != nil {
		return nil, err
	}
	return cfg, loadRules(f, cfg, say)
}

// rulesNamed finds a rule, and the hidden rules behind it: the steps of a sequence, the parts of an
// imported rule that became two.
func rulesNamed(p *match.Program, id string) ([]*match.Rule, error) {
	var list []*match.Rule
	var ids []string
	for _, r := range p.Rules {
		switch {
		case p.Rule(r.ID) != r: // another way of a rule on several protocols, which the first tells of
		case r.ID == id:
			list = append([]*match.Rule{r}, list...)
		case r.Step && strings.HasPrefix(r.ID, id+".") || r.SID != 0 && fmt.Sprint(r.SID) == id:
			list = append(list, r)
		case !r.Step:
			ids = append(ids, r.ID)
		}
	}
	if len(list) > 0 {
		return list, nil
	}
	near := diag.DidYouMean(diag.Nearest(id, ids))
	if near != "" {
		near = "; " + near
	}
	return nil, usage(fmt.Errorf("there is no rule %s among the %d loaded%s (luanids rules lists them)", id, len(ids), near))
}

func traceRule(ctx context.Context, e *env, f *explainFlags, cfg *engine.Config, r *match.Rule) (*explain.Report, error) {
	src, err := capture.Open(f.files, capture.Options{Filter: f.bpf, Stdin: e.stdin})
	if err != nil {
		return nil, usage(err)
	}
	defer src.Close()
	t := explain.New(cfg.Program, cfg.Schema, r)
	run := *cfg
	run.Trace = t
	eng, err := engine.New(run)
	if err != nil {
		return nil, usage(err)
	}
	if err := eng.Run(ctx, src); err != nil {
		return nil, failed(err)
	}
	return t.Report(), nil
}

// explainText shows a report: what was seen in all, then the flows that came near.
func explainText(w io.Writer, rep *explain.Report, limit int) {
	fmt.Fprintln(w)
	where := "judged"
	if len(rep.Protocols) > 0 {
		where = strings.Join(rep.Protocols, "/") + " seen"
	}
	for _, x := range []struct {
		n    int
		what string
	}{{rep.Flows, "flows"}, {rep.Seen, where}, {rep.Judged, "came to " + strings.Join(rep.Events, ", ")},
		{rep.Header, "header held"}, {rep.Literal, "prefilter hit"}, {rep.Matched, "all terms held"}} {
		fmt.Fprintf(w, "%8d  %s\n", x.n, x.what)
	}
	outcomes := make([]string, 0, len(rep.Outcomes))
	for what := range rep.Outcomes {
		outcomes = append(outcomes, what)
	}
	slices.Sort(outcomes)
	for _, what := range outcomes {
		fmt.Fprintf(w, "matches: %d %s\n", rep.Outcomes[what], what)
	}
	near := nearFlows(rep)
	shown := near
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for _, f := range shown {
		fmt.Fprintln(w)
		explainFlow(w, f)
	}
	if n := len(near) - len(shown); n > 0 {
		fmt.Fprintf(w, "\n%s more; --flows 0 shows all\n", plural(n, "flow"))
	}
}

// nearFlows leaves out the flows that did not come near: those whose header or literal differs, unless
// no other came nearer.
func nearFlows(rep *explain.Report) []*explain.Flow {
	if len(rep.Near) == 0 {
		return nil
	}
	for i, f := range rep.Near {
		if i > 0 && f.Stage != rep.Near[i-1].Stage && (f.Stage == match.StageHeader.String() || f.Stage == match.StagePrefilter.String()) {
			return rep.Near[:i]
		}
	}
	return rep.Near
}

func explainFlow(w io.Writer, f *explain.Flow) {
	app := f.App
	if app == "" {
		app = "protocol not recognised"
	}
	if f.Src.IsValid() {
		fmt.Fprintf(w, "%s  %s -> %s  %s  %s", f.Proto, endText(f.Src), endText(f.Dst), app, time.Unix(0, f.Start).UTC().Format("2006-01-02 15:04:05.000000"))
	} else {
		fmt.Fprint(w, "packets without a flow")
	}
	if f.Packet != 0 {
		fmt.Fprintf(w, "  packet %d", f.Packet)
	}
	fmt.Fprintln(w)
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(w, "    %-10s %s\n", what, output.Printable(text))
		}
	}
	if f.Passed {
		line("passed", "a pass rule took the flow out")
	}
	switch f.Stage {
	case match.StageHeader.String():
		line("stopped by", f.Term)
		line("value", f.Value)
	case match.StagePrefilter.String():
		line("stopped by", "the prefilter: "+f.Term+" does not occur")
	case match.StageTerm.String():
		line("stopped by", fmt.Sprintf("term %d: %s", f.TermNo, f.Term))
		line("element", f.Item)
		line("value", f.Value)
	case match.StageError.String():
		line("given up", fmt.Sprintf("term %d, for a limit or a failed decode: %s", f.TermNo, f.Term))
		line("value", f.Value)
	case match.StageMatched.String():
		line("matched", outcomeText(f))
	}
}

func outcomeText(f *explain.Flow) string {
	var parts []string
	for what, n := range f.Outcomes {
		parts = append(parts, fmt.Sprintf("%d %s", n, what))
	}
	slices.Sort(parts)
	if parts == nil {
		return "all terms hold, but not by themselves a match: the message or flow had matched before"
	}
	return strings.Join(parts, ", ")
}

// endText leaves a port of 0 out.
func endText(a netip.AddrPort) string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.String()
}

var errNoCapture = errors.New("give -f CAPTURE to profile rules on")
