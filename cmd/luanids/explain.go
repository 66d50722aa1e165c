package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/explain"
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
		Use: "explain RULE [-r FILE]... [-f CAPTURE]...", Short: "Say why a rule fires, or how far it gets",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("explain takes the id of one rule, not %d: luanids explain WEB-SQLI-1 -f x.pcap (luanids rules lists them)", len(args))
			}
			return nil
		},
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
	return t.Report(eng), nil
}

var errNoCapture = errors.New("give -f CAPTURE to profile rules on")
