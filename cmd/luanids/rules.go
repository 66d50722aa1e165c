package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/rules"
)

// maxMessages is how many findings about rules are shown at a time.
const maxMessages = 50

// loadRules compiles what -r names, for tools that run no scripts. Rules with errors are left out with a message each.
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
	say.findings(set, f.quiet)
	if n := nativeErrors(set); n > 0 {
		return usage(fmt.Errorf("the rules have %s; luanids check tells more", plural(n, "error")))
	}
	cfg.Program = set.Program
	cfg.RulesLoaded, cfg.RulesSkipped = len(set.Rules), set.Skipped
	cfg.RulesFailed = set.Diagnostics.Errors()
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
		classes, err := eve.ReadClasses(f.classification, file)
		if err != nil {
			return opt, usage(err)
		}
		cfg.EVEOptions.Classes = classes
	}
	opt.Classes = cfg.EVEOptions.Classes
	opt.Without = map[string]bool{"ja3": !cfg.Limits.JA3, "ja4": !cfg.Limits.JA4, "hassh": !cfg.Limits.HASSH, "body-md5": cfg.Limits.SMTP.BodyMD5 == "false"}
	rep, err := reputation(f)
	if err != nil {
		return opt, usage(err)
	}
	opt.Reputation = rep
	dir := f.dataDir
	if f.settings != nil {
		dir = f.settings.Rules.DataDir
	}
	if opt.Datasets, err = ruleset.DeclaredSets(f.sets, dir); err != nil {
		return opt, usage(err)
	}
	return opt, nil
}

// reputation reads the files that our settings of IP reputation name, or Suricata's.
func reputation(f *flags) (*ruleset.Reputation, error) {
	var categories, dir string
	var files []string
	if s := f.settings; s != nil && s.Rules.ReputationCategories != "" {
		return ruleset.LoadReputation(s.Rules.ReputationCategories, s.Rules.ReputationFiles)
	}
	for _, s := range f.sets {
		key, value, _ := strings.Cut(s, "=")
		switch {
		case key == "reputation-categories-file":
			categories = value
		case key == "default-reputation-path":
			dir = value
		case key == "reputation-files" || strings.HasPrefix(key, "reputation-files."):
			files = append(files, value)
		}
	}
	if categories == "" || len(files) == 0 {
		return nil, nil
	}
	for i := range files {
		if !filepath.IsAbs(files[i]) && dir != "" {
			files[i] = filepath.Join(dir, files[i])
		}
	}
	return ruleset.LoadReputation(categories, files)
}

// nativeErrors counts the errors in .nids files: those stop the start, while imported rules
// that cannot be used are left out.
func nativeErrors(set *ruleset.Set) (n int) {
	for _, d := range set.Diagnostics {
		if d.Severity == diag.Error && strings.HasSuffix(d.File, lang.Ext) {
			n++
		}
	}
	return n
}

// findings shows what was left out of the rules, and errors.
func (m *messages) findings(set *ruleset.Set, quiet bool) {
	var list diag.List
	left := 0
	for _, d := range set.Diagnostics {
		imported := !strings.HasSuffix(d.File, lang.Ext)
		if d.Code == "skipped" || imported && d.Severity == diag.Error {
			left++
			m.warn("%s:%d: %s", d.File, d.Range.Start.Line, d.Summary)
		} else if d.Code == ruleset.BadThreshold {
			m.warn("%s:%d: %s", d.File, d.Range.Start.Line, d.Summary)
		} else if d.Severity == diag.Error {
			list = append(list, d)
		}
	}
	if left > 0 {
		m.warn("%s left out of %d", plural(left, "rule"), len(set.Rules)+set.Skipped)
	}
	if len(list) > 0 && !quiet {
		_ = diag.Text(m.w, list, set.Source, maxMessages)
	}
}

// plural writes a number with its noun: 1 rule, 2 rules.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
