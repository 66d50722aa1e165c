package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/sensor"
	"github.com/luanids/luanids/lang/diag"
)

// source is where the settings come from: the file, --set, and the flags that were given.
func (f *flags) source() config.Source {
	src := config.Source{File: f.configFile, Sets: f.sets}
	add := func(name, key string, values ...string) {
		src.Flags = append(src.Flags, config.Flag{Name: name, Key: key, Values: values})
	}
	list := func(name, key string, values []string) {
		if len(values) > 0 {
			add(name, key, values...)
		}
	}
	one := func(name, key, value string) {
		if value != "" {
			add(name, key, value)
		}
	}
	list("-i", "capture.interfaces", f.ifaces)
	list("-r", "rules.files", f.rules)
	list("-s", "scripts.files", f.scripts)
	list("--syslog", "outputs.syslog.targets", f.syslog)
	list("--intel", "intel.feeds", f.intel)
	list("--geoip", "intel.geoip", f.geoip)
	one("--alert-pcap", "outputs.pcap.dir", f.alertPcap)
	one("--bpf", "capture.bpf", f.bpf)
	one("--eve", "outputs.eve.path", f.eve)
	one("--json", "outputs.json.path", f.json)
	one("--sqlite", "outputs.sqlite.path", f.sqlite)
	one("--min-severity", "alert_manager.min_severity", f.minSeverity)
	one("--threshold-config", "rules.threshold_config", f.thresholdConfig)
	one("--classification-config", "rules.classification_config", f.classification)
	one("--data-dir", "rules.data_dir", f.dataDir)
	one("--metrics", "metrics.address", f.metrics)
	one("--user", "privileges.user", f.user)
	list("--respond-exempt", "respond.exempt", f.exempt)
	if f.given("respond") {
		add("--respond", "respond.enabled", fmt.Sprint(f.respond))
	}
	if f.given("output") {
		add("--output", "outputs.console.format", f.output)
	}
	if f.given("watch") {
		add("--watch", "reload.watch", fmt.Sprint(f.watch))
	}
	if f.given("workers") {
		add("--workers", "workers", fmt.Sprint(f.workers))
	}
	if f.verbose {
		add("-v", "outputs.console.verbose", "true")
	}
	for _, v := range f.vars {
		name, value, _ := strings.Cut(v, "=")
		add("--var", "vars."+name, value)
	}
	return src
}

// given tells whether a flag was on the command line.
func (f *flags) given(name string) bool { return f.changed != nil && f.changed(name) }

// loadSettings reads the configuration, --set and flags, and says what is wrong with them.
func loadSettings(e *env, f *flags, say *messages) (*config.Settings, error) {
	for _, v := range f.vars {
		if _, _, err := splitPair("--var", v); err != nil {
			return nil, err
		}
	}
	src := f.source()
	s, list, text := src.Load()
	if list.Errors() == 0 {
		for _, d := range checkFiles(s) {
			if d.File != "" { // what flags name is told by who opens it
				list = append(list, d)
			}
		}
	}
	if err := say.settings(list, text); err != nil {
		return nil, err
	}
	f.adopt(s)
	return s, nil
}

// settings shows what is wrong with settings; the error is for errors among it.
func (m *messages) settings(list diag.List, text []byte) error {
	var placed diag.List
	var bare []string
	for _, d := range list {
		if d.File != "" && !d.Range.Start.Valid() && d.Code != "cannot-read" {
			d.Summary = d.File + ": " + d.Summary
		}
		switch {
		case d.Severity == diag.Warning:
			m.warn("%s", oneLine(&d))
		case d.Range.Start.Valid():
			placed = append(placed, d)
		case d.Hint != "":
			bare = append(bare, d.Summary+"; "+d.Hint)
		default:
			bare = append(bare, d.Summary)
		}
	}
	if len(placed) > 0 {
		m.mu.Lock()
		_ = diag.Text(m.w, placed, func(string) []byte { return text }, maxMessages)
		m.mu.Unlock()
		bare = append(bare, "the configuration has "+plural(len(placed), "error"))
	}
	if len(bare) > 0 {
		return usage(errors.New(strings.Join(bare, "\nluanids: ")))
	}
	return nil
}

// oneLine words a finding without the text that it is about.
func oneLine(d *diag.Diagnostic) string {
	s := d.Summary
	if d.Range.Start.Valid() {
		s = fmt.Sprintf("%s:%d: %s", d.File, d.Range.Start.Line, s)
	}
	if d.Hint != "" {
		s += "; " + d.Hint
	}
	return s
}

// adopt has the flags say what all settings together came to.
func (f *flags) adopt(s *config.Settings) {
	f.settings = s
	f.rules, f.scripts, f.bpf, f.workers = s.Rules.Files, s.Scripts.Files, s.Capture.Filter, s.Engine.Workers
	f.thresholdConfig, f.classification = s.Rules.Thresholds, s.Rules.Classes
	f.output, f.verbose, f.eve, f.json, f.sqlite, f.syslog = s.Outputs.Console, s.Outputs.Verbose, s.Outputs.EVE, s.Outputs.JSON, s.Outputs.SQLite, s.Outputs.Syslog
	if len(f.files) == 0 {
		f.ifaces = s.Capture.Interfaces
	}
	if s.Manager.MinSeverity > alert.Info {
		f.minSeverity = strings.ToLower(s.Manager.MinSeverity.String())
	}
	f.vars = f.vars[:0:0]
	for _, name := range slices.Sorted(maps.Keys(s.Vars)) {
		f.vars = append(f.vars, name+"="+s.Vars[name])
	}
}

func newConfig(e *env) *cobra.Command {
	f := &flags{}
	var show, example, changed bool
	cmd := &cobra.Command{
		Use: "config [--print | --example]", Short: "Show the settings in effect, or an annotated configuration file", Args: cobra.NoArgs,
		Long: `Show all settings, their values, and where each comes from: default, FILE:LINE, --set or a flag.
All flags of a run are understood. What is printed is itself a configuration file.`,
		Example: "  luanids config --example > luanids.yaml\n  luanids config --print --changed -c luanids.yaml --set stream.depth=2mb",
		RunE: func(*cobra.Command, []string) error {
			if example {
				if show || changed {
					return usage(errors.New("--example does not go with --print and --changed"))
				}
				_, err := e.stdout.Write(config.Shipped)
				return err
			}
			s, err := loadSettings(e, f, newMessages(e, f))
			if err != nil {
				return err
			}
			if err := s.Print(e.stdout, changed); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	// A whole command line can be asked what it comes to; its other flags would only be in the way of the help.
	mainFlags(cmd, f)
	fl := cmd.Flags()
	fl.VisitAll(func(flag *pflag.Flag) {
		flag.Hidden = flag.Name != "config" && flag.Name != "set" && flag.Name != "var"
	})
	f.changed = fl.Changed
	fl.BoolVar(&show, "print", false, "print the settings in effect, each with its origin (the default)")
	fl.BoolVar(&changed, "changed", false, "only those that were set, or differ from the default")
	fl.BoolVar(&example, "example", false, "print an annotated configuration file with all settings")
	return cmd
}

// checkConfig checks configuration files, and all that they name: rules, scripts, feeds.
func checkConfig(f *flags, paths []string) (checked, error) {
	texts := map[string][]byte{}
	out := checked{what: plural(len(paths), "configuration"), source: func(file string) []byte { return texts[file] }}
	for _, path := range paths {
		src := config.Source{File: path}
		s, list, text := src.Load()
		texts[path] = text
		out.list = append(out.list, list...)
		if list.Errors() > 0 {
			continue
		}
		missing := checkFiles(s)
		if out.list = append(out.list, missing...); len(missing) > 0 {
			continue
		}
		list, more := checkLoading(src, s)
		out.list = append(out.list, list...)
		for name, text := range more {
			texts[name] = text
		}
	}
	return out, nil
}

// checkFiles looks for the files that a configuration names.
func checkFiles(s *config.Settings) (list diag.List) {
	for _, ref := range s.Files() {
		if _, err := os.Stat(ref.Path); err != nil {
			list = append(list, s.Problem(ref.Key, ref.Path+": no such file or folder", "paths are relative to the file that names them"))
		}
	}
	return list
}

// checkLoading loads what a configuration names, as a run does.
func checkLoading(src config.Source, s *config.Settings) (list diag.List, texts map[string][]byte) {
	cfg, err := sensor.Prepare(sensor.Options{Source: src, Settings: s, Warn: func(format string, args ...any) {
		list = append(list, diag.Diagnostic{Severity: diag.Warning, Code: "loading", Summary: fmt.Sprintf(format, args...)})
	}})
	var l *sensor.LoadError
	switch {
	case errors.As(err, &l):
		for _, d := range l.List {
			if d.Severity == diag.Error {
				list = append(list, d)
			}
		}
		return list, l.Sources
	case err != nil:
		list = append(list, diag.Diagnostic{Severity: diag.Error, Code: "loading", Summary: err.Error()})
	case cfg.Scripts != nil:
		cfg.Scripts.Close()
	}
	return list, nil
}
