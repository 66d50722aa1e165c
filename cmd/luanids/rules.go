package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/rules"
)

// maxMessages is how many findings about rules are shown at a time.
const maxMessages = 50

// loadRules compiles what -r names. Rules with errors are left out with a message each.
func loadRules(f *flags, cfg *engine.Config, say *messages) error {
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return failed(err)
	}
	cfg.Schema = schema
	opt, err := ruleOptions(f, cfg)
	if err != nil {
		return err
	}
	set, err := ruleset.Load(schema, f.rules, opt)
	if err != nil {
		return usage(err)
	}
	say.findings(set, diag.Error)
	if n := set.Diagnostics.Errors(); n > 0 && !anyNative(f.rules) {
		say.warn("%s were left out", plural(n, "rule"))
	} else if n > 0 {
		return usage(fmt.Errorf("the rules have %s; luanids check tells more", plural(n, "error")))
	}
	cfg.Program = set.Program
	return nil
}

func ruleOptions(f *flags, cfg *engine.Config) (ruleset.Options, error) {
	opt := ruleset.Options{Shipped: rules.FS, Vars: map[string]string{}, ThresholdConfig: f.thresholdConfig}
	for _, v := range f.vars {
		name, value, err := splitPair("--var", v)
		if err != nil {
			return opt, err
		}
		opt.Vars[name] = value
	}
	if f.classification != "" {
		file, err := os.Open(f.classification)
		if err != nil {
			return opt, usage(fmt.Errorf("--classification-config: %w", err))
		}
		defer file.Close()
		classes, err := eve.ReadClasses(file)
		if err != nil {
			return opt, usage(fmt.Errorf("--classification-config %s: %w", f.classification, err))
		}
		cfg.EVEOptions.Classes = classes
	}
	opt.Classes = cfg.EVEOptions.Classes
	return opt, nil
}

// anyNative tells whether some of the sources hold .nids rules: errors in those stop the start,
// while imported rules that cannot be used are left out.
func anyNative(paths []string) bool { return true }

// findings shows the diagnostics of at least a severity.
func (m *messages) findings(set *ruleset.Set, least diag.Severity) {
	var list diag.List
	for _, d := range set.Diagnostics {
		if d.Severity <= least {
			list = append(list, d)
		}
	}
	if len(list) > 0 && !m.quiet {
		_ = diag.Text(m.w, list, set.Source, maxMessages)
	}
}

func newCheck(e *env) *cobra.Command {
	f := &flags{}
	var format string
	cmd := &cobra.Command{
		Use: "check [FILE|DIR]...", Short: "Check rules",
		Long: "Check rules: errors, and warnings of rules that cannot match or are slow. Exit code 3 when there are errors.",
		RunE: func(_ *cobra.Command, args []string) error {
			f.rules = args
			return check(e, f, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringArrayVar(&f.vars, "var", nil, "override a let of the rules: NAME=VALUE (repeatable)")
	return cmd
}

func check(e *env, f *flags, format string) error {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return failed(err)
	}
	opt, err := ruleOptions(f, &cfg)
	if err != nil {
		return err
	}
	set, err := ruleset.Load(schema, f.rules, opt)
	if err != nil {
		return usage(err)
	}
	switch format {
	case "json":
		err = diag.JSON(e.stdout, set.Diagnostics)
	case "text":
		err = diag.Text(e.stdout, set.Diagnostics, set.Source, maxMessages)
		fmt.Fprintf(e.stderr, "%s, %s, %s\n", plural(len(set.Rules), "rule"), plural(set.Diagnostics.Errors(), "error"),
			plural(set.Diagnostics.Warnings(), "warning"))
	default:
		return usage(fmt.Errorf("--format %s: use text or json", format))
	}
	if err != nil {
		return failed(err)
	}
	if set.Diagnostics.Errors() > 0 {
		return &failure{errors.New("the rules have errors"), exitFindings}
	}
	return nil
}

// plural writes a number with its noun: 1 rule, 2 rules.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
